//! The exact integer DCT-II of a tile, and the hashes that rank its coefficients.
//!
//! Coefficients are compared, never used as numbers, so that any machine must get the same bits:
//! everything here is exact in integers. With x in 0–255 and |C| ≤ 2¹³, the first pass
//! T = x·Cᵀ fits in 26 bits and a sign. For the second it is split into two limbs, th = T >> 13
//! and tl = T & 8191, so that H = Σ C·th (at most 32 · 8192 · 8160 < 2³¹) and L = Σ C·tl (at most
//! 32 · 8192 · 8191 < 2³¹) stay within `i32`; a coefficient is 8192·H + L.
//!
//! Pixels are **not** shifted to −128…127 first: the shift changes nothing but the DC term, whose
//! sign then tells dark from bright. On 591 tiles of photographs the unshifted form gives the very
//! bits of Python ImageHash (0 differences); the shifted one differs by 2 bits on 70 % of them.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

use crate::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};
use crate::picture::tile::{TILE_SIDE, Tile};
use std::fmt;

/// Coefficients along each side of the block that is kept.
pub const BLOCK_SIDE: usize = 16;

/// round(2¹³ · cos((2i+1)·u·π/64)), row u, column i.
#[rustfmt::skip]
pub const COSINES: [[i16; TILE_SIDE]; BLOCK_SIDE] = [
    [8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192],
    [8182, 8103, 7946, 7713, 7405, 7027, 6580, 6070, 5501, 4880, 4212, 3503, 2760, 1990, 1202, 402, -402, -1202, -1990, -2760, -3503, -4212, -4880, -5501, -6070, -6580, -7027, -7405, -7713, -7946, -8103, -8182],
    [8153, 7839, 7225, 6333, 5197, 3862, 2378, 803, -803, -2378, -3862, -5197, -6333, -7225, -7839, -8153, -8153, -7839, -7225, -6333, -5197, -3862, -2378, -803, 803, 2378, 3862, 5197, 6333, 7225, 7839, 8153],
    [8103, 7405, 6070, 4212, 1990, -402, -2760, -4880, -6580, -7713, -8182, -7946, -7027, -5501, -3503, -1202, 1202, 3503, 5501, 7027, 7946, 8182, 7713, 6580, 4880, 2760, 402, -1990, -4212, -6070, -7405, -8103],
    [8035, 6811, 4551, 1598, -1598, -4551, -6811, -8035, -8035, -6811, -4551, -1598, 1598, 4551, 6811, 8035, 8035, 6811, 4551, 1598, -1598, -4551, -6811, -8035, -8035, -6811, -4551, -1598, 1598, 4551, 6811, 8035],
    [7946, 6070, 2760, -1202, -4880, -7405, -8182, -7027, -4212, -402, 3503, 6580, 8103, 7713, 5501, 1990, -1990, -5501, -7713, -8103, -6580, -3503, 402, 4212, 7027, 8182, 7405, 4880, 1202, -2760, -6070, -7946],
    [7839, 5197, 803, -3862, -7225, -8153, -6333, -2378, 2378, 6333, 8153, 7225, 3862, -803, -5197, -7839, -7839, -5197, -803, 3862, 7225, 8153, 6333, 2378, -2378, -6333, -8153, -7225, -3862, 803, 5197, 7839],
    [7713, 4212, -1202, -6070, -8182, -6580, -1990, 3503, 7405, 7946, 4880, -402, -5501, -8103, -7027, -2760, 2760, 7027, 8103, 5501, 402, -4880, -7946, -7405, -3503, 1990, 6580, 8182, 6070, 1202, -4212, -7713],
    [7568, 3135, -3135, -7568, -7568, -3135, 3135, 7568, 7568, 3135, -3135, -7568, -7568, -3135, 3135, 7568, 7568, 3135, -3135, -7568, -7568, -3135, 3135, 7568, 7568, 3135, -3135, -7568, -7568, -3135, 3135, 7568],
    [7405, 1990, -4880, -8182, -5501, 1202, 7027, 7713, 2760, -4212, -8103, -6070, 402, 6580, 7946, 3503, -3503, -7946, -6580, -402, 6070, 8103, 4212, -2760, -7713, -7027, -1202, 5501, 8182, 4880, -1990, -7405],
    [7225, 803, -6333, -7839, -2378, 5197, 8153, 3862, -3862, -8153, -5197, 2378, 7839, 6333, -803, -7225, -7225, -803, 6333, 7839, 2378, -5197, -8153, -3862, 3862, 8153, 5197, -2378, -7839, -6333, 803, 7225],
    [7027, -402, -7405, -6580, 1202, 7713, 6070, -1990, -7946, -5501, 2760, 8103, 4880, -3503, -8182, -4212, 4212, 8182, 3503, -4880, -8103, -2760, 5501, 7946, 1990, -6070, -7713, -1202, 6580, 7405, 402, -7027],
    [6811, -1598, -8035, -4551, 4551, 8035, 1598, -6811, -6811, 1598, 8035, 4551, -4551, -8035, -1598, 6811, 6811, -1598, -8035, -4551, 4551, 8035, 1598, -6811, -6811, 1598, 8035, 4551, -4551, -8035, -1598, 6811],
    [6580, -2760, -8182, -1990, 7027, 6070, -3503, -8103, -1202, 7405, 5501, -4212, -7946, -402, 7713, 4880, -4880, -7713, 402, 7946, 4212, -5501, -7405, 1202, 8103, 3503, -6070, -7027, 1990, 8182, 2760, -6580],
    [6333, -3862, -7839, 803, 8153, 2378, -7225, -5197, 5197, 7225, -2378, -8153, -803, 7839, 3862, -6333, -6333, 3862, 7839, -803, -8153, -2378, 7225, 5197, -5197, -7225, 2378, 8153, 803, -7839, -3862, 6333],
    [6070, -4880, -7027, 3503, 7713, -1990, -8103, 402, 8182, 1202, -7946, -2760, 7405, 4212, -6580, -5501, 5501, 6580, -4212, -7405, 2760, 7946, -1202, -8182, -402, 8103, 1990, -7713, -3503, 7027, 4880, -6070],
];

