//! Marker segments (T.81, B): tables, frame and scan headers, application data.

use super::DecodeError;
use super::bits::Huffman;
use super::frame::{Colours, Component, Frame};
use super::luma_sample::LumaSample;
use crate::container::ReadAt;

/// More segments than this before the first scan are a trap, not a picture.
const MOST_SEGMENTS: usize = 10_000;
/// More scans than this are a trap: 10 are usual, one a bit and a component would be 150.
const MOST_SCANS: usize = 1_000;

/// A JPEG in memory, read from its start on.
pub(super) struct JpegReader<'a> {
    pub bytes: &'a [u8],
    at: usize,
    /// Quantisation tables, in zigzag order.
    pub quantisation: [Option<[u16; 64]>; 4],
    pub dc: [Option<Huffman>; 4],
    pub ac: [Option<Huffman>; 4],
    /// MCUs between restart markers; 0: none.
    pub restart_interval: u32,
    /// Conditioning of arithmetic coding (F.1.4.4.1.4): bounds L and U of DC differences, by table.
    pub dc_bounds: [(u8, u8); 4],
    /// The same of AC coefficients (F.1.4.4.2.1): the last place Kx of the low band.
    pub low_band: [u8; 4],
    /// From the TIFF header on.
    pub exif: Option<&'a [u8]>,
    /// The colour profile, where it stands in one segment.
    pub icc: Option<&'a [u8]>,
    /// The colour transform that the Adobe segment tells (T.872, 6.5.3).
    pub adobe: Option<u8>,
    pub jfif: bool,
    /// What the components mean, where the container says it.
    pub told: Option<Colours>,
    /// What takes luma blocks, where an earlier piece of the picture began with it.
    pub sample: Option<Box<LumaSample>>,
    scans: usize,
}

/// A scan header (B.2.3).
pub(super) struct ScanHeader {
    /// Which component, and its DC and AC tables.
    pub components: Vec<(usize, usize, usize)>,
    pub first: usize,
    pub last: usize,
    pub high: u32,
    pub low: u32,
    /// Where the entropy-coded data begin.
    pub data: usize,
}

fn truncated() -> DecodeError {
    DecodeError::Truncated("the file ends within its header".into())
}

/// A marker that has no length (B.1.1.3): TEM, RSTn, SOI, EOI.
fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd9)
}

fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Finds the frame header by the lengths of the segments before it, without reading the file.
pub(super) fn find_frame(source: &dyn ReadAt) -> Result<Frame, DecodeError> {
    let mut at = 2;
    for _ in 0..MOST_SEGMENTS {
        let mut head = [0; 4];
        source.read_exact_at(at, &mut head).map_err(|_| truncated())?;
        match head {
            [0xff, 0xff, ..] => at += 1,
            [0xff, marker, ..] if stands_alone(marker) => at += 2,
            [0xff, 0xda, ..] => break,
            [0xff, marker, high, low] if is_frame(marker) => {
                let length = u16::from_be_bytes([high, low]).saturating_sub(2);
                let mut body = vec![0; usize::from(length)];
                source.read_exact_at(at + 4, &mut body).map_err(|_| truncated())?;
                let mut frame = Frame::parse(marker, &body)?;
                if frame.height == 0 {
                    frame.height = late_height(source)?;
                }
                return Ok(frame);
            }
            [0xff, _, high, low] => at += 2 + u64::from(u16::from_be_bytes([high, low]).max(2)),
            // Garbage between segments is stepped over, as libjpeg does.
            _ => at += 1,
        }
    }
    Err(DecodeError::Damaged("there is no frame header".into()))
}

/// The height that a DNL segment gives after the first scan (B.2.5).
fn late_height(source: &dyn ReadAt) -> Result<u32, DecodeError> {
    let len = usize::try_from(source.size().min(64 << 20)).unwrap_or(0);
    let mut bytes = vec![0; len];
    source.read_exact_at(0, &mut bytes)?;
    memchr::memmem::find(&bytes, &[0xff, 0xdc, 0, 4])
        .and_then(|at| bytes.get(at + 4..at + 6))
        .map(|height| u32::from(height[0]) << 8 | u32::from(height[1]))
        .filter(|&height| height > 0)
        .ok_or_else(|| DecodeError::Damaged("the picture has no height".into()))
}

/// Whether a file has its end marker (EOI): without it, or with a segment that goes beyond the end,
/// something is missing, even if it is nothing that the tile needs. What follows the marker (other
/// pictures, padding) does not count.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let Some(rest) = bytes.get(at..) else { return false };
        let Some(found) = memchr::memchr(0xff, rest) else { return false };
        at += found;
        match bytes.get(at + 1) {
            None => return false,
            Some(0xd9) => return true,
            Some(0xff) => at += 1,
            Some(0) => at += 2,
            Some(&marker) if stands_alone(marker) => at += 2,
            Some(_) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => at += 2 + usize::from(u16::from_be_bytes([high, low]).max(2)),
                _ => return false,
            },
        }
    }
}

