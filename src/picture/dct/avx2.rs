//! The transform with AVX2: multiply-add of 16-bit pairs, on folded rows, columns first.
//!
//! Cosine rows are symmetric (u even) or antisymmetric (u odd), so that x\[i\] ± x\[31−i\] needs
//! half the products. Folded sums stay within the limbs' bounds: |x ± x'| ≤ 510, |T ± T'| < 2²⁷ so
//! |th| ≤ 16320, and 16 · 8192 · 16320 < 2³¹. The limbs are other numbers than the reference's,
//! which goes along rows first; the exact integers that they add up to are the same.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_epi64,
    _mm256_and_si256, _mm256_castsi256_ps, _mm256_castsi256_si128, _mm256_cmpgt_epi32,
    _mm256_cvtepi32_epi64, _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_movemask_ps, _mm256_packs_epi32, _mm256_permute2x128_si256,
    _mm256_permutevar8x32_epi32, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_slli_epi64,
    _mm256_srai_epi32, _mm256_storeu_si256, _mm256_sub_epi16, _mm256_sub_epi32,
    _mm256_unpackhi_epi16, _mm256_unpackhi_epi64, _mm256_unpacklo_epi16, _mm256_unpacklo_epi64,
};

use super::{BLOCK_SIDE, COSINES, Coefficients};
use crate::model::phash::{PictureHash, Quality, View};
use crate::picture::simd::is_haswell;
use crate::picture::tile::{TILE_SIDE, Tile};

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
        (with_avx2(tile).ranked(|keys, pivot| greater(keys, pivot)), super::quality(tile))
    }
    // SAFETY: `is_haswell` has found every feature that the function asks for.
    is_haswell().then(|| unsafe { compiled(tile) })
}

/// [`super::hash_tile`], all of it compiled for AVX2, or `None` where there is none.
pub(super) fn hash_tile(tile: &Tile) -> Option<PictureHash> {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn compiled(tile: &Tile) -> PictureHash {
        super::picture_hash(&with_avx2(tile), tile, |keys, pivot| greater(keys, pivot))
    }
    // SAFETY: `is_haswell` has found every feature that the function asks for.
    is_haswell().then(|| unsafe { compiled(tile) })
}

#[target_feature(enable = "avx2")]
fn with_avx2(tile: &Tile) -> Coefficients {
    let folded = fold_rows(tile);
    let reversed = load(&[7_i32, 6, 5, 4, 3, 2, 1, 0]);
    let mut block = [0; BLOCK_SIDE * BLOCK_SIDE];
    for (v, out) in block.chunks_exact_mut(BLOCK_SIDE).enumerate() {
        // Down the columns. Lanes: columns 0–3 8–11, 4–7 12–15, 16–19 24–27, 20–23 28–31.
        let mut columns = [_mm256_setzero_si256(); 4];
        for (k, rows) in folded[v % 2].iter().enumerate() {
            let cosines = broadcast(COSINES[v][2 * k], COSINES[v][2 * k + 1]);
            for (sum, &rows) in columns.iter_mut().zip(rows) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(cosines, rows));
            }
        }
        // Column x and column 31 − x: the last register backwards lies over the first.
        let [a, b] = [columns[0], columns[1]];
        let a_mirror = _mm256_permutevar8x32_epi32(columns[3], reversed);
        let b_mirror = _mm256_permutevar8x32_epi32(columns[2], reversed);
        let even = along(_mm256_add_epi32(a, a_mirror), _mm256_add_epi32(b, b_mirror), &PAIRED[0]);
        let odd = along(_mm256_sub_epi32(a, a_mirror), _mm256_sub_epi32(b, b_mirror), &PAIRED[1]);
        for half in 0..2 {
            // Frequencies 0 1 | 4 5 and 2 3 | 6 7 of this half.
            let first = _mm256_unpacklo_epi64(even[half], odd[half]);
            let second = _mm256_unpackhi_epi64(even[half], odd[half]);
            store(&mut out[8 * half..], _mm256_permute2x128_si256::<0x20>(first, second));
            store(&mut out[8 * half + 4..], _mm256_permute2x128_si256::<0x31>(first, second));
        }
    }
    Coefficients(block)
}

