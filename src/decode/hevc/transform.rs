//! From coefficients back to differences (ITU-T H.265, 8.6.4).
//!
//! Both stages are sums of rows of the matrix, as many as there are coefficients: the loops over
//! the columns are what the compiler vectorises.

use std::num::Wrapping;

/// A block of up to 32×32, row by row without gaps.
pub(super) type Block = [i16; 1024];

/// 64·√2·cos(index·π/64), as the standard rounds it; the first is that of a DC, without √2.
const COSINES: [i16; 33] = [
    64, 90, 90, 90, 89, 88, 87, 85, 83, 82, 80, 78, 75, 73, 70, 67, 64, 61, 57, 54, 50, 46, 43, 38,
    36, 31, 25, 22, 18, 13, 9, 4, 0,
];

/// The matrix for blocks of `SIDE` samples a side; a row is a coefficient's share in each sample.
const fn matrix<const SIDE: usize>() -> [[i16; SIDE]; SIDE] {
    let mut rows = [[0; SIDE]; SIDE];
    let mut row = 0;
    while row < SIDE {
        let mut column = 0;
        while column < SIDE {
            let angle = row * (32 / SIDE) * (2 * column + 1) % 128;
            rows[row][column] = match angle {
                0..=32 => COSINES[angle],
                33..=64 => -COSINES[64 - angle],
                65..=96 => -COSINES[angle - 64],
                _ => COSINES[128 - angle],
            };
            column += 1;
        }
        row += 1;
    }
    rows
}

static DCT_4: [[i16; 4]; 4] = matrix();
static DCT_8: [[i16; 8]; 8] = matrix();
static DCT_16: [[i16; 16]; 16] = matrix();
static DCT_32: [[i16; 32]; 32] = matrix();
static DST_4: [[i16; 4]; 4] =
    [[29, 55, 74, 84], [74, 74, 0, -74], [84, -29, -74, 55], [55, -84, 74, -29]];

/// Replaces coefficients by differences. None is behind column `last.0` or below row `last.1`.
#[inline(always)]
pub(super) fn inverse(
    block: &mut Block,
    log2: u32,
    is_sine: bool,
    last: (usize, usize),
    depth: u32,
) {
    let shift = 20 - depth as usize;
    match log2 {
        2 if is_sine => two_stages::<4, 4>(block, &DST_4, last, shift),
        2 => two_stages::<4, 4>(block, &DCT_4, last, shift),
        3 => two_stages::<8, 8>(block, &DCT_8, last, shift),
        4 => two_stages::<16, 8>(block, &DCT_16, last, shift),
        _ => two_stages::<32, 8>(block, &DCT_32, last, shift),
    }
}

/// The difference that a block of nothing but a DC has everywhere.
pub(super) fn flat(dc: i32, depth: u32) -> i32 {
    let shift = 20 - depth;
    let first = ((dc * 64 + 64) >> 7).clamp(-32768, 32767);
    (first * 64 + (1 << (shift - 1))) >> shift
}

#[inline(always)]
fn two_stages<const SIDE: usize, const LANES: usize>(
    block: &mut Block,
    matrix: &[[i16; SIDE]; SIDE],
    (last_x, last_y): (usize, usize),
    shift: usize,
) {
    let Some(rows) = block.as_chunks_mut::<SIDE>().0.first_chunk_mut::<SIDE>() else { return };
    let columns = last_x.min(SIDE - 1) + 1;
    // Down each column, some at once.
    let mut halfway = [[0_i16; SIDE]; SIDE];
    for start in (0..columns).step_by(LANES) {
        for (y, out) in halfway.iter_mut().enumerate() {
            let mut sums = [Wrapping(64_i32); LANES];
            for (row, factors) in rows.iter().zip(matrix).take(last_y + 1) {
                if let Some(row) = row.get(start..).and_then(<[i16]>::first_chunk::<LANES>) {
                    add(&mut sums, row, factors[y]);
                }
            }
            if let Some(out) = out.get_mut(start..).and_then(<[i16]>::first_chunk_mut::<LANES>) {
                finish(out, &sums, 7);
            }
        }
    }
    let rounding = Wrapping(1_i32 << (shift - 1));
    for (row, halfway) in rows.iter_mut().zip(&halfway) {
        let mut sums = [rounding; SIDE];
        for (&value, factors) in halfway.iter().zip(matrix).take(columns) {
            add(&mut sums, factors, value);
        }
        finish(row, &sums, shift);
    }
}

#[inline(always)]
fn add<const COUNT: usize>(sums: &mut [Wrapping<i32>; COUNT], values: &[i16; COUNT], factor: i16) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += Wrapping(i32::from(value)) * Wrapping(i32::from(factor));
    }
}

/// Sums as numbers of 16 bits. What is beyond them is beyond every sample too.
#[inline(always)]
fn finish<const COUNT: usize>(out: &mut [i16; COUNT], sums: &[Wrapping<i32>; COUNT], shift: usize) {
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = (sum.0 >> shift).clamp(-32768, 32767) as i16;
    }
}
