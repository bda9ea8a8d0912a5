//! Joins that both hashes decide: the 64-bit ones find, the 256-bit ones confirm.

use std::cell::RefCell;
use std::ops::Range;

use super::{Joiner, Match, Pair, Sink};
use crate::model::phash::{FineHash, PerceptualHash};

/// Matches that a sink gets at once.
const BATCH: usize = 4096;

/// Both hashes of what is looked for, by position.
#[derive(Clone, Copy, Debug)]
pub struct Needles<'a> {
    /// The 64-bit ones.
    pub hashes: &'a [PerceptualHash],
    /// As many 256-bit ones.
    pub fines: &'a [FineHash],
}

/// Those who have a hash, of each of different ones: so that a hash is looked at once, however many
/// have it. A member is named by its position among all.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    /// The different 64-bit hashes.
    pub distinct: &'a [PerceptualHash],
    /// Where the members of each begin, and the end of the last.
    pub starts: &'a [u32],
    /// The 256-bit hash of each member.
    pub fines: &'a [FineHash],
}

impl Members<'_> {
    /// The members that have the hash at a position.
    pub fn of(&self, hash: u32) -> Range<u32> {
        let hash = hash as usize;
        self.starts[hash]..self.starts[hash + 1]
    }

    /// The 64-bit hash of each member.
    pub fn hashes(&self) -> Vec<PerceptualHash> {
        let of = |(&hash, ends): (&PerceptualHash, &[u32])| {
            std::iter::repeat_n(hash, (ends[1] - ends[0]) as usize)
        };
        self.distinct.iter().zip(self.starts.windows(2)).flat_map(of).collect()
    }
}

/// How far apart two may be: bits of the 64-bit hashes, and of the 256-bit ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Radii {
    /// Of 64.
    pub coarse: u32,
    /// Of 256.
    pub fine: u32,
}

/// Confirms the pairs of a needle and a hash that `joiner` finds.
pub(super) fn confirmed<J: Joiner + ?Sized>(
    joiner: &J,
    needles: Needles<'_>,
    library: Members<'_>,
    radii: Radii,
    sink: &dyn Sink<Match>,
) {
    joiner.cross_join(needles.hashes, library.distinct, radii.coarse, &|pairs: &[Pair]| {
        // Taken, not borrowed: the sink may itself run a join on this thread.
        let mut matches = MATCHES.take();
        for &Pair { a, b: hash, distance } in pairs {
            let needle = needles.fines[a as usize];
            for b in library.of(hash) {
                let fine = needle.distance(library.fines[b as usize]).0;
                if fine <= radii.fine {
                    matches.push(Match { a, b, distance, fine_distance: fine as u16 });
                }
                // All may be near all: of equal hashes a batch of pairs has any number of matches.
                if matches.len() == BATCH {
                    sink.accept(&matches);
                    matches.clear();
                }
            }
        }
        if !matches.is_empty() {
            sink.accept(&matches);
        }
        matches.clear();
        MATCHES.set(matches);
    });
}

thread_local! {
    /// Matches of the batch in hand, kept so that a batch costs no allocation.
    static MATCHES: RefCell<Vec<Match>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::index::CpuJoiner;

    #[test]
    fn every_member_of_a_near_hash_is_confirmed_by_its_own_fine_hash() {
        let fine = |bits: u32| FineHash([(1 << bits) - 1, 0, 0, 0]);
        let distinct = [0, 1, 0xffff].map(PerceptualHash);
        let starts = [0, 3, 3, 4];
        let fines = [fine(0), fine(9), fine(2), fine(0)];
        let library = Members { distinct: &distinct, starts: &starts, fines: &fines };
        assert_eq!(library.hashes(), [0, 0, 0, 0xffff].map(PerceptualHash));
        let needles = Needles { hashes: &[PerceptualHash(3); 2], fines: &[fine(3), fine(12)] };
        let found = Mutex::new(Vec::new());
        let radii = Radii { coarse: 2, fine: 3 };
        CpuJoiner.cross_join_both(needles, library, radii, &|batch: &[Match]| {
            found.lock().unwrap().extend_from_slice(batch);
        });
        let mut found = found.into_inner().unwrap();
        found.sort_unstable();
        let near = |a, b, fine_distance| Match { a, b, distance: 2, fine_distance };
        assert_eq!(found, [near(0, 0, 3), near(0, 2, 1), near(1, 1, 3)]);
    }

    #[test]
    fn no_batch_grows_with_the_members_of_a_hash() {
        let starts = [0, 5000];
        let library = Members {
            distinct: &[PerceptualHash(0)],
            starts: &starts,
            fines: &[FineHash::default(); 5000],
        };
        let needles = Needles { hashes: &[PerceptualHash(0); 3], fines: &[FineHash::default(); 3] };
        let sizes = Mutex::new(Vec::new());
        let radii = Radii { coarse: 0, fine: 0 };
        CpuJoiner.cross_join_both(needles, library, radii, &|batch: &[Match]| {
            sizes.lock().unwrap().push(batch.len());
        });
        let sizes = sizes.into_inner().unwrap();
        assert_eq!(sizes.iter().sum::<usize>(), 15_000);
        assert!(sizes.iter().all(|&size| size <= BATCH && size > 0), "{sizes:?}");
    }
}
