//! TIFF file directories (TIFF 6.0, section 2; BigTIFF as libtiff reads it) with the headers of the
//! RAW formats built on them, and the compact block that a picture's Exif tags are cut down to.

use std::io;

use super::ReadAt;

/// Most directories followed in one file, and most entries read of one.
const MAX_IFDS: usize = 64;
const MAX_ENTRIES: u64 = 1024;
/// Longest value that goes into a compact block.
const MAX_VALUE: u64 = 4096;

/// Directories below the main one.
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;
const SUB_IFDS: u16 = 0x014a;

/// One value of a directory.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Number of the tag.
    pub tag: u16,
    kind: u16,
    count: u64,
    /// Where the entry begins, counted from the header.
    start: u64,
    /// Where the value lies, counted from the header.
    at: u64,
}

impl Entry {
    /// Bytes of one number; 0 for a type that TIFF 6.0 does not know.
    fn unit(self) -> u64 {
        match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => 0,
        }
    }

    /// Length of the value in bytes.
    pub fn size(self) -> u64 {
        self.unit().saturating_mul(self.count)
    }
}

/// A directory.
#[derive(Clone, Debug, Default)]
pub struct Ifd {
    /// Its values.
    pub entries: Vec<Entry>,
    next: u64,
}

impl Ifd {
    /// The value of a tag.
    pub fn entry(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().copied().find(|entry| entry.tag == tag)
    }
}

/// A TIFF structure inside a source.
#[derive(Clone, Copy)]
pub struct Tiff<'a> {
    source: &'a dyn ReadAt,
    base: u64,
    is_big_endian: bool,
    /// BigTIFF: counts and offsets of eight bytes.
    is_long: bool,
    first: u64,
}

impl<'a> Tiff<'a> {
    /// Opens the structure whose header is at `base`; `None` when there is none. The numbers
    /// after the byte order are those of TIFF (42), of RW2 (85) and of ORF (`OR`, `SR`).
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn open(source: &'a dyn ReadAt, base: u64) -> io::Result<Option<Self>> {
        let mut head = [0; 8];
        if source.size().saturating_sub(base) < 8 {
            return Ok(None);
        }
        source.read_exact_at(base, &mut head)?;
        let is_big_endian = match &head[..4] {
            b"II*\0" | b"IIU\0" | b"IIRO" | b"IIRS" => false,
            b"MM\0*" | b"MMOR" => true,
            _ => return Ok(None),
        };
        let mut tiff = Self { source, base, is_big_endian, is_long: false, first: 0 };
        tiff.first = tiff.uint(&head[4..8]);
        Ok(Some(tiff))
    }

