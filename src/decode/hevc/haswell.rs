//! The same code for blocks once more, compiled for AVX2 and the shifts that came with it: a tenth
//! of the time. `widest` does not help here: the closure that it takes is too large to be inlined.

use super::blocks::{ChromaBlocks, Haswell, LumaBlock};
use super::segment::Segment;

/// [`Segment::plain_luma_block`].
pub(super) fn luma_block(_: Haswell, segment: &mut Segment<'_>, block: LumaBlock) {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn compiled(segment: &mut Segment<'_>, block: LumaBlock) {
        segment.plain_luma_block(block);
    }
    // SAFETY: a `Haswell` is proof of every feature that the function asks for.
    unsafe { compiled(segment, block) }
}

/// [`Segment::plain_chroma_blocks`].
pub(super) fn chroma_blocks(_: Haswell, segment: &mut Segment<'_>, blocks: ChromaBlocks) {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn compiled(segment: &mut Segment<'_>, blocks: ChromaBlocks) {
        segment.plain_chroma_blocks(blocks);
    }
    // SAFETY: a `Haswell` is proof of every feature that the function asks for.
    unsafe { compiled(segment, blocks) }
}