/// `[odd][k]`: the folded rows 2k and 2k+1, x\[y\] ± x\[31−y\], their samples side by side, in the
/// order of lanes that [`with_avx2`] says.
#[target_feature(enable = "avx2")]
fn fold_rows(tile: &Tile) -> [[[__m256i; 4]; PAIRS]; 2] {
    let mut folded = [[[_mm256_setzero_si256(); 4]; PAIRS]; 2];
    let (rows, _) = tile.0.as_chunks::<TILE_SIDE>();
    #[allow(clippy::needless_range_loop)] // `folded` is filled across its first dimension.
    for k in 0..PAIRS {
        let wide = |row: usize| {
            let (halves, _) = rows[row].as_chunks::<16>();
            [widen(&halves[0]), widen(&halves[1])]
        };
        let (upper, upper_mirror) = (wide(2 * k), wide(TILE_SIDE - 1 - 2 * k));
        let (lower, lower_mirror) = (wide(2 * k + 1), wide(TILE_SIDE - 2 - 2 * k));
        for half in 0..2 {
            let sums = (
                _mm256_add_epi16(upper[half], upper_mirror[half]),
                _mm256_add_epi16(lower[half], lower_mirror[half]),
            );
            let differences = (
                _mm256_sub_epi16(upper[half], upper_mirror[half]),
                _mm256_sub_epi16(lower[half], lower_mirror[half]),
            );
            for (odd, (upper, lower)) in [sums, differences].into_iter().enumerate() {
                folded[odd][k][2 * half] = _mm256_unpacklo_epi16(upper, lower);
                folded[odd][k][2 * half + 1] = _mm256_unpackhi_epi16(upper, lower);
            }
        }
    }
    folded
}

/// Along a row of folded column sums (columns 0–3 8–11 in `a`, 4–7 12–15 in `b`): 8192·H + L for
/// the 8 frequencies of `cosines`, in two registers of four.
#[target_feature(enable = "avx2")]
fn along(a: __m256i, b: __m256i, cosines: &[[i16; 2 * LANES]; PAIRS]) -> [__m256i; 2] {
    let mask = _mm256_set1_epi32(8191);
    // Packing brings the sixteen columns into their order.
    let high = _mm256_packs_epi32(_mm256_srai_epi32::<13>(a), _mm256_srai_epi32::<13>(b));
    let low = _mm256_packs_epi32(_mm256_and_si256(a, mask), _mm256_and_si256(b, mask));
    let (mut high_pairs, mut low_pairs) = ([0_i32; PAIRS], [0_i32; PAIRS]);
    store(&mut high_pairs, high);
    store(&mut low_pairs, low);
    let (mut high, mut low) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for ((&high_pair, &low_pair), cosines) in high_pairs.iter().zip(&low_pairs).zip(cosines) {
        let cosines = load(cosines);
        let high_product = _mm256_madd_epi16(_mm256_set1_epi32(high_pair), cosines);
        let low_product = _mm256_madd_epi16(_mm256_set1_epi32(low_pair), cosines);
        high = _mm256_add_epi32(high, high_product);
        low = _mm256_add_epi32(low, low_product);
    }
    let joined = |high: __m128i, low: __m128i| {
        let high = _mm256_slli_epi64::<13>(_mm256_cvtepi32_epi64(high));
        _mm256_add_epi64(high, _mm256_cvtepi32_epi64(low))
    };
    [
        joined(_mm256_castsi256_si128(high), _mm256_castsi256_si128(low)),
        joined(_mm256_extracti128_si256::<1>(high), _mm256_extracti128_si256::<1>(low)),
    ]
}

/// Sixteen bytes as sixteen 16-bit lanes.
#[target_feature(enable = "avx2")]
fn widen(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: 16 readable bytes; the load asks for no alignment.
    _mm256_cvtepu8_epi16(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// [`super::portable::greater`], eight keys at a time.
#[target_feature(enable = "avx2")]
fn greater(keys: &[i32; 64], pivot: i32) -> u64 {
    let pivot = _mm256_set1_epi32(pivot);
    keys.as_chunks::<LANES>().0.iter().fold(0, |word, keys| {
        let greater = _mm256_cmpgt_epi32(load(keys), pivot);
        let first_lowest = _mm256_movemask_ps(_mm256_castsi256_ps(greater)) as u8;
        word << 8 | u64::from(first_lowest.reverse_bits())
    })
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

/// Writes a register to the beginning of `out`, which is at least as long.
#[target_feature(enable = "avx2")]
fn store<T: Copy>(out: &mut [T], values: __m256i) {
    assert!(size_of_val(out) >= size_of::<__m256i>());
    // SAFETY: 32 writable bytes, as was just checked; the store asks for no alignment, and integers
    // of any size may hold any bits.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), values) };
}
