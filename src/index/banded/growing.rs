//! Tables that take in new hashes: what is new is scanned until there is so much of it that making
//! the tables again is cheaper.

use super::MultiIndex;
use crate::index::flat::{Backend, Flat};
use crate::index::{Neighbour, Query};
use crate::model::phash::PerceptualHash;

/// New hashes that are scanned at most: some 10 µs per needle.
const DELTA: usize = 1 << 16;

/// A [`MultiIndex`] and the hashes that came after it.
#[derive(Debug)]
pub struct Growing {
    hashes: Vec<PerceptualHash>,
    /// Of the hashes up to `merged`.
    tables: Option<MultiIndex>,
    merged: usize,
    radius: u32,
    backend: Backend,
    delta: usize,
}

impl Growing {
    /// Over `hashes`, for needles of up to `radius`.
    pub fn new(hashes: Vec<PerceptualHash>, radius: u32, backend: Backend) -> Self {
        let mut growing = Self { hashes, tables: None, merged: 0, radius, backend, delta: DELTA };
        growing.merge();
        growing
    }

    /// Takes in a hash; its position is their number before it. Fewer than 2³² of them.
    pub fn push(&mut self, hash: PerceptualHash) {
        self.hashes.push(hash);
        if self.hashes.len() - self.merged >= self.delta {
            self.merge();
        }
    }

    fn merge(&mut self) {
        self.merged = self.hashes.len();
        let any = !self.hashes.is_empty();
        self.tables = any.then(|| MultiIndex::new(&self.hashes, self.radius, self.backend));
    }

    /// What the tables find and what the scan of the new ones finds, in order.
    fn both(
        &self,
        tables: impl FnOnce(&MultiIndex) -> Vec<Neighbour>,
        delta: impl FnOnce(&Flat<'_>) -> Vec<Neighbour>,
    ) -> Vec<Neighbour> {
        let mut found = self.tables.as_ref().map(tables).unwrap_or_default();
        let new = delta(&Flat::new(&self.hashes[self.merged..], self.backend));
        let later = |n: Neighbour| Neighbour { position: n.position + self.merged as u32, ..n };
        found.extend(new.into_iter().map(later));
        found.sort_unstable();
        found
    }
}

impl Query for Growing {
    fn within(&self, needle: PerceptualHash, radius: u32) -> Vec<Neighbour> {
        self.both(|tables| tables.within(needle, radius), |new| new.within(needle, radius))
    }

    fn nearest(&self, needle: PerceptualHash, count: usize, radius: u32) -> Vec<Neighbour> {
        let mut found = self.both(
            |tables| tables.nearest(needle, count, radius),
            |new| new.nearest(needle, count, radius),
        );
        found.truncate(count);
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::testing;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn growing_changes_no_answer(
            hashes in testing::hashes(0..400),
            first in 0_usize..400,
            delta in 1_usize..200,
            needle in 0_usize..400,
            radius in 0_u32..=12,
            count in 0_usize..20,
        ) {
            let first = first.min(hashes.len());
            let mut growing = Growing::new(hashes[..first].to_vec(), 12, Backend::fastest());
            growing.delta = delta;
            hashes[first..].iter().for_each(|&hash| growing.push(hash));
            let needle = hashes.get(needle).copied().unwrap_or(PerceptualHash(5));
            let flat = Flat::new(&hashes, Backend::PORTABLE);
            prop_assert_eq!(growing.within(needle, radius), flat.within(needle, radius));
            prop_assert_eq!(
                growing.nearest(needle, count, radius),
                flat.nearest(needle, count, radius)
            );
        }
    }
}
