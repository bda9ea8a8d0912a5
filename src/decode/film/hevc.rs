//! HEVC through `rust_h265`.

use rust_h265::{
    DecodeError as HevcError, DecodeLimits, Decoder, Frame, NalUnit, PixelData, parse_annex_b,
    parse_hvcc, parse_nal,
};

use super::{DecodeError, Luma, MAX_PIXELS, scale, scaled};
use crate::container::isobmff::Fields;

/// Most bytes that the decoder may hold for a frame.
const MAX_BYTES: u64 = 512 << 20;

pub(super) fn luma(config: &[u8], bytes: &[u8]) -> Result<Luma, DecodeError> {
    let damaged = |what: &str| DecodeError::Damaged(format!("HEVC: {what}"));
    let (head, units) = if config.first() == Some(&1) {
        let (head, length) = description(config).ok_or_else(|| damaged("its description"))?;
        (head, parse_hvcc(bytes, length))
    } else {
        (parse_annex_b(config), parse_annex_b(bytes))
    };
    let limits =
        DecodeLimits { max_picture_pixels: MAX_PIXELS, max_picture_memory_bytes: MAX_BYTES };
    let mut decoder = Decoder::with_limits(limits);
    let mut frame = None;
    for unit in head.iter().chain(&units) {
        frame = frame.or(decoder.decode_nal(unit).map_err(wrap)?);
    }
    let frame = frame.or_else(|| decoder.flush()).ok_or_else(|| damaged("no frame"))?;
    plane(&frame)
}

/// Parameter sets of an `hvcC` box, and how long the length before each unit is (ISO/IEC
/// 14496-15, 8.3.3.1).
fn description(config: &[u8]) -> Option<(Vec<NalUnit<'_>>, u8)> {
    let mut fields = Fields(config);
    fields.take(21)?;
    let length = (fields.u8()? & 3) + 1;
    let mut units = Vec::new();
    for _ in 0..fields.u8()? {
        fields.u8()?;
        for _ in 0..fields.u16()? {
            let size = fields.u16()?;
            units.extend(parse_nal(fields.take(size.into())?));
        }
    }
    Some((units, length))
}

fn plane(frame: &Frame) -> Result<Luma, DecodeError> {
    let scale = scale(frame.bit_depth.into(), false)?;
    let samples = match &frame.y {
        PixelData::U8(samples) => scaled(samples.iter().map(|&value| value.into()), &scale),
        PixelData::U16(samples) => scaled(samples.iter().copied(), &scale),
    };
    Ok(Luma { width: frame.width, height: frame.height, samples })
}

fn wrap(error: HevcError) -> DecodeError {
    match error {
        HevcError::Unsupported(_) => DecodeError::Unsupported(format!("HEVC: {error}")),
        _ => DecodeError::Damaged(format!("HEVC: {error}")),
    }
}
