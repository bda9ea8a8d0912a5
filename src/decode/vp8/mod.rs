//! The luma of VP8 (RFC 6386): lossy WebP pictures by rows, and the frames of films.
//!
//! Chroma is parsed, as its coefficients stand between those of luma, and neither predicted nor
//! transformed: nothing in luma depends on it. The section numbers in this folder are those of the
//! RFC.

mod bits;
mod error;
mod frame;
mod header;
mod inter;
mod intra;
mod loop_filter;
mod macroblock;
mod modes;
mod motion;
mod plane;
mod probabilities;
mod quantiser;
mod segments;
mod sequence;
mod still;
mod submode_contexts;
mod token_defaults;
mod token_updates;
mod tokens;
mod transform;
mod workspace;

pub(super) use error::Vp8Error;
pub(super) use header::FrameTag;
pub(super) use sequence::SequenceReader;
pub(super) use still::StillReader;

#[cfg(test)]
mod tests;
