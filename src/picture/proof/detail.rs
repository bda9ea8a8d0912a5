//! The proof at 256×256 cells, for pairs that 64 cells do not settle: where most is background, so
//! that the few places with text or drawing decide, and where the pictures differ in one place.

use super::align::{ONE, normalised};
use super::blocks::high_pass;
use super::shades::commonest;
use crate::picture::part::Part;
use crate::picture::simd::widest;
use crate::picture::tile::{DETAIL_SIDE, DetailTile};

/// Cells along the side of a block, and from one to the next.
const BLOCK: usize = 8;
const STRIDE: usize = 4;
/// Fewest cells along a side that are compared.
const LEAST: u32 = 32;
/// How far a block of one picture is looked for in the other: the alignment is as exact as a
/// quarter of a cell of 64.
const REACH: isize = 1;
/// An edge so near to that of the picture, in 256ths of a side, may be that one.
const SNAP: u32 = 4;
/// Steps of the search for a better part, in 256ths of a side.
const STEPS: [i32; 4] = [2, 2, 1, 1];
/// Least mean square of a textured block's cells, in levels.
const TEXTURE: i32 = 16;
/// Least correlation of a block that is in the other picture too, in 1/65536.
const THERE: i32 = ONE * 6 / 10;
/// Levels from the commonest one that count as that one.
const SHADES: usize = 4;
/// Levels that a re-encoding may change a cell by.
const NOISE: u16 = 4;

/// What a comparison of the details of two pictures shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Blocks in which one of both pictures has detail.
    pub textured: u32,
    /// Of those, how many the other picture does not have.
    pub missing: u32,
    /// The share of the detail that is in those: of the squared differences from their
    /// surroundings, in 1/65536. Noise is many blocks, and little of this.
    pub lost: u32,
    /// Of the cells of the missing blocks, how many have the commonest shade there, in the picture
    /// that has more of them; in 1/65536. What was laid over a picture has few shades.
    pub one_shade: u32,
    /// Of all cells, how many differ by more than a re-encoding makes, in 1/65536.
    pub changed: u32,
}

/// A detail tile, and the sides in pixels of the picture that it was made of, as it is turned.
#[derive(Clone, Copy, Debug)]
pub struct Detailed<'a> {
    /// The tile.
    pub tile: &'a DetailTile,
    /// Height and width in pixels.
    pub pixels: (u32, u32),
}

/// Compares a part of `of` with the whole of `other`, at no more cells than either has pixels.
pub fn differences(of: Detailed<'_>, other: Detailed<'_>, part: Part) -> Differences {
    widest(
        #[inline(always)]
        || {
            let (part_height, part_width) = part.sides();
            let cells = |part: u32, of: u32, other: u32| {
                let own = (u64::from(of) * u64::from(part) / DETAIL_SIDE as u64) as u32;
                part.min(own).min(other).max(LEAST) as usize
            };
            let height = cells(part_height, of.pixels.0, other.pixels.0);
            let width = cells(part_width, of.pixels.1, other.pixels.1);
            let first = reduced(of.tile, part, height, width);
            let second = reduced(other.tile, Part::WHOLE, height, width);
            compare(&first, &second, height, width)
        },
    )
}

/// The part near `part` in which most of the detail agrees, with what differs there. What was laid
/// over a picture pulls the alignment of coarse cells off by one or two 256ths, and then much that
/// was not touched differs as well.
pub fn refined(
    of: Detailed<'_>,
    other: Detailed<'_>,
    part: Part,
    found: Differences,
) -> (Part, Differences) {
    let mut best = (part, found);
    let mut improve = |part: Part| {
        let found = differences(of, other, part);
        let is_better = found.lost < best.1.lost;
        if is_better {
            best = (part, found);
        }
        (is_better, best.0)
    };
    let snapped = part.map_edges(|edge| match edge {
        0..=SNAP => 0,
        edge if edge + SNAP >= Part::SIDE => Part::SIDE,
        edge => edge,
    });
    let mut part = if snapped == part { part } else { improve(snapped).1 };
    for step in STEPS {
        for edge in 0..4 {
            for moved in [part.with_edge_moved(edge, step), part.with_edge_moved(edge, -step)] {
                let Some(moved) = moved else { continue };
                let (is_better, now) = improve(moved);
                part = now;
                if is_better {
                    break;
                }
            }
        }
    }
    best
}