    /// Opens a TIFF or BigTIFF file; `None` for any other, those of RAW formats with a magic of
    /// their own included, and where the first directory lies outside.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn open_file(source: &'a dyn ReadAt) -> io::Result<Option<Self>> {
        let mut head = [0; 16];
        if source.size() < 16 {
            return Ok(None);
        }
        source.read_exact_at(0, &mut head)?;
        let (is_big_endian, is_long) = match &head[..4] {
            b"II*\0" => (false, false),
            b"MM\0*" => (true, false),
            b"II+\0" => (false, true),
            b"MM\0+" => (true, true),
            _ => return Ok(None),
        };
        let mut tiff = Self { source, base: 0, is_big_endian, is_long, first: 0 };
        tiff.first = tiff.uint(if is_long { &head[8..] } else { &head[4..8] });
        let (count_bytes, ..) = tiff.widths();
        let lies_inside = tiff.first > 0 && tiff.first.saturating_add(count_bytes) <= source.size();
        Ok(lies_inside.then_some(tiff))
    }

    /// The same bytes and byte order with offsets counted from elsewhere.
    pub fn rebased(self, base: u64) -> Self {
        Self { base, ..self }
    }

    /// What it is read from.
    pub fn source(&self) -> &'a dyn ReadAt {
        self.source
    }

    /// Where its offsets count from.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// An unsigned number of at most eight bytes.
    fn uint(&self, bytes: &[u8]) -> u64 {
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.is_big_endian {
            bytes.iter().fold(0, push)
        } else {
            bytes.iter().rev().fold(0, push)
        }
    }

    /// Bytes of the number of entries, of an entry, and of a value that is in the entry itself.
    fn widths(&self) -> (u64, u64, u64) {
        if self.is_long { (8, 20, 8) } else { (2, 12, 4) }
    }

    /// The directory at `offset`; an empty one where none can lie.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn ifd(&self, offset: u64) -> io::Result<Ifd> {
        let Some(start) = self.base.checked_add(offset) else { return Ok(Ifd::default()) };
        let left = self.source.size().saturating_sub(start);
        let (count_bytes, entry_bytes, inline) = self.widths();
        if offset == 0 || left < count_bytes {
            return Ok(Ifd::default());
        }
        let mut count = [0; 8];
        let count = &mut count[..count_bytes as usize];
        self.source.read_exact_at(start, count)?;
        // A directory cut off by the end of the file keeps the entries that are there.
        let whole = self.uint(count);
        let count = whole.min(MAX_ENTRIES).min((left - count_bytes) / entry_bytes);
        let mut bytes = vec![0; (count * entry_bytes) as usize];
        self.source.read_exact_at(start + count_bytes, &mut bytes)?;
        let end = count_bytes + count * entry_bytes;
        let mut next = [0; 8];
        if count == whole && left >= end + inline {
            self.source.read_exact_at(start + end, &mut next[..inline as usize])?;
        }
        let entries = (0_u64..).zip(bytes.chunks_exact(entry_bytes as usize)).map(|(index, b)| {
            let start = offset + count_bytes + index * entry_bytes;
            let (count, value) = b[4..].split_at(inline as usize);
            let mut entry = Entry {
                tag: self.uint(&b[..2]) as u16,
                kind: self.uint(&b[2..4]) as u16,
                count: self.uint(count),
                start,
                at: start + 4 + inline,
            };
            if entry.size() > inline {
                entry.at = self.uint(value);
            }
            entry
        });
        Ok(Ifd { entries: entries.collect(), next: self.uint(&next[..inline as usize]) })
    }

    /// The main directory.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn main(&self) -> io::Result<Ifd> {
        self.ifd(self.first)
    }

    /// The main directory, those chained to it, and those below them; at most 64.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn all(&self) -> io::Result<Vec<Ifd>> {
        let (mut found, mut seen) = (Vec::new(), Vec::new());
        let mut waiting = vec![self.first];
        while let Some(offset) = waiting.pop() {
            if offset == 0 || seen.contains(&offset) || seen.len() >= MAX_IFDS {
                continue;
            }
            seen.push(offset);
            let ifd = self.ifd(offset)?;
            waiting.push(ifd.next);
            if let Some(below) = ifd.entry(SUB_IFDS) {
                waiting.extend(self.numbers(below, MAX_IFDS).into_iter().map(u64::from));
            }
            found.push(ifd);
        }
        Ok(found)
    }

    /// The directory that a tag of `ifd` points to; an empty one where there is none.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn below(&self, ifd: &Ifd, tag: u16) -> io::Result<Ifd> {
        let offset = ifd.entry(tag).and_then(|entry| self.numbers(entry, 1).first().copied());
        self.ifd(u64::from(offset.unwrap_or(0)))
    }

    /// The Exif directory.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn exif(&self) -> io::Result<Ifd> {
        self.below(&self.main()?, EXIF_IFD)
    }

    /// Where a value lies in the source.
    pub fn position(&self, entry: Entry) -> u64 {
        self.base.saturating_add(entry.at)
    }

    /// The unsigned numbers of a value, at most `limit`; none for other types and for what lies
    /// outside of the source.
    pub fn numbers(&self, entry: Entry, limit: usize) -> Vec<u32> {
        let unit = entry.unit();
        if !matches!(entry.kind, 1 | 3 | 4 | 7 | 13) {
            return Vec::new();
        }
        let Some(bytes) = self.value(entry, unit.saturating_mul(limit as u64)) else {
            return Vec::new();
        };
        match unit {
            1 => bytes.into_iter().map(u32::from).collect(),
            width => bytes.chunks_exact(width as usize).map(|b| self.uint(b) as u32).collect(),
        }
    }

    /// First number of a tag.
    pub fn number(&self, ifd: &Ifd, tag: u16) -> Option<u32> {
        self.numbers(ifd.entry(tag)?, 1).first().copied()
    }

    /// The value of a tag that holds one unsigned number of one to four bytes.
    pub fn single(&self, ifd: &Ifd, tag: u16) -> Option<u32> {
        let entry = ifd.entry(tag).filter(|entry| entry.count == 1)?;
        if !matches!(entry.kind, 1 | 3 | 4) {
            return None;
        }
        self.numbers(entry, 1).first().copied()
    }

    /// The values of a tag that holds SHORT numbers, at most eight of them.
    pub fn shorts(&self, ifd: &Ifd, tag: u16) -> Vec<u16> {
        let Some(entry) = ifd.entry(tag).filter(|entry| entry.kind == 3) else {
            return Vec::new();
        };
        self.numbers(entry, 8).into_iter().map(|number| number as u16).collect()
    }

    /// The text of a tag, cut after `limit` bytes.
    pub fn text(&self, ifd: &Ifd, tag: u16, limit: u64) -> Vec<u8> {
        let entry = ifd.entry(tag).filter(|entry| entry.kind == 2);
        entry.and_then(|entry| self.value(entry, limit)).unwrap_or_default()
    }

    /// The bytes of an entry whose tag holds that one number, as SHORT or LONG, and where in the
    /// source they stand: the type, the count and the value, but not the tag itself.
    pub fn rewritten(&self, ifd: &Ifd, tag: u16, value: u32) -> Option<(u64, Vec<u8>)> {
        let entry = ifd.entry(tag)?;
        let (_, _, inline) = self.widths();
        let (kind, used) = if value > u32::from(u16::MAX) { (4, 4) } else { (3, 2) };
        let mut bytes = Vec::new();
        for (number, width) in [(kind, 2), (1, inline as usize), (u64::from(value), used)] {
            let number = number.to_be_bytes();
            let digits = &number[number.len() - width..];
            if self.is_big_endian {
                bytes.extend(digits);
            } else {
                bytes.extend(digits.iter().rev());
            }
        }
        bytes.resize(2 + 2 * inline as usize, 0);
        Some((self.base.saturating_add(entry.start + 2), bytes))
    }

    /// The first bytes of a value, at most `limit`; `None` outside of the source.
    fn value(&self, entry: Entry, limit: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(entry.size().min(limit)).ok()?];
        let position = self.position(entry);
        if position.checked_add(bytes.len() as u64)? > self.source.size() {
            return None;
        }
        self.source.read_exact_at(position, &mut bytes).ok()?;
        Some(bytes)
    }

    /// The short values of a directory, for a compact block.
    fn short_values(&self, ifd: &Ifd) -> Vec<EntryValue> {
        // Pointers and places of pixels mean nothing outside of the file; maker notes are left
        // out because nothing reads them.
        const LEFT_OUT: [u16; 12] = [
            0x0111, 0x0117, 0x0144, 0x0145, SUB_IFDS, 0x0201, 0x0202, EXIF_IFD, GPS_IFD, 0xa005,
            0x927c, 0x02bc,
        ];
        let kept = ifd.entries.iter().filter(|entry| {
            !LEFT_OUT.contains(&entry.tag) && (1..=MAX_VALUE).contains(&entry.size())
        });
        kept.filter_map(|&entry| {
            let Entry { tag, kind, count, .. } = entry;
            Some(EntryValue {
                tag,
                kind,
                count: count as u32,
                bytes: self.value(entry, MAX_VALUE)?,
            })
        })
        .collect()
    }
}

