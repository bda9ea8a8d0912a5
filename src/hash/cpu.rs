//! Hashing on the CPU, rayon over tiles.

use rayon::prelude::*;

use super::TileHasher;
use crate::dct;
use crate::phash::PictureHash;
use crate::tile::Tile;

/// The CPU backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuHasher;

/// Batches below this are hashed on the calling thread: they take less than 5 ms, and a caller
/// that collects tiles from decoders must not wait for the very threads that wait for it.
const PARALLEL_FROM: usize = 1024;

impl TileHasher for CpuHasher {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn hash(&self, tiles: &[Tile]) -> Vec<PictureHash> {
        if tiles.len() < PARALLEL_FROM {
            tiles.iter().map(dct::hash_tile).collect()
        } else {
            tiles.par_iter().map(dct::hash_tile).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_any_size_keep_their_order() {
        let tile = |seed: usize| Tile(std::array::from_fn(|i| (i * (seed + 3) / 7 % 256) as u8));
        for count in [0, 1, 63, PARALLEL_FROM - 1, PARALLEL_FROM, PARALLEL_FROM + 1] {
            let tiles: Vec<Tile> = (0..count).map(tile).collect();
            let one_by_one: Vec<_> = tiles.iter().map(dct::hash_tile).collect();
            assert_eq!(CpuHasher.hash(&tiles), one_by_one);
        }
    }
}
