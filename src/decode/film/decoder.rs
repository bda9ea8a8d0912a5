//! What the decoders of all codecs have in common.

use std::collections::BTreeMap;

use super::DecodeError;
use crate::picture::tile::Tiles;

/// Why a film whose keyframes are none is refused.
pub(super) const NO_KEYFRAME: &str = "a keyframe that is predicted from other frames";

/// A decoder of one codec. It is given the frames of a film in the order of decoding, beginning
/// with a keyframe.
pub(super) trait FrameDecoder {
    /// How many frames' worth of work these bytes are, in sixteenths. In the bytes of one frame may
    /// lie as many as somebody likes.
    fn sixteenths(&self, _bytes: &[u8]) -> u64 {
        16
    }

    /// Whether other frames may be predicted from this one.
    fn is_reference(&self, _bytes: &[u8]) -> bool {
        true
    }

    /// Decodes a frame. The pictures that come out, of this frame or of earlier ones, go to `out`.
    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError>;

    /// Gives out what is held back for the order in which frames are shown.
    fn finish(&mut self, _out: &mut Pictures<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// Decodes the units of one frame; the picture is the first that comes out of them. The `first` frame
/// of a film has to stand alone: a film without a table of keyframes calls all of them such.
#[cfg(feature = "video")]
pub(super) fn decode_units<U, P>(
    units: &[U],
    first: bool,
    is_predicted: impl Fn(&U) -> bool,
    mut decode: impl FnMut(&U) -> Result<Option<P>, DecodeError>,
) -> Result<Option<P>, DecodeError> {
    if first && units.iter().any(is_predicted) {
        return Err(DecodeError::Unsupported(NO_KEYFRAME.into()));
    }
    let mut picture = None;
    for unit in units {
        picture = picture.or(decode(unit)?);
    }
    Ok(picture)
}

/// Where decoded frames go.
pub(super) struct Pictures<'a> {
    wanted: &'a BTreeMap<usize, Vec<usize>>,
    pub given: Vec<(usize, Tiles)>,
}

impl<'a> Pictures<'a> {
    pub(super) fn new(wanted: &'a BTreeMap<usize, Vec<usize>>) -> Self {
        Self { wanted, given: Vec::new() }
    }

    /// Makes the tiles of a frame, if it is wanted.
    pub(super) fn give(
        &mut self,
        number: usize,
        tiles: impl FnOnce() -> Result<Tiles, DecodeError>,
    ) -> Result<(), DecodeError> {
        if self.wanted.contains_key(&number) && !self.given.iter().any(|&(at, _)| at == number) {
            self.given.push((number, tiles()?));
        }
        Ok(())
    }
}
