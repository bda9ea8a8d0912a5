//! A device that is opened once that pays.
//!
//! How much work is still to come nobody knows. So the CPU works until it has taken as long as
//! opening a device takes, and then one is opened: whatever follows, that costs at most twice as
//! much as knowing it would (the ski-rental problem). It stays where it is the faster one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::gpu::device::{Gpu, GpuError, OpenDevice};
use crate::gpu::pace::Clock;

/// What opening a device and compiling for it may take.
const START_UP: Duration = Duration::from_secs(1);

/// What one item of work was seen to take when the device was checked, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemTimes {
    /// On the device, transfers included.
    pub gpu_ns: f64,
    /// On all threads of the CPU together.
    pub cpu_ns: f64,
}

impl ItemTimes {
    /// From what so many items took.
    pub fn of(items: usize, gpu: Duration, cpu: Duration) -> Self {
        let per_item = |time: Duration| (time.as_nanos() as f64 / items.max(1) as f64).max(0.1);
        Self { gpu_ns: per_item(gpu), cpu_ns: per_item(cpu) }
    }

    /// Whether the device is the faster one.
    pub fn is_faster(&self) -> bool {
        self.gpu_ns < self.cpu_ns
    }
}

/// What a device does that the CPU does as well.
pub trait Rentable: Sized {
    /// What it does, as the log calls it.
    const WORK: &'static str;

    /// Compiles for the device, checks it and measures it.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Wrong`] when it does not do what the CPU does.
    fn on(gpu: Gpu, clock: Clock) -> Result<Self, GpuError>;

    /// What an item takes.
    fn times(&self) -> ItemTimes;

    /// Adapter and driver (human-readable).
    fn adapter(&self) -> &str;
}

enum Rental<D> {
    /// The CPU has worked so long.
    NotYet(Duration),
    Open(Arc<D>),
    /// There is no device, or it is slower, or it failed.
    Never,
}

/// Works on a real GPU once it pays to open one, and where that is faster than the CPU.
pub struct WhenFaster<D> {
    clock: Clock,
    open: OpenDevice,
    state: Mutex<Rental<D>>,
}

impl<D> std::fmt::Debug for WhenFaster<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhenFaster").finish_non_exhaustive()
    }
}

impl<D: Rentable> WhenFaster<D> {
    /// Without a device for now.
    pub fn new(clock: Clock, open: OpenDevice) -> Self {
        Self { clock, open, state: Mutex::new(Rental::NotYet(Duration::ZERO)) }
    }

    /// Whether a device is or may be opened.
    pub fn may_open(&self) -> bool {
        !matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), Rental::Never)
    }

    /// Runs one or the other.
    pub fn run<T>(&self, on_cpu: impl FnOnce() -> T, on_gpu: impl FnOnce(&D) -> T) -> T {
        if let Some(device) = self.device() {
            return on_gpu(&device);
        }
        let started = (self.clock)();
        let result = on_cpu();
        let took = (self.clock)().saturating_sub(started);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Rental::NotYet(spent) = &mut *state {
            *spent += took;
        }
        result
    }

    /// The device, opened now where the CPU has worked long enough.
    fn device(&self) -> Option<Arc<D>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, Rental::NotYet(spent) if spent >= START_UP) {
            *state = self.open();
        }
        match &*state {
            Rental::Open(device) => Some(Arc::clone(device)),
            _ => None,
        }
    }

    fn open(&self) -> Rental<D> {
        let opened = (self.open)().and_then(|gpu| D::on(gpu, Arc::clone(&self.clock)));
        let device = match opened {
            Ok(device) => device,
            Err(error) => {
                tracing::info!("{} on the CPU: {error}", D::WORK);
                return Rental::Never;
            }
        };
        let (times, adapter) = (device.times(), device.adapter());
        tracing::info!(
            "{} on {}: {:.2} µs each on {adapter}, {:.2} µs on the CPU's threads",
            D::WORK,
            if times.is_faster() { adapter } else { "the CPU" },
            times.gpu_ns / 1e3,
            times.cpu_ns / 1e3
        );
        if times.is_faster() { Rental::Open(Arc::new(device)) } else { Rental::Never }
    }
}
