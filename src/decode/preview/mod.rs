//! Pictures for people to look at: in colour, turned as they are meant to be, small, as JPEG.
//!
//! Nothing here is on the way to a hash. Colours are left as the file has them; its colour profile
//! is embedded where that is short.

mod encode;
mod film;

use super::pixels::Pixels;
use super::{DecodeError, DecodeOptions, avif, heif, jpeg, jxl, raster, raw, sniff};
use crate::container::ReadAt;
use crate::model::media::{Dimensions, Format, Orientation};

/// Longest colour profile that is embedded; Apple's Display P3 has 548 bytes.
const MOST_PROFILE: usize = 4096;

/// A JPEG to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The file.
    pub jpeg: Vec<u8>,
    /// Of the preview.
    pub dimensions: Dimensions,
}

/// The picture as it is shown, and then as `turn` makes it, at most `side` pixels wide and high;
/// never enlarged. Of a RAW: the camera's own preview. Of a film: up to eight of its keyframes, in
/// grey, side by side.
///
/// # Errors
/// See [`DecodeError`]; no input makes it panic. Some files that can be hashed have no preview:
/// TIFF and ICO in rare forms.
pub fn preview(
    source: &dyn ReadAt,
    side: u32,
    turn: Orientation,
    options: &DecodeOptions,
) -> Result<Preview, DecodeError> {
    let format = sniff(source)?;
    super::caught(|| {
        let mut pixels = match format {
            Some(format) => pixels(format, source, side, options)?,
            None => film::strip(source, side, options)?,
        };
        pixels.turns.push(turn);
        pixels.icc = pixels.icc.filter(|profile| profile.len() <= MOST_PROFILE);
        encode::to_jpeg(pixels, side)
    })
}

/// The picture in colour, its longer side of at least `side` pixels where it has so many.
pub(in crate::decode) fn pixels(
    format: Format,
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    match format {
        Format::Heic => heif::pixels(source, side, options),
        Format::Avif => avif::pixels(source, side, options),
        Format::Jxl => jxl::pixels(source, options),
        Format::Jpeg => jpeg::pixels(source, side, options),
        format if format.is_raw() => raw::pixels(format, source, side, options),
        format => raster::colour::pixels(format, source, options),
    }
}
