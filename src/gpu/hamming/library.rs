//! The hashes of a join on the device: a strip of needles at a time, and the library in segments.
//!
//! A segment takes 64 MiB, with the 256-bit hashes 80 MiB. The first [`RESIDENT`] ones stay for the
//! whole join, and each of the others is uploaded for every strip: so at most five are there, which
//! is 400 MiB, however large the library. Uploading 80 MiB costs some 10 ms, and comparing them with
//! a strip 270 ms at 10¹² pairs per second.

use std::ops::Range;

use bytemuck::cast_slice;
use wgpu::BufferUsages;

use crate::gpu::device::{Gpu, GpuError};
use crate::model::phash::{FineHash, PerceptualHash};

/// Hashes of a segment; half as many bytes as a binding may hold.
const SEGMENT: usize = 8 << 20;
/// The same where the 256-bit hashes go with them.
const SEGMENT_OF_BOTH: usize = 2 << 20;
/// Segments that stay.
const RESIDENT: usize = 4;

/// One side of a join, as it lies in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    pub hashes: &'a [PerceptualHash],
    /// As many, where both decide.
    pub fines: Option<&'a [FineHash]>,
}

/// Hashes in buffers of the device.
#[derive(Debug)]
pub(super) struct Segment {
    pub hashes: wgpu::Buffer,
    pub fines: Option<wgpu::Buffer>,
    /// The positions of its hashes among all.
    pub positions: Range<u32>,
}

impl Segment {
    pub fn upload(gpu: &Gpu, side: Side<'_>, positions: Range<u32>) -> Result<Self, GpuError> {
        let range = positions.start as usize..positions.end as usize;
        let buffer = |label: &str, bytes: &[u8]| {
            // Whole elements of four words, whatever the number of hashes.
            let size = (bytes.len() as u64).next_multiple_of(16);
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
            let buffer = gpu.buffer(label, size, usage)?;
            gpu.write(&buffer, bytes);
            Ok(buffer)
        };
        let hashes = buffer("hashes", cast_slice(&side.hashes[range.clone()]))?;
        let fines = side.fines.map(|fines| buffer("fine hashes", cast_slice(&fines[range])));
        Ok(Self { hashes, fines: fines.transpose()?, positions })
    }
}

/// The library of a join.
#[derive(Debug)]
pub(super) struct DeviceLibrary<'a> {
    side: Side<'a>,
    segment: usize,
    resident: Vec<Option<Segment>>,
    passing: Option<Segment>,
}

impl<'a> DeviceLibrary<'a> {
    /// With segments of at most so many hashes, for tests; else as large as they may be.
    pub fn new(side: Side<'a>, segment: Option<usize>) -> Self {
        let most = if side.fines.is_some() { SEGMENT_OF_BOTH } else { SEGMENT };
        let segment = segment.map_or(most, |segment| segment.clamp(1, most));
        let mut library = Self { side, segment, resident: Vec::new(), passing: None };
        library.resident.resize_with(library.segments().min(RESIDENT), || None);
        library
    }

    /// How many there are.
    pub fn segments(&self) -> usize {
        self.side.hashes.len().div_ceil(self.segment)
    }

    /// The positions of the hashes of a segment.
    pub fn positions(&self, number: usize) -> Range<u32> {
        let from = number * self.segment;
        from as u32..self.side.hashes.len().min(from + self.segment) as u32
    }

    /// The segment of that number; it is uploaded unless it is there.
    pub fn get(&mut self, gpu: &Gpu, number: usize) -> Result<&Segment, GpuError> {
        let (side, positions) = (self.side, self.positions(number));
        let place = match self.resident.get_mut(number) {
            Some(place) => place,
            None => {
                self.passing = None;
                &mut self.passing
            }
        };
        match place {
            Some(segment) => Ok(segment),
            None => Ok(place.insert(Segment::upload(gpu, side, positions)?)),
        }
    }
}
