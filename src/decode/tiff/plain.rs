//! Strips that are not packed and lie one behind the other: the picture is read by a few rows at a
//! time, wherever its strips begin. Many writers put all of it into one strip.

use ::tiff::decoder::{ChunkType, DecodingSampleType};
use ::tiff::tags::{ByteOrder, Tag};

use super::{Grid, TiffDecoder, damaged};
use crate::container::ReadAt;
use crate::decode::DecodeError;

/// "Compression": none.
const NONE: u32 = 1;
/// Bytes that are read at a time: what a processor keeps at hand.
const BAND: usize = 1 << 17;

/// Rows that lie in the file as they are.
pub(super) struct PlainRows {
    offset: u64,
    /// Bytes of a row.
    pub stride: usize,
    pub kind: DecodingSampleType,
    /// Samples of 16 bits, in the other order of bytes than this machine's.
    is_swapped: bool,
    /// Rows of a band.
    pub band: u32,
}

impl PlainRows {
    /// `None` for pictures in any other form.
    pub fn find(decoder: &mut TiffDecoder<'_>, grid: &Grid) -> Option<Self> {
        let value = |decoder: &mut TiffDecoder<'_>, tag| {
            decoder.find_tag_unsigned::<u32>(tag).ok().map(|value| value.unwrap_or(1))
        };
        let is_plain = decoder.get_chunk_type() == ChunkType::Strip
            && grid.planes == 1
            && value(decoder, Tag::Compression)? == NONE
            && value(decoder, Tag::Predictor)? == 1;
        let kind = decoder.image_chunk_buffer_layout(0).ok()?.sample_type?;
        let sample_bytes = match (grid.colour.bit_depth(), kind) {
            (8, DecodingSampleType::U8 | DecodingSampleType::I8) => 1,
            (16, DecodingSampleType::U16 | DecodingSampleType::I16) => 2,
            _ => return None,
        };
        let stride = (grid.picture.width as usize)
            .checked_mul(grid.per_pixel() * sample_bytes)
            .filter(|&stride| is_plain && stride > 0)?;
        let offsets: Vec<u64> = decoder.find_tag_unsigned_vec(Tag::StripOffsets).ok().flatten()?;
        let sizes: Vec<u64> = decoder.find_tag_unsigned_vec(Tag::StripByteCounts).ok().flatten()?;
        let (offset, mut next) = (*offsets.first()?, *offsets.first()?);
        let mut left = grid.picture.height;
        for (offset, size) in offsets.into_iter().zip(sizes) {
            let rows = left.min(grid.piece.height);
            let bytes = u64::from(rows).checked_mul(stride as u64)?;
            if offset != next || size < bytes {
                return None;
            }
            left -= rows;
            next = next.checked_add(bytes)?;
        }
        let band = u32::try_from(BAND / stride).unwrap_or(u32::MAX).max(1);
        let is_swapped = sample_bytes == 2 && decoder.byte_order() != ByteOrder::native();
        (left == 0).then_some(Self { offset, stride, kind, is_swapped, band })
    }

    /// How many of `rows` rows, from `top` on, the source has.
    pub fn there(&self, source: &dyn ReadAt, top: u32, rows: usize) -> usize {
        let before = u64::from(top).saturating_mul(self.stride as u64).saturating_add(self.offset);
        let left = source.size().saturating_sub(before) / self.stride as u64;
        usize::try_from(left).map_or(rows, |left| left.min(rows))
    }

    /// Reads so many rows from `top` on.
    pub fn read(
        &self,
        source: &dyn ReadAt,
        top: u32,
        rows: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        let (from, bytes) = (u64::from(top) * self.stride as u64, rows.checked_mul(self.stride));
        let absurd = || damaged("TIFF in rows of an absurd size");
        out.resize(bytes.ok_or_else(absurd)?, 0);
        source.read_exact_at(self.offset.checked_add(from).ok_or_else(absurd)?, out)?;
        if self.is_swapped {
            out.as_chunks_mut::<2>().0.iter_mut().for_each(|sample| sample.reverse());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::container::ReadAt;
    use crate::decode::luma::{Channels, LumaRows};
    use crate::decode::{DecodeError, DecodeOptions, Decoded, Limits};
    use crate::model::media::Dimensions;

    const SIZE: Dimensions = Dimensions { width: 500, height: 701 };

    /// Of a grey picture in strips of so many rows, one behind the other.
    fn head(Dimensions { width, height }: Dimensions, rows: u32) -> Vec<u8> {
        let count = height.div_ceil(rows);
        let tables = 8 + 2 + 8 * 12 + 4;
        // What is longer than four bytes stands elsewhere.
        let (offsets, sizes) =
            if count > 1 { (tables, tables + 4 * count) } else { (tables, width * height) };
        let entries = [
            (256_u16, 1, width),
            (257, 1, height),
            (258, 1, 8),
            (259, 1, 1),
            (262, 1, 1),
            (273, count, offsets),
            (278, 1, rows),
            (279, count, sizes),
        ];
        let mut head = Vec::from(*b"II*\0\x08\0\0\0\x08\0");
        for (tag, count, value) in entries {
            head.extend(tag.to_le_bytes());
            head.extend([4, 0]);
            head.extend([count, value].map(u32::to_le_bytes).concat());
        }
        head.extend([0; 4]);
        if count > 1 {
            let start = tables + 8 * count;
            head.extend((0..count).flat_map(|at| (start + at * rows * width).to_le_bytes()));
            let of_strip = |at| rows.min(height - at * rows) * width;
            head.extend((0..count).flat_map(|at| of_strip(at).to_le_bytes()));
        }
        head
    }

    fn samples() -> Vec<u8> {
        let count = SIZE.pixels() as u32;
        (0..count).map(|at| (at / 2000 + (at.wrapping_mul(at) >> 9) % 80) as u8).collect()
    }

    fn of(bytes: &[u8]) -> Result<Decoded, DecodeError> {
        super::super::decode(&bytes, &DecodeOptions::default())
    }

    #[test]
    fn strips_do_not_count() {
        let mut rows = LumaRows::new(SIZE).unwrap();
        for row in samples().chunks(SIZE.width as usize) {
            rows.push(Channels::Grey, row).unwrap();
        }
        let expected = rows.finish().unwrap();
        for strip in [1, 7, 100, 701] {
            let file = [head(SIZE, strip), samples()].concat();
            assert_eq!(of(&file).unwrap().tiles, expected, "{strip}");
        }
    }

    #[test]
    fn of_a_cut_strip_all_rows_count_that_are_there() {
        let whole = [head(SIZE, 701), samples()].concat();
        let start = head(SIZE, 701).len();
        let cut = of(&whole[..start + 500 * 600 + 70]).unwrap();
        assert!(cut.flags.damaged_tail);
        // The first 54 of 64 rows of cells need 592 of 701 rows.
        let (found, expected) = (cut.tiles.fine.0, of(&whole).unwrap().tiles.fine.0);
        assert_eq!(found[..54 * 64], expected[..54 * 64]);
        assert_ne!(found[55 * 64..], expected[55 * 64..]);
        assert!(of(&whole[..start + 500 * 350]).is_err());
    }

    /// Zeros behind what is there.
    struct Zeros(Vec<u8>);

    impl ReadAt for Zeros {
        fn size(&self) -> u64 {
            1 << 30
        }

        fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
            buffer.fill(0);
            let there = usize::try_from(offset).ok().and_then(|from| self.0.get(from..));
            buffer.iter_mut().zip(there.unwrap_or_default()).for_each(|(out, &byte)| *out = byte);
            Ok(())
        }
    }

    #[test]
    fn a_picture_in_one_strip_needs_little_memory() {
        let size = Dimensions { width: 6000, height: 6000 };
        let limits = Limits::new(1 << 30, 8 << 20, 8 << 20);
        let options = DecodeOptions { limits, exact: false };
        let decoded = super::super::decode(&Zeros(head(size, 6000)), &options).unwrap();
        assert_eq!(decoded.dimensions, size);
    }
}
