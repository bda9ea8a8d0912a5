//! HEIC pictures.

pub(super) const DECODERS: &[&str] = &["none"];
use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;

pub(super) fn decode(
    _source: &dyn ReadAt,
    _options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    Err(DecodeError::Unsupported("HEIC".into()))
}
