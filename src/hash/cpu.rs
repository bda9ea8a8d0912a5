//! Hashing on the CPU, rayon over tiles.

use rayon::prelude::*;

use super::TileHasher;
use crate::dct;
use crate::phash::PictureHash;
use crate::tile::Tile;

/// The CPU backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuHasher;

/// Tiles a rayon task takes at least: below that, handing over costs more than hashing.
const TILES_PER_TASK: usize = 64;

impl TileHasher for CpuHasher {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn hash(&self, tiles: &[Tile]) -> Vec<PictureHash> {
        tiles.par_iter().with_min_len(TILES_PER_TASK).map(dct::hash_tile).collect()
    }
}
