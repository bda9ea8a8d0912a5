//! Laying pairs of pictures over each other on a GPU: `shaders/proof.wgsl`.
//!
//! It finds what [`crate::picture::proof`] finds, to the bit: all of that is integers, the device
//! is checked against it when it is opened, and each result carries a mark that only the shader
//! writes. What a failing device leaves undone is done by the CPU.

mod work;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::gpu::device::{Gpu, GpuError};
use crate::gpu::pace::{Clock, Pace};
use crate::gpu::rented::{ItemTimes, Rentable, WhenFaster};
use crate::picture::proof::{Aligner, Alignment, CpuAligner, Start, TilePair, Whose, align_pair};
use crate::picture::tile::{FINE_SIDE, FineTile};
use crate::picture::window::WindowSet;
use work::{AlignGpu, MOST_PAIRS};

/// Pairs of the first batch, and the fewest and most of any.
const FIRST: f64 = 64.0;
const BATCHES: (f64, f64) = (1.0, MOST_PAIRS as f64);
/// Fewer pairs than this are not worth a batch of a device that only helps where it is faster.
const FEW: usize = 256;
/// Pairs by which a device is checked and measured.
const PROBES: usize = 520;
/// One of so many of them correlates.
const ALIKE: usize = 26;

/// Aligns on one device; what that fails to do, and all that comes after, on the CPU.
pub struct GpuAligner {
    name: String,
    device: Mutex<Result<OpenAligner, GpuError>>,
    times: ItemTimes,
}

struct OpenAligner {
    device: AlignGpu,
    clock: Clock,
    pace: Pace,
}

impl std::fmt::Debug for GpuAligner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuAligner").field("name", &self.name).finish_non_exhaustive()
    }
}

impl GpuAligner {
    /// Why the CPU took over, if it did.
    pub fn failure(&self) -> Option<GpuError> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner).as_ref().err().cloned()
    }
}

impl Rentable for GpuAligner {
    const WORK: &'static str = "proving";

    fn on(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        let name = gpu.name().to_owned();
        let pace = Pace::new(FIRST, BATCHES);
        let mut open = OpenAligner { device: AlignGpu::new(gpu)?, clock, pace };
        let (tiles, pairs) = probe(PROBES);
        let tiles: Vec<&FineTile> = tiles.iter().collect();
        let started = (open.clock)();
        let expected = CpuAligner.align(&tiles, &pairs);
        let cpu = (open.clock)().saturating_sub(started);
        // The first time the batches are small yet.
        let mut gpu = Duration::MAX;
        for _ in 0..2 {
            let started = (open.clock)();
            let mut found = Vec::with_capacity(pairs.len());
            open.align(&tiles, &pairs, &mut found)?;
            gpu = (open.clock)().saturating_sub(started);
            if let Some(at) = found.iter().zip(&expected).position(|(a, b)| a != b) {
                return Err(GpuError::Wrong(format!("{name} aligns probe pair {at} otherwise")));
            }
        }
        let times = ItemTimes::of(pairs.len(), gpu, cpu);
        Ok(Self { name, device: Mutex::new(Ok(open)), times })
    }

    fn times(&self) -> ItemTimes {
        self.times
    }

    fn adapter(&self) -> &str {
        &self.name
    }
}

impl OpenAligner {
    /// Aligns in batches, and hands on what was found in order.
    ///
    /// # Errors
    /// [`GpuError`]; `found` then has the alignments of the first pairs, of whole batches.
    fn align(
        &mut self,
        tiles: &[&FineTile],
        pairs: &[TilePair],
        found: &mut Vec<Option<Alignment>>,
    ) -> Result<(), GpuError> {
        while found.len() < pairs.len() {
            let rest = &pairs[found.len()..];
            let batch = &rest[..AlignGpu::batch_of(rest, self.pace.budget() as usize)];
            let started = (self.clock)();
            found.extend(self.device.align(tiles, batch)?);
            self.pace.saw(batch.len() as f64, (self.clock)().saturating_sub(started));
        }
        Ok(())
    }
}

impl Aligner for GpuAligner {
    fn align(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Vec<Option<Alignment>> {
        let mut found = Vec::with_capacity(pairs.len());
        {
            let mut device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(open) = &mut *device
                && let Err(error) = open.align(tiles, pairs, &mut found)
            {
                tracing::warn!("{error}; the CPU proves the rest");
                *device = Err(error);
            }
        }
        found.extend(CpuAligner.align(tiles, &pairs[found.len()..]));
        found
    }
}

impl Aligner for WhenFaster<GpuAligner> {
    fn align(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Vec<Option<Alignment>> {
        let on_cpu = || CpuAligner.align(tiles, pairs);
        if pairs.len() < FEW {
            return on_cpu();
        }
        self.run(on_cpu, |gpu| gpu.align(tiles, pairs))
    }
}

/// Pairs of every kind: the same, parts of each other, framed, flat, unrelated, in the proportions
/// of a run: of 4.5 million candidates among a million pictures 170,000 correlated. For checks and
/// measurements.
pub fn probe(pairs: usize) -> (Vec<FineTile>, Vec<TilePair>) {
    let wanted = pairs;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as u32 % below
    };
    let mut tiles = Vec::new();
    for number in 0..32 {
        let mut cells = vec![120_i32; FINE_SIDE * FINE_SIDE];
        for _ in 0..80 {
            let (y, x, level) = (next(64), next(64), next(120) as i32 - 60);
            let (height, width) = (2 + next(16), 2 + next(16));
            for row in y..(y + height).min(64) {
                for column in x..(x + width).min(64) {
                    cells[(row * 64 + column) as usize] += level;
                }
            }
        }
        let scene = FineTile(std::array::from_fn(|at| cells[at].clamp(0, 255) as u8));
        // What the middle of it shows, twice as large, and the same with a frame of one level.
        let middle =
            FineTile(std::array::from_fn(|at| scene.0[(16 + at / 64 / 2) * 64 + 16 + at % 64 / 2]));
        let framed = FineTile(std::array::from_fn(|at| {
            let inside = (6..58).contains(&(at / 64)) && (6..58).contains(&(at % 64));
            if inside { scene.0[at] } else { 250 }
        }));
        tiles.extend([scene, middle, framed]);
        if number % 8 == 0 {
            tiles.push(FineTile([(number * 8) as u8; FINE_SIDE * FINE_SIDE]));
        }
    }
    let windows = WindowSet::Many.windows();
    let count = tiles.len() as u32;
    let all: Vec<&FineTile> = tiles.iter().collect();
    let mut pairs: Vec<TilePair> = Vec::with_capacity(wanted);
    while pairs.len() < wanted {
        let is_same = pairs.len().is_multiple_of(ALIKE);
        let first = next(count);
        let second = if is_same { (first / 3 * 3 + next(3)).min(count - 1) } else { next(count) };
        let starts = (0..1 + next(3)).map(|_| {
            let window = windows[next(windows.len() as u32) as usize];
            let whose = if next(2) == 0 { Whose::First } else { Whose::Second };
            Start { whose, part: window.into() }
        });
        let pair = TilePair { first, second, starts: starts.collect() };
        if is_same || align_pair(&all, &pair).is_none() {
            pairs.push(pair);
        }
    }
    (tiles, pairs)
}
