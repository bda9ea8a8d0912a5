//! RAW pictures.

use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;
use crate::media::Format;

pub(super) fn decode(
    _format: Format,
    _source: &dyn ReadAt,
    _options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    Err(DecodeError::Unsupported("RAW".into()))
}
