//! The transform in plain integers, and the reference for the others.

use super::{BLOCK_SIDE, COSINES, Coefficients};
use crate::picture::tile::{TILE_SIDE, Tile};

/// T = x·Cᵀ, then C·T by limbs, as the module says.
pub(super) fn transform(tile: &Tile) -> Coefficients {
    let mut first = [[0_i32; BLOCK_SIDE]; TILE_SIDE];
    for (row, out) in tile.0.chunks_exact(TILE_SIDE).zip(&mut first) {
        for (value, cosines) in out.iter_mut().zip(&COSINES) {
            *value = row.iter().zip(cosines).map(|(&x, &c)| i32::from(x) * i32::from(c)).sum();
        }
    }
    let mut block = [0; BLOCK_SIDE * BLOCK_SIDE];
    for (cosines, out) in COSINES.iter().zip(block.chunks_exact_mut(BLOCK_SIDE)) {
        let mut high = [0_i32; BLOCK_SIDE];
        let mut low = [0_i32; BLOCK_SIDE];
        for (&cosine, row) in cosines.iter().zip(&first) {
            let cosine = i32::from(cosine);
            for ((high, low), &t) in high.iter_mut().zip(&mut low).zip(row) {
                *high += cosine * (t >> 13);
                *low += cosine * (t & 8191);
            }
        }
        for ((value, &high), &low) in out.iter_mut().zip(&high).zip(&low) {
            *value = i64::from(high) * 8192 + i64::from(low);
        }
    }
    Coefficients(block)
}

/// A bit for each key that is greater than the pivot, the first in the most significant bit.
#[inline(always)]
pub(super) fn greater(keys: &[i32; 64], pivot: i32) -> u64 {
    keys.iter().fold(0, |word, &key| word << 1 | u64::from(key > pivot))
}
