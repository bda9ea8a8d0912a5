//! Matroska and WebM (RFC 9559): the blocks of the first video track.
//!
//! Only the heads of the elements are read, never the frames.

use super::codec::{self, Codec};
use super::{FilmError, FilmTrack, Rotation, Sample, admit};
use crate::container::ReadAt;
use crate::container::ebml::{Element, child, children, element, float, number, unsigned};

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_a966;
const TRACKS: u64 = 0x1654_ae6b;
const CLUSTER: u64 = 0x1f43_b675;
const TIMESTAMP: u64 = 0xe7;
const SIMPLE_BLOCK: u64 = 0xa3;
const BLOCK_GROUP: u64 = 0xa0;
const BLOCK: u64 = 0xa1;
const REFERENCE: u64 = 0xfb;

/// Most bytes of the description of the tracks that are read.
const MAX_HEAD: u64 = 16 << 20;
/// Most elements that are looked at.
const MAX_ELEMENTS: usize = 1 << 24;

/// Most elements of a group that are looked at.
const MAX_IN_GROUP: usize = 256;

/// Nanoseconds a tick, for times in milliseconds.
const USUAL_SCALE: u64 = 1_000_000;

struct Track {
    number: u64,
    /// Nanoseconds from frame to frame, if the file says it.
    frame_ns: u64,
    film: FilmTrack,
}

pub(super) fn read(source: &dyn ReadAt) -> Result<FilmTrack, FilmError> {
    let size = source.size();
    let (mut scale, mut track, mut cluster) = (USUAL_SCALE, None::<Track>, 0_i64);
    let mut at = 0;
    let mut is_cut = false;
    for _ in 0..MAX_ELEMENTS {
        if at >= size {
            break;
        }
        let Some(found) = element(source, at, size).or_else(ends)? else {
            is_cut = true;
            break;
        };
        at = found.end;
        match found.id {
            // What follows is inside, and ends by itself.
            SEGMENT | CLUSTER => at = found.start,
            INFO => {
                let info = content(source, found)?;
                scale = child(&info, 0x2a_d7b1).map_or(USUAL_SCALE, unsigned).max(1);
            }
            TRACKS if track.is_none() => {
                let tracks = content(source, found)?;
                let mut tracks = children(&tracks).filter(|(id, _)| *id == 0xae);
                track = tracks.find_map(|(_, entry)| Track::read(entry).transpose()).transpose()?;
            }
            TIMESTAMP if found.size() <= 8 => {
                let ticks = unsigned(&content(source, found)?);
                cluster = i64::try_from(ticks).unwrap_or(i64::MAX);
            }
            SIMPLE_BLOCK | BLOCK_GROUP => {
                let Some(track) = &mut track else { continue };
                let frame = if found.id == SIMPLE_BLOCK {
                    track.block(source, found, None)
                } else {
                    track.group(source, found)
                };
                let Some((ticks, mut sample)) = frame.or_else(cut)? else { continue };
                let ticks = i128::from(cluster.saturating_add(ticks.into())) * i128::from(scale);
                sample.time = Some((ticks / 1000).clamp(0, i64::MAX.into()) as i64);
                track.film.samples.push(sample);
                admit(track.film.samples.len())?;
            }
            _ => {}
        }
    }
    let Track { film, frame_ns, .. } = track.ok_or(FilmError::Damaged("no video track"))?;
    let last = film.samples.iter().filter_map(|sample| sample.time).max();
    let frame = i64::try_from(frame_ns / 1000).unwrap_or(0);
    let end = last.filter(|_| frame > 0).map(|last| last.saturating_add(frame));
    let mut film = film.finish(size, end)?;
    film.is_cut |= is_cut;
    Ok(film)
}

/// The end of a file in the midst of a head is the end of the film.
fn ends(error: std::io::Error) -> std::io::Result<Option<Element>> {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Ok(None),
        _ => Err(error),
    }
}

fn cut(error: FilmError) -> Result<Option<(i16, Sample)>, FilmError> {
    match error {
        FilmError::Damaged(_) => Ok(None),
        other => Err(other),
    }
}

fn content(source: &dyn ReadAt, found: Element) -> Result<Vec<u8>, FilmError> {
    if found.size() > MAX_HEAD {
        let what = format!("a description of {} bytes", found.size());
        return Err(FilmError::TooLarge { what, limit: "16 MiB" });
    }
    let mut bytes = vec![0; found.size() as usize];
    source.read_exact_at(found.start, &mut bytes)?;
    Ok(bytes)
}