/// A part of the tile in `height` × `width` cells: each the mean of the area that it stands for.
#[inline(always)]
fn reduced(tile: &DetailTile, part: Part, height: usize, width: usize) -> Vec<i16> {
    // In units of 1/count of a cell, a reduced cell is as long as the part.
    let shares = |at: usize, count: usize, from: u32, to: u32| {
        let (offset, length) = (from as usize, (to - from) as usize);
        let (from, to) = (at * length, (at + 1) * length);
        let cells = from / count..to.div_ceil(count);
        cells.map(move |cell| {
            let share = to.min((cell + 1) * count) - from.max(cell * count);
            (offset + cell, share as u32)
        })
    };
    let mut rows = vec![0_u32; height * DETAIL_SIDE];
    for (y, sums) in rows.chunks_exact_mut(DETAIL_SIDE).enumerate() {
        for (cell, share) in shares(y, height, part.top, part.bottom) {
            for (sum, &value) in sums.iter_mut().zip(&tile.cells()[cell * DETAIL_SIDE..]) {
                *sum = sum.wrapping_add(u32::from(value).wrapping_mul(share));
            }
        }
    }
    let whole = part.area();
    let mut out = Vec::with_capacity(height * width);
    for sums in rows.chunks_exact(DETAIL_SIDE) {
        for x in 0..width {
            let sum = shares(x, width, part.left, part.right).fold(0, |sum: u32, (cell, share)| {
                sum.wrapping_add(sums[cell].wrapping_mul(share))
            });
            out.push(((sum + whole / 2) / whole) as i16);
        }
    }
    out
}

#[inline(always)]
fn compare(first: &[i16], second: &[i16], height: usize, width: usize) -> Differences {
    let (mut a, mut b) = (first.to_vec(), second.to_vec());
    high_pass(&mut a, width);
    high_pass(&mut b, width);
    let least = TEXTURE * (BLOCK * BLOCK) as i32;
    let product = |a: &[i16], (y, x): (usize, usize), b: &[i16], (v, u): (usize, usize)| {
        let mut sum = 0_i32;
        for row in 0..BLOCK {
            let (at, other) = ((y + row) * width + x, (v + row) * width + u);
            for (&a, &b) in a[at..at + BLOCK].iter().zip(&b[other..other + BLOCK]) {
                sum = sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b)));
            }
        }
        sum
    };
    let mut found = Differences::default();
    let (mut lost, mut all) = (0_u64, 0_u64);
    let mut is_missing = vec![false; first.len()];
    for y in (0..=height - BLOCK).step_by(STRIDE) {
        for x in (0..=width - BLOCK).step_by(STRIDE) {
            let here = (y, x);
            let (mine, theirs) = (product(&a, here, &a, here), product(&b, here, &b, here));
            if mine.max(theirs) < least {
                continue;
            }
            found.textured += 1;
            let energy = u64::from(mine.max(theirs).unsigned_abs());
            all += energy;
            let is_there = (-REACH..=REACH).any(|dy| {
                (-REACH..=REACH).any(|dx| {
                    let place = (y.checked_add_signed(dy), x.checked_add_signed(dx));
                    let (Some(v), Some(u)) = place else { return false };
                    v + BLOCK <= height && u + BLOCK <= width && {
                        let theirs = product(&b, (v, u), &b, (v, u));
                        normalised(product(&a, here, &b, (v, u)), mine, theirs) >= THERE
                    }
                })
            });
            if !is_there {
                found.missing += 1;
                lost += energy;
                for row in y..y + BLOCK {
                    is_missing[row * width + x..][..BLOCK].fill(true);
                }
            }
        }
    }
    found.lost = ((lost << 16) / all.max(1)) as u32;
    let share = |count: usize, of: usize| ((count << 16) / of.max(1)) as u32;
    let missing = is_missing.iter().filter(|missing| **missing).count();
    let [a, b] = [first, second].map(|cells| {
        let chosen = cells.iter().zip(&is_missing).filter(|(_, is_missing)| **is_missing);
        commonest(chosen.map(|(&level, _)| level.clamp(0, 255) as u8), SHADES)
    });
    found.one_shade = share(a.max(b) as usize, missing);
    let changed = first.iter().zip(second).filter(|(a, b)| a.abs_diff(**b) > NOISE).count();
    found.changed = share(changed, first.len());
    found
}
