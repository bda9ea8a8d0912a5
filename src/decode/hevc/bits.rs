//! Bits of a parameter set or a slice header (ITU-T H.265, 7.2 and 9.2).

use super::HevcRefusal;
use crate::decode::bits;

const ENDS: HevcRefusal = HevcRefusal::Damaged("it ends early");
const TOO_LARGE: HevcRefusal = HevcRefusal::Damaged("a number is too large");

/// Reads bits from the highest of the first byte on, and says what is wrong with them.
pub(super) struct Bits<'a>(bits::Bits<'a>);

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bits::Bits::new(bytes))
    }

    /// `u(n)` of up to 32 bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, HevcRefusal> {
        self.0.number(count).ok_or(ENDS)
    }

    pub(super) fn flag(&mut self) -> Result<bool, HevcRefusal> {
        self.0.flag().ok_or(ENDS)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), HevcRefusal> {
        self.0.skip(count).ok_or(ENDS)
    }

    /// `ue(v)`.
    pub(super) fn golomb(&mut self) -> Result<u32, HevcRefusal> {
        let read = self.0.golomb();
        read.ok_or_else(|| if self.0.is_over() { ENDS } else { TOO_LARGE })
    }

    /// `ue(v)` of at most `max`.
    pub(super) fn golomb_to(&mut self, max: u32) -> Result<u32, HevcRefusal> {
        match self.golomb()? {
            value if value <= max => Ok(value),
            _ => Err(TOO_LARGE),
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
        self.0.rest().ok_or(ENDS)
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