impl Track {
    /// `None` for what is no video track.
    fn read(entry: &[u8]) -> Result<Option<Self>, FilmError> {
        let value = |id| child(entry, id).map(unsigned);
        if value(0x83) != Some(1) {
            return Ok(None);
        }
        let name = child(entry, 0x86).unwrap_or_default();
        let mut coding = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
        let mut codec = Codec::of_matroska(&coding);
        let mut config = child(entry, 0x63_a2).unwrap_or_default();
        // The description of an AVI: the code stands in it, the stream's own header after it.
        if coding == "V_MS/VFW/FOURCC"
            && let Some(&code) = config.get(16..20).and_then(<[u8]>::first_chunk)
        {
            (coding, codec) = (codec::text(code), Codec::of_fourcc(code));
            config = config.get(40..).unwrap_or_default();
        }
        let video = child(entry, 0xe0).unwrap_or_default();
        let side = |id| child(video, id).map_or(0, unsigned).try_into().unwrap_or(u32::MAX);
        let roll = child(video, 0x7670).and_then(|projection| float(child(projection, 0x7675)?));
        let mut stripped = Vec::new();
        for (_, encoding) in children(child(entry, 0x6d80).unwrap_or_default()) {
            if child(encoding, 0x5035).is_some() {
                (codec, coding) = (None, "encrypted".to_owned());
            }
            let Some(compression) = child(encoding, 0x5034) else { continue };
            match child(compression, 0x4254).map(unsigned) {
                Some(3) => stripped = child(compression, 0x4255).unwrap_or_default().to_vec(),
                _ => return Err(FilmError::Unsupported("a compressed Matroska track".into())),
            }
        }
        let film = FilmTrack {
            codec,
            coding,
            config: config.to_vec(),
            width: side(0xb0),
            height: side(0xba),
            rotation: rotation(roll.unwrap_or(0.0)),
            duration: 0,
            stripped,
            is_cut: false,
            samples: Vec::new(),
        };
        let frame_ns = value(0x23_e383).unwrap_or(0);
        Ok(Some(Self { number: value(0xd7).unwrap_or(0), frame_ns, film }))
    }

    /// The frame of a block with its time in ticks from that of the cluster; `None` for blocks of
    /// other tracks. `is_key` when it is known from elsewhere.
    fn block(
        &self,
        source: &dyn ReadAt,
        found: Element,
        is_key: Option<bool>,
    ) -> Result<Option<(i16, Sample)>, FilmError> {
        let mut head = [0; 12];
        let length = found.size().min(12) as usize;
        source.read_exact_at(found.start, &mut head[..length])?;
        let Some((track, before)) = number(&head[..length], false) else { return Ok(None) };
        let Some(&[high, low, flags]) = head[before..].first_chunk() else { return Ok(None) };
        if track != self.number || length < before + 3 {
            return Ok(None);
        }
        if flags & 6 != 0 {
            return Err(FilmError::Unsupported("several frames in one block".into()));
        }
        let offset = found.start + before as u64 + 3;
        let size = u32::try_from(found.end.saturating_sub(offset)).unwrap_or(u32::MAX);
        let is_key = is_key.unwrap_or(flags & 0x80 != 0);
        Ok(Some((i16::from_be_bytes([high, low]), Sample { offset, size, time: None, is_key })))
    }

    /// The block of a group: a keyframe when it refers to no other one.
    fn group(
        &self,
        source: &dyn ReadAt,
        found: Element,
    ) -> Result<Option<(i16, Sample)>, FilmError> {
        let (mut at, mut block, mut refers) = (found.start, None, false);
        for _ in 0..MAX_IN_GROUP {
            if at >= found.end {
                break;
            }
            let Some(inner) = element(source, at, found.end)? else { break };
            match inner.id {
                BLOCK => block = Some(inner),
                REFERENCE => refers = true,
                _ => {}
            }
            at = inner.end;
        }
        block.map_or(Ok(None), |block| self.block(source, block, Some(!refers)))
    }
}

/// `ProjectionPoseRoll` is counter-clockwise, in degrees.
fn rotation(roll: f64) -> Rotation {
    match (roll.round() as i64).rem_euclid(360) {
        90 => Rotation::ThreeQuarters,
        180 => Rotation::Half,
        270 => Rotation::Quarter,
        _ => Rotation::Upright,
    }
}
