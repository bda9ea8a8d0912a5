//! All pairs of hashes within a radius, by brute force on a GPU: `shaders/hamming.wgsl`. Where both
//! hashes decide, the 256-bit ones of what is near are compared on the device too, and only matches
//! come back.
//!
//! A GPU looks at every pair, whatever the radius. The CPU's [`index`] looks at few of them while
//! the radius is small, and at nearly all when it is large: so the GPU pays for large radii only.
//!
//! [`GpuJoiner`] estimates where, with the index's own plan for these hashes on this many cores on
//! the one side, and the pace that the device shows when it is opened on the other. Taking a pace
//! of 10¹² pairs per second (10 million against themselves in 50 s) and the index's measured times,
//! with two cores the lines cross near radius 11 for 1 million hashes and radius 12 for 10 million,
//! and the more cores the farther out; at the usual radii, up to 7, the index wins at every size.

mod done;
mod kernels;
mod library;
mod list;
mod work;

use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::device::{Gpu, GpuError, OpenDevice};
use crate::gpu::pace::Clock;
use crate::index::{self, CpuJoiner, Joiner, Match, Members, Needles, Pair, Radii, Sink};
use crate::model::phash::PerceptualHash;
use done::{Done, HammingRest, Positions};
pub use kernels::{Compaction, sources};
pub use work::HammingGpu;

/// When the GPU joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A real one, where it is expected to be faster, its start-up included.
    Faster,
    /// The one that is open, unless there is much to do and the CPU is expected to be faster.
    Preferred,
}

/// What opening a device and compiling for it may take: below that on the CPU nobody asks for one.
const START_UP_NS: f64 = 1.0e9;

enum State {
    Closed(OpenDevice),
    Open(Box<HammingGpu>),
    Failed,
}

/// Joins on a GPU where that is faster, else on the CPU; and on the CPU what a failing GPU leaves.
pub struct GpuJoiner {
    when: When,
    clock: Clock,
    state: Mutex<State>,
}

impl std::fmt::Debug for GpuJoiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuJoiner").field("when", &self.when).finish_non_exhaustive()
    }
}

impl GpuJoiner {
    /// Opens a real GPU when there is work that it is worth being opened for.
    pub fn when_faster(clock: Clock, open: OpenDevice) -> Self {
        Self { when: When::Faster, clock, state: Mutex::new(State::Closed(open)) }
    }

    /// On an open device, which is checked first.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Wrong`] when its pairs are not the CPU's.
    pub fn on(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        Ok(Self::over(HammingGpu::new(gpu, Arc::clone(&clock))?, clock))
    }

    /// On what was opened and checked before.
    pub fn over(open: HammingGpu, clock: Clock) -> Self {
        Self { when: When::Preferred, clock, state: Mutex::new(State::Open(Box::new(open))) }
    }

    /// Whether a GPU failed, or could not be opened when it was wanted.
    pub fn failed(&self) -> bool {
        matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Failed)
    }

    /// Runs `join` on the GPU if it is to; else, and for what that leaves, `cpu`.
    fn join<T: Positions>(
        &self,
        (pairs, small): (f64, bool),
        cpu_ns: &dyn Fn() -> f64,
        sink: &dyn Sink<T>,
        join: &dyn Fn(&HammingGpu, &mut Done) -> Result<(), GpuError>,
        cpu: &dyn Fn(&dyn Sink<T>),
    ) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Failed) || (small && self.when == When::Faster) {
            return cpu(sink);
        }
        let cpu_ns = if small { f64::INFINITY } else { cpu_ns() / threads() };
        if let State::Closed(open) = &*state {
            if cpu_ns < START_UP_NS {
                return cpu(sink);
            }
            let opened = open().and_then(|gpu| HammingGpu::new(gpu, Arc::clone(&self.clock)));
            *state = match opened {
                Ok(open) => State::Open(Box::new(open)),
                Err(error) => {
                    tracing::info!("comparing on the CPU: {error}");
                    State::Failed
                }
            };
        }
        let State::Open(gpu) = &*state else { return cpu(sink) };
        let gpu_ns = if small { 0.0 } else { pairs / gpu.pairs_per_ns() };
        if cpu_ns < gpu_ns {
            tracing::info!("comparing on the CPU: {}", reckoned(cpu_ns, gpu_ns));
            return cpu(sink);
        }
        tracing::info!("comparing on {}: {}", gpu.name(), reckoned(cpu_ns, gpu_ns));
        let mut done = Done::default();
        if let Err(error) = join(gpu, &mut done) {
            tracing::warn!("{error}; the CPU compares the rest");
            *state = State::Failed;
            drop(state);
            cpu(&HammingRest { done: &done, sink });
        }
    }
}

/// Pairs of a cross-join that a GPU is not opened for.
const FEW: f64 = (index::FLAT_BELOW * index::FLAT_BELOW / 2) as f64;

fn reckoned(cpu_ns: f64, gpu_ns: f64) -> String {
    if cpu_ns.is_infinite() {
        return "few hashes".into();
    }
    format!("estimated {:.1} s there, {:.1} s on the GPU", cpu_ns / 1e9, gpu_ns / 1e9)
}

fn threads() -> f64 {
    rayon::current_num_threads() as f64
}

impl Joiner for GpuJoiner {
    fn self_join(&self, hashes: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>) {
        let count = hashes.len() as f64;
        self.join(
            (count * count / 2.0, hashes.len() < index::FLAT_BELOW),
            &|| index::self_join_ns(hashes, radius),
            sink,
            &|gpu, done| gpu.self_join_into(hashes, radius, sink, done),
            &|sink| index::self_join(hashes, radius, sink),
        );
    }

    fn cross_join(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
    ) {
        let pairs = needles.len() as f64 * library.len() as f64;
        self.join(
            (pairs, pairs < FEW),
            &|| index::cross_join_ns(needles, library, radius),
            sink,
            &|gpu, done| gpu.cross_join_into(needles, library, radius, sink, done),
            &|sink| index::cross_join(needles, library, radius, sink),
        );
    }

    fn cross_join_both(
        &self,
        needles: Needles<'_>,
        library: Members<'_>,
        radii: Radii,
        sink: &dyn Sink<Match>,
    ) {
        // The GPU compares with each member, the CPU with each different hash.
        let pairs = needles.hashes.len() as f64 * library.fines.len() as f64;
        self.join(
            (pairs, pairs < FEW),
            &|| index::cross_join_ns(needles.hashes, library.distinct, radii.coarse),
            sink,
            &|gpu, done| gpu.cross_join_both_into(needles, library, radii, sink, done),
            &|sink| CpuJoiner.cross_join_both(needles, library, radii, sink),
        );
    }
}
