//! The transform with AVX2: multiply-add of 16-bit pairs, on folded rows.
//!
//! Cosine rows are symmetric (u even) or antisymmetric (u odd), so that x\[i\] ± x\[31−i\] needs half
//! the products. Folded sums stay within the limbs' bounds: |x ± x'| ≤ 510, |T ± T'| < 2²⁷ so
//! |th| ≤ 16320, and 16 · 8192 · 16320 < 2³¹. The result is the same integers as the reference's.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_storeu_si256,
};

use super::{BLOCK_SIDE, COSINES, Coefficients};
use crate::phash::{PictureHash, Quality, View};
use crate::tile::{TILE_SIDE, Tile};

/// Products that a folded sum has, in pairs.
const PAIRS: usize = TILE_SIDE / 4;
/// 32-bit lanes of a register; also the number of even, and of odd, frequencies.
const LANES: usize = 8;

/// `PAIRED[odd][k]`: for each of the 8 frequencies u = 2·lane + odd, its cosines 2k and 2k+1 side
/// by side.
static PAIRED: [[[i16; 2 * LANES]; PAIRS]; 2] = {
    let mut table = [[[0; 2 * LANES]; PAIRS]; 2];
    let mut odd = 0;
    while odd < 2 {
        let mut k = 0;
        while k < PAIRS {
            let mut lane = 0;
            while lane < LANES {
                table[odd][k][2 * lane] = COSINES[2 * lane + odd][2 * k];
                table[odd][k][2 * lane + 1] = COSINES[2 * lane + odd][2 * k + 1];
                lane += 1;
            }
            k += 1;
        }
        odd += 1;
    }
    table
};

/// The coefficients, or `None` where the processor has no AVX2.
pub(super) fn transform(tile: &Tile) -> Option<Coefficients> {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return None;
    }
    // SAFETY: the processor has AVX2, the only thing that the function asks for.
    Some(unsafe { with_avx2(tile) })
}

/// [`super::hash_upright`], all of it compiled for AVX2, or `None` where there is none.
pub(super) fn hash_upright(tile: &Tile) -> Option<(View, Quality)> {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn compiled(tile: &Tile) -> (View, Quality) {
        (with_avx2(tile).ranked(), super::quality(tile))
    }
    // SAFETY: `is_haswell` has found every feature that the function asks for.
    is_haswell().then(|| unsafe { compiled(tile) })
}

/// [`super::hash_tile`], all of it compiled for AVX2, or `None` where there is none.
pub(super) fn hash_tile(tile: &Tile) -> Option<PictureHash> {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn compiled(tile: &Tile) -> PictureHash {
        super::picture_hash(&with_avx2(tile), tile)
    }
    // SAFETY: `is_haswell` has found every feature that the function asks for.
    is_haswell().then(|| unsafe { compiled(tile) })
}

/// What every processor with AVX2 that was ever sold has.
fn is_haswell() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
}

#[target_feature(enable = "avx2")]
fn with_avx2(tile: &Tile) -> Coefficients {
    // Lanes hold the even frequencies 0, 2, … 14, then the odd ones.
    let mut first = [[[0_i32; LANES]; 2]; TILE_SIDE];
    for (row, out) in tile.0.chunks_exact(TILE_SIDE).zip(&mut first) {
        let mut folded = [[0_i16; TILE_SIDE / 2]; 2];
        for i in 0..TILE_SIDE / 2 {
            let (a, b) = (i16::from(row[i]), i16::from(row[TILE_SIDE - 1 - i]));
            folded[0][i] = a + b;
            folded[1][i] = a - b;
        }
        for odd in 0..2 {
            let mut sum = _mm256_setzero_si256();
            for (pair, cosines) in folded[odd].chunks_exact(2).zip(&PAIRED[odd]) {
                let product = _mm256_madd_epi16(broadcast(pair[0], pair[1]), load(cosines));
                sum = _mm256_add_epi32(sum, product);
            }
            out[odd] = store(sum);
        }
    }

    // The same fold over rows, then the limbs: those of row 2k in the lower halves of the lanes,
    // those of row 2k+1 in the upper ones.
    let mut limbs = [[[[[0_i32; LANES]; 2]; 2]; PAIRS]; 2];
    #[allow(clippy::needless_range_loop)] // `limbs` is filled across its first two dimensions.
    for k in 0..PAIRS {
        for odd_column in 0..2 {
            for lane in 0..LANES {
                let fold = |row: usize| {
                    let a = first[row][odd_column][lane];
                    let b = first[TILE_SIDE - 1 - row][odd_column][lane];
                    [a + b, a - b]
                };
                let (lower, upper) = (fold(2 * k), fold(2 * k + 1));
                for odd_row in 0..2 {
                    let (a, b) = (lower[odd_row], upper[odd_row]);
                    let pair = &mut limbs[odd_row][k][odd_column];
                    pair[0][lane] = (a >> 13) & 0xffff | (b >> 13) << 16;
                    pair[1][lane] = a & 8191 | (b & 8191) << 16;
                }
            }
        }
    }

    let mut block = [0; BLOCK_SIDE * BLOCK_SIDE];
    for (v, out) in block.chunks_exact_mut(BLOCK_SIDE).enumerate() {
        let mut sums = [[_mm256_setzero_si256(); 2]; 2];
        for (k, rows) in limbs[v % 2].iter().enumerate() {
            let cosines = broadcast(COSINES[v][2 * k], COSINES[v][2 * k + 1]);
            for odd_column in 0..2 {
                for limb in 0..2 {
                    let product = _mm256_madd_epi16(cosines, load(&rows[odd_column][limb]));
                    sums[odd_column][limb] = _mm256_add_epi32(sums[odd_column][limb], product);
                }
            }
        }
        for odd_column in 0..2 {
            let (high, low) = (store(sums[odd_column][0]), store(sums[odd_column][1]));
            for lane in 0..LANES {
                out[2 * lane + odd_column] = i64::from(high[lane]) * 8192 + i64::from(low[lane]);
            }
        }
    }
    Coefficients(block)
}

/// The pair in every lane.
#[target_feature(enable = "avx2")]
fn broadcast(low: i16, high: i16) -> __m256i {
    _mm256_set1_epi32(i32::from(low) & 0xffff | i32::from(high) << 16)
}

#[target_feature(enable = "avx2")]
fn load<T: Copy, const N: usize>(values: &[T; N]) -> __m256i {
    const { assert!(size_of::<[T; N]>() == size_of::<__m256i>()) };
    // SAFETY: 32 readable bytes; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(values: __m256i) -> [i32; LANES] {
    let mut out = [0; LANES];
    // SAFETY: 32 writable bytes; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), values) };
    out
}
