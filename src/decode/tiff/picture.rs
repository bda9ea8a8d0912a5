//! From strips or tiles of samples to rows of luma.

use ::tiff::decoder::DecodingSampleType;

use super::plain::PlainRows;
use super::strips::PackedStrips;
use super::{Coverage, Grid, Meaning, TiffDecoder, damaged, refused};
use crate::container::ReadAt;
use crate::decode::DecodeError;
use crate::decode::luma::{Channels, luma, luma_of_inks, narrow, on_white};

/// A picture of rows of samples, whatever they mean.
pub(super) struct TiffPicture<'a> {
    pub meaning: Meaning,
    pub coverage: Coverage,
    pub grid: Grid,
    pub stored: Stored,
    pub source: &'a dyn ReadAt,
}

/// Who unpacks the pieces.
pub(super) enum Stored {
    /// Nobody has to: pieces are as many rows as are read at a time.
    Plain(PlainRows),
    Packed(PackedStrips),
    /// The `tiff` crate.
    Other,
}

/// One plane of one piece as it was unpacked.
#[derive(Default)]
struct UnpackedPlane {
    bytes: Vec<u8>,
    stride: usize,
    /// `None` before there is any.
    kind: Option<DecodingSampleType>,
}

/// What is used again for every piece.
#[derive(Default)]
struct Buffers {
    planes: Vec<UnpackedPlane>,
    packed: Vec<u8>,
    /// A row of pixels, in samples of 8 bits, and its luma.
    samples: Vec<u8>,
    luma: Vec<u8>,
    /// A row of one of several planes.
    of_plane: Vec<u8>,
}

