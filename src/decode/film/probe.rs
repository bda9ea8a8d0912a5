//! The frames by which films are found.

use super::{DecodeError, DecodeOptions, FrameBudget, Shown, frames_at};
use crate::container::ReadAt;
use crate::container::film::FilmTrack;
use crate::picture::tile::{Tile, Tiles};

/// Where a second frame is looked for, in microseconds.
const SECONDS: [i64; 4] = [1_000_000, 2_000_000, 4_000_000, 8_000_000];
/// How far from these times a frame may begin, in microseconds: two frames at 25 a second, less
/// a little.
pub const TOLERANCE: i64 = 70_000;
/// Standard deviation below which a tile is flat.
const FLAT: u64 = 8;

/// By which frames a film is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The first frame that is shown.
    pub first: Tiles,
    /// It shows nearly nothing: black, white, one colour.
    pub first_is_flat: bool,
    /// Where it is flat: the first that is not of the frames at 1, 2, 4 and 8 seconds.
    pub second: Option<Shown>,
}

/// Decodes the first frame; where that is flat, also those at 1, 2, 4 and 8 seconds, up to one that
/// is not.
///
/// # Errors
/// See [`frames_at`]. A film whose second frame cannot be decoded cannot be found by it, and is
/// refused.
pub fn probe(
    source: &dyn ReadAt,
    track: &FilmTrack,
    budget: &mut FrameBudget,
    options: &DecodeOptions,
) -> Result<Probe, DecodeError> {
    let first = frame(source, track, 0, budget, options)?.tiles;
    let first_is_flat = is_flat(&first.coarse);
    let mut second = None;
    if first_is_flat {
        for time in SECONDS.into_iter().filter(|&time| time < track.duration) {
            let shown = frame(source, track, time, budget, options)?;
            if !is_flat(&shown.tiles.coarse) {
                second = Some(shown);
                break;
            }
        }
    }
    Ok(Probe { first, first_is_flat, second })
}

fn frame(
    source: &dyn ReadAt,
    track: &FilmTrack,
    time: i64,
    budget: &mut FrameBudget,
    options: &DecodeOptions,
) -> Result<Shown, DecodeError> {
    let mut found = Err(DecodeError::Damaged("the film has no frame at that time".into()));
    frames_at(source, track, &[time], TOLERANCE, budget, options, &mut |_, shown| {
        found = shown;
        false
    })?;
    found
}

/// Whether a tile shows nearly nothing: the standard deviation of its cells is below 8.
pub fn is_flat(tile: &Tile) -> bool {
    let cells = tile.0.len() as u64;
    let sum: u64 = tile.0.iter().map(|&cell| u64::from(cell)).sum();
    let squares: u64 = tile.0.iter().map(|&cell| u64::from(cell) * u64::from(cell)).sum();
    // n² times the variance; at most 2^36.
    cells * squares - sum * sum < FLAT * FLAT * cells * cells
}
