//! AVIF pictures.
//!
//! The container is read by our own reader, so that grids, overlays and transparency go the same
//! way as in HEIC. Filters in the loop are left out of large pictures, as there. Of an animation the
//! primary item is shown, which is its first frame.

use super::av1::{Av1Decoder, Planes};
use super::heif::colours;
use super::heif::layers::{self, Codec, Coded, Luma};
use super::pixels::Pixels;
use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;
use crate::container::isobmff::Items;
use crate::model::media::Format;

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    match Items::read(source)? {
        Some(items) => {
            let av1 = Av1 { exact: options.exact || layers::is_small(&items) };
            layers::decode(&av1, Format::Avif, &items, source, options)
        }
        None => Err(DecodeError::Unsupported("AVIF without a still picture".into())),
    }
}

/// The picture in colour.
pub(super) fn pixels(
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    match Items::read(source)? {
        Some(items) => colours::pixels(&Av1 { exact: true }, &items, source, side, options),
        None => Err(DecodeError::Unsupported("AVIF without a still picture".into())),
    }
}

struct Av1 {
    /// All is decoded as the standard says, filters too.
    exact: bool,
}

impl Codec for Av1 {
    const KINDS: &'static [[u8; 4]] = &[*b"av01"];
    const CONFIG: [u8; 4] = *b"av1C";
    /// Two planes of 16-bit samples with their chroma at 4:4:4, and our own.
    const BYTES_PER_PIXEL: u64 = 16;

    /// AV1-ISOBMFF, 2.3.3: tier, depth, monochrome and subsampling.
    fn sampling(config: &[u8]) -> Option<&[u8]> {
        config.get(2..3)
    }

    fn luma(&self, coded: Coded<'_>) -> Result<Luma, DecodeError> {
        let picture = self.decoder(coded.max_pixels)?.first(coded.bytes)?;
        Planes::new(picture, coded.colour, coded.is_alpha)?.luma()
    }

    fn colours(&self, coded: Coded<'_>) -> Result<[Luma; 3], DecodeError> {
        let picture = self.decoder(coded.max_pixels)?.first(coded.bytes)?;
        Planes::new(picture, coded.colour, coded.is_alpha)?.colours()
    }
}

impl Av1 {
    fn decoder(&self, max_pixels: u64) -> Result<Av1Decoder, DecodeError> {
        match self.exact {
            true => Av1Decoder::new(max_pixels),
            false => Av1Decoder::unfiltered(max_pixels),
        }
    }
}
