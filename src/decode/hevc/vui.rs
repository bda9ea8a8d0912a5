//! Video usability information (ITU-T H.265, E.2). Only the colours count; the rest is skipped to
//! what follows.

use super::HevcRefusal;
use super::bits::Bits;

/// What the samples stand for, in the code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Signal {
    /// Without a description, limited range.
    pub(in crate::decode) full_range: bool,
    /// Where it is said.
    pub(in crate::decode) matrix: Option<u16>,
}

pub(super) fn signal(bits: &mut Bits<'_>) -> Result<Signal, HevcRefusal> {
    let mut signal = Signal::default();
    if bits.flag()? && bits.take(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.flag()? {
        bits.skip(1)?;
    }
    if bits.flag()? {
        bits.skip(3)?;
        signal.full_range = bits.flag()?;
        if bits.flag()? {
            bits.skip(16)?;
            signal.matrix = Some(bits.take(8)? as u16);
        }
    }
    Ok(signal)
}

/// The rest of it.
pub(super) fn skip_after_signal(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), HevcRefusal> {
    if bits.flag()? {
        bits.golomb()?;
        bits.golomb()?;
    }
    bits.skip(3)?;
    if bits.flag()? {
        for _ in 0..4 {
            bits.golomb()?;
        }
    }
    if bits.flag()? {
        bits.skip(64)?;
        if bits.flag()? {
            bits.golomb()?;
        }
        if bits.flag()? {
            skip_hrd(bits, sub_layers)?;
        }
    }
    if bits.flag()? {
        bits.skip(3)?;
        for _ in 0..5 {
            bits.golomb()?;
        }
    }
    Ok(())
}

/// `hrd_parameters(1, …)` (E.2.2).
fn skip_hrd(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), HevcRefusal> {
    let (nal, vcl) = (bits.flag()?, bits.flag()?);
    let mut by_sub_picture = false;
    if nal || vcl {
        by_sub_picture = bits.flag()?;
        bits.skip(if by_sub_picture { 19 } else { 0 })?;
        bits.skip(8)?;
        bits.skip(if by_sub_picture { 4 } else { 0 })?;
        bits.skip(15)?;
    }
    for _ in 0..=sub_layers {
        let is_fixed = bits.flag()?;
        let mut low_delay = false;
        if is_fixed || bits.flag()? {
            bits.golomb()?;
        } else {
            low_delay = bits.flag()?;
        }
        let schedules = if low_delay { 0 } else { bits.golomb_to(31)? };
        for _ in 0..u32::from(nal) + u32::from(vcl) {
            for _ in 0..=schedules {
                for _ in 0..if by_sub_picture { 4 } else { 2 } {
                    bits.golomb()?;
                }
                bits.skip(1)?;
            }
        }
    }
    Ok(())
}