/// The 16×16 lowest DCT-II coefficients of a tile, exact, scaled by 2²⁶; row = vertical frequency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coefficients(pub [i64; BLOCK_SIDE * BLOCK_SIDE]);

impl Coefficients {
    /// Transforms a tile, by the fastest way that this processor has; all give the same values.
    pub fn from_tile(tile: &Tile) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(coefficients) = avx2::transform(tile) {
            return coefficients;
        }
        portable::transform(tile)
    }

    /// The coefficients of the mirrored tile: odd horizontal (`x`) or vertical (`y`) frequencies
    /// change their sign.
    #[inline(always)]
    fn mirrored(&self, x: bool, y: bool) -> Self {
        let mut block = self.0;
        for (index, value) in block.iter_mut().enumerate() {
            let (row, column) = (index / BLOCK_SIDE, index % BLOCK_SIDE);
            if (x && column % 2 == 1) ^ (y && row % 2 == 1) {
                *value = -*value;
            }
        }
        Self(block)
    }

    /// Both hashes of these coefficients; `greater` is [`portable::greater`] or does the same.
    #[inline(always)]
    fn ranked(&self, greater: impl Fn(&[i32; 64], i32) -> u64) -> View {
        let mut low = [0_i64; 64];
        for (row, out) in self.0.chunks_exact(BLOCK_SIDE).zip(low.chunks_exact_mut(8)) {
            out.copy_from_slice(&row[..8]);
        }
        let mut phash = [0];
        rank_bits(&low, &mut phash, &greater);
        let mut fine = [0; 4];
        rank_bits(&self.0, &mut fine, &greater);
        View { phash: PerceptualHash(phash[0]), fine: FineHash(fine) }
    }
}

