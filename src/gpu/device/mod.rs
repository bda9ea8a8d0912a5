//! A GPU: which one, and how work is given to it so that nothing fails unseen.
//!
//! wgpu reports most failures somewhere else than where they arise: to error scopes, to a handler
//! that panics unless it is replaced, to a callback when the device is lost, or by a panic. Here
//! they all end as a [`GpuError`] of the call that waits for the result, so that a caller can hand
//! the same work to the CPU.

mod adapters;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{error, fmt};

use crate::model::panics;

pub use adapters::{Adapter, AdapterChoice, AdapterKind, adapters};

/// How long a submission may take. Each is made to last some 50 ms; software adapters may need
/// seconds, and a wedged queue never ends.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that one binding may hold: what every Vulkan, Metal and Direct3D 12 device allows.
pub const MAX_BINDING: u64 = 128 << 20;
/// Workgroups along one dimension of a dispatch, likewise.
pub const MAX_WORKGROUPS: u32 = 65_535;
/// Storage buffers that a shader may use: what WebGPU promises everywhere.
pub const MAX_BUFFERS: u32 = 8;
/// Bytes that a workgroup may share, where the device has so many: nearly all do. A shader that
/// needs more than a device has is not made.
const WORKGROUP_BYTES: u32 = 32 << 10;

/// Why a GPU did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpuError {
    /// There is no adapter of the wanted kind.
    None(AdapterChoice),
    /// The adapter gave no device, or the device no buffer or pipeline.
    Create(String),
    /// The device failed or was lost in the middle of its work.
    Lost(String),
    /// It did not answer in time.
    Timeout(Duration),
    /// It answered, and wrongly.
    Wrong(String),
}

impl fmt::Display for GpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None(AdapterChoice::Real) => f.write_str("no GPU was found"),
            Self::None(AdapterChoice::Any) => f.write_str("no GPU was found, not even in software"),
            Self::Create(what) => write!(f, "the GPU cannot be used: {what}"),
            Self::Lost(what) => write!(f, "the GPU failed: {what}"),
            Self::Timeout(patience) => {
                write!(f, "the GPU did not answer within {} s", patience.as_secs_f32())
            }
            Self::Wrong(what) => write!(f, "the GPU computes wrongly: {what}"),
        }
    }
}

impl error::Error for GpuError {}

/// The first thing that went wrong.
#[derive(Debug, Default)]
struct Health(Mutex<Option<String>>);

impl Health {
    fn fail(&self, why: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    fn check(&self) -> Result<(), GpuError> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(GpuError::Lost(why.clone())),
            None => Ok(()),
        }
    }
}

/// Opens a real device, in whatever surroundings the caller wants that to happen: drivers write to
/// standard error.
pub type OpenDevice = Arc<dyn Fn() -> Result<Gpu, GpuError> + Send + Sync>;

/// An open device; clones are the same one.
#[derive(Clone, Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    health: Arc<Health>,
    patience: Duration,
}

/// A shader that can be dispatched.
#[derive(Debug)]
pub struct Kernel {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Gpu {
    /// Opens the best adapter of the wanted kind.
    ///
    /// # Errors
    /// [`GpuError::None`] without one, [`GpuError::Create`] when none of them gives a device.
    pub fn open(wanted: AdapterChoice) -> Result<Self, GpuError> {
        let mut last = GpuError::None(wanted);
        for adapter in adapters().into_iter().filter(|adapter| adapter.is(wanted)) {
            match Self::from_adapter(&adapter) {
                Ok(gpu) => return Ok(gpu),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Opens this adapter.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn from_adapter(adapter: &Adapter) -> Result<Self, GpuError> {
        let (device, queue) = adapter.request_device()?;
        let health = Arc::new(Health::default());
        let lost = Arc::clone(&health);
        device.set_device_lost_callback(move |reason, message| {
            lost.fail(format!("the device was lost ({reason:?}): {message}"));
        });
        let failed = Arc::clone(&health);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            failed.fail(error.to_string());
        }));
        Ok(Self { device, queue, name: adapter.to_string(), health, patience: PATIENCE })
    }

    /// The same with another timeout, for tests.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Adapter and driver (human-readable).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether shaders may use operations of subgroups.
    pub fn has_subgroups(&self) -> bool {
        self.device.features().contains(wgpu::Features::SUBGROUP)
    }

