//! Pixels predicted from those around them (3.5.1).

const BLACK: u32 = 0xff00_0000;

/// Adds pixels of `mode` to their predictions: those of `row` from `from` to `to`, of which all
/// before are done. `above` is the row above it, as wide.
#[inline(always)]
pub(super) fn add_run(mode: u32, row: &mut [u32], above: &[u32], from: usize, to: usize) {
    match mode {
        1 => add(row, above, from, to, |left, _, _, _| left),
        2 => add(row, above, from, to, |_, _, top, _| top),
        3 => add(row, above, from, to, |_, _, _, right| right),
        4 => add(row, above, from, to, |_, corner, _, _| corner),
        5 => add(row, above, from, to, |left, _, top, right| mean(mean(left, right), top)),
        6 => add(row, above, from, to, |left, corner, _, _| mean(left, corner)),
        7 => add(row, above, from, to, |left, _, top, _| mean(left, top)),
        8 => add(row, above, from, to, |_, corner, top, _| mean(corner, top)),
        9 => add(row, above, from, to, |_, _, top, right| mean(top, right)),
        10 => add(row, above, from, to, |left, corner, top, right| {
            mean(mean(left, corner), mean(top, right))
        }),
        11 => add(row, above, from, to, |left, corner, top, _| nearer(left, corner, top)),
        12 => add(row, above, from, to, |left, corner, top, _| {
            each(left, corner, top, |left, corner, top| left + top - corner)
        }),
        13 => add(row, above, from, to, |left, corner, top, _| {
            let mean = mean(left, top);
            each(mean, corner, 0, |mean, corner, _| mean + (mean - corner) / 2)
        }),
        _ => add(row, above, from, to, |_, _, _, _| BLACK),
    }
}

/// Of the first row: each pixel from the one before.
pub(super) fn add_first(row: &mut [u32]) {
    let mut left = BLACK;
    for pixel in row {
        left = sum(*pixel, left);
        *pixel = left;
    }
}

/// `predict` gets the pixel to the left, and above to the left, above, and above to the right: at
/// the end of a row that is the first pixel of the row itself.
#[inline(always)]
fn add(
    row: &mut [u32],
    above: &[u32],
    from: usize,
    to: usize,
    predict: impl Fn(u32, u32, u32, u32) -> u32,
) {
    let width = row.len().min(above.len());
    let (from, to) = (from.min(width), to.min(width));
    let Some(&first) = row.first() else { return };
    if from == 0 || from >= to {
        return;
    }
    let (mut left, mut corner, mut top) = (row[from - 1], above[from - 1], above[from]);
    let rights = above[from + 1..].iter().chain(std::iter::once(&first));
    for (pixel, &right) in row[from..to].iter_mut().zip(rights) {
        left = sum(*pixel, predict(left, corner, top, right));
        *pixel = left;
        (corner, top) = (top, right);
    }
}

/// The sums of the samples of two pixels.
#[inline(always)]
pub(super) fn sum(a: u32, b: u32) -> u32 {
    const ODD: u32 = 0x00ff_00ff;
    let even = (a & !ODD).wrapping_add(b & !ODD) & !ODD;
    even | ((a & ODD).wrapping_add(b & ODD) & ODD)
}

/// Their means, rounded down.
#[inline(always)]
fn mean(a: u32, b: u32) -> u32 {
    (((a ^ b) & 0xfefe_fefe) >> 1).wrapping_add(a & b)
}

#[inline(always)]
fn each(a: u32, b: u32, c: u32, value: impl Fn(i16, i16, i16) -> i16) -> u32 {
    let [a, b, c] = [a, b, c].map(u32::to_le_bytes);
    u32::from_le_bytes(std::array::from_fn(|at| {
        value(a[at].into(), b[at].into(), c[at].into()).clamp(0, 255) as u8
    }))
}

/// The one of left and top that is nearer to what a plane through all three would give.
#[inline(always)]
fn nearer(left: u32, corner: u32, top: u32) -> u32 {
    let [l, c, t] = [left, corner, top].map(u32::to_le_bytes);
    let off = |a: [u8; 4]| {
        (0..4).fold(0_i32, |sum, at| {
            sum.wrapping_add(i32::from(a[at]).wrapping_sub(i32::from(c[at])).wrapping_abs())
        })
    };
    if off(t) < off(l) { left } else { top }
}
