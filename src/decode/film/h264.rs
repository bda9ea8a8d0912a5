//! H.264 through `rust_h264`.

use rust_h264::decoder::{Decoder, Frame};
use rust_h264::error::DecodeError as H264Error;
use rust_h264::nal::{
    NalUnit, NalUnitType, parse_annex_b, parse_avcc, parse_avcc_config, parse_sps_info,
};

use super::decoder::{FrameDecoder, Pictures, decode_units};
use super::{DecodeError, Luma, Room, scale, scaled};
use crate::decode::bits::Bits;

pub(super) struct H264 {
    decoder: Decoder,
    /// Bytes of the length before each unit; `None` for start codes.
    length: Option<usize>,
    full_range: bool,
    /// A frame was decoded.
    begun: bool,
    room: Room,
}

impl H264 {
    pub(super) fn new(config: &[u8], room: Room) -> Result<Self, DecodeError> {
        let mut own =
            Self { decoder: Decoder::new(), length: None, full_range: false, begun: false, room };
        // An AVI has no description, and start codes before its units; so may a Matroska.
        if config.first() == Some(&1) {
            let config = parse_avcc_config(config).map_err(damaged)?;
            own.length = Some(config.length_size);
            for unit in config.sps_nals.iter().chain(&config.pps_nals) {
                own.unit(unit)?;
            }
        } else {
            for unit in &parse_annex_b(config) {
                own.unit(unit)?;
            }
        }
        Ok(own)
    }

    fn units<'a>(&self, bytes: &'a [u8]) -> Vec<NalUnit<'a>> {
        self.length.map_or_else(|| parse_annex_b(bytes), |length| parse_avcc(bytes, length))
    }

    /// Refuses frames that are too large, before any is decoded.
    fn unit(&mut self, unit: &NalUnit<'_>) -> Result<Option<Frame>, DecodeError> {
        if unit.nal_unit_type == NalUnitType::Sps {
            let known = parse_sps_info(unit).map_err(wrap)?;
            self.room.admit(known.coded_width, known.coded_height)?;
            self.full_range = known.full_range;
        }
        self.decoder.decode_nal(unit).map_err(wrap)
    }
}

/// The first macroblock and the kind of a slice (H.264, 7.3.3).
fn slice(unit: &NalUnit<'_>) -> Option<(u32, u32)> {
    use NalUnitType::{Slice, SliceDataA, SliceIdr};
    matches!(unit.nal_unit_type, Slice | SliceDataA | SliceIdr).then_some(())?;
    let mut bits = Bits::new(&unit.rbsp);
    Some((bits.golomb()?, bits.golomb()?))
}

/// Whether a slice is predicted from other frames (H.264, table 7-6).
fn is_predicted(unit: &NalUnit<'_>) -> bool {
    slice(unit).is_some_and(|(_, kind)| !matches!(kind % 5, 2 | 4))
}

impl FrameDecoder for H264 {
    /// For every slice after the first one of a frame, the decoder copies what it has.
    fn sixteenths(&self, bytes: &[u8]) -> u64 {
        let units = self.units(bytes);
        let slices = units.iter().filter_map(slice);
        slices.map(|(first, _)| if first == 0 { 16 } else { 1 }).sum::<u64>().max(16)
    }

    fn is_reference(&self, bytes: &[u8]) -> bool {
        use NalUnitType::{Slice, SliceDataA, SliceDataB, SliceDataC};
        let is_own = |unit: &NalUnit<'_>| {
            let slice = matches!(unit.nal_unit_type, Slice | SliceDataA | SliceDataB | SliceDataC);
            let between = matches!(
                unit.nal_unit_type,
                NalUnitType::Sei | NalUnitType::AccessUnitDelimiter | NalUnitType::FillerData
            );
            between || slice && unit.nal_ref_idc == 0
        };
        !self.units(bytes).iter().all(is_own)
    }

    /// The picture is finished with the last unit of its bytes, so that it comes out at once.
    fn decode(
        &mut self,
        number: usize,
        bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        let units = self.units(bytes);
        let first = !std::mem::replace(&mut self.begun, true);
        let frame = decode_units(&units, first, is_predicted, |unit| self.unit(unit))?;
        let last = self.decoder.flush();
        let full_range = self.full_range;
        match frame.or(last) {
            Some(frame) => out.give(number, || plane(&frame, full_range)?.tiles()),
            None => Err(damaged("no frame")),
        }
    }
}

fn plane(frame: &Frame, full_range: bool) -> Result<Luma, DecodeError> {
    let scale = scale(frame.bit_depth.into(), full_range)?;
    let samples = if frame.bit_depth > 8 {
        scaled(frame.y.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)), &scale)
    } else {
        scaled(frame.y.iter().map(|&value| value.into()), &scale)
    };
    Ok(Luma { width: frame.width, height: frame.height, samples })
}

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged(format!("H.264: {what}"))
}

fn wrap(error: H264Error) -> DecodeError {
    match error {
        H264Error::Unsupported(what) => DecodeError::Unsupported(format!("H.264: {what}")),
        _ => DecodeError::Damaged(format!("H.264: {error}")),
    }
}
