//! Hashes sorted by the bits of one band.

use rayon::prelude::*;

use super::gather::Gather;
use crate::model::phash::PerceptualHash;

/// Hashes that one step of the parallel sort takes at once.
const CHUNK: usize = 1 << 16;

/// The hashes in bucket order, and beside each the number it had before.
///
/// 12 bytes per hash, as many again while it is being built, and 4 per bucket. Rebuilt in place for
/// one band after the other, so that the pages are asked for once.
#[derive(Clone, Debug, Default)]
pub(super) struct BandTable {
    pub(super) hashes: Vec<PerceptualHash>,
    pub(super) ids: Vec<u32>,
    /// Where each bucket begins, and the end of the last.
    pub(super) starts: Vec<u32>,
}

/// The memory of the first pass, kept from one band to the next.
#[derive(Default)]
pub(super) struct Scratch {
    hashes: Vec<PerceptualHash>,
    ids: Vec<u32>,
}

impl BandTable {
    pub(super) fn bucket(&self, key: u32) -> std::ops::Range<u32> {
        self.starts[key as usize]..self.starts[key as usize + 1]
    }

    /// Sorts `hashes` by the bits under `mask`. A hash is numbered by `ids`, or where there are
    /// none by its position.
    ///
    /// A counting sort in two passes: by the upper half of the key into some 256 parts, then each
    /// part, which fits a cache, by the lower half.
    pub(super) fn rebuild(
        &mut self,
        hashes: &[PerceptualHash],
        ids: Option<&[u32]>,
        mask: u64,
        scratch: &mut Scratch,
    ) {
        let width = mask.count_ones();
        let low_bits = (width - width / 2).max(width.saturating_sub(10));
        let gather = Gather::new(mask);
        let count = hashes.len();
        for buffer in [&mut self.hashes, &mut scratch.hashes] {
            buffer.resize(count, PerceptualHash(0));
        }
        for buffer in [&mut self.ids, &mut scratch.ids] {
            buffer.resize(count, 0);
        }
        let part_starts = split(hashes, ids, &gather, width, low_bits, scratch);

        self.starts.clear();
        self.starts.resize((1 << width) + 1, 0);
        let (starts, end) = self.starts.split_at_mut(1 << width);
        end.fill(count as u32);
        let lengths = part_starts.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
        let mut parts = Vec::with_capacity(part_starts.len());
        let (mut to_hashes, mut to_ids) = (&mut self.hashes[..], &mut self.ids[..]);
        let (mut from_hashes, mut from_ids) = (&scratch.hashes[..], &scratch.ids[..]);
        for ((len, &start), starts) in
            lengths.zip(&part_starts).zip(starts.chunks_mut(1 << low_bits))
        {
            parts.push(Part {
                start,
                starts,
                from_hashes: from_hashes.split_off(..len).unwrap_or_default(),
                from_ids: from_ids.split_off(..len).unwrap_or_default(),
                to_hashes: to_hashes.split_off_mut(..len).unwrap_or_default(),
                to_ids: to_ids.split_off_mut(..len).unwrap_or_default(),
            });
        }
        parts.into_par_iter().for_each_init(Vec::new, |keys, part| part.sort(&gather, keys));
    }
}

