//! The luma of coded items through our own decoder of intra pictures.

use super::super::DecodeError;
use super::super::hevc::{self, HevcDescription, HevcRefusal};
use super::layers::{Coded, Luma, widen};

/// The luma of an item; `None` where it must be decoded otherwise.
pub(super) fn luma(coded: &Coded<'_>) -> Result<Option<Luma>, DecodeError> {
    let Some(description) = HevcDescription::read(coded.config) else { return Ok(None) };
    let own = hevc::units(&coded.bytes, description.length_size.into());
    let units = description.sets.into_iter().chain(own);
    let plane = match hevc::decode(units, coded.max_pixels) {
        Ok(plane) => plane,
        Err(HevcRefusal::Unsupported(_)) => return Ok(None),
        Err(HevcRefusal::Damaged(what)) => {
            return Err(DecodeError::Damaged(format!("HEVC: {what}")));
        }
    };
    // What the container says of the colours counts before what the stream says.
    let matrix = coded.colour.map(|colour| colour.matrix).or(plane.signal.matrix);
    if matrix == Some(0) && plane.chroma == 3 && !coded.is_alpha {
        // The three planes are colours, and luma is made of all.
        return Ok(None);
    }
    let full_range =
        coded.is_alpha || coded.colour.map_or(plane.signal.full_range, |colour| colour.full_range);
    let Some(scale) = widen(plane.depth, full_range) else { return Ok(None) };
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
    let (width, height) = (side(plane.width), side(plane.height));
    let mut samples = Vec::with_capacity(plane.width * plane.height);
    for row in plane.rows() {
        let values = row.iter().map(|&value| scale.get(usize::from(value)).copied());
        samples.extend(values.map(|value| value.unwrap_or(255)));
    }
    Ok(Some(Luma { width, height, samples }))
}