/// Sets a bit for each value that at least half of all values are strictly smaller than, the first
/// in the most significant bit. That is `value > the lower median`.
#[inline(always)]
fn rank_bits<const N: usize>(
    values: &[i64; N],
    words: &mut [u64],
    greater: &impl Fn(&[i32; 64], i32) -> u64,
) {
    // The upper 32 bits compare twice as fast, and mostly settle it.
    let keys = values.map(|value| (value >> 13) as i32);
    let pivot = lower_median(&keys);
    let (chunks, _) = keys.as_chunks::<64>();
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = greater(chunk, pivot);
    }
    let tied = count(&keys, |key| key == pivot);
    if tied > 1 {
        // The lower bits decide among those that tie with the median.
        let below = count(&keys, |key| key < pivot) as usize;
        let mut ties = values.map(|v| if (v >> 13) as i32 == pivot { v } else { i64::MAX });
        let lower_median = *ties.select_nth_unstable(N / 2 - 1 - below).1;
        for (word, chunk) in words.iter_mut().zip(values.chunks_exact(64)) {
            *word = chunk.iter().fold(0, |word, &v| word << 1 | u64::from(v > lower_median));
        }
    }
}

#[inline(always)]
fn count<const N: usize>(keys: &[i32; N], counts: impl Fn(i32) -> bool) -> u32 {
    // A check for overflow at each step would keep the compiler from using wide registers.
    keys.iter().fold(0, |sum: u32, &key| sum.wrapping_add(u32::from(counts(key))))
}

/// The key at place N/2 − 1 of all keys in order: the least that half of them do not exceed.
///
/// By halving an interval and counting, which vectorises: some fourteen passes, where selecting by
/// exchanges costs three times as much.
#[inline(always)]
fn lower_median<const N: usize>(keys: &[i32; N]) -> i32 {
    let half = N as u32 / 2;
    let up_to = |bound: i32| count(keys, |key| key <= bound);
    // AC terms lie around 0, on both sides: from there outwards in growing steps.
    let (mut low, mut high);
    // 2⁹, 2¹² … 2³⁰: the last one ends the search before it could overflow.
    let mut step = 1_i32 << 9;
    if up_to(0) >= half {
        (low, high) = (i32::MIN, 0);
        while step < 1 << 30 {
            if up_to(-step) < half {
                low = 1 - step;
                break;
            }
            high = -step;
            step <<= 3;
        }
    } else {
        (low, high) = (1, i32::MAX);
        while step < 1 << 30 {
            if up_to(step) >= half {
                high = step;
                break;
            }
            low = step + 1;
            step <<= 3;
        }
    }
    while low < high {
        // Rounded down, so that an interval of two always shrinks.
        let middle = ((i64::from(low) + i64::from(high)) >> 1) as i32;
        let found = up_to(middle);
        if found == half {
            // The median is the largest of them.
            return keys
                .iter()
                .map(|&key| if key <= middle { key } else { i32::MIN })
                .max()
                .unwrap_or(low);
        }
        if found > half { high = middle } else { low = middle + 1 }
    }
    low
}

/// How much structure a tile shows, as PDQ measures it (Facebook, "The TMK+PDQF Video-Hashing
/// Algorithm and the PDQ Image-Hashing Algorithm", 2019): the sum of the gradients between
/// neighbours, each in whole hundredths of the range. PDQ divides by 90 on 64×64 pixels; a 32×32
/// tile has a quarter of the neighbours and twice the gradient, so here it is 45.
#[inline(always)]
pub fn quality(tile: &Tile) -> Quality {
    let (rows, _) = tile.0.as_chunks::<TILE_SIDE>();
    // A sum for each column, so that whole rows add up at once: at most 2 · 32 · 100.
    let mut sums = [0_u16; TILE_SIDE];
    for row in rows {
        let mut right = *row;
        right.copy_within(1.., 0);
        add_steps(&mut sums, row, &right);
    }
    for pair in rows.windows(2) {
        add_steps(&mut sums, &pair[0], &pair[1]);
    }
    let sum = sums.iter().fold(0_u32, |sum, &column| sum.wrapping_add(u32::from(column)));
    Quality((sum / 45).min(100) as u8)
}

