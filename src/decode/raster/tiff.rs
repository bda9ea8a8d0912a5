//! TIFF: the first picture of the file, a strip or a row of image tiles at a time. TIFF 6.0
//! (Adobe).
//!
//! The `tiff` crate knows neither palettes nor inverted greys with coverage nor subsampled chroma;
//! they are shown to it as plain grey (by patched tags) and interpreted here.

use std::io::{self, BufReader};

use tiff::decoder::{ChunkType, Decoder, DecodingSampleType, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::strips::PackedStrips;
use crate::container::{ReadAt, Window};
use crate::decode::ifd0::{self, Ifd0};
use crate::decode::limits::Limits as PixelLimits;
use crate::decode::luma::{Channels, LumaRows, luma, luma_of_inks, narrow, on_white};
use crate::decode::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::model::media::{Dimensions, Format, Orientation};

/// What the decoder may hold beside the picture: directories and packed bytes.
const OVERHEAD: u64 = 4 << 20;
/// Small, as it is thrown away at every strip.
const BUFFER: usize = 1 << 13;
/// Segments of a JPEG stream that are stepped over in search of its frame header.
const MOST_SEGMENTS: usize = 64;
/// What a JPEG decoder holds for a sample: itself, unpacked once more, and the coefficient of a
/// progressive picture.
const JPEG_SAMPLE_BYTES: u64 = 4;
/// "PhotometricInterpretation" (page 37): an index into a colour map, 0 = white, 0 = black.
const PALETTE: u32 = 3;
const WHITE_IS_ZERO: u32 = 0;
const BLACK_IS_ZERO: u32 = 1;
const YCBCR: u32 = 6;
/// "Compression": JPEG (technical note 2).
const JPEG: u32 = 7;

type TiffDecoder<'a> = Decoder<BufReader<Window<'a>>>;

/// A source of which some bytes read differently.
struct Patched<'a> {
    source: &'a dyn ReadAt,
    patches: Vec<(u64, Vec<u8>)>,
}

impl ReadAt for Patched<'_> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_exact_at(offset, buffer)?;
        for (at, bytes) in &self.patches {
            for (index, &byte) in (*at..).zip(bytes) {
                let within = index.checked_sub(offset).and_then(|at| usize::try_from(at).ok());
                if let Some(target) = within.and_then(|at| buffer.get_mut(at)) {
                    *target = byte;
                }
            }
        }
        Ok(())
    }
}

/// What the coverage sample says, if there is one ("ExtraSamples", page 31).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coverage {
    None,
    /// The colours were multiplied by it.
    Associated,
    Unassociated,
}

/// How the samples of a pixel become its luma.
enum Meaning {
    /// Indices into these shades.
    Palette(Vec<u8>),
    Grey {
        inverted: bool,
    },
    Rgb,
    Cmyk,
    /// The first sample is the luma.
    Luma,
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let ifd = Ifd0::read(source)?.ok_or_else(|| damaged("TIFF without a directory"))?;
    let photometric = ifd.value(ifd0::tag::PHOTOMETRIC);
    let orientation = ifd.value(ifd0::tag::ORIENTATION);
    let is_jpeg = ifd.value(ifd0::tag::COMPRESSION) == Some(JPEG);
    let units = if is_jpeg { None } else { Units::read(&ifd)? };
    let mut patches = Vec::new();
    if matches!(photometric, Some(PALETTE | WHITE_IS_ZERO)) || units.is_some() {
        patches.extend(ifd.rewritten(ifd0::tag::PHOTOMETRIC, BLACK_IS_ZERO));
    }
    if let Some(units) = &units {
        patches.extend(units.as_grey(&ifd));
    }
    let patched = Patched { source, patches };

    let stream = BufReader::with_capacity(BUFFER, Window::whole(&patched));
    let mut decoder = Decoder::new(stream).map_err(refused)?;
    let (width, height) = decoder.dimensions().map_err(refused)?;
    let stored = Dimensions { width, height };
    let dimensions = units.as_ref().map_or(stored, |units| units.picture);
    options.limits.admit(dimensions)?;
    let grid = Grid::new(&mut decoder, stored)?;
    let jpeg_bytes = if is_jpeg { largest_jpeg(&mut decoder, source, &options.limits)? } else { 0 };
    // Strips that are unpacked here are read whole.
    let strips =
        PackedStrips::find(&mut decoder, if grid.planes > 1 { 1 } else { grid.per_pixel() });
    let packed_bytes = if strips.is_some() { grid.bytes } else { 0 };
    let reserved = grid.bytes.saturating_add(packed_bytes).saturating_add(OVERHEAD + jpeg_bytes);
    let _held = options.limits.reserve(reserved)?;
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(reserved).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    decoder = decoder.with_limits(limits);

