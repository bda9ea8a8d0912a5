//! Laying a part of one tile over the whole of another.

use super::shades::commonest;
use crate::picture::part::Part;
use crate::picture::resample::{Axis, Half, Plane, first_axis, second_axis};
use crate::picture::tile::{FINE_SIDE, FineTile, TILE_SIDE};

/// A part is at least so long along each side, in 256ths: fewer cells show too little.
const LEAST: u32 = 80;
/// Steps of the descent, in 256ths of a side: two cells to a quarter of a cell.
const STEPS: [i32; 4] = [8, 4, 2, 1];
/// Rounds with one step at most.
const ROUNDS: u32 = 6;
/// Cells that are correlated.
const CELLS: usize = TILE_SIDE * TILE_SIDE;
/// Levels from the commonest one that count as that one.
const SHADES: usize = 2;
/// What a full correlation is.
pub const ONE: i32 = 1 << 16;

/// One side of a part, in `N` cells; a 256th of the side is `N` units of which a cell has 4 · `N`.
#[inline(always)]
fn axis<const N: usize>(from: u32, to: u32) -> Axis<N> {
    Axis::new(from * N as u32, to * N as u32, 4 * N as u32)
}

#[inline(always)]
fn vertical<const N: usize>(part: Part) -> Axis<N> {
    axis(part.top, part.bottom)
}

#[inline(always)]
fn horizontal<const N: usize>(part: Part) -> Axis<N> {
    axis(part.left, part.right)
}

/// A tile, ready to be laid over others.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) plane: Plane,
    /// The whole at 32×32, its mean taken off, in quarter levels; row by row and column by column.
    rows: [i16; CELLS],
    columns: [i16; CELLS],
    /// The sum of its squares.
    energy: i32,
    /// Cells that differ from those to their right and below by one level at most.
    flat: u32,
    /// Cells of the commonest shade.
    one_shade: u32,
}

impl Prepared {
    /// From a tile.
    pub fn new(tile: &FineTile) -> Self {
        let plane = Plane::new(tile);
        let mut rows = [0; CELLS];
        for (index, cell) in rows.iter_mut().enumerate() {
            let (y, x) = (index / TILE_SIDE * 2, index % TILE_SIDE * 2);
            let pair = |y: usize| i16::from(plane.rows[y][x]) + i16::from(plane.rows[y][x + 1]);
            *cell = pair(y) + pair(y + 1);
        }
        let sum: i32 = rows.iter().map(|&cell| i32::from(cell)).sum();
        let mean = ((sum + CELLS as i32 / 2) / CELLS as i32) as i16;
        rows.iter_mut().for_each(|cell| *cell -= mean);
        let columns = std::array::from_fn(|i| rows[i % TILE_SIDE * TILE_SIDE + i / TILE_SIDE]);
        let energy = rows.iter().map(|&cell| i32::from(cell) * i32::from(cell)).sum();
        let mut flat = 0;
        for (row, below) in plane.rows.iter().zip(&plane.rows[1..]) {
            let cells = row.iter().zip(&row[1..]).zip(below);
            flat +=
                cells.filter(|((a, b), c)| a.abs_diff(**b) <= 1 && a.abs_diff(**c) <= 1).count();
        }
        let one_shade = commonest(tile.0.iter().copied(), SHADES);
        Self { plane, rows, columns, energy, flat: flat as u32, one_shade }
    }

    /// The share of cells of about the same level, the commonest, in 1/65536.
    pub fn one_shade(&self) -> u32 {
        (self.one_shade << 16) / (FINE_SIDE * FINE_SIDE) as u32
    }

    /// The share of cells without any detail, in 1/65536.
    pub fn flat_share(&self) -> u32 {
        const INNER: u32 = ((FINE_SIDE - 1) * (FINE_SIDE - 1)) as u32;
        (self.flat << 16) / INNER
    }
}

/// The normalised correlation, −[`ONE`] to [`ONE`], of what `second_axis` gives for `half` and
/// `axis` with cells in the same order. `other` is the whole axis' weight.
#[inline(always)]
fn correlate(
    half: &Half<TILE_SIDE>,
    axis: &Axis<TILE_SIDE>,
    other: u32,
    target: &[i16; CELLS],
    energy: i32,
) -> i32 {
    // To 10 or 11 bits, whatever the part's size: the correlation does not depend on the scale.
    let shift = (axis.whole * other).ilog2().saturating_sub(2);
    let mut cells = [0_i32; CELLS];
    second_axis(half, axis, |line, sums| {
        for (cell, &sum) in cells[line * TILE_SIDE..][..TILE_SIDE].iter_mut().zip(sums) {
            *cell = (sum >> shift) as i32;
        }
    });
    // Cells are below 2¹¹ and their differences from the mean too; a sum of 2¹⁰ products stays
    // below 2³⁰, as no variance is greater than a quarter of the squared range.
    let sum = cells.iter().fold(0_i32, |sum, &cell| sum.wrapping_add(cell));
    let mean = (sum + CELLS as i32 / 2) / CELLS as i32;
    let (mut common, mut own) = (0_i32, 0_i32);
    for (&cell, &target) in cells.iter().zip(target) {
        let cell = cell.wrapping_sub(mean);
        common = common.wrapping_add(cell.wrapping_mul(i32::from(target)));
        own = own.wrapping_add(cell.wrapping_mul(cell));
    }
    normalised(common, own, energy)
}

