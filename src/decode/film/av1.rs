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
    fn sixteenths(&self, bytes: &[u8]) -> u64 {
        16 * frames(bytes).max(1)
    }

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

/// How many frames lie in a temporal unit (AV1, 5.3.2: of the types 3 and 6).
fn frames(mut unit: &[u8]) -> u64 {
    let mut count = 0;
    while let Some((&head, mut rest)) = unit.split_first() {
        count += u64::from(matches!(head >> 3 & 15, 3 | 6));
        if head & 4 != 0 {
            rest = rest.get(1..).unwrap_or_default();
        }
        // Without a size it goes on to the end.
        if head & 2 == 0 {
            break;
        }
        let mut size = 0_usize;
        for shift in 0..8 {
            let Some((&byte, after)) = rest.split_first() else { return count };
            rest = after;
            size |= usize::from(byte & 0x7f).checked_shl(7 * shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                break;
            }
        }
        unit = rest.get(size..).unwrap_or_default();
    }
    count
}
