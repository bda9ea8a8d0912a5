//! Coefficients (ITU-T H.265, 7.3.8.11 and 9.3.4.2.4 to 9.3.4.2.7). Those of chroma are read past.

use super::cabac::{Cabac, MAX_AT_ONCE};
use super::contexts::{
    Contexts, GREATER_1, GREATER_2, LAST_X, LAST_Y, SIGNIFICANT, SIGNIFICANT_SKIPPED, SUB_BLOCK,
};
use super::scan::{NEAR, NEAR_SMALL, Scan, WITHIN, sub_blocks};
use super::transform::Block;

/// What the levels of a block are coded in. The decoder is a copy, which stays in registers.
pub(super) struct LevelReader<'a, 'd> {
    pub(super) cabac: Cabac<'d>,
    pub(super) contexts: &'a mut Contexts,
    /// What Golomb-Rice codes were like before, where the sequence adapts them.
    pub(super) rice: Option<&'a mut u8>,
    pub(super) is_broken: bool,
}

/// The decoder after the levels.
pub(super) struct Ended<'d> {
    pub(super) cabac: Cabac<'d>,
    /// A number was larger than any may be.
    pub(super) is_broken: bool,
}

/// What is known of a block before its coefficients.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelForm {
    pub(super) log2: u32,
    pub(super) scan: Scan,
    pub(super) hides_signs: bool,
    /// The contexts are those of blocks without a transform.
    pub(super) is_plain: bool,
}

/// How levels become coefficients.
pub(super) struct Scaling<'a> {
    pub(super) factor: i64,
    pub(super) shift: u32,
    /// Weights by place, or 16 for all.
    pub(super) weights: Option<&'a [u8]>,
}

impl Scaling<'_> {
    /// 8.6.4.2 with levels of 16 bits.
    #[inline(always)]
    fn scale(&self, level: i32, place: usize) -> i16 {
        let weight = self.weights.map_or(16, |w| i64::from(w.get(place).copied().unwrap_or(16)));
        let level = i64::from(level.clamp(-32768, 32767));
        let scaled = level.wrapping_mul(weight.wrapping_mul(self.factor));
        let rounding = (1_i64 << (self.shift & 63)) >> 1;
        (scaled.wrapping_add(rounding) >> (self.shift & 63)).clamp(-32768, 32767) as i16
    }
}

