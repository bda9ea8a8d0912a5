//! The header of Fujifilm's RAF files: big-endian offsets of a JPEG preview and of a list of
//! records that describe the sensor's picture.

use std::io;

use super::ReadAt;
use super::isobmff::Fields;

const MAGIC: &[u8; 16] = b"FUJIFILMCCD-RAW ";
/// Most records of the list that are looked at, and most bytes of it.
const MAX_RECORDS: u32 = 256;
const MAX_LIST: u32 = 1 << 16;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raf {
    /// Where the preview begins.
    pub preview: u64,
    /// Its length in bytes.
    pub preview_size: u64,
    /// Width and height of the picture that the sensor gives, if the header says so.
    pub dimensions: Option<(u32, u32)>,
}

/// Reads the header; `None` when it is not that of a RAF file.
///
/// # Errors
/// When the source cannot be read, or ends before its header does.
pub fn read(source: &dyn ReadAt) -> io::Result<Option<Raf>> {
    let mut head = [0; 100];
    source.read_exact_at(0, &mut head)?;
    if !head.starts_with(MAGIC) {
        return Ok(None);
    }
    let mut offsets = [0_u32; 4];
    for (offset, bytes) in offsets.iter_mut().zip(head[84..].as_chunks::<4>().0) {
        *offset = u32::from_be_bytes(*bytes);
    }
    let [preview, preview_size, list, list_size] = offsets;
    let mut bytes = vec![0; list_size.min(MAX_LIST) as usize];
    let dimensions = source.read_exact_at(u64::from(list), &mut bytes).ok().and_then(|()| {
        let mut fields = Fields(&bytes);
        let count = fields.u32()?.min(MAX_RECORDS);
        (0..count).find_map(|_| {
            let (tag, len) = (fields.u16()?, fields.u16()?);
            let mut value = Fields(fields.take(usize::from(len))?);
            // 0x0111: rows and columns after the sensor's border is cut off.
            let (height, width) = (value.u16()?, value.u16()?);
            (tag == 0x0111).then_some((u32::from(width), u32::from(height)))
        })
    });
    Ok(Some(Raf { preview: u64::from(preview), preview_size: u64::from(preview_size), dimensions }))
}
