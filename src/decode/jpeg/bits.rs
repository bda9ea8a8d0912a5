//! Huffman codes (T.81, C and F.2.2) out of a stream of bits with stuffed zero bytes (F.1.2.3).

use super::DecodeError;
use super::entropy::{Entropy, next_restart_marker};

/// Bits that one look-up decides; longer codes are rare.
const LOOK: u32 = 11;

/// A Huffman table for decoding.
#[derive(Clone)]
pub(super) struct Huffman {
    /// By the next [`LOOK`] bits: bits 0–4 length of the code and of the magnitude after it
    /// together, 5–8 the low half of the symbol (the magnitude's length), 9–12 its high half (the
    /// run of zeros), 13 set. 0 where the code is longer than that.
    fast: Box<[u16; 1 << LOOK]>,
    /// By the next [`LOOK`] bits, for stepping over coefficients: up to two symbols with their
    /// magnitudes. Bits 0–4 their length, 5–10 the coefficients that they stand for, 11: the block
    /// ends, 12 set. 0 where the first code is longer than that.
    skips: Box<[u16; 1 << LOOK]>,
    /// For each length: the first code that is too large for it, left-aligned in 16 bits.
    limits: [u32; 17],
    /// For each length: what to add to a code to get the index of its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

/// A decoded symbol: `run` zeros, then a magnitude of `size` bits.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    pub run: u32,
    pub size: u32,
}

impl Huffman {
    /// From the 16 counts of code lengths and the symbols in order (T.81, B.2.4.2).
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, DecodeError> {
        let bad = || DecodeError::Damaged("a Huffman table contradicts itself".into());
        let mut fast = Box::new([0_u16; 1 << LOOK]);
        let mut limits = [0; 17];
        let mut offsets = [0; 17];
        let mut code = 0_u32;
        let mut index = 0_usize;
        for length in 1..=16_u32 {
            let count = usize::from(counts[length as usize - 1]);
            offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..count {
                let &symbol = symbols.get(index).ok_or_else(bad)?;
                if code >= 1 << length {
                    return Err(bad());
                }
                if length <= LOOK {
                    let (run, size) = (u16::from(symbol >> 4), u16::from(symbol & 15));
                    let entry = (length as u16 + size) | size << 5 | run << 9 | 1 << 13;
                    let first = (code << (LOOK - length)) as usize;
                    fast[first..first + (1 << (LOOK - length))].fill(entry);
                }
                code += 1;
                index += 1;
            }
            limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        let skips = skips(&fast);
        Ok(Self { fast, skips, limits, offsets, symbols: symbols.to_vec() })
    }
}

/// What [`Huffman::skips`] holds.
fn skips(fast: &[u16; 1 << LOOK]) -> Box<[u16; 1 << LOOK]> {
    // Length, coefficients and whether the block ends.
    let step = |entry: u16| {
        let (length, size, run) = (entry & 31, entry >> 5 & 15, entry >> 9 & 15);
        let ends = size == 0 && run != 15;
        (length, if ends { 0 } else { run + 1 }, ends)
    };
    let mut skips = Box::new([0; 1 << LOOK]);
    for (bits, skip) in skips.iter_mut().enumerate() {
        if fast[bits] == 0 {
            continue;
        }
        let (mut length, mut coefficients, mut ends) = step(fast[bits]);
        // The second one counts only where its code and its magnitude lie within the bits: what
        // comes behind them is not known here.
        let second = fast[bits << length.min(LOOK as u16) & ((1 << LOOK) - 1)];
        let (more, further, last) = step(second);
        if !ends && second != 0 && u32::from(length + more) <= LOOK {
            (length, coefficients, ends) = (length + more, coefficients + further, last);
        }
        *skip = length | coefficients << 5 | u16::from(ends) << 11 | 1 << 12;
    }
    skips
}

/// The bits of a scan, up to the next marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the top. Below `count` bits it may hold bits already that will be
    /// put there again.
    buffer: u64,
    count: u32,
    /// Bits that were made up after the data ended, as zeros.
    made_up: u32,
}

impl<'a> Entropy<'a> for Bits<'a> {
    fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, buffer: 0, count: 0, made_up: 0 }
    }

    fn restart(&mut self) -> Option<u8> {
        // What is left of the bits is dropped. Filling stops before a marker, so that it is ahead.
        *self = Self::new(self.data, self.at);
        next_restart_marker(self.data, &mut self.at)
    }

    #[inline(always)]
    fn overrun(&self) -> bool {
        self.made_up > self.count
    }

    fn position(&self) -> usize {
        self.at
    }
}

