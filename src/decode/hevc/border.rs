//! The samples around a block, and what prediction goes by (ITU-T H.265, 8.4.4.2.2).

use super::picture::{Picture, Territory};

pub(super) const PLANAR: u8 = 0;
pub(super) const DC: u8 = 1;
pub(super) const HORIZONTAL: u8 = 10;
pub(super) const VERTICAL: u8 = 26;

/// The samples around a block of up to 32 a side: from the lower left end up to the corner, which
/// is at twice the side, and on to the upper right end.
pub(super) type Border = [u16; 4 * 32 + 1];

/// How one sequence predicts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) depth: u32,
    pub(super) strong_smoothing: bool,
    pub(super) no_smoothing: bool,
}

/// 8.4.4.2.2: the border, with made-up samples where there are none.
#[inline(always)]
pub(super) fn border(
    picture: &Picture,
    (x, y): (usize, usize),
    side: usize,
    territory: Territory,
    depth: u32,
) -> Border {
    let mut border = [0; 4 * 32 + 1];
    let is_there = |x: usize, y: usize| picture.territory(x, y) == territory;
    let (has_left, has_top) = (x > 0, y > 0);
    // Blocks of one size are decoded whole, so one unit of each neighbour tells.
    let lower = match has_left && is_there(x - 1, y + side) {
        true => picture.rows_left(y + side, side),
        false => 0,
    };
    let left = if has_left && is_there(x - 1, y) { side } else { 0 };
    let corner = has_left && has_top && is_there(x - 1, y - 1);
    let top = if has_top && is_there(x, y - 1) { side } else { 0 };
    let right = match has_top && is_there(x + side, y - 1) {
        true => picture.columns_left(x + side, side),
        false => 0,
    };
    let middle = 2 * side;
    if left > 0 {
        // Without a left neighbour there is no lower one.
        let column = picture.samples.get(y * picture.width + x - 1..).unwrap_or_default();
        let column = column.iter().step_by(picture.width).take(side + lower);
        for (place, &sample) in border[..middle].iter_mut().rev().zip(column) {
            *place = sample;
        }
    }
    if has_top {
        let above = picture.samples.get((y - 1) * picture.width..).unwrap_or_default();
        for (start, count) in [(0, top), (side, right)] {
            if let Some(from) = above.get(x + start..x + start + count) {
                border[middle + 1 + start..][..count].copy_from_slice(from);
            }
        }
        if corner && let Some(&sample) = above.get(x - 1) {
            border[middle] = sample;
        }
    }
    if left > 0 && corner && top > 0 && lower == side && right == side {
        return border;
    }
    let parts = [
        (0, side - lower, false),
        (side - lower, side, true),
        (side, middle, left > 0),
        (middle, middle + 1, corner),
        (middle + 1, middle + 1 + side, top > 0),
        (middle + 1 + side, middle + 1 + side + right, true),
        (middle + 1 + side + right, 2 * middle + 1, false),
    ];
    substitute(&mut border, &parts, 1 << (depth - 1));
    border
}

/// Fills the parts that are not there with the sample before, the first ones with the first that
/// is there, and all with `grey` where none is.
fn substitute(border: &mut Border, parts: &[(usize, usize, bool)], grey: u16) {
    let mut value = parts
        .iter()
        .find(|(start, end, is_there)| *is_there && end > start)
        .map_or(grey, |&(start, ..)| border[start]);
    for &(start, end, is_there) in parts.iter().filter(|(start, end, _)| end > start) {
        if is_there {
            value = border[end - 1];
        } else {
            border[start..end].fill(value);
        }
    }
}
