//! What hashes pictures, compares hashes and proves pairs.

use std::fmt;

use crate::index::{CpuJoiner, Joiner};
use crate::picture::hasher::{CpuHasher, TileHasher};
use crate::picture::proof::{Aligner, CpuAligner};
use crate::picture::window::{BatchWindowHasher, CpuWindowHasher};

/// Two hashers, a joiner and an aligner. All of them give the same results.
pub struct Backends {
    /// Hashes tiles.
    pub hasher: Box<dyn TileHasher>,
    /// Finds near pairs of hashes.
    pub joiner: Box<dyn Joiner + Send>,
    /// Hashes windows of tiles.
    pub windows: Box<dyn BatchWindowHasher>,
    /// Lays pairs of pictures over each other.
    pub aligner: Box<dyn Aligner>,
}

/// The CPU's.
impl Default for Backends {
    fn default() -> Self {
        Self {
            hasher: Box::new(CpuHasher),
            joiner: Box::new(CpuJoiner),
            windows: Box::new(CpuWindowHasher),
            aligner: Box::new(CpuAligner),
        }
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends").field("hasher", &self.hasher.name()).finish_non_exhaustive()
    }
}
