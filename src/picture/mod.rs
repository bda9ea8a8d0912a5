//! From pixels to the hash of a picture: the tile that it is reduced to, the exact integer cosine
//! transform, and the hashers that run it. Pure: the same bits on any machine.

pub mod colours;
pub mod dct;
pub mod hasher;
pub mod part;
pub mod proof;
mod resample;
pub(crate) mod simd;
pub mod tile;
pub mod window;
