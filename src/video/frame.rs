//! A frame of a film as it is kept.

use std::ops::RangeInclusive;

use crate::model::phash::View;
use crate::picture::dct;
use crate::picture::part::Part;
use crate::picture::tile::{FINE_SIDE, FineTile, Tiles};
use crate::picture::window::{Window, WindowHasher};

/// A frame below this contrast is flat: black, white, or a fade. All such frames look alike.
const FLAT_BELOW: u32 = 8;

/// The lightest cell of a black bar.
const BLACK: u8 = 20;
/// How many cells of 64 a bar is wide; where more is black, the film is dark.
const BARS: RangeInclusive<usize> = 3..=24;

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

/// What black bars of one width at two or at all four edges leave free, to a cell of the tile; `None`
/// where there are none.
pub fn between_bars(tile: &FineTile) -> Option<Part> {
    let is_black = |cell: u8| cell <= BLACK;
    let row = |y: usize| (0..FINE_SIDE).all(|x| is_black(tile.0[y * FINE_SIDE + x]));
    let column = |x: usize| (0..FINE_SIDE).all(|y| is_black(tile.0[y * FINE_SIDE + x]));
    let width = |is_bar: &dyn Fn(usize) -> bool| {
        let pairs = (0..FINE_SIDE / 2).take_while(|&at| is_bar(at) && is_bar(FINE_SIDE - 1 - at));
        Some(pairs.count()).filter(|cells| BARS.contains(cells)).unwrap_or(0)
    };
    let [top, left] =
        [width(&row), width(&column)].map(|c| (c * Part::SIDE as usize / FINE_SIDE) as u32);
    let part = Part { top, left, bottom: Part::SIDE - top, right: Part::SIDE - left };
    (!part.is_whole()).then_some(part)
}

/// The standard deviation of the cells of a tile, rounded down.
pub fn contrast(tile: &FineTile) -> u32 {
    let count = tile.0.len() as u64;
    let sum: u64 = tile.0.iter().map(|&cell| u64::from(cell)).sum();
    let squares: u64 = tile.0.iter().map(|&cell| u64::from(cell) * u64::from(cell)).sum();
    let variance = (squares * count - sum * sum) / (count * count);
    variance.isqrt() as u32
}
