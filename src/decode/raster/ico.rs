//! ICO: the largest icon of the file, a PNG or a headless BMP.

use std::io::Cursor;

use image::codecs::ico::IcoDecoder;

use super::{dense, png};
use crate::container::{ReadAt, Window};
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::model::media::Format;

/// Appended, so that a mask that is missing or written too short reads as "nothing is masked": the
/// mask of 1024 × 1024 pixels.
const MASK: u32 = 1 << 17;

const HEADER: usize = 6;
const ENTRY: usize = 16;
/// Most bytes of a headless BMP that are read: 1024 × 1024 pixels of four bytes, and their mask.
const MOST_BYTES: u32 = 5 << 20;

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let mut header = [0; HEADER];
    source.read_exact_at(0, &mut header)?;
    let mut directory = vec![0; usize::from(u16::from_le_bytes([header[4], header[5]])) * ENTRY];
    source.read_exact_at(HEADER as u64, &mut directory)?;
    // A side of 0 stands for 256. The last of equals, as they are listed with rising depth.
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let (entries, _) = directory.as_chunks::<ENTRY>();
    let entry = entries
        .iter()
        .max_by_key(|entry| (side(entry[0]) * side(entry[1]), entry[6]))
        .ok_or_else(|| DecodeError::Damaged("ICO without an icon".into()))?;
    let [.., l0, l1, l2, l3, o0, o1, o2, o3] = *entry;
    let len = u32::from_le_bytes([l0, l1, l2, l3]);
    let offset = u64::from(u32::from_le_bytes([o0, o1, o2, o3]));

    let mut magic = [0; 8];
    source.read_exact_at(offset, &mut magic)?;
    if &magic == b"\x89PNG\r\n\x1a\n" {
        let window = Window::new(source, offset, len.into());
        let no_exif: &[u8] = &[];
        let decoded = png::decode(window, &no_exif.to_vec(), options)?;
        return Ok(Decoded { format: Format::Ico, ..decoded });
    }
    if len > MOST_BYTES {
        return Err(DecodeError::TooLarge {
            what: format!("an icon of {len} bytes"),
            limit: format!("{MOST_BYTES} bytes"),
        });
    }
    // The decoder chooses among the icons by a rule of its own: it is given this one alone.
    let mut alone = vec![0; HEADER + ENTRY + (len + MASK) as usize];
    alone[..HEADER].copy_from_slice(&[0, 0, 1, 0, 1, 0]);
    alone[HEADER..HEADER + ENTRY].copy_from_slice(entry);
    alone[HEADER + 8..HEADER + 12].copy_from_slice(&(len + MASK).to_le_bytes());
    alone[HEADER + 12..HEADER + ENTRY].copy_from_slice(&22_u32.to_le_bytes());
    source.read_exact_at(offset, &mut alone[HEADER + ENTRY..][..len as usize])?;
    dense::decode(Format::Ico, IcoDecoder::new(Cursor::new(alone)), false, options)
}
