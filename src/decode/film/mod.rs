//! Frames of films: from the bytes of coded frames to tiles.
//!
//! Every foreign decoder lives in one file of this folder. The luma plane is averaged as that of a
//! picture is, and turned as the track says. [`keyframe`] takes one frame that needs no other;
//! [`frames_at`] takes frames at given times, each with those that it is predicted from.

mod av1;
mod budget;
mod decoder;
mod frames;
#[cfg(feature = "video")]
mod h264;
#[cfg(feature = "video")]
mod hevc;
mod mjpeg;
#[cfg(feature = "video")]
mod mpeg4;
mod opened;
mod single;
mod vp8;
#[cfg(feature = "video")]
mod vp9;
mod wanted;

pub use budget::FrameBudget;
pub use frames::{Found, Shown, frames_at, frames_needed, keyframe};
pub use single::{TOLERANCE, frame_at};

use super::heif::layers::widen;
use super::{DecodeError, DecodeOptions, caught, jpeg};
use crate::container::film::FilmError;
use crate::model::media::Dimensions;
use crate::picture::tile::{Plane, Tiles};

/// Most pixels of a frame: those of the highest level of HEVC, 8192 × 4352.
const MAX_PIXELS: u64 = 35_651_584;
/// Most bytes of a coded frame.
const MAX_FRAME_BYTES: u32 = 32 << 20;

/// The luma of a frame, in 8 bits of full range, row by row.
struct Luma {
    width: u32,
    height: u32,
    samples: Vec<u8>,
}

impl Luma {
    fn tiles(&self) -> Result<Tiles, DecodeError> {
        Plane::new(self.width, self.height, 1, &self.samples)
            .and_then(|plane| plane.tiles())
            .ok_or_else(|| DecodeError::Damaged("rows of the frame are missing".into()))
    }
}

/// The most pixels that the frames of a film may have: memory was reserved for so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Room(u64);

impl Room {
    /// For the frames of a film that claims this size. Coded frames go on to the end of their last
    /// block, of 64 × 64 pixels at most.
    fn of(width: u32, height: u32) -> Result<Self, DecodeError> {
        Self(MAX_PIXELS).admit(width, height)?;
        let side = |side: u32| u64::from(side).next_multiple_of(64);
        Ok(Self((side(width) * side(height)).min(MAX_PIXELS)))
    }

    /// Refuses frames of no pixels or of too many, before a decoder makes room for them.
    fn admit(self, width: u32, height: u32) -> Result<(), DecodeError> {
        let pixels = Dimensions { width, height }.pixels();
        if pixels == 0 {
            return Err(DecodeError::Damaged("the frame has no pixels".into()));
        }
        if pixels > MAX_PIXELS {
            return Err(DecodeError::TooLarge {
                what: format!("a frame of {width} × {height} pixels"),
                limit: format!("{MAX_PIXELS} pixels"),
            });
        }
        if pixels > self.0 {
            let text = format!("a frame of {width} × {height} pixels, more than the film claims");
            return Err(DecodeError::Damaged(text));
        }
        Ok(())
    }
}

/// The table that makes samples of `depth` bits 8 bits of full range.
fn scale(depth: u32, full_range: bool) -> Result<Vec<u8>, DecodeError> {
    widen(depth, full_range)
        .ok_or_else(|| DecodeError::Unsupported(format!("frames of {depth} bits")))
}

/// Samples through such a table.
fn scaled(samples: impl Iterator<Item = u16>, scale: &[u8]) -> Vec<u8> {
    samples.map(|value| scale.get(usize::from(value)).copied().unwrap_or(255)).collect()
}

pub(in crate::decode) fn refused(error: FilmError) -> DecodeError {
    match error {
        FilmError::Io(error) => DecodeError::Io(error),
        FilmError::NotAFilm => DecodeError::NotAPicture,
        FilmError::Unsupported(what) => DecodeError::Unsupported(what),
        FilmError::Damaged(what) => DecodeError::Damaged(what.into()),
        FilmError::TooLarge { what, limit } => DecodeError::TooLarge { what, limit: limit.into() },
    }
}

#[cfg(test)]
#[cfg(feature = "video")]
mod tests;