    let meaning = match photometric {
        Some(PALETTE) => Meaning::Palette(shades(&mut decoder, grid.colour.bit_depth())?),
        _ => meaning(grid.colour, photometric == Some(WHITE_IS_ZERO))?,
    };
    let coverage = coverage(&mut decoder, &meaning, &grid)?;
    let picture = TiffPicture { meaning, coverage, grid, strips, source: &patched };
    let mut rows = LumaRows::new(dimensions)?;
    let outcome = picture.push_all(&mut decoder, &mut |row| match &units {
        None => rows.push(Channels::Grey, row),
        Some(units) => units.push(row, &mut rows),
    });
    let damaged_tail = rows.mend(outcome)?;
    let mut decoded = super::complete(Format::Tiff, dimensions, &rows)?;
    decoded.flags.damaged_tail = damaged_tail;
    decoded.orientation =
        OrientationFrom::Given(Orientation::from_exif(orientation.unwrap_or_default()));
    Ok(decoded)
}

/// YCbCr with subsampled chroma (section 21): units of some luma samples, in rows, with one sample
/// of each chroma after them.
struct Units {
    /// Luma samples of a unit.
    across: u32,
    down: u32,
    /// In pixels.
    picture: Dimensions,
    rows_per_strip: Option<u32>,
}

impl Units {
    /// Of a directory that says so; `None` where every pixel has its own chroma, or where the
    /// decoder may read it in another way.
    fn read(ifd: &Ifd0<'_>) -> Result<Option<Self>, DecodeError> {
        let [across, down] = ifd.shorts(ifd0::tag::YCBCR_SUBSAMPLING)[..] else { return Ok(None) };
        if ifd.value(ifd0::tag::PHOTOMETRIC) != Some(YCBCR) || (across, down) == (1, 1) {
            return Ok(None);
        }
        let side = |tag| ifd.value(tag).unwrap_or(0);
        let picture = Dimensions {
            width: side(ifd0::tag::IMAGE_WIDTH),
            height: side(ifd0::tag::IMAGE_LENGTH),
        };
        let rows_per_strip = ifd.value(ifd0::tag::ROWS_PER_STRIP);
        let known = |count: u16| matches!(count, 1 | 2 | 4);
        let plain = known(across)
            && known(down)
            && ifd.shorts(ifd0::tag::BITS_PER_SAMPLE) == [8; 3]
            && ifd.value(ifd0::tag::PREDICTOR).unwrap_or(1) == 1
            && ifd.value(ifd0::tag::PLANAR_CONFIGURATION).unwrap_or(1) == 1
            && !ifd.has(ifd0::tag::TILE_WIDTH)
            && rows_per_strip
                .is_none_or(|rows| rows >= picture.height || rows % u32::from(down) == 0)
            // Whatever is wider is over the limits anyway.
            && picture.width <= 1 << 26;
        if !plain {
            let what = format!("TIFF in YCbCr with {across} × {down} subsampling in this form");
            return Err(DecodeError::Unsupported(what));
        }
        Ok(Some(Self { across: across.into(), down: down.into(), picture, rows_per_strip }))
    }

    /// Bytes of a unit.
    fn bytes(&self) -> u32 {
        self.across * self.down + 2
    }

    /// What makes the decoder see rows of units as rows of grey samples.
    fn as_grey(&self, ifd: &Ifd0<'_>) -> Vec<(u64, Vec<u8>)> {
        let Dimensions { width, height } = self.picture;
        let strip = self.rows_per_strip.map(|rows| rows.min(height.max(1)).div_ceil(self.down));
        let shown = [
            (ifd0::tag::IMAGE_WIDTH, Some(width.div_ceil(self.across) * self.bytes())),
            (ifd0::tag::IMAGE_LENGTH, Some(height.div_ceil(self.down))),
            (ifd0::tag::BITS_PER_SAMPLE, Some(8)),
            (ifd0::tag::SAMPLES_PER_PIXEL, Some(1)),
            (ifd0::tag::ROWS_PER_STRIP, strip),
        ];
        shown.into_iter().filter_map(|(tag, value)| ifd.rewritten(tag, value?)).collect()
    }

