//! A track of a Matroska film, and the frames of its blocks (RFC 9559, 5.1.4 and 10).

use super::{BLOCK, REFERENCE};
use crate::container::ReadAt;
use crate::container::ebml::{Element, child, children, element, float, number, unsigned};
use crate::container::film::codec::{self, Codec};
use crate::container::film::{FilmError, FilmTrack, Rotation, Sample};

/// Most elements of a group that are looked at.
const MAX_IN_GROUP: usize = 256;

pub(super) struct Track {
    pub number: u64,
    /// Nanoseconds from frame to frame, if the file says it.
    pub frame_ns: u64,
    pub film: FilmTrack,
}

impl Track {
    /// `None` for what is no video track.
    pub(super) fn read(entry: &[u8]) -> Result<Option<Self>, FilmError> {
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
            sparse: None,
            samples: Vec::new(),
        };
        let frame_ns = value(0x23_e383).unwrap_or(0);
        Ok(Some(Self { number: value(0xd7).unwrap_or(0), frame_ns, film }))
    }
}

/// The frame of a block or a group of the track of that number, with its time in ticks from that
/// of the cluster; `None` for those of other tracks.
pub(super) fn frame(
    source: &dyn ReadAt,
    found: Element,
    track: u64,
) -> Result<Option<(i16, Sample)>, FilmError> {
    if found.id == super::BLOCK_GROUP {
        group(source, found, track)
    } else {
        block(source, found, track, None)
    }
}

/// `is_key` when it is known from elsewhere.
fn block(
    source: &dyn ReadAt,
    found: Element,
    track: u64,
    is_key: Option<bool>,
) -> Result<Option<(i16, Sample)>, FilmError> {
    let mut head = [0; 12];
    let length = found.size().min(12) as usize;
    source.read_exact_at(found.start, &mut head[..length])?;
    let Some((own, before)) = number(&head[..length], false) else { return Ok(None) };
    let Some(&[high, low, flags]) = head[before..].first_chunk() else { return Ok(None) };
    if own != track || length < before + 3 {
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
    source: &dyn ReadAt,
    found: Element,
    track: u64,
) -> Result<Option<(i16, Sample)>, FilmError> {
    let (mut at, mut inside, mut refers) = (found.start, None, false);
    for _ in 0..MAX_IN_GROUP {
        if at >= found.end {
            break;
        }
        let Some(inner) = element(source, at, found.end)? else { break };
        match inner.id {
            BLOCK => inside = Some(inner),
            REFERENCE => refers = true,
            _ => {}
        }
        at = inner.end;
    }
    inside.map_or(Ok(None), |inside| block(source, inside, track, Some(!refers)))
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
