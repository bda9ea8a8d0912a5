//! Coefficients: the tokens of the blocks of a macroblock (RFC 6386, section 13).

use super::bits::BoolDecoder;
use super::probabilities::TokenProbabilities;
use super::quantiser::Factors;
use super::transform;

/// The place in a block of each coefficient in the order of coding.
const ZIGZAG: [u8; 16] = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];
/// The band of each coefficient in the order of coding; what stands behind the last is never used.
const BANDS: [u8; 17] = [0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0];
/// Probabilities of the bits that are added to the tokens of categories 3 to 6.
const EXTRA: [&[u8]; 4] = [
    &[173, 148, 140],
    &[176, 155, 140, 135],
    &[180, 157, 141, 134, 130],
    &[254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129],
];

/// Types of blocks.
const LUMA_AFTER_DC: usize = 0;
const SECOND_ORDER: usize = 1;
const CHROMA: usize = 2;
const LUMA: usize = 3;

/// The probabilities of a type of block, by position, context and branch.
type ByPosition = [[[u8; 11]; 3]; 17];

/// The probabilities of a frame, by position instead of band.
#[derive(Clone, Debug)]
pub(super) struct TokenTables([ByPosition; 4]);

impl TokenTables {
    pub fn new(probabilities: &TokenProbabilities) -> Self {
        Self(probabilities.map(|by_band| BANDS.map(|band| by_band[usize::from(band)])))
    }
}

/// Which blocks beside a macroblock have coefficients, 1 or 0: four of luma, two of each chroma
/// plane, and the last block of second order.
pub(super) type Edge = [u8; 9];
const Y2: usize = 8;

/// The coefficients of the luma blocks of a macroblock, multiplied by their factors, row by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Residual {
    pub blocks: [[i32; 16]; 16],
    /// Where the coefficients of each block end in the order of coding: 1 for a DC term alone.
    pub ends: [u8; 16],
}

impl Residual {
    /// Reads a macroblock. Its blocks have to be zero. Gives whether it has any coefficient.
    #[inline(always)]
    pub fn read(
        &mut self,
        bits: &mut BoolDecoder<'_>,
        tables: &TokenTables,
        (above, left): (&mut Edge, &mut Edge),
        has_second_order: bool,
        factors: &Factors,
    ) -> bool {
        // A copy stays in registers.
        let mut own = bits.clone();
        let mut any = false;
        let first = usize::from(has_second_order);
        if has_second_order {
            any |= self.read_second_order(&mut own, tables, (above, left), factors);
        }
        let table = &tables.0[if has_second_order { LUMA_AFTER_DC } else { LUMA }];
        for (index, (block, end)) in self.blocks.iter_mut().zip(&mut self.ends).enumerate() {
            let (above, left) = (&mut above[index % 4], &mut left[index / 4]);
            let read = coefficients(&mut own, table, *above + *left, first, |place, value| {
                let factor = if place == 0 { factors.luma_dc } else { factors.luma_ac };
                block[place & 15] = i32::from(value.wrapping_mul(factor) as i16);
            });
            *above = u8::from(read > first);
            *left = *above;
            any |= read > first;
            *end = (*end).max(if read > first { read as u8 } else { 0 });
        }
        let table = &tables.0[CHROMA];
        for plane in [4, 6] {
            for index in 0..4 {
                let (above, left) = (&mut above[plane + index % 2], &mut left[plane + index / 2]);
                let read = coefficients(&mut own, table, *above + *left, 0, |_, _| {});
                *above = u8::from(read > 0);
                *left = *above;
                any |= read > 0;
            }
        }
        *bits = own;
        any
    }

    /// The block whose coefficients are, transformed, the DC terms of the luma blocks.
    #[inline(always)]
    fn read_second_order(
        &mut self,
        bits: &mut BoolDecoder<'_>,
        tables: &TokenTables,
        (above, left): (&mut Edge, &mut Edge),
        factors: &Factors,
    ) -> bool {
        let mut block = [0; 16];
        let context = above[Y2] + left[Y2];
        let read = coefficients(bits, &tables.0[SECOND_ORDER], context, 0, |place, value| {
            let factor = if place == 0 { factors.second_dc } else { factors.second_ac };
            block[place & 15] = i32::from(value.wrapping_mul(factor) as i16);
        });
        above[Y2] = u8::from(read > 0);
        left[Y2] = above[Y2];
        if read > 0 {
            let terms = transform::inverse_walsh(&block);
            for ((block, end), dc) in self.blocks.iter_mut().zip(&mut self.ends).zip(terms) {
                block[0] = dc;
                *end = u8::from(dc != 0);
            }
        }
        read > 0
    }
}

/// What a macroblock without coefficients leaves behind for its neighbours.
pub(super) fn clear(edge: &mut Edge, has_second_order: bool) {
    let kept = edge[Y2];
    *edge = [0; 9];
    if !has_second_order {
        edge[Y2] = kept;
    }
}

/// Reads a block from the coefficient `first` on, and gives where it ends. Coefficients that are
/// not zero go to `put`, by their place in the block.
#[inline(always)]
fn coefficients(
    bits: &mut BoolDecoder<'_>,
    table: &ByPosition,
    context: u8,
    first: usize,
    mut put: impl FnMut(usize, i32),
) -> usize {
    let mut at = first;
    let mut branches = &table[at][usize::from(context.min(2))];
    loop {
        bits.make_ready();
        if !bits.ready_bool(branches[0]) {
            return at;
        }
        while !bits.ready_bool(branches[1]) {
            at += 1;
            if at >= 16 {
                return 16;
            }
            branches = &table[at][0];
            bits.make_ready();
        }
        let (value, next) =
            if bits.ready_bool(branches[2]) { (large(bits, branches), 2) } else { (1, 1) };
        let sign = i32::from(bits.flag());
        put(usize::from(ZIGZAG[at]), (value ^ -sign) + sign);
        at += 1;
        if at >= 16 {
            return 16;
        }
        branches = &table[at][next];
    }
}

/// A magnitude above 1.
#[inline(always)]
fn large(bits: &mut BoolDecoder<'_>, branches: &[u8; 11]) -> i32 {
    if !bits.bool(branches[3]) {
        if !bits.bool(branches[4]) {
            return 2;
        }
        return 3 + i32::from(bits.bool(branches[5]));
    }
    if !bits.bool(branches[6]) {
        if !bits.bool(branches[7]) {
            return 5 + i32::from(bits.bool(159));
        }
        return 7 + 2 * i32::from(bits.bool(165)) + i32::from(bits.bool(145));
    }
    let upper = usize::from(bits.bool(branches[8]));
    let category = 2 * upper + usize::from(bits.bool(branches[9 + upper]));
    let extra = EXTRA[category & 3]
        .iter()
        .fold(0, |extra, &probability| extra << 1 | i32::from(bits.bool(probability)));
    3 + (8 << category) + extra
}
