//! ISO base media boxes (ISO/IEC 14496-12, 4.2) and the items of a HEIF file (ISO/IEC 14496-12,
//! 8.11 and ISO/IEC 23008-12, 6 to 9).

mod items;

use std::io;

use super::ReadAt;
pub use items::Items;

/// Most bytes of a `meta` box that are read; those of real files have some ten kilobytes.
const MAX_META: u64 = 16 << 20;

/// Most boxes looked at in one box or file.
const MAX_BOXES: usize = 65_536;

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Where a box lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxRange {
    /// Four-character code.
    pub kind: [u8; 4],
    /// Where the content begins: after the header, before the version of a full box.
    pub start: u64,
    /// Where the box ends, at most at the end of the enclosing range.
    pub end: u64,
}

impl BoxRange {
    /// Length of the content in bytes.
    pub fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// The boxes from `start` to `end`, one after the other; stops at the first broken header.
///
/// # Errors
/// When the source cannot be read.
pub fn boxes(source: &dyn ReadAt, start: u64, end: u64) -> io::Result<Vec<BoxRange>> {
    let end = end.min(source.size());
    let (mut found, mut at) = (Vec::new(), start);
    while found.len() < MAX_BOXES && end.saturating_sub(at) >= 8 {
        let mut head = [0; 16];
        let len = (end - at).min(16) as usize;
        source.read_exact_at(at, &mut head[..len])?;
        let Some((kind, header, size)) = box_head(&head[..len], end - at) else { break };
        found.push(BoxRange { kind, start: at + header, end: at + size });
        at += size;
    }
    Ok(found)
}

/// Whether the file ends within a box that holds the picture or what belongs to it. Only boxes of
/// usual names are looked at: some cameras append data that are no boxes.
///
/// # Errors
/// When the source cannot be read.
pub fn is_cut(source: &dyn ReadAt) -> io::Result<bool> {
    const KINDS: [&[u8; 4]; 6] = [b"ftyp", b"meta", b"mdat", b"moov", b"free", b"uuid"];
    let (end, mut at) = (source.size(), 0_u64);
    for _ in 0..MAX_BOXES {
        let left = end.saturating_sub(at);
        if left < 8 {
            return Ok(false);
        }
        let mut head = [0; 16];
        let len = left.min(16) as usize;
        source.read_exact_at(at, &mut head[..len])?;
        let Some((kind, _, size)) = box_head(&head[..len], u64::MAX) else { return Ok(false) };
        // A box of the size 0 goes to the end, wherever that is.
        if size == u64::MAX || !KINDS.contains(&&kind) {
            match at.checked_add(size) {
                Some(next) if next <= end => at = next,
                _ => return Ok(false),
            }
            continue;
        }
        if size > left {
            return Ok(true);
        }
        at += size;
    }
    Ok(false)
}

/// Kind, length of the header and length of the whole box, cut at `left` bytes.
fn box_head(head: &[u8], left: u64) -> Option<([u8; 4], u64, u64)> {
    let mut fields = Fields(head);
    let size = fields.u32()?;
    let kind = fields.code()?;
    let (header, size) = match size {
        0 => (8, left),
        1 => (16, fields.uint(8)?),
        size => (8, u64::from(size)),
    };
    (size >= header && left >= header).then_some((kind, header, size.min(left)))
}

/// The boxes inside content that lies in memory.
pub fn children(content: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let (kind, header, size) = box_head(rest, rest.len() as u64)?;
        let (whole, after) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        rest = after;
        Some((kind, whole.get(usize::try_from(header).ok()?..)?))
    })
    .take(MAX_BOXES)
}

/// Content of the first box of that kind.
pub fn child<'a>(content: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    children(content).find(|(found, _)| found == kind).map(|(_, content)| content)
}

/// Reads big-endian fields one after the other; `None` past the end.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// An unsigned number of 0 to 8 bytes.
    pub fn uint(&mut self, bytes: usize) -> Option<u64> {
        debug_assert!(bytes <= 8);
        Some(self.take(bytes)?.iter().fold(0, |value, &byte| (value << 8) | u64::from(byte)))
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A four-character code.
    pub fn code(&mut self) -> Option<[u8; 4]> {
        self.take(4)?.try_into().ok()
    }

    /// Version and flags of a full box.
    pub fn version(&mut self) -> Option<(u8, u32)> {
        let word = self.u32()?;
        Some(((word >> 24) as u8, word & 0xff_ffff))
    }

    /// Two bytes in an old version of a box, four in a newer one.
    fn id(&mut self, long: bool) -> Option<u32> {
        if long { self.u32() } else { self.u16().map(u32::from) }
    }
}
