//! HEIF pictures coded in HEVC (HEIC).
//!
//! For a hash, the luma of each coded item is decoded by [`super::hevc`], without chroma and without
//! the filters in the loop. What that does not support, what [`DecodeOptions::exact`] asks for, and
//! colours are decoded by `heic-decoder`, in Rust alone too. With the cargo feature `libheif` the
//! system's libheif is asked first for every file, and the others for what it refuses.
//!
//! A thumbnail item stands for its picture only where the container says that it was made with it
//! (`layers::thumbnail_of`), never with [`DecodeOptions::exact`], and it leaves a mark. On the
//! real files tried, such thumbnails gave hashes at most 2 bits of 64 from the full picture's.

pub(super) mod colours;
mod intra;
pub(super) mod layers;
#[cfg(feature = "libheif")]
mod libheif;
mod pure;

use super::pixels::Pixels;
use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;

/// In the order that they are asked in.
pub(super) const DECODERS: &[&str] = if cfg!(feature = "libheif") {
    &["libheif", "own", "heic-decoder"]
} else {
    &["own", "heic-decoder"]
};

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    #[cfg(feature = "libheif")]
    match libheif::decode(source, options) {
        Ok(decoded) => return Ok(decoded),
        Err(error @ (DecodeError::TooLarge { .. } | DecodeError::Io(_))) => return Err(error),
        Err(_) => {}
    }
    pure::decode(source, options)
}

/// The same picture in colour. libheif is not asked: what it alone reads has no preview.
pub(super) fn pixels(
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    pure::pixels(source, side, options)
}

#[cfg(test)]
mod tests;
