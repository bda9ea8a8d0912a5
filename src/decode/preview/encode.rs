//! The JPEG that a preview is.

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation as ImageOrientation;
use image::{DynamicImage, ImageEncoder as _, RgbImage, imageops};

use super::Preview;
use crate::decode::DecodeError;
use crate::decode::pixels::Pixels;
use crate::decode::raster::colour::refused;
use crate::model::media::Dimensions;

/// Up to this side a preview is a thumbnail, of which there are many.
const THUMBNAIL: u32 = 512;
/// Up to this side it is one of thousands on a page that is to stay small.
const STAMP: u32 = 160;
/// Longest colour profile of such a one: Apple's Display P3 is kept, the 3 kB of sRGB are not.
const MOST_STAMP_PROFILE: usize = 600;

/// Makes it small, turns it, and writes it.
pub(super) fn to_jpeg(pixels: Pixels, side: u32) -> Result<Preview, DecodeError> {
    let Dimensions { width, height } = pixels.dimensions;
    let mut image = RgbImage::from_raw(width, height, pixels.rgb)
        .filter(|_| width > 0 && height > 0)
        .ok_or_else(|| DecodeError::Damaged("the colours contradict the dimensions".into()))?;
    let longer = width.max(height);
    if longer > side {
        let scaled = |length: u32| {
            let length = (u64::from(length) * u64::from(side)).div_ceil(u64::from(longer));
            u32::try_from(length).unwrap_or(side).max(1)
        };
        image = imageops::thumbnail(&image, scaled(width), scaled(height));
    }
    let mut image = DynamicImage::ImageRgb8(image);
    for turn in pixels.turns {
        let value = u8::try_from(turn.exif_value()).ok();
        if let Some(turn) = value.and_then(ImageOrientation::from_exif) {
            image.apply_orientation(turn);
        }
    }
    let (width, height) = (image.width(), image.height());
    let mut jpeg = Vec::new();
    let quality = match side {
        _ if side <= STAMP => 45,
        _ if side <= THUMBNAIL => 75,
        _ => 88,
    };
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
    let profile = pixels.icc.filter(|icc| side > STAMP || icc.len() <= MOST_STAMP_PROFILE);
    if let Some(profile) = profile {
        // Without one colours are a little off, which is no reason to show nothing.
        let _ = encoder.set_icc_profile(profile);
    }
    let colour = image.color().into();
    encoder.write_image(image.as_bytes(), width, height, colour).map_err(refused)?;
    Ok(Preview { jpeg, dimensions: Dimensions { width, height } })
}
