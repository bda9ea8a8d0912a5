//! LZW as in TIFF 6.0, section 13: codes of 9 to 12 bits, the highest bit first, widened one code
//! early.

const CLEAR: usize = 256;
const END: usize = 257;
const CODES: usize = 4096;
/// Most strings are not longer than this.
const SHORT: usize = 16;

/// Unpacks as many bytes as `out` holds. Strings are not stored: each code stands for a part of
/// what was unpacked before.
///
/// Gives `None` when the data is not of this form or ends too early.
pub(super) fn unpack(data: &[u8], out: &mut [u8]) -> Option<()> {
    // Positions are kept in 32 bits.
    u32::try_from(out.len()).ok()?;
    let mut bits = Codes { data, window: 0, left: 0 };
    // Where each string begins in what was unpacked, and its length.
    let mut strings = vec![(0_u32, 0_u32); CODES];
    let (mut next, mut width) = (END + 1, 9);
    let mut before = None::<(u32, u32)>;
    let mut at = 0;
    if bits.next(width)? != CLEAR {
        return None;
    }
    while at < out.len() {
        let code = bits.next(width)?;
        if code == CLEAR {
            (next, width, before) = (END + 1, 9, None);
            continue;
        }
        if code < CLEAR {
            out[at] = code as u8;
        } else if code == END || code > next || before.is_none() {
            return None;
        }
        // The string before this one and the first byte of this one is a string of its own.
        if let Some((start, len)) = before.filter(|_| next < CODES) {
            strings[next] = (start, len + 1);
            next += 1;
            width = match next {
                ..511 => 9,
                511..1023 => 10,
                1023..2047 => 11,
                _ => 12,
            };
        }
        let len = if code < CLEAR {
            1
        } else {
            if code >= next {
                return None;
            }
            let (start, len) = strings[code];
            let len = (len as usize).min(out.len() - at);
            copy(out, start as usize, at, len);
            len
        };
        before = Some((at as u32, len as u32));
        at += len;
    }
    Some(())
}

/// Copies a string to its end: it may reach into what is copied.
fn copy(out: &mut [u8], start: usize, at: usize, len: usize) {
    if len <= SHORT
        && let Some((before, behind)) = out.split_at_mut_checked(at)
        && let Some(from) = before.get(start..).and_then(<[u8]>::first_chunk::<SHORT>)
        && let Some(to) = behind.first_chunk_mut::<SHORT>()
    {
        // What is too much is overwritten by the next string.
        *to = *from;
    } else if start + len <= at {
        out.copy_within(start..start + len, at);
    } else {
        (0..len).for_each(|index| out[at + index] = out[start + index]);
    }
}

struct Codes<'a> {
    data: &'a [u8],
    /// The next bits are the highest ones.
    window: u64,
    left: u32,
}

impl Codes<'_> {
    #[inline(always)]
    fn next(&mut self, width: u32) -> Option<usize> {
        if self.left < width {
            if let Some(next) = self.data.first_chunk::<8>() {
                // The bits of a byte that fits only in part are put there again next time.
                self.window |= u64::from_be_bytes(*next) >> self.left;
                let whole = (64 - self.left) / 8;
                self.data = &self.data[whole as usize..];
                self.left += whole * 8;
            } else {
                while let Some((&byte, rest)) = self.data.split_first().filter(|_| self.left <= 56)
                {
                    self.window |= u64::from(byte) << (56 - self.left);
                    self.data = rest;
                    self.left += 8;
                }
            }
            if self.left < width {
                return None;
            }
        }
        let code = self.window >> (64 - width);
        self.window <<= width;
        self.left -= width;
        Some(code as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(codes: &[(usize, u32)]) -> Vec<u8> {
        let bits = codes
            .iter()
            .flat_map(|&(code, width)| (0..width).rev().map(move |bit| (code >> bit & 1) as u8));
        let bits: Vec<u8> = bits.collect();
        bits.chunks(8)
            .map(|byte| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | bit << (7 - at)))
            .collect()
    }

    /// The example of the specification.
    #[test]
    fn unpacks_the_example() {
        let codes = [256, 7, 258, 8, 8, 258, 6, 6, 257].map(|code| (code, 9));
        let mut out = [0; 9];
        assert_eq!(unpack(&packed(&codes), &mut out), Some(()));
        assert_eq!(out, [7, 7, 7, 8, 8, 7, 7, 6, 6]);
    }

    #[test]
    fn codes_widen_one_early() {
        // One byte over and over again: each code but the first is the newest string.
        let mut codes = vec![(CLEAR, 9), (9, 9)];
        let mut total = 1;
        for number in 0..600 {
            let width = if 258 + number >= 511 { 10 } else { 9 };
            codes.push((258 + number, width));
            total += number + 2;
        }
        let mut out = vec![0; total];
        assert_eq!(unpack(&packed(&codes), &mut out), Some(()));
        assert!(out.iter().all(|&byte| byte == 9));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let unpacked = |codes: &[(usize, u32)]| unpack(&packed(codes), &mut [0; 8]);
        assert_eq!(unpacked(&[(7, 9), (7, 9)]), None);
        assert_eq!(unpacked(&[(256, 9), (258, 9)]), None);
        assert_eq!(unpacked(&[(256, 9), (7, 9), (259, 9)]), None);
        assert_eq!(unpacked(&[(256, 9), (7, 9), (257, 9)]), None);
        assert_eq!(unpacked(&[(256, 9), (7, 9)]), None);
        assert_eq!(unpack(&[], &mut [0; 1]), None);
    }
}
