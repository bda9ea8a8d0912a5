//! Neighbours in Hamming space: which hashes lie within a radius of which.
//!
//! Two questions, two traits. A [`Join`] finds every pair within a radius, of one set of hashes
//! with itself or with another; a [`Query`] finds the neighbours of one needle. All answers are
//! exact. [`flat`] is the plain scan, the oracle of [`banded`], which is multi-index hashing
//! (Norouzi, Punjani, Fleet: "Fast Search in Hamming Space with Multi-Index Hashing", 2012) as a
//! join.
//!
//! Pairs stream: they go in batches, from several threads and in no fixed order, to a [`Sink`],
//! and are never gathered by the index. Equal hashes are taken together first ([`Collapsed`]);
//! candidates by the 64-bit hash are confirmed by the 256-bit one ([`FineFilter`]).

pub mod banded;
mod both;
mod collapse;
mod emit;
pub mod fine;
pub mod flat;
#[cfg(test)]
mod testing;

pub use both::{Members, Needles, Radii};
pub use collapse::Collapsed;

use std::cell::RefCell;

use crate::model::phash::{FineHash, PerceptualHash};
use banded::{Banded, MultiIndex, Size};
use flat::{Backend, Flat};

/// Two hashes within the radius, by position. In a self-join `a < b`; in a cross-join `a` is the
/// needle and `b` the hash of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// Position of the one.
    pub a: u32,
    /// Position of the other.
    pub b: u32,
    /// Bits that the 64-bit hashes differ by.
    pub distance: u8,
}

impl Pair {
    fn new(a: u32, b: u32, distance: u32) -> Self {
        Self { a, b, distance: distance as u8 }
    }
}

/// A pair whose 256-bit hashes are within their radius too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Match {
    /// Position of the one.
    pub a: u32,
    /// Position of the other.
    pub b: u32,
    /// Bits that the 64-bit hashes differ by.
    pub distance: u8,
    /// Bits that the 256-bit hashes differ by.
    pub fine_distance: u16,
}

/// A hash within the radius of a needle. Ordered by distance, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Neighbour {
    /// Bits that it differs by.
    pub distance: u8,
    /// Its position among the hashes.
    pub position: u32,
}

impl Neighbour {
    fn between(needle: PerceptualHash, hashes: &[PerceptualHash], position: u32) -> Self {
        Self { distance: needle.distance(hashes[position as usize]).0 as u8, position }
    }
}

/// Where results go. Called from several threads at once, each time with a batch of at least one;
/// the batches come in no fixed order.
pub trait Sink<T>: Sync {
    /// Takes a batch.
    fn accept(&self, batch: &[T]);
}

impl<T, F: Fn(&[T]) + Sync> Sink<T> for F {
    fn accept(&self, batch: &[T]) {
        self(batch);
    }
}

/// Every pair within a radius, each exactly once.
pub trait Join {
    /// The pairs of the hashes among themselves; never a hash with itself.
    fn self_join(&self, radius: u32, sink: &dyn Sink<Pair>);

    /// The pairs of a needle and a hash.
    fn cross_join(&self, needles: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>);
}

/// Joins sets of hashes: the CPU's indices, or a GPU where that is faster.
pub trait Joiner: Sync {
    /// Every pair of `hashes` within `radius`.
    fn self_join(&self, hashes: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>);

    /// Every pair of a needle and a hash of the library within `radius`.
    fn cross_join(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
    );

    /// Every match of a needle and a member of the library within both radii.
    fn cross_join_both(
        &self,
        needles: Needles<'_>,
        library: Members<'_>,
        radii: Radii,
        sink: &dyn Sink<Match>,
    ) {
        both::confirmed(self, needles, library, radii, sink);
    }
}

/// The CPU's indices, chosen as [`self_join`] and [`cross_join`] do.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuJoiner;

impl Joiner for CpuJoiner {
    fn self_join(&self, hashes: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>) {
        self_join(hashes, radius, sink);
    }

    fn cross_join(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
    ) {
        cross_join(needles, library, radius, sink);
    }
}

/// The neighbours of one needle, the nearest first, ties by position.
pub trait Query {
    /// All within the radius.
    fn within(&self, needle: PerceptualHash, radius: u32) -> Vec<Neighbour>;

    /// The `count` nearest of those within the radius.
    fn nearest(&self, needle: PerceptualHash, count: usize, radius: u32) -> Vec<Neighbour>;
}

/// Lets through the pairs whose 256-bit hashes are within a radius.
pub struct FineFilter<'a, S> {
    left: &'a [FineHash],
    right: &'a [FineHash],
    radius: u32,
    inner: S,
}

impl<'a, S: Sink<Match>> FineFilter<'a, S> {
    /// Looks `a` up in `left` and `b` in `right`, which for a self-join are the same.
    pub fn new(left: &'a [FineHash], right: &'a [FineHash], radius: u32, inner: S) -> Self {
        Self { left, right, radius, inner }
    }
}

thread_local! {
    /// Confirmed pairs of the batch in hand, kept so that a batch costs no allocation.
    static CONFIRMED: RefCell<Vec<Match>> = const { RefCell::new(Vec::new()) };
}

impl<S: Sink<Match>> Sink<Pair> for FineFilter<'_, S> {
    fn accept(&self, batch: &[Pair]) {
        // Taken, not borrowed: the inner sink may itself run a join on this thread.
        let mut confirmed = CONFIRMED.take();
        confirmed.extend(batch.iter().filter_map(|&Pair { a, b, distance }| {
            let fine = self.left[a as usize].distance(self.right[b as usize]).0;
            (fine <= self.radius).then_some(Match { a, b, distance, fine_distance: fine as u16 })
        }));
        if !confirmed.is_empty() {
            self.inner.accept(&confirmed);
        }
        confirmed.clear();
        CONFIRMED.set(confirmed);
    }
}

