//! The adapters of this machine, and which of them are real.

use std::fmt;

use super::{GpuError, MAX_BINDING, MAX_BUFFERS, MAX_WORKGROUPS, WORKGROUP_BYTES, guarded};

/// Which adapters are acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdapterChoice {
    /// A GPU.
    Real,
    /// A GPU, or a program that acts as one.
    Any,
}

/// What an adapter is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A card with memory of its own.
    Discrete,
    /// A part of the processor.
    Integrated,
    /// Handed into a virtual machine.
    Virtual,
    /// The driver does not say.
    Unknown,
    /// A program on the CPU.
    Software,
}

impl AdapterKind {
    /// By what the driver says and by the names of the programs that act as GPUs, as some of them
    /// do not say so.
    fn from_info(info: &wgpu::AdapterInfo) -> Self {
        let name = format!("{} {}", info.name, info.driver).to_lowercase();
        let programs = ["llvmpipe", "lavapipe", "swiftshader", "basic render", "softpipe"];
        if programs.iter().any(|program| name.contains(program)) {
            return Self::Software;
        }
        match info.device_type {
            wgpu::DeviceType::DiscreteGpu => Self::Discrete,
            wgpu::DeviceType::IntegratedGpu => Self::Integrated,
            wgpu::DeviceType::VirtualGpu => Self::Virtual,
            wgpu::DeviceType::Cpu => Self::Software,
            wgpu::DeviceType::Other => Self::Unknown,
        }
    }

    /// Human-readable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Unknown => "of unknown kind",
            Self::Software => "software",
        }
    }
}

/// An adapter that a driver offers.
#[derive(Debug)]
pub struct Adapter {
    adapter: wgpu::Adapter,
    info: wgpu::AdapterInfo,
    kind: AdapterKind,
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = &self.info;
        write!(f, "{} ({}, {}", info.name, self.kind.name(), info.backend)?;
        for part in [&info.driver, &info.driver_info] {
            if !part.is_empty() {
                write!(f, ", {part}")?;
            }
        }
        f.write_str(")")
    }
}

impl Adapter {
    /// The kind of adapter.
    pub fn kind(&self) -> AdapterKind {
        self.kind
    }

    /// Whether it is acceptable.
    pub fn is(&self, wanted: AdapterChoice) -> bool {
        wanted == AdapterChoice::Any || self.kind != AdapterKind::Software
    }

    /// Its bounds (human-readable).
    pub fn limits(&self) -> String {
        let limits = self.adapter.limits();
        format!(
            "bindings of {} MiB, {} workgroups a dimension, {} KiB shared by a workgroup",
            limits.max_storage_buffer_binding_size >> 20,
            limits.max_compute_workgroups_per_dimension,
            limits.max_compute_workgroup_storage_size >> 10
        )
    }

    /// Opens it, with the bounds that this program keeps to and no others, and with subgroups where
    /// it has them.
    pub(super) fn request_device(&self) -> Result<(wgpu::Device, wgpu::Queue), GpuError> {
        let shared = self.adapter.limits().max_compute_workgroup_storage_size;
        let required_limits = wgpu::Limits {
            max_compute_workgroup_storage_size: shared.min(WORKGROUP_BYTES),
            max_storage_buffer_binding_size: MAX_BINDING,
            max_buffer_size: MAX_BINDING,
            max_compute_workgroups_per_dimension: MAX_WORKGROUPS,
            max_storage_buffers_per_shader_stage: MAX_BUFFERS,
            ..wgpu::Limits::downlevel_defaults()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("clean-backup"),
            required_features: self.adapter.features() & wgpu::Features::SUBGROUP,
            required_limits,
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..wgpu::DeviceDescriptor::default()
        };
        guarded(|| pollster::block_on(self.adapter.request_device(&descriptor)))?
            .map_err(|error| GpuError::Create(error.to_string()))
    }
}

/// All adapters, the best first. Without a loader, without a driver, or with a broken one: none.
pub fn adapters() -> Vec<Adapter> {
    let listed = guarded(|| {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::PRIMARY,
            // No validation layers, whatever the build: they cost start-up and may be absent.
            flags: wgpu::InstanceFlags::empty(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
    });
    let mut adapters: Vec<Adapter> = listed
        .unwrap_or_default()
        .into_iter()
        .map(|adapter| {
            let info = adapter.get_info();
            Adapter { kind: AdapterKind::from_info(&info), adapter, info }
        })
        .collect();
    adapters.sort_by_key(Adapter::kind);
    adapters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_act_as_gpus_are_told_by_name_and_by_type() {
        let kind = |name: &str, device_type| {
            let info = wgpu::AdapterInfo {
                name: name.into(),
                ..wgpu::AdapterInfo::new(device_type, wgpu::Backend::Vulkan)
            };
            AdapterKind::from_info(&info)
        };
        assert_eq!(kind("NVIDIA H100", wgpu::DeviceType::DiscreteGpu), AdapterKind::Discrete);
        assert_eq!(kind("Apple M3", wgpu::DeviceType::IntegratedGpu), AdapterKind::Integrated);
        assert_eq!(kind("something", wgpu::DeviceType::Cpu), AdapterKind::Software);
        for name in ["llvmpipe (LLVM 15)", "SwiftShader Device", "Microsoft Basic Render Driver"] {
            assert_eq!(kind(name, wgpu::DeviceType::Other), AdapterKind::Software);
            assert_eq!(kind(name, wgpu::DeviceType::DiscreteGpu), AdapterKind::Software);
        }
        assert!(AdapterKind::Discrete < AdapterKind::Integrated);
    }
}
