//! Strips of a TIFF that are packed by LZW or deflate, of 8 bits a sample: the most common ones,
//! faster than the `tiff` crate unpacks them.

use std::io::{Read, Seek};

use ::tiff::decoder::{ChunkType, Decoder};
use ::tiff::tags::Tag;
use fdeflate::Decompressor;

use super::lzw;
use crate::container::ReadAt;

/// How the bytes of strips are packed: the values of "Compression".
#[derive(Clone, Copy)]
enum Packing {
    /// 5 (section 13).
    Lzw,
    /// 8, and 32946 of earlier writers: a zlib stream (Adobe Photoshop TIFF technical notes, 2002).
    Deflate,
}

/// "Predictor": each sample is stored as the difference to that of the pixel before (section 14).
const DIFFERENCES: u32 = 2;
/// Packed data is not that much longer than unpacked data, even where nothing repeats.
const MOST_GROWTH: u64 = 2;

/// Where they lie, and how they are stored.
pub(super) struct PackedStrips {
    packing: Packing,
    offsets: Vec<u64>,
    sizes: Vec<u64>,
    /// Samples of a pixel that are stored together; `None` where they are no differences.
    step: Option<usize>,
}

impl PackedStrips {
    /// `None` for pictures in any other form.
    pub fn find<R: Read + Seek>(decoder: &mut Decoder<R>, step: usize) -> Option<Self> {
        let value = |decoder: &mut Decoder<R>, tag| decoder.find_tag_unsigned::<u32>(tag).ok();
        let is_fitting = decoder.get_chunk_type() == ChunkType::Strip
            && decoder.colortype().ok()?.bit_depth() == 8;
        let packing = match value(decoder, Tag::Compression)?? {
            5 => Packing::Lzw,
            8 | 32946 => Packing::Deflate,
            _ => return None,
        };
        let step = match value(decoder, Tag::Predictor)?.unwrap_or(1) {
            1 => None,
            DIFFERENCES => Some(step),
            _ => return None,
        };
        let offsets = decoder.find_tag_unsigned_vec(Tag::StripOffsets).ok().flatten()?;
        let sizes = decoder.find_tag_unsigned_vec(Tag::StripByteCounts).ok().flatten()?;
        is_fitting.then_some(Self { packing, offsets, sizes, step })
    }

    /// Unpacks a strip of rows of `stride` bytes, by way of `packed`. `None` for what the `tiff` crate may judge:
    /// damage, and codes in the order of early writers.
    pub fn unpack(
        &self,
        source: &dyn ReadAt,
        index: u32,
        stride: usize,
        packed: &mut Vec<u8>,
        out: &mut [u8],
    ) -> Option<()> {
        let index = usize::try_from(index).ok()?;
        let (&offset, &size) = (self.offsets.get(index)?, self.sizes.get(index)?);
        if size > MOST_GROWTH * out.len() as u64 + 64 || stride == 0 {
            return None;
        }
        packed.resize(usize::try_from(size).ok()?, 0);
        source.read_exact_at(offset, packed).ok()?;
        match self.packing {
            Packing::Lzw => lzw::unpack(packed, out)?,
            Packing::Deflate => inflate(packed, out)?,
        }
        if let Some(step) = self.step {
            out.chunks_mut(stride).for_each(|row| undo_differences(row, step));
        }
        Some(())
    }
}

/// Makes samples of the differences to those of the pixel before.
fn undo_differences(row: &mut [u8], step: usize) {
    match step {
        1 => add_up::<1>(row),
        3 => add_up::<3>(row),
        4 => add_up::<4>(row),
        _ => {
            for at in step..row.len() {
                row[at] = row[at].wrapping_add(row[at - step]);
            }
        }
    }
}

/// The same for pixels of `N` samples: the sums stay in registers.
fn add_up<const N: usize>(row: &mut [u8]) {
    let mut sums = [0_u8; N];
    for pixel in row.as_chunks_mut::<N>().0 {
        for (sum, difference) in sums.iter_mut().zip(*pixel) {
            *sum = sum.wrapping_add(difference);
        }
        *pixel = sums;
    }
}

/// Unpacks a zlib stream that has so many bytes.
fn inflate(packed: &[u8], out: &mut [u8]) -> Option<()> {
    let mut decompressor = Decompressor::new();
    let (_, length) = decompressor.read(packed, out, 0, true).ok()?;
    (length == out.len()).then_some(())
}
