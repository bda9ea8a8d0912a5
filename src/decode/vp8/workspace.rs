//! The macroblock in hand and the pixels around it, before any filter.

use super::tokens::Residual;
use super::transform;

/// Columns before the macroblock: the one to the left of it is the last of them.
pub(super) const LEFT: usize = 8;
/// Columns of a row: the macroblock takes 16, and 4 more belong to the macroblock above and to the
/// right.
const STRIDE: usize = 32;
/// The columns of the macroblock.
pub(super) const INSIDE: std::ops::Range<usize> = LEFT..LEFT + 16;
const RIGHT: std::ops::Range<usize> = LEFT + 16..LEFT + 20;

/// Pixels above the picture, and to the left of it (RFC 6386, section 12).
const ABOVE_PICTURE: u8 = 127;
const LEFT_OF_PICTURE: u8 = 129;

/// The row above comes first, then the 16 rows of the macroblock.
#[derive(Clone, Debug)]
pub(super) struct Workspace {
    pub rows: [[u8; STRIDE]; 17],
    /// The last pixels of the macroblocks above, and four more.
    above: Vec<u8>,
}

impl Workspace {
    pub fn new(across: usize) -> Self {
        Self { rows: [[ABOVE_PICTURE; STRIDE]; 17], above: vec![ABOVE_PICTURE; across * 16 + 4] }
    }

    /// Goes to the left of the picture.
    pub fn start_row(&mut self, row: usize) {
        let corner = if row == 0 { ABOVE_PICTURE } else { LEFT_OF_PICTURE };
        for (number, pixels) in self.rows.iter_mut().enumerate() {
            pixels[LEFT - 1] = if number == 0 { corner } else { LEFT_OF_PICTURE };
        }
        if row > 0 {
            // The last pixel stands for those behind it.
            let end = self.above.len() - 4;
            let last = self.above[end - 1];
            self.above[end..].fill(last);
        }
    }

    /// Brings the row above a macroblock.
    #[inline(always)]
    pub fn enter(&mut self, column: usize) {
        let above = &self.above[column * 16..][..20];
        self.rows[0][LEFT..LEFT + 20].copy_from_slice(above);
        // Blocks at the right edge see no more of what is to the right than the topmost one does.
        let [first, rest @ ..] = &mut self.rows;
        for row in rest.iter_mut().skip(3).step_by(4) {
            row[RIGHT].copy_from_slice(&first[RIGHT]);
        }
    }

    /// Keeps what the macroblocks below and to the right need.
    #[inline(always)]
    pub fn leave(&mut self, column: usize) {
        for row in &mut self.rows {
            row[LEFT - 1] = row[LEFT + 15];
        }
        self.above[column * 16..][..16].copy_from_slice(&self.rows[16][INSIDE]);
    }

    /// The rows of the macroblock.
    #[inline(always)]
    pub fn inside(&self) -> impl Iterator<Item = &[u8]> {
        self.rows[1..].iter().map(|row| &row[INSIDE])
    }

    /// Adds the coefficients of all blocks to the prediction, and clears them.
    #[inline(always)]
    pub fn add_all(&mut self, residual: &mut Residual) {
        for index in 0..16 {
            self.add(index, residual);
        }
    }

    /// Adds the coefficients of a block to its prediction, and clears them.
    #[inline(always)]
    pub fn add(&mut self, index: usize, residual: &mut Residual) {
        let block = &mut residual.blocks[index];
        let (top, left) = (index / 4 * 4 + 1, LEFT + index % 4 * 4);
        match std::mem::take(&mut residual.ends[index]) {
            0 => return,
            1 => {
                let difference = (block[0] + 4) >> 3;
                for row in &mut self.rows[top..top + 4] {
                    for pixel in &mut row[left..left + 4] {
                        *pixel = (i32::from(*pixel) + difference).clamp(0, 255) as u8;
                    }
                }
            }
            _ => {
                let differences = transform::inverse_cosine(block);
                let differences = differences.as_chunks::<4>().0;
                for (row, differences) in self.rows[top..top + 4].iter_mut().zip(differences) {
                    for (pixel, difference) in row[left..left + 4].iter_mut().zip(differences) {
                        *pixel = (i32::from(*pixel) + difference).clamp(0, 255) as u8;
                    }
                }
            }
        }
        *block = [0; 16];
    }
}