    /// Adds the luma rows of a row of units.
    fn push(&self, row: &[u8], rows: &mut LumaRows) -> Result<(), DecodeError> {
        let (across, down) = (self.across as usize, self.down as usize);
        let left = u64::from(self.picture.height) - rows.rows_done();
        for line in 0..left.min(u64::from(self.down)) as usize {
            let units = row.chunks_exact(across * down + 2);
            let luma: Vec<u8> =
                units.flat_map(|unit| &unit[line * across..][..across]).copied().collect();
            let luma = luma.get(..self.picture.width as usize);
            rows.push(Channels::Grey, luma.ok_or_else(|| damaged("a TIFF row is too short"))?)?;
        }
        Ok(())
    }
}

/// How the picture is cut into strips or image tiles.
struct Grid {
    colour: ColorType,
    /// Most rows and columns of one piece.
    piece: Dimensions,
    picture: Dimensions,
    /// Planes that are stored apart: one per sample, or 1.
    planes: u32,
    across: u32,
    down: u32,
    /// What a row of pieces needs, in samples and in luma.
    bytes: u64,
}

impl Grid {
    fn new(decoder: &mut TiffDecoder<'_>, picture: Dimensions) -> Result<Self, DecodeError> {
        let colour = decoder.colortype().map_err(refused)?;
        let (width, height) = decoder.chunk_dimensions();
        if width == 0 || height == 0 {
            return Err(damaged("TIFF in pieces of no size"));
        }
        let across = match decoder.get_chunk_type() {
            ChunkType::Strip => 1,
            ChunkType::Tile => picture.width.div_ceil(width),
        };
        let samples: u64 = number(decoder, Tag::SamplesPerPixel)?.unwrap_or(1);
        let apart = number(decoder, Tag::PlanarConfiguration)? == Some(2);
        // Pieces may be larger than the picture; what is kept of them is not, but a row of them
        // is unpacked as it is stored.
        let sample_bytes = u64::from(colour.bit_depth()).div_ceil(8).max(1) * samples.max(1);
        let pixels = u64::from(width).checked_mul(u64::from(height.min(picture.height)));
        let luma = u64::from(picture.width).checked_mul(u64::from(height.min(picture.height)));
        let bytes = pixels
            .and_then(|pixels| pixels.checked_mul(2 * sample_bytes))
            .and_then(|bytes| bytes.checked_add(luma?))
            .ok_or_else(|| damaged("TIFF in pieces of an absurd size"))?;
        let planes = if apart { u32::from(colour.num_samples()) } else { 1 };
        Ok(Self {
            colour,
            piece: Dimensions { width, height },
            picture,
            planes,
            across,
            down: picture.height.div_ceil(height),
            bytes,
        })
    }
}

impl Grid {
    /// Samples of a pixel.
    fn per_pixel(&self) -> usize {
        self.colour.num_samples().into()
    }
}

/// What the JPEG decoder inside will take for the largest strip or image tile, by the frame headers
/// of the streams: the directory may say otherwise.
fn largest_jpeg(
    decoder: &mut TiffDecoder<'_>,
    source: &dyn ReadAt,
    limits: &PixelLimits,
) -> Result<u64, DecodeError> {
    let tag = match decoder.get_chunk_type() {
        ChunkType::Strip => Tag::StripOffsets,
        ChunkType::Tile => Tag::TileOffsets,
    };
    let offsets: Vec<u64> =
        decoder.find_tag_unsigned_vec(tag).map_err(refused)?.unwrap_or_default();
    let mut most = 0;
    // What lies beyond the end of a cut file will not be decoded.
    for offset in offsets.into_iter().filter(|&offset| offset < source.size()) {
        let (dimensions, samples) = jpeg_frame(source, offset)?
            .ok_or_else(|| damaged("a JPEG strip without a frame header"))?;
        limits.admit(dimensions)?;
        most = most.max(dimensions.pixels() * u64::from(samples) * JPEG_SAMPLE_BYTES);
    }
    Ok(most)
}

