//! Hashing on a GPU: `shaders/phash.wgsl` from tiles, `shaders/tile.wgsl` before it from planes.
//!
//! Batches go round a ring of three slots, so that one is filled while another is computed and a
//! third is read. All bits are those of [`crate::picture::dct`]: the device is checked against it
//! when it is opened, each result carries a mark that only the shader writes, and whatever a
//! failing device leaves undone is hashed on the CPU.

mod ring;
mod slot;
mod work;

use std::sync::{Mutex, PoisonError};

use crate::gpu::device::{AdapterChoice, Gpu, GpuError};
use crate::model::phash::PictureHash;
use crate::picture::dct;
use crate::picture::hasher::{CpuHasher, TileHasher};
use crate::picture::tile::{Plane, Tile};
use ring::Ring;
use work::HashInput;

/// Most samples along a side of a plane that goes to the GPU as it is: with samples of up to 8×8
/// pixels no sum leaves 32 bits.
pub const MAX_PLANE_SIDE: u32 = 512;
/// Most pixels along the side of a sample, likewise.
pub const MAX_PLANE_SCALE: u32 = 8;

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
        ring.hash(HashInput::Tiles(&tiles), &mut hashes)?;
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

    /// Averages planes to tiles and hashes them; one hash per plane, in their order.
    ///
    /// Those beyond [`MAX_PLANE_SIDE`] or [`MAX_PLANE_SCALE`] are averaged on the CPU.
    pub fn hash_planes(&self, planes: &[Plane<'_>]) -> Vec<PictureHash> {
        let fits = |plane: &Plane<'_>| {
            let (columns, rows) = plane.shape();
            columns.max(rows) <= MAX_PLANE_SIDE && plane.scale() <= MAX_PLANE_SCALE
        };
        let mut hashes = Vec::with_capacity(planes.len());
        for part in planes.chunk_by(|a, b| fits(a) == fits(b)) {
            if part.first().is_some_and(fits) {
                self.hash_or_fall_back(HashInput::Planes(part), &mut hashes);
            } else {
                let tiles = tiles_of(part);
                self.hash_or_fall_back(HashInput::Tiles(&tiles), &mut hashes);
            }
        }
        hashes
    }

    /// Appends one hash for each item, by the CPU where the GPU does not.
    fn hash_or_fall_back(&self, work: HashInput<'_>, hashes: &mut Vec<PictureHash>) {
        let before = hashes.len();
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(working) = &mut *ring {
            match working.hash(work, hashes) {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!("{error}; the CPU hashes the rest");
                    *ring = Err(error);
                }
            }
        }
        drop(ring);
        let done = hashes.len() - before;
        match work {
            HashInput::Tiles(tiles) => hashes.extend(CpuHasher.hash(&tiles[done..])),
            HashInput::Planes(planes) => hashes.extend(CpuHasher.hash(&tiles_of(&planes[done..]))),
        }
    }
}

/// The tiles of planes, on the CPU.
fn tiles_of(planes: &[Plane<'_>]) -> Vec<Tile> {
    // A plane's shape was checked when it was made, so that each of them has a tile.
    let flat = || Tile([0; crate::picture::tile::TILE_SIDE * crate::picture::tile::TILE_SIDE]);
    planes.iter().map(|plane| plane.tiles().map_or_else(flat, |tiles| tiles.coarse)).collect()
}

impl TileHasher for GpuHasher {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn hash(&self, tiles: &[Tile]) -> Vec<PictureHash> {
        let mut hashes = Vec::with_capacity(tiles.len());
        self.hash_or_fall_back(HashInput::Tiles(tiles), &mut hashes);
        hashes
    }
}
