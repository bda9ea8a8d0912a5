//! HEIF pictures through libheif, for builds that have it.
//!
//! libheif gives the planes as they are coded, with the container's turns applied; how its luma
//! becomes ours is the same as for the decoder in Rust.

use libheif_rs::{ColorSpace, HeifContext, HeifError, HeifErrorSubCode, Image, LibHeif, Plane};

use super::super::luma::luma;
use super::super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use super::layers::{self, HeifLayer, Luma, widen};
use crate::container::ReadAt;
use crate::container::isobmff::Items;
use crate::model::media::{DecodeFlags, Dimensions, Format};
use crate::model::provenance::Provenance;

/// Planes of 16-bit samples at full chroma, before and after the turns.
const BYTES_PER_PIXEL: u64 = 16;

fn wrap(error: HeifError) -> DecodeError {
    let what = format!("libheif: {error}");
    match error.sub_code {
        HeifErrorSubCode::SecurityLimitExceeded => {
            DecodeError::TooLarge { what, limit: "its share of memory".into() }
        }
        _ => DecodeError::Damaged(what),
    }
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let limits = &options.limits;
    let size = source.size();
    let claimed = Items::read(source)?.and_then(|items| items.extents(items.primary));
    let (width, height) =
        claimed.ok_or_else(|| DecodeError::Unsupported("HEIF without dimensions".into()))?;
    let dimensions = Dimensions { width, height };
    limits.admit(dimensions)?;
    let bytes = dimensions.pixels().saturating_mul(BYTES_PER_PIXEL).saturating_add(size);
    let _reserved = limits.reserve(bytes)?;
    let too_long = |_| DecodeError::Unsupported("a file this long".into());
    let mut file = vec![0; usize::try_from(size).map_err(too_long)?];
    source.read_exact_at(0, &mut file)?;

    let library = LibHeif::new();
    let mut context = HeifContext::new().map_err(wrap)?;
    let mut security = context.security_limits();
    security.set_max_image_size_pixels(limits.max_pixels);
    security.set_max_memory_block_size(limits.max_picture_bytes);
    security.set_max_total_memory(limits.max_picture_bytes);
    context.set_security_limits(&security).map_err(wrap)?;
    // Pictures are decoded side by side already.
    context.set_max_decoding_threads(0);
    context.read_bytes(&file).map_err(wrap)?;
    let handle = context.primary_image_handle().map_err(wrap)?;
    limits.admit(Dimensions { width: handle.width(), height: handle.height() })?;
    let image = library.decode(&handle, ColorSpace::Undefined, None).map_err(wrap)?;
    let layer = layer(&image)?;
    let flat = layer.flat();
    Ok(Decoded {
        format: Format::Heic,
        tiles: layers::average(&flat)?,
        dimensions: Dimensions { width: flat.width, height: flat.height },
        orientation: OrientationFrom::Applied,
        exif: Items::read(source)?.and_then(|items| items.exif(source)),
        flags: DecodeFlags::default(),
        provenance: Provenance::default(),
    })
}

fn layer(image: &Image) -> Result<HeifLayer, DecodeError> {
    let colour = image.color_profile_nclx();
    let full_range = colour.as_ref().is_some_and(|colour| colour.full_range_flag() != 0);
    let planes = image.planes();
    let plane = match (&planes.y, &planes.r, &planes.g, &planes.b) {
        (Some(y), ..) => {
            let is_rgb = colour.is_some_and(|colour| {
                colour.matrix_coefficients() == libheif_rs::MatrixCoefficients::RGB_GBR
            });
            match (&planes.cb, &planes.cr) {
                (Some(b), Some(r)) if is_rgb && b.width == y.width && b.height == y.height => {
                    from_rgb(r, y, b, full_range)?
                }
                _ => samples(y, full_range)?,
            }
        }
        (None, Some(r), Some(g), Some(b)) => from_rgb(r, g, b, true)?,
        _ => return Err(DecodeError::Unsupported("libheif: no planes".into())),
    };
    let alpha = planes.a.map(|alpha| samples(&alpha, true)).transpose()?;
    Ok(HeifLayer { plane, alpha, premultiplied: image.is_premultiplied_alpha(), turns: Vec::new() })
}

fn from_rgb(
    r: &Plane<&[u8]>,
    g: &Plane<&[u8]>,
    b: &Plane<&[u8]>,
    full_range: bool,
) -> Result<Luma, DecodeError> {
    let (r, mut plane, b) =
        (samples(r, full_range)?, samples(g, full_range)?, samples(b, full_range)?);
    for ((sample, r), b) in plane.samples.iter_mut().zip(r.samples).zip(b.samples) {
        *sample = luma(r, *sample, b);
    }
    Ok(plane)
}

/// One plane as 8-bit full range.
fn samples(plane: &Plane<&[u8]>, full_range: bool) -> Result<Luma, DecodeError> {
    let scale = widen(u32::from(plane.bits_per_pixel), full_range).ok_or_else(|| {
        DecodeError::Unsupported(format!("libheif: {} bits", plane.bits_per_pixel))
    })?;
    let (width, height) = (plane.width as usize, plane.height as usize);
    let is_wide = plane.storage_bits_per_pixel > 8;
    let row_bytes = if is_wide { width * 2 } else { width };
    let scaled = |value: usize| scale.get(value).copied().unwrap_or(255);
    let mut samples = Vec::with_capacity(width * height);
    for row in plane.data.chunks(plane.stride.max(1)).take(height) {
        let Some(row) = row.get(..row_bytes) else { break };
        if is_wide {
            let values = row.as_chunks::<2>().0.iter().map(|&pair| u16::from_ne_bytes(pair));
            samples.extend(values.map(|value| scaled(usize::from(value))));
        } else {
            samples.extend(row.iter().map(|&value| scaled(usize::from(value))));
        }
    }
    if samples.len() != width * height || samples.is_empty() {
        return Err(DecodeError::Damaged("libheif: rows are missing".into()));
    }
    Ok(Luma { width: plane.width, height: plane.height, samples })
}
