//! HEVC pictures through `heic-decoder`, the pure-Rust decoder.
//!
//! The crate reads whole files. Here it gets each coded item as a file of its own, without its
//! turns, and gives its planes back: so the memory is that of one tile, the luma plane needs no
//! way through RGB, and overlays and other containers than its own parser takes can be read.
//! What has no items (picture sequences), or items in an odd form, it gets as it is. Most items
//! are decoded by [`intra`] before.

use heic_decoder::{DecodedImage, HeifError};

use super::super::hevc::HevcDescription;
use super::super::limits::Reservation;
use super::super::luma::{luma, on_white};
use super::super::pixels::Pixels;
use super::super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use super::colours::{self, Chroma};
use super::intra;
use super::layers::{self, Codec, Coded, Colour, Luma, widen};
use crate::container::ReadAt;
use crate::container::isobmff::{self, Items};
use crate::model::media::{DecodeFlags, Dimensions, Format};
use crate::model::provenance::Provenance;

/// What it holds at once: three planes of 32-bit samples twice, and what it notes of each block.
const BYTES_PER_PIXEL: u64 = 24;

impl From<HeifError> for DecodeError {
    fn from(error: HeifError) -> Self {
        match error {
            HeifError::Unsupported(_) => Self::Unsupported(format!("HEVC: {error}")),
            HeifError::Truncated { .. } => Self::Truncated(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    match Items::read(source)? {
        // A predicted picture needs another one, which the crate finds by itself.
        Some(items) if items.targets(items.primary, b"pred").is_empty() => {
            match layers::decode(
                &Hevc { exact: options.exact || layers::is_small(&items) },
                Format::Heic,
                &items,
                source,
                options,
            ) {
                // What our own reading of the items does not know, the crate's may.
                Err(refusal @ DecodeError::Unsupported(_)) => {
                    whole(Some(&items), source, options).map_err(|_| refusal)
                }
                result => result,
            }
        }
        items => whole(items.as_ref(), source, options),
    }
}

struct Hevc {
    /// All is decoded as the standard says, filters too.
    exact: bool,
}

impl Codec for Hevc {
    const KINDS: &'static [[u8; 4]] = &[*b"hvc1", *b"hev1"];
    const CONFIG: [u8; 4] = *b"hvcC";
    const BYTES_PER_PIXEL: u64 = BYTES_PER_PIXEL;

    /// ISO/IEC 14496-15, 8.3.3.1: chroma format, depth of luma, depth of chroma.
    fn sampling(config: &[u8]) -> Option<&[u8]> {
        config.get(16..19)
    }

    fn luma(&self, coded: Coded<'_>) -> Result<Luma, DecodeError> {
        match if self.exact { None } else { intra::luma(&coded)? } {
            Some(luma) => Ok(luma),
            None => plane(&picture(&coded)?, coded.is_alpha),
        }
    }

    fn colours(&self, coded: Coded<'_>) -> Result<[Luma; 3], DecodeError> {
        rgb(&picture(&coded)?)
    }
}

fn picture(coded: &Coded<'_>) -> Result<DecodedImage, DecodeError> {
    let description = HevcDescription::read(coded.config);
    let (width, height) = description
        .and_then(|description| description.stored_size())
        .ok_or_else(|| DecodeError::Damaged("the HEVC configuration is broken".into()))?;
    let stored = Dimensions { width, height };
    // Blocks are up to 64 pixels wide, so that much may be padding.
    let (width, height) = (u64::from(stored.width), u64::from(stored.height));
    if width.saturating_sub(64) * height.saturating_sub(64) > coded.max_pixels {
        return Err(DecodeError::Damaged("HEVC: larger than the container says".into()));
    }
    Ok(heic_decoder::decode(&file_of(coded, stored))?)
}

/// Red, green and blue of decoded planes.
fn rgb(picture: &DecodedImage) -> Result<[Luma; 3], DecodeError> {
    let colour = picture.color_info;
    let matrix = colour.map_or(2, |colour| colour.matrix_coefficients);
    let full = colour.is_some_and(|colour| colour.full_range);
    let scale_y = scale(picture.bit_depth_luma, full)?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
    let widened = |samples: &[i32], scale: &[u8]| -> Vec<u8> {
        samples.iter().map(|&sample| at(scale, sample)).collect()
    };
    let luma = |samples: &[i32]| Luma {
        width: side(picture.width),
        height: side(picture.height),
        samples: widened(samples, &scale_y),
    };
    if matrix == 0 && picture.chroma_format_idc == 3 {
        return Ok([luma(&picture.cr), luma(&picture.y), luma(&picture.cb)]);
    }
    let scale_c = colours::widen_chroma(picture.bit_depth_chroma, full)
        .ok_or_else(|| DecodeError::Unsupported("HEVC: the depth of its colours".into()))?;
    let chroma = (picture.chroma_format_idc > 0).then(|| Chroma {
        width: side(picture.cb_width),
        height: side(picture.cb_height),
        blue: widened(&picture.cb, &scale_c),
        red: widened(&picture.cr, &scale_c),
    });
    Ok(colours::rgb(luma(&picture.y), chroma.as_ref(), matrix))
}

/// The picture in colour.
pub(super) fn pixels(
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    match Items::read(source)? {
        Some(items) if items.targets(items.primary, b"pred").is_empty() => {
            match colours::pixels(&Hevc { exact: true }, &items, source, side, options) {
                Err(refusal @ DecodeError::Unsupported(_)) => {
                    whole_pixels(source, options).map_err(|_| refusal)
                }
                result => result,
            }
        }
        _ => whole_pixels(source, options),
    }
}

fn whole_pixels(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Pixels, DecodeError> {
    let (picture, _reserved) = whole_picture(source, options)?;
    let [red, green, blue] = rgb(&picture)?;
    Pixels::from_planes(&red, &green, &blue)
}

/// A sequence, or a picture predicted from another, read as a whole.
fn whole(
    items: Option<&Items>,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    let (picture, _reserved) = whole_picture(source, options)?;
    let mut flat = plane(&picture, false)?;
    if let Some(alpha) = &picture.alpha {
        let scale = scale(alpha.bit_depth, true)?;
        for (sample, &alpha) in flat.samples.iter_mut().zip(&alpha.samples) {
            *sample = on_white(*sample, at(&scale, alpha));
        }
    }
    Ok(Decoded {
        format: Format::Heic,
        tiles: layers::average(&flat)?,
        dimensions: Dimensions { width: flat.width, height: flat.height },
        orientation: OrientationFrom::Applied,
        exif: items.and_then(|items| items.exif(source)),
        flags: DecodeFlags { damaged_tail: isobmff::is_cut(source)?, ..DecodeFlags::default() },
        provenance: Provenance::default(),
    })
}

/// A file that the crate reads as a whole, and the memory that was set apart for it.
fn whole_picture(
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<(DecodedImage, Reservation), DecodeError> {
    let size = source.size();
    let limits = &options.limits;
    let reserved = limits.reserve(size.saturating_mul(3))?;
    let mut file = vec![0; usize::try_from(size).map_err(|_| HeifError::LimitExceeded("size"))?];
    source.read_exact_at(0, &mut file)?;
    let claims = heic_decoder::probe(&file)?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let dimensions =
        Dimensions { width: side(claims.coded_width), height: side(claims.coded_height) };
    limits.admit(dimensions)?;
    drop(reserved);
    let pixels = dimensions.pixels().saturating_mul(BYTES_PER_PIXEL);
    let reserved = limits.reserve(size.saturating_mul(3).saturating_add(pixels))?;
    Ok((heic_decoder::decode(&file)?, reserved))
}

fn scale(depth: u32, full_range: bool) -> Result<Vec<u8>, DecodeError> {
    widen(depth, full_range)
        .ok_or_else(|| DecodeError::Unsupported(format!("HEVC of {depth} bits")))
}

fn at(scale: &[u8], sample: i32) -> u8 {
    let last = scale.last().copied().unwrap_or(255);
    usize::try_from(sample).map_or(0, |sample| scale.get(sample).copied().unwrap_or(last))
}

/// The luma of decoded planes.
fn plane(picture: &DecodedImage, is_alpha: bool) -> Result<Luma, DecodeError> {
    let side = |pixels: usize| {
        u32::try_from(pixels)
            .map_err(|_| DecodeError::Damaged("HEVC: the sides are too long".into()))
    };
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    // An unlabelled stream is limited range (ITU-T H.265, E.3.1).
    let full = is_alpha || picture.color_info.is_some_and(|colour| colour.full_range);
    let scale_y = scale(picture.bit_depth_luma, full)?;
    let is_rgb = picture.color_info.is_some_and(|colour| colour.matrix_coefficients == 0)
        && picture.chroma_format_idc == 3;
    let samples = if is_rgb && !is_alpha {
        let scale_c = scale(picture.bit_depth_chroma, full)?;
        let planes = picture.y.iter().zip(&picture.cb).zip(&picture.cr);
        planes
            .map(|((&g, &b), &r)| luma(at(&scale_c, r), at(&scale_y, g), at(&scale_c, b)))
            .collect()
    } else {
        picture.y.iter().map(|&sample| at(&scale_y, sample)).collect()
    };
    Ok(Luma { width, height, samples })
}

/// A file of nothing but this coded picture.
fn file_of(coded: &Coded<'_>, stored: Dimensions) -> Vec<u8> {
    let colour = coded.colour.map(|Colour { matrix, full_range }| {
        let [high, low] = matrix.to_be_bytes();
        let range = if full_range { 0x80 } else { 0 };
        boxed(b"colr", &[&b"nclx"[..], &[0, 2, 0, 2, high, low, range]])
    });
    let [width, height] = [stored.width, stored.height].map(u32::to_be_bytes);
    let mut container = boxed(
        b"ipco",
        &[
            &boxed(b"hvcC", &[coded.config]),
            &boxed(b"ispe", &[&[0; 4], &width, &height]),
            colour.as_deref().unwrap_or_default(),
        ],
    );
    let associations: &[u8] = if coded.colour.is_some() { &[3, 0x81, 2, 3] } else { &[2, 0x81, 2] };
    container.extend(boxed(b"ipma", &[&[0, 0, 0, 0, 0, 0, 0, 1, 0, 1], associations]));
    let item = boxed(b"infe", &[&[2, 0, 0, 0, 0, 1, 0, 0], b"hvc1", &[0]]);
    let head = boxed(b"ftyp", &[b"heic", &[0; 4], b"mif1heic"]);
    let meta = |offset: u32| {
        let len = coded.bytes.len() as u32;
        boxed(
            b"meta",
            &[
                &[0; 4],
                &boxed(b"hdlr", &[&[0; 8], b"pict", &[0; 13]]),
                &boxed(b"pitm", &[&[0, 0, 0, 0, 0, 1]]),
                &boxed(
                    b"iloc",
                    &[
                        &[0, 0, 0, 0, 0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1],
                        &offset.to_be_bytes(),
                        &len.to_be_bytes(),
                    ],
                ),
                &boxed(b"iinf", &[&[0, 0, 0, 0, 0, 1], &item]),
                &boxed(b"iprp", &[&container]),
            ],
        )
    };
    let offset = head.len() + meta(0).len() + 8;
    let mut file = head;
    file.extend(meta(offset as u32));
    file.extend(boxed(b"mdat", &[&coded.bytes]));
    file
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(len + 8);
    out.extend(((len + 8) as u32).to_be_bytes());
    out.extend(kind);
    parts.iter().for_each(|part| out.extend(*part));
    out
}
