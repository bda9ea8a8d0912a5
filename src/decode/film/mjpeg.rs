//! Films whose frames are JPEGs.

use super::decoder::{FrameDecoder, Pictures};
use super::{DecodeError, DecodeOptions, Room, jpeg};

pub(super) struct Mjpeg {
    room: Room,
    options: DecodeOptions,
}

impl Mjpeg {
    pub(super) fn new(room: Room, options: &DecodeOptions) -> Self {
        Self { room, options: options.clone() }
    }
}

impl FrameDecoder for Mjpeg {
    fn is_reference(&self, _bytes: &[u8]) -> bool {
        false
    }

    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        out.give(number, || {
            let decoded = jpeg::decode_bytes(bytes, &self.options)?;
            self.room.admit(decoded.dimensions.width, decoded.dimensions.height)?;
            Ok(decoded.tiles)
        })
    }
}