    /// Ends the device, as a driver that resets does: for tests.
    pub fn destroy(&self) {
        self.device.destroy();
    }

    /// Runs what creates something, with all that it may report.
    fn create<T>(&self, make: impl FnOnce(&wgpu::Device) -> T) -> Result<T, GpuError> {
        self.health.check()?;
        let filters = [
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::Internal,
        ];
        guarded(|| {
            let scopes = filters.map(|filter| self.device.push_error_scope(filter));
            let made = make(&self.device);
            let mut failure = None;
            // The innermost first.
            for scope in scopes.into_iter().rev() {
                failure = failure.or(pollster::block_on(scope.pop()));
            }
            match failure {
                Some(error) => Err(GpuError::Create(error.to_string())),
                None => Ok(made),
            }
        })?
    }

    /// A buffer of `size` bytes.
    ///
    /// # Errors
    /// [`GpuError::Create`] when there is no memory for it.
    pub fn buffer(
        &self,
        label: &str,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, GpuError> {
        // What is written by us is mapped from the start.
        let mapped_at_creation = usage.contains(wgpu::BufferUsages::MAP_WRITE);
        self.create(|device| {
            let label = Some(label);
            device.create_buffer(&wgpu::BufferDescriptor { label, size, usage, mapped_at_creation })
        })
    }

    /// Compiles a shader; its entry point has the shader's name.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn kernel(&self, name: &str, wgsl: &str) -> Result<Kernel, GpuError> {
        self.kernels([name], wgsl, &[]).map(|[kernel]| kernel)
    }

    /// The same, with values for the shader's `override` constants.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn kernel_with(
        &self,
        name: &str,
        wgsl: &str,
        constants: &[(&str, f64)],
    ) -> Result<Kernel, GpuError> {
        self.kernels([name], wgsl, constants).map(|[kernel]| kernel)
    }

    /// Compiles a shader with several entry points.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn kernels<const N: usize>(
        &self,
        entry_points: [&str; N],
        wgsl: &str,
        constants: &[(&str, f64)],
    ) -> Result<[Kernel; N], GpuError> {
        self.create(|device| {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: entry_points.first().copied(),
                source: wgpu::ShaderSource::Wgsl(wgsl.into()),
            });
            entry_points.map(|name| {
                let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                    label: Some(name),
                    layout: None,
                    module: &module,
                    entry_point: Some(name),
                    compilation_options: wgpu::PipelineCompilationOptions {
                        constants,
                        ..wgpu::PipelineCompilationOptions::default()
                    },
                    cache: None,
                });
                let layout = pipeline.get_bind_group_layout(0);
                Kernel { pipeline, layout }
            })
        })
    }

    /// Binds buffers to a kernel, the first to binding 0.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn bind(
        &self,
        kernel: &Kernel,
        buffers: &[&wgpu::Buffer],
    ) -> Result<wgpu::BindGroup, GpuError> {
        let numbered: Vec<_> = (0..).zip(buffers.iter().copied()).collect();
        self.bind_at(kernel, &numbered)
    }

    /// Binds buffers to a kernel that leaves out some numbers.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn bind_at(
        &self,
        kernel: &Kernel,
        buffers: &[(u32, &wgpu::Buffer)],
    ) -> Result<wgpu::BindGroup, GpuError> {
        self.create(|device| {
            let entries: Vec<_> = buffers
                .iter()
                .map(|&(binding, buffer)| wgpu::BindGroupEntry {
                    binding,
                    resource: buffer.as_entire_binding(),
                })
                .collect();
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &kernel.layout,
                entries: &entries,
            })
        })
    }

    /// Copies bytes to a buffer, ahead of the next submission.
    pub fn write(&self, buffer: &wgpu::Buffer, bytes: &[u8]) {
        self.queue.write_buffer(buffer, 0, bytes);
    }

    /// Fills the first `size` bytes of a buffer, ahead of the next submission.
    ///
    /// # Errors
    /// [`GpuError::Lost`] when the device has failed.
    pub fn fill(
        &self,
        buffer: &wgpu::Buffer,
        size: usize,
        fill: impl FnOnce(&mut wgpu::QueueWriteBufferView),
    ) -> Result<(), GpuError> {
        let Some(bytes) = wgpu::BufferSize::new(size as u64) else { return Ok(()) };
        self.health.check()?;
        let view = guarded(|| {
            self.queue.write_buffer_with(buffer, 0, bytes).map(|mut view| fill(&mut view))
        })?;
        view.ok_or_else(|| GpuError::Lost("there is no memory to upload from".into()))
    }

    /// Records commands and submits them.
    ///
    /// # Errors
    /// [`GpuError::Lost`] when the device has failed.
    pub fn submit(
        &self,
        record: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex, GpuError> {
        self.health.check()?;
        guarded(|| {
            let descriptor = wgpu::CommandEncoderDescriptor { label: None };
            let mut encoder = self.device.create_command_encoder(&descriptor);
            record(&mut encoder);
            self.queue.submit([encoder.finish()])
        })
    }

    /// Waits until a submission is done and the maps asked for before it are there.
    ///
    /// # Errors
    /// [`GpuError::Lost`] or [`GpuError::Timeout`].
    pub fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), GpuError> {
        let polled = guarded(|| {
            self.device.poll(wgpu::PollType::Wait {
                submission_index: Some(submission),
                timeout: Some(self.patience),
            })
        })?;
        match polled {
            Ok(_) => self.health.check(),
            Err(wgpu::PollError::Timeout) => {
                // Dropping a device waits for its work: one that never ends must outlive us.
                std::mem::forget(self.device.clone());
                Err(GpuError::Timeout(self.patience))
            }
            Err(error) => Err(GpuError::Lost(error.to_string())),
        }
    }
}

