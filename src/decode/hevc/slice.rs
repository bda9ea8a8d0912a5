//! Slice headers (ITU-T H.265, 7.3.6).

use super::HevcRefusal;
use super::bits::Bits;
use super::nal::UnitKind;
use super::pps::Pps;
use super::references::bits_for;
use super::sps::Sps;

/// What of it decoding the luma of intra pictures needs. A dependent segment has its address and
/// the rest of the segment before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SliceHeader {
    pub(super) is_dependent: bool,
    /// Its first coding tree block, row by row over the picture.
    pub(super) address: usize,
    /// That of the slice which it is a segment of.
    pub(super) slice_address: usize,
    pub(super) sao_luma: bool,
    pub(super) sao_chroma: bool,
    pub(super) qp: i32,
}

impl SliceHeader {
    /// The number of the picture parameter set.
    pub(super) fn pps_number(kind: UnitKind, payload: &[u8]) -> Result<u32, HevcRefusal> {
        let mut bits = Bits::new(payload);
        bits.skip(1 + usize::from(kind.is_intra_access()))?;
        bits.golomb_to(63)
    }

    /// The header, and the coded blocks after it. `previous` is the header of the segment before.
    pub(super) fn read<'a>(
        kind: UnitKind,
        payload: &'a [u8],
        (sps, pps): (&Sps, &Pps),
        previous: Option<&Self>,
    ) -> Result<(Self, &'a [u8]), HevcRefusal> {
        let mut bits = Bits::new(payload);
        let is_first = bits.flag()?;
        if is_first != previous.is_none() {
            return Err(HevcRefusal::Damaged("its slices are in disorder"));
        }
        if !kind.is_intra_access() {
            return Err(HevcRefusal::Unsupported("a predicted picture"));
        }
        bits.skip(1)?;
        bits.golomb_to(63)?;
        let mut header = Self::default();
        if !is_first {
            header.is_dependent = pps.has_dependent_slices && bits.flag()?;
            let blocks = sps.columns() * sps.rows();
            header.address = bits.take(bits_for(blocks as u32) as u32)? as usize;
            if header.address >= blocks {
                return Err(HevcRefusal::Damaged("a slice begins outside of the picture"));
            }
        }
        if header.is_dependent {
            let address = header.address;
            header = Self { is_dependent: true, address, ..previous.copied().unwrap_or_default() };
        } else {
            header.slice_address = header.address;
            header.read_independent(kind, &mut bits, (sps, pps))?;
        }
        if pps.tiles.is_some() || pps.has_wavefronts {
            let count = bits.golomb_to(1 << 16)?;
            if count > 0 {
                let size = bits.golomb_to(31)? as usize + 1;
                bits.skip(size * count as usize)?;
            }
        }
        if pps.has_header_extension {
            let bytes = bits.golomb_to(256)?;
            bits.skip(8 * bytes as usize)?;
        }
        Ok((header, bits.aligned()?))
    }

    fn read_independent(
        &mut self,
        kind: UnitKind,
        bits: &mut Bits<'_>,
        (sps, pps): (&Sps, &Pps),
    ) -> Result<(), HevcRefusal> {
        bits.skip(pps.extra_header_bits as usize)?;
        if bits.golomb()? != 2 {
            return Err(HevcRefusal::Unsupported("a predicted picture"));
        }
        bits.skip(usize::from(pps.has_output_flag))?;
        if !kind.is_instant_refresh() {
            sps.references.skip_in_slice(bits, sps.poc_bits)?;
            bits.skip(usize::from(sps.has_temporal_mvp))?;
        }
        if sps.has_sao {
            self.sao_luma = bits.flag()?;
            self.sao_chroma = sps.chroma != 0 && bits.flag()?;
        }
        self.qp = pps.initial_qp + bits.signed()?.clamp(-200, 200);
        if !(-6 * (sps.depth as i32 - 8)..=51).contains(&self.qp) {
            return Err(HevcRefusal::Damaged("its quantiser is out of bounds"));
        }
        if pps.slice_has_chroma_qp {
            bits.signed()?;
            bits.signed()?;
        }
        let mut no_deblocking = pps.no_deblocking;
        if pps.overrides_deblocking && bits.flag()? {
            no_deblocking = bits.flag()?;
            if !no_deblocking {
                bits.signed()?;
                bits.signed()?;
            }
        }
        let is_filtered = self.sao_luma || self.sao_chroma || !no_deblocking;
        bits.skip(usize::from(pps.filters_across_slices && is_filtered))
    }
}
