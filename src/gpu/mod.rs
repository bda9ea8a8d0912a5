//! Work on a GPU: the device, hashing of tiles and of windows, and comparing of hashes. The same bits as on the
//! CPU, or an error.

mod dct;
pub mod device;
pub mod hamming;
pub mod hash;
pub mod pace;
pub mod windows;
