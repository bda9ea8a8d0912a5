//! What is asked of the decoder of a block. Blocks are decoded by code for AVX2, and the shifts that
//! came with it, where the processor has them: a tenth of the time.

use super::segment::Segment;
use crate::picture::simd::Work;

/// A block of luma to be decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct LumaBlock {
    pub(super) place: (usize, usize),
    pub(super) log2: u32,
    pub(super) is_lossless: bool,
    /// How it is predicted.
    pub(super) mode: u8,
    /// It has coefficients.
    pub(super) is_coded: bool,
}

/// Blocks of one kind of chroma that are to be read past.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChromaBlocks {
    pub(super) is_lossless: bool,
    pub(super) log2: u32,
    pub(super) mode: u8,
    /// Which of them have coefficients.
    pub(super) flags: [bool; 2],
}

/// [`Segment::luma_block`].
pub(super) struct LumaWork<'s, 'a>(pub &'s mut Segment<'a>, pub LumaBlock);

impl Work for LumaWork<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.luma_block_here(self.1);
    }
}

/// [`Segment::chroma_blocks`].
pub(super) struct ChromaWork<'s, 'a>(pub &'s mut Segment<'a>, pub ChromaBlocks);

impl Work for ChromaWork<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.chroma_blocks_here(self.1);
    }
}
