//! One slot: where a dispatch's results go, and a dispatch on its way through it.

use std::time::Duration;

use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};
use wgpu::BufferUsages;

use super::plan::MOST_WINDOWS;
use crate::gpu::dct;
use crate::gpu::device::{Gpu, GpuError, Kernel, Mapping, dispatch, read_mapped};
use crate::picture::tile::{FINE_SIDE, FineTile};

/// Pictures whose tiles are on the device at once: 16 MiB.
pub(super) const BATCH: usize = 4096;
const TILE_BYTES: usize = FINE_SIDE * FINE_SIDE;
/// Bytes of results of a dispatch.
pub(super) const RESULT_BYTES: usize = 16 << 20;

/// Which views of each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Views {
    Upright,
    All,
}

impl Views {
    /// Words of a result.
    pub fn words(self) -> usize {
        match self {
            Self::Upright => dct::UPRIGHT_WORDS,
            Self::All => dct::TURNED_WORDS,
        }
    }
}

/// `Job` of `windows.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct WindowJob {
    first: u32,
    windows: u32,
    mark: u32,
    unused: u32,
}

/// The shader, compiled for both kinds of results, and what all dispatches share.
#[derive(Debug)]
pub(super) struct WindowKernels {
    upright: Kernel,
    all: Kernel,
    cosines: wgpu::Buffer,
    tiles: wgpu::Buffer,
    runs: wgpu::Buffer,
    downs: wgpu::Buffer,
}

impl WindowKernels {
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        let wgsl = concat!(
            include_str!("../../../shaders/dct.wgsl"),
            include_str!("../../../shaders/windows.wgsl")
        );
        let kernel = |views: f64| gpu.kernel_with("windows", wgsl, &[("VIEWS", views)]);
        let source = |label: &str, bytes: usize| {
            gpu.buffer(label, bytes as u64, BufferUsages::STORAGE | BufferUsages::COPY_DST)
        };
        Ok(Self {
            upright: kernel(1.0)?,
            all: kernel(4.0)?,
            cosines: dct::cosines(gpu)?,
            tiles: source("fine tiles", BATCH * TILE_BYTES)?,
            runs: source("runs", MOST_WINDOWS * size_of::<[u32; 4]>())?,
            downs: source("downs", MOST_WINDOWS * size_of::<[u32; 2]>())?,
        })
    }

    /// Says which windows the dispatches from now on hash.
    pub fn ask(&self, gpu: &Gpu, runs: &[[u32; 4]], downs: &[[u32; 2]]) {
        gpu.write(&self.runs, cast_slice(runs));
        gpu.write(&self.downs, cast_slice(downs));
    }

    /// Uploads the tiles of at most [`BATCH`] pictures.
    pub fn upload(&self, gpu: &Gpu, tiles: &[&FineTile]) -> Result<(), GpuError> {
        gpu.fill(&self.tiles, tiles.len() * TILE_BYTES, |view| {
            for (number, tile) in tiles.iter().enumerate() {
                let at = number * TILE_BYTES;
                view.slice(at..at + TILE_BYTES).copy_from_slice(&tile.0);
            }
        })
    }
}

#[derive(Debug)]
pub(super) struct WindowSlot {
    job: wgpu::Buffer,
    results: wgpu::Buffer,
    readback: wgpu::Buffer,
    upright: wgpu::BindGroup,
    all: wgpu::BindGroup,
}

/// What one dispatch is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The first picture, of those whose tiles are there.
    pub first: usize,
    pub pictures: usize,
    pub runs: usize,
    pub windows: usize,
    pub views: Views,
    pub mark: u32,
}

impl Part {
    fn bytes(&self) -> u64 {
        (self.pictures * self.windows * self.views.words() * size_of::<u32>()) as u64
    }
}

/// A dispatch that was submitted.
#[derive(Debug)]
pub(super) struct WindowsInFlight {
    slot: WindowSlot,
    part: Part,
    submission: wgpu::SubmissionIndex,
    result: Mapping,
    pub submitted: Duration,
}

impl WindowSlot {
    pub fn new(gpu: &Gpu, kernels: &WindowKernels) -> Result<Self, GpuError> {
        let bytes = RESULT_BYTES as u64;
        let uniform = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let job = gpu.buffer("window job", size_of::<WindowJob>() as u64, uniform)?;
        let computed = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let results = gpu.buffer("window results", bytes, computed)?;
        let read = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let WindowKernels { cosines, tiles, runs, downs, .. } = kernels;
        let buffers = [&job, cosines, tiles, runs, downs, &results];
        Ok(Self {
            upright: gpu.bind(&kernels.upright, &buffers)?,
            all: gpu.bind(&kernels.all, &buffers)?,
            readback: gpu.buffer("window readback", bytes, read)?,
            job,
            results,
        })
    }

    /// Sets the GPU to work.
    pub fn start(
        self,
        gpu: &Gpu,
        kernels: &WindowKernels,
        part: Part,
        submitted: Duration,
    ) -> Result<WindowsInFlight, GpuError> {
        let (kernel, bindings) = match part.views {
            Views::Upright => (&kernels.upright, &self.upright),
            Views::All => (&kernels.all, &self.all),
        };
        let (first, windows, mark) = (part.first as u32, part.windows as u32, part.mark);
        let job = WindowJob { first, windows, mark, unused: 0 };
        gpu.write(&self.job, bytes_of(&job));
        let submission = gpu.submit(|encoder| {
            dispatch(encoder, kernel, bindings, (part.pictures as u32, part.runs as u32));
            encoder.copy_buffer_to_buffer(&self.results, 0, &self.readback, 0, part.bytes());
        })?;
        let result = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        Ok(WindowsInFlight { slot: self, part, submission, result, submitted })
    }
}

impl WindowsInFlight {
    /// Windows that it hashes.
    pub fn windows(&self) -> usize {
        self.part.pictures * self.part.windows
    }

    /// Waits for the results and hands on those of one picture after the other; gives the slot back.
    pub fn finish(self, gpu: &Gpu, take: &mut dyn FnMut(&[u32])) -> Result<WindowSlot, GpuError> {
        gpu.wait(self.submission)?;
        let readback = self.result.finish()?;
        let of_window = self.part.views.words();
        let computed = read_mapped(&readback, self.part.bytes(), |bytes| {
            let words: &[u32] = cast_slice(bytes);
            let mut results = words.chunks_exact(of_window);
            let computed = results.all(|result| dct::is_marked(result, self.part.mark));
            if computed {
                words.chunks_exact(of_window * self.part.windows).for_each(take);
            }
            computed
        })?;
        if computed {
            Ok(self.slot)
        } else {
            Err(GpuError::Wrong("a result was never written".into()))
        }
    }
}
