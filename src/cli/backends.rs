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
        // hashing elsewhere saves nothing. Comparing and proving may, and see for themselves.
        GpuMode::Auto => Ok(device::when_faster()),
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
    use super::{Backends, GpuMode};

    pub fn when_faster() -> Backends {
        Backends::default()
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

    use clean_backup::gpu::align::GpuAligner;
    use clean_backup::gpu::device::{
        Adapter, AdapterChoice, Gpu as Device, GpuError, OpenDevice, adapters,
    };
    use clean_backup::gpu::hamming::{GpuJoiner, HammingGpu};
    use clean_backup::gpu::hash::GpuHasher;
    use clean_backup::gpu::pace::Clock;
    use clean_backup::gpu::rented::{Rentable as _, WhenFaster};
    use clean_backup::gpu::windows::GpuWindowHasher;

    use clean_backup::library::outlook::{DevicePaces, StageEstimate, estimate};
    use clean_backup::model::policy::Sensitivity;

    use super::{Backends, GpuMode};
    use crate::cli::stderr::without_stderr;

    fn clock() -> Clock {
        let start = Instant::now();
        Arc::new(move || start.elapsed())
    }

    /// A real one. Drivers talk on standard error of what is no concern of a user.
    fn opener() -> OpenDevice {
        Arc::new(|| without_stderr(|| Device::open(AdapterChoice::Real)))
    }

    pub fn when_faster() -> Backends {
        Backends {
            joiner: Box::new(GpuJoiner::when_faster(clock(), opener())),
            windows: Box::new(WhenFaster::<GpuWindowHasher>::new(clock(), opener())),
            aligner: Box::new(WhenFaster::<GpuAligner>::new(clock(), opener())),
            ..Backends::default()
        }
    }

    pub fn insisted_on(gpu: GpuMode) -> Result<Backends, GpuError> {
        let wanted = if gpu == GpuMode::Any { AdapterChoice::Any } else { AdapterChoice::Real };
        let device = without_stderr(|| Device::open(wanted))?;
        tracing::info!("working on {}", device.name());
        Ok(Backends {
            hasher: Box::new(GpuHasher::on(device.clone())?),
            joiner: Box::new(GpuJoiner::on(device.clone(), clock())?),
            aligner: Box::new(GpuAligner::on(device.clone(), clock())?),
            windows: Box::new(GpuWindowHasher::on(device, clock())?),
        })
    }

    pub fn examine(any: bool) -> Vec<String> {
        let wanted = if any { AdapterChoice::Any } else { AdapterChoice::Real };
        let adapters = adapters();
        let mut lines: Vec<String> = Vec::new();
        let mut used = None;
        for adapter in &adapters {
            lines.push(format!("GPU: {adapter}: {}", adapter.limits()));
            if !adapter.is(wanted) {
                lines.push("  self-test: not run; --gpu any tests software adapters too".into());
                continue;
            }
            match test(adapter) {
                Ok(paces) => {
                    lines.push(format!("  self-test: good; {}", seen(&paces)));
                    used = used.or(Some((adapter, paces)));
                }
                Err(error) => lines.push(format!("  self-test: FAILED: {error}")),
            }
        }
        match used {
            Some((adapter, paces)) => {
                lines.push(format!(
                    "GPU in use: {adapter}, stage by stage where it is estimated to be faster; \
                     decoding and hashing stay on the CPU unless --gpu on or any"
                ));
                lines.extend(outlook(&paces));
            }
            None if adapters.is_empty() => {
                lines.push("GPU in use: none; no driver offers one".into())
            }
            None => {
                lines.push("GPU in use: none; software adapters are slower than the CPU".into())
            }
        }
        lines
    }

    /// Hashes, joins and proves known pictures and windows of them.
    fn test(adapter: &Adapter) -> Result<DevicePaces, GpuError> {
        let device = Device::from_adapter(adapter)?;
        GpuHasher::on(device.clone())?;
        Ok(DevicePaces {
            window: GpuWindowHasher::on(device.clone(), clock())?.times(),
            proof: GpuAligner::on(device.clone(), clock())?.times(),
            compared_per_ns: HammingGpu::new(device, clock())?.pairs_per_ns(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    fn seen(paces: &DevicePaces) -> String {
        let DevicePaces { window, proof, compared_per_ns, threads } = paces;
        format!(
            "{compared_per_ns:.3} billion pairs of hashes compared per second; {} for a window, {} \
             on {threads} threads of the CPU; {} for a proof, {} on the CPU",
            short(window.gpu_ns / 1e9),
            short(window.cpu_ns / 1e9),
            short(proof.gpu_ns / 1e9),
            short(proof.cpu_ns / 1e9)
        )
    }

    /// What `auto` would choose for libraries of round sizes, and why.
    fn outlook(paces: &DevicePaces) -> Vec<String> {
        let mut lines = Vec::new();
        for sensitivity in [Sensitivity::Standard, Sensitivity::Aggressive] {
            for (pictures, name) in
                [(100_000, "100,000"), (1_000_000, "1,000,000"), (10_000_000, "10,000,000")]
            {
                let stages = estimate(pictures, sensitivity, paces).into_iter().map(|stage| {
                    let StageEstimate { stage: name, gpu_s, cpu_s } = stage;
                    let (whom, chosen, other) = match stage.on_gpu() {
                        true => ("GPU", gpu_s, cpu_s),
                        false => ("CPU", cpu_s, gpu_s),
                    };
                    format!("{name} on the {whom} ({}, not {})", short(chosen), short(other))
                });
                let stages: Vec<String> = stages.collect();
                let sensitivity = sensitivity.name();
                lines.push(format!("  {name} pictures, {sensitivity}: {}", stages.join("; ")));
            }
        }
        lines
    }

    fn short(seconds: f64) -> String {
        match seconds {
            s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
            s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
            s if s < 1.0 => format!("{:.0} ms", s * 1e3),
            s if s < 120.0 => format!("{s:.1} s"),
            s if s < 7200.0 => format!("{:.0} min", s / 60.0),
            s => format!("{:.0} h", s / 3600.0),
        }
    }
}