/// Dispatches `count` workgroups of a kernel, in rows of at most [`MAX_WORKGROUPS`]; gives nothing
/// to do for 0.
pub fn dispatch(
    encoder: &mut wgpu::CommandEncoder,
    kernel: &Kernel,
    bindings: &wgpu::BindGroup,
    (x, y): (u32, u32),
) {
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&kernel.pipeline);
    pass.set_bind_group(0, bindings, &[]);
    pass.dispatch_workgroups(x, y, 1);
}

/// A buffer being mapped: asked for after a submission, there once it was waited for.
#[derive(Debug)]
pub struct Mapping {
    buffer: wgpu::Buffer,
    done: std::sync::mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Mapping {
    /// Asks for the whole buffer.
    pub fn ask(buffer: &wgpu::Buffer, mode: wgpu::MapMode) -> Self {
        let (sender, done) = std::sync::mpsc::channel();
        // Nobody listens any more when the work was given up.
        buffer.map_async(mode, .., move |result| drop(sender.send(result)));
        Self { buffer: buffer.clone(), done }
    }

    /// The buffer, mapped.
    ///
    /// # Errors
    /// [`GpuError::Lost`] when it is not.
    pub fn finish(self) -> Result<wgpu::Buffer, GpuError> {
        match self.done.try_recv() {
            Ok(Ok(())) => Ok(self.buffer),
            Ok(Err(error)) => Err(GpuError::Lost(error.to_string())),
            Err(_) => Err(GpuError::Lost("a result was never handed over".into())),
        }
    }
}

/// Reads `size` bytes of a mapped buffer and gives it back to the device.
///
/// # Errors
/// [`GpuError::Lost`] when they cannot be had.
pub fn read_mapped<T>(
    buffer: &wgpu::Buffer,
    size: u64,
    read: impl FnOnce(&[u8]) -> T,
) -> Result<T, GpuError> {
    let value = guarded(|| {
        let view = buffer.slice(..size).get_mapped_range();
        view.map(|view| read(&view)).map_err(|error| GpuError::Lost(error.to_string()))
    })??;
    buffer.unmap();
    Ok(value)
}

/// Fills a mapped buffer and gives it back to the device.
///
/// # Errors
/// [`GpuError::Lost`] when it is not mapped.
pub fn write_mapped(
    buffer: &wgpu::Buffer,
    fill: impl FnOnce(&mut wgpu::BufferViewMut),
) -> Result<(), GpuError> {
    guarded(|| {
        let view = buffer.slice(..).get_mapped_range_mut();
        view.map(|mut view| fill(&mut view)).map_err(|error| GpuError::Lost(error.to_string()))
    })??;
    buffer.unmap();
    Ok(())
}

/// Turns a panic of wgpu into an error.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, GpuError> {
    panics::catch(call).map_err(GpuError::Lost)
}
