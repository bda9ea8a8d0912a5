//! The tiles: the 32×32 and the 64×64 luma picture that every picture is reduced to, by exact
//! integer area average. The first one is hashed; the second one is kept, and shows whether two
//! pictures are one.

use super::part::Part;
use super::simd::widest;
use crate::model::media::Orientation;

/// Cells along each side of a tile.
pub const TILE_SIDE: usize = 32;
/// Cells along each side of a fine tile.
pub const FINE_SIDE: usize = 2 * TILE_SIDE;
/// Cells along each side of the largest tile.
pub const DETAIL_SIDE: usize = 256;

/// 32×32 luma values, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile(pub [u8; TILE_SIDE * TILE_SIDE]);

/// 64×64 luma values, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FineTile(pub [u8; FINE_SIDE * FINE_SIDE]);

/// 256×256 luma values, row by row: not kept, but made when two pictures cannot be told apart
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailTile(Vec<u8>);

/// Both tiles of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// 32×32.
    pub coarse: Tile,
    /// 64×64.
    pub fine: Box<FineTile>,
    /// The part of the picture that was read; the rest of a damaged file is made up.
    pub intact: Part,
}

/// A fine tile as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTile {
    /// The cells.
    pub cells: FineTile,
    /// The part of the picture that was read.
    pub intact: Part,
}

impl Tile {
    /// The tile of the picture after `orientation` was applied. The area average treats every
    /// direction alike, so turning the tile equals turning the picture first.
    pub fn oriented(&self, orientation: Orientation) -> Self {
        let mut out = [0; TILE_SIDE * TILE_SIDE];
        turn(&self.0, &mut out, TILE_SIDE, orientation);
        Self(out)
    }
}

impl FineTile {
    /// [`Tile::oriented`] of a fine tile.
    pub fn oriented(&self, orientation: Orientation) -> Self {
        let mut out = [0; FINE_SIDE * FINE_SIDE];
        turn(&self.0, &mut out, FINE_SIDE, orientation);
        Self(out)
    }

    /// A tile of these values, row by row; `None` for another number of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl DetailTile {
    /// The area average of a picture of `width` × `height` pixels, whose rows of luma `rows` gives
    /// from the top; `None` where there are too few, or one is too short.
    pub fn average<'a>(
        width: u32,
        height: u32,
        rows: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Self> {
        let mut average = AreaAverage::with_side(DETAIL_SIDE, width, height, 1)?;
        for row in rows {
            average.push_row(row);
        }
        average.is_complete().then(|| Self(average.cells()))
    }

    /// A tile of these values, row by row; `None` for another number of them.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == DETAIL_SIDE * DETAIL_SIDE).then_some(Self(bytes))
    }

    /// The cells, row by row.
    pub fn cells(&self) -> &[u8] {
        &self.0
    }

    /// [`Tile::oriented`] of a detail tile.
    pub fn oriented(&self, orientation: Orientation) -> Self {
        let mut out = vec![0; self.0.len()];
        turn(&self.0, &mut out, DETAIL_SIDE, orientation);
        Self(out)
    }
}

impl Tiles {
    /// Both tiles after `orientation` was applied to the picture.
    pub fn oriented(&self, orientation: Orientation) -> Self {
        let fine = Box::new(self.fine.oriented(orientation));
        let intact = self.intact.oriented(orientation);
        Self { coarse: self.coarse.oriented(orientation), fine, intact }
    }

    /// The same, of a picture of which only the first `rows` of `height` rows were read.
    #[must_use]
    pub fn cut_after(mut self, rows: u64, height: u64) -> Self {
        let intact = u64::from(Part::SIDE).saturating_mul(rows) / height.max(1);
        self.intact.bottom = (intact as u32).clamp(1, Part::SIDE);
        self
    }