impl TiffPicture<'_> {
    /// Hands over the rows of luma, from the top.
    pub fn push_all(
        &self,
        decoder: &mut TiffDecoder<'_>,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let grid = &self.grid;
        let width = grid.picture.width as usize;
        let mut band = Vec::new();
        let mut buffers = Buffers::default();
        buffers.planes.resize_with(grid.planes as usize, UnpackedPlane::default);
        for line in 0..grid.down {
            let top = line * grid.piece.height;
            let rows = grid.piece.height.min(grid.picture.height - top) as usize;
            let there = match &self.stored {
                Stored::Plain(plain) => plain.there(self.source, top, rows),
                _ => rows,
            };
            band.resize(width * there, 0);
            for column in 0..grid.across {
                self.draw(decoder, (line, column), &mut band, &mut buffers)?;
            }
            band.chunks_exact(width).try_for_each(&mut *take)?;
            if there < rows {
                return Err(DecodeError::Truncated("a TIFF ends within its rows".into()));
            }
        }
        Ok(())
    }

    /// Unpacks a piece and puts its luma into the band that it stands in.
    fn draw(
        &self,
        decoder: &mut TiffDecoder<'_>,
        (line, column): (u32, u32),
        band: &mut [u8],
        buffers: &mut Buffers,
    ) -> Result<(), DecodeError> {
        let grid = &self.grid;
        let left = column as usize * grid.piece.width as usize;
        let width = (grid.picture.width as usize).saturating_sub(left);
        let width = width.min(grid.piece.width as usize);
        let Buffers { planes, packed, samples, luma, of_plane } = buffers;
        for (number, plane) in (0_u32..).zip(&mut *planes) {
            if let Stored::Plain(plain) = &self.stored {
                let rows = band.len() / grid.picture.width as usize;
                plain.read(self.source, line * grid.piece.height, rows, &mut plane.bytes)?;
                (plane.stride, plane.kind) = (plain.stride, Some(plain.kind));
                continue;
            }
            let index = (u64::from(number) * u64::from(grid.down) + u64::from(line))
                * u64::from(grid.across)
                + u64::from(column);
            let index = u32::try_from(index).map_err(|_| damaged("TIFF in too many pieces"))?;
            self.unpack(decoder, index, plane, packed)?;
        }
        let per_pixel = grid.per_pixel();
        // Signed samples are none of these.
        let are_bytes = grid.planes == 1
            && grid.colour.bit_depth() == 8
            && planes.iter().all(|plane| plane.kind == Some(DecodingSampleType::U8));
        let channels = self.channels();
        samples.resize(width * per_pixel, 0);
        of_plane.resize(width, 0);
        let lines = band.chunks_exact_mut(grid.picture.width as usize);
        for (y, line) in lines.enumerate() {
            let target = &mut line[left..left + width];
            for (first, plane) in planes.iter().enumerate() {
                let row = plane
                    .bytes
                    .get(y * plane.stride..)
                    .and_then(|rest| rest.get(..plane.stride.min(rest.len())));
                let row = row.ok_or_else(|| damaged("a TIFF piece that is too short"))?;
                let kind = plane.kind.ok_or_else(|| damaged("TIFF samples of no kind"))?;
                if are_bytes {
                    let row = row.get(..samples.len());
                    samples.copy_from_slice(row.ok_or_else(|| damaged("a TIFF row is too short"))?);
                } else if grid.planes == 1 {
                    self.narrow_row(row, kind, samples)?;
                } else {
                    self.narrow_row(row, kind, of_plane)?;
                    let targets = samples.iter_mut().skip(first).step_by(per_pixel);
                    targets.zip(&*of_plane).for_each(|(target, &sample)| *target = sample);
                }
            }
            if let Some(channels) = channels {
                channels.luma_of(false, samples, luma);
                target.copy_from_slice(
                    luma.get(..width).ok_or_else(|| damaged("a TIFF row is too short"))?,
                );
                continue;
            }
            for (target, pixel) in target.iter_mut().zip(samples.chunks_exact(per_pixel)) {
                *target = self.luma_of(pixel);
            }
        }
        Ok(())
    }

    /// What the samples of a pixel are, where others are stored so too.
    fn channels(&self) -> Option<Channels> {
        match (&self.meaning, self.coverage, self.grid.per_pixel()) {
            (Meaning::Grey { inverted: false }, Coverage::None, 1) => Some(Channels::Grey),
            (Meaning::Rgb, Coverage::None, 3) => Some(Channels::Rgb),
            (Meaning::Rgb, Coverage::Unassociated, 4) => Some(Channels::Rgba),
            _ => None,
        }
    }

    fn unpack(
        &self,
        decoder: &mut TiffDecoder<'_>,
        index: u32,
        plane: &mut UnpackedPlane,
        packed: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        let layout = decoder.image_chunk_buffer_layout(index).map_err(refused)?;
        plane.kind = layout.sample_type;
        plane.bytes.resize(layout.len, 0);
        plane.stride = layout.row_stride.map_or(0, usize::from);
        let (source, bytes) = (self.source, &mut plane.bytes);
        if let Stored::Packed(strips) = &self.stored
            && strips.unpack(source, index, plane.stride, packed, bytes).is_some()
        {
            return Ok(());
        }
        decoder.read_chunk_bytes(index, bytes).map_err(refused)
    }

    /// A row of stored samples as 8 bits each (palette indices as they are).
    fn narrow_row(
        &self,
        row: &[u8],
        kind: DecodingSampleType,
        out: &mut [u8],
    ) -> Result<(), DecodeError> {
        let depth = u32::from(self.grid.colour.bit_depth());
        match kind {
            DecodingSampleType::U8 if depth < 8 => {
                let top = (1_u32 << depth) - 1;
                let index = matches!(self.meaning, Meaning::Palette(_));
                for (at, sample) in out.iter_mut().enumerate() {
                    let value = bits(row, at * depth as usize, depth);
                    *sample = if index { value } else { (value * 255 + top / 2) / top } as u8;
                }
            }
            DecodingSampleType::U8 => copy(row, out, |[byte]| byte),
            DecodingSampleType::U16 => copy(row, out, |bytes| narrow(u16::from_ne_bytes(bytes))),
            DecodingSampleType::U32 => {
                copy(row, out, |bytes| narrow((u32::from_ne_bytes(bytes) >> 16) as u16));
            }
            DecodingSampleType::U64 => {
                copy(row, out, |bytes| narrow((u64::from_ne_bytes(bytes) >> 48) as u16));
            }
            // Of signed samples the least is black.
            DecodingSampleType::I8 => copy(row, out, |[byte]| byte ^ 0x80),
            DecodingSampleType::I16 => {
                copy(row, out, |bytes| narrow(u16::from_ne_bytes(bytes) ^ 0x8000));
            }
            DecodingSampleType::I32 => {
                copy(row, out, |bytes| narrow((u32::from_ne_bytes(bytes) >> 16) as u16 ^ 0x8000));
            }
            DecodingSampleType::I64 => {
                copy(row, out, |bytes| narrow((u64::from_ne_bytes(bytes) >> 48) as u16 ^ 0x8000));
            }
            DecodingSampleType::F32 => {
                copy(row, out, |bytes| from_unit(f32::from_ne_bytes(bytes).into()));
            }
            DecodingSampleType::F64 => copy(row, out, |bytes| from_unit(f64::from_ne_bytes(bytes))),
            other => {
                return Err(DecodeError::Unsupported(format!(
                    "TIFF samples of the kind {other:?}"
                )));
            }
        }
        Ok(())
    }

    fn luma_of(&self, pixel: &[u8]) -> u8 {
        let (shade, extra) = match (&self.meaning, pixel) {
            (Meaning::Palette(shades), [index, extra @ ..]) => {
                (shades.get(usize::from(*index)).copied().unwrap_or(0), extra)
            }
            (Meaning::Grey { inverted: true }, [grey, extra @ ..]) => (255 - grey, extra),
            (Meaning::Grey { .. }, [grey, extra @ ..]) => (*grey, extra),
            (Meaning::Luma, [luma, _, _, extra @ ..]) => (*luma, extra),
            (Meaning::Cmyk, [c, m, y, k, extra @ ..]) => (luma_of_inks([*c, *m, *y, *k]), extra),
            (Meaning::Rgb, [r, g, b, a, ..]) if self.coverage == Coverage::Unassociated => {
                return luma(on_white(*r, *a), on_white(*g, *a), on_white(*b, *a));
            }
            (Meaning::Rgb, [r, g, b, extra @ ..]) => (luma(*r, *g, *b), extra),
            _ => (0, &[][..]),
        };
        match (self.coverage, extra) {
            (Coverage::Unassociated, [alpha, ..]) => on_white(shade, *alpha),
            (Coverage::Associated, [alpha, ..]) => shade.saturating_add(255 - alpha),
            _ => shade,
        }
    }
}

/// `count` bits (at most 8) from bit `at` of a row, the highest of a byte first.
fn bits(row: &[u8], at: usize, count: u32) -> u32 {
    let byte = |index: usize| u32::from(row.get(index).copied().unwrap_or(0));
    let pair = byte(at / 8) << 8 | byte(at / 8 + 1);
    (pair >> (16 - count - (at % 8) as u32)) & ((1 << count) - 1)
}

fn copy<const N: usize>(row: &[u8], out: &mut [u8], narrow: impl Fn([u8; N]) -> u8) {
    for (sample, &bytes) in out.iter_mut().zip(row.as_chunks::<N>().0) {
        *sample = narrow(bytes);
    }
}

/// A floating-point sample of 0 to 1 as 8 bits. One product and one rounding of a stored number:
/// IEEE 754 leaves no machine a choice here. What is not a number is black.
fn from_unit(sample: f64) -> u8 {
    (sample * 255.0 + 0.5).clamp(0.0, 255.0) as u8
}
