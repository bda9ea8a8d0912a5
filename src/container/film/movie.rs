//! MP4, MOV, M4V and 3GP: the tracks of a `moov` box (ISO/IEC 14496-12, QuickTime File Format).

use super::codec::{self, Codec};
use super::{FilmError, FilmTrack, Rotation, box_content, fragments, micros, sample_table};
use crate::container::ReadAt;
use crate::container::isobmff::{self, Fields, child, children};

/// Most bytes of a `moov` box that are read.
const MAX_MOVIE: u64 = 64 << 20;
/// Most pieces that an edit list is followed through.
const MAX_EDITS: usize = 256;
/// Bytes of a visual sample entry before its boxes (ISO/IEC 14496-12, 12.1.3).
const VISUAL_ENTRY: usize = 78;

/// A video track, as far as its boxes tell before the frames are counted.
pub(super) struct Trak<'a> {
    pub id: u32,
    /// Ticks a second of its times.
    pub timescale: u32,
    pub table: &'a [u8],
    edits: Vec<Edit>,
    film: FilmTrack,
}

/// A piece of the track that is shown: from and to in its own ticks, and when, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Edit {
    from: i64,
    to: i64,
    at: i64,
}

pub(super) fn read(source: &dyn ReadAt) -> Result<FilmTrack, FilmError> {
    let top = isobmff::boxes(source, 0, source.size())?;
    let found = top.iter().find(|found| &found.kind == b"moov");
    let found = found.ok_or(FilmError::Damaged("the moov box is missing"))?;
    let movie = box_content(source, found, MAX_MOVIE, "moov", "64 MiB")?;
    if child(&movie, b"cmov").is_some() {
        return Err(FilmError::Unsupported("a compressed moov box".into()));
    }
    let per_second = child(&movie, b"mvhd").and_then(timescale).unwrap_or(1000);
    let tracks = children(&movie).filter(|(kind, _)| kind == b"trak");
    let tracks: Vec<Trak<'_>> =
        tracks.filter_map(|(_, content)| Trak::read(content, per_second)).collect();
    // Covers and thumbnails are tracks of one frame.
    let track = tracks
        .into_iter()
        .max_by_key(|track| (sample_table::count(track.table), std::cmp::Reverse(track.id)));
    let mut track = track.ok_or(FilmError::Damaged("no video track"))?;
    let mut frames = sample_table::read(track.table, source.size())?;
    if let Some(extends) = child(&movie, b"mvex") {
        fragments::read(source, &top, extends, track.id, &mut frames)?;
    }
    track.film.samples.reserve_exact(frames.len());
    let mut end = None;
    for frame in frames {
        let time = track.shown(frame.composed);
        if let Some((at, left)) = time {
            let lasts = micros(i64::from(frame.lasts).min(left), track.timescale);
            end = end.max(Some(at.saturating_add(lasts)));
        }
        let mut sample = frame.sample;
        sample.time = time.map(|(at, _)| at);
        track.film.samples.push(sample);
    }
    track.film.finish(source.size(), end)
}

/// Ticks a second of an `mvhd` or `mdhd` box.
fn timescale(content: &[u8]) -> Option<u32> {
    let mut fields = Fields(content);
    let times = if fields.version()?.0 == 1 { 16 } else { 8 };
    fields.take(times)?;
    fields.u32().filter(|&per_second| per_second > 0)
}

impl<'a> Trak<'a> {
    /// `None` for what is no video track.
    fn read(content: &'a [u8], per_second: u32) -> Option<Self> {
        let media = child(content, b"mdia")?;
        // Version and flags, a field that ISO left empty, then the kind.
        (child(media, b"hdlr")?.get(8..12)? == b"vide").then_some(())?;
        let timescale = timescale(child(media, b"mdhd")?)?;
        let table = child(child(media, b"minf")?, b"stbl")?;
        let header = child(content, b"tkhd")?;
        let (id, rotation) = track_header(header)?;
        let edits = child(content, b"edts").and_then(|edits| child(edits, b"elst"));
        let edits = edits.and_then(|list| edit_list(list, per_second, timescale));
        // The first description; `sample_table` refuses frames that use another one.
        let (code, entry) = children(child(table, b"stsd")?.get(8..)?).next()?;
        let mut film = describe(code, entry)?;
        film.rotation = rotation;
        Some(Self { id, timescale, table, edits: edits.unwrap_or_default(), film })
    }

    /// When a frame is shown, and for how many ticks at most.
    fn shown(&self, composed: i64) -> Option<(i64, i64)> {
        if self.edits.is_empty() {
            return Some((micros(composed, self.timescale), i64::MAX));
        }
        let edit = self.edits.iter().find(|edit| (edit.from..edit.to).contains(&composed))?;
        let at = micros(composed - edit.from, self.timescale).saturating_add(edit.at);
        Some((at, edit.to - composed))
    }
}