/// Dimensions and samples per pixel in the frame header of the JPEG stream at `at` (ITU-T T.81,
/// B.2.2); `None` when there is none, or anything else between the segments before it.
fn jpeg_frame(source: &dyn ReadAt, at: u64) -> io::Result<Option<(Dimensions, u8)>> {
    let mut at = at.saturating_add(2);
    for _ in 0..MOST_SEGMENTS {
        let mut head = [0; 10];
        if at.saturating_add(head.len() as u64) > source.size() {
            break;
        }
        source.read_exact_at(at, &mut head)?;
        let [0xff, marker, l0, l1, _, h0, h1, w0, w1, samples] = head else { break };
        match marker {
            0xff => at += 1,
            0xc4 | 0xc8 | 0xcc => at += 2 + u64::from(u16::from_be_bytes([l0, l1])),
            0xc0..=0xcf => {
                let width = u16::from_be_bytes([w0, w1]).into();
                let height = u16::from_be_bytes([h0, h1]).into();
                return Ok(Some((Dimensions { width, height }, samples)));
            }
            _ => at += 2 + u64::from(u16::from_be_bytes([l0, l1])),
        }
    }
    Ok(None)
}

/// A tag's unsigned number.
fn number(decoder: &mut TiffDecoder<'_>, tag: Tag) -> Result<Option<u64>, DecodeError> {
    decoder.find_tag_unsigned(tag).map_err(refused)
}

/// The luma of a colour map (tag 320: all reds, all greens, all blues).
fn shades(decoder: &mut TiffDecoder<'_>, depth: u8) -> Result<Vec<u8>, DecodeError> {
    if depth > 8 {
        return Err(DecodeError::Unsupported(format!("TIFF palette of {depth} bits")));
    }
    let map = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(refused)?;
    // Of 8-bit colours writers make 256 or 257 times the value; some fill in the value itself, as
    // libtiff knows too.
    let shift = if map.iter().all(|&value| value < 256) { 0 } else { 8 };
    let shade = |value: u16| (value >> shift) as u8;
    let len = 1 << depth;
    let channel = |index: usize| map.get(index * len..).and_then(|map| map.get(..len));
    let (Some(red), Some(green), Some(blue)) = (channel(0), channel(1), channel(2)) else {
        return Err(damaged("TIFF with a short colour map"));
    };
    let colours = red.iter().zip(green).zip(blue);
    Ok(colours.map(|((&r, &g), &b)| luma(shade(r), shade(g), shade(b))).collect())
}

fn meaning(colour: ColorType, inverted: bool) -> Result<Meaning, DecodeError> {
    match colour {
        ColorType::Gray(_) | ColorType::GrayA(_) | ColorType::Multiband { .. } => {
            Ok(Meaning::Grey { inverted })
        }
        ColorType::RGB(_) | ColorType::RGBA(_) => Ok(Meaning::Rgb),
        ColorType::CMYK(_) | ColorType::CMYKA(_) => Ok(Meaning::Cmyk),
        ColorType::YCbCr(_) => Ok(Meaning::Luma),
        other => Err(DecodeError::Unsupported(format!("TIFF of the kind {other:?}"))),
    }
}

fn coverage(
    decoder: &mut TiffDecoder<'_>,
    meaning: &Meaning,
    grid: &Grid,
) -> Result<Coverage, DecodeError> {
    let colours = match meaning {
        Meaning::Palette(_) | Meaning::Grey { .. } => 1,
        Meaning::Rgb | Meaning::Luma => 3,
        Meaning::Cmyk => 4,
    };
    if grid.colour.num_samples() <= colours {
        return Ok(Coverage::None);
    }
    let extra: Option<Vec<u16>> =
        decoder.find_tag_unsigned_vec(Tag::ExtraSamples).map_err(refused)?;
    Ok(match extra.and_then(|extra| extra.first().copied()) {
        Some(1) => Coverage::Associated,
        Some(2) => Coverage::Unassociated,
        _ => Coverage::None,
    })
}

struct TiffPicture<'a> {
    meaning: Meaning,
    coverage: Coverage,
    grid: Grid,
    /// The strips, where they are unpacked here.
    strips: Option<PackedStrips>,
    source: &'a dyn ReadAt,
}

/// One plane of one piece as it was unpacked.
struct UnpackedPlane {
    bytes: Vec<u8>,
    stride: usize,
    kind: DecodingSampleType,
}

