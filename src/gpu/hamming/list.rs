//! The list that a dispatch fills, and the way back from the device.

use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};
use wgpu::BufferUsages;

use super::kernels::HammingKernels;
use super::library::Segment;
use crate::gpu::device::{Gpu, GpuError, Kernel, Mapping, dispatch, read_mapped};

/// Pairs that the list holds: 8 MiB.
pub(super) const CAPACITY: u32 = 1 << 20;
/// Pairs that are read back at once, ahead of knowing how many there are.
const AT_ONCE: u64 = 1 << 14;
/// Where the readback buffer holds the pairs; before them is their number.
const PAIRS_AT: u64 = 16;

/// `Job` of `hamming.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub(super) struct Job {
    pub needles: [u32; 2],
    pub library: [u32; 2],
    pub bases: [u32; 2],
    pub radius: u32,
    pub self_join: u32,
    pub capacity: u32,
    pub fine_radius: u32,
}

#[derive(Debug)]
pub(super) struct PairList {
    job: wgpu::Buffer,
    found: wgpu::Buffer,
    pairs: wgpu::Buffer,
    readback: wgpu::Buffer,
}

/// A strip and a segment, bound.
pub(super) struct Bound<'a> {
    kernel: &'a Kernel,
    group: wgpu::BindGroup,
    pub bases: [u32; 2],
}

/// What a dispatch left: how many pairs, and the first of them.
pub(super) struct Filled {
    count: u32,
    first: Vec<[u32; 2]>,
}

impl PairList {
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        let bytes = u64::from(CAPACITY) * 8;
        let uniform = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let computed = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let read = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        Ok(Self {
            job: gpu.buffer("job", size_of::<Job>() as u64, uniform)?,
            found: gpu.buffer("found", 4, computed | BufferUsages::COPY_DST)?,
            pairs: gpu.buffer("pairs", bytes, computed)?,
            readback: gpu.buffer("pair readback", PAIRS_AT + bytes, read)?,
        })
    }

    pub fn bind<'a>(
        &self,
        gpu: &Gpu,
        kernels: &'a HammingKernels,
        needles: &Segment,
        library: &Segment,
    ) -> Result<Bound<'a>, GpuError> {
        let mut buffers =
            vec![&self.job, &needles.hashes, &library.hashes, &self.found, &self.pairs];
        let fines = needles.fines.as_ref().zip(library.fines.as_ref());
        buffers.extend(fines.iter().flat_map(|(needles, library)| [*needles, *library]));
        let kernel = if fines.is_some() { &kernels.both } else { &kernels.coarse };
        Ok(Bound {
            kernel,
            group: gpu.bind(kernel, &buffers)?,
            bases: [needles.positions.start, library.positions.start],
        })
    }

    /// Runs one dispatch and waits for it.
    pub fn fill(
        &self,
        gpu: &Gpu,
        bound: &Bound<'_>,
        job: &Job,
        groups: (u32, u32),
    ) -> Result<Filled, GpuError> {
        gpu.write(&self.job, bytes_of(job));
        let submission = gpu.submit(|encoder| {
            encoder.clear_buffer(&self.found, 0, None);
            dispatch(encoder, bound.kernel, &bound.group, groups);
            encoder.copy_buffer_to_buffer(&self.found, 0, &self.readback, 0, 4);
            let first = AT_ONCE * 8;
            encoder.copy_buffer_to_buffer(&self.pairs, 0, &self.readback, PAIRS_AT, first);
        })?;
        let mapped = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        gpu.wait(submission)?;
        read_mapped(&mapped.finish()?, PAIRS_AT + AT_ONCE * 8, |bytes| {
            let count: u32 = bytes[..4].try_into().map_or(u32::MAX, u32::from_ne_bytes);
            Filled { count, first: pairs_in(bytes, u64::from(count).min(AT_ONCE)) }
        })
    }

    /// The pairs of the last dispatch; `None` when they are more than the list holds.
    pub fn read(&self, gpu: &Gpu, filled: Filled) -> Result<Option<Vec<[u32; 2]>>, GpuError> {
        let count = u64::from(filled.count);
        if filled.count > CAPACITY {
            return Ok(None);
        }
        if count <= AT_ONCE {
            return Ok(Some(filled.first));
        }
        let size = count * 8;
        let submission = gpu.submit(|encoder| {
            encoder.copy_buffer_to_buffer(&self.pairs, 0, &self.readback, PAIRS_AT, size);
        })?;
        let mapped = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        gpu.wait(submission)?;
        let all = |bytes: &[u8]| pairs_in(bytes, count);
        read_mapped(&mapped.finish()?, PAIRS_AT + size, all).map(Some)
    }
}

fn pairs_in(bytes: &[u8], count: u64) -> Vec<[u32; 2]> {
    cast_slice(&bytes[PAIRS_AT as usize..][..count as usize * 8]).to_vec()
}
