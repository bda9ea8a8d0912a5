//! H.264 through `rust_h264`.

use rust_h264::decoder::{Decoder, Frame};
use rust_h264::error::DecodeError as H264Error;
use rust_h264::nal::{
    NalUnit, NalUnitType, parse_annex_b, parse_avcc, parse_avcc_config, parse_sps_info,
};

use super::{DecodeError, Luma, admit, scale, scaled};

pub(super) fn luma(config: &[u8], bytes: &[u8]) -> Result<Luma, DecodeError> {
    let damaged = |what: &str| DecodeError::Damaged(format!("H.264: {what}"));
    // An AVI has no description, and start codes before its units; so may a Matroska.
    let described = config.first() == Some(&1);
    let (head, units) = if described {
        let config = parse_avcc_config(config).map_err(damaged)?;
        let units = parse_avcc(bytes, config.length_size);
        (config.sps_nals.into_iter().chain(config.pps_nals).collect(), units)
    } else {
        (parse_annex_b(config), parse_annex_b(bytes))
    };
    let mut decoder = Decoder::new();
    let mut full_range = false;
    let mut frame = None;
    for unit in head.iter().chain(&units) {
        if unit.nal_unit_type == NalUnitType::Sps {
            full_range = checked(unit)?;
        }
        frame = frame.or(decoder.decode_nal(unit).map_err(wrap)?);
    }
    let frame = frame.or_else(|| decoder.flush()).ok_or_else(|| damaged("no frame"))?;
    plane(&frame, full_range)
}

/// Refuses frames that are too large; tells whether they are of full range.
fn checked(unit: &NalUnit<'_>) -> Result<bool, DecodeError> {
    let known = parse_sps_info(unit).map_err(wrap)?;
    admit(known.coded_width, known.coded_height)?;
    Ok(known.full_range)
}

fn plane(frame: &Frame, full_range: bool) -> Result<Luma, DecodeError> {
    let scale = scale(frame.bit_depth.into(), full_range)?;
    let samples = if frame.bit_depth > 8 {
        scaled(frame.y.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)), &scale)
    } else {
        scaled(frame.y.iter().map(|&value| value.into()), &scale)
    };
    Ok(Luma { width: frame.width, height: frame.height, samples })
}

fn wrap(error: H264Error) -> DecodeError {
    match error {
        H264Error::Unsupported(_) => DecodeError::Unsupported(format!("H.264: {error}")),
        _ => DecodeError::Damaged(format!("H.264: {error}")),
    }
}
