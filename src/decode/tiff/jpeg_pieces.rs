//! Strips and image tiles of a TIFF that are JPEGs (Adobe Photoshop TIFF technical notes, 2002; TIFF
//! technical note 2), by the reader of JPEG files: of a large picture only the DC terms are kept.

use std::io;

use ::tiff::ColorType;
use ::tiff::decoder::ChunkType;
use ::tiff::tags::Tag;

use super::{BLACK_IS_ZERO, Grid, TiffDecoder, YCBCR, damaged, refused};
use crate::container::ReadAt;
use crate::decode::jpeg::pieces::{Piece, PieceColours, PieceReader};
use crate::decode::limits::Limits;
use crate::decode::{DecodeError, Decoded, OrientationFrom};
use crate::model::media::{DecodeFlags, Dimensions, Format};
use crate::picture::tile::AreaAverage;

/// Segments of a JPEG stream that are stepped over in search of its frame header.
const MOST_SEGMENTS: usize = 64;
/// What the decoder of every pixel holds for a sample: itself, unpacked once more, and the
/// coefficient of a progressive picture.
const JPEG_SAMPLE_BYTES: u64 = 4;
/// "PhotometricInterpretation": red, green, blue.
const RGB: u32 = 2;

/// Where the pieces of a picture lie, and what they share.
pub(super) struct JpegPieces {
    grid: Grid,
    colours: PieceColours,
    offsets: Vec<u64>,
    sizes: Vec<u64>,
    /// "JPEGTables"; empty where each piece has its own.
    tables: Vec<u8>,
}

/// A row of pieces.
struct Band {
    luma: Vec<u8>,
    /// Rows of pixels from its top that were read whole.
    intact: u32,
    damaged: bool,
    /// The file ends within it.
    cut: bool,
}

impl JpegPieces {
    /// `None` for pictures in any other form than the common ones.
    pub fn find(
        decoder: &mut TiffDecoder<'_>,
        grid: &Grid,
        photometric: Option<u32>,
    ) -> Option<Self> {
        let colours = match (photometric?, grid.colour) {
            (BLACK_IS_ZERO, ColorType::Gray(8)) => PieceColours::Luma(1),
            (YCBCR, ColorType::YCbCr(8)) => PieceColours::Luma(3),
            (RGB, ColorType::RGB(8)) => PieceColours::Rgb,
            _ => return None,
        };
        let (offsets, sizes) = places(decoder);
        let offsets = decoder.find_tag_unsigned_vec(offsets).ok().flatten()?;
        let sizes = decoder.find_tag_unsigned_vec(sizes).ok().flatten()?;
        let tables = match decoder.find_tag(Tag::JPEGTables).ok()? {
            Some(value) => value.into_u8_vec().ok()?,
            None => Vec::new(),
        };
        let pieces = u64::from(grid.across) * u64::from(grid.down);
        let is_fitting =
            grid.planes == 1 && offsets.len() as u64 == pieces && sizes.len() as u64 == pieces;
        is_fitting.then_some(Self { grid: *grid, colours, offsets, sizes, tables })
    }

    /// `None` for what the decoder of every pixel may judge.
    pub fn decode(&self, source: &dyn ReadAt, limits: &Limits) -> Option<Decoded> {
        let Dimensions { width, height } = self.grid.picture;
        let piece = self.grid.piece;
        // Where a piece ends within a block, the next one has to begin there.
        let whole = self.grid.across > 1 && !piece.width.is_multiple_of(8)
            || self.grid.down > 1 && !piece.height.is_multiple_of(8);
        let mut reader =
            PieceReader::new(&self.tables, self.colours, self.grid.picture, whole).ok()?;
        let scale = reader.scale();
        let columns = width.div_ceil(scale);
        let there = || {
            let places = self.offsets.iter().zip(&self.sizes);
            places.map(|(&offset, &size)| size.min(source.size().saturating_sub(offset)))
        };
        let largest = there().max()?;
        // Pieces that share bytes are a trap: more work than the file is long.
        if there().fold(0, u64::saturating_add) > source.size() {
            return None;
        }
        let band = u64::from(columns) * u64::from(piece.height.min(height).div_ceil(scale));
        let needed = reader.bytes(piece).checked_add(largest)?.checked_add(band)?;
        let _held = limits.reserve(needed).ok()?;

        let mut average = AreaAverage::new(width, height, scale)?;
        let mut last = Vec::new();
        // Rows of pixels from the top that were read, and those of them that were lost.
        let (mut read, mut lost) = (0_u32, 0_u32);
        let mut is_damaged = false;
        for line in 0..self.grid.down {
            let band = self.band(source, &mut reader, line)?;
            let rows = piece.height.min(height - line * piece.height);
            let whole_rows = if band.cut { band.intact / scale } else { rows.div_ceil(scale) };
            for row in band.luma.chunks_exact(columns as usize).take(whole_rows as usize) {
                average.push_row(row);
                last.clear();
                last.extend_from_slice(row);
            }
            is_damaged |= band.damaged | band.cut;
            read += if band.cut { whole_rows * scale } else { rows };
            lost += if band.cut { 0 } else { rows - band.intact };
            if band.cut {
                break;
            }
        }
        if read < height.div_ceil(2).max(1) || lost > height / 2 {
            return None;
        }
        while average.rows_left() > 0 {
            if !average.push_row(&last) {
                return None;
            }
        }
        let mut tiles = average.finish()?;
        if read < height {
            tiles = tiles.cut_after(read.into(), height.into());
        }
        Some(Decoded {
            format: Format::Tiff,
            tiles,
            dimensions: self.grid.picture,
            orientation: OrientationFrom::Exif,
            exif: None,
            flags: DecodeFlags { damaged_tail: is_damaged, thumbnail: false },
            provenance: reader.provenance(),
        })
    }

