//! Where the formats keep Exif and XMP: read without decoding a pixel, and without reading more of
//! a file than the heads of its parts.

use std::io;

use crate::container::isobmff::{self, Items};
use crate::container::{ReadAt, cr3, raf, tiff};

/// Longest block that is read. Exif has at most 64 KiB in a JPEG; XMP may be longer elsewhere.
const MOST_BYTES: u64 = 4 << 20;
/// Most parts of a file that are looked at.
const MOST_PARTS: usize = 4096;
/// Longest text, and longest head of a colour profile, that is read.
const MOST_TEXT: u64 = 4096;
/// Most texts of a file.
const MOST_TEXTS: usize = 32;

/// Blocks of metadata.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// From the TIFF header on.
    pub(super) exif: Vec<Vec<u8>>,
    /// XML text.
    pub(super) xmp: Vec<Vec<u8>>,
    /// Photoshop's resources.
    pub(super) photoshop: Vec<Vec<u8>>,
    /// The container has its own way of turning the picture.
    pub(super) turned_by_container: bool,
    /// Comments, and what names a program.
    pub(super) texts: Vec<String>,
    /// The head of the colour profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Pictures that cameras add: depth, gain map.
    pub(super) has_auxiliaries: bool,
    /// A segment that only an editor writes.
    pub(super) has_editors_segment: bool,
}

/// What a format says where a block of it begins.
const EXIF_HEAD: &[u8] = b"Exif\0\0";
const PHOTOSHOP_HEAD: &[u8] = b"Photoshop 3.0\0";
/// "Save for Web" of Photoshop.
const DUCKY_HEAD: &[u8] = b"Ducky";
/// More pictures behind the first (CIPA DC-007).
const MPF_HEAD: &[u8] = b"MPF\0";
/// ICC.1, B.4; with number and count of the segments.
const PROFILE_HEAD: &[u8] = b"ICC_PROFILE\0\x01";
const XMP_HEAD: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// What the type of an auxiliary picture ends in that is the transparency (ISO/IEC 23008-12, 6.6.2).
const ALPHA: &str = "auxid:1";

impl Blocks {
    /// Of a file of any picture format; empty for all others.
    pub(super) fn read(source: &dyn ReadAt) -> Self {
        let mut blocks = Self::default();
        // What can be read counts, wherever the file breaks off.
        let _ = blocks.fill(source);
        blocks
    }

    fn fill(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        let mut head = [0; 16];
        let length = source.size().min(16) as usize;
        source.read_exact_at(0, &mut head[..length])?;
        match &head {
            [0xff, 0xd8, ..] => self.jpeg(source, 0),
            [0x89, b'P', b'N', b'G', ..] => self.png(source),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => self.webp(source),
            [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', ..] => {
                raf::read(source)?.map_or(Ok(()), |raf| self.jpeg(source, raf.preview))
            }
            [_, _, _, _, b'f', b't', b'y', b'p', b'c', b'r', b'x', ..] => self.cr3(source),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => self.heif(source),
            [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => self.jxl(source),
            [b'I', b'I' | b'M', ..] | [b'M', b'M', ..] => self.tiff(source),
            _ => Ok(()),
        }
    }

    fn take(&mut self, source: &dyn ReadAt, at: u64, length: u64, xmp: bool) -> io::Result<()> {
        if length > MOST_BYTES || at.saturating_add(length) > source.size() {
            return Ok(());
        }
        let mut bytes = vec![0; length as usize];
        source.read_exact_at(at, &mut bytes)?;
        if xmp {
            self.xmp.push(bytes);
        } else {
            // Some writers put JPEG's head before it in every format.
            let skip = if bytes.starts_with(EXIF_HEAD) { EXIF_HEAD.len() } else { 0 };
            self.exif.push(bytes.split_off(skip));
        }
        Ok(())
    }

    /// The first bytes of a part, [`MOST_TEXT`] at most.
    fn head(&self, source: &dyn ReadAt, at: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length.min(MOST_TEXT) as usize];
        source.read_exact_at(at, &mut bytes)?;
        Ok(bytes)
    }

    fn text(&mut self, bytes: &[u8]) {
        if self.texts.len() < MOST_TEXTS {
            self.texts.push(String::from_utf8_lossy(bytes).trim().to_owned());
        }
    }

    /// Segments up to the first scan (ITU-T T.81, B.1.1.4).
    fn jpeg(&mut self, source: &dyn ReadAt, start: u64) -> io::Result<()> {
        let mut at = start + 2;
        for _ in 0..MOST_PARTS {
            let mut head = [0; 4];
            source.read_exact_at(at, &mut head)?;
            let [0xff, marker, high, low] = head else { return Ok(()) };
            match marker {
                // Fill bytes.
                0xff => {
                    at += 1;
                    continue;
                }
                // The scan, or the end.
                0xda | 0xd9 => return Ok(()),
                _ => {}
            }
            let length = u64::from(u16::from_be_bytes([high, low]));
            if matches!(marker, 0xe2 | 0xec | 0xfe) {
                let head = self.head(source, at + 4, length.saturating_sub(2))?;
                match marker {
                    0xfe => self.text(&head),
                    0xec => self.has_editors_segment |= head.starts_with(DUCKY_HEAD),
                    _ if head.starts_with(PROFILE_HEAD) => {
                        self.profile.get_or_insert(head);
                    }
                    _ => self.has_auxiliaries |= head.starts_with(MPF_HEAD),
                }
            }
            if matches!(marker, 0xe1 | 0xed) && length > 8 {
                let mut bytes = vec![0; (length - 2) as usize];
                source.read_exact_at(at + 4, &mut bytes)?;
                if bytes.starts_with(EXIF_HEAD) {
                    self.exif.push(bytes.split_off(EXIF_HEAD.len()));
                } else if bytes.starts_with(XMP_HEAD) {
                    self.xmp.push(bytes.split_off(XMP_HEAD.len()));
                } else if bytes.starts_with(PHOTOSHOP_HEAD) {
                    self.photoshop.push(bytes.split_off(PHOTOSHOP_HEAD.len()));
                }
            }
            at += 2 + length.max(2);
        }
        Ok(())
    }

