//! Prediction along a direction (ITU-T H.265, 8.4.4.2.6).

use super::border::{Border, HORIZONTAL, Manner, VERTICAL};

/// Most bits of a sample for which the sums fit in 16 bits.
pub(super) const MAX_NARROW: u32 = 11;

/// 32nds of a sample that a direction moves for each row, from mode 2 on.
const ANGLES: [i32; 33] = [
    32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26, -32, -26, -21, -17, -13, -9,
    -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32,
];

/// 8192 by the angle, from mode 11 on.
const INVERSES: [i32; 15] =
    [-4096, -1638, -910, -630, -482, -390, -315, -256, -315, -390, -482, -630, -910, -1638, -4096];

/// What two weighted samples are summed up in.
pub(super) trait Sum: Copy {
    fn between(first: u16, second: u16, part: u16) -> u16;
}

impl Sum for u16 {
    #[inline(always)]
    fn between(first: u16, second: u16, part: u16) -> u16 {
        let sum = first.wrapping_mul(32_u16.wrapping_sub(part));
        sum.wrapping_add(second.wrapping_mul(part)).wrapping_add(16) >> 5
    }
}

impl Sum for u32 {
    #[inline(always)]
    fn between(first: u16, second: u16, part: u16) -> u16 {
        let part = u32::from(part);
        let sum = u32::from(first).wrapping_mul(32_u32.wrapping_sub(part));
        (sum.wrapping_add(u32::from(second).wrapping_mul(part)).wrapping_add(16) >> 5) as u16
    }
}

#[inline(always)]
pub(super) fn predict<const SIDE: usize, S: Sum>(
    border: &Border,
    mode: u8,
    manner: Manner,
    rows: &mut [[u16; SIDE]; SIDE],
) {
    let mode = usize::from(mode.clamp(2, 34));
    let is_upright = mode >= 18;
    let (middle, angle) = (2 * SIDE, ANGLES[mode - 2]);
    // Directions from the left are those from above with the border turned round, and the block
    // turned back.
    let mut line = [0; 4 * 32 + 1];
    line[..=4 * SIDE].copy_from_slice(&border[..=4 * SIDE]);
    if !is_upright {
        line[..=4 * SIDE].reverse();
    }
    let corner = i32::from(line[middle]);
    let straight: [u16; SIDE] = std::array::from_fn(|y| line[middle - 1 - y]);
    let reach = ((SIDE as i32 * angle) >> 5).min(0).unsigned_abs() as usize;
    if reach > 1 {
        // What is before the corner is seen along the direction.
        let inverse = INVERSES[mode - 11];
        let mut seen = [0; 32];
        for (index, place) in seen[..reach].iter_mut().enumerate() {
            let at = (-(index as i32 + 1) * inverse + 128) >> 8;
            *place = line[middle - at as usize];
        }
        for (index, &sample) in seen[..reach].iter().enumerate() {
            line[middle - 1 - index] = sample;
        }
    }
    for (y, row) in rows.iter_mut().enumerate() {
        let along = (y as i32 + 1) * angle;
        let start = (middle as i32 + 1 + (along >> 5)) as usize;
        let part = (along & 31) as u16;
        let Some((first, second)) = line.get(start..start + SIDE).zip(line.get(start + 1..)) else {
            continue;
        };
        if part == 0 {
            row.copy_from_slice(first);
        } else {
            for ((out, &first), &second) in row.iter_mut().zip(first).zip(second) {
                *out = S::between(first, second, part);
            }
        }
    }
    let is_straight = mode == usize::from(HORIZONTAL) || mode == usize::from(VERTICAL);
    if is_straight && SIDE < 32 {
        let (first, most) = (i32::from(line[middle + 1]), (1 << manner.depth) - 1);
        for (row, &beside) in rows.iter_mut().zip(&straight) {
            row[0] = (first + ((i32::from(beside) - corner) >> 1)).clamp(0, most) as u16;
        }
    }
    if !is_upright {
        transpose(rows);
    }
}

#[inline(always)]
fn transpose<const SIDE: usize>(rows: &mut [[u16; SIDE]; SIDE]) {
    let from = *rows;
    for (y, row) in rows.iter_mut().enumerate() {
        for (out, from) in row.iter_mut().zip(&from) {
            *out = from[y];
        }
    }
}
