//! Distances of one needle to many hashes, with the widest popcount that the machine has.

use crate::model::phash::FineHash;

/// Replaces `distances` by those of `needle` to each hash.
pub(super) fn distances(needle: FineHash, hashes: &[FineHash], distances: &mut Vec<u16>) {
    distances.clear();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vpopcntdq")
        {
            // SAFETY: the machine has all three features.
            unsafe { avx512(needle, hashes, distances) };
            return;
        }
        if is_x86_feature_detected!("popcnt") {
            // SAFETY: the machine has the feature.
            unsafe { popcnt(needle, hashes, distances) };
            return;
        }
    }
    plain(needle, hashes, distances);
}

#[inline(always)]
fn plain(needle: FineHash, hashes: &[FineHash], distances: &mut Vec<u16>) {
    distances.extend(hashes.iter().map(|hash| needle.distance(*hash).0 as u16));
}

/// The same loop, compiled for these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq")]
fn avx512(needle: FineHash, hashes: &[FineHash], distances: &mut Vec<u16>) {
    plain(needle, hashes, distances);
}

/// The same loop, compiled for this feature.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn popcnt(needle: FineHash, hashes: &[FineHash], distances: &mut Vec<u16>) {
    plain(needle, hashes, distances);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_counts_alike() {
        let hashes: Vec<FineHash> = (0..777_u64)
            .map(|n| FineHash([n, n * n, n.rotate_left(40), !n].map(|w| w.wrapping_mul(0x9e37))))
            .collect();
        for needle in hashes.iter().step_by(99) {
            let (mut found, mut expected) = (vec![9], Vec::new());
            distances(*needle, &hashes, &mut found);
            plain(*needle, &hashes, &mut expected);
            assert_eq!(found, expected);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("popcnt") {
                found.clear();
                // SAFETY: the machine has the feature.
                unsafe { popcnt(*needle, &hashes, &mut found) };
                assert_eq!(found, expected);
            }
        }
    }
}
