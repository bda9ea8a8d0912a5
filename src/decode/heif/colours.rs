//! HEIF and AVIF pictures in colour, for people to look at.
//!
//! Floats are as good as integers here: nothing of this is on the way to a hash.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::super::pixels::Pixels;
use super::super::{DecodeError, DecodeOptions};
use super::layers::{Codec, Coded, Luma, cost_of, damaged, dimensions_of, shown, thumbnail_of};
use crate::container::ReadAt;
use crate::container::isobmff::Items;
use crate::model::media::Dimensions;

/// Puts one of the three colours in the place of the luma, so that whatever is done to luma planes
/// is done to it. Each item is decoded once.
struct OneColour<'a, C> {
    codec: &'a C,
    which: usize,
    decoded: &'a Mutex<HashMap<u32, [Luma; 3]>>,
}

impl<C: Codec> Codec for OneColour<'_, C> {
    const KINDS: &'static [[u8; 4]] = C::KINDS;
    const CONFIG: [u8; 4] = C::CONFIG;
    const BYTES_PER_PIXEL: u64 = C::BYTES_PER_PIXEL;

    fn sampling(config: &[u8]) -> Option<&[u8]> {
        C::sampling(config)
    }

    fn luma(&self, coded: Coded<'_>) -> Result<Luma, DecodeError> {
        if coded.is_alpha {
            return self.codec.luma(coded);
        }
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        let id = coded.id;
        let colours = match decoded.get_mut(&id) {
            Some(colours) => colours,
            None => decoded.entry(id).or_insert(self.codec.colours(coded)?),
        };
        // The same tile may stand in several places.
        colours.get(self.which).cloned().ok_or_else(|| damaged("a colour is missing"))
    }

    fn colours(&self, coded: Coded<'_>) -> Result<[Luma; 3], DecodeError> {
        self.codec.colours(coded)
    }
}

/// The primary item in colour, or its thumbnail where that has `side` pixels along a side.
pub(in crate::decode) fn pixels<C: Codec>(
    codec: &C,
    items: &Items,
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    let large = |id: &u32| items.extents(*id).is_some_and(|(w, h)| w.max(h) >= side);
    let id = thumbnail_of::<C>(items).filter(large).unwrap_or(items.primary);
    let pixels = dimensions_of(items, id)?.pixels();
    // What one plane needs, and beside it what was decoded, and the colours. All at once: who
    // holds a part and waits for more may wait for somebody who does the same.
    let needed = cost_of::<C>(items, id, source, &options.limits)?.bytes;
    let _reserved = options.limits.reserve(needed.saturating_add(pixels.saturating_mul(8)))?;
    let options = &DecodeOptions { limits: options.limits.less_reserved(), ..*options };
    let decoded = Mutex::default();
    let mut planes = Vec::with_capacity(3);
    let mut turns = Vec::new();
    for which in 0..3 {
        let codec = OneColour { codec, which, decoded: &decoded };
        planes.push(shown(&codec, items, id, source, options, |plane, its_turns| {
            turns = its_turns.to_vec();
            Ok(plane.clone())
        })?);
    }
    drop(decoded);
    let [red, green, blue] = &planes[..] else { return Err(damaged("a colour is missing")) };
    let mut pixels = Pixels::from_planes(red, green, blue)?;
    pixels.turns = turns;
    pixels.icc = items
        .properties(id)
        .chain(items.properties(items.primary))
        .filter(|(kind, _)| kind == b"colr")
        .find_map(|(_, content)| content.strip_prefix(b"prof").map(<[u8]>::to_vec));
    Ok(pixels)
}

impl Pixels {
    /// Of three planes of the same dimensions.
    pub fn from_planes(red: &Luma, green: &Luma, blue: &Luma) -> Result<Self, DecodeError> {
        let sides = |plane: &Luma| (plane.width, plane.height, plane.samples.len());
        if sides(red) != sides(green) || sides(green) != sides(blue) {
            return Err(damaged("the colours have other dimensions"));
        }
        let planes = red.samples.iter().zip(&green.samples).zip(&blue.samples);
        Ok(Self {
            dimensions: Dimensions { width: red.width, height: red.height },
            rgb: planes.flat_map(|((&r, &g), &b)| [r, g, b]).collect(),
            ..Self::default()
        })
    }
}

/// The two planes of colour difference, 8-bit full range; in each 128 stands for none.
#[derive(Debug)]
pub(in crate::decode) struct Chroma {
    pub width: u32,
    pub height: u32,
    pub blue: Vec<u8>,
    pub red: Vec<u8>,
}

/// Samples of colour difference, of `depth` bits, as 8-bit full range (ITU-T H.273, 8.3).
pub(in crate::decode) fn widen_chroma(depth: u32, full_range: bool) -> Option<Vec<u8>> {
    if !(8..=16).contains(&depth) {
        return None;
    }
    let unit = f32::from(1_u16 << (depth - 8));
    let range = if full_range { 255.0 } else { 224.0 };
    let scale = |value: u32| (value as f32 / unit - 128.0) * 255.0 / range + 128.0;
    Some((0..1_u32 << depth).map(|value| scale(value).round() as u8).collect())
}

/// Red, green and blue of luma and colour difference by the matrix of that number (ITU-T H.273,
/// table 4). Without colour difference all are the luma.
pub(in crate::decode) fn rgb(y: Luma, chroma: Option<&Chroma>, matrix: u16) -> [Luma; 3] {
    let Some(chroma) = chroma.filter(|c| c.width > 0 && c.height > 0) else {
        return [y.clone(), y.clone(), y];
    };
    let (of_red, of_blue) = match matrix {
        1 => (0.2126_f32, 0.0722_f32),
        9 | 10 => (0.2627, 0.0593),
        _ => (0.299, 0.114),
    };
    let of_green = 1.0 - of_red - of_blue;
    let mut planes = [(); 3].map(|()| Vec::with_capacity(y.samples.len()));
    let step = |whole: u32, part: u32| (whole.max(1) as usize).div_ceil(part as usize).max(1);
    let (step_x, step_y) = (step(y.width, chroma.width), step(y.height, chroma.height));
    for (row, line) in y.samples.chunks_exact(y.width.max(1) as usize).enumerate() {
        let start = (row / step_y).min(chroma.height as usize - 1) * chroma.width as usize;
        for (column, &luma) in line.iter().enumerate() {
            let at = start + (column / step_x).min(chroma.width as usize - 1);
            let difference = |plane: &[u8]| f32::from(plane.get(at).map_or(128, |&c| c)) - 128.0;
            let luma = f32::from(luma);
            let red = luma + 2.0 * (1.0 - of_red) * difference(&chroma.red);
            let blue = luma + 2.0 * (1.0 - of_blue) * difference(&chroma.blue);
            let green = (luma - of_red * red - of_blue * blue) / of_green;
            for (plane, value) in planes.iter_mut().zip([red, green, blue]) {
                plane.push(value.round() as u8);
            }
        }
    }
    let (width, height) = (y.width, y.height);
    planes.map(|samples| Luma { width, height, samples })
}
