//! VP9 through `rusty_vp9`.

use rusty_vp9::{BitReader, DecodedFrame, Error, Vp9Decoder, parse_uncompressed_header};

use super::decoder::{FrameDecoder, NO_KEYFRAME, Pictures};
use super::{DecodeError, Luma, Room, scale, scaled};
use crate::decode::bits::Bits;

/// Most frames in the bytes of one (VP9, annex B).
const MAX_HIDDEN: usize = 8;

pub(super) struct Vp9 {
    decoder: Vp9Decoder,
    /// Size of the frames so far.
    size: (u32, u32),
    full_range: bool,
    room: Room,
}

impl Vp9 {
    pub(super) fn new(room: Room) -> Self {
        Self { decoder: Vp9Decoder::new(), size: (0, 0), full_range: false, room }
    }
}

impl FrameDecoder for Vp9 {
    fn sixteenths(&self, bytes: &[u8]) -> u64 {
        16 * frames(bytes).len().max(1) as u64
    }

    /// One frame is shown for the bytes of each; others in them are only predicted from.
    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        for frame in frames(bytes) {
            // Sizes that a frame takes from earlier ones were admitted with those.
            let header = parse_uncompressed_header(&mut BitReader::new(frame), &[self.size; 8])
                .map_err(wrap)?;
            if !header.show_existing_frame {
                if self.size == (0, 0) && !header.key_frame && !header.intra_only {
                    return Err(DecodeError::Unsupported(NO_KEYFRAME.into()));
                }
                self.room.admit(header.width, header.height)?;
                self.size = (header.width, header.height);
            }
            if header.key_frame {
                self.full_range = is_full_range(frame).unwrap_or(false);
            }
        }
        self.decoder.push(bytes, None).map_err(wrap)?;
        let mut shown = None;
        for _ in 0..=MAX_HIDDEN {
            match self.decoder.next_frame() {
                Ok(frame) => shown = Some(frame),
                // Also said for a frame that is not shown, where more may come.
                Err(Error::Again) => {}
                Err(error) => return Err(wrap(error)),
            }
        }
        match shown {
            Some(frame) => out.give(number, || plane(&frame, self.full_range)?.tiles()),
            None => Ok(()),
        }
    }
}

/// The frames in the bytes of one (VP9, annex B): sizes stand in an index at the end, in a byte
/// before and after it how many and how long they are.
fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let indexed = || {
        let marker = *bytes.last().filter(|&&byte| byte & 0xe0 == 0xc0)?;
        let (count, width) = (usize::from(marker & 7) + 1, usize::from(marker >> 3 & 3) + 1);
        let start = bytes.len().checked_sub(2 + count * width)?;
        let (mut frames, index) = bytes.split_at_checked(start)?;
        let (first, sizes) = index.split_first()?;
        (*first == marker).then_some(())?;
        let mut found = Vec::with_capacity(count);
        for size in sizes.chunks_exact(width).take(count) {
            let size = size.iter().rev().fold(0, |size, &byte| size << 8 | usize::from(byte));
            let (frame, rest) = frames.split_at_checked(size)?;
            found.extend(Some(frame).filter(|frame| !frame.is_empty()));
            frames = rest;
        }
        Some(found)
    };
    indexed().unwrap_or_else(|| vec![bytes])
}

/// `color_range` of a keyframe (VP9, 6.2 and 6.2.2), which the decoder does not tell.
fn is_full_range(frame: &[u8]) -> Option<bool> {
    let mut bits = Bits::new(frame);
    bits.skip(2)?;
    let profile = bits.number(2)?;
    // The lower bit comes first. Then: reserved, not one that was decoded before, key, shown,
    // resilient, and a code of three bytes.
    let profile = profile >> 1 | (profile & 1) << 1;
    bits.skip(if profile == 3 { 1 } else { 0 } + 4 + 24)?;
    if profile >= 2 {
        bits.skip(1)?;
    }
    // RGB is always full.
    Some(bits.number(3)? == 7 || bits.flag()?)
}

fn plane(frame: &DecodedFrame, full_range: bool) -> Result<Luma, DecodeError> {
    let (Some(plane), Some(&stride)) = (frame.planes.first(), frame.strides.first()) else {
        return Err(DecodeError::Damaged("VP9: no luma".into()));
    };
    let scale = scale(frame.bit_depth, full_range)?;
    let wide = frame.bit_depth > 8;
    let row_bytes = frame.width as usize * if wide { 2 } else { 1 };
    let rows = plane.chunks(stride.max(1)).take(frame.height as usize);
    let bytes: Vec<u8> = rows.filter_map(|row| row.get(..row_bytes)).flatten().copied().collect();
    let samples = if wide {
        scaled(bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)), &scale)
    } else {
        scaled(bytes.iter().map(|&value| value.into()), &scale)
    };
    Ok(Luma { width: frame.width, height: frame.height, samples })
}

fn wrap(error: Error) -> DecodeError {
    match error {
        Error::Unsupported(what) => DecodeError::Unsupported(format!("VP9: {what}")),
        Error::Unimplemented(what) => DecodeError::Unsupported(format!("VP9: {what}")),
        _ => DecodeError::Damaged(format!("VP9: {error}")),
    }
}
