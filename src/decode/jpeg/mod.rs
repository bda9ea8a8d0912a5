//! JPEG (ITU-T T.81): only as much of the picture is decoded as a tile needs.
//!
//! The entropy-coded data are read once; of each luma block the k×k lowest coefficients are kept
//! (k = 1 for large pictures: the DC term, which is the mean of 8×8 pixels), everything else is
//! stepped over without being stored. On camera pictures that is 16 times cheaper than a full
//! decode and a resize, and since the partial last blocks are weighed by the pixels that they
//! really hold, the hash differs from that of a full decode by 0.2 bits of 64 on average.
//!
//! All arithmetic is exact in integers, so that a file and its lossless twin (progressive,
//! restart markers, optimised tables) give the same tile on every machine.

mod arithmetic;
mod bits;
mod blocks;
mod colour;
mod entropy;
mod frame;
mod full;
mod idct;
mod luma_sample;
pub(super) mod pieces;
mod planes;
mod progressive;
mod quantiser;
mod scan;
mod segments;
mod sequential;
mod spectrum;

pub(super) use colour::pixels;

use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::container::ReadAt;
use crate::model::media::{DecodeFlags, Dimensions, Format};
use crate::model::provenance::{Provenance, Quantised};
use frame::Frame;

/// The short side of the reduced plane has at least so many samples, where the picture allows:
/// with fewer, the hash drifts (99 % within 2 bits at 48).
const LEAST_SAMPLES: u32 = 64;

/// Reads a JPEG file.
pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let limits = &options.limits;
    let frame = segments::find_frame(source)?;
    limits.admit(frame.dimensions())?;
    let size = source.size();
    // One reservation for all: the file, the planes, and what the full decoder would need.
    let kept = kept_side(&frame);
    let planes = planes::bytes(&frame, kept);
    let _memory = limits.reserve(size.saturating_add(planes))?;
    let len = usize::try_from(size)
        .map_err(|_| DecodeError::Damaged("the file is larger than memory".into()))?;
    let mut bytes = vec![0; len];
    source.read_exact_at(0, &mut bytes)?;
    let mut decoded = read(&bytes, options, planes)?;
    decoded.flags.damaged_tail |= !segments::is_whole(&bytes);
    Ok(decoded)
}

/// Reads a JPEG that lies in memory: a preview, a strip of a TIFF. The container says where it
/// ends, so that it may do without an end marker.
pub(super) fn decode_bytes(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let frame = segments::find_frame(&bytes)?;
    options.limits.admit(frame.dimensions())?;
    read(bytes, options, planes::bytes(&frame, kept_side(&frame)))
}

fn read(bytes: &[u8], options: &DecodeOptions, planes: u64) -> Result<Decoded, DecodeError> {
    match own_planes(bytes) {
        Ok((picture, frame, read)) => finish(&picture, &frame, read),
        // What this reader does not do, another may.
        Err(error @ (DecodeError::Unsupported(_) | DecodeError::Damaged(_))) => {
            let is_damaged = matches!(error, DecodeError::Damaged(_));
            let mut decoded = full::decode(bytes, options, planes).map_err(|_| error)?;
            decoded.flags.damaged_tail |= is_damaged;
            decoded.provenance.quantised = quantised(bytes);
            Ok(decoded)
        }
        Err(other) => Err(other),
    }
}

/// What the reader of this module makes of a file.
#[cfg(test)]
fn own(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let (picture, frame, read) = own_planes(bytes)?;
    finish(&picture, &frame, read)
}

fn own_planes(bytes: &[u8]) -> Result<(segments::JpegReader<'_>, Frame, EntropyData), DecodeError> {
    let mut picture = segments::JpegReader::new(bytes);
    let frame = picture.read_header()?;
    let read = read_planes(&mut picture, &frame, kept_side(&frame))?;
    Ok((picture, frame, read))
}

fn finish(
    picture: &segments::JpegReader<'_>,
    frame: &Frame,
    read: EntropyData,
) -> Result<Decoded, DecodeError> {
    enough_rows(&read, frame)?;
    let colours = frame.colours(picture);
    let mut tiles = planes::tiles(frame, &read.planes, colours)
        .ok_or_else(|| DecodeError::Damaged("the picture has no pixels".into()))?;
    if read.damaged {
        tiles = tiles.cut_after(read.rows_read, u64::from(frame.height));
    }
    let quantised = quantiser::quantised(picture, frame);
    let known = Provenance { quantised, ..Provenance::default() };
    Ok(Decoded {
        format: Format::Jpeg,
        tiles,
        dimensions: frame.dimensions(),
        orientation: OrientationFrom::Exif,
        exif: picture.exif.map(<[u8]>::to_vec),
        flags: DecodeFlags { damaged_tail: read.damaged, thumbnail: false },
        provenance: read.sample.map_or(known, |sample| sample.tell(known)),
    })
}

/// How a picture that this reader refused was quantised, as far as its header tells.
fn quantised(bytes: &[u8]) -> Option<Quantised> {
    let mut picture = segments::JpegReader::new(bytes);
    let frame = picture.read_header().ok()?;
    quantiser::quantised(&picture, &frame)
}

/// The samples of the components that are wanted.
fn read_planes(
    picture: &mut segments::JpegReader<'_>,
    frame: &Frame,
    kept: usize,
) -> Result<EntropyData, DecodeError> {
    if frame.progressive || frame.arithmetic {
        progressive::read(picture, frame, kept)
    } else {
        sequential::read(picture, frame, kept)
    }
}

/// Half of the rows are enough for a picture; fewer are not.
fn enough_rows(read: &EntropyData, frame: &Frame) -> Result<(), DecodeError> {
    if read.rows_read < u64::from(frame.height).div_ceil(2) {
        let (there, all) = (read.rows_read, frame.height);
        return Err(if read.ended {
            DecodeError::Truncated(format!("{there} of {all} rows are there"))
        } else {
            DecodeError::Damaged(format!("{there} of {all} rows can be read"))
        });
    }
    Ok(())
}

/// How many samples to keep along each side of a block: 1, 2, 4 or 8.
fn kept_side(frame: &Frame) -> usize {
    kept_of(frame.dimensions())
}

/// The same for a picture of this size, whichever pieces it is cut into.
fn kept_of(dimensions: Dimensions) -> usize {
    let short = dimensions.width.min(dimensions.height);
    [1, 2, 4]
        .into_iter()
        .find(|kept| short.div_ceil(8 / kept) >= LEAST_SAMPLES)
        .map_or(8, |kept| kept as usize)
}

/// What the entropy-coded data gave.
struct EntropyData {
    /// A plane for each component that is wanted, `None` for the others.
    planes: Vec<Option<planes::SamplePlane>>,
    /// Rows of pixels from the top that were read whole.
    rows_read: u64,
    /// Something was missing or wrong.
    damaged: bool,
    /// The file ended before the picture did.
    ended: bool,
    /// Some of the luma blocks.
    sample: Option<Box<luma_sample::LumaSample>>,
}

#[cfg(test)]
mod tests;
