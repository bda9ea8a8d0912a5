//! Hashing of windows on a GPU: `shaders/windows.wgsl`.
//!
//! The tiles of a batch are uploaded once, whatever the windows, and hashed in dispatches of some
//! 50 ms, two of which are on their way at a time. All bits are those of
//! [`crate::picture::window`]: the device is checked against it when it is opened, each result
//! carries a mark that only the shader writes, and whatever a failing device leaves undone is
//! hashed on the CPU.
//!
//! It takes 16 MiB of tiles and as much to upload from, and for each of two dispatches 16 MiB of
//! results and as much to read them from: 96 MiB, however many pictures and windows there are.

mod plan;
mod slot;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::gpu::dct;
use crate::gpu::device::{Gpu, GpuError};
use crate::gpu::pace::{Clock, Pace};
use crate::gpu::rented::{ItemTimes, Rentable, WhenFaster};
use crate::model::phash::{PictureHash, Quality, View};
use crate::picture::dct::probe_tiles;
use crate::picture::tile::{FINE_SIDE, FineTile, TILE_SIDE};
use crate::picture::window::{BatchWindowHasher, CpuWindowHasher, Window, WindowSet};
use plan::{MOST_WINDOWS, WindowPlan};
use slot::{BATCH, Part, RESULT_BYTES, Views, WindowKernels, WindowSlot, WindowsInFlight};

const SLOTS: usize = 2;
/// Windows of the first dispatch, and the fewest and most of any.
const FIRST_BUDGET: f64 = 1024.0;
const BUDGETS: (f64, f64) = (64.0, 1.0e6);

/// The GPU backend.
#[derive(Debug)]
pub struct GpuWindowHasher {
    name: String,
    device: Mutex<Result<WindowsGpu, GpuError>>,
    times: ItemTimes,
}

struct WindowsGpu {
    gpu: Gpu,
    kernels: WindowKernels,
    idle: Vec<WindowSlot>,
    /// What the next dispatch's results are marked with.
    mark: u32,
    clock: Clock,
    pace: Pace,
}

impl fmt::Debug for WindowsGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowsGpu").field("gpu", &self.gpu).finish_non_exhaustive()
    }
}

impl Rentable for GpuWindowHasher {
    const WORK: &'static str = "hashing windows";

    fn on(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        let name = gpu.name().to_owned();
        let device = Mutex::new(Ok(WindowsGpu::new(gpu, Arc::clone(&clock))?));
        let mut hasher = Self { device, name, times: ItemTimes { gpu_ns: 0.0, cpu_ns: 0.0 } };
        let probes: Vec<FineTile> = probes().collect();
        let probes: Vec<&FineTile> = probes.iter().collect();
        let (many, few) = (WindowSet::Many.kept(), WindowSet::Few.kept());
        let timed = |work: &dyn Fn() -> Vec<(View, Quality)>| {
            let started = clock();
            let views = work();
            (views, clock().saturating_sub(started))
        };
        let (expected, cpu) = timed(&|| CpuWindowHasher.upright(&probes, &many));
        let is_right = hasher.upright(&probes, &many) == expected
            && hasher.turned(&probes, &few) == CpuWindowHasher.turned(&probes, &few);
        // By now the dispatches have grown to what the device takes.
        let (_, gpu) = timed(&|| hasher.upright(&probes, &many));
        hasher.times = ItemTimes::of(expected.len(), gpu, cpu);
        match hasher.failure() {
            Some(error) => Err(error),
            None if is_right => Ok(hasher),
            None => Err(GpuError::Wrong(format!("{} hashes windows otherwise", hasher.name))),
        }
    }

    fn times(&self) -> ItemTimes {
        self.times
    }

    fn adapter(&self) -> &str {
        &self.name
    }
}

impl GpuWindowHasher {
    /// Why the CPU took over, if it did.
    pub fn failure(&self) -> Option<GpuError> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner).as_ref().err().cloned()
    }

    /// Hashes windows of tiles: `read` makes a result of its words, `cpu` does what the GPU leaves.
    fn hash<T: Copy>(
        &self,
        tiles: &[&FineTile],
        windows: &[Window],
        (views, nothing): (Views, T),
        read: impl Fn(&[u32]) -> Option<T>,
        cpu: impl Fn(&[&FineTile]) -> Vec<T>,
    ) -> Vec<T> {
        if windows.is_empty() || windows.len() > MOST_WINDOWS {
            return cpu(tiles);
        }
        let mut hashes: Vec<T> = Vec::with_capacity(tiles.len() * windows.len());
        let plan = WindowPlan::new(windows);
        let mut device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(working) = &mut *device {
            let mut take = |words: &[u32]| {
                let first = hashes.len();
                hashes.resize(first + windows.len(), nothing);
                for (&place, words) in plan.places.iter().zip(words.chunks_exact(views.words())) {
                    if let Some(hash) = read(words) {
                        hashes[first + place] = hash;
                    }
                }
            };
            match working.hash(tiles, &plan, views, &mut take) {
                Ok(()) => return hashes,
                Err(error) => {
                    tracing::warn!("{error}; the CPU hashes the rest");
                    *device = Err(error);
                }
            }
        }
        drop(device);
        let done = hashes.len() / windows.len();
        hashes.extend(cpu(&tiles[done..]));
        hashes
    }
}

