//! The full decoder, for what the own reader refuses.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::decode::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::model::media::{DecodeFlags, Dimensions, Format};
use crate::model::provenance::Provenance;
use crate::picture::tile::AreaAverage;

/// Decodes every pixel. `reserved` bytes are held for this picture already.
pub(super) fn decode(
    bytes: &[u8],
    options: &DecodeOptions,
    reserved: u64,
) -> Result<Decoded, DecodeError> {
    let failed = |error: &dyn std::fmt::Debug| DecodeError::Damaged(format!("{error:?}"));
    let most = usize::from(u16::MAX);
    let settings = DecoderOptions::default()
        .set_max_width(most)
        .set_max_height(most)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), settings);
    decoder.decode_headers().map_err(|error| failed(&error))?;
    let (width, height) = decoder
        .dimensions()
        .ok_or_else(|| DecodeError::Damaged("the picture has no dimensions".into()))?;
    let dimensions = Dimensions { width: width as u32, height: height as u32 };
    options.limits.admit(dimensions)?;
    // Luma out, but the decoder holds all components, in 16 bits, of a progressive picture.
    let needed = dimensions.pixels().saturating_mul(9);
    if needed.saturating_sub(reserved) > options.limits.max_picture_bytes {
        return Err(DecodeError::TooLarge {
            what: format!("{needed} bytes of memory to decode"),
            limit: format!("{} bytes", options.limits.max_picture_bytes),
        });
    }
    let pixels = decoder.decode().map_err(|error| failed(&error))?;
    let mut average = AreaAverage::new(dimensions.width, dimensions.height, 1)
        .ok_or_else(|| DecodeError::Damaged("the picture has no pixels".into()))?;
    for row in pixels.chunks_exact(width.max(1)) {
        average.push_row(row);
    }
    let tiles = average
        .finish()
        .ok_or_else(|| DecodeError::Damaged("the decoder gave too few rows".into()))?;
    Ok(Decoded {
        format: Format::Jpeg,
        tiles,
        dimensions,
        orientation: OrientationFrom::Exif,
        exif: decoder.exif().cloned(),
        flags: DecodeFlags::default(),
        provenance: Provenance::default(),
    })
}