    /// Chunks `eXIf` and `iTXt` (PNG third edition, 11.3).
    fn png(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        const KEYWORD: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";
        let mut at = 8_u64;
        for _ in 0..MOST_PARTS {
            let mut head = [0; 8];
            source.read_exact_at(at, &mut head)?;
            let [l0, l1, l2, l3, name @ ..] = head;
            let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
            match &name {
                b"eXIf" => self.take(source, at + 8, length, false)?,
                b"iTXt" if length > KEYWORD.len() as u64 => {
                    let mut keyword = [0; KEYWORD.len()];
                    source.read_exact_at(at + 8, &mut keyword)?;
                    if keyword == *KEYWORD {
                        let skip = KEYWORD.len() as u64;
                        self.take(source, at + 8 + skip, length - skip, true)?;
                    }
                }
                b"tEXt" => {
                    let bytes = self.head(source, at + 8, length)?;
                    let mut parts = bytes.splitn(2, |&byte| byte == 0);
                    if let (
                        Some(b"Software" | b"Comment" | b"Description" | b"Title"),
                        Some(text),
                    ) = (parts.next(), parts.next())
                    {
                        self.text(text);
                    }
                }
                b"IEND" => return Ok(()),
                _ => {}
            }
            at += 12 + length;
        }
        Ok(())
    }

    /// Chunks `EXIF` and `XMP ` (RFC 9649).
    fn webp(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        let mut at = 12_u64;
        for _ in 0..MOST_PARTS {
            let mut head = [0; 8];
            source.read_exact_at(at, &mut head)?;
            let [name @ .., l0, l1, l2, l3] = head;
            let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
            match &name {
                b"EXIF" => self.take(source, at + 8, length, false)?,
                b"XMP " => self.take(source, at + 8, length, true)?,
                b"ICCP" => self.profile = Some(self.head(source, at + 8, length)?),
                _ => {}
            }
            at += 8 + length + (length & 1);
        }
        Ok(())
    }

    fn heif(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        self.turned_by_container = true;
        if let Some(items) = Items::read(source)? {
            self.exif.extend(items.exif(source));
            self.has_auxiliaries = items.auxiliaries().any(|kind| !kind.ends_with(ALPHA));
            self.profile = items.property(items.primary, b"colr").map(|colours| {
                let head = &colours[..colours.len().min(MOST_TEXT as usize)];
                // Only a profile names its colours; numbers of primaries do so for sRGB too.
                if head.starts_with(b"prof") { head.to_vec() } else { b"sRGB".to_vec() }
            });
            for id in items.of_kind(*b"mime") {
                let bytes = items.bytes(source, id, MOST_BYTES).unwrap_or_default();
                if bytes.trim_ascii_start().starts_with(b"<") {
                    self.xmp.push(bytes);
                }
            }
        }
        Ok(())
    }

    /// Boxes `Exif`, after four bytes, and `xml ` (ISO/IEC 18181-2).
    fn jxl(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        for found in isobmff::boxes(source, 0, source.size())? {
            match &found.kind {
                b"Exif" if found.size() > 4 => {
                    self.take(source, found.start + 4, found.size() - 4, false)?;
                }
                b"xml " => self.take(source, found.start, found.size(), true)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn cr3(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        self.exif.extend(cr3::read(source)?.and_then(|cr3| cr3.exif_block()));
        self.uuid_xmp(source)
    }

    /// The box that Adobe keeps XMP in (XMP specification, part 3, 1.1.4).
    fn uuid_xmp(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        const XMP: [u8; 16] = 0xbe7a_cfcb_97a9_42e8_9c71_9994_91e3_afac_u128.to_be_bytes();
        for found in isobmff::boxes(source, 0, source.size())? {
            if &found.kind == b"uuid" && found.size() > 16 {
                let mut name = [0; 16];
                source.read_exact_at(found.start, &mut name)?;
                if name == XMP {
                    self.take(source, found.start + 16, found.size() - 16, true)?;
                }
            }
        }
        Ok(())
    }

    fn tiff(&mut self, source: &dyn ReadAt) -> io::Result<()> {
        const XMP: u16 = 0x02bc;
        self.exif.extend(tiff::exif_block(source)?);
        if let Some(tiff) = tiff::Tiff::open(source, 0)?
            && let Some(entry) = tiff.main()?.entry(XMP)
        {
            self.take(source, tiff.position(entry), entry.size(), true)?;
        }
        Ok(())
    }
}
