//! Prediction from earlier frames (RFC 6386, section 18).

use super::macroblock::{Split, Vector};
use super::plane::LumaPlane;
use super::workspace::{LEFT, Workspace};

/// The filters for each quarter of a pixel (18.3). Those for odd eighths are for chroma only.
const SIX_TAPS: [[i32; 6]; 4] = [
    [0, 0, 128, 0, 0, 0],
    [2, -11, 108, 36, -8, 1],
    [3, -16, 77, 77, -16, 3],
    [1, -8, 36, 108, -11, 2],
];
const TWO_TAPS: [[i32; 6]; 4] =
    [[0, 0, 128, 0, 0, 0], [0, 0, 96, 32, 0, 0], [0, 0, 64, 64, 0, 0], [0, 0, 32, 96, 0, 0]];

/// Pixels that a filter needs before a block, and before and after it together.
const BEFORE: i32 = 2;
const AROUND: usize = 5;
/// The widest block with what its filter needs.
const PATCH: usize = 16 + AROUND;

/// What a macroblock is predicted from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motion<'a> {
    pub reference: &'a LumaPlane,
    /// The pixel where the macroblock begins.
    pub left: i32,
    pub top: i32,
    pub bilinear: bool,
}

impl Motion<'_> {
    /// Predicts a macroblock whose blocks move alike.
    pub fn whole(self, work: &mut Workspace, vector: Vector) {
        self.block::<16>(work, (0, 0), vector);
    }

    /// Predicts a macroblock block by block.
    pub fn split(self, work: &mut Workspace, split: &Split) {
        for (index, &vector) in split.vectors.iter().enumerate() {
            let (column, row) = (index % 4 * 4, index / 4 * 4);
            if !split.in_quarters {
                self.block::<4>(work, (column, row), vector);
            } else if index % 2 == 0 && index / 4 % 2 == 0 {
                self.block::<8>(work, (column, row), vector);
            }
        }
    }

    /// Predicts a block of `N` × `N` at (column, row) of the macroblock.
    fn block<const N: usize>(
        self,
        work: &mut Workspace,
        (column, row): (usize, usize),
        Vector { x, y }: Vector,
    ) {
        let taps = if self.bilinear { &TWO_TAPS } else { &SIX_TAPS };
        let left = self.left + column as i32 + i32::from(x >> 2) - BEFORE;
        let top = self.top + row as i32 + i32::from(y >> 2) - BEFORE;
        let mut patch = [[0_u8; PATCH + 3]; PATCH];
        let patch = &mut patch[..N + AROUND];
        for (row, pixels) in (top..).zip(&mut *patch) {
            self.reference.copy(left, row, &mut pixels[..N + AROUND]);
        }
        if x & 3 != 0 {
            let taps = taps[(x & 3) as usize];
            for pixels in &mut *patch {
                let source = *pixels;
                for (at, pixel) in pixels[2..2 + N].iter_mut().enumerate() {
                    let around = &source[at..at + 6];
                    let sum: i32 =
                        around.iter().zip(taps).map(|(&p, tap)| i32::from(p) * tap).sum();
                    *pixel = ((sum + 64) >> 7).clamp(0, 255) as u8;
                }
            }
        }
        let target = work.rows[row + 1..].iter_mut().take(N);
        let target = target.map(|pixels| &mut pixels[LEFT + column..LEFT + column + N]);
        if y & 3 == 0 {
            let rows = target.zip(&patch[2..]);
            rows.for_each(|(target, pixels)| target.copy_from_slice(&pixels[2..2 + N]));
            return;
        }
        let taps = taps[(y & 3) as usize];
        for (target, rows) in target.zip(patch.windows(6)) {
            for (at, pixel) in target.iter_mut().enumerate() {
                let sum: i32 =
                    rows.iter().zip(taps).map(|(row, tap)| i32::from(row[2 + at]) * tap).sum();
                *pixel = ((sum + 64) >> 7).clamp(0, 255) as u8;
            }
        }
    }
}
