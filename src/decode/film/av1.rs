//! AV1, by the decoder of AVIF.

use super::decoder::{FrameDecoder, Pictures};
use super::{DecodeError, Luma, Room};
use crate::decode::av1::{Av1Decoder, Planes};

pub(super) struct Av1 {
    decoder: Av1Decoder,
    /// Headers that may not stand in the frames.
    head: Vec<u8>,
}

impl Av1 {
    /// After four bytes an `av1C` box has headers (AV1 in ISO-BMFF, 2.3.3).
    pub(super) fn new(config: &[u8], room: Room) -> Result<Self, DecodeError> {
        let head = config.get(4..).unwrap_or_default().to_vec();
        Ok(Self { decoder: Av1Decoder::new(room.0)?, head })
    }
}

impl FrameDecoder for Av1 {
    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        let mut unit = std::mem::take(&mut self.head);
        unit.extend(bytes);
        match self.decoder.last(unit)? {
            Some(picture) => out.give(number, || {
                let plane = Planes::new(picture, None, false)?.luma()?;
                let (width, height) = (plane.width, plane.height);
                Luma { width, height, samples: plane.samples }.tiles()
            }),
            None => Ok(()),
        }
    }
}
