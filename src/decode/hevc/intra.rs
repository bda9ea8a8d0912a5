//! Prediction from the samples around a block (ITU-T H.265, 8.4.4.2.3 to 8.4.4.2.5).

use super::angular;
use super::border::{Border, DC, HORIZONTAL, Manner, PLANAR, VERTICAL};

/// A predicted block, row by row without gaps.
pub(super) type Predicted = [u16; 32 * 32];

/// Predicts a block of `SIDE` samples a side by `mode` (8.4.4.2.3 to 8.4.4.2.6).
#[inline(always)]
pub(super) fn predict<const SIDE: usize>(
    border: &Border,
    mode: u8,
    manner: Manner,
    out: &mut Predicted,
) {
    let smoothed;
    let border = match is_smoothed(mode, SIDE) && !manner.no_smoothing {
        true => {
            smoothed = smooth::<SIDE>(border, manner);
            &smoothed
        }
        false => border,
    };
    let (rows, _) = out.as_chunks_mut::<SIDE>();
    let Some(rows) = rows.first_chunk_mut::<SIDE>() else { return };
    match mode {
        PLANAR => planar(border, rows),
        DC => mean(border, rows),
        _ if manner.depth <= angular::MAX_NARROW => {
            angular::predict::<SIDE, u16>(border, mode, manner, rows);
        }
        _ => angular::predict::<SIDE, u32>(border, mode, manner, rows),
    }
}

/// 8.4.4.2.3: the farther a direction is from straight, and the larger the block.
fn is_smoothed(mode: u8, side: usize) -> bool {
    let distance = mode.abs_diff(VERTICAL).min(mode.abs_diff(HORIZONTAL));
    mode != DC
        && match side {
            4 => false,
            8 => distance > 7,
            16 => distance > 1,
            _ => distance > 0,
        }
}

#[inline(always)]
fn smooth<const SIDE: usize>(border: &Border, manner: Manner) -> Border {
    let (middle, last) = (2 * SIDE, 4 * SIDE);
    let [first, corner, end] = [0, middle, last].map(|at| i32::from(border[at]));
    if manner.strong_smoothing && SIDE == 32 {
        let bends = |far: i32, half: usize| {
            (corner + far - 2 * i32::from(border[half])).abs() < 1 << (manner.depth - 5)
        };
        if bends(first, SIDE) && bends(end, 3 * SIDE) {
            return std::array::from_fn(|at| {
                let (from, to, along) =
                    if at <= middle { (first, corner, at) } else { (corner, end, at - middle) };
                ((from * (64 - along as i32) + to * along as i32 + 32) >> 6) as u16
            });
        }
    }
    let mut out = *border;
    let triples = border[..=last].iter().zip(&border[1..=last]).zip(&border[2..=last]);
    for (out, ((&a, &b), &c)) in out[1..last].iter_mut().zip(triples) {
        *out = a.wrapping_add(b << 1).wrapping_add(c).wrapping_add(2) >> 2;
    }
    out
}

#[inline(always)]
fn planar<const SIDE: usize>(border: &Border, rows: &mut [[u16; SIDE]; SIDE]) {
    let middle = 2 * SIDE;
    let shift = SIDE.ilog2() + 1;
    let top = &border[middle + 1..][..SIDE];
    let right = u32::from(border[middle + 1 + SIDE]);
    let lower = u32::from(border[SIDE - 1]);
    for (y, row) in rows.iter_mut().enumerate() {
        let left = u32::from(border[middle - 1 - y]);
        let (near, far) = ((SIDE - 1 - y) as u32, (y + 1) as u32);
        // From the left sample to the right one in equal steps.
        let start = left.wrapping_mul(SIDE as u32).wrapping_add(SIDE as u32);
        let start = start.wrapping_add(far.wrapping_mul(lower));
        let step = right.wrapping_sub(left);
        for (x, (out, &above)) in row.iter_mut().zip(top).enumerate() {
            let across = start.wrapping_add(step.wrapping_mul(x as u32 + 1));
            *out = (across.wrapping_add(near.wrapping_mul(u32::from(above))) >> shift) as u16;
        }
    }
}

#[inline(always)]
fn mean<const SIDE: usize>(border: &Border, rows: &mut [[u16; SIDE]; SIDE]) {
    let middle = 2 * SIDE;
    let sum: u32 = border[SIDE..middle]
        .iter()
        .chain(&border[middle + 1..][..SIDE])
        .map(|&sample| u32::from(sample))
        .sum();
    let mean = ((sum + SIDE as u32) >> (SIDE.ilog2() + 1)) as u16;
    rows.iter_mut().for_each(|row| row.fill(mean));
    if SIDE == 32 {
        return;
    }
    let (left, top) = (border[middle - 1], border[middle + 1]);
    for (out, &above) in rows[0].iter_mut().zip(&border[middle + 1..]) {
        *out = (above + 3 * mean + 2) >> 2;
    }
    for (row, &beside) in rows.iter_mut().zip(border[..middle].iter().rev()) {
        row[0] = (beside + 3 * mean + 2) >> 2;
    }
    rows[0][0] = (left + 2 * mean + top + 2) >> 2;
}
