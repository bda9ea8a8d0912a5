//! HEVC through `rust_h265`.

use rust_h265::{
    DecodeError as HevcError, DecodeLimits, Decoder, Frame, NalUnit, NalUnitType, PixelData,
    parse_annex_b, parse_hvcc, parse_nal,
};

use super::decoder::{FrameDecoder, Pictures, decode_units};
use super::{DecodeError, Luma, Room, scale, scaled};
use crate::decode::hevc::{HevcDescription, has_full_range};

/// Most bytes that the decoder may hold for a frame.
const MAX_BYTES: u64 = 512 << 20;

pub(super) struct Hevc {
    decoder: Decoder,
    /// Bytes of the length before each unit; `None` for start codes.
    length: Option<u8>,
    /// The highest temporal layer, where it is known.
    top_layer: Option<u8>,
    full_range: bool,
    /// A frame was decoded.
    begun: bool,
}

impl Hevc {
    pub(super) fn new(config: &[u8], room: Room) -> Result<Self, DecodeError> {
        let limits =
            DecodeLimits { max_picture_pixels: room.0, max_picture_memory_bytes: MAX_BYTES };
        let decoder = Decoder::with_limits(limits);
        let mut own =
            Self { decoder, length: None, top_layer: None, full_range: false, begun: false };
        let head = if config.first() == Some(&1) {
            let read = HevcDescription::read(config).ok_or_else(|| damaged("its description"))?;
            own.length = Some(read.length_size);
            own.top_layer = read.layers.checked_sub(1);
            read.sets.into_iter().filter_map(parse_nal).collect()
        } else {
            parse_annex_b(config)
        };
        for unit in head.iter().filter(|unit| unit.nuh_layer_id == 0) {
            own.unit(unit)?;
        }
        Ok(own)
    }

    fn unit(&mut self, unit: &NalUnit<'_>) -> Result<Option<Frame>, DecodeError> {
        if unit.nal_unit_type == NalUnitType::Sps {
            self.full_range = has_full_range(&unit.rbsp);
        }
        self.decoder.decode_nal(unit).map_err(wrap)
    }

    /// The units of the base layer; others are second views.
    fn units<'a>(&self, bytes: &'a [u8]) -> Vec<NalUnit<'a>> {
        let mut units =
            self.length.map_or_else(|| parse_annex_b(bytes), |length| parse_hvcc(bytes, length));
        units.retain(|unit| unit.nuh_layer_id == 0);
        units
    }
}

impl FrameDecoder for Hevc {
    /// The first bit of a slice says that a frame begins (H.265, 7.3.6.1).
    fn sixteenths(&self, bytes: &[u8]) -> u64 {
        let units = self.units(bytes);
        let slices = units.iter().filter(|unit| unit.nal_unit_type.is_vcl());
        slices
            .map(|unit| if unit.rbsp.first().is_some_and(|byte| byte & 0x80 != 0) { 16 } else { 1 })
            .sum::<u64>()
            .max(16)
    }

    /// What is called a non-reference frame (Table 7-1) may still be one for higher layers.
    fn is_reference(&self, bytes: &[u8]) -> bool {
        use NalUnitType::{Aud, PrefixSei, RadlN, RaslN, StsaN, SuffixSei, TrailN, TsaN};
        !self.units(bytes).iter().all(|unit| match unit.nal_unit_type {
            Aud | PrefixSei | SuffixSei => true,
            TrailN | TsaN | StsaN | RadlN | RaslN => Some(unit.temporal_id) == self.top_layer,
            _ => false,
        })
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
        let is_predicted =
            |unit: &NalUnit<'_>| unit.nal_unit_type.is_vcl() && !unit.nal_unit_type.is_irap();
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
    let samples = match &frame.y {
        PixelData::U8(samples) => scaled(samples.iter().map(|&value| value.into()), &scale),
        PixelData::U16(samples) => scaled(samples.iter().copied(), &scale),
    };
    Ok(Luma { width: frame.width, height: frame.height, samples })
}

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged(format!("HEVC: {what}"))
}

fn wrap(error: HevcError) -> DecodeError {
    match error {
        HevcError::Unsupported(what) => DecodeError::Unsupported(format!("HEVC: {what}")),
        _ => DecodeError::Damaged(format!("HEVC: {error}")),
    }
}
