//! The boolean entropy decoder (RFC 6386, section 7).

/// Bits of padding that may be used up behind the end: encoders that leave out trailing zeros are
/// forgiven.
const FORGIVEN: u32 = 16;
/// Bits that decide about a boolean.
const LEAST: u32 = 8;

/// Reads booleans of given probabilities, the next bits at the top of a window of 64.
#[derive(Clone, Debug)]
pub(super) struct BoolDecoder<'a> {
    data: &'a [u8],
    window: u64,
    /// Bits in the window that were not used up yet.
    left: u32,
    /// From 128 to 255.
    range: u32,
    /// Bits of the window that lie behind the end of the data.
    padding: u32,
}

impl<'a> BoolDecoder<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, window: 0, left: 0, range: 255, padding: 0 }
    }

    /// Whether more was read than there is.
    pub fn is_exhausted(&self) -> bool {
        self.padding > self.left.saturating_add(FORGIVEN)
    }

    /// A boolean that is `false` in `probability` of 256 cases.
    #[inline(always)]
    pub fn bool(&mut self, probability: u8) -> bool {
        if self.left < LEAST {
            self.fill();
        }
        self.ready_bool(probability)
    }

    /// Makes sure that there are bits for at least three booleans and a flag.
    #[inline(always)]
    pub fn make_ready(&mut self) {
        if self.left < 3 * 7 + 1 + LEAST {
            self.fill();
        }
    }

    /// [`Self::bool`] after [`Self::make_ready`], at most three times.
    #[inline(always)]
    pub fn ready_bool(&mut self, probability: u8) -> bool {
        debug_assert!(self.left >= LEAST);
        // None of this can overflow, as the range is at most 255.
        let split = 1 + (self.range.wrapping_sub(1).wrapping_mul(probability.into()) >> 8);
        let threshold = u64::from(split) << 56;
        // Both ways are written out, so that the branch on the outcome is the only one.
        if self.window >= threshold {
            self.window = self.window.wrapping_sub(threshold);
            self.narrow(self.range.wrapping_sub(split));
            true
        } else {
            self.narrow(split);
            false
        }
    }

    /// A boolean that is as often `true` as `false`.
    #[inline(always)]
    pub fn flag(&mut self) -> bool {
        if self.left < LEAST {
            self.fill();
        }
        self.ready_flag()
    }

    /// [`Self::flag`] after [`Self::make_ready`]. Nobody can predict it, so that it has no branch.
    #[inline(always)]
    pub fn ready_flag(&mut self) -> bool {
        debug_assert!(self.left >= LEAST);
        let split = (self.range.wrapping_add(1)) >> 1;
        let threshold = u64::from(split) << 56;
        let bit = self.window >= threshold;
        let taken = u32::from(bit).wrapping_neg();
        self.window = self.window.wrapping_sub(threshold & u64::from(bit).wrapping_neg());
        // On either side of the split is as much, or one less.
        self.narrow(split.wrapping_sub(taken & (self.range & 1)));
        bit
    }

    #[inline(always)]
    fn narrow(&mut self, range: u32) {
        // At most 7; the wrapping shifts are those that processors have.
        let shift = range.leading_zeros().wrapping_sub(24);
        self.range = range.wrapping_shl(shift);
        self.window = self.window.wrapping_shl(shift);
        self.left = self.left.wrapping_sub(shift);
    }

    /// A number of `count` bits, at most 8, the highest one first.
    pub fn number(&mut self, count: u32) -> u8 {
        (0..count).fold(0, |number, _| number << 1 | u8::from(self.flag()))
    }

    /// A magnitude of `count` bits, at most 7, and a sign.
    pub fn signed(&mut self, count: u32) -> i8 {
        let magnitude = (self.number(count) & 0x7f) as i8;
        if self.flag() { -magnitude } else { magnitude }
    }

    /// A magnitude and a sign, where a flag says that there are some.
    pub fn optional(&mut self, count: u32) -> Option<i8> {
        self.flag().then(|| self.signed(count))
    }

    #[inline(always)]
    fn fill(&mut self) {
        if let Some((next, _)) = self.data.split_first_chunk::<8>() {
            // The bits of a byte that fits only in part are put there again next time.
            self.window |= u64::from_be_bytes(*next) >> (self.left & 63);
            let whole = 64_u32.wrapping_sub(self.left) / 8;
            self.data = self.data.get(whole as usize..).unwrap_or_default();
            self.left = self.left.wrapping_add(whole * 8);
        } else {
            *self = self.clone().filled_at_end();
        }
    }

    /// By value, so that elsewhere all of it stays in registers.
    #[cold]
    fn filled_at_end(mut self) -> Self {
        while self.left <= 56 {
            let byte = match self.data.split_first() {
                Some((&byte, rest)) => {
                    self.data = rest;
                    byte
                }
                None => {
                    self.padding = self.padding.saturating_add(8);
                    0
                }
            };
            self.window |= u64::from(byte) << (56 - self.left);
            self.left += 8;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoder of RFC 6386, 7.3, for a list of booleans and their probabilities.
    fn encoded(bools: &[(u8, bool)]) -> Vec<u8> {
        let (mut out, mut range, mut bottom, mut count) = (Vec::<u8>::new(), 255_u32, 0_u32, 24);
        let mut write = |probability: u8, bit: bool| {
            let split = 1 + (((range - 1) * u32::from(probability)) >> 8);
            if bit {
                let (sum, carries) = bottom.overflowing_add(split);
                bottom = sum;
                range -= split;
                if carries {
                    carry(&mut out);
                }
            } else {
                range = split;
            }
            while range < 128 {
                range <<= 1;
                if bottom & 1 << 31 != 0 {
                    carry(&mut out);
                }
                bottom <<= 1;
                count -= 1;
                if count == 0 {
                    out.push((bottom >> 24) as u8);
                    bottom &= 0xff_ffff;
                    count = 8;
                }
            }
        };
        bools.iter().for_each(|&(probability, bit)| write(probability, bit));
        (0..32).for_each(|_| write(128, false));
        out
    }

    fn carry(out: &mut [u8]) {
        for byte in out.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }

    fn bools() -> Vec<(u8, bool)> {
        let mut random = 7_u32;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random >> 24
        };
        (0..5000)
            .map(|_| {
                let probability = next().max(1) as u8;
                (probability, next() >= probability.into())
            })
            .collect()
    }

    #[test]
    fn reads_what_was_written() {
        let bools = bools();
        let bytes = encoded(&bools);
        let mut bits = BoolDecoder::new(&bytes);
        for (at, &(probability, bit)) in bools.iter().enumerate() {
            assert_eq!(bits.bool(probability), bit, "{at}");
        }
        assert!(!bits.is_exhausted());
    }

    #[test]
    fn what_is_not_there_is_told() {
        let bytes = encoded(&bools());
        let mut bits = BoolDecoder::new(&bytes[..bytes.len() / 2]);
        for &(probability, _) in &bools()[..2000] {
            bits.bool(probability);
        }
        assert!(!bits.is_exhausted());
        for &(probability, _) in &bools()[2000..3500] {
            bits.bool(probability);
        }
        assert!(bits.is_exhausted());
    }
}
