//! AVX-512 with VPOPCNTDQ: eight candidates per vector against eight needles held in registers.
//!
//! Hits are rare, so the inner loop keeps only the least of the eight distances of each lane and
//! branches once for 64 pairs; the pairs of a vector that holds a hit are looked at again.

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_cmple_epu64_mask, _mm512_loadu_si512, _mm512_maskz_loadu_epi64,
    _mm512_min_epu32, _mm512_popcnt_epi64, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_xor_si512,
};

use super::{IndexHit, Span, padded};
use crate::model::phash::PerceptualHash;

const LANES: usize = 8;

#[target_feature(enable = "avx512f,avx512vpopcntdq")]
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
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn scan_few<const N: usize>(
    needles: &[PerceptualHash; N],
    which: (u32, u32),
    hashes: &[PerceptualHash],
    runs: &[Span],
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    let mut spread = [_mm512_setzero_si512(); N];
    for (vector, needle) in spread.iter_mut().zip(needles) {
        *vector = _mm512_set1_epi64(needle.0.cast_signed());
    }
    let limit = _mm512_set1_epi64(i64::from(radius));
    for run in runs {
        let (vectors, tail) = hashes[run.range()].as_chunks::<LANES>();
        let mut position = run.start;
        for vector in vectors {
            // SAFETY: eight hashes of eight bytes each; the load needs no alignment.
            let candidates = unsafe { _mm512_loadu_si512(vector.as_ptr().cast()) };
            if least(&spread, candidates, limit) != 0 {
                report(&needles[..], which, candidates, (position, 0xff), radius, hits);
            }
            position += LANES as u32;
        }
        if !tail.is_empty() {
            let lanes: __mmask8 = (1 << tail.len()) - 1;
            // SAFETY: the lanes outside the mask are not read, and the others lie in `tail`.
            let candidates = unsafe { _mm512_maskz_loadu_epi64(lanes, tail.as_ptr().cast()) };
            if least(&spread, candidates, limit) & lanes != 0 {
                report(&needles[..], which, candidates, (position, lanes), radius, hits);
            }
        }
    }
}

/// The lanes in which some needle is within the limit.
#[inline]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn least<const N: usize>(spread: &[__m512i; N], candidates: __m512i, limit: __m512i) -> __mmask8 {
    let mut least = _mm512_popcnt_epi64(_mm512_xor_si512(candidates, spread[0]));
    for needle in &spread[1..] {
        // The upper halves are zero, so the cheaper 32-bit minimum serves.
        least = _mm512_min_epu32(least, _mm512_popcnt_epi64(_mm512_xor_si512(candidates, *needle)));
    }
    _mm512_cmple_epu64_mask(least, limit)
}

#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn report(
    needles: &[PerceptualHash],
    (first, live): (u32, u32),
    candidates: __m512i,
    (position, lanes): (u32, __mmask8),
    radius: u32,
    hits: &mut Vec<IndexHit>,
) {
    let limit = _mm512_set1_epi64(i64::from(radius));
    for (needle, hash) in (first..first + live).zip(needles) {
        let spread = _mm512_set1_epi64(hash.0.cast_signed());
        let distance = _mm512_popcnt_epi64(_mm512_xor_si512(candidates, spread));
        let mut found = _mm512_cmple_epu64_mask(distance, limit) & lanes;
        while found != 0 {
            hits.push(IndexHit { needle, position: position + found.trailing_zeros() });
            found &= found - 1;
        }
    }
}
