//! The plain scan: every needle against every hash, by the widest popcount that the machine has.
//!
//! Exact forevery radius, no table to build, and the oracle of [`super::banded`].
//! `benches/index.rs` measures each backend.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::emit::Emitter;
use super::{Join, Neighbour, Pair, Query, Sink};
use crate::model::phash::PerceptualHash;

/// Needles that a block holds: with [`BLOCK`] it bounds the hits of one scan.
const NEEDLES: usize = 256;
/// Hashes that a block holds: 16 KiB, half of a first-level cache.
const BLOCK: usize = 2048;

/// A run of hashes, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First position.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A needle and a hash within the radius, both by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexHit {
    /// Position among the needles.
    pub needle: u32,
    /// Position among the hashes.
    pub position: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
enum BackendKind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// A way of counting bits that this machine has; no other can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend(BackendKind);

impl Backend {
    /// The one that runs everywhere.
    pub const PORTABLE: Self = Self(BackendKind::Portable);

    /// All that this machine has, the fastest first, [`Backend::PORTABLE`] last.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq") {
                all.push(Self(BackendKind::Avx512));
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
                all.push(Self(BackendKind::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(Self(BackendKind::Neon));
        }
        all.push(Self::PORTABLE);
        all
    }

    /// The fastest that this machine has.
    pub fn fastest() -> Self {
        Self::available().first().copied().unwrap_or(Self::PORTABLE)
    }

    /// Name as the bench and diagnostics print it.
    pub fn name(self) -> &'static str {
        match self.0 {
            BackendKind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            BackendKind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            BackendKind::Avx512 => "avx512-vpopcntdq",
            #[cfg(target_arch = "aarch64")]
            BackendKind::Neon => "neon",
        }
    }

    /// Appends every (needle, hash) within `radius` over the runs of `hashes`, in no fixed order.
    ///
    /// # Panics
    /// When a run reaches past the end of `hashes`.
    pub fn scan(
        self,
        needles: &[PerceptualHash],
        hashes: &[PerceptualHash],
        runs: &[Span],
        radius: u32,
        hits: &mut Vec<IndexHit>,
    ) {
        match self.0 {
            BackendKind::Portable => portable::scan(needles, hashes, runs, radius, hits),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` makes this value only where the machine has AVX2 and POPCNT.
            BackendKind::Avx2 => unsafe { avx2::scan(needles, hashes, runs, radius, hits) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` makes this value only where the machine has both features.
            BackendKind::Avx512 => unsafe { avx512::scan(needles, hashes, runs, radius, hits) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: `available` makes this value only where the machine has NEON.
            BackendKind::Neon => unsafe { neon::scan(needles, hashes, runs, radius, hits) },
        }
    }
}

/// Up to `N` needles, at least one, the last one repeated to fill.
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code))]
fn padded<const N: usize>(needles: &[PerceptualHash]) -> [PerceptualHash; N] {
    std::array::from_fn(|i| needles[i.min(needles.len() - 1)])
}

/// The scan over one slice of hashes.
#[derive(Clone, Copy, Debug)]
pub struct Flat<'a> {
    hashes: &'a [PerceptualHash],
    backend: Backend,
}

impl<'a> Flat<'a> {
    /// Over `hashes`, fewer than 2³² of them; positions in them are the numbers in the answers.
    pub fn new(hashes: &'a [PerceptualHash], backend: Backend) -> Self {
        Self { hashes, backend }
    }

    /// Blocks of hashes from `first`.
    fn blocks(&self, first: usize) -> impl Iterator<Item = Span> {
        let count = self.hashes.len();
        (first..count)
            .step_by(BLOCK)
            .map(move |start| Span { start: start as u32, end: (start + BLOCK).min(count) as u32 })
    }
}

impl Join for Flat<'_> {
    fn self_join(&self, radius: u32, sink: &dyn Sink<Pair>) {
        self.hashes.par_chunks(NEEDLES).enumerate().for_each_init(
            || (Emitter::new(sink), Vec::new()),
            |(emitter, hits), (tile, needles)| {
                let first = tile * NEEDLES;
                for run in self.blocks(first) {
                    hits.clear();
                    self.backend.scan(needles, self.hashes, &[run], radius, hits);
                    for hit in hits.iter() {
                        let (a, b) = (first as u32 + hit.needle, hit.position);
                        if a < b {
                            emitter.push(self.hashes, a, self.hashes, b);
                        }
                    }
                }
            },
        );
    }

    fn cross_join(&self, needles: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>) {
        // Few needles: the library is dealt to the threads; many: the needles are.
        self.hashes.par_chunks(BLOCK * 16).enumerate().for_each_init(
            || (Emitter::new(sink), Vec::new()),
            |(emitter, hits), (part, hashes)| {
                let start = part * BLOCK * 16;
                for (first, tile) in (0..).step_by(NEEDLES).zip(needles.chunks(NEEDLES)) {
                    for run in Flat::new(hashes, self.backend).blocks(0) {
                        hits.clear();
                        self.backend.scan(tile, hashes, &[run], radius, hits);
                        for hit in hits.iter() {
                            let (a, b) = (first + hit.needle, start as u32 + hit.position);
                            emitter.push(needles, a, self.hashes, b);
                        }
                    }
                }
            },
        );
    }
}

impl Query for Flat<'_> {
    fn within(&self, needle: PerceptualHash, radius: u32) -> Vec<Neighbour> {
        let mut hits = Vec::new();
        let whole = Span { start: 0, end: self.hashes.len() as u32 };
        self.backend.scan(&[needle], self.hashes, &[whole], radius, &mut hits);
        let mut found: Vec<_> =
            hits.iter().map(|hit| Neighbour::between(needle, self.hashes, hit.position)).collect();
        found.sort_unstable();
        found
    }

    fn nearest(&self, needle: PerceptualHash, count: usize, radius: u32) -> Vec<Neighbour> {
        let mut best = BinaryHeap::with_capacity(count.saturating_add(1).min(BLOCK));
        let mut hits = Vec::new();
        let mut radius = radius.min(64);
        if count == 0 {
            return Vec::new();
        }
        for run in self.blocks(0) {
            hits.clear();
            self.backend.scan(&[needle], self.hashes, &[run], radius, &mut hits);
            for hit in &hits {
                best.push(Neighbour::between(needle, self.hashes, hit.position));
                if best.len() > count {
                    best.pop();
                }
            }
            if best.len() == count {
                // Positions only rise, so what is as far as the worst kept one comes too late.
                match best.peek().map(|worst| u32::from(worst.distance)) {
                    Some(0) => break,
                    Some(worst) => radius = radius.min(worst - 1),
                    None => {}
                }
            }
        }
        best.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests;
