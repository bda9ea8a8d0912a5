//! The same code for blocks once more, compiled for AVX2 and the shifts that came with it: a tenth
//! of the time. `widest` does not help here: the closure that it takes is too large to be inlined.

use super::segment::Segment;
use super::transform_tree::{ChromaBlocks, LumaBlock};
use crate::picture::simd::is_haswell;

/// Proof that this processor has what the code below asks for.
#[derive(Clone, Copy)]
pub(super) struct Haswell(());

impl Haswell {
    pub(super) fn found() -> Option<Self> {
        is_haswell().then_some(Self(()))
    }

    /// [`Segment::plain_luma_block`].
    pub(super) fn luma_block(self, segment: &mut Segment<'_>, block: LumaBlock) {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        fn compiled(segment: &mut Segment<'_>, block: LumaBlock) {
            segment.plain_luma_block(block);
        }
        // SAFETY: `is_haswell` has found every feature that the function asks for.
        unsafe { compiled(segment, block) }
    }

    /// [`Segment::plain_chroma_blocks`].
    pub(super) fn chroma_blocks(self, segment: &mut Segment<'_>, blocks: ChromaBlocks) {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        fn compiled(segment: &mut Segment<'_>, blocks: ChromaBlocks) {
            segment.plain_chroma_blocks(blocks);
        }
        // SAFETY: `is_haswell` has found every feature that the function asks for.
        unsafe { compiled(segment, blocks) }
    }
}
