//! The definition, without intrinsics: the oracle of every other backend, and what machines
//! without a vector popcount run.

use super::{IndexHit, Span};
use crate::model::phash::PerceptualHash;

pub(super) fn scan(
    needles: &[PerceptualHash],
    hashes: &[PerceptualHash],
    runs: &[Span],
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    for (needle, hash) in (0..).zip(needles) {
        for run in runs {
            for (position, candidate) in (run.start..).zip(&hashes[run.range()]) {
                if hash.distance(*candidate).0 <= radius {
                    hits.push(IndexHit { needle, position });
                }
            }
        }
    }
}
