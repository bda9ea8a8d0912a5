//! Whether a device joins as the CPU does.

use std::sync::{Mutex, PoisonError};

use super::HammingGpu;
use crate::gpu::device::GpuError;
use crate::index::flat::{Backend, Flat};
use crate::index::{CpuJoiner, Join as _, Joiner as _, Members, Needles, Radii, Sink};
use crate::model::phash::{FineHash, PerceptualHash};

/// Compares joins with the CPU's. They are large enough to show a fast device's pace, and split
/// in so many dispatches that a slow one takes a second.
pub(super) fn check(joins: &HammingGpu) -> Result<(), GpuError> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let hashes: Vec<PerceptualHash> = (0..20_000)
        .map(|number| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Every seventh is near a common centre, at all distances.
            let near = (1_u64 << (number % 13)) - 1;
            PerceptualHash(if number % 7 == 0 { (state & near) | near << 32 } else { state })
        })
        .collect();
    let ours = gathered(|sink| joins.self_join(&hashes, 9, sink))?;
    let expected = gathered(|sink| {
        Flat::new(&hashes, Backend::fastest()).self_join(9, sink);
        Ok(())
    })?;
    compare(joins, &ours, &expected)?;
    let fines: Vec<FineHash> = hashes.iter().map(|hash| FineHash([hash.0; 4])).collect();
    let starts: Vec<u32> = (0..=3000).collect();
    let library = Members { distinct: &hashes[..3000], starts: &starts, fines: &fines[..3000] };
    let needles = Needles { hashes: &hashes[2500..7000], fines: &fines[2500..7000] };
    let radii = Radii { coarse: 9, fine: 24 };
    let ours = gathered(|sink| joins.cross_join_both(needles, library, radii, sink))?;
    let expected = gathered(|sink| {
        CpuJoiner.cross_join_both(needles, library, radii, sink);
        Ok(())
    })?;
    compare(joins, &ours, &expected)
}

fn compare<T: PartialEq>(joins: &HammingGpu, ours: &[T], expected: &[T]) -> Result<(), GpuError> {
    if ours == expected {
        return Ok(());
    }
    let (ours, expected) = (ours.len(), expected.len());
    let name = joins.name();
    Err(GpuError::Wrong(format!("{name} finds {ours} pairs where there are {expected}")))
}

/// What a join finds, in order.
fn gathered<T: Copy + Ord + Send>(
    join: impl FnOnce(&dyn Sink<T>) -> Result<(), GpuError>,
) -> Result<Vec<T>, GpuError> {
    let found = Mutex::new(Vec::new());
    join(&|batch: &[T]| {
        found.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(batch);
    })?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_unstable();
    Ok(found)
}
