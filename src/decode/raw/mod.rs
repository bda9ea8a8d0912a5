//! RAW pictures: the JPEG preview that the camera put into the file.
//!
//! The sensor's own values are never developed. Of all JPEGs in the file the largest one is
//! taken, so that the hash is that of the picture as the camera showed it.

mod candidates;

use std::io;

use super::pixels::Pixels;
use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom, jpeg};
use crate::container::tiff::{self, Tiff};
use crate::container::{ReadAt, cr3, raf};
use crate::model::media::{Dimensions, Format, Orientation};
use crate::model::provenance::Provenance;
use candidates::{PreviewRange, Sized};

/// Previews smaller than this along a side are icons. A small preview hashes as any small picture
/// does.
const MIN_SIDE: u32 = 8;
/// Most previews that are tried to be decoded.
const MAX_TRIES: usize = 4;

/// What a RAW file says of itself.
struct RawFile {
    candidates: Vec<PreviewRange>,
    /// Of the sensor's picture.
    dimensions: Option<Dimensions>,
    /// `None`: in the preview's own Exif tags.
    orientation: Option<Orientation>,
    /// `None`: the preview's.
    exif: Option<Vec<u8>>,
}

pub(super) fn decode(
    format: Format,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    let decode = |bytes: &[u8]| jpeg::decode_bytes(bytes, options);
    let (preview, contents) = largest_preview(format, source, options, &decode)?;
    Ok(Decoded {
        format,
        dimensions: contents.dimensions.unwrap_or(preview.dimensions),
        orientation: contents.orientation.map_or(preview.orientation, OrientationFrom::Given),
        exif: contents.exif.or(preview.exif),
        // How the preview was made says nothing of the picture.
        provenance: Provenance::default(),
        ..preview
    })
}

/// The same preview in colour.
pub(super) fn pixels(
    format: Format,
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    let decode = |bytes: &[u8]| jpeg::pixels(&bytes, side, options);
    let (mut pixels, contents) = largest_preview(format, source, options, &decode)?;
    if let Some(orientation) = contents.orientation {
        pixels.turns = vec![orientation];
    }
    Ok(pixels)
}

/// What `decode` makes of the largest of the JPEGs in the file that it can read.
fn largest_preview<T>(
    format: Format,
    source: &dyn ReadAt,
    options: &DecodeOptions,
    decode: &dyn Fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<(T, RawFile), DecodeError> {
    let contents = match format {
        Format::Raf => read_raf(source)?,
        Format::Cr3 => read_cr3(source)?,
        _ => read_tiff(source)?,
    };
    let mut contents =
        contents.ok_or_else(|| DecodeError::Damaged(format!("not the structure of {format}")))?;
    let found = contents.candidates.len();
    let mut usable = Vec::new();
    for candidate in std::mem::take(&mut contents.candidates) {
        usable.extend(candidate.measured(source)?);
    }
    let (whole, broken): (Vec<Sized>, Vec<Sized>) = usable.into_iter().partition(Sized::is_whole);
    let (mut large, small): (Vec<Sized>, Vec<Sized>) =
        whole.into_iter().partition(|preview| preview.short_side() >= MIN_SIDE);
    if large.is_empty() {
        return Err(DecodeError::NoPreview(match (found, small.first(), broken.first()) {
            (0, ..) => "the file has none".into(),
            (_, _, Some(_)) => "it is cut off".into(),
            (_, Some(small), _) => {
                let Dimensions { width, height } = small.dimensions;
                format!("{width} × {height} pixels are too few")
            }
            _ => "none of them is a JPEG".into(),
        }));
    }
    large.sort_by_key(|preview| std::cmp::Reverse(preview.dimensions.pixels()));
    let mut refusal = None;
    for preview in large.into_iter().take(MAX_TRIES) {
        match preview.read(source, options).and_then(|bytes| decode(&bytes)) {
            Ok(decoded) => return Ok((decoded, contents)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(match refusal {
        Some(error @ (DecodeError::TooLarge { .. } | DecodeError::Io(_))) => error,
        Some(error) => DecodeError::NoPreview(format!("it cannot be decoded: {error}")),
        None => DecodeError::NoPreview("none could be decoded".into()),
    })
}

fn read_raf(source: &dyn ReadAt) -> io::Result<Option<RawFile>> {
    Ok(raf::read(source)?.map(|raf| RawFile {
        candidates: vec![PreviewRange::new(raf.preview, raf.preview_size)],
        dimensions: raf.dimensions.and_then(|(width, height)| sides(width, height)),
        orientation: None,
        exif: None,
    }))
}

fn read_tiff(source: &dyn ReadAt) -> io::Result<Option<RawFile>> {
    let Some(tiff) = Tiff::open(source, 0)? else { return Ok(None) };
    let (ifds, exif) = (tiff.all()?, tiff.exif()?);
    let orientation = ifds.first().and_then(|main| tiff.number(main, 0x0112));
    let told = ifds.iter().filter_map(|ifd| {
        // Panasonic: the sensor's borders, top, left, bottom, right.
        let border = |tag| tiff.number(ifd, tag);
        let panasonic = || {
            let (width, height) =
                (border(7)?.checked_sub(border(5)?)?, border(6)?.checked_sub(border(4)?)?);
            sides(width, height)
        };
        let named = || sides(tiff.number(ifd, 0x0100)?, tiff.number(ifd, 0x0101)?);
        // DNG: the part of the sensor that is meant to be shown.
        let cropped = || match tiff.numbers(ifd.entry(0xc620)?, 2)[..] {
            [width, height] => sides(width, height),
            _ => None,
        };
        cropped().or_else(named).or_else(panasonic)
    });
    let of_exif = || sides(tiff.number(&exif, 0xa002)?, tiff.number(&exif, 0xa003)?);
    Ok(Some(RawFile {
        candidates: candidates::from_tiff(&tiff, &ifds, &exif)?,
        dimensions: told.chain(of_exif()).max_by_key(|dimensions| dimensions.pixels()),
        orientation: Some(Orientation::from_exif(orientation.unwrap_or(1))),
        exif: tiff::exif_block(source)?,
    }))
}

fn read_cr3(source: &dyn ReadAt) -> io::Result<Option<RawFile>> {
    let Some(cr3) = cr3::read(source)? else { return Ok(None) };
    let Some(exif) = cr3.exif_block() else { return Ok(None) };
    let Some(tiff) = Tiff::open(&exif, 0)? else { return Ok(None) };
    let (main, below) = (tiff.main()?, tiff.exif()?);
    let told = [
        tiff.number(&main, 0x0100).zip(tiff.number(&main, 0x0101)),
        tiff.number(&below, 0xa002).zip(tiff.number(&below, 0xa003)),
    ];
    let told = told.into_iter().flatten().filter_map(|(width, height)| sides(width, height));
    Ok(Some(RawFile {
        candidates: cr3.previews.into_iter().map(PreviewRange::inside).collect(),
        dimensions: told.max_by_key(|dimensions| dimensions.pixels()),
        orientation: Some(Orientation::from_exif(tiff.number(&main, 0x0112).unwrap_or(1))),
        exif: Some(exif),
    }))
}

fn sides(width: u32, height: u32) -> Option<Dimensions> {
    (width > 0 && height > 0).then_some(Dimensions { width, height })
}

#[cfg(test)]
mod tests;
