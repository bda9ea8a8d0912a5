//! The tile: the 32×32 luma picture that every picture is reduced to, by exact integer area
//! average.

use crate::model::media::Orientation;

/// Cells along each side of a tile.
pub const TILE_SIDE: usize = 32;

/// 32×32 luma values, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile(pub [u8; TILE_SIDE * TILE_SIDE]);

impl Tile {
    /// The tile of the picture after `orientation` was applied. The area average treats every
    /// direction alike, so turning the tile equals turning the picture first.
    pub fn oriented(&self, orientation: Orientation) -> Self {
        const LAST: usize = TILE_SIDE - 1;
        let mut out = [0; TILE_SIDE * TILE_SIDE];
        for (index, cell) in out.iter_mut().enumerate() {
            let (y, x) = (index / TILE_SIDE, index % TILE_SIDE);
            let (from_y, from_x) = match orientation {
                Orientation::Upright => (y, x),
                Orientation::MirrorHorizontal => (y, LAST - x),
                Orientation::Rotate180 => (LAST - y, LAST - x),
                Orientation::MirrorVertical => (LAST - y, x),
                Orientation::Transpose => (x, y),
                Orientation::Rotate90 => (LAST - x, y),
                Orientation::Transverse => (LAST - x, LAST - y),
                Orientation::Rotate270 => (x, LAST - y),
            };
            *cell = self.0[from_y * TILE_SIDE + from_x];
        }
        Self(out)
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

/// Averages luma rows into a tile, exactly.
///
/// Each cell is (Σ sample × overlap_x × overlap_y + half) / whole, in integers. A sample stands
/// for `scale` × `scale` pixels (1 for a full plane, 8 for the DC terms of a JPEG); those of the
/// last column and row stand for the pixels that the picture really has there.
#[derive(Debug)]
pub struct AreaAverage {
    /// True width and height in pixels.
    width: u64,
    height: u64,
    scale: u64,
    spans: [Span; TILE_SIDE],
    samples_per_row: usize,
    rows: u64,
    next_row: u64,
    sums: Box<[u64; TILE_SIDE * TILE_SIDE]>,
}

impl AreaAverage {
    /// For a plane of `width` × `height` pixels, both at least 1, in samples of `scale` × `scale`
    /// pixels; `None` when a side or the scale is 0.
    pub fn new(width: u32, height: u32, scale: u32) -> Option<Self> {
        if width == 0 || height == 0 || scale == 0 {
            return None;
        }
        let (width, height, scale) = (u64::from(width), u64::from(height), u64::from(scale));
        let side = TILE_SIDE as u64;
        // In units of 1/32 pixel a cell is `width` wide and a sample 32 × scale.
        let sample = side * scale;
        let spans = std::array::from_fn(|cell| {
            let (from, to) = (width * cell as u64, width * (cell as u64 + 1));
            let (first, last) = (from / sample, (to - 1) / sample);
            Span {
                first: first as usize,
                first_weight: to.min((first + 1) * sample) - from,
                last: last as usize,
                last_weight: if last > first { to - last * sample } else { 0 },
            }
        });
        Some(Self {
            width,
            height,
            scale,
            spans,
            samples_per_row: width.div_ceil(scale) as usize,
            rows: height.div_ceil(scale),
            next_row: 0,
            sums: Box::new([0; TILE_SIDE * TILE_SIDE]),
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
        let side = TILE_SIDE as u64;
        let sample = side * self.scale;
        let mut cells = [0_u64; TILE_SIDE];
        for (cell, span) in cells.iter_mut().zip(&self.spans) {
            let mut sum = u64::from(samples[span.first]) * span.first_weight;
            if span.last > span.first {
                let inside = &samples[span.first + 1..span.last];
                sum +=
                    sum_bytes(inside) * sample + u64::from(samples[span.last]) * span.last_weight;
            }
            *cell = sum;
        }
        let from = self.next_row * sample;
        let to = (from + sample).min(self.height * side);
        let mut cell = from / self.height;
        let mut at = from;
        while at < to {
            let end = to.min((cell + 1) * self.height);
            let row = &mut self.sums[cell as usize * TILE_SIDE..][..TILE_SIDE];
            for (sum, value) in row.iter_mut().zip(&cells) {
                *sum += value * (end - at);
            }
            at = end;
            cell += 1;
        }
        self.next_row += 1;
        true
    }

    /// The tile, once every row was pushed; `None` before.
    pub fn finish(&self) -> Option<Tile> {
        if self.next_row < self.rows {
            return None;
        }
        let whole = self.width * self.height;
        let mut tile = [0; TILE_SIDE * TILE_SIDE];
        for (cell, sum) in tile.iter_mut().zip(self.sums.iter()) {
            *cell = ((sum + whole / 2) / whole) as u8;
        }
        Some(Tile(tile))
    }
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
        let (columns, rows) = plane.shape();
        let count = usize::try_from(columns).ok()?.checked_mul(usize::try_from(rows).ok()?)?;
        (samples.len() == count).then_some(plane)
    }

    /// Width and height in pixels.
    pub fn pixels(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Samples along a row, and rows.
    pub fn shape(&self) -> (u32, u32) {
        (self.width.div_ceil(self.scale), self.height.div_ceil(self.scale))
    }

    /// Pixels along the side of a sample.
    pub fn scale(&self) -> u32 {
        self.scale
    }

    /// Row by row.
    pub fn samples(&self) -> &'a [u8] {
        self.samples
    }

    /// Its area average; `None` never, as its shape was checked.
    pub fn tile(&self) -> Option<Tile> {
        let mut average = AreaAverage::new(self.width, self.height, self.scale)?;
        for row in self.samples.chunks_exact(average.samples_per_row()) {
            average.push_row(row);
        }
        average.finish()
    }
}

/// Sum of bytes in 32-bit lanes, so that the compiler can vectorise it.
fn sum_bytes(bytes: &[u8]) -> u64 {
    // 2²⁴ bytes of 255 fill 32 bits.
    bytes
        .chunks(1 << 20)
        .map(|part| u64::from(part.iter().map(|&b| u32::from(b)).sum::<u32>()))
        .sum()
}

#[cfg(test)]
mod tests;