/// The first pass, into `scratch`; where each part begins, and the end of the last.
fn split(
    hashes: &[PerceptualHash],
    ids: Option<&[u32]>,
    gather: &Gather,
    width: u32,
    low_bits: u32,
    scratch: &mut Scratch,
) -> Vec<u32> {
    let parts = 1_usize << (width - low_bits);
    // As many chunks as keep the threads busy, and no more: each has a slice in each part.
    let threads = rayon::current_num_threads();
    let chunk = CHUNK.max(hashes.len().div_ceil(threads * 2));
    let counts: Vec<Vec<u32>> = hashes
        .par_chunks(chunk)
        .map_init(Vec::new, |keys, hashes| {
            let mut counts = vec![0; parts];
            for piece in hashes.chunks(4096) {
                gather.keys(piece, keys);
                for key in &*keys {
                    counts[(key >> low_bits) as usize] += 1;
                }
            }
            counts
        })
        .collect();

    let mut starts = Vec::with_capacity(parts + 1);
    let mut slices: Vec<Vec<(&mut [PerceptualHash], &mut [u32])>> =
        counts.iter().map(|_| Vec::with_capacity(parts)).collect();
    let (mut to_hashes, mut to_ids) = (&mut scratch.hashes[..], &mut scratch.ids[..]);
    let mut at = 0;
    for part in 0..parts {
        starts.push(at);
        for (counts, slices) in counts.iter().zip(&mut slices) {
            let len = counts[part];
            slices.push((
                to_hashes.split_off_mut(..len as usize).unwrap_or_default(),
                to_ids.split_off_mut(..len as usize).unwrap_or_default(),
            ));
            at += len;
        }
    }
    starts.push(at);

    hashes.par_chunks(chunk).zip(slices).enumerate().for_each_init(
        Vec::new,
        |keys, (number, (hashes, mut slices))| {
            let mut fill = vec![0_u32; parts];
            let first = number * chunk;
            for (piece_number, piece) in hashes.chunks(4096).enumerate() {
                gather.keys(piece, keys);
                let first = first + piece_number * 4096;
                for ((key, hash), position) in keys.iter().zip(piece).zip(first..) {
                    let part = (key >> low_bits) as usize;
                    let (to_hashes, to_ids) = &mut slices[part];
                    let at = fill[part] as usize;
                    to_hashes[at] = *hash;
                    to_ids[at] = ids.map_or(position as u32, |ids| ids[position]);
                    fill[part] += 1;
                }
            }
        },
    );
    starts
}

/// The hashes whose keys share the upper half.
struct Part<'a> {
    /// Where they begin in the whole.
    start: u32,
    starts: &'a mut [u32],
    from_hashes: &'a [PerceptualHash],
    from_ids: &'a [u32],
    to_hashes: &'a mut [PerceptualHash],
    to_ids: &'a mut [u32],
}

impl Part<'_> {
    fn sort(self, gather: &Gather, keys: &mut Vec<u32>) {
        let low = self.starts.len() - 1;
        gather.keys(self.from_hashes, keys);
        let mut next = vec![0_u32; self.starts.len()];
        for key in &*keys {
            next[*key as usize & low] += 1;
        }
        let mut at = 0;
        for (next, start) in next.iter_mut().zip(self.starts) {
            *start = self.start + at;
            at += std::mem::replace(next, at);
        }
        for ((key, hash), id) in keys.iter().zip(self.from_hashes).zip(self.from_ids) {
            let next = &mut next[*key as usize & low];
            self.to_hashes[*next as usize] = *hash;
            self.to_ids[*next as usize] = *id;
            *next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_holds_the_hashes_of_its_key(
            hashes in proptest::collection::vec(any::<u64>(), 0..300),
            mask in any::<u64>(),
        ) {
            let mask =
                (0..64).filter(|bit| mask >> bit & 1 == 1).take(9).fold(0, |m, b| m | 1 << b);
            let hashes: Vec<_> = hashes.into_iter().map(PerceptualHash).collect();
            let mut table = BandTable::default();
            table.rebuild(&hashes, None, mask, &mut Scratch::default());
            let gather = Gather::new(mask);
            let mut seen = Vec::new();
            for key in 0..1_u32 << mask.count_ones() {
                for at in table.bucket(key) {
                    let hash = table.hashes[at as usize];
                    prop_assert_eq!(gather.portable(hash), key);
                    prop_assert_eq!(hashes[table.ids[at as usize] as usize], hash);
                    seen.push(table.ids[at as usize]);
                }
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..hashes.len() as u32).collect::<Vec<_>>());
        }
    }
}