/// Adds the steps between neighbours, each in whole hundredths of the range.
#[inline(always)]
fn add_steps(sums: &mut [u16; TILE_SIDE], a: &[u8; TILE_SIDE], b: &[u8; TILE_SIDE]) {
    for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
        *sum = sum.wrapping_add(hundredths(a.abs_diff(b)));
    }
}

/// ⌊step · 100 / 255⌋ in 16 bits: ⌊n / 255⌋ is (n + 1 + ((n + 1) >> 8)) >> 8 below 65535.
#[inline(always)]
fn hundredths(step: u8) -> u16 {
    let n = u16::from(step).wrapping_mul(100).wrapping_add(1);
    n.wrapping_add(n >> 8) >> 8
}

/// The upright view and the quality of a tile.
pub fn hash_upright(tile: &Tile) -> (View, Quality) {
    #[cfg(target_arch = "x86_64")]
    if let Some(hashes) = avx2::hash_upright(tile) {
        return hashes;
    }
    (portable::transform(tile).ranked(portable::greater), quality(tile))
}

/// All that hashing says of a tile.
pub fn hash_tile(tile: &Tile) -> PictureHash {
    #[cfg(target_arch = "x86_64")]
    if let Some(hash) = avx2::hash_tile(tile) {
        return hash;
    }
    picture_hash(&portable::transform(tile), tile, portable::greater)
}

/// How this processor transforms tiles (human-readable).
pub fn backend() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if avx2::hash_upright(&Tile([0; TILE_SIDE * TILE_SIDE])).is_some() {
        return "AVX2";
    }
    "portable"
}

/// Tiles of every kind, to check a way of hashing against another: noise, steps, gradients, checks
/// and flat ones.
pub fn probe_tiles() -> impl ExactSizeIterator<Item = Tile> {
    (0..80_u32).map(|seed| {
        Tile(std::array::from_fn(|i| {
            let i = i as u32;
            let noise = (i ^ seed).wrapping_mul(0x9e37_79b9).rotate_left(seed % 31);
            match seed % 5 {
                0 => (noise >> 24) as u8,
                1 => (i / (seed + 1) % 256) as u8,
                2 => ((i % 32 * 8 + i / 32 * seed) % 256) as u8,
                3 => ((i / 32 + i) % 2 * 255) as u8,
                _ => (seed * 3) as u8,
            }
        }))
    })
}

/// This processor computes another hash than the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongHash {
    tile: usize,
    backend: &'static str,
}

impl fmt::Display for WrongHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile {} hashes otherwise with {}", self.tile, self.backend)
    }
}

impl std::error::Error for WrongHash {}

/// Compares this processor's way with the reference on tiles of every kind.
///
/// # Errors
/// [`WrongHash`] for the first tile that differs.
pub fn self_test() -> Result<(), WrongHash> {
    for (number, tile) in probe_tiles().enumerate() {
        if hash_tile(&tile) != picture_hash(&portable::transform(&tile), &tile, portable::greater) {
            return Err(WrongHash { tile: number, backend: backend() });
        }
    }
    Ok(())
}

/// The four rankings that all eight orientations follow from, and the quality.
#[inline(always)]
fn picture_hash(
    upright: &Coefficients,
    tile: &Tile,
    greater: impl Fn(&[i32; 64], i32) -> u64 + Copy,
) -> PictureHash {
    let views = [
        upright.ranked(greater),
        upright.mirrored(true, false).ranked(greater),
        upright.mirrored(false, true).ranked(greater),
        upright.mirrored(true, true).ranked(greater),
    ];
    PictureHash { views, quality: quality(tile) }
}

#[cfg(test)]
mod tests;
