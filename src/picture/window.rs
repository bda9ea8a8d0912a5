//! Windows: parts of a picture, hashed as if they were pictures of their own.
//!
//! A crop hashes like the window of the whole that it shows, and a picture with a border or a
//! caption has a window that hashes like the picture without. A window is a rectangle of the 64×64
//! tile, reduced to 32×32 by the same exact integer area average as the tile itself.

mod batch;
mod kept;

pub use batch::{BatchWindowHasher, CpuWindowHasher};
pub use kept::{phash_in, view_in};

use super::dct::hash_upright;
use super::part::Part;
use super::resample::{Axis, Half, Plane, first_axis, second_axis};
use super::simd::widest;
use super::tile::{FINE_SIDE, FineTile, TILE_SIDE, Tile};
use crate::model::phash::{Quality, View};

/// An interval of a side, from and to, in fortieths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval(u8, u8);

/// Crops that keep the shape: intervals of one width, on both axes alike.
const CROPS: [(u8, &[u8]); 7] = [
    (36, &[0, 2, 4]),
    (33, &[0, 2, 5, 7]),
    (30, &[0, 3, 7, 10]),
    (28, &[0, 3, 6, 9, 12]),
    (24, &[0, 4, 8, 12, 16]),
    (21, &[0, 4, 8, 11, 15, 19]),
    (20, &[0, 10, 20]),
];
/// Crops, bars and captions along one axis: the other one is whole.
const BANDS: [(u8, &[u8]); 9] = [
    (36, &[0, 4]),
    (34, &[0, 3, 6]),
    (32, &[0, 4, 8]),
    (30, &[5]),
    (28, &[0, 6, 12]),
    (26, &[7]),
    (24, &[0, 2, 4, 6, 8, 10, 12, 14, 16]),
    (20, &[0, 5, 10, 15, 20]),
    (14, &[13]),
];
/// Frames and canvases, which take more of one axis than of the other.
const FRAMES: [(Interval, Interval); 7] = [
    (Interval(1, 39), Interval(1, 39)),
    (Interval(4, 36), Interval(2, 38)),
    (Interval(2, 38), Interval(4, 36)),
    (Interval(2, 34), Interval(2, 38)),
    (Interval(4, 36), Interval(6, 34)),
    (Interval(6, 34), Interval(4, 36)),
    (Interval(3, 33), Interval(3, 37)),
];

/// A rectangle of a picture, by its intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    vertical: Interval,
    horizontal: Interval,
}

/// Which windows are looked through.
///
/// Chosen on 40 photographs × 89 edits: of all intervals of whole fortieths, those that together
/// bring a crop, a border, a caption or a screenshot within 10 bits of 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WindowSet {
    /// The whole picture alone.
    #[default]
    Whole,
    /// 14 windows: crops up to a tenth of each side, and bands along one edge.
    Few,
    /// 200 windows: down to half of each side, anywhere.
    Many,
}

impl WindowSet {
    /// The windows, the whole picture first.
    pub fn windows(self) -> Vec<Window> {
        let mut windows = vec![Window::WHOLE];
        match self {
            Self::Whole => {}
            Self::Few => {
                let (full, inner) = (Interval(0, 40), Interval(4, 36));
                // Those of one horizontal interval follow one another: it is averaged once.
                let edges = [Interval(0, 36), Interval(4, 40), Interval(0, 34), Interval(6, 40)];
                windows.extend(edges.map(|edge| Window::new(edge, full)));
                windows.extend([Window::new(inner, full), Window::new(full, inner)]);
                for around in [inner, Interval(1, 39), Interval(2, 38)] {
                    windows.push(Window::new(around, around));
                }
                windows.extend(edges.map(|edge| Window::new(full, edge)));
            }
            Self::Many => {
                for (width, starts) in CROPS {
                    for &x in starts {
                        let crop =
                            |&y: &u8| Window::new(Interval(y, y + width), Interval(x, x + width));
                        windows.extend(starts.iter().map(crop));
                    }
                }
                for (width, starts) in BANDS {
                    for &start in starts {
                        let (full, band) = (Interval(0, 40), Interval(start, start + width));
                        windows.extend([(band, full), (full, band)].map(Window::from));
                    }
                }
                windows.extend(FRAMES.map(Window::from));
            }
        }
        windows
    }
}

