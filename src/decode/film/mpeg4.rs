//! MPEG-4 part 2 through `oxideav-mpeg4video`.

use oxideav_mpeg4video::framestore::DecodedFrame;
use oxideav_mpeg4video::vol::parse_video_object_layer;
use oxideav_mpeg4video::{DecodeOptions, Mpeg4VideoDecoder, StreamDecodeError};

use super::decoder::{FrameDecoder, Pictures};
use super::{DecodeError, Luma, Room, scale, scaled};

pub(super) struct Mpeg4 {
    decoder: Mpeg4VideoDecoder,
    /// Size of the frames that are shown; those that are decoded go on to the end of a macroblock.
    size: (u32, u32),
    room: Room,
}

impl Mpeg4 {
    pub(super) fn new(config: &[u8], room: Room) -> Result<Self, DecodeError> {
        // As other decoders do where they differ from the specification.
        let decoder = Mpeg4VideoDecoder::with_options(DecodeOptions::ecosystem());
        let mut own = Self { decoder, size: (0, 0), room };
        own.admit(config)?;
        own.decoder.decode(config).map_err(wrap)?;
        Ok(own)
    }

    /// Refuses frames that are too large, before any is decoded.
    fn admit(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let starts = memchr::memmem::find_iter(bytes, &[0, 0, 1]);
        for unit in starts.filter_map(|start| bytes.get(start..)) {
            if matches!(unit.get(3), Some(0x20..=0x2f)) {
                let layer = parse_video_object_layer(unit, self.decoder.profile_level())
                    .map_err(|error| wrap(error.into()))?;
                self.size = (layer.width.into(), layer.height.into());
                self.room.admit(self.size.0, self.size.1)?;
            }
        }
        Ok(())
    }

    fn give(&self, frames: Vec<DecodedFrame>, out: &mut Pictures<'_>) -> Result<(), DecodeError> {
        for frame in frames {
            let number = frame.pts().and_then(|number| usize::try_from(number).ok());
            if let Some(number) = number {
                out.give(number, || plane(&frame, self.size)?.tiles())?;
            }
        }
        Ok(())
    }
}

impl FrameDecoder for Mpeg4 {
    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        self.admit(bytes)?;
        let number = i64::try_from(number).ok();
        let frames = self.decoder.decode_with_pts(bytes, number).map_err(wrap)?;
        self.give(frames, out)
    }

    fn finish(&mut self, out: &mut Pictures<'_>) -> Result<(), DecodeError> {
        let frames = self.decoder.flush();
        self.give(frames, out)
    }
}

fn plane(frame: &DecodedFrame, (width, height): (u32, u32)) -> Result<Luma, DecodeError> {
    let rows = frame.luma_samples().chunks(frame.width().max(1)).take(height as usize);
    let rows = rows.filter_map(|row| row.get(..width as usize));
    let samples = scaled(rows.flatten().map(|&value| value.into()), &scale(8, false)?);
    Ok(Luma { width, height, samples })
}

fn wrap(error: StreamDecodeError) -> DecodeError {
    DecodeError::Damaged(format!("MPEG-4: {error}"))
}
