//! Three slots in turn: one is filled while another is computed and a third is read.

use std::collections::VecDeque;

use super::slot::{InFlight, Kernels, SLOT_PICTURES, Slot};
use crate::gpu::dct;
use crate::gpu::device::{Gpu, GpuError};
use crate::model::phash::PictureHash;
use crate::picture::tile::Tile;

const SLOTS: usize = 3;

#[derive(Debug)]
pub(super) struct Ring {
    gpu: Gpu,
    kernels: Kernels,
    idle: Vec<Slot>,
    /// The number that the next batch is marked with.
    mark: u32,
}

impl Ring {
    pub(super) fn new(gpu: Gpu) -> Result<Self, GpuError> {
        let kernels = Kernels::new(&gpu)?;
        let idle =
            (0..SLOTS).map(|_| Slot::new(&gpu, &kernels)).collect::<Result<Vec<_>, GpuError>>()?;
        Ok(Self { gpu, kernels, idle, mark: 1 })
    }

    /// Hashes what a slot holds over and over.
    pub(super) fn rehash(&self, count: usize, rounds: usize) -> Result<(), GpuError> {
        let Some(slot) = self.idle.first() else { return Ok(()) };
        slot.rehash(&self.gpu, &self.kernels, count.min(SLOT_PICTURES), rounds)
    }

    /// Appends one hash for each tile, in their order. After an error those that are there are
    /// good, and the ring is of no use any more.
    pub(super) fn hash(
        &mut self,
        mut tiles: &[Tile],
        hashes: &mut Vec<PictureHash>,
    ) -> Result<(), GpuError> {
        let mut in_flight: VecDeque<InFlight> = VecDeque::with_capacity(SLOTS);
        while !tiles.is_empty() || !in_flight.is_empty() {
            let slot = if !tiles.is_empty() { self.idle.pop() } else { None };
            if let Some(slot) = slot {
                let (now, later) = tiles.split_at(tiles.len().min(SLOT_PICTURES));
                in_flight.push_back(slot.start(&self.gpu, &self.kernels, now, self.mark)?);
                self.mark = dct::next_mark(self.mark);
                tiles = later;
            } else if let Some(oldest) = in_flight.pop_front() {
                self.idle.push(oldest.finish(&self.gpu, hashes)?);
            } else {
                return Err(GpuError::Lost("no slot is left".into()));
            }
        }
        Ok(())
    }
}
