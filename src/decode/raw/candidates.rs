//! Where previews may lie in a RAW file, and which of them are JPEGs that can be shown.

use std::io;
use std::ops::Range;

use super::super::{DecodeError, DecodeOptions};
use crate::container::ReadAt;
use crate::container::tiff::{Ifd, Tiff};
use crate::model::media::Dimensions;

/// How far into a box the JPEG may begin.
const MAX_LEAD: u64 = 64;
/// Most marker segments that are passed over on the way to the frame header.
const MAX_SEGMENTS: usize = 256;

/// A stretch of the file that may hold a preview.
#[derive(Clone, Copy, Debug)]
pub(super) struct PreviewRange {
    offset: u64,
    size: u64,
    /// The JPEG begins some bytes later.
    has_lead: bool,
}

/// A JPEG with the dimensions that its frame header states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sized {
    offset: u64,
    size: u64,
    pub dimensions: Dimensions,
    file_size: u64,
}

impl PreviewRange {
    pub(super) fn new(offset: u64, size: u64) -> Self {
        Self { offset, size, has_lead: false }
    }

    /// The content of a box: a few fields, then the JPEG up to the end.
    pub(super) fn inside(range: Range<u64>) -> Self {
        let size = range.end.saturating_sub(range.start);
        Self { offset: range.start, size, has_lead: true }
    }

    /// Looks for the frame header; `None` when this is no JPEG, or one that holds the sensor's
    /// values (lossless, ITU-T T.81 process 14) or that no decoder reads (hierarchical).
    pub(super) fn measured(self, source: &dyn ReadAt) -> io::Result<Option<Sized>> {
        let file_size = source.size();
        let Some(end) = self.offset.checked_add(self.size) else { return Ok(None) };
        let limit = end.min(file_size);
        let mut offset = self.offset;
        if self.has_lead {
            let mut lead = vec![0; limit.saturating_sub(offset).min(MAX_LEAD) as usize];
            source.read_exact_at(offset, &mut lead)?;
            let Some(at) = lead.windows(3).position(|w| w == [0xff, 0xd8, 0xff]) else {
                return Ok(None);
            };
            offset += at as u64;
        }
        let mut start = [0; 2];
        if limit.saturating_sub(offset) < 4 {
            return Ok(None);
        }
        source.read_exact_at(offset, &mut start)?;
        if start != [0xff, 0xd8] {
            return Ok(None);
        }
        let mut at = offset + 2;
        for _ in 0..MAX_SEGMENTS {
            let mut head = [0; 9];
            if limit.saturating_sub(at) < 9 {
                return Ok(None);
            }
            source.read_exact_at(at, &mut head)?;
            let [0xff, marker, high, low, _, h1, h0, w1, w0] = head else { return Ok(None) };
            match marker {
                // Fill bytes before a marker.
                0xff => at += 1,
                0xc0..=0xc2 => {
                    let height = u32::from(u16::from_be_bytes([h1, h0]));
                    let width = u32::from(u16::from_be_bytes([w1, w0]));
                    let (dimensions, size) = (Dimensions { width, height }, end - offset);
                    return Ok(Some(Sized { offset, size, dimensions, file_size }));
                }
                // Tables (DHT, DAC) lie between the frame types; all other frames are refused.
                0xc4 | 0xcc | 0xdb.. => at += 2 + u64::from(u16::from_be_bytes([high, low])),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Sized {
    pub(super) fn short_side(&self) -> u32 {
        self.dimensions.width.min(self.dimensions.height)
    }

    /// Whether the file goes on to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.offset + self.size <= self.file_size
    }

    /// The bytes of the JPEG.
    pub(super) fn read(
        &self,
        source: &dyn ReadAt,
        options: &DecodeOptions,
    ) -> Result<Vec<u8>, DecodeError> {
        options.limits.admit(self.dimensions)?;
        // Given back at once: the JPEG decoder asks for its own.
        drop(options.limits.reserve(self.size)?);
        let mut bytes = vec![0; self.size as usize];
        source.read_exact_at(self.offset, &mut bytes)?;
        Ok(bytes)
    }
}

/// Previews of a TIFF-based RAW: those that its directories name, Panasonic's (0x002e), and those
/// in the maker notes of Nikon, Olympus and Pentax.
pub(super) fn from_tiff(
    tiff: &Tiff<'_>,
    ifds: &[Ifd],
    exif: &Ifd,
) -> io::Result<Vec<PreviewRange>> {
    let mut found = Vec::new();
    for ifd in ifds {
        found.extend(named(tiff, ifd, 0x0201, 0x0202));
        if let Some(entry) = ifd.entry(0x002e) {
            found.push(PreviewRange::new(tiff.position(entry), entry.size()));
        }
        // Compression 6 and 7: a strip that is a JPEG of its own.
        if matches!(tiff.number(ifd, 0x0103), Some(6 | 7)) {
            found.extend(named(tiff, ifd, 0x0111, 0x0117));
        }
    }
    if let Some(note) = exif.entry(0x927c) {
        found.extend(from_maker_note(tiff, tiff.position(note))?);
    }
    Ok(found)
}

/// A preview whose offset and length are numbers of two tags; only where there is one of each.
fn named(tiff: &Tiff<'_>, ifd: &Ifd, offset: u16, size: u16) -> Option<PreviewRange> {
    let only = |tag| match tiff.numbers(ifd.entry(tag)?, 2)[..] {
        [number] => Some(u64::from(number)),
        _ => None,
    };
    let (offset, size) = (only(offset)?, only(size)?);
    (size > 0).then(|| PreviewRange::new(tiff.base().saturating_add(offset), size))
}

fn from_maker_note(tiff: &Tiff<'_>, note: u64) -> io::Result<Option<PreviewRange>> {
    let mut head = [0; 12];
    if tiff.source().size().saturating_sub(note) < 12 {
        return Ok(None);
    }
    tiff.source().read_exact_at(note, &mut head)?;
    Ok(match &head {
        // Nikon: a TIFF of its own; tag 0x0011 is the directory of the preview.
        [b'N', b'i', b'k', b'o', b'n', 0, ..] => match Tiff::open(tiff.source(), note + 10)? {
            Some(own) => named(&own, &own.below(&own.main()?, 0x0011)?, 0x0201, 0x0202),
            None => None,
        },
        // Olympus: offsets count from the note (newer form) or from the file; the directory of
        // the camera's settings (0x2020) names the preview.
        [b'O', b'L', b'Y', b'M', b'P', b'U', b'S', 0, ..] => olympus(&tiff.rebased(note), 12)?,
        [b'O', b'L', b'Y', b'M', b'P', 0, ..] => olympus(tiff, note - tiff.base() + 8)?,
        // Pentax: length in 0x0003, start in 0x0004.
        [b'A', b'O', b'C', 0, ..] => {
            named(tiff, &tiff.ifd(note - tiff.base() + 6)?, 0x0004, 0x0003)
        }
        [b'P', b'E', b'N', b'T', b'A', b'X', b' ', 0, ..] => {
            let own = tiff.rebased(note);
            named(&own, &own.ifd(10)?, 0x0004, 0x0003)
        }
        _ => None,
    })
}

fn olympus(tiff: &Tiff<'_>, main: u64) -> io::Result<Option<PreviewRange>> {
    let settings = tiff.below(&tiff.ifd(main)?, 0x2020)?;
    Ok(named(tiff, &settings, 0x0101, 0x0102))
}
