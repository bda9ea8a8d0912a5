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
        Ok(Self { fast, limits, offsets, symbols: symbols.to_vec() })
    }
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
            let symbol = self.slow(table)?;
            self.refill();
            self.consume(symbol.size);
            return Some(symbol);
        }
        self.consume(entry & 31);
        Some(Symbol { run: entry >> 9 & 15, size: entry >> 5 & 15 })
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
