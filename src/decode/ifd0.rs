//! The first directory of a TIFF file, as far as telling formats apart needs it. TIFF 6.0 (Adobe),
//! section 2; BigTIFF as libtiff reads it.

use std::io;

use crate::container::ReadAt;

/// Most entries that are looked at.
const MOST_ENTRIES: u64 = 1024;
/// Longest text that is read.
const MOST_TEXT: u64 = 64;

/// Tags of the first directory.
pub mod tag {
    #![allow(missing_docs)]
    pub const NEW_SUBFILE_TYPE: u16 = 0x00fe;
    pub const IMAGE_WIDTH: u16 = 0x0100;
    pub const IMAGE_LENGTH: u16 = 0x0101;
    pub const BITS_PER_SAMPLE: u16 = 0x0102;
    pub const COMPRESSION: u16 = 0x0103;
    pub const PHOTOMETRIC: u16 = 0x0106;
    pub const MAKE: u16 = 0x010f;
    pub const ORIENTATION: u16 = 0x0112;
    pub const SAMPLES_PER_PIXEL: u16 = 0x0115;
    pub const ROWS_PER_STRIP: u16 = 0x0116;
    pub const PLANAR_CONFIGURATION: u16 = 0x011c;
    pub const PREDICTOR: u16 = 0x013d;
    pub const TILE_WIDTH: u16 = 0x0142;
    pub const SUB_IFDS: u16 = 0x014a;
    pub const YCBCR_SUBSAMPLING: u16 = 0x0212;
    pub const DNG_VERSION: u16 = 0xc612;
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where the value stands, or its offset when it does not fit.
    at: u64,
}

/// The entries of a first directory.
pub struct Ifd0<'a> {
    source: &'a dyn ReadAt,
    big_endian: bool,
    /// BigTIFF: offsets and counts of eight bytes.
    long: bool,
    entries: Vec<Entry>,
}

impl<'a> Ifd0<'a> {
    /// Reads the directory; `None` when `source` is no TIFF file or its directory lies outside.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn read(source: &'a dyn ReadAt) -> io::Result<Option<Self>> {
        let mut head = [0; 16];
        let size = source.size();
        if size < 16 {
            return Ok(None);
        }
        source.read_exact_at(0, &mut head)?;
        let (big_endian, long) = match &head[..4] {
            b"II*\0" => (false, false),
            b"MM\0*" => (true, false),
            b"II+\0" => (false, true),
            b"MM\0+" => (true, true),
            _ => return Ok(None),
        };
        let mut ifd = Self { source, big_endian, long, entries: Vec::new() };
        let start = if long { ifd.number(8, 8)? } else { ifd.number(4, 4)? };
        let (count_bytes, entry_bytes) = if long { (8, 20) } else { (2, 12) };
        if start.saturating_add(count_bytes) > size {
            return Ok(None);
        }
        let count = ifd.number(start, count_bytes)?.min(MOST_ENTRIES);
        for index in 0..count {
            let at = start + count_bytes + index * entry_bytes;
            if at + entry_bytes > size {
                break;
            }
            let entry = Entry {
                tag: ifd.number(at, 2)? as u16,
                kind: ifd.number(at + 2, 2)? as u16,
                count: ifd.number(at + 4, if long { 8 } else { 4 })?,
                at: at + if long { 12 } else { 8 },
            };
            ifd.entries.push(entry);
        }
        Ok(Some(ifd))
    }

    /// An unsigned number of `len` bytes (at most 8) in the file's own byte order.
    fn number(&self, at: u64, len: u64) -> io::Result<u64> {
        let mut bytes = [0; 8];
        let len = (len as usize).min(8);
        self.source.read_exact_at(at, &mut bytes[..len])?;
        let value = bytes[..len].iter().enumerate().fold(0, |value, (index, &byte)| {
            let place = if self.big_endian { len - 1 - index } else { index };
            value | u64::from(byte) << (8 * place)
        });
        Ok(value)
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// Whether the tag is there.
    pub fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// The value of a tag that holds one unsigned number of one to four bytes.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn value(&self, tag: u16) -> io::Result<Option<u32>> {
        let Some(entry) = self.entry(tag).filter(|entry| entry.count == 1) else {
            return Ok(None);
        };
        let len = match entry.kind {
            1 => 1,
            3 => 2,
            4 => 4,
            _ => return Ok(None),
        };
        Ok(Some(self.number(entry.at, len)? as u32))
    }

    /// The values of a tag that holds SHORT numbers, at most eight of them.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn shorts(&self, tag: u16) -> io::Result<Vec<u16>> {
        let Some(entry) = self.entry(tag).filter(|entry| entry.kind == 3) else {
            return Ok(Vec::new());
        };
        let inline = if self.long { 8 } else { 4 };
        let count = entry.count.min(8);
        let at = if entry.count.saturating_mul(2) <= inline {
            entry.at
        } else {
            self.number(entry.at, inline)?
        };
        (0..count).map(|index| Ok(self.number(at.saturating_add(2 * index), 2)? as u16)).collect()
    }

    /// What stands from where on in an entry whose tag holds that one number, as SHORT or LONG.
    pub fn rewritten(&self, tag: u16, value: u32) -> Option<(u64, Vec<u8>)> {
        let entry = self.entry(tag)?;
        let (start, value_len) = if self.long { (entry.at - 10, 8) } else { (entry.at - 6, 4) };
        let (kind, used) = if value > u32::from(u16::MAX) { (4, 4) } else { (3, 2) };
        let mut bytes = Vec::new();
        let mut push = |number: u64, len: usize| {
            let number = number.to_be_bytes();
            let digits = &number[number.len() - len..];
            if self.big_endian {
                bytes.extend(digits);
            } else {
                bytes.extend(digits.iter().rev());
            }
        };
        push(kind, 2);
        push(1, value_len);
        push(value.into(), used);
        bytes.resize(2 + 2 * value_len, 0);
        Some((start, bytes))
    }

    /// The text of a tag, cut after 64 bytes.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn text(&self, tag: u16) -> io::Result<Vec<u8>> {
        let Some(entry) = self.entry(tag).filter(|entry| entry.kind == 2) else {
            return Ok(Vec::new());
        };
        let inline = if self.long { 8 } else { 4 };
        let at = if entry.count <= inline { entry.at } else { self.number(entry.at, inline)? };
        let left = self.source.size().saturating_sub(at);
        let mut text = vec![0; entry.count.min(MOST_TEXT).min(left) as usize];
        self.source.read_exact_at(at, &mut text)?;
        Ok(text)
    }
}
