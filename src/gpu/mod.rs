//! Work on a GPU: the device, hashing of tiles and of windows, comparing of hashes, and laying
//! pictures over each other. The same bits as on the CPU, or an error.

pub mod align;
mod dct;
pub mod device;
pub mod hamming;
pub mod hash;
pub mod pace;
pub mod rented;
pub mod windows;
