//! Which pictures may be predicted from (ITU-T H.265, 7.3.7). An intra picture predicts from none,
//! but what is said of them stands before what is needed.

use super::HevcRefusal;
use super::bits::Bits;

/// The sets that a sequence parameter set holds.
#[derive(Clone, Debug, Default)]
pub(super) struct RefSets {
    /// Pictures in each short-term set.
    short: Vec<u32>,
    /// Long-term candidates, if there are any such pictures.
    long: Option<u32>,
}

impl RefSets {
    /// The order counts of pictures have `poc_bits`.
    pub(super) fn read(bits: &mut Bits<'_>, poc_bits: u32) -> Result<Self, HevcRefusal> {
        let count = bits.golomb_to(64)?;
        let mut short = Vec::new();
        for index in 0..count {
            short.push(skip_set(bits, index, &short, false)?);
        }
        let mut long = None;
        if bits.flag()? {
            let count = bits.golomb_to(32)?;
            bits.skip((count * (poc_bits + 1)) as usize)?;
            long = Some(count);
        }
        Ok(Self { short, long })
    }

    /// Skips what a slice header says of them (7.3.6.1).
    pub(super) fn skip_in_slice(
        &self,
        bits: &mut Bits<'_>,
        poc_bits: u32,
    ) -> Result<(), HevcRefusal> {
        bits.skip(poc_bits as usize)?;
        let count = self.short.len() as u32;
        if !bits.flag()? {
            skip_set(bits, count, &self.short, true)?;
        } else if count > 1 {
            bits.skip(bits_for(count))?;
        }
        let Some(candidates) = self.long else { return Ok(()) };
        let from_sps = if candidates > 0 { bits.golomb_to(32)? } else { 0 };
        let own = bits.golomb_to(32)?;
        for index in 0..from_sps + own {
            if index < from_sps {
                bits.skip(if candidates > 1 { bits_for(candidates) } else { 0 })?;
            } else {
                bits.skip(poc_bits as usize + 1)?;
            }
            if bits.flag()? {
                bits.golomb()?;
            }
        }
        Ok(())
    }
}

/// Bits that numbers below `count` take: Ceil(Log2(count)).
pub(super) fn bits_for(count: u32) -> usize {
    count.saturating_sub(1).checked_ilog2().map_or(0, |bits| bits as usize + 1)
}

/// Skips `st_ref_pic_set`; how many pictures it has.
fn skip_set(
    bits: &mut Bits<'_>,
    index: u32,
    earlier: &[u32],
    in_slice: bool,
) -> Result<u32, HevcRefusal> {
    if index > 0 && bits.flag()? {
        let back = if in_slice { bits.golomb_to(index - 1)? } else { 0 };
        bits.skip(1)?;
        bits.golomb()?;
        let of = earlier.get((index - 1 - back) as usize).copied().unwrap_or(0);
        let mut count = 0;
        for _ in 0..=of {
            let is_used = bits.flag()?;
            if is_used || bits.flag()? {
                count += 1;
            }
        }
        return Ok(count);
    }
    let (before, after) = (bits.golomb_to(16)?, bits.golomb_to(16)?);
    for _ in 0..before + after {
        bits.golomb()?;
        bits.skip(1)?;
    }
    Ok(before + after)
}
