//! Hashing of tiles in batches, behind one trait, so that whoever computes them is
//! interchangeable: all backends give the same bits.

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;

use crate::phash::PictureHash;
use crate::tile::Tile;

/// Computes the hashes of tiles.
pub trait TileHasher: Send + Sync {
    /// Name as the report's `backend` field gives it.
    fn name(&self) -> &'static str;

    /// One hash a tile, in the order of the tiles.
    fn hash(&self, tiles: &[Tile]) -> Vec<PictureHash>;
}
