//! stub
use super::*;
use zune_core::{colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;
pub(super) fn decode(source: &dyn ReadAt, _o: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let mut b = vec![0; source.size() as usize];
    source.read_exact_at(0, &mut b)?;
    let mut d = JpegDecoder::new_with_options(
        zune_core::bytestream::ZCursor::new(&b),
        DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma),
    );
    let px = d.decode().map_err(|e| DecodeError::Damaged(format!("{e:?}")))?;
    let (w, h) = d.dimensions().unwrap();
    let mut a = crate::tile::AreaAverage::new(w as u32, h as u32, 1).unwrap();
    for r in px.chunks_exact(w) {
        a.push_row(r);
    }
    Ok(Decoded {
        format: Format::Jpeg,
        tile: a.finish().unwrap(),
        dimensions: Dimensions { width: w as u32, height: h as u32 },
        orientation: OrientationFrom::Exif,
        exif: None,
        marks: Marks::default(),
    })
}
