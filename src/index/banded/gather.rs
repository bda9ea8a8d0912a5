//! The bits under a mask, pushed together: what BMI2 calls `pext`.

use crate::model::phash::PerceptualHash;

/// Gathers the bits under one mask.
#[derive(Clone, Debug)]
pub(super) struct Gather {
    mask: u64,
    /// What moves by 1, 2, 4 … 32 places (Warren, *Hacker's Delight*, 2nd ed., 7–4).
    moves: [u64; 6],
    #[cfg(target_arch = "x86_64")]
    pext: bool,
}

impl Gather {
    pub(super) fn new(mask: u64) -> Self {
        let mut moves = [0; 6];
        let mut left = mask;
        // Zeros to the right of each bit, counted in binary, one digit per round.
        let mut odd = !mask << 1;
        for (round, moving) in moves.iter_mut().enumerate() {
            let mut parity = odd ^ odd << 1;
            for step in [2, 4, 8, 16, 32] {
                parity ^= parity << step;
            }
            *moving = parity & left;
            left = (left ^ *moving) | *moving >> (1 << round);
            odd &= !parity;
        }
        Self {
            mask,
            moves,
            #[cfg(target_arch = "x86_64")]
            pext: is_x86_feature_detected!("bmi2"),
        }
    }

    /// The bits of one hash.
    pub(super) fn portable(&self, hash: PerceptualHash) -> u32 {
        let mut bits = hash.0 & self.mask;
        for (round, moving) in self.moves.iter().enumerate() {
            let moved = bits & moving;
            bits = (bits ^ moved) | moved >> (1 << round);
        }
        bits as u32
    }

    /// Replaces `keys` by those of `hashes`.
    pub(super) fn keys(&self, hashes: &[PerceptualHash], keys: &mut Vec<u32>) {
        keys.clear();
        #[cfg(target_arch = "x86_64")]
        if self.pext {
            // SAFETY: `new` saw that the machine has BMI2.
            unsafe { pext(hashes, self.mask, keys) };
            return;
        }
        keys.extend(hashes.iter().map(|&hash| self.portable(hash)));
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2")]
fn pext(hashes: &[PerceptualHash], mask: u64, keys: &mut Vec<u32>) {
    keys.reserve(hashes.len());
    for hash in hashes {
        keys.push(std::arch::x86_64::_pext_u64(hash.0, mask) as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bit_by_bit(value: u64, mask: u64) -> u32 {
        let mut key = 0;
        for (to, from) in (0..64).filter(|bit| mask >> bit & 1 == 1).enumerate() {
            key |= (value >> from & 1) << to;
        }
        key as u32
    }

    proptest! {
        #[test]
        fn every_way_gathers_the_same_bits(value: u64, mask: u64) {
            // Keys have at most 32 bits.
            let mask = (0..64).filter(|bit| mask >> bit & 1 == 1).take(32).fold(0, |m, b| m | 1 << b);
            let gather = Gather::new(mask);
            let hash = PerceptualHash(value);
            let mut keys = Vec::new();
            gather.keys(&[hash], &mut keys);
            prop_assert_eq!(gather.portable(hash), bit_by_bit(value, mask));
            prop_assert_eq!(keys, [bit_by_bit(value, mask)]);
        }
    }
}
