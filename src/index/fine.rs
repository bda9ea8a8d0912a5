//! Neighbours by the 256-bit hash alone, for libraries so large that the 64-bit one brings up more
//! candidates than it saves.
//!
//! The bits are dealt to four words, each of them as mixed as the others; a pair within r must be
//! within sᵢ in some word i, when Σ(sᵢ+1) ≥ r+1. So each word's 64-bit join brings up candidates,
//! and a pair is handed on by the first word that finds it. The plain scan is the oracle.

mod distances;

use rayon::prelude::*;

use super::{Joiner, Pair, Sink};
use crate::model::phash::{FineHash, PerceptualHash};
use distances::distances as measure;

/// Words that a hash is dealt to.
const WORDS: u32 = 4;

/// Two hashes within the radius, by position, as [`Pair`] has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FinePair {
    /// Position of the one.
    pub a: u32,
    /// Position of the other.
    pub b: u32,
    /// Bits that the 256-bit hashes differ by.
    pub distance: u16,
}

/// A hash within the radius of a needle, the nearest first, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FineNeighbour {
    /// Bits that it differs by.
    pub distance: u16,
    /// Its position among the hashes.
    pub position: u32,
}

/// Every fourth bit, from the `word`th on: neighbouring frequencies go together, and so part.
fn dealt(hash: FineHash, word: u32) -> PerceptualHash {
    let quarter = |bits: u64| {
        // Gathers every fourth bit to the lower sixteen.
        let mut x = (bits >> word) & 0x1111_1111_1111_1111;
        x = (x | x >> 3) & 0x0303_0303_0303_0303;
        x = (x | x >> 6) & 0x000f_000f_000f_000f;
        x = (x | x >> 12) & 0x0000_00ff_0000_00ff;
        (x | x >> 24) & 0xffff
    };
    PerceptualHash(hash.0.into_iter().fold(0, |dealt, bits| dealt << 16 | quarter(bits)))
}

/// How far each word is searched for `radius`; `None` for one that is left out.
fn word_radius(radius: u32, word: u32) -> Option<u32> {
    // Σ(sᵢ+1) = radius+1, shared out evenly.
    let share = (radius + 1) / WORDS + u32::from(word < (radius + 1) % WORDS);
    share.checked_sub(1)
}

/// All pairs of `hashes` within `radius` bits of 256.
pub fn self_join(joiner: &dyn Joiner, hashes: &[FineHash], radius: u32, sink: &dyn Sink<FinePair>) {
    each_word(radius, &mut |word, within| {
        let words: Vec<_> = hashes.par_iter().map(|&hash| dealt(hash, word)).collect();
        let confirmed = WordFilter { left: hashes, right: hashes, radius, word, sink };
        joiner.self_join(&words, within, &confirmed);
    });
}

/// All pairs of a needle and a hash of the library within `radius` bits of 256.
pub fn cross_join(
    joiner: &dyn Joiner,
    needles: &[FineHash],
    library: &[FineHash],
    radius: u32,
    sink: &dyn Sink<FinePair>,
) {
    each_word(radius, &mut |word, within| {
        let deal = |hashes: &[FineHash]| -> Vec<_> {
            hashes.par_iter().map(|&hash| dealt(hash, word)).collect()
        };
        let confirmed = WordFilter { left: needles, right: library, radius, word, sink };
        joiner.cross_join(&deal(needles), &deal(library), within, &confirmed);
    });
}

fn each_word(radius: u32, join: &mut dyn FnMut(u32, u32)) {
    for word in 0..WORDS {
        if let Some(within) = word_radius(radius, word) {
            join(word, within);
        }
    }
}

/// Lets those through that are near in all, and were not found by an earlier word.
struct WordFilter<'a> {
    left: &'a [FineHash],
    right: &'a [FineHash],
    radius: u32,
    word: u32,
    sink: &'a dyn Sink<FinePair>,
}

impl Sink<Pair> for WordFilter<'_> {
    fn accept(&self, batch: &[Pair]) {
        let found_before = |a: FineHash, b: FineHash| {
            (0..self.word).any(|word| {
                word_radius(self.radius, word)
                    .is_some_and(|within| dealt(a, word).distance(dealt(b, word)).0 <= within)
            })
        };
        let near: Vec<FinePair> = batch
            .iter()
            .filter_map(|pair| {
                let (a, b) = (self.left[pair.a as usize], self.right[pair.b as usize]);
                let distance = a.distance(b).0;
                (distance <= self.radius && !found_before(a, b)).then_some(FinePair {
                    a: pair.a,
                    b: pair.b,
                    distance: distance as u16,
                })
            })
            .collect();
        if !near.is_empty() {
            self.sink.accept(&near);
        }
    }
}

/// Hashes that a thread scans in one go.
const PART: usize = 1 << 14;

