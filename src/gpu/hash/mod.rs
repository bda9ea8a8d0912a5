//! Hashing on a GPU: `shaders/phash.wgsl`.
//!
//! Batches go round a ring of three slots, so that one is filled while another is computed and a
//! third is read. All bits are those of [`crate::picture::dct`]: the device is checked against it
//! when it is opened, each result carries a mark that only the shader writes, and whatever a
//! failing device leaves undone is hashed on the CPU.

mod ring;
mod slot;

use std::sync::{Mutex, PoisonError};

use crate::gpu::device::{AdapterChoice, Gpu, GpuError};
use crate::model::phash::PictureHash;
use crate::picture::dct;
use crate::picture::hasher::{CpuHasher, TileHasher};
use crate::picture::tile::Tile;
use ring::Ring;

/// The GPU backend.
#[derive(Debug)]
pub struct GpuHasher {
    name: String,
    ring: Mutex<Result<Ring, GpuError>>,
}

impl GpuHasher {
    /// Opens the best adapter of the wanted kind, and checks it.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Wrong`] when its hashes are not the CPU's.
    pub fn open(wanted: AdapterChoice) -> Result<Self, GpuError> {
        Self::on(Gpu::open(wanted)?)
    }

    /// Uses an open device, and checks it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn on(gpu: Gpu) -> Result<Self, GpuError> {
        let name = gpu.name().to_owned();
        let mut ring = Ring::new(gpu)?;
        let tiles: Vec<Tile> = dct::probe_tiles().collect();
        let mut hashes = Vec::with_capacity(tiles.len());
        ring.hash(&tiles, &mut hashes)?;
        let wrong =
            tiles.iter().zip(&hashes).position(|(tile, hash)| dct::hash_tile(tile) != *hash);
        if let Some(number) = wrong {
            return Err(GpuError::Wrong(format!("{name} hashes probe tile {number} otherwise")));
        }
        Ok(Self { name, ring: Mutex::new(Ok(ring)) })
    }

    /// Adapter and driver (human-readable).
    pub fn adapter(&self) -> &str {
        &self.name
    }

    /// Why the CPU took over, if it did.
    pub fn failure(&self) -> Option<GpuError> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).as_ref().err().cloned()
    }

    /// Hashes `count` tiles that lie on the device already, `rounds` times, and gives nothing back:
    /// to measure the shader alone. At most a slot's 4096 tiles per round.
    ///
    /// # Errors
    /// [`GpuError`].
    pub fn rehash(&self, count: usize, rounds: usize) -> Result<(), GpuError> {
        match &*self.ring.lock().unwrap_or_else(PoisonError::into_inner) {
            Ok(ring) => ring.rehash(count, rounds),
            Err(error) => Err(error.clone()),
        }
    }
}

impl TileHasher for GpuHasher {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn hash(&self, tiles: &[Tile]) -> Vec<PictureHash> {
        let mut hashes = Vec::with_capacity(tiles.len());
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(working) = &mut *ring {
            match working.hash(tiles, &mut hashes) {
                Ok(()) => return hashes,
                Err(error) => {
                    tracing::warn!("{error}; the CPU hashes the rest");
                    *ring = Err(error);
                }
            }
        }
        drop(ring);
        let rest = &tiles[hashes.len()..];
        hashes.extend(CpuHasher.hash(rest));
        hashes
    }
}