struct EntryValue {
    tag: u16,
    kind: u16,
    count: u32,
    bytes: Vec<u8>,
}

/// The Exif tags of a TIFF-based file (TIFF, DNG, CR2, NEF, ARW, ORF, RW2, PEF, SRW) as a block of
/// their own: a TIFF of the main, Exif and GPS directories with values of at most 4 KiB each.
/// `None` for a source that is no TIFF.
///
/// # Errors
/// When the source cannot be read.
pub fn exif_block(source: &dyn ReadAt) -> io::Result<Option<Vec<u8>>> {
    let Some(tiff) = Tiff::open(source, 0)? else { return Ok(None) };
    let main = tiff.main()?;
    let (exif, gps) = (tiff.below(&main, EXIF_IFD)?, tiff.below(&main, GPS_IFD)?);
    let parts = [&main, &exif, &gps].map(|ifd| tiff.short_values(ifd));
    Ok(Some(compact(tiff.is_big_endian, parts)))
}

/// One block from directories that stand in TIFFs of their own, as CR3 keeps them: the main, the
/// Exif and the GPS directory. One that is missing, broken or of another byte order is left out.
pub fn join(parts: [&[u8]; 3]) -> Option<Vec<u8>> {
    let parts = parts.map(<[u8]>::to_vec);
    let tiffs = parts.each_ref().map(|part| Tiff::open(part, 0).ok().flatten());
    let is_big_endian = tiffs.iter().flatten().next()?.is_big_endian;
    let values = tiffs.map(|tiff| {
        let tiff = tiff.filter(|tiff| tiff.is_big_endian == is_big_endian);
        tiff.and_then(|tiff| Some(tiff.short_values(&tiff.main().ok()?))).unwrap_or_default()
    });
    Some(compact(is_big_endian, values))
}

