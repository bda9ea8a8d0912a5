//! How well two planes of cells agree, block by block.

use super::align::{ONE, Prepared, cells, normalised};
use crate::picture::part::Part;
use crate::picture::tile::{FINE_SIDE, TILE_SIDE};

/// Cells along the side of a block.
const BLOCK: usize = 8;
/// Cells from one block to the next.
const STRIDE: usize = 4;
/// Cells along the side of the neighbourhood whose mean is taken off.
const AROUND: usize = 7;

/// What the blocks of one resolution say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Blocks in which one of both pictures has detail.
    pub textured: u32,
    /// Of those, how many agree.
    pub good: u32,
    /// Of those with strong detail, how many do not agree at all.
    pub bad: u32,
    /// The median correlation of those, −65536 to 65536.
    pub median: i32,
}

/// How well two pictures agree, laid over each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// At 32×32 cells.
    pub coarse: Blocks,
    /// At 64×64 cells.
    pub fine: Blocks,
}

impl Blocks {
    /// The share of good blocks, in 1/65536.
    pub fn share(&self) -> i32 {
        (self.good * ONE as u32).checked_div(self.textured).unwrap_or(0) as i32
    }
}

impl Agreement {
    /// Whether the pictures agree everywhere: no other alignment could be better.
    pub fn is_perfect(&self) -> bool {
        // 97 % of the blocks, and a median of 95 %: a crop by 2 % along a side has less.
        let all = |blocks: &Blocks| {
            blocks.textured > 0 && blocks.share() >= 63_570 && blocks.median >= 62_259
        };
        all(&self.coarse) && all(&self.fine)
    }

    /// The better the greater.
    pub fn rank(&self) -> (i32, i32, i32) {
        (self.coarse.share(), self.fine.share(), self.coarse.median)
    }
}

/// Limits of one resolution.
struct Limits {
    /// Least mean square of a textured block's cells, in 1/16 of a squared level.
    texture: i32,
    /// Least correlation of a good block, in 1/65536.
    good: i32,
}

const COARSE: Limits = Limits { texture: 4 * 16, good: 39_322 };
const FINE: Limits = Limits { texture: 16, good: 32_768 };
/// Least mean square of the cells of a block whose detail cannot be noise, in 1/16 of a squared
/// level.
const STRONG: i32 = 16 * 16;
/// Most correlation of a block that does not agree at all.
const BAD: i32 = 13_107;

/// Compares a part of `of` with the whole of `other`.
#[inline(always)]
pub(super) fn compare(of: &Prepared, other: &Prepared, part: Part) -> Agreement {
    let mut planes = [[0_i16; TILE_SIDE * TILE_SIDE]; 2];
    cells::<TILE_SIDE>(of, part, &mut planes[0]);
    cells::<TILE_SIDE>(other, Part::WHOLE, &mut planes[1]);
    let coarse = agreement::<TILE_SIDE>(&mut planes, &COARSE);
    let mut planes = [[0_i16; FINE_SIDE * FINE_SIDE]; 2];
    cells::<FINE_SIDE>(of, part, &mut planes[0]);
    cells::<FINE_SIDE>(other, Part::WHOLE, &mut planes[1]);
    let fine = agreement::<FINE_SIDE>(&mut planes, &FINE);
    Agreement { coarse, fine }
}

#[inline(always)]
fn agreement<const N: usize>(planes: &mut [impl AsMut<[i16]>; 2], limits: &Limits) -> Blocks {
    let [a, b] = planes;
    let (a, b) = (a.as_mut(), b.as_mut());
    high_pass(a, N);
    high_pass(b, N);
    let least = limits.texture * (BLOCK * BLOCK) as i32;
    let mut correlations = Vec::with_capacity(N * N / (STRIDE * STRIDE));
    let mut blocks = Blocks::default();
    for y in (0..=N - BLOCK).step_by(STRIDE) {
        for x in (0..=N - BLOCK).step_by(STRIDE) {
            let (mut common, mut first, mut second) = (0_i32, 0_i32, 0_i32);
            for row in 0..BLOCK {
                let at = (y + row) * N + x;
                for (&a, &b) in a[at..at + BLOCK].iter().zip(&b[at..at + BLOCK]) {
                    let (a, b) = (i32::from(a), i32::from(b));
                    common = common.wrapping_add(a.wrapping_mul(b));
                    first = first.wrapping_add(a.wrapping_mul(a));
                    second = second.wrapping_add(b.wrapping_mul(b));
                }
            }
            if first.max(second) < least {
                continue;
            }
            let correlation = normalised(common, first, second);
            blocks.textured += 1;
            blocks.good += u32::from(correlation >= limits.good);
            let is_strong = first.max(second) >= STRONG * (BLOCK * BLOCK) as i32;
            blocks.bad += u32::from(correlation < BAD && is_strong);
            correlations.push(correlation);
        }
    }
    if !correlations.is_empty() {
        let middle = correlations.len() / 2;
        blocks.median = *correlations.select_nth_unstable(middle).1;
    }
    blocks
}

/// Takes off each cell the mean of the 7×7 cells around it; past the edge the cells at the edge
/// count again.
#[inline(always)]
pub(super) fn high_pass(plane: &mut [i16], width: usize) {
    const REACH: usize = AROUND / 2;
    let height = plane.len() / width;
    // Sums along the columns first, of whole rows.
    let mut columns = vec![0_i32; plane.len()];
    for (y, sums) in columns.chunks_exact_mut(width).enumerate() {
        for dy in 0..AROUND {
            let from = (y + dy).saturating_sub(REACH).min(height - 1) * width;
            for (sum, &cell) in sums.iter_mut().zip(&plane[from..from + width]) {
                *sum = sum.wrapping_add(i32::from(cell));
            }
        }
    }
    let mut wide = vec![0_i32; width + 2 * REACH];
    for (sums, row) in columns.chunks_exact(width).zip(plane.chunks_exact_mut(width)) {
        wide[..REACH].fill(sums[0]);
        wide[REACH..REACH + width].copy_from_slice(sums);
        wide[REACH + width..].fill(sums[width - 1]);
        for (x, cell) in row.iter_mut().enumerate() {
            let sum = wide[x..x + AROUND].iter().fold(0_i32, |sum, &cell| sum.wrapping_add(cell));
            let area = (AROUND * AROUND) as i32;
            let mean = (sum + area / 2) / area;
            *cell = cell.wrapping_sub(mean as i16);
        }
    }
}
