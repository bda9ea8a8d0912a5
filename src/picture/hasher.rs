//! Hashing of tiles in batches, behind one trait, so that backends are
//! interchangeable: all backends give the same bits.

use rayon::prelude::*;

use super::dct;
use super::tile::Tile;
use crate::model::phash::PictureHash;

/// Computes the hashes of tiles.
pub trait TileHasher: Send + Sync {
    /// Name as the report's `backend` field gives it.
    fn name(&self) -> &'static str;

    /// One hash per tile, in the order of the tiles.
    fn hash(&self, tiles: &[Tile]) -> Vec<PictureHash>;
}

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