/// What `choose` makes of the distances of each part, given with the first one's position.
fn scan(
    needle: FineHash,
    hashes: &[FineHash],
    choose: impl Fn(&[u16]) -> u16 + Sync,
) -> Vec<FineNeighbour> {
    hashes
        .par_chunks(PART)
        .enumerate()
        .map_init(Vec::new, |distances, (part, hashes)| {
            measure(needle, hashes, distances);
            let limit = choose(distances);
            let first = (part * PART) as u32;
            (first..)
                .zip(&*distances)
                .filter(|(_, distance)| **distance <= limit)
                .map(|(position, &distance)| FineNeighbour { distance, position })
                .collect::<Vec<_>>()
        })
        .flatten_iter()
        .collect()
}

/// All within `radius` of a needle, the nearest first: the plain scan.
pub fn within(needle: FineHash, hashes: &[FineHash], radius: u32) -> Vec<FineNeighbour> {
    let limit = u16::try_from(radius).unwrap_or(u16::MAX);
    let mut found = scan(needle, hashes, |_| limit);
    found.par_sort_unstable();
    found
}

/// The `count` nearest to a needle: the plain scan.
pub fn nearest(needle: FineHash, hashes: &[FineHash], count: usize) -> Vec<FineNeighbour> {
    if count == 0 {
        return Vec::new();
    }
    // The least distance that `count` of a part are within.
    let limit = |distances: &[u16]| {
        let mut histogram = [0_usize; 257];
        distances.iter().for_each(|&distance| histogram[usize::from(distance)] += 1);
        let mut seen = 0;
        let enough = histogram.iter().position(|&here| {
            seen += here;
            seen >= count
        });
        enough.unwrap_or(256) as u16
    };
    let mut found = scan(needle, hashes, limit);
    if count < found.len() {
        found.select_nth_unstable(count - 1);
        found.truncate(count);
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;
    use crate::index::CpuJoiner;

    /// Around a few centres, at all distances that matter.
    fn hashes() -> impl Strategy<Value = Vec<FineHash>> {
        let flips = proptest::collection::vec(0_usize..256, 0..80);
        proptest::collection::vec((0_u64..4, flips), 0..120).prop_map(|items| {
            items
                .into_iter()
                .map(|(centre, flips)| {
                    let mut words = [centre.wrapping_mul(0x9e37_79b9_7f4a_7c15); 4];
                    flips.into_iter().for_each(|bit| words[bit / 64] ^= 1 << (bit % 64));
                    FineHash(words)
                })
                .collect()
        })
    }

    fn gathered(join: impl FnOnce(&dyn Sink<FinePair>)) -> Vec<FinePair> {
        let pairs = Mutex::new(Vec::new());
        join(&|batch: &[FinePair]| pairs.lock().unwrap().extend_from_slice(batch));
        let mut pairs = pairs.into_inner().unwrap();
        pairs.sort_unstable();
        pairs
    }

    proptest! {
        #[test]
        fn every_bit_is_dealt_once(hash: [u64; 4], other: [u64; 4]) {
            let (a, b) = (FineHash(hash), FineHash(other));
            let sum: u32 = (0..4).map(|word| dealt(a, word).distance(dealt(b, word)).0).sum();
            prop_assert_eq!(sum, a.distance(b).0);
        }

        #[test]
        fn the_joins_are_the_definition(all in hashes(), radius in 0_u32..90, split in 0_usize..120) {
            let mut expected = Vec::new();
            for (b, right) in (0..).zip(&all) {
                for (a, left) in (0..b).zip(&all) {
                    let distance = left.distance(*right).0 as u16;
                    if u32::from(distance) <= radius {
                        expected.push(FinePair { a, b, distance });
                    }
                }
            }
            expected.sort_unstable();
            let found = gathered(|sink| self_join(&CpuJoiner, &all, radius, sink));
            prop_assert_eq!(&found, &expected);
            let split = split.min(all.len());
            let (needles, library) = all.split_at(split);
            let crossing: Vec<_> = expected
                .into_iter()
                .filter(|p| (p.a as usize) < split && p.b as usize >= split)
                .map(|p| FinePair { b: p.b - split as u32, ..p })
                .collect();
            let found = gathered(|sink| cross_join(&CpuJoiner, needles, library, radius, sink));
            prop_assert_eq!(found, crossing);
        }

        #[test]
        fn the_nearest_are_the_first_of_all(all in hashes(), radius in 0_u32..257, count in 0_usize..130) {
            let needle = all.first().copied().unwrap_or_default();
            let mut sorted: Vec<_> = (0..)
                .zip(&all)
                .map(|(position, hash)| FineNeighbour {
                    distance: needle.distance(*hash).0 as u16,
                    position,
                })
                .collect();
            sorted.sort_unstable();
            prop_assert_eq!(&nearest(needle, &all, count)[..], &sorted[..count.min(all.len())]);
            sorted.retain(|n| u32::from(n.distance) <= radius);
            prop_assert_eq!(within(needle, &all, radius), sorted);
        }
    }
}
