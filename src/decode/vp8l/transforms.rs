//! What was done to the pixels before they were coded, and is undone row by row (3.5).

use super::bits::Bits;
use super::pixels::{PixelReader, parts};
use super::predictors;
use crate::picture::simd::widest;

/// One step, for rows of such a width.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    kind: Kind,
    width: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Pixels are differences to what is predicted.
    Predictor { parts: Parts, above: Vec<u32> },
    /// Red and blue are differences to shares of the other colours.
    Colour(Parts),
    /// Red and blue are differences to green.
    Green,
    /// Green is an index into a table; several of them may be packed into one.
    Table { colours: Vec<u32>, pixel_bits: u32 },
}

/// A picture of what differs from part to part.
#[derive(Clone, Debug)]
struct Parts {
    values: Vec<u32>,
    bits: u32,
    across: usize,
}

impl Parts {
    fn read(bits: &mut Bits<'_>, (width, height): (usize, usize)) -> Option<Self> {
        let side_bits = 2 + bits.number(3);
        let (across, down) = (parts(width, side_bits), parts(height, side_bits));
        let values = PixelReader::new(bits, (across, down), false)?.all(bits)?;
        Some(Self { values, bits: side_bits, across })
    }

    /// The values along a row, each with the columns that it counts for.
    fn along(&self, row: usize, width: usize) -> impl Iterator<Item = (u32, usize, usize)> {
        let side = 1 << self.bits;
        let values = self.values.chunks_exact(self.across).nth(row >> self.bits);
        let values = values.unwrap_or_default().iter().enumerate();
        values.map(move |(at, &value)| (value, at * side, width.min((at + 1) * side)))
    }
}

/// Reads all of them, in the order in which they were done; gives also the width of the picture
/// that is coded.
pub(super) fn read(
    bits: &mut Bits<'_>,
    (mut width, height): (usize, usize),
) -> Option<(Vec<Transform>, usize)> {
    let mut transforms: Vec<Transform> = Vec::new();
    let mut known = [false; 4];
    while bits.flag() {
        let kind = bits.number(2) as usize;
        // Each may be there once.
        if std::mem::replace(&mut known[kind], true) {
            return None;
        }
        let stored = width;
        let kind = match kind {
            0 => {
                let parts = Parts::read(bits, (width, height))?;
                Kind::Predictor { parts, above: vec![0; width] }
            }
            1 => Kind::Colour(Parts::read(bits, (width, height))?),
            2 => Kind::Green,
            _ => {
                let count = bits.number(8) as usize + 1;
                let mut colours = PixelReader::new(bits, (count, 1), false)?.all(bits)?;
                let mut before = 0;
                for colour in &mut colours {
                    before = predictors::sum(*colour, before);
                    *colour = before;
                }
                let packed = match count {
                    ..=2 => 3,
                    3..=4 => 2,
                    5..=16 => 1,
                    _ => 0,
                };
                width = parts(width, packed);
                Kind::Table { colours, pixel_bits: 8 >> packed }
            }
        };
        transforms.push(Transform { kind, width: stored });
    }
    Some((transforms, width))
}

impl Transform {
    /// Undoes it for row `number` of the picture.
    pub fn undo(&mut self, number: usize, row: &mut Vec<u32>) {
        match &mut self.kind {
            Kind::Predictor { parts, above } => {
                if number == 0 {
                    predictors::add_first(row);
                } else if let (Some(first), Some(&top)) = (row.first_mut(), above.first()) {
                    *first = predictors::sum(*first, top);
                    for (value, from, to) in parts.along(number, row.len()) {
                        let mode = value >> 8 & 15;
                        predictors::add_run(mode, row, above, from.max(1), to);
                    }
                }
                above.copy_from_slice(row);
            }
            Kind::Colour(parts) => {
                for (value, from, to) in parts.along(number, row.len()) {
                    if let Some(run) = row.get_mut(from..to) {
                        widest(|| add_shares(value, run));
                    }
                }
            }
            Kind::Green => widest(|| row.iter_mut().for_each(|pixel| *pixel = plus_green(*pixel))),
            Kind::Table { colours, pixel_bits } => {
                let packed = std::mem::take(row);
                let of_one = 8 / *pixel_bits;
                let mask = (1_u32 << *pixel_bits) - 1;
                row.extend((0..self.width).map(|at| {
                    let pixel = packed.get(at / of_one as usize).copied().unwrap_or_default();
                    let index = pixel >> (8 + at as u32 % of_one * *pixel_bits) & mask;
                    colours.get(index as usize).copied().unwrap_or_default()
                }));
            }
        }
    }
}

#[inline(always)]
fn plus_green(pixel: u32) -> u32 {
    let green = pixel >> 8 & 0xff;
    let others = (pixel & 0xff_00ff).wrapping_add(green << 16 | green) & 0xff_00ff;
    pixel & 0xff00_ff00 | others
}

#[inline(always)]
fn add_shares(value: u32, pixels: &mut [u32]) {
    let share = |byte: u32| i16::from(byte as u8 as i8);
    let (green_of_red, green_of_blue, red_of_blue) =
        (share(value), share(value >> 8), share(value >> 16));
    let part =
        |share: i16, colour: u32| (share.wrapping_mul((colour as u8 as i8).into()) >> 5) as u32;
    for pixel in pixels {
        let green = *pixel >> 8;
        let red = (*pixel >> 16).wrapping_add(part(green_of_red, green));
        let blue =
            pixel.wrapping_add(part(green_of_blue, green)).wrapping_add(part(red_of_blue, red));
        *pixel = *pixel & 0xff00_ff00 | (red & 0xff) << 16 | blue & 0xff;
    }
}
