//! Matroska and WebM (RFC 9559): the blocks of the first video track.
//!
//! Only the heads of the elements are read, never the frames; of long films those of the keyframes,
//! which an index names, and of the others when they are asked for.

mod cues;
mod track;

use super::{FilmError, FilmTrack, Sample, admit};
use crate::container::ReadAt;
use crate::container::buffered::Buffered;
use crate::container::ebml::{Element, child, children, element, unsigned};
pub use cues::Sparse;
use track::Track;

const SEGMENT: u64 = 0x1853_8067;
const SEEK_HEAD: u64 = 0x114d_9b74;
const INFO: u64 = 0x1549_a966;
const TRACKS: u64 = 0x1654_ae6b;
const CLUSTER: u64 = 0x1f43_b675;
const CUES: u64 = 0x1c53_bb6b;
const TIMESTAMP: u64 = 0xe7;
const SIMPLE_BLOCK: u64 = 0xa3;
const BLOCK_GROUP: u64 = 0xa0;
const BLOCK: u64 = 0xa1;
const REFERENCE: u64 = 0xfb;

/// Most bytes of the description of the tracks, or of the index, that are read.
const MAX_HEAD: u64 = 16 << 20;
/// Most elements that are looked at.
const MAX_ELEMENTS: usize = 1 << 24;
/// Bytes of a file from which on only the keyframes are listed, if there is an index.
#[cfg(not(test))]
const LONG: u64 = 128 << 20;
#[cfg(test)]
const LONG: u64 = 1 << 20;

/// Nanoseconds a tick, for times in milliseconds.
const USUAL_SCALE: u64 = 1_000_000;

pub(super) fn read(source: &dyn ReadAt) -> Result<FilmTrack, FilmError> {
    let size = source.size();
    let source = &Buffered::new(source);
    let (mut scale, mut track, mut segment, mut cues) = (USUAL_SCALE, None::<Track>, 0, None);
    let mut at = 0;
    for _ in 0..MAX_ELEMENTS {
        if at >= size {
            break;
        }
        let Some(found) = element(source, at, size).or_else(ends)? else { break };
        match found.id {
            // What follows is inside.
            SEGMENT => segment = found.start,
            SEEK_HEAD => cues = cues::position(&content(source, found)?),
            INFO => {
                let info = content(source, found)?;
                scale = child(&info, 0x2a_d7b1).map_or(USUAL_SCALE, unsigned).max(1);
            }
            TRACKS if track.is_none() => {
                let tracks = content(source, found)?;
                let mut tracks = children(&tracks).filter(|(id, _)| *id == 0xae);
                track = tracks.find_map(|(_, entry)| Track::read(entry).transpose()).transpose()?;
            }
            CLUSTER => break,
            _ => {}
        }
        at = if found.id == SEGMENT { found.start } else { found.end };
    }
    let track = track.ok_or(FilmError::Damaged("no video track"))?;
    if size >= LONG
        && let Some(position) = cues
        && let Some(cues) = cues::read(source, segment.saturating_add(position), track.number)
        && let Some(film) = cues::list(source, &cues, segment, scale, &track)?
    {
        return Ok(film);
    }
    let Track { number, frame_ns, mut film } = track;
    let frame = i64::try_from(frame_ns / 1000).unwrap_or(0);
    let mut blocks = Blocks { source, at, number, scale, cluster: 0, is_cut: false };
    while let Some(sample) = blocks.next()? {
        film.samples.push(sample);
        admit(film.samples.len())?;
    }
    let last = film.samples.iter().filter_map(|sample| sample.time).max();
    let end = last.filter(|_| frame > 0).map(|last| last.saturating_add(frame));
    let mut film = film.finish(size, end)?;
    film.is_cut |= blocks.is_cut;
    Ok(film)
}

/// The frames of one track, one after the other, from some element on.
struct Blocks<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    number: u64,
    /// Nanoseconds a tick.
    scale: u64,
    /// The time of the cluster, in ticks.
    cluster: i64,
    /// The file ends within a block.
    is_cut: bool,
}

impl Blocks<'_> {
    /// The next frame, with its time in microseconds from the beginning of the file.
    fn next(&mut self) -> Result<Option<Sample>, FilmError> {
        let size = self.source.size();
        for _ in 0..MAX_ELEMENTS {
            if self.at >= size {
                break;
            }
            let Some(found) = element(self.source, self.at, size).or_else(ends)? else {
                self.is_cut = true;
                break;
            };
            self.at = found.end;
            match found.id {
                // What follows is inside, and ends by itself.
                SEGMENT | CLUSTER => self.at = found.start,
                TIMESTAMP if found.size() <= 8 => {
                    let ticks = unsigned(&content(self.source, found)?);
                    self.cluster = i64::try_from(ticks).unwrap_or(i64::MAX);
                }
                SIMPLE_BLOCK | BLOCK_GROUP => {
                    let frame = track::frame(self.source, found, self.number).or_else(cut)?;
                    if let Some((ticks, mut sample)) = frame {
                        sample.time =
                            Some(micros(self.cluster.saturating_add(ticks.into()), self.scale));
                        return Ok(Some(sample));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Ticks of `scale` nanoseconds in microseconds.
fn micros(ticks: i64, scale: u64) -> i64 {
    (i128::from(ticks) * i128::from(scale) / 1000).clamp(0, i64::MAX.into()) as i64
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
