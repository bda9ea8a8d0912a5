//! Who hashes and who compares: the CPU, or a GPU as `--gpu` says.

use clean_backup::library::Backends;

use super::failure::{Failure, Kind};
use super::settings::Gpu;

/// As the setting asks.
///
/// # Errors
/// [`Kind::Failed`] when a GPU is insisted on and cannot be used.
pub fn open(gpu: Gpu) -> Result<Backends, Failure> {
    match gpu {
        Gpu::Off => Ok(Backends::default()),
        // A tile takes microseconds to hash and milliseconds to decode, which only the CPU does:
        // hashing elsewhere saves nothing. Comparing may, and sees for itself.
        Gpu::Auto => Ok(Backends { joiner: device::joiner_when_faster(), ..Backends::default() }),
        Gpu::On | Gpu::Any => device::insisted_on(gpu).map_err(|why| {
            Failure::new(Kind::Failed, why)
                .hint("--gpu auto and --cpu give the same results on the CPU")
        }),
    }
}

/// Lines for `doctor`: what there is, whether it computes rightly, and what would be used.
pub fn examine(gpu: Gpu) -> Vec<String> {
    match gpu {
        Gpu::Off => vec!["GPU: not asked (--cpu)".to_owned()],
        _ => device::examine(gpu == Gpu::Any),
    }
}

#[cfg(not(feature = "gpu"))]
mod device {
    use clean_backup::index::{CpuJoiner, Joiner};

    use super::{Backends, Gpu};

    pub fn joiner_when_faster() -> Box<dyn Joiner + Send> {
        Box::new(CpuJoiner)
    }

    pub fn insisted_on(_: Gpu) -> Result<Backends, String> {
        Err("this build has no GPU code".to_owned())
    }

    pub fn examine(_: bool) -> Vec<String> {
        vec!["GPU: this build has no GPU code".to_owned()]
    }
}

#[cfg(feature = "gpu")]
mod device {
    use std::sync::Arc;
    use std::time::Instant;

    use clean_backup::gpu::device::{Adapter, Gpu as Device, GpuError, Wanted, adapters};
    use clean_backup::gpu::hamming::{Clock, GpuJoiner, HammingGpu};
    use clean_backup::gpu::hash::GpuHasher;

    use clean_backup::index::Joiner;

    use super::{Backends, Gpu};

    fn clock() -> Clock {
        let start = Instant::now();
        Arc::new(move || start.elapsed())
    }

    pub fn joiner_when_faster() -> Box<dyn Joiner + Send> {
        Box::new(GpuJoiner::when_faster(clock()))
    }

    pub fn insisted_on(gpu: Gpu) -> Result<Backends, String> {
        let wanted = if gpu == Gpu::Any { Wanted::Any } else { Wanted::Real };
        let open = || -> Result<Backends, GpuError> {
            let device = Device::open(wanted)?;
            tracing::info!("working on {}", device.name());
            Ok(Backends {
                hasher: Box::new(GpuHasher::on(device.clone())?),
                joiner: Box::new(GpuJoiner::on(device, clock())?),
            })
        };
        open().map_err(|error| {
            format!("--gpu {}: {error}", if gpu == Gpu::Any { "any" } else { "on" })
        })
    }

    pub fn examine(any: bool) -> Vec<String> {
        let wanted = if any { Wanted::Any } else { Wanted::Real };
        let adapters = adapters();
        let mut lines: Vec<String> = Vec::new();
        for adapter in &adapters {
            lines.push(format!("GPU: {adapter}: {}", adapter.limits()));
            lines.push(match test(adapter) {
                Ok(rate) => format!(
                    "  self-test: good; {:.3} billion pairs per second on a small join",
                    rate
                ),
                Err(error) => format!("  self-test: FAILED: {error}"),
            });
        }
        lines.push(match adapters.iter().find(|adapter| adapter.is(wanted)) {
            Some(adapter) => format!(
                "GPU in use: {adapter}, for comparing where it is estimated to be faster; hashing \
                 stays on the CPU unless --gpu on or any"
            ),
            None if adapters.is_empty() => "GPU in use: none; no driver offers one".to_owned(),
            None => "GPU in use: none; software adapters are slower than the CPU".to_owned(),
        });
        lines
    }

    /// Hashes and joins known pictures; gives pairs a nanosecond.
    fn test(adapter: &Adapter) -> Result<f64, GpuError> {
        let device = Device::of(adapter)?;
        GpuHasher::on(device.clone())?;
        Ok(HammingGpu::new(device, clock())?.pairs_per_ns())
    }
}