/// `common` / √(`a` · `b`), in 1/[`ONE`]; 0 where one of both is flat.
#[inline(always)]
pub(super) fn normalised(common: i32, a: i32, b: i32) -> i32 {
    let root = (u64::from(a.max(0) as u32) * u64::from(b.max(0) as u32)).isqrt();
    if root == 0 {
        return 0;
    }
    let scaled = i64::from(common) * i64::from(ONE) / root as i64;
    scaled.clamp(i64::from(-ONE), i64::from(ONE)) as i32
}

/// How well a part of `of` agrees with the whole of `other`, −[`ONE`] to [`ONE`].
#[inline(always)]
pub(super) fn correlation(of: &Prepared, other: &Prepared, part: Part) -> i32 {
    let (down, across) = (vertical(part), horizontal::<TILE_SIDE>(part));
    let mut half = [[0; TILE_SIDE]; FINE_SIDE];
    first_axis(&of.plane.columns, &across, &mut half);
    correlate(&half, &down, across.whole, &other.rows, other.energy)
}

/// What the descent moves.
#[derive(Clone, Copy)]
enum Move {
    First,
    Last,
    Both,
}

/// One axis of a part, moved; `None` where it would leave the picture or become too short.
#[inline(always)]
fn moved((from, to): (u32, u32), what: Move, by: i32) -> Option<(u32, u32)> {
    let (from, to) = match what {
        Move::First => (from.checked_add_signed(by)?, to),
        Move::Last => (from, to.checked_add_signed(by)?),
        Move::Both => (from.checked_add_signed(by)?, to.checked_add_signed(by)?),
    };
    (to <= Part::SIDE && to >= from + LEAST).then_some((from, to))
}

/// The part of `of` near `start` that agrees best with the whole of `other`: coordinate descent on
/// the four edges, and on the position along each axis.
#[inline(always)]
pub(super) fn refine(of: &Prepared, other: &Prepared, start: Part) -> Part {
    let mut part = start;
    let mut best = correlation(of, other, part);
    // With one axis averaged, only the other one has to be for each try.
    let (mut by_columns, mut by_rows) = ([[0; TILE_SIDE]; FINE_SIDE], [[0; TILE_SIDE]; FINE_SIDE]);
    first_axis(&of.plane.columns, &horizontal(part), &mut by_columns);
    first_axis(&of.plane.rows, &vertical(part), &mut by_rows);
    for step in STEPS {
        for _ in 0..ROUNDS {
            let before = best;
            for what in [Move::First, Move::Last, Move::Both] {
                for by in [step, -step] {
                    if let Some((top, bottom)) = moved((part.top, part.bottom), what, by) {
                        let (_, width) = part.sides();
                        let axis = axis(top, bottom);
                        let tried = correlate(&by_columns, &axis, width, &other.rows, other.energy);
                        if tried > best {
                            best = tried;
                            part = Part { top, bottom, ..part };
                            first_axis(&of.plane.rows, &axis, &mut by_rows);
                            break;
                        }
                    }
                }
                for by in [step, -step] {
                    if let Some((left, right)) = moved((part.left, part.right), what, by) {
                        let (height, _) = part.sides();
                        let axis = axis(left, right);
                        let tried =
                            correlate(&by_rows, &axis, height, &other.columns, other.energy);
                        if tried > best {
                            best = tried;
                            part = Part { left, right, ..part };
                            first_axis(&of.plane.columns, &axis, &mut by_columns);
                            break;
                        }
                    }
                }
            }
            if best == before {
                break;
            }
        }
    }
    part
}

impl Prepared {
    /// A part of the tile as a tile of its own.
    pub fn region(tile: &FineTile, part: Part) -> FineTile {
        if part.is_whole() {
            return tile.clone();
        }
        let mut quarters = vec![0; FINE_SIDE * FINE_SIDE];
        cells::<FINE_SIDE>(&Self::new(tile), part, &mut quarters);
        FineTile(std::array::from_fn(|i| ((quarters[i] + 2) / 4).min(255) as u8))
    }
}

/// A part as `N` × `N` cells, row by row, in quarter levels.
#[inline(always)]
pub(super) fn cells<const N: usize>(of: &Prepared, part: Part, out: &mut [i16]) {
    let (down, across) = (vertical(part), horizontal::<N>(part));
    let mut half = [[0; N]; FINE_SIDE];
    first_axis(&of.plane.columns, &across, &mut half);
    let whole = down.whole * across.whole;
    second_axis(&half, &down, |row, sums| {
        for (cell, &sum) in out[row * N..][..N].iter_mut().zip(sums) {
            *cell = ((sum * 4 + whole / 2) / whole) as i16;
        }
    });
}
