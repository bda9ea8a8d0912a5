//! AVX2: four candidates per vector, popcount by the nibble table of Muła, Kurz and Lemire ("Faster
//! population counts using AVX2 instructions", 2016), four needles in registers.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_and_si256, _mm256_cmpgt_epi64, _mm256_loadu_si256,
    _mm256_min_epu32, _mm256_movemask_epi8, _mm256_sad_epu8, _mm256_set1_epi8, _mm256_set1_epi64x,
    _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi32,
    _mm256_xor_si256,
};

use super::{IndexHit, Span, padded};
use crate::model::phash::PerceptualHash;

const LANES: usize = 4;

#[target_feature(enable = "avx2,popcnt")]
pub(super) fn scan(
    needles: &[PerceptualHash],
    hashes: &[PerceptualHash],
    runs: &[Span],
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    let (chunks, rest) = needles.as_chunks::<4>();
    let mut first = 0;
    for chunk in chunks {
        scan_few(chunk, (first, 4), hashes, runs, radius, hits);
        first += 4;
    }
    let live = rest.len() as u32;
    match live {
        0 => {}
        1 => scan_few(&padded::<1>(rest), (first, live), hashes, runs, radius, hits),
        2 => scan_few(&padded::<2>(rest), (first, live), hashes, runs, radius, hits),
        _ => scan_few(&padded::<4>(rest), (first, live), hashes, runs, radius, hits),
    }
}

/// `which` is the number of the first needle, and how many of them count.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn scan_few<const N: usize>(
    needles: &[PerceptualHash; N],
    which: (u32, u32),
    hashes: &[PerceptualHash],
    runs: &[Span],
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    let mut spread = [_mm256_setzero_si256(); N];
    for (vector, needle) in spread.iter_mut().zip(needles) {
        *vector = _mm256_set1_epi64x(needle.0.cast_signed());
    }
    // Strictly below, as AVX2 has no "at most".
    let limit = _mm256_set1_epi64x(i64::from(radius) + 1);
    for run in runs {
        let (vectors, tail) = hashes[run.range()].as_chunks::<LANES>();
        let mut position = run.start;
        for vector in vectors {
            // SAFETY: four hashes of eight bytes each; the load needs no alignment.
            let candidates = unsafe { _mm256_loadu_si256(vector.as_ptr().cast()) };
            let mut least = popcount(_mm256_xor_si256(candidates, spread[0]));
            for needle in &spread[1..] {
                least = _mm256_min_epu32(least, popcount(_mm256_xor_si256(candidates, *needle)));
            }
            if _mm256_movemask_epi8(_mm256_cmpgt_epi64(limit, least)) != 0 {
                report(needles, which, vector, position, radius, hits);
            }
            position += LANES as u32;
        }
        report(needles, which, tail, position, radius, hits);
    }
}

/// Bits set in each 64-bit lane.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn popcount(x: __m256i) -> __m256i {
    let table = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, //
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
    );
    let nibble = _mm256_set1_epi8(0x0f);
    let low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble));
    let high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi32::<4>(x), nibble));
    _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256())
}

/// The hits of a vector that is known to hold some, or of the last few candidates of a run.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
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
            if (hash.0 ^ candidate.0).count_ones() <= radius {
                hits.push(IndexHit { needle, position });
            }
        }
    }
}
