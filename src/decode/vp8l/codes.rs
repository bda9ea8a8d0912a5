//! Prefix codes (3.7.2.1), the lowest bit first.

use super::bits::Bits;

/// Bits that decide in one step.
const ROOT: u32 = 8;
const LONGEST: usize = 15;
/// The order in which the lengths of the codes of lengths are stored.
const ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The symbol, and the length of its code; where that is longer than [`ROOT`], the place of the rest
/// of it, with a bit for it, and the number of bits that decide then.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    value: u16,
    length: u8,
    is_link: bool,
}

/// A code, ready to be read.
#[derive(Clone, Debug)]
pub(super) struct Code {
    entries: Box<[Entry]>,
    mask: u32,
}

impl Code {
    /// Reads how long the codes of the symbols are. `None` where that makes no code.
    pub fn read(bits: &mut Bits<'_>, alphabet: usize) -> Option<Self> {
        let mut lengths = vec![0_u8; alphabet];
        if bits.flag() {
            let two = bits.flag();
            let first = bits.flag();
            let first = bits.number(if first { 8 } else { 1 });
            *lengths.get_mut(first as usize)? = 1;
            if two {
                *lengths.get_mut(bits.number(8) as usize)? = 1;
            }
            return Self::new(&lengths);
        }
        let mut of_lengths = [0; 19];
        let count = 4 + bits.number(4) as usize;
        for &at in ORDER.get(..count)? {
            of_lengths[at] = bits.number(3) as u8;
        }
        let of_lengths = Self::new(&of_lengths)?;
        let mut symbols = alphabet;
        if bits.flag() {
            let width = 2 + 2 * bits.number(3);
            symbols = 2 + bits.number(width) as usize;
            if symbols > alphabet {
                return None;
            }
        }
        let (mut at, mut before) = (0, 8);
        for _ in 0..symbols {
            if at >= alphabet {
                break;
            }
            let (length, count) = match of_lengths.symbol(bits) {
                16 => (before, 3 + bits.number(2)),
                17 => (0, 3 + bits.number(3)),
                18 => (0, 11 + bits.number(7)),
                length => {
                    if length != 0 {
                        before = length as u8;
                    }
                    (length as u8, 1)
                }
            };
            lengths.get_mut(at..at + count as usize)?.fill(length);
            at += count as usize;
        }
        if bits.is_exhausted() {
            return None;
        }
        Self::new(&lengths)
    }

    /// Of the lengths of all codes: together they have to use up every bit, but for one that stands
    /// alone and has none.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0_usize; LONGEST + 1];
        for &length in lengths {
            *counts.get_mut(usize::from(length))? += 1;
        }
        counts[0] = 0;
        let longest = counts.iter().rposition(|&count| count > 0)?;
        if counts.iter().sum::<usize>() == 1 {
            let value = lengths.iter().position(|&length| length > 0)? as u16;
            let entries = Box::new([Entry { value, length: 0, is_link: false }]);
            return Some(Self { entries, mask: 0 });
        }
        let used: usize = (1..=LONGEST).map(|length| counts[length] << (LONGEST - length)).sum();
        if used != 1 << LONGEST {
            return None;
        }
        // The first code of each length.
        let mut next = [0_u32; LONGEST + 2];
        for length in 1..=LONGEST {
            next[length + 1] = (next[length] + counts[length] as u32) << 1;
        }
        let root = (longest as u32).min(ROOT);
        let mut codes = Vec::with_capacity(lengths.len());
        // Bits behind the root that the codes of each place need.
        let mut rests = [0_u8; 1 << ROOT];
        for (symbol, &length) in (0_u16..).zip(lengths).filter(|(_, length)| **length > 0) {
            let length = u32::from(length);
            let code = next[length as usize].reverse_bits() >> (32 - length);
            next[length as usize] += 1;
            codes.push((symbol, length, code));
            if length > root {
                let rest = &mut rests[(code & ((1 << root) - 1)) as usize];
                *rest = (*rest).max((length - root) as u8);
            }
        }
        let mut entries = vec![Entry::default(); 1 << root];
        for (place, &rest) in rests.iter().enumerate().filter(|(_, rest)| **rest > 0) {
            // Relative to its own place, and at most 2¹⁵ away from it.
            let value = u16::try_from(entries.len() - place).ok()?;
            entries[place] = Entry { value, length: rest, is_link: true };
            entries.resize(entries.len() + (1 << rest), Entry::default());
        }
        for (value, length, code) in codes {
            let place = (code & ((1 << root) - 1)) as usize;
            let (table, code, length, width) = if length > root {
                let Entry { value, length: rest, .. } = entries[place];
                (place + usize::from(value), code >> root, length - root, u32::from(rest))
            } else {
                (0, code, length, root)
            };
            for upper in 0..1 << (width - length) {
                let entry = Entry { value, length: length as u8, is_link: false };
                entries[table + (code | upper << length) as usize] = entry;
            }
        }
        let mask = (1 << root) - 1;
        Some(Self { entries: entries.into(), mask })
    }

    /// How much there is of it in memory.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The only symbol, where there is no other.
    pub fn only(&self) -> Option<u16> {
        (self.mask == 0).then(|| self.entries.first().map(|entry| entry.value)).flatten()
    }

    /// The symbol and the length of the code that `bits` begin with. Where they are fewer than that
    /// length, the symbol means nothing.
    pub fn first_of(&self, bits: u32) -> Option<(u16, u32)> {
        let place = bits & self.mask;
        let entry = *self.entries.get(place as usize)?;
        if !entry.is_link {
            return Some((entry.value, entry.length.into()));
        }
        let rest = bits >> ROOT & ((1 << entry.length) - 1);
        let entry = *self.entries.get((place + u32::from(entry.value) + rest) as usize)?;
        Some((entry.value, ROOT + u32::from(entry.length)))
    }

    /// Reads a symbol.
    pub fn symbol(&self, bits: &mut Bits<'_>) -> u16 {
        bits.fill();
        self.ready_symbol(bits)
    }

    /// Reads a symbol, of which the bits (at most 15) are there.
    #[inline(always)]
    pub fn ready_symbol(&self, bits: &mut Bits<'_>) -> u16 {
        let place = bits.ready() as u32 & self.mask;
        let mut entry = self.entries.get(place as usize).copied().unwrap_or_default();
        if entry.is_link {
            bits.skip(ROOT);
            let rest = bits.ready() as u32 & (1_u32 << (entry.length & 15)).wrapping_sub(1);
            let place = place.wrapping_add(entry.value.into()).wrapping_add(rest);
            entry = self.entries.get(place as usize).copied().unwrap_or_default();
        }
        bits.skip(entry.length.into());
        entry.value
    }
}
