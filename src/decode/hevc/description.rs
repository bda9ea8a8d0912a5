//! What a container says of an HEVC stream.

use super::nal::{Unit, UnitKind};
use super::sps::Sps;
use crate::container::isobmff::Fields;

/// The fields of an `hvcC` box that decoding needs (ISO/IEC 14496-15, 8.3.3.1).
pub(in crate::decode) struct HevcDescription<'a> {
    /// In how many bytes the length of a unit stands.
    pub(in crate::decode) length_size: u8,
    /// Temporal layers; 0 where it does not say how many.
    #[cfg(feature = "video")]
    pub(in crate::decode) layers: u8,
    /// The parameter sets.
    pub(in crate::decode) sets: Vec<&'a [u8]>,
}

impl<'a> HevcDescription<'a> {
    /// `None` where it is cut off.
    pub(in crate::decode) fn read(config: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(config);
        fields.take(21)?;
        let byte = fields.u8()?;
        let mut sets = Vec::new();
        for _ in 0..fields.u8()? {
            fields.u8()?;
            for _ in 0..fields.u16()? {
                let size = fields.u16()?;
                sets.push(fields.take(size.into())?);
            }
        }
        let length_size = (byte & 3) + 1;
        Some(Self {
            length_size,
            #[cfg(feature = "video")]
            layers: byte >> 3 & 7,
            sets,
        })
    }

    /// Width and height of the coded picture, padding included, from the first sequence parameter
    /// set. Not of pictures with temporal layers, which `heic-decoder` refuses.
    pub(in crate::decode) fn stored_size(&self) -> Option<(u32, u32)> {
        let mut units = self.sets.iter().filter_map(|set| Unit::read(set));
        Sps::stored_size(&units.find(|unit| unit.kind == UnitKind::SPS)?.payload)
    }
}
