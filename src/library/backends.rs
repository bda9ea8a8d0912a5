//! What hashes pictures and compares hashes.

use std::fmt;

use crate::index::{CpuJoiner, Joiner};
use crate::picture::hasher::{CpuHasher, TileHasher};
use crate::picture::window::{BatchWindowHasher, CpuWindowHasher};

/// Two hashers and a joiner. All of them give the same results.
pub struct Backends {
    /// Hashes tiles.
    pub hasher: Box<dyn TileHasher>,
    /// Finds near pairs of hashes.
    pub joiner: Box<dyn Joiner + Send>,
    /// Hashes windows of tiles.
    pub windows: Box<dyn BatchWindowHasher>,
}

/// The CPU's.
impl Default for Backends {
    fn default() -> Self {
        Self {
            hasher: Box::new(CpuHasher),
            joiner: Box::new(CpuJoiner),
            windows: Box::new(CpuWindowHasher),
        }
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends").field("hasher", &self.hasher.name()).finish_non_exhaustive()
    }
}
