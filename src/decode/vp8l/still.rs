//! A lossless picture, row by row.

use super::bits::Bits;
use super::pixels::{self, PixelReader};
use super::transforms::{self, Transform};

const SIGNATURE: u32 = 0x2f;

/// What a picture says of itself before its pixels (3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct LosslessHead {
    pub width: u32,
    pub height: u32,
    /// There may be coverage.
    pub has_alpha: bool,
}

impl LosslessHead {
    /// Bytes that it takes.
    pub const BYTES: usize = 5;

    pub fn read(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        Self::take(&mut Bits::new(bytes))
    }

    fn take(bits: &mut Bits<'_>) -> Option<Self> {
        let is_signed = bits.number(8) == SIGNATURE;
        let (width, height) = (bits.number(14) + 1, bits.number(14) + 1);
        let has_alpha = bits.flag();
        let version = bits.number(3);
        (is_signed && version == 0).then_some(Self { width, height, has_alpha })
    }

    /// Most memory that reading takes, beside the packed bytes.
    pub fn memory(&self) -> u64 {
        // Other pictures have at most a sixteenth of the pixels, in each of the transforms and in
        // that of the groups, and lie twice in memory for a while.
        let others = u64::from(self.width.div_ceil(4)) * u64::from(self.height.div_ceil(4)) * 4 * 4;
        pixels::memory((self.width as usize, self.height as usize)) as u64 + others
    }
}

/// Reads a picture from the top.
pub(in crate::decode) struct LosslessReader<'a> {
    bits: Bits<'a>,
    transforms: Vec<Transform>,
    pixels: PixelReader,
    row: Vec<u32>,
    number: usize,
}

impl<'a> LosslessReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut bits = Bits::new(bytes);
        let head = LosslessHead::take(&mut bits)?;
        let (width, height) = (head.width as usize, head.height as usize);
        let (transforms, width) = transforms::read(&mut bits, (width, height))?;
        let pixels = PixelReader::new(&mut bits, (width, height), true)?;
        Some(Self { bits, transforms, pixels, row: Vec::new(), number: 0 })
    }

    /// The next row: coverage in the highest byte, then red, green and blue. `None` behind the last
    /// one, and where the picture is not whole.
    pub fn next_row(&mut self) -> Option<&[u32]> {
        let row = self.pixels.next_row(&mut self.bits)?;
        self.row.clear();
        self.row.extend_from_slice(row);
        for transform in self.transforms.iter_mut().rev() {
            transform.undo(self.number, &mut self.row);
        }
        self.number += 1;
        Some(&self.row)
    }
}
