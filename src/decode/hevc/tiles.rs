//! The order in which coding tree blocks are coded (ITU-T H.265, 6.5.1).

use super::HevcRefusal;
use super::pps::TileForm;

/// A coding tree block in the order of coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its number row by row over the picture.
    pub(super) address: usize,
    /// The tile that it is in.
    pub(super) tile: u16,
    /// The first in a row of its tile.
    pub(super) begins_row: bool,
}

/// All coding tree blocks of a picture of `columns` × `rows`.
pub(super) fn steps(
    form: Option<&TileForm>,
    columns: usize,
    rows: usize,
) -> Result<Vec<Step>, HevcRefusal> {
    let one = TileForm::Uniform { columns: 1, rows: 1 };
    let (across, down) = match form.unwrap_or(&one) {
        TileForm::Uniform { columns: c, rows: r } => (uniform(columns, *c), uniform(rows, *r)),
        TileForm::Explicit { widths, heights } => {
            (explicit(columns, widths)?, explicit(rows, heights)?)
        }
    };
    let mut steps = Vec::with_capacity(columns * rows);
    let mut tile = 0;
    for vertical in down.windows(2) {
        for horizontal in across.windows(2) {
            let (&[top, bottom], &[left, right]) = (vertical, horizontal) else { continue };
            if top >= bottom || left >= right {
                return Err(HevcRefusal::Damaged("a tile is empty"));
            }
            for y in top..bottom {
                steps.extend((left..right).map(|x| Step {
                    address: y * columns + x,
                    tile,
                    begins_row: x == left,
                }));
            }
            tile += 1;
        }
    }
    Ok(steps)
}

/// Where tiles begin, and where the last one ends.
fn uniform(length: usize, count: usize) -> Vec<usize> {
    (0..=count).map(|index| index * length / count).collect()
}

fn explicit(length: usize, sizes: &[usize]) -> Result<Vec<usize>, HevcRefusal> {
    let mut bounds = vec![0];
    let mut end = 0;
    for size in sizes {
        end += size;
        bounds.push(end);
    }
    bounds.push(length);
    if end >= length { Err(HevcRefusal::Damaged("its tiles are too large")) } else { Ok(bounds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_coded_one_after_the_other() {
        let form = TileForm::Explicit { widths: vec![1], heights: vec![1] };
        let steps = steps(Some(&form), 3, 2).unwrap();
        let found: Vec<_> = steps.iter().map(|s| (s.address, s.tile, s.begins_row)).collect();
        let expected =
            [(0, 0, true), (1, 1, true), (2, 1, false), (3, 2, true), (4, 3, true), (5, 3, false)];
        assert_eq!(found, expected);
    }

    #[test]
    fn tiles_fill_the_picture() {
        assert_eq!(uniform(10, 3), [0, 3, 6, 10]);
        assert!(steps(Some(&TileForm::Uniform { columns: 4, rows: 1 }), 3, 3).is_err());
        let form = TileForm::Explicit { widths: vec![3], heights: Vec::new() };
        assert!(steps(Some(&form), 3, 3).is_err());
    }
}