    /// Reads a row of pieces side by side.
    fn band(&self, source: &dyn ReadAt, reader: &mut PieceReader<'_>, line: u32) -> Option<Band> {
        let (grid, scale) = (&self.grid, reader.scale());
        let rows = grid.piece.height.min(grid.picture.height - line * grid.piece.height);
        let columns = grid.picture.width.div_ceil(scale) as usize;
        let luma = vec![0; columns * rows.div_ceil(scale) as usize];
        let mut band = Band { luma, intact: rows, damaged: false, cut: false };
        for column in 0..grid.across {
            let left = column * grid.piece.width;
            let least =
                Dimensions { width: grid.piece.width.min(grid.picture.width - left), height: rows };
            let index = usize::try_from(u64::from(line) * u64::from(grid.across)).ok()?;
            let index = index.checked_add(column as usize)?;
            let (&offset, &size) = (self.offsets.get(index)?, self.sizes.get(index)?);
            let there = size.min(source.size().saturating_sub(offset));
            if there == 0 {
                return Some(Band { intact: 0, cut: true, ..band });
            }
            let mut bytes = vec![0; usize::try_from(there).ok()?];
            source.read_exact_at(offset, &mut bytes).ok()?;
            let piece = match reader.read(&bytes, least, grid.piece) {
                Ok(piece) => piece,
                Err(_) if there < size => {
                    return Some(Band { intact: 0, cut: true, ..band });
                }
                Err(_) => return None,
            };
            band.cut |= there < size;
            band.damaged |= piece.damaged;
            if piece.damaged {
                band.intact = band.intact.min(u32::try_from(piece.rows_read).unwrap_or(u32::MAX));
            }
            band.put(&piece, (left / scale) as usize, columns)?;
        }
        Some(band)
    }
}

impl Band {
    /// Puts a piece beside those before it; `None` where it is too small.
    fn put(&mut self, piece: &Piece, left: usize, columns: usize) -> Option<()> {
        let width = (columns - left).min(piece.stride);
        let mut rows = piece.luma.chunks_exact(piece.stride.max(1));
        for target in self.luma.chunks_exact_mut(columns) {
            target.get_mut(left..left + width)?.copy_from_slice(rows.next()?.get(..width)?);
        }
        Some(())
    }
}

/// The tags that tell where the pieces lie, and how long they are.
fn places(decoder: &TiffDecoder<'_>) -> (Tag, Tag) {
    match decoder.get_chunk_type() {
        ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
        ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
    }
}

/// What the JPEG decoder inside will take for the largest strip or image tile, by the frame headers
/// of the streams: the directory may say otherwise.
pub(super) fn largest_jpeg(
    decoder: &mut TiffDecoder<'_>,
    source: &dyn ReadAt,
    limits: &Limits,
) -> Result<u64, DecodeError> {
    let (offsets, _) = places(decoder);
    let offsets: Vec<u64> =
        decoder.find_tag_unsigned_vec(offsets).map_err(refused)?.unwrap_or_default();
    let mut most = 0;
    // What lies beyond the end of a cut file will not be decoded.
    for offset in offsets.into_iter().filter(|&offset| offset < source.size()) {
        let (dimensions, samples) = jpeg_frame(source, offset)?
            .ok_or_else(|| damaged("a JPEG strip without a frame header"))?;
        limits.admit(dimensions)?;
        most = most.max(dimensions.pixels() * u64::from(samples) * JPEG_SAMPLE_BYTES);
    }
    Ok(most)
}

/// Dimensions and samples per pixel in the frame header of the JPEG stream at `at` (ITU-T T.81,
/// B.2.2); `None` when there is none, or anything else between the segments before it.
fn jpeg_frame(source: &dyn ReadAt, at: u64) -> io::Result<Option<(Dimensions, u8)>> {
    let mut at = at.saturating_add(2);
    for _ in 0..MOST_SEGMENTS {
        let mut head = [0; 10];
        if at.saturating_add(head.len() as u64) > source.size() {
            break;
        }
        source.read_exact_at(at, &mut head)?;
        let [0xff, marker, l0, l1, _, h0, h1, w0, w1, samples] = head else { break };
        match marker {
            0xff => at += 1,
            0xc4 | 0xc8 | 0xcc => at += 2 + u64::from(u16::from_be_bytes([l0, l1])),
            0xc0..=0xcf => {
                let width = u16::from_be_bytes([w0, w1]).into();
                let height = u16::from_be_bytes([h0, h1]).into();
                return Ok(Some((Dimensions { width, height }, samples)));
            }
            _ => at += 2 + u64::from(u16::from_be_bytes([l0, l1])),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
