//! One slot of the ring: its buffers, and a batch on its way through them.

use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};
use wgpu::BufferUsages;

use crate::gpu::dct;
use crate::gpu::device::{
    Gpu, GpuError, Kernel, MAX_WORKGROUPS, Mapping, dispatch, read_mapped, write_mapped,
};
use crate::model::phash::PictureHash;
use crate::picture::tile::{TILE_SIDE, Tile};

/// Pictures that a slot takes: 4 MiB of tiles.
pub(super) const SLOT_PICTURES: usize = 4096;
// One row of workgroups is enough for them.
const _: () = assert!(SLOT_PICTURES <= MAX_WORKGROUPS as usize);

const TILE_BYTES: usize = TILE_SIDE * TILE_SIDE;
const RESULT_BYTES: u64 = 4 * dct::TURNED_WORDS as u64;

/// `Batch` of `phash.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct TileBatch {
    count: u32,
    columns: u32,
    mark: u32,
    unused: u32,
}
const BATCH_BYTES: u64 = size_of::<TileBatch>() as u64;

/// The shader, compiled, and what all slots share.
#[derive(Debug)]
pub(super) struct Kernels {
    phash: Kernel,
    cosines: wgpu::Buffer,
}

impl Kernels {
    pub(super) fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        let wgsl = concat!(
            include_str!("../../../shaders/dct.wgsl"),
            include_str!("../../../shaders/phash.wgsl")
        );
        Ok(Self { phash: gpu.kernel("phash", wgsl)?, cosines: dct::cosines(gpu)? })
    }
}

#[derive(Debug)]
pub(super) struct Slot {
    upload: wgpu::Buffer,
    batch: wgpu::Buffer,
    tiles: wgpu::Buffer,
    results: wgpu::Buffer,
    readback: wgpu::Buffer,
    bindings: wgpu::BindGroup,
}

/// A batch that was submitted.
#[derive(Debug)]
pub(super) struct InFlight {
    slot: Slot,
    submission: wgpu::SubmissionIndex,
    uploaded: Mapping,
    result: Mapping,
    count: usize,
    mark: u32,
}

impl Slot {
    pub(super) fn new(gpu: &Gpu, kernels: &Kernels) -> Result<Self, GpuError> {
        let pictures = SLOT_PICTURES as u64;
        let tile_bytes = pictures * TILE_BYTES as u64;
        let result_bytes = pictures * RESULT_BYTES;
        let source = BufferUsages::STORAGE | BufferUsages::COPY_DST;
        let upload = BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC;
        let uniform = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let batch = gpu.buffer("batch", BATCH_BYTES, uniform)?;
        let tiles = gpu.buffer("tiles", tile_bytes, source)?;
        let computed = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let results = gpu.buffer("results", result_bytes, computed)?;
        let bindings = gpu.bind(&kernels.phash, &[&batch, &kernels.cosines, &tiles, &results])?;
        Ok(Self {
            upload: gpu.buffer("upload", BATCH_BYTES + tile_bytes, upload)?,
            readback: gpu.buffer(
                "readback",
                result_bytes,
                BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            )?,
            batch,
            tiles,
            results,
            bindings,
        })
    }

    /// Uploads a batch of at most [`SLOT_PICTURES`] and sets the GPU to work on it.
    pub(super) fn start(
        self,
        gpu: &Gpu,
        kernels: &Kernels,
        tiles: &[Tile],
        mark: u32,
    ) -> Result<InFlight, GpuError> {
        let count = tiles.len();
        let batch = TileBatch { count: count as u32, columns: count as u32, mark, unused: 0 };
        write_mapped(&self.upload, |view| {
            view.slice(..BATCH_BYTES as usize).copy_from_slice(bytes_of(&batch));
            let mut at = BATCH_BYTES as usize;
            for tile in tiles {
                view.slice(at..at + TILE_BYTES).copy_from_slice(&tile.0);
                at += TILE_BYTES;
            }
        })?;
        let bytes = (count * TILE_BYTES) as u64;
        let submission = gpu.submit(|encoder| {
            encoder.copy_buffer_to_buffer(&self.upload, 0, &self.batch, 0, BATCH_BYTES);
            encoder.copy_buffer_to_buffer(&self.upload, BATCH_BYTES, &self.tiles, 0, bytes);
            dispatch(encoder, &kernels.phash, &self.bindings, (count as u32, 1));
            let bytes = count as u64 * RESULT_BYTES;
            encoder.copy_buffer_to_buffer(&self.results, 0, &self.readback, 0, bytes);
        })?;
        let uploaded = Mapping::ask(&self.upload, wgpu::MapMode::Write);
        let result = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        Ok(InFlight { slot: self, submission, uploaded, result, count, mark })
    }

    pub(super) fn rehash(
        &self,
        gpu: &Gpu,
        kernels: &Kernels,
        count: usize,
        rounds: usize,
    ) -> Result<(), GpuError> {
        let batch =
            TileBatch { count: count as u32, columns: count.max(1) as u32, mark: 0, unused: 0 };
        gpu.write(&self.batch, bytes_of(&batch));
        let submission = gpu.submit(|encoder| {
            for _ in 0..rounds {
                dispatch(encoder, &kernels.phash, &self.bindings, (count as u32, 1));
            }
        })?;
        gpu.wait(submission)
    }
}

impl InFlight {
    /// Waits for the batch and appends its hashes; gives the slot back.
    pub(super) fn finish(self, gpu: &Gpu, hashes: &mut Vec<PictureHash>) -> Result<Slot, GpuError> {
        gpu.wait(self.submission)?;
        let readback = self.result.finish()?;
        self.uploaded.finish()?;
        let bytes = self.count as u64 * RESULT_BYTES;
        let read = read_mapped(&readback, bytes, |bytes| {
            let words: &[u32] = cast_slice(bytes);
            let (results, _) = words.as_chunks();
            let computed = results.iter().all(|result| dct::is_marked(result, self.mark));
            if computed {
                hashes.extend(results.iter().map(dct::turned));
            }
            computed
        })?;
        if read { Ok(self.slot) } else { Err(GpuError::Wrong("a result was never written".into())) }
    }
}
