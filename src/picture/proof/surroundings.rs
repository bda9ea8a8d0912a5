//! What a picture shows around the part that another one shows.

use super::align::Prepared;
use super::shades::commonest;
use crate::model::findings::Surroundings;
use crate::picture::part::Part;
use crate::picture::tile::FINE_SIDE;

/// Cells that a margin is wide at least.
const LEAST: usize = 1;
/// Levels from the commonest one that still count as that one.
const SHADES: usize = 6;
/// Least share of the commonest shade in a margin that somebody put there, in per cent.
const PLAIN: u32 = 35;
/// Least step between such a margin and the picture, in levels on average; the cell in between
/// shows both.
const STEP: u32 = 8;
/// Below this share of its picture, a part with bars or margins around it is on a screen, in
/// per cent.
const SCREEN: u32 = 66;

/// What `of` shows around its part.
pub fn surroundings(of: &Prepared, part: Part) -> Surroundings {
    let cells = |edge: u32| (edge as usize + 2) / 4;
    let (top, left) = (cells(part.top), cells(part.left));
    let (bottom, right) = (cells(part.bottom), cells(part.right));
    let rows = &of.plane.rows;
    let column = |x: usize| (top..bottom).map(move |y| rows[y][x]);
    let row = |y: usize| (left..right).map(move |x| rows[y][x]);
    let has = [top, left, FINE_SIDE - bottom, FINE_SIDE - right].map(|width| width >= LEAST);
    let added = [
        !has[0] || is_plain((0..top).flat_map(row)) && step(row(top - 1), row(top + 1)) >= STEP,
        !has[1]
            || is_plain((0..left).flat_map(column))
                && step(column(left - 1), column(left + 1)) >= STEP,
        !has[2]
            || is_plain((bottom..FINE_SIDE).flat_map(row))
                && step(row(bottom - 2), row(bottom)) >= STEP,
        !has[3]
            || is_plain((right..FINE_SIDE).flat_map(column))
                && step(column(right - 2), column(right)) >= STEP,
    ];
    if has == [false; 4] || added.contains(&false) {
        return Surroundings::Picture;
    }
    let is_small = part.area() * 100 / (Part::SIDE * Part::SIDE) < SCREEN;
    match has {
        [true, _, true, _] if is_small => Surroundings::Screen,
        [true, false, true, false] => Surroundings::BarsAboveAndBelow,
        [false, true, false, true] => Surroundings::BarsBeside,
        [true, false, false, false] => Surroundings::CaptionAbove,
        [false, false, true, false] => Surroundings::CaptionBelow,
        _ => Surroundings::Border,
    }
}

/// Whether most of the cells have about one level.
fn is_plain(cells: impl Iterator<Item = u8>) -> bool {
    let mut all = 0;
    commonest(cells.inspect(|_| all += 1), SHADES) * 100 >= all * PLAIN
}

/// The mean difference between neighbours.
fn step(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> u32 {
    let (mut sum, mut count) = (0_u32, 0_u32);
    for (a, b) in a.zip(b) {
        sum += u32::from(a.abs_diff(b));
        count += 1;
    }
    sum.checked_div(count).unwrap_or(0)
}
