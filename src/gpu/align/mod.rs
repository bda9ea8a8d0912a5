//! Laying pairs of pictures over each other on a GPU: `shaders/proof.wgsl`.
//!
//! It finds what [`crate::picture::proof`] finds, to the bit: all of that is integers, the device
//! is checked against it when it is opened, and each result carries a mark that only the shader
//! writes. What a failing device leaves undone is done by the CPU.

mod work;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;

use crate::gpu::device::{AdapterChoice, Gpu, GpuError};
use crate::gpu::hamming::{Clock, When};
use crate::picture::proof::{Aligner, Alignment, CpuAligner, Start, TilePair, Whose, align_pair};
use crate::picture::tile::{FINE_SIDE, FineTile};
use crate::picture::window::WindowSet;
use work::{AlignGpu, MOST_PAIRS};

/// What opening a device and compiling for it may take: once the CPU has worked so long, one is
/// opened. Whatever is still to come, that costs twice as much as knowing it would, at most.
const START_UP: Duration = Duration::from_secs(1);
/// What a batch should take: long ones make a desktop stutter.
const BATCH_NS: f64 = 100.0e6;
/// Pairs of the first batch.
const FIRST: usize = 64;
/// Fewer pairs than this are not worth a batch of a device that only helps where it is faster.
const FEW: usize = 256;
/// Pairs by which a device is checked and measured.
const PROBES: usize = 512;

enum State {
    /// The CPU has worked so long.
    Closed(Duration),
    Open(Box<OpenAligner>),
    /// One that was opened and is slower than the CPU.
    Slower,
    Failed,
}

struct OpenAligner {
    device: AlignGpu,
    /// Pairs of the next batch.
    batch: usize,
    pace: AlignPace,
}

/// What a pair of the probe takes, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignPace {
    /// On the device, its transfers included.
    pub gpu_ns: f64,
    /// On one core.
    pub cpu_ns: f64,
}

/// Aligns on a GPU where that is faster, else on the CPU; and on the CPU what a failing GPU leaves.
pub struct GpuAligner {
    when: When,
    clock: Clock,
    state: Mutex<State>,
}

impl std::fmt::Debug for GpuAligner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuAligner").field("when", &self.when).finish_non_exhaustive()
    }
}

impl GpuAligner {
    /// Opens a real GPU when there is work that it is worth being opened for.
    pub fn when_faster(clock: Clock) -> Self {
        Self { when: When::Faster, clock, state: Mutex::new(State::Closed(Duration::ZERO)) }
    }

    /// On an open device, which is checked first.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Wrong`] when its alignments are not the CPU's.
    pub fn on(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        let open = OpenAligner::new(gpu, &clock)?;
        Ok(Self { when: When::Preferred, clock, state: Mutex::new(State::Open(Box::new(open))) })
    }

    /// Whether a GPU failed, or could not be opened when it was wanted.
    pub fn failed(&self) -> bool {
        matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Failed)
    }

    /// How fast device and CPU were on the probe; `None` while none is open.
    pub fn pace(&self) -> Option<AlignPace> {
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Open(open) => Some(open.pace),
            _ => None,
        }
    }
}

impl OpenAligner {
    /// Compiles for the device, checks it against the CPU, and measures both.
    fn new(gpu: Gpu, clock: &Clock) -> Result<Self, GpuError> {
        let mut device = AlignGpu::new(gpu)?;
        let (tiles, pairs) = probe();
        let tiles: Vec<&FineTile> = tiles.iter().collect();
        let started = clock();
        let expected: Vec<_> = pairs.iter().map(|pair| align_pair(&tiles, pair)).collect();
        let cpu = clock() - started;
        // The first batch compiles and warms up.
        let mut gpu = None;
        for _ in 0..2 {
            let started = clock();
            let found = device.align(&tiles, &pairs)?;
            gpu = Some(clock() - started);
            if let Some(at) = found.iter().zip(&expected).position(|(a, b)| a != b) {
                let name = device.name();
                return Err(GpuError::Wrong(format!("{name} aligns probe pair {at} otherwise")));
            }
        }
        let per_pair = |time: Duration| time.as_nanos() as f64 / pairs.len() as f64;
        let pace = AlignPace {
            gpu_ns: gpu.map_or(f64::INFINITY, per_pair).max(1.0),
            cpu_ns: per_pair(cpu).max(1.0),
        };
        let batch = ((BATCH_NS / pace.gpu_ns) as usize).clamp(FIRST, MOST_PAIRS);
        Ok(Self { device, batch, pace })
    }

