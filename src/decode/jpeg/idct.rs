//! Inverse DCT of the k×k lowest coefficients of a block to k×k samples, k = 1, 2, 4, 8, in
//! integers.
//!
//! A block of 8×8 orthonormal coefficients, cut to its k×k lowest and scaled by k/8, is the DCT of
//! the block averaged down to k×k, but for what the cut takes away.

/// round(2¹⁰ · α · √(k/8) · cos((2x+1)uπ/2k)), with α = √(1/k) for u = 0 and √(2/k) else; row u,
/// column x.
const BASIS_2: [[i32; 2]; 2] = [[362, 362], [362, -362]];
#[rustfmt::skip]
const BASIS_4: [[i32; 4]; 4] = [
    [362, 362, 362, 362],
    [473, 196, -196, -473],
    [362, -362, -362, 362],
    [196, -473, 473, -196],
];
#[rustfmt::skip]
const BASIS_8: [[i32; 8]; 8] = [
    [362, 362, 362, 362, 362, 362, 362, 362],
    [502, 426, 284, 100, -100, -284, -426, -502],
    [473, 196, -196, -473, -473, -196, 196, 473],
    [426, -100, -502, -284, 284, 502, 100, -426],
    [362, -362, -362, 362, 362, -362, -362, 362],
    [284, -502, 100, 426, -426, -100, 502, -284],
    [196, -473, 473, -196, -196, 473, -473, 196],
    [100, -284, 426, -502, 502, -426, 284, -100],
];

/// Bounds of a dequantised coefficient. Those of 8-bit pictures stay within ±1024·√2; what is
/// beyond is damage, and is cut so that nothing below can overflow.
const BOUND: i32 = 1 << 13;

/// Zigzag order (T.81, A.6): the place in the block, row by row, of the n-th coefficient.
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A coefficient times its quantum, brought to the range of 8-bit samples.
pub(super) fn dequantise(coefficient: i32, quantum: u16, precision: u8) -> i32 {
    let value = coefficient.saturating_mul(i32::from(quantum));
    let value = if precision > 8 { value.saturating_add(8) >> 4 } else { value };
    value.clamp(-BOUND, BOUND)
}

/// The one sample of k = 1 out of a dequantised DC term.
pub(super) fn dc_sample(dc: i32) -> u8 {
    (((dc + 4) >> 3) + 128).clamp(0, 255) as u8
}

/// Turns dequantised coefficients (row-major 8×8, only the k×k lowest looked at) into k rows of k
/// samples, the rows `stride` apart.
pub(super) fn inverse(block: &[i32; 64], kept: usize, out: &mut [u8], stride: usize) {
    match kept {
        1 => out[0] = dc_sample(block[0]),
        2 => inverse_by(block, &BASIS_2, out, stride),
        4 => inverse_by(block, &BASIS_4, out, stride),
        _ => inverse_by(block, &BASIS_8, out, stride),
    }
}

#[inline(always)]
fn inverse_by<const K: usize>(
    block: &[i32; 64],
    basis: &[[i32; K]; K],
    out: &mut [u8],
    stride: usize,
) {
    // Columns first: rows[x][u], with 2 bits of fraction. |Σ| ≤ 8 · 2¹³ · 502 < 2²⁵.
    let mut rows = [[0_i32; K]; K];
    for (v, coefficients) in block.chunks_exact(8).take(K).enumerate() {
        for (y, row) in rows.iter_mut().enumerate() {
            let factor = basis[v][y];
            for (sum, &coefficient) in row.iter_mut().zip(coefficients) {
                *sum += coefficient * factor;
            }
        }
    }
    for (y, row) in rows.iter().enumerate() {
        let mut sums = [0_i32; K];
        for (u, &coefficient) in row.iter().enumerate() {
            // |coefficient| < 2¹⁷, so that the sum stays below 8 · 2¹⁷ · 2⁹ = 2²⁹.
            let coefficient = (coefficient + (1 << 7)) >> 8;
            for (sum, &factor) in sums.iter_mut().zip(&basis[u]) {
                *sum += coefficient * factor;
            }
        }
        for (sample, &sum) in out[y * stride..][..K].iter_mut().zip(&sums) {
            *sample = (((sum + (1 << 11)) >> 12) + 128).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_their_formula() {
        let check = |k: usize, at: &dyn Fn(usize, usize) -> i32| {
            for u in 0..k {
                for x in 0..k {
                    let alpha = if u == 0 { 1.0 } else { 2.0_f64 };
                    let angle = (2 * x + 1) as f64 * u as f64 * std::f64::consts::PI;
                    let exact = 1024.0 * (alpha / 8.0).sqrt() * (angle / (2 * k) as f64).cos();
                    assert_eq!(at(u, x), exact.round() as i32, "k {k}, u {u}, x {x}");
                }
            }
        };
        check(2, &|u, x| BASIS_2[u][x]);
        check(4, &|u, x| BASIS_4[u][x]);
        check(8, &|u, x| BASIS_8[u][x]);
    }

    #[test]
    fn flat_blocks_have_their_mean_at_every_size() {
        for mean in [0, 1, 77, 128, 200, 255] {
            let mut block = [0; 64];
            block[0] = (mean - 128) * 8;
            for kept in [1, 2, 4, 8] {
                let mut out = [0; 64];
                inverse(&block, kept, &mut out, 8);
                for row in out.chunks_exact(8).take(kept) {
                    assert!(row[..kept].iter().all(|&s| i32::from(s) == mean), "{kept}: {row:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_overflows() {
        for sign in [-1, 1] {
            let block = [dequantise(sign * 32767, u16::MAX, 8); 64];
            for kept in [1, 2, 4, 8] {
                inverse(&block, kept, &mut [0; 64], 8);
            }
        }
    }
}
