//! NEON: two candidates per vector against eight needles held in registers.

use std::arch::aarch64::{
    uint32x4_t, uint64x2_t, vcntq_u8, vdupq_n_u64, veorq_u64, vgetq_lane_u64, vld1q_u64, vminq_u32,
    vpaddlq_u8, vpaddlq_u16, vpaddlq_u32, vreinterpretq_u8_u64, vreinterpretq_u32_u64,
    vreinterpretq_u64_u32,
};

use super::{IndexHit, Span, padded};
use crate::model::phash::PerceptualHash;

const LANES: usize = 2;

#[target_feature(enable = "neon")]
pub(super) fn scan(
    needles: &[PerceptualHash],
    hashes: &[PerceptualHash],
    runs: &[Span],
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    let (chunks, rest) = needles.as_chunks::<8>();
    let mut first = 0;
    for chunk in chunks {
        scan_few(chunk, (first, 8), hashes, runs, radius, hits);
        first += 8;
    }
    let live = rest.len() as u32;
    match live {
        0 => {}
        1 => scan_few(&padded::<1>(rest), (first, live), hashes, runs, radius, hits),
        2 => scan_few(&padded::<2>(rest), (first, live), hashes, runs, radius, hits),
        3 | 4 => scan_few(&padded::<4>(rest), (first, live), hashes, runs, radius, hits),
        _ => scan_few(&padded::<8>(rest), (first, live), hashes, runs, radius, hits),
    }
}

/// `which` is the number of the first needle, and how many of them count.
#[inline]
#[target_feature(enable = "neon")]
fn scan_few<const N: usize>(
    needles: &[PerceptualHash; N],
    which: (u32, u32),
    hashes: &[PerceptualHash],
    runs: &[Span],
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    let mut spread = [vdupq_n_u64(0); N];
    for (vector, needle) in spread.iter_mut().zip(needles) {
        *vector = vdupq_n_u64(needle.0);
    }
    let limit = u64::from(radius);
    for run in runs {
        let (vectors, tail) = hashes[run.range()].as_chunks::<LANES>();
        let mut position = run.start;
        for vector in vectors {
            // SAFETY: two hashes of eight bytes each; `PerceptualHash` is a transparent `u64`.
            let candidates = unsafe { vld1q_u64(vector.as_ptr().cast()) };
            let mut least = distance(candidates, spread[0]);
            for needle in &spread[1..] {
                // The upper halves are zero; NEON has no 64-bit minimum.
                least = vminq_u32(least, distance(candidates, *needle));
            }
            let least = vreinterpretq_u64_u32(least);
            if vgetq_lane_u64::<0>(least).min(vgetq_lane_u64::<1>(least)) <= limit {
                report(needles, which, vector, position, radius, hits);
            }
            position += LANES as u32;
        }
        report(needles, which, tail, position, radius, hits);
    }
}

/// Bits that differ, in each 64-bit lane.
#[inline]
#[target_feature(enable = "neon")]
fn distance(a: uint64x2_t, b: uint64x2_t) -> uint32x4_t {
    let bytes = vcntq_u8(vreinterpretq_u8_u64(veorq_u64(a, b)));
    vreinterpretq_u32_u64(vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(bytes))))
}

/// The hits of a vector that is known to hold some, or of the last few candidates of a run.
#[inline]
fn report(
    needles: &[PerceptualHash],
    (first, live): (u32, u32),
    candidates: &[PerceptualHash],
    position: u32,
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    for (needle, hash) in (first..first + live).zip(needles) {
        for (position, candidate) in (position..).zip(candidates) {
            if hash.distance(*candidate).0 <= radius {
                hits.push(IndexHit { needle, position });
            }
        }
    }
}
