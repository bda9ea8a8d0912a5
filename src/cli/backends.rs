//! Who hashes and who compares: the CPU, or a GPU as `--gpu` says.

use clean_backup::library::Backends;

use super::failure::{Failure, FailureKind};
use super::settings::GpuMode;

/// As the setting asks.
///
/// # Errors
/// [`FailureKind::Failed`] when a GPU is insisted on and cannot be used.
pub fn open(gpu: GpuMode) -> Result<Backends, Failure> {
    match gpu {
        GpuMode::Off => Ok(Backends::default()),
        // A tile takes microseconds to hash and milliseconds to decode, which only the CPU does:
        // hashing elsewhere saves nothing. Comparing may, and sees for itself.
        GpuMode::Auto => {
            Ok(Backends { joiner: device::joiner_when_faster(), ..Backends::default() })
        }
        GpuMode::On | GpuMode::Any => device::insisted_on(gpu).map_err(|why| {
            let wanted = if gpu == GpuMode::Any { "any" } else { "on" };
            Failure::new(FailureKind::Failed, format!("--gpu {wanted}: {why}"))
                .hint("--gpu auto and --cpu give the same results on the CPU")
        }),
    }
}

/// Lines for `doctor`: what there is, whether it computes rightly, and what would be used.
pub fn examine(gpu: GpuMode) -> Vec<String> {
    match gpu {
        GpuMode::Off => vec!["GPU: not asked (--cpu)".to_owned()],
        _ => device::examine(gpu == GpuMode::Any),
    }
}

#[cfg(not(feature = "gpu"))]
mod device {
    use clean_backup::index::{CpuJoiner, Joiner};

    use super::{Backends, GpuMode};

    pub fn joiner_when_faster() -> Box<dyn Joiner + Send> {
        Box::new(CpuJoiner)
    }

    pub fn insisted_on(_: GpuMode) -> Result<Backends, &'static str> {
        Err("this build has no GPU code")
    }

    pub fn examine(_: bool) -> Vec<String> {
        vec!["GPU: this build has no GPU code".to_owned()]
    }
}

#[cfg(feature = "gpu")]
mod device {
    use std::sync::Arc;
    use std::time::Instant;

    use clean_backup::gpu::device::{Adapter, AdapterChoice, Gpu as Device, GpuError, adapters};
    use clean_backup::gpu::hamming::{Clock, GpuJoiner, HammingGpu};
    use clean_backup::gpu::hash::GpuHasher;

    use clean_backup::index::Joiner;

    use super::{Backends, GpuMode};

    fn clock() -> Clock {
        let start = Instant::now();
        Arc::new(move || start.elapsed())
    }

    pub fn joiner_when_faster() -> Box<dyn Joiner + Send> {
        Box::new(GpuJoiner::when_faster(clock()))
    }

    pub fn insisted_on(gpu: GpuMode) -> Result<Backends, GpuError> {
        let wanted = if gpu == GpuMode::Any { AdapterChoice::Any } else { AdapterChoice::Real };
        let device = Device::open(wanted)?;
        tracing::info!("working on {}", device.name());
        Ok(Backends {
            hasher: Box::new(GpuHasher::on(device.clone())?),
            joiner: Box::new(GpuJoiner::on(device, clock())?),
        })
    }

    pub fn examine(any: bool) -> Vec<String> {
        let wanted = if any { AdapterChoice::Any } else { AdapterChoice::Real };
        let adapters = adapters();
        let mut lines: Vec<String> = Vec::new();
        for adapter in &adapters {
            lines.push(format!("GPU: {adapter}: {}", adapter.limits()));
            if !adapter.is(wanted) {
                lines.push("  self-test: not run; --gpu any tests software adapters too".into());
                continue;
            }
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

    /// Hashes and joins known pictures; gives pairs per nanosecond.
    fn test(adapter: &Adapter) -> Result<f64, GpuError> {
        let device = Device::from_adapter(adapter)?;
        GpuHasher::on(device.clone())?;
        Ok(HammingGpu::new(device, clock())?.pairs_per_ns())
    }
}
