//! Bits of the headers of coded pictures and films, the most significant one first.

/// Reads bits one after the other; `None` past the end.
pub(in crate::decode) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(in crate::decode) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(in crate::decode) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Whether all of them were read.
    pub(in crate::decode) fn is_over(&self) -> bool {
        self.at >= self.bytes.len().saturating_mul(8)
    }

    /// The bytes from the next whole one on.
    pub(in crate::decode) fn rest(self) -> Option<&'a [u8]> {
        self.bytes.get(self.at.div_ceil(8)..)
    }

    /// A number of at most 32 bits.
    pub(in crate::decode) fn number(&mut self, bits: u32) -> Option<u32> {
        (0..bits).try_fold(0, |value, _| Some(value << 1 | u32::from(self.flag()?)))
    }

    pub(in crate::decode) fn skip(&mut self, bits: usize) -> Option<()> {
        self.at = self.at.checked_add(bits)?;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    /// An Exp-Golomb code (H.265, 9.2); the signed ones have the same length.
    pub(in crate::decode) fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            (zeros < 32).then_some(())?;
        }
        (1_u32 << zeros).checked_sub(1)?.checked_add(self.number(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn codes_are_read_one_after_the_other() {
        // 1, 010, 011, 00100, 00101, then four bits.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1101_0000]);
        let codes: Vec<u32> = (0..5).map_while(|_| bits.golomb()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4]);
        assert_eq!(bits.number(4), Some(0b1010));
        assert_eq!(bits.skip(3), Some(()));
        assert_eq!(bits.flag(), None);
        // 32 zeros are no code, whatever follows.
        assert_eq!(Bits::new(&u128::MAX.checked_shr(32).unwrap_or(0).to_be_bytes()).golomb(), None);
    }
}
