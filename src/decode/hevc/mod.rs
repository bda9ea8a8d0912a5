//! The luma of HEVC pictures that need no other picture (ITU-T H.265).
//!
//! Chroma is read past and never decoded. The filters in the loop are left out: an intra picture
//! predicts from samples before them, so nothing drifts, and what they would change is far below
//! what a hash sees.

mod angular;
mod bits;
mod blocks;
mod border;
mod cabac;
mod cabac_tables;
mod contexts;
mod description;
mod intra;
mod nal;
mod picture;
mod pps;
mod quantiser;
mod reconstruct;
mod references;
mod residual;
mod scaling;
mod scan;
mod segment;
mod slice;
mod sps;
mod tiles;
mod transform;
mod transform_tree;
mod tree;
mod vui;

use std::collections::HashMap;

use bits::Bits;
pub(in crate::decode) use description::HevcDescription;
pub(in crate::decode) use nal::units;
use nal::{Unit, UnitKind};
use picture::Picture;
use pps::Pps;
use segment::Course;
use slice::SliceHeader;
use sps::Sps;
pub(in crate::decode) use vui::Signal;

/// Why a picture was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum HevcRefusal {
    /// It uses what is not read here.
    Unsupported(&'static str),
    /// It contradicts the standard.
    Damaged(&'static str),
}

/// A decoded plane, padding included.
pub(in crate::decode) struct HevcLuma {
    /// Sides of what is shown.
    pub(in crate::decode) width: usize,
    pub(in crate::decode) height: usize,
    /// Bits of a sample.
    pub(in crate::decode) depth: u32,
    /// Of the three planes; 0: luma alone, 3: all of the same size.
    pub(in crate::decode) chroma: u32,
    pub(in crate::decode) signal: Signal,
    start: usize,
    stride: usize,
    samples: Vec<u16>,
}

impl HevcLuma {
    /// The rows of what is shown.
    pub(in crate::decode) fn rows(&self) -> impl Iterator<Item = &[u16]> {
        let rows = self.samples.get(self.start..).unwrap_or_default().chunks(self.stride.max(1));
        rows.take(self.height).filter_map(|row| row.get(..self.width))
    }
}

/// Whether luma has the full range, by the payload of a sequence parameter set. Where it is not
/// said, or not to be read, it has not.
#[cfg(feature = "video")]
pub(in crate::decode) fn has_full_range(set: &[u8]) -> bool {
    Sps::signal(set).is_ok_and(|signal| signal.full_range)
}

/// Decodes the first picture among units: parameter sets and slices. It may have `max_pixels`, and
/// less than 64 columns and rows of padding beside.
pub(in crate::decode) fn decode<'a>(
    units: impl Iterator<Item = &'a [u8]>,
    max_pixels: u64,
) -> Result<HevcLuma, HevcRefusal> {
    let mut sets = ParameterSets::default();
    let mut begun: Option<Begun> = None;
    for unit in units.filter_map(Unit::read) {
        match unit.kind {
            _ if unit.kind.is_slice() => {
                let is_first = unit.payload.first().is_some_and(|byte| byte & 0x80 != 0);
                let mut picture = match begun.take() {
                    Some(_) if is_first => break,
                    Some(picture) => picture,
                    None => Begun::new(&sets, &unit, max_pixels)?,
                };
                picture.slice(&unit)?;
                if picture.course.is_over() {
                    return picture.finish();
                }
                begun = Some(picture);
            }
            UnitKind::SPS if begun.is_none() => sets.add_sps(&unit.payload),
            UnitKind::PPS if begun.is_none() => sets.add_pps(&unit.payload),
            _ => {}
        }
    }
    Err(HevcRefusal::Damaged("parts of the picture are missing"))
}

/// By their numbers. What could not be read is an error only where it is needed.
#[derive(Default)]
struct ParameterSets {
    sps: HashMap<u32, Result<Sps, HevcRefusal>>,
    pps: HashMap<u32, (u32, Result<Pps, HevcRefusal>)>,
}

impl ParameterSets {
    fn add_sps(&mut self, payload: &[u8]) {
        if let Ok(number) = Sps::number(payload) {
            self.sps.insert(number, Sps::read(payload));
        }
    }

    fn add_pps(&mut self, payload: &[u8]) {
        let mut bits = Bits::new(payload);
        if let (Ok(number), Ok(of)) = (bits.golomb_to(63), bits.golomb_to(15)) {
            self.pps.insert(number, (of, Pps::read(payload)));
        }
    }
}

/// A picture of which slices may still come.
struct Begun {
    sps: Sps,
    pps: Pps,
    picture: Picture,
    course: Course,
    header: Option<SliceHeader>,
}

impl Begun {
    fn new(sets: &ParameterSets, unit: &Unit<'_>, max_pixels: u64) -> Result<Self, HevcRefusal> {
        let missing = HevcRefusal::Damaged("its parameters are missing");
        let number = SliceHeader::pps_number(unit.kind, &unit.payload)?;
        let (of, pps) = sets.pps.get(&number).ok_or(missing)?;
        let pps = pps.clone()?;
        let sps = sets.sps.get(of).ok_or(missing)?.clone()?;
        let [width, height] = [sps.width, sps.height].map(|side| side.saturating_sub(64) as u64);
        if width * height > max_pixels {
            return Err(HevcRefusal::Damaged("larger than the container says"));
        }
        if pps.qp_delta_depth.is_some_and(|depth| depth > sps.log2_ctb - sps.log2_min_cb) {
            return Err(HevcRefusal::Damaged("its quantisers are too fine"));
        }
        let steps = tiles::steps(pps.tiles.as_ref(), sps.columns(), sps.rows())?;
        let picture = Picture::new(&sps);
        Ok(Self { picture, course: Course::new(steps), header: None, sps, pps })
    }

    fn slice(&mut self, unit: &Unit<'_>) -> Result<(), HevcRefusal> {
        let sets = (&self.sps, &self.pps);
        let (header, data) =
            SliceHeader::read(unit.kind, &unit.payload, sets, self.header.as_ref())?;
        segment::decode(sets, &header, data, &mut self.course, &mut self.picture)?;
        self.header = Some(header);
        Ok(())
    }

    fn finish(self) -> Result<HevcLuma, HevcRefusal> {
        let [left, right, top, bottom] = self.sps.hidden;
        let stride = self.picture.width;
        Ok(HevcLuma {
            width: stride - left - right,
            height: self.picture.height - top - bottom,
            depth: self.sps.depth,
            chroma: self.sps.chroma,
            signal: self.sps.signal,
            start: top * stride + left,
            stride,
            samples: self.picture.samples,
        })
    }
}

#[cfg(test)]
mod tests;
