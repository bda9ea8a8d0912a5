//! Bits of a stream, the lowest bit of a byte first.

/// Reads numbers and codes.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next bits are the lowest ones.
    window: u64,
    left: u32,
    /// Bits of the window that lie behind the end of the data.
    padding: u32,
}

/// Bits that are there after [`Bits::fill`].
pub(super) const FILLED: u32 = 56;

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, window: 0, left: 0, padding: 0 }
    }

    /// Whether more was read than there is.
    pub fn is_exhausted(&self) -> bool {
        self.padding > self.left
    }

    /// Makes sure that there are [`FILLED`] bits: zeros behind the end.
    #[inline(always)]
    pub fn fill(&mut self) {
        if let Some((next, _)) = self.data.split_first_chunk::<8>() {
            // The bits of a byte that fits only in part are put there again next time.
            self.window |= u64::from_le_bytes(*next) << (self.left & 63);
            let whole = 63_u32.wrapping_sub(self.left) >> 3 & 7;
            self.data = self.data.get(whole as usize..).unwrap_or_default();
            self.left = self.left.wrapping_add(whole << 3);
        } else {
            *self = self.clone().filled_at_end();
        }
    }

    /// By value, so that elsewhere all of it stays in registers.
    #[cold]
    fn filled_at_end(mut self) -> Self {
        while self.left < FILLED {
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
            self.window |= u64::from(byte) << self.left;
            self.left += 8;
        }
        self
    }

    /// The next bits, after [`Self::fill`]; those above the ones that are there mean nothing.
    #[inline(always)]
    pub fn ready(&self) -> u64 {
        self.window
    }

    /// Steps over bits that were there.
    #[inline(always)]
    pub fn skip(&mut self, count: u32) {
        debug_assert!(count <= self.left);
        self.window >>= count & 63;
        self.left = self.left.wrapping_sub(count);
    }

    /// A number of `count` bits, at most 24, that are there.
    #[inline(always)]
    pub fn ready_number(&mut self, count: u32) -> u32 {
        let number = self.window as u32 & (1_u32 << (count & 31)).wrapping_sub(1);
        self.skip(count);
        number
    }

    /// A number of `count` bits, at most 24.
    pub fn number(&mut self, count: u32) -> u32 {
        self.fill();
        self.ready_number(count)
    }

    pub fn flag(&mut self) -> bool {
        self.number(1) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_the_lowest_bit_on() {
        let bytes: Vec<u8> = (0..40).map(|at: u8| at.wrapping_mul(77) ^ 0x35).collect();
        let all = |at: usize| bytes.get(at / 8).map_or(0, |byte| u32::from(byte >> (at % 8) & 1));
        let mut bits = Bits::new(&bytes);
        let mut at = 0;
        for count in (0..25).chain([1; 10]) {
            let expected = (0..count as usize).fold(0, |sum, bit| sum | all(at + bit) << bit);
            assert_eq!(bits.number(count), expected, "{count} bits at {at}");
            at += count as usize;
        }
        assert!(!bits.is_exhausted());
        bits.number(10);
        assert!(!bits.is_exhausted());
        assert_eq!(at + 10, bytes.len() * 8);
        bits.number(1);
        assert!(bits.is_exhausted());
    }
}