    /// Makes the cells of both tiles of the same cells of several, which are given in their order.
    /// `None` for no tiles.
    pub fn combine(parts: &[&Self], mut value: impl FnMut(&[u8]) -> u8) -> Option<Self> {
        let mut out = (*parts.first()?).clone();
        let mut cells = vec![0; parts.len()];
        for (index, out) in out.coarse.0.iter_mut().enumerate() {
            cells.iter_mut().zip(parts).for_each(|(cell, part)| *cell = part.coarse.0[index]);
            *out = value(&cells);
        }
        for (index, out) in out.fine.0.iter_mut().enumerate() {
            cells.iter_mut().zip(parts).for_each(|(cell, part)| *cell = part.fine.0[index]);
            *out = value(&cells);
        }
        Some(out)
    }
}

/// Fills `out` with a square of cells after `orientation` was applied to it.
fn turn(cells: &[u8], out: &mut [u8], side: usize, orientation: Orientation) {
    let last = side - 1;
    for (y, row) in out.chunks_exact_mut(side).enumerate() {
        for (x, cell) in row.iter_mut().enumerate() {
            let (from_y, from_x) = match orientation {
                Orientation::Upright => (y, x),
                Orientation::MirrorHorizontal => (y, last - x),
                Orientation::Rotate180 => (last - y, last - x),
                Orientation::MirrorVertical => (last - y, x),
                Orientation::Transpose => (x, y),
                Orientation::Rotate90 => (last - x, y),
                Orientation::Transverse => (last - x, last - y),
                Orientation::Rotate270 => (x, last - y),
            };
            *cell = cells[from_y * side + from_x];
        }
    }
}

/// One cell's share of a row of samples.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// First sample that it touches, and by how much.
    first: usize,
    first_weight: u64,
    /// Last sample that it touches, if not the first, and by how much.
    last: usize,
    last_weight: u64,
}

/// Averages luma rows into both tiles, exactly.
///
/// Each cell is (Σ sample × overlap_x × overlap_y + half) / whole, in integers. A sample stands
/// for `scale` × `scale` pixels (1 for a full plane, 8 for the DC terms of a JPEG); those of the
/// last column and row stand for the pixels that the picture really has there. Only the 64×64 sums
/// are kept: four of them are the sum of a cell of the 32×32 tile, before anything was rounded.
#[derive(Debug)]
pub struct AreaAverage {
    /// True width and height in pixels.
    width: u64,
    height: u64,
    scale: u64,
    /// Cells along each side.
    side: usize,
    spans: Vec<Span>,
    samples_per_row: usize,
    rows: u64,
    next_row: u64,
    sums: Vec<u64>,
    /// The cells of the row in hand.
    row: Vec<u64>,
}

impl AreaAverage {
    /// For a plane of `width` × `height` pixels, both at least 1, in samples of `scale` × `scale`
    /// pixels; `None` when a side or the scale is 0.
    pub fn new(width: u32, height: u32, scale: u32) -> Option<Self> {
        Self::with_side(FINE_SIDE, width, height, scale)
    }

    fn with_side(side: usize, width: u32, height: u32, scale: u32) -> Option<Self> {
        if width == 0 || height == 0 || scale == 0 {
            return None;
        }
        let (width, height, scale) = (u64::from(width), u64::from(height), u64::from(scale));
        // In units of 1/side pixel a cell is `width` wide and a sample side × scale.
        let sample = side as u64 * scale;
        let span = |cell: u64| {
            let (from, to) = (width * cell, width * (cell + 1));
            let (first, last) = (from / sample, (to - 1) / sample);
            Span {
                first: first as usize,
                first_weight: to.min((first + 1) * sample) - from,
                last: last as usize,
                last_weight: if last > first { to - last * sample } else { 0 },
            }
        };
        Some(Self {
            width,
            height,
            scale,
            side,
            spans: (0..side as u64).map(span).collect(),
            samples_per_row: width.div_ceil(scale) as usize,
            rows: height.div_ceil(scale),
            next_row: 0,
            sums: vec![0; side * side],
            row: vec![0; side],
        })
    }

    /// How many samples a row holds: width / scale, rounded up.
    pub fn samples_per_row(&self) -> usize {
        self.samples_per_row
    }

    /// How many rows of samples are still to come.
    pub fn rows_left(&self) -> u64 {
        self.rows - self.next_row
    }

