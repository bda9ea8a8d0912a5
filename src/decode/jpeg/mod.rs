//! JPEG pictures.

use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::container::ReadAt;
use crate::media::{Dimensions, Format, Marks};
use crate::tile::AreaAverage;

pub(super) fn decode(
    _source: &dyn ReadAt,
    _options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    Err(DecodeError::Unsupported("JPEG".into()))
}

/// Decodes a JPEG that lies in memory.
pub(super) fn decode_bytes(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    use zune_core::bytestream::ZCursor;
    use zune_core::colorspace::ColorSpace;
    use zune_core::options::DecoderOptions;
    let settings = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), settings);
    let damaged = |error| DecodeError::Damaged(format!("{error:?}"));
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let dimensions = Dimensions { width: width as u32, height: height as u32 };
    options.limits.admit(dimensions)?;
    let samples = decoder.decode().map_err(damaged)?;
    let exif = decoder.exif().cloned();
    let average = AreaAverage::new(dimensions.width, dimensions.height, 1);
    let mut average = average.ok_or(DecodeError::NotAPicture)?;
    samples.chunks_exact(width).for_each(|row| assert!(average.push_row(row)));
    let tile = average.finish().ok_or_else(|| DecodeError::Truncated("rows".into()))?;
    let (format, orientation) = (Format::Jpeg, OrientationFrom::Exif);
    Ok(Decoded { format, tile, dimensions, orientation, exif, marks: Marks::default() })
}
