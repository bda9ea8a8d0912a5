//! TIFF: the first picture of the file, a strip or a row of image tiles at a time. TIFF 6.0
//! (Adobe).
//!
//! The `tiff` crate knows neither palettes nor inverted greys with coverage nor subsampled chroma;
//! they are shown to it as plain grey (by patched tags) and interpreted here.

mod jpeg_pieces;
mod lzw;
mod picture;
mod plain;
mod strips;
mod units;

use std::io::{self, BufReader};

use ::tiff::decoder::{ChunkType, Decoder, Limits};
use ::tiff::tags::Tag;
use ::tiff::{ColorType, TiffError};

use jpeg_pieces::{JpegPieces, largest_jpeg};
use picture::{Stored, TiffPicture};
use plain::PlainRows;
use strips::PackedStrips;
use units::Units;

use super::raster;
use crate::container::{ReadAt, Window};
use crate::decode::ifd0::{self, Ifd0};
use crate::decode::luma::{Channels, LumaRows, luma};
use crate::decode::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::model::media::{Dimensions, Format, Orientation};

/// What the decoder may hold beside the picture: directories and packed bytes.
const OVERHEAD: u64 = 4 << 20;
/// Small, as it is thrown away at every strip.
const BUFFER: usize = 1 << 13;
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
    decode_by(source, options, false)
}

/// The same by the `tiff` crate alone where `every_pixel` is set.
fn decode_by(
    source: &dyn ReadAt,
    options: &DecodeOptions,
    every_pixel: bool,
) -> Result<Decoded, DecodeError> {
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
    let mut grid = Grid::new(&mut decoder, stored)?;
    let given = OrientationFrom::Given(Orientation::from_exif(orientation.unwrap_or_default()));
    let own = is_jpeg && !every_pixel;
    let pieces = if own { JpegPieces::find(&mut decoder, &grid, photometric) } else { None };
    if let Some(mut decoded) = pieces.and_then(|pieces| pieces.decode(source, &options.limits)) {
        decoded.orientation = given;
        return Ok(decoded);
    }
    let jpeg_bytes = if is_jpeg { largest_jpeg(&mut decoder, source, &options.limits)? } else { 0 };
    let stored = if let Some(plain) = PlainRows::find(&mut decoder, &grid) {
        grid = grid.cut(plain.band)?;
        Stored::Plain(plain)
    } else {
        let step = if grid.planes > 1 { 1 } else { grid.per_pixel() };
        PackedStrips::find(&mut decoder, step).map_or(Stored::Other, Stored::Packed)
    };
    // Strips that are unpacked here are read whole.
    let packed_bytes = if matches!(stored, Stored::Packed(_)) { grid.bytes } else { 0 };
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
    let picture = TiffPicture { meaning, coverage, grid, stored, source: &patched };
    let mut rows = LumaRows::new(dimensions)?;
    let outcome = picture.push_all(&mut decoder, &mut |row| match &units {
        None => rows.push(Channels::Grey, row),
        Some(units) => units.push(row, &mut rows),
    });
    let damaged_tail = rows.mend(outcome)?;
    let mut decoded = raster::complete(Format::Tiff, dimensions, &rows)?;
    decoded.flags.damaged_tail = damaged_tail;
    decoded.orientation = given;
    Ok(decoded)
}

/// How the picture is cut into strips or image tiles.
#[derive(Clone, Copy)]
struct Grid {
    pub colour: ColorType,
    /// Most rows and columns of one piece.
    pub piece: Dimensions,
    pub picture: Dimensions,
    /// Planes that are stored apart: one per sample, or 1.
    pub planes: u32,
    pub across: u32,
    pub down: u32,
    /// Bytes of the samples of a pixel.
    sample_bytes: u64,
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
        let sample_bytes = u64::from(colour.bit_depth()).div_ceil(8).max(1) * samples.max(1);
        let planes = if apart { u32::from(colour.num_samples()) } else { 1 };
        let piece = Dimensions { width, height };
        Self { colour, piece, picture, planes, across, down: 0, sample_bytes, bytes: 0 }.cut(height)
    }

    /// The same in pieces of so many rows.
    fn cut(mut self, height: u32) -> Result<Self, DecodeError> {
        self.piece.height = height;
        self.down = self.picture.height.div_ceil(height);
        // Pieces may be larger than the picture; what is kept of them is not, but a row of them
        // is unpacked as it is stored.
        let rows = u64::from(height.min(self.picture.height));
        let pixels = u64::from(self.piece.width).checked_mul(rows);
        let luma = u64::from(self.picture.width).checked_mul(rows);
        self.bytes = pixels
            .and_then(|pixels| pixels.checked_mul(2 * self.sample_bytes))
            .and_then(|bytes| bytes.checked_add(luma?))
            .ok_or_else(|| damaged("TIFF in pieces of an absurd size"))?;
        Ok(self)
    }

    /// Samples of a pixel.
    fn per_pixel(&self) -> usize {
        self.colour.num_samples().into()
    }
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
