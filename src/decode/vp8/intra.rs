//! Prediction from the pixels around (RFC 6386, section 12).

use super::macroblock::{Submode, WholeMode};
use super::workspace::{INSIDE, LEFT, Workspace};

/// Predicts a macroblock at `place` (column and row) as a whole.
#[inline(always)]
pub(super) fn whole(work: &mut Workspace, mode: WholeMode, place: (usize, usize)) {
    let [first, rows @ ..] = &mut work.rows;
    let corner = first[LEFT - 1];
    let above: [u8; 16] = std::array::from_fn(|at| first[LEFT + at]);
    match mode {
        WholeMode::Dc => {
            let sum_above = || above.iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
            let sum_left = rows.iter().map(|row| u32::from(row[LEFT - 1])).sum::<u32>();
            // Only pixels of the picture count.
            let value = match place {
                (0, 0) => 128,
                (0, _) => (sum_above() + 8) >> 4,
                (_, 0) => (sum_left + 8) >> 4,
                _ => (sum_above() + sum_left + 16) >> 5,
            };
            rows.iter_mut().for_each(|row| row[INSIDE].fill(value as u8));
        }
        WholeMode::Vertical => rows.iter_mut().for_each(|row| row[INSIDE].copy_from_slice(&above)),
        WholeMode::Horizontal => {
            for row in rows {
                let left = row[LEFT - 1];
                row[INSIDE].fill(left);
            }
        }
        WholeMode::TrueMotion => {
            for row in rows {
                let slope = i16::from(row[LEFT - 1]) - i16::from(corner);
                for (pixel, above) in row[INSIDE].iter_mut().zip(above) {
                    *pixel = (i16::from(above) + slope).clamp(0, 255) as u8;
                }
            }
        }
    }
}

/// Predicts block `index` of the macroblock.
#[inline(always)]
pub(super) fn subblock(work: &mut Workspace, index: usize, mode: Submode) {
    let (top, left) = (index / 4 * 4, LEFT + index % 4 * 4);
    let rows = &mut work.rows[top..top + 5];
    // From the lowest pixel to the left over the corner to the last one above and to the right.
    let mut edge = [0_u8; 13];
    for (pixel, row) in edge.iter_mut().zip(rows.iter().rev()) {
        *pixel = row[left - 1];
    }
    edge[5..].copy_from_slice(&rows[0][left..left + 8]);
    let predicted = predict(mode, &edge);
    for (row, predicted) in rows[1..].iter_mut().zip(predicted) {
        row[left..left + 4].copy_from_slice(&predicted);
    }
}

/// The block for the nine pixels of `edge` around it and the four after them.
#[inline(always)]
fn predict(mode: Submode, edge: &[u8; 13]) -> [[u8; 4]; 4] {
    let pixel = |at: usize| u32::from(edge[at]);
    // Between a pixel and the next one; around a pixel.
    let two = |at: usize| ((pixel(at) + pixel(at + 1) + 1) >> 1) as u8;
    let three = |at: usize| ((pixel(at - 1) + 2 * pixel(at) + pixel(at + 1) + 2) >> 2) as u8;
    // To the left from the top: 3, 2, 1, 0; the lowest one stands for those below it.
    let lowest = edge[0];
    let last = ((pixel(1) + 3 * pixel(0) + 2) >> 2) as u8;
    match mode {
        Submode::Dc => {
            let sum: u32 = (0..4).map(|at| pixel(at) + pixel(5 + at)).sum();
            [[((sum + 4) >> 3) as u8; 4]; 4]
        }
        Submode::TrueMotion => std::array::from_fn(|row| {
            let slope = i32::from(edge[3 - row]) - i32::from(edge[4]);
            std::array::from_fn(|at| (i32::from(edge[5 + at]) + slope).clamp(0, 255) as u8)
        }),
        Submode::Vertical => [std::array::from_fn(|at| three(5 + at)); 4],
        Submode::Horizontal => [[three(3); 4], [three(2); 4], [three(1); 4], [last; 4]],
        Submode::LeftDown => {
            let end = ((pixel(11) + 3 * pixel(12) + 2) >> 2) as u8;
            let along = |at: usize| if at == 6 { end } else { three(6 + at) };
            std::array::from_fn(|row| std::array::from_fn(|at| along(row + at)))
        }
        Submode::RightDown => {
            std::array::from_fn(|row| std::array::from_fn(|at| three(4 + at - row)))
        }
        Submode::VerticalRight => [
            [two(4), two(5), two(6), two(7)],
            [three(4), three(5), three(6), three(7)],
            [three(3), two(4), two(5), two(6)],
            [three(2), three(4), three(5), three(6)],
        ],
        Submode::VerticalLeft => [
            [two(5), two(6), two(7), two(8)],
            [three(6), three(7), three(8), three(9)],
            [two(6), two(7), two(8), three(10)],
            [three(7), three(8), three(9), three(11)],
        ],
        Submode::HorizontalDown => [
            [two(3), three(4), three(5), three(6)],
            [two(2), three(3), two(3), three(4)],
            [two(1), three(2), two(2), three(3)],
            [two(0), three(1), two(1), three(2)],
        ],
        Submode::HorizontalUp => [
            [two(2), three(2), two(1), three(1)],
            [two(1), three(1), two(0), last],
            [two(0), last, lowest, lowest],
            [lowest; 4],
        ],
    }
}
