//! The kernels of joins, put together from the files in `shaders`.

use crate::gpu::device::{Gpu, GpuError, Kernel};

/// How pairs come together in one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compaction {
    /// With one atomic a pair: on any device.
    Plain,
    /// With one atomic a subgroup, where the device has subgroups.
    Subgroups,
}

/// One for each kind of join.
#[derive(Debug)]
pub(super) struct HammingKernels {
    /// The 64-bit hashes decide.
    pub coarse: Kernel,
    /// Both hashes decide.
    pub both: Kernel,
}

impl HammingKernels {
    pub fn new(gpu: &Gpu, compaction: Compaction) -> Result<Self, GpuError> {
        let [coarse, both] = sources(compaction);
        Ok(Self { coarse: gpu.kernel("hamming", &coarse)?, both: gpu.kernel("hamming", &both)? })
    }
}

/// The shaders: of the 64-bit hashes, and of both.
pub fn sources(compaction: Compaction) -> [String; 2] {
    let place = match compaction {
        Compaction::Plain => include_str!("../../../shaders/hamming/plain.wgsl"),
        Compaction::Subgroups => include_str!("../../../shaders/hamming/subgroups.wgsl"),
    };
    let confirm = [
        include_str!("../../../shaders/hamming/coarse.wgsl"),
        include_str!("../../../shaders/hamming/both.wgsl"),
    ];
    confirm.map(|confirm| [include_str!("../../../shaders/hamming.wgsl"), confirm, place].concat())
}
