//! The colours of a picture, coarsely. The proof that two pictures show the same looks at details in
//! grey; whether they are shown in the same colours and tones is another question.

use crate::model::media::Orientation;
use crate::picture::tile::{DETAIL_SIDE, DetailTile};

/// Cells along each side in which colours are compared.
const CELLS: usize = 16;

/// Red, green and blue in 256×256 cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourTile(pub [DetailTile; 3]);

/// How far two pictures are apart in their colours, in levels of 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColourDifference {
    /// The average over 16×16 cells and the three colours.
    pub mean: u32,
    /// The largest of a cell.
    pub most: u32,
}

impl ColourDifference {
    /// Whether saving a picture again explains it. Measured on 12 photographs as (mean, most): JPEG
    /// down to quality 20, WebP, AVIF, HEIC, GIF, CMYK and sizes down to 128 pixels stay within
    /// (2, 25). Brightness by a fifth begins at a mean of 9, gamma 1.4 at 14, contrast by 30 % at 4.
    pub fn is_of_encoding(self) -> bool {
        self.mean <= 2 && self.most <= 26
    }
}

impl ColourTile {
    /// The tile of the picture after `orientation` was applied.
    #[must_use]
    pub fn oriented(&self, orientation: Orientation) -> Self {
        Self(self.0.each_ref().map(|tile| tile.oriented(orientation)))
    }

    /// Compares the part within `edges` (top, left, bottom and right, in 256ths of the sides) with
    /// the whole of another picture.
    pub fn difference(&self, edges: [u16; 4], whole: &Self) -> ColourDifference {
        let side = DETAIL_SIDE as u16;
        let (mut sum, mut most) = (0, 0);
        for (part, whole) in self.0.iter().zip(&whole.0) {
            let (part, whole) = (averages(part, edges), averages(whole, [0, 0, side, side]));
            for (a, b) in part.into_iter().zip(whole) {
                sum += a.abs_diff(b);
                most = most.max(a.abs_diff(b));
            }
        }
        ColourDifference { mean: sum / (3 * CELLS * CELLS) as u32, most }
    }
}

/// The averages of 16×16 cells of a part.
fn averages(tile: &DetailTile, [top, left, bottom, right]: [u16; 4]) -> Vec<u32> {
    let limits = |from: u16, to: u16, at: usize| {
        let from = usize::from(from).min(DETAIL_SIDE - 1);
        let length = usize::from(to).min(DETAIL_SIDE).saturating_sub(from).max(1);
        let begin = from + length * at / CELLS;
        begin..(from + length * (at + 1) / CELLS).max(begin + 1)
    };
    let rows: Vec<&[u8]> = tile.cells().chunks_exact(DETAIL_SIDE).collect();
    let mut averages = Vec::with_capacity(CELLS * CELLS);
    for y in 0..CELLS {
        for x in 0..CELLS {
            let (down, across) = (limits(top, bottom, y), limits(left, right, x));
            let cells = rows.get(down).into_iter().flatten();
            let cells = cells.flat_map(|row| row.get(across.clone()).unwrap_or_default());
            let (sum, count) =
                cells.fold((0, 0), |(sum, count), &cell| (sum + u32::from(cell), count + 1));
            averages.push(sum / u32::max(count, 1));
        }
    }
    averages
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slope from left to right, as bright as `scale` makes it, of which `from..to` is shown.
    fn slope(from: usize, to: usize, scale: usize) -> ColourTile {
        let row: Vec<u8> = (0..DETAIL_SIDE)
            .map(|x| ((from * DETAIL_SIDE + (to - from) * x) / DETAIL_SIDE * scale / 100) as u8)
            .collect();
        let rows = || std::iter::repeat_n(row.as_slice(), DETAIL_SIDE);
        let side = DETAIL_SIDE as u32;
        ColourTile(std::array::from_fn(|_| DetailTile::average(side, side, rows()).unwrap()))
    }

    #[test]
    fn tones_and_colours_tell() {
        let whole = [0, 0, 256, 256];
        let picture = slope(0, 256, 100);
        let same = picture.difference(whole, &picture);
        assert_eq!(same, ColourDifference { mean: 0, most: 0 });
        assert!(!picture.difference(whole, &slope(0, 256, 85)).is_of_encoding(), "darker");
        let mut tinted = picture.clone();
        tinted.0[2] = slope(0, 256, 70).0[2].clone();
        assert!(!picture.difference(whole, &tinted).is_of_encoding(), "without blue");
    }

    #[test]
    fn a_part_is_compared_where_it_lies() {
        let picture = slope(0, 256, 100);
        let part = slope(64, 192, 100);
        assert!(picture.difference([0, 64, 256, 192], &part).is_of_encoding());
        assert!(!picture.difference([0, 0, 256, 128], &part).is_of_encoding());
        let turned = picture.oriented(Orientation::Rotate90);
        let part = part.oriented(Orientation::Rotate90);
        assert!(turned.difference([64, 0, 192, 256], &part).is_of_encoding());
        // Edges that make no sense are no reason to fail.
        picture.difference([9, 900, 3, 256], &part);
    }
}