    /// Adds the next row of samples, from the top. Samples past [`Self::samples_per_row`] are
    /// ignored; rows past the last and rows that are too short are refused with `false`.
    pub fn push_row(&mut self, samples: &[u8]) -> bool {
        let Some(samples) = samples.get(..self.samples_per_row) else { return false };
        if self.next_row == self.rows {
            return false;
        }
        let side = self.side as u64;
        let sample = side * self.scale;
        widest(|| {
            for (cell, span) in self.row.iter_mut().zip(&self.spans) {
                let mut sum = u64::from(samples[span.first]) * span.first_weight;
                if span.last > span.first {
                    let inside = &samples[span.first + 1..span.last];
                    let last = u64::from(samples[span.last]) * span.last_weight;
                    sum += sum_bytes(inside) * sample + last;
                }
                *cell = sum;
            }
        });
        let from = self.next_row * sample;
        let to = (from + sample).min(self.height * side);
        let mut cell = from / self.height;
        let mut at = from;
        while at < to {
            let end = to.min((cell + 1) * self.height);
            let row = &mut self.sums[cell as usize * self.side..][..self.side];
            for (sum, value) in row.iter_mut().zip(&self.row) {
                *sum += value * (end - at);
            }
            at = end;
            cell += 1;
        }
        self.next_row += 1;
        true
    }

    /// The tiles, once every row was pushed; `None` before.
    pub fn finish(&self) -> Option<Tiles> {
        if !self.is_complete() || self.side != FINE_SIDE {
            return None;
        }
        let whole = self.width * self.height;
        let fine = Box::new(FineTile::from_bytes(&self.cells())?);
        let mut coarse = Tile([0; TILE_SIDE * TILE_SIDE]);
        for (index, cell) in coarse.0.iter_mut().enumerate() {
            let at = index / TILE_SIDE * 2 * FINE_SIDE + index % TILE_SIDE * 2;
            let upper = self.sums[at] + self.sums[at + 1];
            let lower = self.sums[at + FINE_SIDE] + self.sums[at + FINE_SIDE + 1];
            *cell = mean(upper + lower, 4 * whole);
        }
        Some(Tiles { coarse, fine, intact: Part::WHOLE })
    }

    fn is_complete(&self) -> bool {
        self.next_row == self.rows
    }

    /// What the rows so far make of each cell.
    fn cells(&self) -> Vec<u8> {
        let whole = self.width * self.height;
        self.sums.iter().map(|&sum| mean(sum, whole)).collect()
    }
}

/// `sum` / `whole`, rounded to the nearest.
fn mean(sum: u64, whole: u64) -> u8 {
    ((sum + whole / 2) / whole) as u8
}

/// A whole luma plane, for who has all of its rows at once.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    width: u32,
    height: u32,
    scale: u32,
    samples: &'a [u8],
}

impl<'a> Plane<'a> {
    /// Of `width` × `height` pixels, in samples of `scale` × `scale` pixels, row by row; `None`
    /// when a side or the scale is 0 or the number of samples is another.
    pub fn new(width: u32, height: u32, scale: u32, samples: &'a [u8]) -> Option<Self> {
        if width == 0 || height == 0 || scale == 0 {
            return None;
        }
        let plane = Self { width, height, scale, samples };
        let (columns, rows) = (width.div_ceil(scale), height.div_ceil(scale));
        let count = usize::try_from(columns).ok()?.checked_mul(usize::try_from(rows).ok()?)?;
        (samples.len() == count).then_some(plane)
    }

    /// Its area averages; `None` never, as its shape was checked.
    pub fn tiles(&self) -> Option<Tiles> {
        let mut average = AreaAverage::new(self.width, self.height, self.scale)?;
        for row in self.samples.chunks_exact(average.samples_per_row()) {
            average.push_row(row);
        }
        average.finish()
    }
}

/// Sum of bytes. Nothing of it can overflow, and a check for that would keep the compiler from using
/// wide registers.
#[inline(always)]
fn sum_bytes(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<32>();
    let add = |sum: u32, &byte: &u8| sum.wrapping_add(byte.into());
    let chunks = chunks.iter().map(|chunk| chunk.iter().fold(0, add).into());
    chunks.fold(rest.iter().fold(0, add).into(), u64::wrapping_add)
}

#[cfg(test)]
mod tests;
