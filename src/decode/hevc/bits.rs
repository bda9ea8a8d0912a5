//! Bits of a parameter set or a slice header (ITU-T H.265, 7.2 and 9.2).

use super::HevcRefusal;

/// Reads bits from the highest of the first byte on.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// `u(n)` of up to 32 bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, HevcRefusal> {
        let mut value = 0_u64;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(HevcRefusal::Damaged("it ends early"))?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value as u32)
    }

    pub(super) fn flag(&mut self) -> Result<bool, HevcRefusal> {
        Ok(self.take(1)? == 1)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), HevcRefusal> {
        self.at = self.at.saturating_add(count);
        if self.at > self.bytes.len().saturating_mul(8) {
            return Err(HevcRefusal::Damaged("it ends early"));
        }
        Ok(())
    }

    /// `ue(v)`.
    pub(super) fn golomb(&mut self) -> Result<u32, HevcRefusal> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(HevcRefusal::Damaged("a number is too large"));
            }
        }
        Ok(((1_u64 << zeros) - 1 + u64::from(self.take(zeros)?)) as u32)
    }

    /// `ue(v)` of at most `max`.
    pub(super) fn golomb_to(&mut self, max: u32) -> Result<u32, HevcRefusal> {
        match self.golomb()? {
            value if value <= max => Ok(value),
            _ => Err(HevcRefusal::Damaged("a number is too large")),
        }
    }

    /// `se(v)`.
    pub(super) fn signed(&mut self) -> Result<i32, HevcRefusal> {
        let value = i64::from(self.golomb()?);
        Ok(if value & 1 == 1 { (value + 1) / 2 } else { -(value / 2) } as i32)
    }

    /// The first byte after a `byte_alignment()` (7.3.2.12).
    pub(super) fn aligned(mut self) -> Result<&'a [u8], HevcRefusal> {
        if !self.flag()? {
            return Err(HevcRefusal::Damaged("its alignment is missing"));
        }
        self.bytes.get(self.at.div_ceil(8)..).ok_or(HevcRefusal::Damaged("it ends early"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_bounded() {
        // 1 | 010 | 011 | 00100 | 1 | 000…
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_1000, 0, 0, 0, 0, 0]);
        assert_eq!([bits.golomb(), bits.golomb()].map(Result::unwrap), [0, 1]);
        assert_eq!(bits.signed().unwrap(), -1);
        assert_eq!(bits.golomb_to(3).unwrap(), 3);
        assert!(bits.flag().unwrap());
        assert!(bits.golomb().is_err());
        assert!(Bits::new(&[0b0010_0000]).golomb_to(2).is_err());
        assert!(Bits::new(&[0xff]).take(9).is_err());
        assert!(Bits::new(&[0xff]).skip(9).is_err());
    }

    #[test]
    fn what_follows_an_alignment_begins_with_a_byte() {
        let mut bits = Bits::new(&[0b1011_0000, 7]);
        bits.take(3).unwrap();
        assert_eq!(bits.aligned().unwrap(), [7]);
        assert!(Bits::new(&[0, 7]).aligned().is_err());
    }
}
