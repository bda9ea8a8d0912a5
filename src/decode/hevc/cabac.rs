//! The arithmetic decoder (ITU-T H.265, 9.3.4.3).
//!
//! The offset of the specification stands in the upper 9 bits of a word of 64; below it wait bits
//! that were read ahead. The sums here cannot overflow, but a release of this package checks each
//! one; so they are told to wrap.

use super::cabac_tables::{NEXT, RANGES_OF_LPS};

/// Bits of the word below the offset.
const AHEAD: u32 = 55;
/// Most bits that are taken at once; as many are always waiting.
pub(super) const MAX_AT_ONCE: u32 = 16;

#[derive(Clone)]
pub(super) struct Cabac<'a> {
    data: &'a [u8],
    /// Bytes read, ahead too. Behind the end come zeros.
    at: usize,
    value: u64,
    /// 256 to 510.
    range: u32,
    /// Waiting bits.
    waiting: u32,
}

impl<'a> Cabac<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        let mut own = Self { data, at: 0, value: 0, range: 510, waiting: 0 };
        own.restart(0);
        own
    }

    fn restart(&mut self, at: usize) {
        self.at = at;
        self.range = 510;
        self.value = u64::from(self.word()) << 32;
        self.waiting = 32 - 9;
    }

    /// The next four bytes.
    #[inline(always)]
    fn word(&mut self) -> u32 {
        let at = self.at;
        self.at = at.wrapping_add(4);
        match self.data.get(at..).and_then(<[u8]>::first_chunk) {
            Some(&bytes) => u32::from_be_bytes(bytes),
            None => last_word(self.data.get(at..).unwrap_or_default()),
        }
    }

    /// Takes `count` bits, of which at most [`MAX_AT_ONCE`].
    #[inline(always)]
    fn shift(&mut self, count: u32) {
        self.value <<= count & 63;
        self.waiting = self.waiting.wrapping_sub(count);
        if self.waiting < MAX_AT_ONCE {
            let word = u64::from(self.word());
            self.value |= word << (AHEAD.wrapping_sub(32).wrapping_sub(self.waiting) & 63);
            self.waiting = self.waiting.wrapping_add(32);
        }
    }

    /// A bin with a context; it is 0 or 1.
    #[inline(always)]
    pub(super) fn bin(&mut self, context: &mut u8) -> u32 {
        let state = *context;
        // The two bits below the highest one choose one of four bytes.
        let of_lps = RANGES_OF_LPS[usize::from(state) >> 1 & 63] >> (self.range >> 3 & 24) & 255;
        let of_mps = self.range.wrapping_sub(of_lps);
        let bound = u64::from(of_mps) << AHEAD;
        let is_lps = self.value >= bound;
        self.value = self.value.wrapping_sub(if is_lps { bound } else { 0 });
        let range = if is_lps { of_lps } else { of_mps };
        *context = NEXT[(usize::from(state) << 1 | usize::from(is_lps)) & 255];
        let count = (range | 1).leading_zeros().wrapping_sub(23) & 7;
        self.range = range << count;
        self.shift(count);
        u32::from(state & 1) ^ u32::from(is_lps)
    }

    #[inline(always)]
    pub(super) fn bypass(&mut self) -> u32 {
        let bound = u64::from(self.range) << (AHEAD - 1);
        let bin = self.value >= bound;
        self.value = self.value.wrapping_sub(if bin { bound } else { 0 });
        self.shift(1);
        u32::from(bin)
    }

    /// The next bypass bins, of which none is taken yet: as many as [`MAX_AT_ONCE`], the first
    /// one highest. They are the digits of offset divided by range.
    #[inline(always)]
    pub(super) fn peek(&self) -> u32 {
        (self.value >> (AHEAD - MAX_AT_ONCE)) as u32 / self.range
    }

    /// Takes the first `count` of the bins that [`Self::peek`] gave.
    #[inline(always)]
    pub(super) fn take_peeked(&mut self, peeked: u32, count: u32) {
        let bins = u64::from(peeked >> (MAX_AT_ONCE.wrapping_sub(count) & 31));
        let bound = bins.wrapping_mul(u64::from(self.range)) << (AHEAD.wrapping_sub(count) & 63);
        self.value = self.value.wrapping_sub(bound);
        self.shift(count);
    }

    /// Up to [`MAX_AT_ONCE`] bypass bins.
    #[inline(always)]
    pub(super) fn bypass_bits(&mut self, count: u32) -> u32 {
        let peeked = self.peek();
        self.take_peeked(peeked, count);
        peeked >> (MAX_AT_ONCE.wrapping_sub(count) & 31)
    }

    /// Up to 32 bypass bins.
    pub(super) fn many_bypass_bits(&mut self, count: u32) -> u32 {
        let first = count.min(MAX_AT_ONCE);
        let (high, rest) = (self.bypass_bits(first), (count - first).min(MAX_AT_ONCE));
        high << rest | self.bypass_bits(rest)
    }

    /// The bin that says whether something ends here.
    pub(super) fn ends(&mut self) -> bool {
        self.range = self.range.wrapping_sub(2);
        if self.value >= u64::from(self.range) << AHEAD {
            return true;
        }
        let count = u32::from(self.range < 256);
        self.range <<= count;
        self.shift(count);
        false
    }

    /// The first byte after what [`Self::ends`] ended.
    fn end(&self) -> usize {
        (self.at * 8 - self.waiting as usize).div_ceil(8)
    }

    /// Begins anew after the end of a substream.
    pub(super) fn next_substream(&mut self) {
        self.restart(self.end());
    }

    /// Takes whole bytes after an end, then begins anew.
    pub(super) fn raw(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let start = self.end();
        let taken = self.data.get(start..)?.get(..bytes)?;
        self.restart(start + bytes);
        Some(taken)
    }

    /// More was taken than there is.
    pub(super) fn is_exhausted(&self) -> bool {
        self.at * 8 > self.data.len() * 8 + self.waiting as usize + 16
    }
}

/// Less than four bytes, and zeros.
#[cold]
fn last_word(rest: &[u8]) -> u32 {
    let mut bytes = [0; 4];
    bytes.iter_mut().zip(rest).for_each(|(byte, &last)| *byte = last);
    u32::from_be_bytes(bytes)
}