/// Number of the track, and how its matrix turns it.
fn track_header(content: &[u8]) -> Option<(u32, Rotation)> {
    let mut fields = Fields(content);
    let long = fields.version()?.0 == 1;
    fields.take(if long { 16 } else { 8 })?;
    let id = fields.u32()?;
    fields.take(if long { 12 } else { 8 })?;
    // Reserved fields, layer, group, volume.
    fields.take(16)?;
    let (a, b) = (fields.u32()?.cast_signed(), fields.u32()?.cast_signed());
    fields.u32()?;
    let (c, d) = (fields.u32()?.cast_signed(), fields.u32()?.cast_signed());
    let rotation = match (a.signum(), b.signum(), c.signum(), d.signum()) {
        (0, 1, -1, 0) => Rotation::Quarter,
        (-1, 0, 0, -1) => Rotation::Half,
        (0, -1, 1, 0) => Rotation::ThreeQuarters,
        _ => Rotation::Upright,
    };
    Some((id, rotation))
}

/// The pieces of an edit list, in the order in which they are shown; `None` when it is damaged or
/// too long: then the track is shown as it is.
fn edit_list(content: &[u8], per_second: u32, timescale: u32) -> Option<Vec<Edit>> {
    let mut fields = Fields(content);
    let long = fields.version()?.0 == 1;
    let count = fields.u32()? as usize;
    let (mut edits, mut at) = (Vec::new(), 0_i64);
    for _ in 0..Some(count).filter(|&count| count <= MAX_EDITS)? {
        let (lasts, from) = if long {
            (i64::try_from(fields.uint(8)?).ok()?, fields.uint(8)?.cast_signed())
        } else {
            (i64::from(fields.u32()?), i64::from(fields.u32()?.cast_signed()))
        };
        fields.u32()?;
        // An empty edit lets the track begin later; one of no length goes on to the end.
        if from >= 0 {
            let ticks = i128::from(lasts) * i128::from(timescale) / i128::from(per_second);
            let to = from.saturating_add(i64::try_from(ticks).unwrap_or(i64::MAX));
            edits.push(Edit { from, to: if lasts == 0 { i64::MAX } else { to }, at });
        }
        at = at.saturating_add(micros(lasts, per_second));
    }
    Some(edits)
}

/// What a visual sample entry says.
fn describe(code: [u8; 4], entry: &[u8]) -> Option<FilmTrack> {
    let mut fields = Fields(entry);
    fields.take(24)?;
    let (width, height) = (fields.u16()?, fields.u16()?);
    let boxes = entry.get(VISUAL_ENTRY..)?;
    let mut codec = Codec::of_fourcc(code);
    let mut config = Vec::new();
    for (kind, content) in children(boxes) {
        match &kind {
            b"avcC" | b"hvcC" | b"av1C" | b"vpcC" => config = content.to_vec(),
            b"esds" => {
                let described = elementary_stream(content);
                let (object_type, header) = described.unwrap_or_default();
                codec = Codec::of_object_type(object_type);
                config = header.to_vec();
            }
            _ => {}
        }
    }
    Some(FilmTrack {
        codec,
        coding: codec::text(code),
        config,
        width: width.into(),
        height: height.into(),
        rotation: Rotation::Upright,
        duration: 0,
        stripped: Vec::new(),
        is_cut: false,
        samples: Vec::new(),
        sparse: None,
    })
}

/// Object type and header of the stream in an `esds` box (ISO/IEC 14496-1, 7.2.6).
fn elementary_stream(content: &[u8]) -> Option<(u8, &[u8])> {
    let mut stream = Fields(descriptor(content.get(4..)?, 3)?);
    stream.u16()?;
    let flags = stream.u8()?;
    if flags & 0x80 != 0 {
        stream.u16()?;
    }
    if flags & 0x40 != 0 {
        let length = stream.u8()?;
        stream.take(length.into())?;
    }
    if flags & 0x20 != 0 {
        stream.u16()?;
    }
    let decoder = descriptor(stream.0, 4)?;
    let header = decoder.get(13..).and_then(|rest| descriptor(rest, 5));
    Some((*decoder.first()?, header.unwrap_or_default()))
}

/// The content of the descriptor at the beginning, if it has that tag.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut fields = Fields(bytes);
    (fields.u8()? == tag).then_some(())?;
    let mut length = 0_usize;
    for _ in 0..4 {
        let byte = fields.u8()?;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    fields.0.get(..length.min(fields.0.len()))
}
