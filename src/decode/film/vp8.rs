//! VP8 by the own reader.

use super::decoder::{FrameDecoder, NO_KEYFRAME, Pictures};
use super::{DecodeError, Luma, Room, scale, scaled};
use crate::decode::vp8::{FrameTag, SequenceReader, Vp8Error};

pub(super) struct Vp8 {
    reader: SequenceReader,
    room: Room,
}

impl Vp8 {
    pub(super) fn new(room: Room) -> Self {
        Self { reader: SequenceReader::default(), room }
    }

    fn luma(&self) -> Result<Luma, DecodeError> {
        let scale = scale(8, false)?;
        let (width, rows) = self.reader.rows();
        let samples = scaled(rows.flatten().map(|&value| value.into()), &scale);
        let height = samples.len().checked_div(width).unwrap_or(0);
        Ok(Luma { width: width as u32, height: height as u32, samples })
    }
}

impl FrameDecoder for Vp8 {
    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        let tag = FrameTag::read(bytes).map_err(wrap)?;
        if let Some((width, height)) = tag.key {
            self.room.admit(width.into(), height.into())?;
        }
        self.reader.decode(bytes).map_err(wrap)?;
        if tag.is_shown { out.give(number, || self.luma()?.tiles()) } else { Ok(()) }
    }
}

fn wrap(error: Vp8Error) -> DecodeError {
    match error {
        Vp8Error::NeedsKeyframe => DecodeError::Unsupported(NO_KEYFRAME.into()),
        error => DecodeError::Damaged(error.to_string()),
    }
}