impl TiffPicture<'_> {
    fn push_all(
        &self,
        decoder: &mut TiffDecoder<'_>,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let grid = &self.grid;
        let width = grid.picture.width as usize;
        let mut band = Vec::new();
        for line in 0..grid.down {
            let top = line * grid.piece.height;
            let height = grid.piece.height.min(grid.picture.height - top) as usize;
            band.clear();
            band.resize(width * height, 0);
            for column in 0..grid.across {
                self.draw(decoder, line, column, &mut band)?;
            }
            band.chunks_exact(width).try_for_each(&mut *take)?;
        }
        Ok(())
    }

    /// Unpacks a piece and puts its luma into the band that it stands in.
    fn draw(
        &self,
        decoder: &mut TiffDecoder<'_>,
        line: u32,
        column: u32,
        band: &mut [u8],
    ) -> Result<(), DecodeError> {
        let grid = &self.grid;
        let left = column as usize * grid.piece.width as usize;
        let width = (grid.picture.width as usize).saturating_sub(left);
        let width = width.min(grid.piece.width as usize);
        let mut planes = Vec::new();
        for plane in 0..grid.planes {
            let index = (u64::from(plane) * u64::from(grid.down) + u64::from(line))
                * u64::from(grid.across)
                + u64::from(column);
            let index = u32::try_from(index).map_err(|_| damaged("TIFF in too many pieces"))?;
            planes.push(self.unpack(decoder, index)?);
        }
        let per_pixel = grid.per_pixel();
        // Signed samples are none of these.
        let is_unsigned = planes.iter().all(|plane| plane.kind == DecodingSampleType::U8);
        let plain = self.plain().filter(|_| is_unsigned);
        let mut luma = Vec::new();
        let per_plane = if grid.planes > 1 { 1 } else { per_pixel };
        let mut samples = vec![0; width * per_pixel];
        let mut of_plane = vec![0; width * per_plane];
        let lines = band.chunks_exact_mut(grid.picture.width as usize);
        for (y, line) in lines.enumerate() {
            for (first, plane) in planes.iter().enumerate() {
                let row = plane
                    .bytes
                    .get(y * plane.stride..)
                    .and_then(|rest| rest.get(..plane.stride.min(rest.len())));
                let row = row.ok_or_else(|| damaged("a TIFF piece that is too short"))?;
                if let Some(channels) = plain {
                    channels.luma_of(false, row, &mut luma);
                    line[left..left + width].copy_from_slice(
                        luma.get(..width).ok_or_else(|| damaged("a TIFF row is too short"))?,
                    );
                } else if grid.planes == 1 {
                    self.narrow_row(row, plane.kind, &mut samples)?;
                } else {
                    self.narrow_row(row, plane.kind, &mut of_plane)?;
                    let targets = samples.iter_mut().skip(first).step_by(per_pixel);
                    targets.zip(&of_plane).for_each(|(target, &sample)| *target = sample);
                }
            }
            if plain.is_some() {
                continue;
            }
            let pixels = samples.chunks_exact(per_pixel);
            for (target, pixel) in line.iter_mut().skip(left).zip(pixels) {
                *target = self.luma_of(pixel);
            }
        }
        Ok(())
    }

    /// What the samples are, where they are stored as others take them: whole bytes, together.
    fn plain(&self) -> Option<Channels> {
        let is_plain = self.grid.planes == 1
            && matches!(
                self.grid.colour,
                ColorType::Gray(8) | ColorType::RGB(8) | ColorType::RGBA(8)
            );
        match (&self.meaning, self.coverage, self.grid.per_pixel()) {
            _ if !is_plain => None,
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
    ) -> Result<UnpackedPlane, DecodeError> {
        let layout = decoder.image_chunk_buffer_layout(index).map_err(refused)?;
        let kind = layout.sample_type.ok_or_else(|| damaged("TIFF samples of no kind"))?;
        let mut bytes = vec![0; layout.len];
        let stride = layout.row_stride.map_or(0, usize::from);
        let own = self.strips.as_ref();
        if own.and_then(|strips| strips.unpack(self.source, index, stride, &mut bytes)).is_none() {
            decoder.read_chunk_bytes(index, &mut bytes).map_err(refused)?;
        }
        Ok(UnpackedPlane { bytes, stride, kind })
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

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged(what.into())
}

fn refused(error: TiffError) -> DecodeError {
    match error {
        TiffError::IoError(error) => error.into(),
        TiffError::LimitsExceeded => DecodeError::TooLarge {
            what: "a TIFF strip or directory".into(),
            limit: "what was reserved for it".into(),
        },
        TiffError::UnsupportedError(error) => DecodeError::Unsupported(error.to_string()),
        error => DecodeError::Damaged(error.to_string()),
    }
}
