//! AVI (Microsoft's RIFF; OpenDML 1.02): the frames of the first video stream, by an index.

use super::codec::{self, Codec};
use super::{FilmError, FilmTrack, Rotation, Sample, admit};
use crate::container::ReadAt;

/// Most bytes of the headers, and of one index, that are read.
const MAX_HEAD: u64 = 64 << 20;
/// Most chunks that are looked at on one level.
const MAX_CHUNKS: usize = 65_536;
/// The flag of keyframes in `idx1`.
const KEY: u32 = 0x10;

#[derive(Clone, Copy, Debug)]
struct Chunk {
    id: [u8; 4],
    /// The kind of a list.
    list: [u8; 4],
    start: u64,
    end: u64,
}

/// What the header of the stream says.
struct Stream {
    /// As its chunks are named: `00`, `01`.
    digits: [u8; 2],
    /// Frames a second, as a fraction.
    rate: u32,
    scale: u32,
    film: FilmTrack,
    /// The index of indices of OpenDML.
    super_index: Vec<u8>,
}

pub(super) fn read(source: &dyn ReadAt) -> Result<FilmTrack, FilmError> {
    let chunks = chunks(source, 12, source.size())?;
    let list = |kind: &[u8; 4]| chunks.iter().find(|chunk| &chunk.list == kind).copied();
    let header = list(b"hdrl").ok_or(FilmError::Damaged("no header list"))?;
    let header = content(source, header)?;
    let mut stream = read_stream(&header).ok_or(FilmError::Damaged("no video stream"))?;
    if !stream.super_index.is_empty() {
        stream.read_indices(source)?;
    }
    if stream.film.samples.is_empty() {
        let movie = list(b"movi").ok_or(FilmError::Damaged("no list of frames"))?;
        let index = chunks.iter().find(|chunk| &chunk.id == b"idx1");
        let index =
            index.ok_or_else(|| FilmError::Unsupported("an AVI without an index".into()))?;
        let index = content(source, *index)?;
        stream.read_index(&index, movie.start)?;
    }
    let (rate, scale) = (i128::from(stream.rate.max(1)), i128::from(stream.scale.max(1)));
    let time = |number: usize| (number as i128 * scale * 1_000_000 / rate) as i64;
    // Chunks of no bytes repeat the frame before, and take their time.
    for (number, sample) in stream.film.samples.iter_mut().enumerate() {
        sample.time = Some(time(number));
    }
    let end = time(stream.film.samples.len());
    stream.film.finish(source.size(), Some(end))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn chunks(source: &dyn ReadAt, mut at: u64, end: u64) -> Result<Vec<Chunk>, FilmError> {
    let mut found = Vec::new();
    while found.len() < MAX_CHUNKS && end.saturating_sub(at) >= 12 {
        let mut head = [0; 12];
        source.read_exact_at(at, &mut head)?;
        let [a, b, c, d, l0, l1, l2, l3, list @ ..] = head;
        let id = [a, b, c, d];
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        let is_list = &id == b"LIST";
        let start = if is_list { at + 12 } else { at + 8 };
        let list = if is_list { list } else { [0; 4] };
        found.push(Chunk { id, list, start, end: (at + 8 + length).min(end) });
        at += 8 + length + (length & 1);
    }
    Ok(found)
}

fn content(source: &dyn ReadAt, chunk: Chunk) -> Result<Vec<u8>, FilmError> {
    let size = chunk.end.saturating_sub(chunk.start);
    if size > MAX_HEAD {
        let what = format!("an index of {size} bytes");
        return Err(FilmError::TooLarge { what, limit: "64 MiB" });
    }
    let mut bytes = vec![0; size as usize];
    source.read_exact_at(chunk.start, &mut bytes)?;
    Ok(bytes)
}

/// The chunks inside content that lies in memory.
fn inner(content: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let id = *rest.first_chunk()?;
        let length = word(rest, 4)? as usize;
        let content = rest.get(8..)?;
        let content = &content[..length.min(content.len())];
        rest = rest.get(8 + length + (length & 1)..).unwrap_or_default();
        Some((id, content))
    })
}