/// Writes the directories one after the other, each followed by its values.
fn compact(is_big_endian: bool, [mut main, exif, gps]: [Vec<EntryValue>; 3]) -> Vec<u8> {
    let two = |value: u16| if is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let four = |value: u32| if is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let size = |values: &[EntryValue]| -> usize {
        let long = |value: &EntryValue| if value.bytes.len() > 4 { value.bytes.len() } else { 0 };
        6 + values.iter().map(|value| 12 + long(value).next_multiple_of(2)).sum::<usize>()
    };
    let pointers = [(EXIF_IFD, !exif.is_empty()), (GPS_IFD, !gps.is_empty())];
    for (tag, _) in pointers.into_iter().filter(|(_, present)| *present) {
        main.push(EntryValue { tag, kind: 4, count: 1, bytes: vec![0; 4] });
    }
    // At most 1024 values of 4 KiB per directory: the offsets fit.
    let exif_at = 8 + size(&main) as u32;
    let gps_at = exif_at + if exif.is_empty() { 0 } else { size(&exif) as u32 };
    for value in &mut main {
        match value.tag {
            EXIF_IFD => value.bytes = four(exif_at).to_vec(),
            GPS_IFD => value.bytes = four(gps_at).to_vec(),
            _ => {}
        }
    }
    let mut out = if is_big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    out.extend(two(42));
    out.extend(four(8));
    for mut values in [main, exif, gps].into_iter().filter(|values| !values.is_empty()) {
        values.sort_by_key(|value| value.tag);
        let mut long = Vec::new();
        let long_at = out.len() + 6 + values.len() * 12;
        out.extend(two(values.len() as u16));
        for value in &values {
            out.extend(two(value.tag));
            out.extend(two(value.kind));
            out.extend(four(value.count));
            if value.bytes.len() > 4 {
                out.extend(four((long_at + long.len()) as u32));
                long.extend(&value.bytes);
                long.resize(long.len().next_multiple_of(2), 0);
            } else {
                out.extend(value.bytes.iter().copied().chain([0; 4]).take(4));
            }
        }
        out.extend(four(0));
        out.extend(long);
    }
    out
}
