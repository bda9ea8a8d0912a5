//! What a run would do on the GPU and what on the CPU, estimated for libraries of any size from
//! what both were seen to do: with the rules by which a run decides.

use crate::dedupe::proofs::Reach;
use crate::gpu::rented::ItemTimes;
use crate::index;
use crate::model::policy::Sensitivity;
use crate::picture::window::{HALVES, WindowSet};

/// What a device and the CPU's threads were seen to do.
#[derive(Clone, Copy, Debug)]
pub struct DevicePaces {
    /// For a window that is hashed.
    pub window: ItemTimes,
    /// For a pair that is proven or refused.
    pub proof: ItemTimes,
    /// Pairs of hashes that the device compares in a nanosecond.
    pub compared_per_ns: f64,
    /// Threads of the CPU.
    pub threads: usize,
}

/// A stage of a run, and how long it would take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageEstimate {
    /// As people are told it.
    pub stage: &'static str,
    /// On the GPU, in seconds.
    pub gpu_s: f64,
    /// On the CPU's threads, in seconds.
    pub cpu_s: f64,
}

impl StageEstimate {
    /// Whether a run would do it on the GPU.
    pub fn on_gpu(&self) -> bool {
        self.gpu_s < self.cpu_s
    }
}

/// The stages of the first run over so many pictures that were scanned before.
///
/// Candidates as they were counted on made-up libraries: 4.5 million among a million pictures with
/// few windows, 550,000 among 100,000 with many. Of unrelated pictures they grow as the pairs do.
pub fn estimate(
    pictures: usize,
    sensitivity: Sensitivity,
    paces: &DevicePaces,
) -> Vec<StageEstimate> {
    let reach = Reach::new(sensitivity.into(), false, true);
    let set = reach.windows;
    let count = pictures as f64;
    let threads = paces.threads.max(1) as f64;
    let windows = (set.windows().len() - 1) as f64;
    let halves = if reach.half.is_some() { HALVES.len() as f64 } else { 0.0 };
    let stage = |stage, gpu_ns: f64, cpu_ns: f64| StageEstimate {
        stage,
        gpu_s: gpu_ns / 1e9,
        cpu_s: cpu_ns / 1e9,
    };
    let mut stages = Vec::new();
    // Few windows are hashed while scanning.
    if set == WindowSet::Many {
        let hashed = count * (windows + halves);
        stages.push(stage(
            "hashing windows",
            hashed * paces.window.gpu_ns,
            hashed * paces.window.cpu_ns,
        ));
    }
    let compared = count * count * (windows + (halves + 1.0) / 2.0);
    let half = reach.half.map_or(0.0, |(half, _)| index::typical_self_join_ns(pictures, half.0));
    let on_cpu = index::typical_self_join_ns(pictures, reach.whole.0.0)
        + halves * half
        + windows * index::typical_cross_join_ns(pictures, pictures, reach.window.0.0);
    stages.push(stage("comparing", compared / paces.compared_per_ns.max(1e-9), on_cpu / threads));
    let candidates = count * count * if set == WindowSet::Many { 5.5e-5 } else { 4.5e-6 };
    stages.push(stage("proving", candidates * paces.proof.gpu_ns, candidates * paces.proof.cpu_ns));
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_one_is_chosen_stage_by_stage() {
        let times = |gpu_ns, cpu_ns| ItemTimes { gpu_ns, cpu_ns };
        let paces = DevicePaces {
            window: times(10.0, 300.0),
            proof: times(900.0, 500.0),
            compared_per_ns: 1000.0,
            threads: 16,
        };
        let few = estimate(1_000_000, Sensitivity::Standard, &paces);
        let stages: Vec<&str> = few.iter().map(|stage| stage.stage).collect();
        assert_eq!(stages, ["comparing", "proving"]);
        // 15.5 · 10¹² comparisons at 10¹² a second.
        assert!((few[0].gpu_s - 15.5).abs() < 0.01, "{few:?}");
        assert!(!few[1].on_gpu() && few[1].cpu_s > 2.0 && few[1].cpu_s < 3.0, "{few:?}");
        let many = estimate(100_000, Sensitivity::Aggressive, &paces);
        assert_eq!(many.len(), 3);
        assert!(many[0].on_gpu(), "{many:?}");
        // Ten times the pictures: a hundred times the pairs.
        let larger = estimate(1_000_000, Sensitivity::Aggressive, &paces);
        assert!((larger[2].cpu_s / many[2].cpu_s - 100.0).abs() < 1.0);
        assert!(larger[1].cpu_s > many[1].cpu_s * 9.0);
    }
}