/// The first video stream of the header list.
fn read_stream(header: &[u8]) -> Option<Stream> {
    let lists = inner(header).filter(|(id, content)| id == b"LIST" && content.starts_with(b"strl"));
    for (number, (_, list)) in lists.enumerate() {
        let part = |kind: &[u8; 4]| {
            inner(list.get(4..)?).find(|(id, _)| id == kind).map(|(_, content)| content)
        };
        let Some(head) = part(b"strh").filter(|head| head.starts_with(b"vids")) else { continue };
        let format = part(b"strf")?;
        let code: [u8; 4] = *format.get(16..)?.first_chunk()?;
        let height = word(format, 8)?.cast_signed().unsigned_abs();
        let digits = u8::try_from(number).ok().filter(|&number| number < 100)?;
        return Some(Stream {
            digits: [b'0' + digits / 10, b'0' + digits % 10],
            scale: word(head, 20)?,
            rate: word(head, 24)?,
            super_index: part(b"indx").unwrap_or_default().to_vec(),
            film: FilmTrack {
                codec: Codec::of_fourcc(code),
                coding: codec::text(code),
                config: format.get(40..).unwrap_or_default().to_vec(),
                width: word(format, 4)?,
                height,
                rotation: Rotation::Upright,
                duration: 0,
                stripped: Vec::new(),
                is_cut: false,
                samples: Vec::new(),
                sparse: None,
            },
        });
    }
    None
}

impl Stream {
    /// `idx1`: offsets from the kind of the list of frames, in some files from the file's start.
    fn read_index(&mut self, index: &[u8], movie: u64) -> Result<(), FilmError> {
        let (entries, _) = index.as_chunks::<16>();
        let own = entries.iter().filter(|entry| {
            entry.starts_with(&self.digits) && matches!(&entry[2..4], b"dc" | b"db")
        });
        admit(own.clone().count())?;
        let kind = movie.saturating_sub(4);
        let first = own.clone().next().and_then(|entry| word(entry, 8)).unwrap_or(0);
        let base = if u64::from(first) >= kind && first != 4 { 0 } else { kind };
        for entry in own {
            let field = |at| word(entry, at).unwrap_or_default();
            let offset = base + u64::from(field(8)) + 8;
            let sample =
                Sample { offset, size: field(12), time: None, is_key: field(4) & KEY != 0 };
            self.film.samples.push(sample);
        }
        Ok(())
    }

    /// `indx` and the `ix##` chunks that it names.
    fn read_indices(&mut self, source: &dyn ReadAt) -> Result<(), FilmError> {
        let index = std::mem::take(&mut self.super_index);
        // Four words a row: an index of indices. Else it is one of the frames, beside which stands
        // the old one.
        if index.get(..4).is_none_or(|head| head[0] != 4 || head[1] != 0 || head[3] != 0) {
            return Ok(());
        }
        let count = word(&index, 4).unwrap_or(0) as usize;
        for row in index.get(24..).unwrap_or_default().as_chunks::<16>().0.iter().take(count) {
            let at = u64::from_le_bytes(*row.first_chunk().unwrap_or(&[0; 8]));
            self.read_standard_index(source, at)?;
        }
        Ok(())
    }

    /// An `ix##` chunk: two words a frame. Only as much is read as it says that it has.
    fn read_standard_index(&mut self, source: &dyn ReadAt, at: u64) -> Result<(), FilmError> {
        let mut head = [0; 32];
        source.read_exact_at(at, &mut head)?;
        let count = word(&head, 12).unwrap_or(0) as usize;
        admit(self.film.samples.len().saturating_add(count))?;
        let base = u64::from_le_bytes(*head[20..].first_chunk().unwrap_or(&[0; 8]));
        let start = at.saturating_add(head.len() as u64);
        let rows = Chunk { id: [0; 4], list: [0; 4], start, end: start + count as u64 * 8 };
        for row in content(source, rows)?.as_chunks::<8>().0 {
            let size = word(row, 4).unwrap_or(0);
            self.film.samples.push(Sample {
                offset: base.saturating_add(word(row, 0).unwrap_or(0).into()),
                size: size & 0x7fff_ffff,
                time: None,
                is_key: size >> 31 == 0,
            });
        }
        Ok(())
    }
}
