//! Pictures stored as plain or losslessly packed rows of samples: PNG, GIF, BMP, TGA, QOI,
//! PNM, ICO. Each comes as rows, from the top, to the area average; where the decoder can give
//! them one by one, the whole picture is never in memory.

pub(super) mod colour;
mod dense;
mod gif;
mod ico;
pub(super) mod png;
mod pnm;

#[cfg(test)]
pub(super) mod tests;

use super::luma::LumaRows;
use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::container::{ReadAt, Window};
use crate::model::media::{DecodeFlags, Dimensions, Format};

pub(super) fn decode(
    format: Format,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    match format {
        Format::Png => png::decode(Window::whole(source), source, options),
        Format::Gif => gif::decode(source, options),
        Format::Pnm => pnm::decode(source, options),
        Format::Ico => ico::decode(source, options),
        Format::Bmp => dense::decode_bmp(source, options),
        Format::Tga => dense::decode_tga(source, options),
        Format::Qoi => dense::decode_qoi(source, options),
        other => Err(DecodeError::Unsupported(other.name().into())),
    }
}

/// The outcome of a picture that needs no more than its rows.
pub(super) fn complete(
    format: Format,
    dimensions: Dimensions,
    rows: &LumaRows,
) -> Result<Decoded, DecodeError> {
    Ok(Decoded {
        format,
        tiles: rows.finish()?,
        dimensions,
        orientation: OrientationFrom::Exif,
        exif: None,
        flags: DecodeFlags::default(),
        provenance: rows.provenance(),
    })
}
