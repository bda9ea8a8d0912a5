//! What the deep search costs, told before it begins.

use std::fmt;

use crate::video::Film;
use crate::video::glimpses::DENSE;

/// Pixels that a core decodes in a second where each frame builds on the one before: measured for
/// H.264 at 1920 × 1080. Small films take less, other codecs more.
const PIXELS_PER_SECOND: u64 = 40_000_000;

/// What has to be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DeepPrice {
    pub films: u64,
    frames: u64,
    pixels: u64,
}

impl<'a> FromIterator<&'a Film> for DeepPrice {
    fn from_iter<T: IntoIterator<Item = &'a Film>>(films: T) -> Self {
        films.into_iter().fold(Self::default(), |price, film| {
            let facts = &film.record.facts;
            let duration = u64::try_from(facts.duration_us).unwrap_or(0);
            let looked_at = duration.min(DENSE.unsigned_abs());
            let frames = facts.frames_per_1000_s().saturating_mul(looked_at) / 1_000_000_000;
            let frames = frames + u64::from(facts.keyframes.min(64));
            let pixels = film.record.dimensions.pixels().saturating_mul(frames);
            Self {
                films: price.films + 1,
                frames: price.frames.saturating_add(frames),
                pixels: price.pixels.saturating_add(pixels),
            }
        })
    }
}

impl fmt::Display for DeepPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { films, frames, pixels } = self;
        let minutes = (pixels / PIXELS_PER_SECOND).div_ceil(60).max(1);
        let films = if *films == 1 { "1 film".into() } else { format!("{films} films") };
        write!(
            f,
            "the deep search decodes about {frames} frames of {films}: about {minutes} min of one \
             processor core"
        )
    }
}