// The choice, by number, radius and kind of question. Measured on an AMD EPYC (Zen 4) with
// `cargo bench --bench index -- table`: CPU seconds, hashes as of a library, 1 % of them equal.
//
// | question               | flat (estimated from its rate) | banded                            |
// |------------------------|-------------------------------|-----------------------------------|
// | self-join 100 k        | 0.3                           | 0.03 at 7, 0.07 at 12             |
// | self-join 1 M          | 30                            | 0.1 at 2, 0.2 at 7, 0.7 at 10, 2 at 12 |
// | self-join 10 M         | 3000                          | 1.1 at 2, 3.0 at 5, 6.7 at 7      |
// | cross-join 10 k × 1 M  | 0.6                           | 0.1 at 7                          |
// | one needle, 1 M        | 0.5 ms, no tables (measured)  | 4 µs at 2, 16 at 7, after 0.08 s  |

/// Below this many hashes little is gained by tables: by its rate the scan of 50,000 against
/// themselves takes 0.1 s with AVX-512, 0.3 s with AVX2.
pub const FLAT_BELOW: usize = 50_000;

/// All pairs of `hashes` within `radius`, by the way that is fastest for their number and radius.
///
/// Below [`FLAT_BELOW`] the scan. Above it, whatever the planner estimates to be cheaper on a
/// sample of these very hashes: banded up to a radius of about 16, the scan beyond.
pub fn self_join(hashes: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>) {
    let backend = Backend::fastest();
    if hashes.len() < FLAT_BELOW {
        Flat::new(hashes, backend).self_join(radius, sink);
    } else {
        Banded::new(hashes, backend).self_join(radius, sink);
    }
}

/// All pairs of a needle and a hash of the library within `radius`, by the fastest way.
///
/// The scan while the product of the numbers is what a self-join of [`FLAT_BELOW`] would look at,
/// else as [`self_join`] decides.
pub fn cross_join(
    needles: &[PerceptualHash],
    library: &[PerceptualHash],
    radius: u32,
    sink: &dyn Sink<Pair>,
) {
    let backend = Backend::fastest();
    if needles.len().saturating_mul(library.len()) < FLAT_BELOW * FLAT_BELOW / 2 {
        Flat::new(library, backend).cross_join(needles, radius, sink);
    } else {
        Banded::new(library, backend).cross_join(needles, radius, sink);
    }
}

/// Whole joins take about twice what the planner adds up to.
const PLAN_TO_JOIN: f64 = 2.0;

/// Estimated time of [`self_join`], in nanoseconds of one core.
pub fn self_join_ns(hashes: &[PerceptualHash], radius: u32) -> f64 {
    let flat = Size::self_join(hashes.len()).flat_ns();
    if hashes.len() < FLAT_BELOW {
        return flat;
    }
    let plan = Banded::new(hashes, Backend::fastest()).plan_self(radius);
    plan.map_or(flat, |plan| plan.cost_ns * PLAN_TO_JOIN)
}

/// Estimated time of [`cross_join`], in nanoseconds of one core.
pub fn cross_join_ns(needles: &[PerceptualHash], library: &[PerceptualHash], radius: u32) -> f64 {
    let flat = Size::cross_join(needles.len(), library.len()).flat_ns();
    if needles.len().saturating_mul(library.len()) < FLAT_BELOW * FLAT_BELOW / 2 {
        return flat;
    }
    let plan = Banded::new(library, Backend::fastest()).plan_cross(needles.len(), radius);
    plan.map_or(flat, |plan| plan.cost_ns * PLAN_TO_JOIN)
}

/// Estimated time of [`self_join`] of so many hashes of unrelated pictures, in nanoseconds of one
/// core.
pub fn typical_self_join_ns(count: usize, radius: u32) -> f64 {
    typical_ns(Size::self_join(count), radius)
}

/// Estimated time of [`cross_join`], likewise.
pub fn typical_cross_join_ns(needles: usize, library: usize, radius: u32) -> f64 {
    typical_ns(Size::cross_join(needles, library), radius)
}

fn typical_ns(size: Size, radius: u32) -> f64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let sample: Vec<PerceptualHash> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        PerceptualHash(state)
    })
    .take(1024)
    .collect();
    let plan = Banded::new(&sample, Backend::fastest()).plan(size, radius);
    plan.map_or(size.flat_ns(), |plan| plan.cost_ns * PLAN_TO_JOIN)
}

/// What to ask `needles` needles of, within `radius`: ready at once and scanning, or tables first
/// where so many needles make up for them.
///
/// Tables cost 0.06 s per million hashes and then a few microseconds per needle up to a radius of
/// some 10; a scan costs half a millisecond per million each time. From a thousand needles on the
/// tables pay with certainty.
pub fn query<'a>(hashes: &'a [PerceptualHash], needles: usize, radius: u32) -> Box<dyn Query + 'a> {
    let backend = Backend::fastest();
    if needles < 1000 || hashes.len() < FLAT_BELOW || radius > 10 {
        Box::new(Flat::new(hashes, backend))
    } else {
        Box::new(MultiIndex::new(hashes, radius, backend))
    }
}

#[cfg(test)]
mod tests;