    /// Aligns in batches, and hands on what was found in order.
    ///
    /// # Errors
    /// [`GpuError`]; `found` then has the alignments of the first pairs, of whole batches.
    fn align(
        &mut self,
        tiles: &[&FineTile],
        pairs: &[TilePair],
        clock: &Clock,
        found: &mut Vec<Option<Alignment>>,
    ) -> Result<(), GpuError> {
        while found.len() < pairs.len() {
            let rest = &pairs[found.len()..];
            let batch = &rest[..AlignGpu::batch_of(rest, self.batch)];
            let started = clock();
            found.extend(self.device.align(tiles, batch)?);
            let took = (clock() - started).as_nanos() as f64;
            // A last, short batch says nothing of what a whole one would take.
            if batch.len() * 2 >= self.batch || took > BATCH_NS {
                let fitting = batch.len() as f64 / took.max(1.0) * BATCH_NS;
                let most = (self.batch * 2).min(MOST_PAIRS);
                self.batch = (fitting as usize).clamp((self.batch / 4).max(1), most);
            }
        }
        Ok(())
    }
}

impl Aligner for GpuAligner {
    fn align(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Vec<Option<Alignment>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Closed(spent) = *state {
            if spent < START_UP {
                drop(state);
                return self.rent(tiles, pairs);
            }
            *state = self.open();
        }
        let mut found = Vec::with_capacity(pairs.len());
        if let State::Open(open) = &mut *state
            && (self.when == When::Preferred || pairs.len() >= FEW)
            && let Err(error) = open.align(tiles, pairs, &self.clock, &mut found)
        {
            tracing::warn!("{error}; the CPU proves the rest");
            *state = State::Failed;
        }
        drop(state);
        let rest = &pairs[found.len()..];
        found.par_extend(rest.par_iter().map(|pair| align_pair(tiles, pair)));
        found
    }
}

impl GpuAligner {
    /// Aligns on the CPU, and takes note of how long that took.
    fn rent(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Vec<Option<Alignment>> {
        let started = (self.clock)();
        let found = CpuAligner.align(tiles, pairs);
        let took = (self.clock)().saturating_sub(started);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Closed(spent) = &mut *state {
            *spent += took;
        }
        found
    }

    /// Opens a real GPU, and keeps it where it is faster than the CPU's threads together.
    fn open(&self) -> State {
        let opened =
            Gpu::open(AdapterChoice::Real).and_then(|gpu| OpenAligner::new(gpu, &self.clock));
        let open = match opened {
            Ok(open) => open,
            Err(error) => {
                tracing::info!("proving on the CPU: {error}");
                return State::Failed;
            }
        };
        let cpu_ns = open.pace.cpu_ns / rayon::current_num_threads() as f64;
        let (gpu_ns, name) = (open.pace.gpu_ns, open.device.name());
        let is_faster = gpu_ns < cpu_ns;
        tracing::info!(
            "proving on {}: {:.1} µs a pair on {name}, {:.1} µs on the CPU's threads",
            if is_faster { name } else { "the CPU" },
            gpu_ns / 1e3,
            cpu_ns / 1e3
        );
        if is_faster { State::Open(Box::new(open)) } else { State::Slower }
    }
}

/// Pairs of every kind: the same, parts of each other, framed, flat, unrelated, in the proportions
/// of a run: most are refused by their correlation.
fn probe() -> (Vec<FineTile>, Vec<TilePair>) {
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
    let pairs = (0..PROBES as u32).map(|number| {
        let first = next(count);
        // One of sixteen is of one scene.
        let second =
            if number % 16 == 0 { (first / 3 * 3 + next(3)).min(count - 1) } else { next(count) };
        let starts = (0..1 + next(3)).map(|_| {
            let window = windows[next(windows.len() as u32) as usize];
            let whose = if next(2) == 0 { Whose::First } else { Whose::Second };
            Start { whose, part: window.into() }
        });
        TilePair { first, second, starts: starts.collect() }
    });
    let pairs = pairs.collect();
    (tiles, pairs)
}
