//! Whether the luma of an HEVC film has the full range: deep in its parameter set (ITU-T H.265,
//! 7.3.2.2 and E.2.1), and not told by the decoder.

use crate::decode::film::bits::Bits;

/// Most sets of reference frames, and most frames of one (7.4.3.2.1 and 7.4.8).
const MAX_SETS: u32 = 64;
const MAX_IN_SET: u32 = 16;

/// `video_full_range_flag` of a sequence parameter set without its header and its emulation
/// prevention; `None` where it does not say it.
pub(super) fn is_full(set: &[u8]) -> Option<bool> {
    let mut bits = Bits::new(set);
    bits.skip(4)?;
    let sub_layers = bits.number(3)?;
    bits.skip(1)?;
    profile_and_level(&mut bits, sub_layers)?;
    bits.golomb()?;
    if bits.golomb()? == 3 {
        bits.skip(1)?;
    }
    // Size, window, depths.
    bits.golombs(2)?;
    if bits.flag()? {
        bits.golombs(4)?;
    }
    bits.golombs(2)?;
    let order_bits = bits.golomb()?.checked_add(4)?;
    let layers = if bits.flag()? { sub_layers + 1 } else { 1 };
    bits.golombs(3 * layers)?;
    // Blocks and transforms.
    bits.golombs(6)?;
    if bits.flag()? && bits.flag()? {
        scaling_lists(&mut bits)?;
    }
    bits.skip(2)?;
    if bits.flag()? {
        bits.skip(8)?;
        bits.golombs(2)?;
        bits.skip(1)?;
    }
    reference_sets(&mut bits)?;
    if bits.flag()? {
        let count = bits.golomb()?;
        (count <= 32 && order_bits <= 16).then_some(())?;
        bits.skip((count * (order_bits + 1)) as usize)?;
    }
    bits.skip(2)?;
    // What follows describes how the film is to be shown.
    bits.flag()?.then_some(())?;
    if bits.flag()? && bits.number(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.flag()? {
        bits.skip(1)?;
    }
    bits.flag()?.then_some(())?;
    bits.skip(3)?;
    bits.flag()
}

/// 7.3.3.
fn profile_and_level(bits: &mut Bits<'_>, sub_layers: u32) -> Option<()> {
    bits.skip(96)?;
    if sub_layers == 0 {
        return Some(());
    }
    let mut further = 0;
    for _ in 0..sub_layers {
        further += if bits.flag()? { 88 } else { 0 };
        further += if bits.flag()? { 8 } else { 0 };
    }
    bits.skip(2 * (8 - sub_layers as usize) + further)
}

/// 7.3.4.
fn scaling_lists(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4_u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if bits.flag()? {
                bits.golombs(64.min(1 << (4 + 2 * size)) + u32::from(size > 1))?;
            } else {
                bits.golomb()?;
            }
        }
    }
    Some(())
}

/// 7.3.7.
fn reference_sets(bits: &mut Bits<'_>) -> Option<()> {
    let count = bits.golomb()?;
    (count <= MAX_SETS).then_some(())?;
    let mut frames = 0;
    for set in 0..count {
        if set > 0 && bits.flag()? {
            bits.skip(1)?;
            bits.golomb()?;
            let mut kept = 0;
            for _ in 0..=frames {
                // Used by the frame itself, or else by later ones.
                kept += u32::from(bits.flag()? || bits.flag()?);
            }
            frames = kept;
        } else {
            frames = bits.golomb()?.checked_add(bits.golomb()?)?;
            for _ in 0..Some(frames).filter(|&frames| frames <= MAX_IN_SET)? {
                bits.golomb()?;
                bits.skip(1)?;
            }
        }
        (frames <= MAX_IN_SET).then_some(())?;
    }
    Some(())
}
