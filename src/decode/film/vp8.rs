//! Keyframes of VP8 through `image-webp`, whose lossy pictures are such.

use image_webp::vp8::Vp8Decoder;

use super::decoder::{FrameDecoder, Pictures};
use super::{DecodeError, Luma, Room, scale, scaled};

pub(super) struct Vp8 {
    /// The name of the codec.
    coding: String,
    room: Room,
}

impl Vp8 {
    pub(super) fn new(coding: &str, room: Room) -> Self {
        Self { coding: coding.to_owned(), room }
    }
}

impl FrameDecoder for Vp8 {
    /// Frames that are predicted from others are not decoded.
    fn is_reference(&self, _bytes: &[u8]) -> bool {
        false
    }

    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        // RFC 6386, 9.1: the lowest bit is 0 for keyframes.
        if bytes.first().is_some_and(|byte| byte & 1 != 0) {
            let text = format!("frames between the keyframes of {}", self.coding);
            return Err(DecodeError::Unsupported(text));
        }
        out.give(number, || luma(bytes, self.room)?.tiles())
    }
}

fn luma(bytes: &[u8], room: Room) -> Result<Luma, DecodeError> {
    // RFC 6386, 9.1: three bytes, a start code, then both sides in 14 bits each.
    let Some(&[w0, w1, h0, h1]) = bytes.get(6..).and_then(<[u8]>::first_chunk) else {
        return Err(DecodeError::Damaged("VP8: the frame ends too early".into()));
    };
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
    room.admit(side([w0, w1]), side([h0, h1]))?;
    let frame = Vp8Decoder::decode_frame(bytes)
        .map_err(|error| DecodeError::Damaged(format!("VP8: {error}")))?;
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    // The rows go on to the end of their last macroblock.
    let stride = width.next_multiple_of(16);
    let rows = frame.ybuf.chunks_exact(stride).take(height);
    let samples = rows.flat_map(|row| &row[..width]).map(|&value| value.into());
    let samples = scaled(samples, &scale(8, false)?);
    Ok(Luma { width: frame.width.into(), height: frame.height.into(), samples })
}
