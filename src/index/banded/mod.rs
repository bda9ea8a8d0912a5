//! Multi-index hashing as a join: sort the hashes by the bits of one band, join the buckets that
//! are near each other, and go on to the next band.
//!
//! One band's table is in memory at a time. A pair is handed on only by the first band that finds
//! it, which the pair itself tells, so no set of seen pairs is kept. Buckets that are too full
//! are joined by the bits outside the band (see `join.rs`), so a skewed library costs little more.

mod gather;
mod growing;
mod join;
mod plan;
mod query;
mod table;

pub use growing::Growing;
pub use plan::{Band, BandPlan, Size};
pub use query::MultiIndex;

use super::flat::{Backend, Flat};
use super::{Join, Pair, Sink};
use crate::model::phash::PerceptualHash;
use join::{HEAVY, JoinContext, JoinSide, Tuning};
use plan::Sample;

/// The banded joins over one slice of hashes. Falls back on the plain scan where no plan is
/// cheaper.
#[derive(Clone, Copy, Debug)]
pub struct Banded<'a> {
    hashes: &'a [PerceptualHash],
    backend: Backend,
    tuning: Tuning,
}

impl<'a> Banded<'a> {
    /// Over `hashes`, fewer than 2³² of them; positions in them are the numbers in the answers.
    pub fn new(hashes: &'a [PerceptualHash], backend: Backend) -> Self {
        Self { hashes, backend, tuning: Tuning { always: false, heavy: HEAVY } }
    }

    /// The same, banded even where the plain scan is estimated to be cheaper: for tests and
    /// measurements.
    #[must_use]
    pub fn always(self) -> Self {
        Self { tuning: Tuning { always: true, ..self.tuning }, ..self }
    }

    /// Takes buckets for too full from `pairs` on.
    #[cfg(test)]
    fn heavy_from(self, pairs: u64) -> Self {
        Self { tuning: Tuning { heavy: pairs, ..self.tuning }, ..self }
    }

    /// How a self-join would be done; `None` when by the plain scan.
    pub fn plan_self(&self, radius: u32) -> Option<BandPlan> {
        self.plan(Size::self_join(self.hashes.len()), radius)
    }

    /// How a cross-join with so many needles would be done; `None` when by the plain scan.
    pub fn plan_cross(&self, needles: usize, radius: u32) -> Option<BandPlan> {
        self.plan(Size::cross_join(needles, self.hashes.len()), radius)
    }

    /// How a join of that size would be done, these hashes being a sample of it; `None` when by the
    /// plain scan.
    pub(super) fn plan(&self, size: Size, radius: u32) -> Option<BandPlan> {
        let plan = Sample::new(self.hashes).plan(size, radius, u64::MAX)?;
        (self.tuning.always || plan.cost_ns < size.flat_ns()).then_some(plan)
    }
}

impl Join for Banded<'_> {
    fn self_join(&self, radius: u32, sink: &dyn Sink<Pair>) {
        let Some(plan) = self.plan_self(radius) else {
            return Flat::new(self.hashes, self.backend).self_join(radius, sink);
        };
        let context = JoinContext::new((self.backend, self.tuning), radius, true, sink);
        context.self_join(&plan, JoinSide { hashes: self.hashes, ids: None });
    }

    fn cross_join(&self, needles: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>) {
        let Some(plan) = self.plan_cross(needles.len(), radius) else {
            return Flat::new(self.hashes, self.backend).cross_join(needles, radius, sink);
        };
        let context = JoinContext::new((self.backend, self.tuning), radius, false, sink);
        let needles = JoinSide { hashes: needles, ids: None };
        context.cross_join(&plan, needles, JoinSide { hashes: self.hashes, ids: None });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::testing::{self, Gathered};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_join_equals_the_scan(
            hashes in testing::hashes(0..300),
            radius in 0_u32..=16,
            heavy in prop_oneof![Just(HEAVY), Just(2000), Just(200)],
        ) {
            let flat = Gathered::default();
            Flat::new(&hashes, Backend::PORTABLE).self_join(radius, &flat);
            let found = Gathered::default();
            Banded::new(&hashes, Backend::fastest())
                .always()
                .heavy_from(heavy)
                .self_join(radius, &found);
            prop_assert_eq!(found.sorted(), flat.sorted());
        }

        #[test]
        fn the_cross_join_equals_the_scan(
            needles in testing::hashes(0..150),
            library in testing::hashes(0..300),
            radius in 0_u32..=16,
            heavy in prop_oneof![Just(HEAVY), Just(2000), Just(200)],
        ) {
            let flat = Gathered::default();
            Flat::new(&library, Backend::PORTABLE).cross_join(&needles, radius, &flat);
            let found = Gathered::default();
            Banded::new(&library, Backend::fastest())
                .always()
                .heavy_from(heavy)
                .cross_join(&needles, radius, &found);
            prop_assert_eq!(found.sorted(), flat.sorted());
        }
    }
}
