//! The index of a Matroska film (RFC 9559, 5.1.5), and films of which only its keyframes are listed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Blocks, CLUSTER, CUES, MAX_HEAD, Track, content, micros};
use crate::container::ReadAt;
use crate::container::buffered::Buffered;
use crate::container::ebml::{child, children, element, unsigned};
use crate::container::film::{FilmError, FilmTrack, Sample, admit};

/// Most bytes from the last keyframe of the index on in which the end of the film is looked for.
const MAX_TAIL: u64 = 64 << 20;

/// What is needed to find the frames between the keyframes of a film that is listed by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sparse {
    /// The number of the track.
    number: u64,
    /// Nanoseconds a tick.
    scale: u64,
    /// Microseconds from the beginning of the file to the first frame.
    from: i64,
    /// Microseconds from frame to frame; 0 where the file does not say it.
    pub frame: i64,
}

/// A keyframe of the index: its time in ticks, and where its cluster lies in the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    time: u64,
    cluster: u64,
}

/// Where a `SeekHead` says that the index lies in the segment.
pub(super) fn position(seek_head: &[u8]) -> Option<u64> {
    children(seek_head)
        .filter(|(id, _)| *id == 0x4dbb)
        .find(|(_, entry)| child(entry, 0x53ab).map(unsigned) == Some(CUES))
        .and_then(|(_, entry)| child(entry, 0x53ac).map(unsigned))
}

/// The keyframes of a track by the index at `at`, in the order of their times; `None` where there
/// is no index, or it is too long.
pub(super) fn read(source: &dyn ReadAt, at: u64, track: u64) -> Option<Vec<Cue>> {
    let found = element(source, at, source.size()).ok().flatten()?;
    if found.id != CUES || found.size() > MAX_HEAD || found.end > source.size() {
        return None;
    }
    let content = content(source, found).ok()?;
    let mut cues = Vec::new();
    for (_, point) in children(&content).filter(|(id, _)| *id == 0xbb) {
        let time = child(point, 0xb3).map(unsigned)?;
        let mut positions = children(point).filter(|(id, _)| *id == 0xb7);
        let own = positions.find(|(_, place)| child(place, 0xf7).map(unsigned) == Some(track));
        if let Some(cluster) = own.and_then(|(_, place)| child(place, 0xf1).map(unsigned)) {
            cues.push(Cue { time, cluster });
        }
    }
    cues.sort_by_key(|cue| cue.time);
    cues.dedup_by_key(|cue| cue.time);
    (!cues.is_empty()).then_some(cues)
}

/// The film with the keyframes of the index alone: their `offset` is that of their cluster, and
/// their `size` 0. `None` when the index is wrong.
pub(super) fn list(
    source: &dyn ReadAt,
    cues: &[Cue],
    segment: u64,
    scale: u64,
    track: &Track,
) -> Result<Option<FilmTrack>, FilmError> {
    admit(cues.len())?;
    let (Some(first), Some(last)) = (cues.first(), cues.last()) else { return Ok(None) };
    let time = |cue: &Cue| micros(i64::try_from(cue.time).unwrap_or(i64::MAX), scale);
    let frame = i64::try_from(track.frame_ns / 1000).unwrap_or(0);
    let sparse = Sparse { number: track.number, scale, from: time(first), frame };
    let sample = |cue: &Cue| Sample {
        offset: segment.saturating_add(cue.cluster),
        size: 0,
        time: Some(time(cue).saturating_sub(sparse.from)),
        is_key: true,
    };
    // The index is held against the first keyframe and the last one; the frames from there on tell
    // how long the film is.
    if sparse.blocks(source, &sample(first))?.is_none() {
        return Ok(None);
    }
    let Some((last, mut blocks)) = sparse.blocks(source, &sample(last))? else { return Ok(None) };
    let (end, mut shown) = (last.offset.saturating_add(MAX_TAIL), last.time);
    while let Some(tail) = blocks.next()? {
        shown = shown.max(tail.time);
        if tail.offset > end {
            return Ok(None);
        }
    }
    let Some(shown) = shown else { return Ok(None) };
    let duration = shown.saturating_add(frame).saturating_sub(sparse.from);
    Ok(Some(FilmTrack {
        samples: cues.iter().map(sample).collect(),
        duration,
        is_cut: blocks.is_cut,
        sparse: Some(sparse),
        ..track.film.clone()
    }))
}

