//! The luma plane while it is decoded, and what later blocks ask of earlier ones.

use super::sps::Sps;

/// Blocks of 4×4 samples are what availability and prediction modes are noted for.
pub(super) const UNIT: usize = 4;
/// Blocks of 8×8 samples are what the depth of coding blocks is noted for.
const MIN_CODED: usize = 8;

/// A part of the picture inside which blocks may be predicted from each other: a slice, or what of
/// it is in one tile. 0 stands for none.
pub(super) type Territory = u16;

pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Row by row.
    pub(super) samples: Vec<u16>,
    units_across: usize,
    /// Which units are decoded, and as part of what.
    territories: Vec<Territory>,
    /// The intra modes of units.
    modes: Vec<u8>,
    /// How deep the quadtree was split.
    depths: Vec<u8>,
}

impl Picture {
    pub(super) fn new(sps: &Sps) -> Self {
        let (width, height) = (sps.width, sps.height);
        let (units_across, units_down) = (width / UNIT, height / UNIT);
        Self {
            width,
            height,
            samples: vec![0; width * height],
            units_across,
            territories: vec![0; units_across * units_down],
            modes: vec![1; units_across * units_down],
            depths: vec![0; (width / MIN_CODED) * (height / MIN_CODED)],
        }
    }

    /// That of the unit at a place in samples; 0 also outside of the picture.
    #[inline]
    pub(super) fn territory(&self, x: usize, y: usize) -> Territory {
        let (x, y) = (x / UNIT, y / UNIT);
        if x >= self.units_across {
            return 0;
        }
        self.territories.get(y * self.units_across + x).copied().unwrap_or(0)
    }

    /// The rows of a square of samples.
    #[inline]
    pub(super) fn rows_mut(
        &mut self,
        (x, y): (usize, usize),
        side: usize,
    ) -> impl Iterator<Item = &mut [u16]> {
        let rest = self.samples.get_mut(y * self.width..).unwrap_or_default();
        let rows = rest.chunks_exact_mut(self.width.max(1)).take(side);
        rows.filter_map(move |row| row.get_mut(x..x + side))
    }

    /// Samples from `x` to the right edge, at most `most`.
    pub(super) fn columns_left(&self, x: usize, most: usize) -> usize {
        self.width.saturating_sub(x).min(most)
    }

    /// Samples from `y` to the lower edge, at most `most`.
    pub(super) fn rows_left(&self, y: usize, most: usize) -> usize {
        self.height.saturating_sub(y).min(most)
    }

    /// Notes that a square of samples is decoded.
    #[inline]
    pub(super) fn claim(&mut self, (x, y): (usize, usize), side: usize, territory: Territory) {
        fill(&mut self.territories, self.units_across, (x, y, side), UNIT, territory);
    }

    pub(super) fn mode(&self, x: usize, y: usize) -> u8 {
        self.modes.get(y / UNIT * self.units_across + x / UNIT).copied().unwrap_or(1)
    }

    pub(super) fn set_mode(&mut self, (x, y): (usize, usize), side: usize, mode: u8) {
        fill(&mut self.modes, self.units_across, (x, y, side), UNIT, mode);
    }

    pub(super) fn depth(&self, x: usize, y: usize) -> u8 {
        let across = self.width / MIN_CODED;
        self.depths.get(y / MIN_CODED * across + x / MIN_CODED).copied().unwrap_or(0)
    }

    pub(super) fn set_depth(&mut self, (x, y): (usize, usize), side: usize, depth: u8) {
        fill(&mut self.depths, self.width / MIN_CODED, (x, y, side), MIN_CODED, depth);
    }
}

/// Sets the part of a map, `across` wide with one value for `grain` samples, that a square covers.
#[inline]
fn fill<T: Copy>(
    map: &mut [T],
    across: usize,
    (x, y, side): (usize, usize, usize),
    grain: usize,
    value: T,
) {
    let count = side / grain;
    let start = y / grain * across + x / grain;
    let Some(rest) = map.get_mut(start..) else { return };
    for row in rest.chunks_mut(across.max(1)).take(count) {
        let count = count.min(row.len());
        row[..count].fill(value);
    }
}