impl<'d> LevelReader<'_, 'd> {
    /// Writes the coefficients of luma to a block of zeros; the last column and row that have any.
    #[inline(always)]
    pub(super) fn luma(
        self,
        form: LevelForm,
        scaling: &Scaling<'_>,
        block: &mut Block,
    ) -> (Ended<'d>, (usize, usize)) {
        let mut last = (0, 0);
        let ended = self.levels::<true>(form, |x, y, level| {
            let place = y << form.log2 | x;
            block[place & 1023] = scaling.scale(level, place);
            last = (last.0.max(x), last.1.max(y));
        });
        (ended, last)
    }

    #[inline(always)]
    pub(super) fn chroma(self, form: LevelForm) -> Ended<'d> {
        self.levels::<false>(form, |_, _, _| {})
    }

    #[inline(always)]
    fn context(&mut self, context: usize) -> u32 {
        self.cabac.bin(&mut self.contexts[context & 255])
    }

    /// `last_sig_coeff_x_prefix` or `…_y_prefix`.
    #[inline(always)]
    fn last_prefix<const LUMA: bool>(&mut self, first: usize, log2: u32) -> u32 {
        let (offset, shift) = if LUMA {
            (3 * (log2 - 2) + ((log2 - 1) >> 2), (log2 + 1) >> 2)
        } else {
            (15, log2 - 2)
        };
        let most = 2 * log2 - 1;
        let mut prefix = 0;
        while prefix < most && self.context(first + (offset + (prefix >> shift)) as usize) == 1 {
            prefix += 1;
        }
        prefix
    }

    #[inline(always)]
    fn last_place<const LUMA: bool>(&mut self, form: LevelForm) -> (u32, u32) {
        let x = self.last_prefix::<LUMA>(LAST_X, form.log2);
        let y = self.last_prefix::<LUMA>(LAST_Y, form.log2);
        let mut whole = |prefix: u32| match prefix {
            0..=3 => prefix,
            _ => {
                let bits = (prefix >> 1) - 1;
                ((2 + (prefix & 1)) << bits) + self.cabac.bypass_bits(bits)
            }
        };
        let (x, y) = (whole(x), whole(y));
        if form.scan == Scan::Vertical { (y, x) } else { (x, y) }
    }

    /// Hands every level to `put`, with its column and row.
    #[inline(always)]
    fn levels<const LUMA: bool>(
        mut self,
        form: LevelForm,
        mut put: impl FnMut(usize, usize, i32),
    ) -> Ended<'d> {
        let (last_x, last_y) = self.last_place::<LUMA>(form);
        let (scan, log2) = (form.scan as usize, form.log2);
        let blocks = sub_blocks(form.scan, log2);
        let within = &WITHIN[scan];
        let is_at =
            |place: (u8, u8), x: u32, y: u32| (u32::from(place.0), u32::from(place.1)) == (x, y);
        let last_block = blocks.iter().position(|&place| is_at(place, last_x >> 2, last_y >> 2));
        let last_within = within.iter().position(|&place| is_at(place, last_x & 3, last_y & 3));
        let (Some(last_block), Some(last_within)) = (last_block, last_within) else {
            return Ended { cabac: self.cabac, is_broken: true };
        };
        // One bit for each sub-block that has coefficients. There is none below the last row.
        let mut coded = [0_u8; 9];
        let mut went_over_1 = false;
        for (number, &(block_x, block_y)) in blocks.iter().enumerate().take(last_block + 1).rev() {
            let (row, bit) = (usize::from(block_y & 7), 1_u8 << (block_x & 7));
            let near = usize::from(coded[row] & bit << 1 != 0)
                | usize::from(coded[row + 1] & bit != 0) << 1;
            let (is_last, is_first) = (number == last_block, number == 0);
            if !is_last && !is_first {
                let context = SUB_BLOCK + usize::from(near != 0) + if LUMA { 0 } else { 2 };
                if self.context(context) == 0 {
                    continue;
                }
            }
            coded[row] |= bit;

            let mut places = [0_u8; 16];
            let mut count = 0;
            let mut begin = 16;
            if is_last {
                places[0] = last_within as u8;
                count = 1;
                begin = last_within;
            }
            let (table, first, dc): (&[u8; 16], usize, usize) = if form.is_plain {
                let only = SIGNIFICANT_SKIPPED + usize::from(!LUMA);
                (&[0; 16], only, only)
            } else {
                let all = SIGNIFICANT + if LUMA { 0 } else { 27 };
                let first = match (log2, LUMA) {
                    (2, _) => 0,
                    (3, true) => {
                        if scan == 0 {
                            9
                        } else {
                            15
                        }
                    }
                    (3, false) => 9,
                    (_, true) => 21,
                    (_, false) => 12,
                };
                let first = all + first + if LUMA && !is_first { 3 } else { 0 };
                let table = if log2 == 2 { &NEAR_SMALL[scan] } else { &NEAR[scan][near] };
                (table, first, all)
            };
            let first = if log2 == 2 && !form.is_plain { dc } else { first };
            for place in (1..begin).rev() {
                if self.context(first + usize::from(table[place & 15])) == 1 {
                    places[count & 15] = place as u8;
                    count += 1;
                }
            }
            if begin > 0 {
                // The sub-block has coefficients: where no other is, there is the first.
                let is_sure = count == 0 && !is_first;
                let context = if is_first { dc } else { first + usize::from(table[0]) };
                if is_sure || self.context(context) == 1 {
                    places[count & 15] = 0;
                    count += 1;
                }
            }
            if count == 0 {
                continue;
            }
            let set = usize::from(LUMA && !is_first) * 2 + usize::from(went_over_1);
            let (values, over) = self.values::<LUMA>(form, &places, count, set);
            went_over_1 = over;
            if LUMA {
                for (&place, &value) in places.iter().zip(&values).take(count) {
                    let (x, y) = within[usize::from(place & 15)];
                    let x = usize::from(block_x) << 2 | usize::from(x);
                    let y = usize::from(block_y) << 2 | usize::from(y);
                    put(x, y, value);
                }
            }
        }
        Ended { cabac: self.cabac, is_broken: self.is_broken }
    }

    /// The values of the `count` coefficients of a sub-block, and whether one of the first eight
    /// was above 1.
    #[inline(always)]
    fn values<const LUMA: bool>(
        &mut self,
        form: LevelForm,
        places: &[u8; 16],
        count: usize,
        set: usize,
    ) -> ([i32; 16], bool) {
        let mut values = [1_i32; 16];
        let first = GREATER_1 + 4 * set + if LUMA { 0 } else { 16 };
        let mut greater = 1;
        let mut first_over = 16;
        for (index, value) in values.iter_mut().enumerate().take(count.min(8)) {
            if self.context(first + greater) == 1 {
                *value = 2;
                first_over = first_over.min(index);
                greater = 0;
            } else if greater > 0 {
                greater = (greater + 1).min(3);
            }
        }
        if let Some(value) = values.get_mut(first_over) {
            *value += self.context(GREATER_2 + set + if LUMA { 0 } else { 4 }) as i32;
        }
        let hides = form.hides_signs && places[0].wrapping_sub(places[(count - 1) & 15]) > 3;
        let signs_coded = count as u32 - u32::from(hides);
        let signs = self.cabac.bypass_bits(signs_coded) << (16 - signs_coded);
        let mut rice = self.rice.as_ref().map_or(0, |rice| u32::from(**rice) / 4);
        let mut is_fresh = true;
        let mut sum = 0_i32;
        for (index, value) in values.iter_mut().enumerate().take(count) {
            let least = match index {
                0..8 if index == first_over => 3,
                0..8 => 2,
                _ => 1,
            };
            if *value == least {
                let rest = self.remaining(rice);
                *value = value.wrapping_add(rest as i32);
                if let Some(stored) = self.rice.as_deref_mut() {
                    if std::mem::take(&mut is_fresh) {
                        adapt(stored, rest);
                    }
                    rice = (rice + u32::from(*value > 3 << rice)).min(20);
                } else {
                    rice = (rice + u32::from(*value > 3 << rice)).min(4);
                }
            }
            sum = sum.wrapping_add(*value);
            if signs >> (15 - index) & 1 == 1 {
                *value = value.wrapping_neg();
            }
        }
        if hides && sum & 1 == 1 {
            let value = &mut values[(count - 1) & 15];
            *value = value.wrapping_neg();
        }
        (values, greater == 0)
    }

    /// `coeff_abs_level_remaining` (9.3.3.11).
    #[inline(always)]
    fn remaining(&mut self, rice: u32) -> u32 {
        let peeked = self.cabac.peek();
        let prefix = (!(peeked << 16)).leading_zeros();
        let suffix = if prefix <= 3 { rice } else { prefix - 3 + rice };
        let taken = prefix + 1 + suffix;
        let tail = if taken <= MAX_AT_ONCE {
            self.cabac.take_peeked(peeked, taken);
            peeked >> (MAX_AT_ONCE - taken) & ((1 << suffix) - 1)
        } else {
            return self.far_remaining(rice);
        };
        if prefix <= 3 {
            (prefix << rice) + tail
        } else {
            (((1 << (prefix - 3)) + 2) << rice) + tail
        }
    }

    /// The same of codes that are longer than what is peeked.
    #[inline(always)]
    fn far_remaining(&mut self, rice: u32) -> u32 {
        // A copy of the copy, so that the first one may stay in registers.
        let mut cabac = self.cabac.clone();
        let value = long_remaining(&mut cabac, rice);
        self.cabac = cabac;
        self.is_broken |= value.is_none();
        value.unwrap_or(0)
    }
}

/// `None` where it is larger than any may be.
#[cold]
#[inline(never)]
fn long_remaining(cabac: &mut Cabac<'_>, rice: u32) -> Option<u32> {
    let mut prefix = 0;
    while cabac.bypass() == 1 {
        prefix += 1;
        if prefix > 20 {
            return None;
        }
    }
    if prefix <= 3 {
        return Some((prefix << rice) + cabac.many_bypass_bits(rice));
    }
    let tail = cabac.many_bypass_bits((prefix - 3 + rice).min(32));
    Some((((1_u32 << (prefix - 3)) + 2) << rice).wrapping_add(tail) & 0xff_ffff)
}

/// 9.3.4.2.7 of the range extensions: what the first code of a sub-block tells of the next ones.
fn adapt(stored: &mut u8, value: u32) {
    if value >= 3 << (*stored / 4) {
        *stored = (*stored + 1).min(64);
    } else if 2 * value < 1 << (*stored / 4) && *stored > 0 {
        *stored -= 1;
    }
}
