//! TIFF file directories (TIFF 6.0, section 2) with the headers of the RAW formats built on them,
//! and the compact block that a picture's Exif tags are cut down to.

use std::io;

use super::ReadAt;

/// Most directories followed in one file, and most entries read of one.
const MAX_IFDS: usize = 64;
const MAX_ENTRIES: u16 = 1024;
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
    count: u32,
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
        self.unit() * u64::from(self.count)
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
        let mut tiff = Self { source, base, is_big_endian, first: 0 };
        tiff.first = u64::from(tiff.u32([head[4], head[5], head[6], head[7]]));
        Ok(Some(tiff))
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

    fn u16(&self, bytes: [u8; 2]) -> u16 {
        if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// The directory at `offset`; an empty one where none can lie.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn ifd(&self, offset: u64) -> io::Result<Ifd> {
        let Some(start) = self.base.checked_add(offset) else { return Ok(Ifd::default()) };
        let left = self.source.size().saturating_sub(start);
        if offset == 0 || left < 2 {
            return Ok(Ifd::default());
        }
        let mut count = [0; 2];
        self.source.read_exact_at(start, &mut count)?;
        // A directory cut off by the end of the file keeps the entries that are there.
        let whole = u64::from(self.u16(count));
        let count = whole.min(u64::from(MAX_ENTRIES)).min((left - 2) / 12);
        let mut bytes = vec![0; count as usize * 12];
        self.source.read_exact_at(start + 2, &mut bytes)?;
        let mut next = [0; 4];
        if count == whole && left >= 6 + count * 12 {
            self.source.read_exact_at(start + 2 + count * 12, &mut next)?;
        }
        let entries = (0_u64..).zip(bytes.as_chunks::<12>().0).map(|(index, b)| {
            let mut entry = Entry {
                tag: self.u16([b[0], b[1]]),
                kind: self.u16([b[2], b[3]]),
                count: self.u32([b[4], b[5], b[6], b[7]]),
                at: offset + 2 + index * 12 + 8,
            };
            if entry.size() > 4 {
                entry.at = u64::from(self.u32([b[8], b[9], b[10], b[11]]));
            }
            entry
        });
        Ok(Ifd { entries: entries.collect(), next: u64::from(self.u32(next)) })
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
            2 => bytes.as_chunks::<2>().0.iter().map(|&b| u32::from(self.u16(b))).collect(),
            _ => bytes.as_chunks::<4>().0.iter().map(|&b| self.u32(b)).collect(),
        }
    }

    /// First number of a tag.
    pub fn number(&self, ifd: &Ifd, tag: u16) -> Option<u32> {
        self.numbers(ifd.entry(tag)?, 1).first().copied()
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
            Some(EntryValue { tag, kind, count, bytes: self.value(entry, MAX_VALUE)? })
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
