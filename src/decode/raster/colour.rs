//! The colours of formats that the `image` crate reads.

use std::io::BufReader;

use image::error::ImageError;
use image::metadata::Orientation as ImageOrientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::png;
use crate::container::{ReadAt, Window};
use crate::decode::luma::Channels;
use crate::decode::pixels::Pixels;
use crate::decode::{DecodeError, DecodeOptions, webp};
use crate::model::media::{Dimensions, Format, Orientation};

/// What a decoder may hold beside the picture.
const OVERHEAD: u64 = 4 << 20;

pub(in crate::decode) fn pixels(
    format: Format,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    let known = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::WebP => ImageFormat::WebP,
        Format::Tiff => ImageFormat::Tiff,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tga => ImageFormat::Tga,
        Format::Qoi => ImageFormat::Qoi,
        Format::Pnm => ImageFormat::Pnm,
        Format::Ico => ImageFormat::Ico,
        other => return Err(DecodeError::Unsupported(format!("previews of {other}"))),
    };
    let allowed = options.limits.max_picture_bytes;
    let stream = BufReader::with_capacity(1 << 16, Window::whole(source));
    let mut reader = ImageReader::with_format(stream, known);
    let mut limits = Limits::default();
    limits.max_alloc = Some(allowed);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    let dimensions = Dimensions { width, height };
    options.limits.admit(dimensions)?;
    // The picture as it is unpacked, in the decoder and here, and in colour.
    let unpacked = decoder.total_bytes().saturating_mul(2).saturating_add(dimensions.pixels() * 3);
    let _held = options.limits.reserve(unpacked.saturating_add(OVERHEAD))?;
    let turn = match format {
        // The block may stand after the picture, or begin as that of a JPEG.
        Format::Png => turn_of(png::exif_chunk(source)?.as_deref()),
        Format::WebP => turn_of(webp::exif_chunk(source)?.as_deref()),
        _ => decoder.orientation().map_or(Orientation::Upright, from_image),
    };
    let is_rgb = matches!(
        decoder.color_type(),
        ColorType::Rgb8 | ColorType::Rgba8 | ColorType::Rgb16 | ColorType::Rgba16
    );
    let icc = if is_rgb { decoder.icc_profile().unwrap_or_default() } else { None };
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let mut rgb = Vec::new();
    if image.color().has_alpha() {
        Channels::Rgba.rgb_row(&image.into_rgba8().into_raw(), &mut rgb);
    } else {
        rgb = image.into_rgb8().into_raw();
    }
    Ok(Pixels { dimensions, rgb, turns: vec![turn], icc })
}

/// What an EXIF block says is to be done to its picture.
pub(in crate::decode) fn turn_of(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(ImageOrientation::from_exif_chunk).map_or(Orientation::Upright, from_image)
}

fn from_image(orientation: ImageOrientation) -> Orientation {
    Orientation::from_exif(orientation.to_exif().into())
}

pub(in crate::decode) fn refused(error: ImageError) -> DecodeError {
    match error {
        ImageError::IoError(error) => error.into(),
        ImageError::Limits(error) => DecodeError::TooLarge {
            what: error.to_string(),
            limit: "what a picture may hold".into(),
        },
        ImageError::Unsupported(error) => DecodeError::Unsupported(error.to_string()),
        error => DecodeError::Damaged(error.to_string()),
    }
}
