//! Lossless WebP pictures (RFC 9649, section 3) by rows: of the pixels only as many are kept as later
//! ones may repeat.
//!
//! Whatever this reader does not take is left to another one, which also says what is wrong: `None`
//! is all that is told of it here. The section numbers in this folder are those of the RFC.

mod bits;
mod cache;
mod codes;
mod distances;
mod groups;
mod pixels;
mod predictors;
mod still;
mod transforms;

pub(super) use still::{LosslessHead, LosslessReader};