impl Sparse {
    /// The keyframe that the index names, and the blocks after it; `None` where it is not there.
    fn blocks<'a>(
        self,
        source: &'a dyn ReadAt,
        key: &Sample,
    ) -> Result<Option<(Sample, Blocks<'a>)>, FilmError> {
        let size = source.size();
        let cluster = element(source, key.offset.min(size), size)?;
        let Some(cluster) = cluster.filter(|found| found.id == CLUSTER) else { return Ok(None) };
        let Sparse { number, scale, .. } = self;
        let at = cluster.start;
        let mut blocks = Blocks { source, at, number, scale, cluster: 0, is_cut: false };
        let time = key.time.map(|time| time.saturating_add(self.from));
        while let Some(sample) = blocks.next()? {
            if sample.is_key && sample.time == time {
                return Ok(Some((sample, blocks)));
            }
            if sample.offset >= cluster.end {
                break;
            }
        }
        Ok(None)
    }

    /// The frames from a keyframe of the index to the next one.
    fn group(
        self,
        source: &dyn ReadAt,
        key: &Sample,
        next: Option<&Sample>,
    ) -> Result<Vec<Sample>, FilmError> {
        let source = &Buffered::new(source);
        let found = self.blocks(source, key)?;
        let (first, mut blocks) =
            found.ok_or(FilmError::Damaged("the index names a frame that is not there"))?;
        let end = next.and_then(|next| next.time).map(|time| time.saturating_add(self.from));
        let mut samples = vec![first];
        while let Some(sample) = blocks.next()?.filter(|s| !(s.is_key && s.time == end)) {
            samples.push(sample);
            admit(samples.len())?;
        }
        for sample in &mut samples {
            sample.time = sample.time.map(|time| time.saturating_sub(self.from));
        }
        let size = source.size();
        samples.retain(|sample| {
            sample.size > 0 && sample.offset.saturating_add(sample.size.into()) <= size
        });
        Ok(samples)
    }
}

impl FilmTrack {
    /// The keyframe itself, where `samples` only says in which cluster it lies.
    ///
    /// # Errors
    /// See [`FilmError`].
    pub fn located(&self, source: &dyn ReadAt, key: &Sample) -> Result<Sample, FilmError> {
        match self.sparse {
            Some(sparse) if key.size == 0 => {
                let found = sparse.blocks(source, key)?;
                let (found, _) =
                    found.ok_or(FilmError::Damaged("the index names a frame that is not there"))?;
                Ok(Sample { time: key.time, ..found })
            }
            _ => Ok(*key),
        }
    }

    /// The film with all frames around `times` in `samples`, where else only the keyframes are:
    /// those from the keyframe before each time, and those from the keyframe after it on, which may
    /// be shown before it.
    ///
    /// # Errors
    /// See [`FilmError`].
    pub fn around(
        &self,
        source: &dyn ReadAt,
        times: &[i64],
    ) -> Result<Cow<'_, FilmTrack>, FilmError> {
        let Some(sparse) = self.sparse else { return Ok(Cow::Borrowed(self)) };
        let mut wanted = BTreeSet::new();
        for &time in times {
            let after = self.samples.partition_point(|key| key.time <= Some(time));
            wanted.extend([after.saturating_sub(1), after]);
        }
        let mut samples = Vec::new();
        for number in wanted {
            if let Some(key) = self.samples.get(number) {
                samples.extend(sparse.group(source, key, self.samples.get(number + 1))?);
                admit(samples.len())?;
            }
        }
        Ok(Cow::Owned(FilmTrack { samples, sparse: None, ..self.clone() }))
    }
}
