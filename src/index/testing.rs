//! What the tests of all indices share: hashes of every shape, and a sink that keeps everything.

use std::sync::Mutex;

use proptest::prelude::*;

use super::{Pair, Sink};
use crate::model::phash::PerceptualHash;

/// Keeps all pairs.
#[derive(Default)]
pub(super) struct Gathered(Mutex<Vec<Pair>>);

impl Gathered {
    pub(super) fn sorted(self) -> Vec<Pair> {
        let mut pairs = self.0.into_inner().unwrap();
        pairs.sort_unstable();
        pairs
    }
}

impl Sink<Pair> for Gathered {
    fn accept(&self, batch: &[Pair]) {
        assert!(!batch.is_empty());
        self.0.lock().unwrap().extend_from_slice(batch);
    }
}

/// Hashes that are random, clustered around a few, alike in many bits, or often equal.
pub(super) fn hashes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<PerceptualHash>> {
    let flips = proptest::collection::vec(0_u32..64, 0..12);
    let shapes = (0_u8..4, any::<u64>(), any::<u64>());
    (shapes, proptest::collection::vec((any::<u64>(), flips), count)).prop_map(
        |((shape, fixed, mask), items)| {
            items
                .into_iter()
                .map(|(random, flips)| {
                    let near = |centre: u64| flips.iter().fold(centre, |x, bit| x ^ 1 << bit);
                    PerceptualHash(match shape {
                        0 => random,
                        1 => near((random & 3).wrapping_mul(fixed | 1)),
                        // Half of the bits fixed, in nine of ten.
                        2 if random % 10 > 0 => (random & !mask) | (fixed & mask),
                        2 => random,
                        _ => near(fixed) | random & 1,
                    })
                })
                .collect()
        },
    )
}
