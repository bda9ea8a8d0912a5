//! Area averages of parts of a 64×64 tile, one axis after the other, in integers.
//!
//! The sums wrap instead of being checked for overflow, which would keep the compiler from using
//! wide registers: none of them can overflow, as said at each.

use super::tile::{FINE_SIDE, FineTile};

/// Source cells that an averaged cell may touch: it is at most two cells wide.
const TAPS: usize = 3;

/// An interval of a side of 64 cells, divided into `N` cells of equal width.
#[derive(Clone, Debug)]
pub(super) struct Axis<const N: usize> {
    /// The first source cell of each, so that `TAPS` of them exist from there on.
    first: [u8; N],
    /// How much of each of these source cells belongs to it.
    weights: [[u16; TAPS]; N],
    /// The sum of the weights of each.
    pub whole: u32,
}

impl<const N: usize> Axis<N> {
    /// From `from` to `to`, in units of which a source cell has `per_cell` and the interval a
    /// multiple of `N`; at most the whole side.
    #[inline(always)]
    pub fn new(from: u32, to: u32, per_cell: u32) -> Self {
        let whole = (to - from) / N as u32;
        let mut axis = Self { first: [0; N], weights: [[0; TAPS]; N], whole };
        for (k, (first, weights)) in axis.first.iter_mut().zip(&mut axis.weights).enumerate() {
            let begin = from + whole * k as u32;
            let end = begin + whole;
            let cell = (begin / per_cell).min((FINE_SIDE - TAPS) as u32);
            *first = cell as u8;
            for (tap, weight) in weights.iter_mut().enumerate() {
                let (left, right) =
                    ((cell + tap as u32) * per_cell, (cell + tap as u32 + 1) * per_cell);
                *weight = right.min(end).saturating_sub(left.max(begin)) as u16;
            }
        }
        axis
    }
}

/// A tile, and the same tile mirrored at its main diagonal: an axis is averaged along rows of
/// either, never across.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    pub rows: [[u8; FINE_SIDE]; FINE_SIDE],
    pub columns: [[u8; FINE_SIDE]; FINE_SIDE],
}

impl Plane {
    pub fn new(tile: &FineTile) -> Self {
        let mut plane =
            Self { rows: [[0; FINE_SIDE]; FINE_SIDE], columns: [[0; FINE_SIDE]; FINE_SIDE] };
        for (row, cells) in plane.rows.iter_mut().zip(tile.0.chunks_exact(FINE_SIDE)) {
            row.copy_from_slice(cells);
        }
        for y in 0..FINE_SIDE {
            for x in 0..FINE_SIDE {
                plane.columns[x][y] = plane.rows[y][x];
            }
        }
        plane
    }
}

/// One axis averaged, the other one as it was: for each of the 64 cells of the latter the `N`
/// weighted sums along the former, at most 255 · 256.
pub(super) type Half<const N: usize> = [[u16; N]; FINE_SIDE];

/// Averages along the first axis of `lines` (across them) and turns the result, so that the second
/// axis can be averaged the same way.
#[inline(always)]
pub(super) fn first_axis<const N: usize>(
    lines: &[[u8; FINE_SIDE]; FINE_SIDE],
    axis: &Axis<N>,
    out: &mut Half<N>,
) {
    for (k, (&first, weights)) in axis.first.iter().zip(&axis.weights).enumerate() {
        let mut sums = [0_u16; FINE_SIDE];
        let first = usize::from(first);
        for (line, &weight) in lines[first..first + TAPS].iter().zip(weights) {
            for (sum, &cell) in sums.iter_mut().zip(line) {
                *sum = sum.wrapping_add(u16::from(cell).wrapping_mul(weight));
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            out[k] = sum;
        }
    }
}

/// Averages along the second axis: the weighted sum of each cell, at most 255 · 2¹⁶, line by line.
#[inline(always)]
pub(super) fn second_axis<const N: usize>(
    half: &Half<N>,
    axis: &Axis<N>,
    mut line: impl FnMut(usize, &[u32; N]),
) {
    for (k, (&first, weights)) in axis.first.iter().zip(&axis.weights).enumerate() {
        let mut sums = [0_u32; N];
        let first = usize::from(first);
        for (cells, &weight) in half[first..first + TAPS].iter().zip(weights) {
            for (sum, &cell) in sums.iter_mut().zip(cells) {
                *sum = sum.wrapping_add(u32::from(cell).wrapping_mul(u32::from(weight)));
            }
        }
        line(k, &sums);
    }
}
