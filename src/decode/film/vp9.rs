//! VP9 through `rusty_vp9`.

use rusty_vp9::{BitReader, Vp9Decoder, parse_uncompressed_header};

use super::{DecodeError, Luma, admit, scale, scaled};

pub(super) fn luma(bytes: &[u8]) -> Result<Luma, DecodeError> {
    let damaged = |error: &dyn std::fmt::Display| DecodeError::Damaged(format!("VP9: {error}"));
    let header = parse_uncompressed_header(&mut BitReader::new(bytes), &[(0, 0); 8])
        .map_err(|error| damaged(&error))?;
    admit(header.width, header.height)?;
    let mut decoder = Vp9Decoder::new();
    decoder.push(bytes, None).map_err(|error| damaged(&error))?;
    let frame = decoder.next_frame().map_err(|error| damaged(&error))?;
    admit(frame.width, frame.height)?;
    let (Some(plane), Some(&stride)) = (frame.planes.first(), frame.strides.first()) else {
        return Err(damaged(&"no luma"));
    };
    let scale = scale(frame.bit_depth, false)?;
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