impl Bits<'_> {
    /// Holds at least 32 bits afterwards.
    #[inline(always)]
    fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(next) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let next = u64::from_be_bytes(*next);
            // No byte is 0xff: none of the inverted bytes is zero.
            let inverted = !next;
            if inverted.wrapping_sub(0x0101_0101_0101_0101) & next & 0x8080_8080_8080_8080 == 0 {
                self.buffer |= next >> self.count;
                let bytes = (63 - self.count) >> 3;
                self.at += bytes as usize;
                self.count += bytes * 8;
                return;
            }
        }
        self.refill_slowly();
    }

    #[cold]
    #[inline(never)]
    fn refill_slowly(&mut self) {
        while self.count <= 56 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                // Fill bytes before a marker (B.1.1.2).
                (Some(0xff), Some(0xff)) => {
                    self.at += 1;
                    continue;
                }
                (Some(0xff) | None, _) => {
                    self.made_up += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    #[inline(always)]
    fn consume(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.count -= bits;
    }

    /// Reads a symbol and steps over the magnitude after it.
    #[inline(always)]
    pub fn skip(&mut self, table: &Huffman) -> Option<Symbol> {
        self.refill();
        let entry = u32::from(table.fast[(self.buffer >> (64 - LOOK)) as usize]);
        if entry == 0 {
            return self.skip_slowly(table);
        }
        self.consume(entry & 31);
        Some(Symbol { run: entry >> 9 & 15, size: entry >> 5 & 15 })
    }

    /// The same for a symbol that is too long for the table.
    #[inline(always)]
    fn skip_slowly(&mut self, table: &Huffman) -> Option<Symbol> {
        let symbol = self.slow(table)?;
        self.refill();
        self.consume(symbol.size);
        Some(symbol)
    }

    /// Steps over one or two symbols with their magnitudes: how many coefficients they stand for, and
    /// whether the block ends with them. Only where at least 17 are left, so that the second symbol
    /// is of the same block.
    #[inline(always)]
    pub fn skip_pair(&mut self, table: &Huffman) -> Option<(u32, bool)> {
        self.refill();
        let entry = u32::from(table.skips[(self.buffer >> (64 - LOOK)) as usize]);
        if entry == 0 {
            let symbol = self.skip_slowly(table)?;
            return Some((symbol.run + 1, symbol.size == 0 && symbol.run != 15));
        }
        self.consume(entry & 31);
        Some((entry >> 5 & 63, entry >> 11 & 1 != 0))
    }

    /// Reads a symbol and the value of the magnitude after it (F.2.2.1, EXTEND).
    #[inline(always)]
    pub fn value(&mut self, table: &Huffman) -> Option<(Symbol, i32)> {
        let symbol = self.symbol(table)?;
        Some((symbol, self.extended(symbol.size)))
    }

    /// Reads a symbol alone.
    #[inline(always)]
    pub fn symbol(&mut self, table: &Huffman) -> Option<Symbol> {
        self.refill();
        let entry = u32::from(table.fast[(self.buffer >> (64 - LOOK)) as usize]);
        if entry == 0 {
            return self.slow(table);
        }
        let size = entry >> 5 & 15;
        self.consume((entry & 31) - size);
        Some(Symbol { run: entry >> 9 & 15, size })
    }

    #[cold]
    #[inline(never)]
    fn slow(&mut self, table: &Huffman) -> Option<Symbol> {
        let next = (self.buffer >> 48) as u32;
        let length = (1..=16_usize).find(|&length| next < table.limits[length])?;
        let code = (next >> (16 - length)) as i32;
        let &symbol = table.symbols.get(usize::try_from(code + table.offsets[length]).ok()?)?;
        self.consume(length as u32);
        Some(Symbol { run: u32::from(symbol >> 4), size: u32::from(symbol & 15) })
    }

    /// `size` bits as a number, at most 16.
    #[inline(always)]
    pub fn raw(&mut self, size: u32) -> u32 {
        if size == 0 {
            return 0;
        }
        self.refill();
        let value = (self.buffer >> (64 - size)) as u32;
        self.consume(size);
        value
    }

    /// `size` bits as a signed magnitude.
    #[inline(always)]
    pub fn extended(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        let value = self.raw(size) as i32;
        if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::usual;
    use super::*;

    /// How many bits were taken after each block that was stepped over.
    fn ends(data: &[u8], table: &Huffman, in_pairs: bool) -> Vec<usize> {
        let mut bits = Bits::new(data, 0);
        let mut ends = Vec::new();
        while !bits.overrun() {
            let mut z = 1;
            while z < 64 {
                let step = if in_pairs && z < 48 {
                    bits.skip_pair(table)
                } else {
                    bits.skip(table).map(|s| (s.run + 1, s.size == 0 && s.run != 15))
                };
                let Some((coefficients, is_last)) = step else { return ends };
                z = if is_last { 64 } else { z + coefficients };
            }
            ends.push(bits.at * 8 + bits.made_up as usize - bits.count as usize);
        }
        ends
    }

    #[test]
    fn two_symbols_at_once_end_where_one_after_the_other_does() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        let mut blocks = 0;
        for (counts, symbols) in [usual::LUMA_AC, usual::CHROMA_AC] {
            let table = Huffman::new(counts, symbols).unwrap();
            for _ in 0..200 {
                // Long runs of zeros are codes of ones, which are rarer in chance than in pictures.
                let ones = random() & random();
                let data: Vec<u8> = (0..500).map(|_| (random() | random() & ones) & 0xfe).collect();
                let one = ends(&data, &table, false);
                blocks += one.len();
                assert_eq!(ends(&data, &table, true), one);
            }
        }
        assert!(blocks > 10_000, "{blocks}");
    }
}
