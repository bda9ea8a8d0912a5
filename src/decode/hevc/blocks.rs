//! What is asked of the decoder of a block, and what the processor has for it.

#[cfg(target_arch = "x86_64")]
use crate::picture::simd::is_haswell;

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

/// Proof that this processor has what `haswell` asks for.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Haswell(());

#[cfg(target_arch = "x86_64")]
impl Haswell {
    pub(super) fn found() -> Option<Self> {
        is_haswell().then_some(Self(()))
    }
}