impl BatchWindowHasher for GpuWindowHasher {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn upright(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<(View, Quality)> {
        self.hash(
            tiles,
            windows,
            (Views::Upright, Default::default()),
            |words| Some(dct::upright(words.try_into().ok()?)),
            |tiles| CpuWindowHasher.upright(tiles, windows),
        )
    }

    fn turned(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<PictureHash> {
        self.hash(
            tiles,
            windows,
            (Views::All, PictureHash::default()),
            |words| Some(dct::turned(words.try_into().ok()?)),
            |tiles| CpuWindowHasher.turned(tiles, windows),
        )
    }
}

impl BatchWindowHasher for WhenFaster<GpuWindowHasher> {
    fn name(&self) -> &'static str {
        "cpu or gpu"
    }

    fn upright(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<(View, Quality)> {
        self.run(|| CpuWindowHasher.upright(tiles, windows), |gpu| gpu.upright(tiles, windows))
    }

    fn turned(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<PictureHash> {
        self.run(|| CpuWindowHasher.turned(tiles, windows), |gpu| gpu.turned(tiles, windows))
    }
}

impl WindowsGpu {
    fn new(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        let kernels = WindowKernels::new(&gpu)?;
        let slots = (0..SLOTS).map(|_| WindowSlot::new(&gpu, &kernels));
        let idle = slots.collect::<Result<Vec<_>, GpuError>>()?;
        let pace = Pace::new(FIRST_BUDGET, BUDGETS);
        Ok(Self { gpu, kernels, idle, mark: 1, clock, pace })
    }

    /// Hands on the results of each picture, in their order. After an error those that were handed
    /// on are good, and the device is of no use any more.
    fn hash(
        &mut self,
        tiles: &[&FineTile],
        plan: &WindowPlan,
        views: Views,
        take: &mut dyn FnMut(&[u32]),
    ) -> Result<(), GpuError> {
        self.kernels.ask(&self.gpu, &plan.runs, &plan.downs);
        let (runs, windows) = (plan.runs.len(), plan.places.len());
        let most = RESULT_BYTES / (windows * views.words() * size_of::<u32>());
        let mut in_flight: VecDeque<WindowsInFlight> = VecDeque::with_capacity(SLOTS);
        let mut last = Duration::ZERO;
        for batch in tiles.chunks(BATCH) {
            self.kernels.upload(&self.gpu, batch)?;
            let mut first = 0;
            while first < batch.len() {
                let Some(slot) = self.idle.pop() else {
                    self.finish(&mut in_flight, &mut last, take)?;
                    continue;
                };
                let fitting = (self.pace.budget() / windows as f64) as usize;
                let pictures = fitting.clamp(1, most).min(batch.len() - first);
                let part = Part { first, pictures, runs, windows, views, mark: self.mark };
                in_flight.push_back(slot.start(&self.gpu, &self.kernels, part, (self.clock)())?);
                self.mark = dct::next_mark(self.mark);
                first += pictures;
            }
        }
        while !in_flight.is_empty() {
            self.finish(&mut in_flight, &mut last, take)?;
        }
        Ok(())
    }

    /// Waits for the oldest dispatch; `last` is when the one before it was there.
    fn finish(
        &mut self,
        in_flight: &mut VecDeque<WindowsInFlight>,
        last: &mut Duration,
        take: &mut dyn FnMut(&[u32]),
    ) -> Result<(), GpuError> {
        let Some(oldest) = in_flight.pop_front() else {
            return Err(GpuError::Lost("no slot is left".into()));
        };
        let (windows, began) = (oldest.windows(), oldest.submitted.max(*last));
        self.idle.push(oldest.finish(&self.gpu, take)?);
        *last = (self.clock)();
        self.pace.saw(windows as f64, last.saturating_sub(began));
        Ok(())
    }
}

/// Tiles of every kind: coarse ones blown up, and noise in the cells between.
fn probes() -> impl Iterator<Item = FineTile> {
    probe_tiles().step_by(9).enumerate().map(|(number, tile)| {
        FineTile(std::array::from_fn(|at| {
            let (y, x) = (at / FINE_SIDE / 2, at % FINE_SIDE / 2);
            let noise = (at as u32 + 1).wrapping_mul(0x9e37_79b9) >> 27;
            let noise = if number % 2 == 1 { noise as u8 } else { 0 };
            tile.0[y * TILE_SIDE + x].wrapping_add(noise)
        }))
    })
}
