//! A frame of a film as it is kept.

use crate::model::phash::View;
use crate::picture::dct;
use crate::picture::tile::{FineTile, Tiles};
use crate::picture::window::{Window, WindowHasher};

/// A frame below this contrast is flat: black, white, or a fade. All such frames look alike.
const FLAT_BELOW: u32 = 8;

/// One frame: its moment, its hashes and its tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The moment that was asked for, in microseconds from the first frame of the film. The frame
    /// is the one that begins about then, or is on the screen.
    pub time: i64,
    /// Hashes of the frame as shown.
    pub view: View,
    /// The 64×64 tile.
    pub tile: Box<FineTile>,
}

impl Frame {
    /// Of the tiles of the frame that is shown then.
    pub fn new(time: i64, tiles: Tiles) -> Self {
        Self { time, view: dct::hash_tile(&tiles.coarse).upright(), tile: tiles.fine }
    }

    /// Of a fine tile alone, such as a part of another one.
    pub fn of_tile(time: i64, tile: FineTile) -> Self {
        let (view, _) = WindowHasher::new(&tile).hash(Window::WHOLE);
        Self { time, view, tile: Box::new(tile) }
    }

    /// Whether it shows too little to be told from others.
    pub fn is_flat(&self) -> bool {
        contrast(&self.tile) < FLAT_BELOW
    }
}

/// The standard deviation of the cells of a tile, rounded down.
pub fn contrast(tile: &FineTile) -> u32 {
    let count = tile.0.len() as u64;
    let sum: u64 = tile.0.iter().map(|&cell| u64::from(cell)).sum();
    let squares: u64 = tile.0.iter().map(|&cell| u64::from(cell) * u64::from(cell)).sum();
    let variance = (squares * count - sum * sum) / (count * count);
    variance.isqrt() as u32
}
