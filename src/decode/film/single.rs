//! One frame of a film.

use super::{DecodeError, DecodeOptions, FrameBudget, Shown, frames_at};
use crate::container::ReadAt;
use crate::container::film::FilmTrack;

/// How far from the moment that is asked for a frame may begin, in microseconds: two frames at 25 a
/// second, less a little.
pub const TOLERANCE: i64 = 70_000;

/// The frame for one moment, in microseconds from the first frame; see [`frames_at`].
///
/// # Errors
/// As [`frames_at`]; also where there is no such frame, or it cannot be decoded.
pub fn frame_at(
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
