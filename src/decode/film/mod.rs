//! Keyframes of films: from the bytes of one coded frame to its tiles.
//!
//! Every foreign decoder lives in one file of this folder. The luma plane is averaged as that of a
//! picture is, and turned as the track says.

mod h264;
mod hevc;
mod vp8;
mod vp9;

use super::heif::layers::widen;
use super::{DecodeError, DecodeOptions, caught, jpeg};
use crate::container::ReadAt;
use crate::container::film::{Codec, FilmError, FilmTrack, Rotation, Sample};
use crate::model::media::{Dimensions, Orientation};
use crate::picture::tile::{Plane, Tiles};

/// Most pixels of a frame: those of the highest level of HEVC, 8192 × 4352.
const MAX_PIXELS: u64 = 35_651_584;
/// Most bytes of a coded keyframe.
const MAX_FRAME_BYTES: u32 = 32 << 20;
/// What a decoder holds for a pixel: the frame in 16 bits with its colours, what it refers to, and
/// our own plane.
const BYTES_PER_PIXEL: u64 = 16;

/// The luma of a frame, in 8 bits of full range, row by row.
struct Luma {
    width: u32,
    height: u32,
    samples: Vec<u8>,
}

/// Decodes a keyframe to its tiles, turned as the track says.
///
/// # Errors
/// See [`DecodeError`]: also for frames that are no keyframes, of more than 35 megapixels or of
/// more than 32 MiB. No input makes it panic.
pub fn keyframe(
    source: &dyn ReadAt,
    track: &FilmTrack,
    sample: &Sample,
    options: &DecodeOptions,
) -> Result<Tiles, DecodeError> {
    if !sample.is_key {
        return Err(DecodeError::Unsupported("a frame that needs others".into()));
    }
    let codec = track.codec.filter(|codec| !matches!(codec, Codec::Av1 | Codec::Mpeg4));
    let Some(codec) = codec else {
        return Err(DecodeError::Unsupported(format!("films coded as {}", track.coding)));
    };
    admit(track.width, track.height)?;
    let pixels = u64::from(track.width) * u64::from(track.height);
    let bytes = track.frame(source, sample, MAX_FRAME_BYTES).map_err(of_film)?;
    let tiles = if codec == Codec::Mjpeg {
        caught(|| jpeg::decode_bytes(&bytes, options))?.tiles
    } else {
        let _memory = options.limits.reserve(pixels * BYTES_PER_PIXEL + bytes.len() as u64)?;
        let luma = caught(|| match codec {
            Codec::H264 => h264::luma(&track.config, &bytes),
            Codec::Hevc => hevc::luma(&track.config, &bytes),
            Codec::Vp8 => vp8::luma(&bytes),
            _ => vp9::luma(&bytes),
        })?;
        Plane::new(luma.width, luma.height, 1, &luma.samples)
            .and_then(|plane| plane.tiles())
            .ok_or_else(|| DecodeError::Damaged("rows of the frame are missing".into()))?
    };
    Ok(match track.rotation {
        Rotation::Upright => tiles,
        Rotation::Quarter => tiles.oriented(Orientation::Rotate90),
        Rotation::Half => tiles.oriented(Orientation::Rotate180),
        Rotation::ThreeQuarters => tiles.oriented(Orientation::Rotate270),
    })
}

/// Refuses frames of no pixels or of too many, before a decoder makes room for them.
fn admit(width: u32, height: u32) -> Result<(), DecodeError> {
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
    Ok(())
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

fn of_film(error: FilmError) -> DecodeError {
    match error {
        FilmError::Io(error) => DecodeError::Io(error),
        FilmError::NotAFilm => DecodeError::NotAPicture,
        FilmError::Unsupported(what) => DecodeError::Unsupported(what),
        FilmError::Damaged(what) => DecodeError::Damaged(what.into()),
        FilmError::TooLarge { what, limit } => DecodeError::TooLarge { what, limit: limit.into() },
    }
}

#[cfg(test)]
mod tests;
