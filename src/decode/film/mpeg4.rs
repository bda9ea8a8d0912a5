//! MPEG-4 part 2 through `oxideav-mpeg4video`.

use oxideav_mpeg4video::framestore::DecodedFrame;
use oxideav_mpeg4video::vol::parse_video_object_layer;
use oxideav_mpeg4video::{DecodeOptions, Mpeg4VideoDecoder, StreamDecodeError};

use super::decoder::{FrameDecoder, Pictures};
use super::{DecodeError, Luma, Room, scale, scaled};
use crate::decode::bits::Bits;

/// The start code of a frame.
const FRAME: [u8; 4] = [0, 0, 1, 0xb6];

pub(super) struct Mpeg4 {
    decoder: Mpeg4VideoDecoder,
    /// Size of the frames that are shown; those that are decoded go on to the end of a macroblock.
    size: (u32, u32),
    full_range: bool,
    room: Room,
}

impl Mpeg4 {
    pub(super) fn new(config: &[u8], room: Room) -> Result<Self, DecodeError> {
        // As other decoders do where they differ from the specification.
        let decoder = Mpeg4VideoDecoder::with_options(DecodeOptions::ecosystem());
        let mut own = Self { decoder, size: (0, 0), full_range: false, room };
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
            if unit.get(3) == Some(&0xb5) {
                self.full_range = is_full_range(unit.get(4..).unwrap_or_default());
            }
        }
        Ok(())
    }

    fn plane(&self, frame: &DecodedFrame) -> Result<Luma, DecodeError> {
        let (width, height) = self.size;
        let rows = frame.luma_samples().chunks(frame.width().max(1)).take(height as usize);
        let rows = rows.filter_map(|row| row.get(..width as usize));
        let scale = scale(8, self.full_range)?;
        let samples = scaled(rows.flatten().map(|&value| value.into()), &scale);
        Ok(Luma { width, height, samples })
    }

    fn give(&self, frames: Vec<DecodedFrame>, out: &mut Pictures<'_>) -> Result<(), DecodeError> {
        for frame in frames {
            let number = frame.pts().and_then(|number| usize::try_from(number).ok());
            if let Some(number) = number {
                out.give(number, || self.plane(&frame)?.tiles())?;
            }
        }
        Ok(())
    }
}

impl FrameDecoder for Mpeg4 {
    fn sixteenths(&self, bytes: &[u8]) -> u64 {
        let frames = memchr::memmem::find_iter(bytes, &FRAME).count();
        16 * frames.max(1) as u64
    }

    /// After its start code a frame has its kind, of which 2 is a B-frame (ISO/IEC 14496-2, 6.2.5).
    fn is_reference(&self, bytes: &[u8]) -> bool {
        let frames = || memchr::memmem::find_iter(bytes, &FRAME);
        let is_b = |at: usize| bytes.get(at + 4).is_some_and(|byte| byte >> 6 == 2);
        frames().next().is_none() || !frames().all(is_b)
    }

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

/// What a visual object says of its range (ISO/IEC 14496-2, 6.2.2); where it says nothing, it is
/// that of television.
fn is_full_range(object: &[u8]) -> bool {
    let read = || {
        let mut bits = Bits::new(object);
        if bits.flag()? {
            bits.skip(7)?;
        }
        matches!(bits.number(4)?, 1 | 2).then_some(())?;
        bits.flag()?.then_some(())?;
        bits.skip(3)?;
        bits.flag()
    };
    read().unwrap_or(false)
}

fn wrap(error: StreamDecodeError) -> DecodeError {
    DecodeError::Damaged(format!("MPEG-4: {error}"))
}

#[cfg(test)]
mod tests {
    use super::is_full_range;

    #[test]
    fn a_visual_object_may_have_the_full_range() {
        // With an identifier of seven bits, and without; then four bits of kind, 1 for video.
        assert!(is_full_range(&[0b1000_1001, 0b0001_1101, 0b1000_0000]));
        assert!(is_full_range(&[0b0000_1110, 0b1100_0000]));
        // The range of television; no signal described; not video.
        assert!(!is_full_range(&[0b0000_1110, 0b1000_0000]));
        assert!(!is_full_range(&[0b0000_1011, 0b1100_0000]));
        assert!(!is_full_range(&[0b0001_1111, 0b1100_0000]));
        assert!(!is_full_range(&[]));
    }
}
