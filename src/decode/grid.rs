//! A sample of the 8×8 blocks of a picture whose rows pass by: their means show whether it was a
//! JPEG before.

use super::earlier;
use crate::model::media::Dimensions;

/// Blocks that are sampled.
const WANTED: u64 = 4096;

/// The blocks of every n-th row of blocks.
#[derive(Debug)]
pub struct GridSample {
    /// Rows that were taken.
    rows: u64,
    /// Every n-th row of blocks counts.
    stride: u64,
    /// The blocks of the present one.
    blocks: Vec<BlockSum>,
    /// DC terms (T.81, A.3.3) of those that are not flat.
    terms: Vec<i16>,
}

#[derive(Clone, Copy, Debug, Default)]
struct BlockSum {
    sum: u32,
    first: u8,
    varies: bool,
}

impl GridSample {
    /// For a picture of `dimensions`.
    pub fn new(dimensions: Dimensions) -> Self {
        let (across, down) = (dimensions.width / 8, dimensions.height / 8);
        let stride = (u64::from(across) * u64::from(down) / WANTED).max(1);
        Self { rows: 0, stride, blocks: Vec::new(), terms: Vec::new() }
    }

    /// Takes the next row of luma.
    pub fn push_row(&mut self, row: &[u8]) {
        let (band, line) = (self.rows / 8, self.rows % 8);
        self.rows += 1;
        if !band.is_multiple_of(self.stride) {
            return;
        }
        let (chunks, _) = row.as_chunks::<8>();
        if line == 0 {
            self.blocks.clear();
            self.blocks.extend(
                chunks.iter().map(|chunk| BlockSum { first: chunk[0], ..BlockSum::default() }),
            );
        }
        for (block, chunk) in self.blocks.iter_mut().zip(chunks) {
            let sum = chunk.iter().fold(0_u32, |sum, &sample| sum.wrapping_add(sample.into()));
            block.sum = block.sum.wrapping_add(sum);
            block.varies |= *chunk != [block.first; 8];
        }
        if line == 7 {
            let varying = self.blocks.iter().filter(|block| block.varies);
            self.terms.extend(varying.map(|block| ((block.sum + 4) / 8) as i16 - 1024));
        }
    }

    /// The luma DC step of an earlier compression, where one is to be seen.
    pub fn earlier_dc_step(&self) -> Option<u8> {
        earlier::dc_step(&self.terms, 1)
    }
}
