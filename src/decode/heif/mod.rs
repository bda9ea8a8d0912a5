//! HEIF pictures coded in HEVC (HEIC).
//!
//! The decoder is `heic-decoder`, in Rust alone. With the cargo feature `libheif` the system's
//! libheif is asked first for every file, and the other for what it refuses.
//!
//! Thumbnail items are not used.

pub(super) mod layers;
#[cfg(feature = "libheif")]
mod libheif;
mod pure;

use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    #[cfg(feature = "libheif")]
    match libheif::decode(source, options) {
        Ok(decoded) => return Ok(decoded),
        Err(error @ (DecodeError::TooLarge { .. } | DecodeError::Io(_))) => return Err(error),
        Err(_) => {}
    }
    pure::decode(source, options)
}

#[cfg(test)]
mod tests;
