//! How coarsely each coefficient is quantised (ITU-T H.265, 7.3.4 and 7.4.5).

use super::HevcRefusal;
use super::bits::Bits;
use super::scan::{DIAGONAL_4, DIAGONAL_8};

/// Factors for the luma of intra blocks of 4, 8, 16 and 32 samples a side, row by row; 16 is one.
#[derive(Clone, Debug)]
pub(super) struct ScalingLists(pub(super) [Vec<u8>; 4]);

/// Table 7-6, in the order of the diagonal scan.
const INTRA_8: [u8; 64] = [
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 17, 16, 17, 16, 17, 18, 17, 18, 18, 17, 18, 21, 19, 20,
    21, 20, 19, 21, 24, 22, 22, 24, 24, 22, 22, 24, 25, 25, 27, 30, 27, 25, 25, 29, 31, 35, 35, 31,
    29, 36, 41, 44, 41, 36, 47, 54, 54, 47, 65, 70, 65, 88, 88, 115,
];

impl Default for ScalingLists {
    fn default() -> Self {
        Self([
            vec![16; 16],
            spread(&INTRA_8, 16, 1),
            spread(&INTRA_8, 16, 2),
            spread(&INTRA_8, 16, 4),
        ])
    }
}

/// A list of 8×8 over a block that is `times` as wide; the DC has a factor of its own.
fn spread(list: &[u8; 64], dc: u8, times: usize) -> Vec<u8> {
    let mut rows = [[0; 8]; 8];
    for (&factor, &(x, y)) in list.iter().zip(&DIAGONAL_8) {
        rows[usize::from(y)][usize::from(x)] = factor;
    }
    let side = 8 * times;
    let mut out: Vec<u8> =
        (0..side * side).map(|at| rows[at / side / times][at % side / times]).collect();
    out[0] = dc;
    out
}

/// `scaling_list_data()`, of which the first matrix of each size is kept.
pub(super) fn scaling_lists(bits: &mut Bits<'_>) -> Result<ScalingLists, HevcRefusal> {
    let mut lists = ScalingLists::default();
    for size in 0..4 {
        let (step, count) = (if size == 3 { 3 } else { 1 }, if size == 0 { 16 } else { 64 });
        for matrix in (0..6).step_by(step) {
            if !bits.flag()? {
                // The same as an earlier one, or the one by default.
                let back = bits.golomb_to(5)?;
                if back * step as u32 > matrix {
                    return Err(HevcRefusal::Damaged("a scaling list is like none"));
                }
                continue;
            }
            let mut next = 8;
            let mut dc = None;
            if size > 1 {
                next = (bits.signed()? + 8) & 255;
                dc = Some(next as u8);
            }
            let mut list = [0; 64];
            for factor in &mut list[..count] {
                next = (next + bits.signed()?.clamp(-256, 256)) & 255;
                *factor = next as u8;
            }
            if matrix == 0 {
                lists.0[size] = match size {
                    0 => small(&list),
                    _ => spread(&list, dc.unwrap_or(list[0]), 1 << (size - 1)),
                };
            }
        }
    }
    Ok(lists)
}

fn small(list: &[u8; 64]) -> Vec<u8> {
    let mut out = vec![0; 16];
    for (&factor, &(x, y)) in list.iter().zip(&DIAGONAL_4) {
        out[usize::from(y) * 4 + usize::from(x)] = factor;
    }
    out
}