impl<'a> JpegReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 2,
            quantisation: [None; 4],
            dc: std::array::from_fn(|_| None),
            ac: std::array::from_fn(|_| None),
            restart_interval: 0,
            dc_bounds: [(0, 1); 4],
            low_band: [5; 4],
            exif: None,
            icc: None,
            adobe: None,
            jfif: false,
            told: None,
            sample: None,
            scans: 0,
        }
    }

    /// A JPEG that is read with the tables of this one, as far as it has none of its own.
    pub fn with_tables_for<'b>(&self, bytes: &'b [u8]) -> JpegReader<'b> {
        JpegReader {
            quantisation: self.quantisation,
            dc: self.dc.clone(),
            ac: self.ac.clone(),
            restart_interval: self.restart_interval,
            dc_bounds: self.dc_bounds,
            low_band: self.low_band,
            ..JpegReader::new(bytes)
        }
    }

    /// Reads tables alone: the abbreviated format for table specifications (B.5).
    pub fn read_tables(&mut self) -> Result<(), DecodeError> {
        while let Some((marker, body)) = self.next_segment() {
            if is_frame(marker) || marker == 0xda {
                return Err(DecodeError::Damaged("a picture among shared tables".into()));
            }
            self.take(marker, body)?;
        }
        Ok(())
    }

    /// The next marker with its segment, `None` at the end of the picture or of the file.
    fn next_segment(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            self.at += memchr::memchr(0xff, self.bytes.get(self.at..)?)?;
            let marker = *self.bytes.get(self.at + 1)?;
            match marker {
                0 => self.at += 2,
                0xff => self.at += 1,
                0xd9 => return None,
                _ if stands_alone(marker) => self.at += 2,
                _ => {
                    let length = self.bytes.get(self.at + 2..self.at + 4)?;
                    let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                    let body = self.bytes.get(self.at + 4..(self.at + 2).checked_add(length)?)?;
                    self.at += 2 + length;
                    return Some((marker, body));
                }
            }
        }
    }

    /// Reads up to the frame header.
    pub fn read_header(&mut self) -> Result<Frame, DecodeError> {
        for _ in 0..MOST_SEGMENTS {
            let (marker, body) = self.next_segment().ok_or_else(truncated)?;
            if is_frame(marker) {
                let mut frame = Frame::parse(marker, body)?;
                if frame.height == 0 {
                    frame.height = late_height(&self.bytes)?;
                }
                frame.refuse_what_is_not_read()?;
                return Ok(frame);
            }
            if marker == 0xda {
                break;
            }
            self.take(marker, body)?;
        }
        Err(DecodeError::Damaged("there is no frame header".into()))
    }

    /// Reads up to the next scan; `None` when there is none left.
    pub fn next_scan(&mut self, frame: &Frame) -> Result<Option<ScanHeader>, DecodeError> {
        while let Some((marker, body)) = self.next_segment() {
            if marker == 0xda {
                self.scans += 1;
                if self.scans > MOST_SCANS {
                    return Err(DecodeError::Damaged("more scans than any picture has".into()));
                }
                return ScanHeader::parse(body, frame, self.at).map(Some);
            }
            if !is_frame(marker) {
                self.take(marker, body)?;
            }
        }
        Ok(None)
    }

    /// Continues at `position`, somewhere in a scan.
    pub fn resume(&mut self, position: usize) {
        self.at = position.max(self.at);
    }

    fn take(&mut self, marker: u8, body: &'a [u8]) -> Result<(), DecodeError> {
        match marker {
            0xdb => self.take_quantisation(body),
            0xc4 => self.take_huffman(body),
            0xcc => {
                for pair in body.chunks_exact(2) {
                    let (table, value) = (usize::from(pair[0] & 15), pair[1]);
                    if pair[0] >> 4 == 0 {
                        if let Some(bounds) = self.dc_bounds.get_mut(table) {
                            *bounds = (value & 15, value >> 4);
                        }
                    } else if let Some(last) = self.low_band.get_mut(table) {
                        *last = value;
                    }
                }
                Ok(())
            }
            0xdd => {
                if let [high, low, ..] = *body {
                    self.restart_interval = u32::from(high) << 8 | u32::from(low);
                }
                Ok(())
            }
            0xe0 => {
                self.jfif |= body.starts_with(b"JFIF\0");
                Ok(())
            }
            0xe1 => {
                // The thumbnail in it is never looked at: editors leave it as it was.
                if let Some(exif) = body.strip_prefix(b"Exif\0\0") {
                    self.exif.get_or_insert(exif);
                }
                Ok(())
            }
            0xe2 => {
                // ICC.1, B.4: number and count of the segments.
                if let Some(profile) = body.strip_prefix(b"ICC_PROFILE\0\x01\x01") {
                    self.icc.get_or_insert(profile);
                }
                Ok(())
            }
            0xee => {
                if let Some([.., transform]) = body.strip_prefix(b"Adobe").and_then(|b| b.get(..7))
                {
                    self.adobe = Some(*transform);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_quantisation(&mut self, mut body: &[u8]) -> Result<(), DecodeError> {
        let bad = || DecodeError::Damaged("a quantisation table is cut off".into());
        while let Some((&head, rest)) = body.split_first() {
            let (wide, slot) = (head >> 4 != 0, usize::from(head & 15));
            let len = if wide { 128 } else { 64 };
            let values = rest.get(..len).ok_or_else(bad)?;
            let mut table = [0; 64];
            for (i, value) in table.iter_mut().enumerate() {
                *value = if wide {
                    u16::from_be_bytes([values[2 * i], values[2 * i + 1]])
                } else {
                    u16::from(values[i])
                };
            }
            *self.quantisation.get_mut(slot).ok_or_else(bad)? = Some(table);
            body = &rest[len..];
        }
        Ok(())
    }

    fn take_huffman(&mut self, mut body: &[u8]) -> Result<(), DecodeError> {
        let bad = || DecodeError::Damaged("a Huffman table is cut off".into());
        while let Some((&head, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(bad)?;
            let len = counts.iter().map(|&count| usize::from(count)).sum::<usize>();
            let symbols = rest.get(..len).filter(|_| len <= 256).ok_or_else(bad)?;
            let tables = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let slot = tables.get_mut(usize::from(head & 15)).ok_or_else(bad)?;
            *slot = Some(Huffman::new(counts, symbols)?);
            body = &rest[len..];
        }
        Ok(())
    }

    /// A DC or AC table, or the usual one where the file has none (frames of Motion JPEG).
    pub fn with_usual_tables(&mut self) -> Result<(), DecodeError> {
        use super::frame::usual;
        for (slot, (dc, ac)) in
            [(usual::LUMA_DC, usual::LUMA_AC), (usual::CHROMA_DC, usual::CHROMA_AC)]
                .into_iter()
                .enumerate()
        {
            if self.dc[slot].is_none() {
                self.dc[slot] = Some(Huffman::new(dc.0, dc.1)?);
            }
            if self.ac[slot].is_none() {
                self.ac[slot] = Some(Huffman::new(ac.0, ac.1)?);
            }
        }
        Ok(())
    }
}

impl ScanHeader {
    fn parse(body: &[u8], frame: &Frame, data: usize) -> Result<Self, DecodeError> {
        let bad = || DecodeError::Damaged("a scan header contradicts the frame".into());
        let (&count, rest) = body.split_first().ok_or_else(bad)?;
        let count = usize::from(count);
        let (listed, rest) = rest.split_at_checked(2 * count).ok_or_else(bad)?;
        let &[first, last, approximation, ..] = rest else { return Err(bad()) };
        let mut components: Vec<(usize, usize, usize)> = Vec::with_capacity(count);
        for pair in listed.chunks_exact(2) {
            let index = frame.components.iter().position(|c| c.id == pair[0]).ok_or_else(bad)?;
            if components.iter().any(|&(other, ..)| other == index) {
                return Err(bad());
            }
            let (dc, ac) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
            if dc > 3 || ac > 3 {
                return Err(bad());
            }
            components.push((index, dc, ac));
        }
        let blocks: u32 =
            components.iter().map(|&(i, ..)| frame.components[i].blocks_a_mcu()).sum();
        let (first, last) = (usize::from(first), usize::from(last));
        let (high, low) = (u32::from(approximation >> 4), u32::from(approximation & 15));
        let progressive = frame.progressive;
        // B.2.3: 1–4 components, at most 10 blocks an MCU (more are met, and harmless).
        if !(1..=4).contains(&count)
            || count > 1 && blocks > 64
            || progressive && (first > last || last > 63 || first == 0 && last != 0)
            || progressive && (first > 0 && count > 1 || low > 13 || high > 13)
        {
            return Err(bad());
        }
        Ok(Self { components, first, last, high, low, data })
    }
}

impl Frame {
    /// What the components mean (JFIF 1.02; T.872, 6.5.3; the guesses are libjpeg's).
    pub fn colours(&self, picture: &JpegReader<'_>) -> Colours {
        if let Some(told) = picture.told {
            return told;
        }
        let ids: Vec<u8> = self.components.iter().map(|c| c.id).collect();
        match (self.components.len(), picture.adobe) {
            (3, Some(0)) => Colours::Rgb,
            (3, None) if !picture.jfif && ids == *b"RGB" => Colours::Rgb,
            (4, Some(2)) => Colours::Ycck,
            (4, _) => Colours::Cmyk,
            _ => Colours::Luma,
        }
    }
}

impl Component {
    fn blocks_a_mcu(&self) -> u32 {
        u32::from(self.h) * u32::from(self.v)
    }
}