/// Halves of a picture: where something lies on one of them, another one is as it was. They are
/// compared with the same halves of others, not with the whole.
pub const HALVES: [Window; 4] = [
    Window { vertical: Interval(0, 20), horizontal: Interval(0, 40) },
    Window { vertical: Interval(20, 40), horizontal: Interval(0, 40) },
    Window { vertical: Interval(0, 40), horizontal: Interval(0, 20) },
    Window { vertical: Interval(0, 40), horizontal: Interval(20, 40) },
];

impl Window {
    /// The whole picture.
    pub const WHOLE: Self = Self { vertical: Interval(0, 40), horizontal: Interval(0, 40) };

    const fn new(vertical: Interval, horizontal: Interval) -> Self {
        Self { vertical, horizontal }
    }

    /// Whether it is the whole picture.
    pub fn is_whole(self) -> bool {
        self == Self::WHOLE
    }

    /// Top, left, bottom and right edge, in fortieths of the sides.
    pub fn edges(self) -> [u32; 4] {
        let (y, x) = (self.vertical, self.horizontal);
        [y.0, x.0, y.1, x.1].map(u32::from)
    }
}

impl From<Window> for Part {
    /// To the nearest 256th.
    fn from(window: Window) -> Self {
        let [top, left, bottom, right] =
            window.edges().map(|fortieths| (fortieths * Self::SIDE + 20) / 40);
        Self { top, left, bottom, right }
    }
}

impl From<(Interval, Interval)> for Window {
    fn from((vertical, horizontal): (Interval, Interval)) -> Self {
        Self::new(vertical, horizontal)
    }
}

/// Hashes windows of one tile after the other.
#[derive(Debug)]
pub struct WindowHasher {
    plane: Plane,
    /// The tile averaged along an interval of the horizontal axis: windows that follow one another
    /// often share it.
    across: Half<TILE_SIDE>,
    made: Option<Interval>,
}

impl WindowHasher {
    /// Of this tile.
    pub fn new(tile: &FineTile) -> Self {
        Self { plane: Plane::new(tile), across: [[0; TILE_SIDE]; FINE_SIDE], made: None }
    }

    /// What the window shows, as a tile.
    pub fn tile(&mut self, window: Window) -> Tile {
        widest(
            #[inline(always)]
            || self.reduce(window),
        )
    }

    /// The hashes of what the window shows.
    pub fn hash(&mut self, window: Window) -> (View, Quality) {
        hash_upright(&self.tile(window))
    }

    #[inline(always)]
    fn reduce(&mut self, window: Window) -> Tile {
        // A fortieth of a side of 64 cells is 32 twentieths of a cell.
        let axis = |Interval(from, to): Interval| {
            Axis::<TILE_SIDE>::new(u32::from(from) * 32, u32::from(to) * 32, 20)
        };
        let (down, across) = (axis(window.vertical), axis(window.horizontal));
        if self.made != Some(window.horizontal) {
            self.made = Some(window.horizontal);
            // Averaging across the columns leaves, for each row, the cells of that row.
            first_axis(&self.plane.columns, &across, &mut self.across);
        }
        let whole = down.whole * across.whole;
        // ⌊n / whole⌋ by a multiplication, exact for n · whole < 2³²: 255 · 1600 · 1600 is less.
        let reciprocal = (1_u64 << 32) / u64::from(whole) + 1;
        let mut tile = Tile([0; TILE_SIDE * TILE_SIDE]);
        second_axis(&self.across, &down, |row, sums| {
            for (cell, &sum) in tile.0[row * TILE_SIDE..][..TILE_SIDE].iter_mut().zip(sums) {
                let rounded = u64::from(sum.wrapping_add(whole / 2));
                *cell = (rounded.wrapping_mul(reciprocal) >> 32) as u8;
            }
        });
        tile
    }
}

#[cfg(test)]
mod tests;
