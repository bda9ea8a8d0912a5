//! The tiles that came with a stream.

use super::KernelError;
use super::ipc::{Batch, Values};
use super::table::{INTACT, TILE, wrong};
use crate::dedupe::tile_prover::TileSource;
use crate::picture::part::Part;
use crate::picture::tile::{FineTile, StoredTile};

/// The columns of a tile, perhaps under a prefix.
#[derive(Clone, Copy)]
pub(super) struct TileColumns<'a> {
    pub cells: Values<'a>,
    pub intact: Values<'a>,
}

impl<'a> TileColumns<'a> {
    pub fn of(batch: &'a Batch) -> Result<Self, KernelError> {
        Ok(Self { cells: batch.column(&TILE)?, intact: batch.column(&INTACT)? })
    }

    /// The tile of a row, if it has one.
    pub fn tile(self, row: usize) -> Result<CarriedTile, KernelError> {
        let Some(cells) = self.cells.bytes(row) else { return Ok(None) };
        let cells = FineTile::from_bytes(cells).ok_or_else(|| wrong(&TILE))?;
        let intact = self.intact.bytes(row).and_then(|bytes| bytes.try_into().ok());
        let intact = intact.and_then(Part::from_bytes).ok_or_else(|| wrong(&INTACT))?;
        Ok(Some(Box::new(StoredTile { cells, intact })))
    }
}

/// The tile of a row, if it has one. On the heap: rows are sorted, and their vectors grow.
pub(super) type CarriedTile = Option<Box<StoredTile>>;

/// Tiles by picture.
pub(super) struct CarriedTiles(pub Vec<CarriedTile>);

impl CarriedTiles {
    pub fn are_none(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl TileSource for CarriedTiles {
    fn each(&mut self, pictures: &[u32], take: &mut dyn FnMut(u32, StoredTile)) {
        for &picture in pictures {
            if let Some(Some(tile)) = self.0.get(picture as usize) {
                take(picture, StoredTile::clone(tile));
            }
        }
    }
}
