//! The frames of a film at given times.

use std::collections::{BTreeMap, BTreeSet};

use super::decoder::Pictures;
use super::opened::{self, Opened};
use super::wanted::{self, Stretch};
use super::{DecodeError, DecodeOptions, FrameBudget, MAX_FRAME_BYTES, caught, refused};
use crate::container::ReadAt;
use crate::container::film::{FilmTrack, Rotation, Sample};
use crate::model::media::{Dimensions, Orientation};
use crate::picture::tile::Tiles;

/// Most frames' worth of work in the bytes of one keyframe, in sixteenths.
const MAX_SIXTEENTHS: u64 = 16 * 16;
/// Microseconds from frame to frame where a film does not say it.
const USUAL_FRAME: i64 = 33_333;

/// A frame of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When it begins to be shown, in microseconds from the first frame.
    pub time: i64,
    /// Its tiles, turned as the track says.
    pub tiles: Tiles,
}

/// What is told of one of the times: its number, and the frame. `false` ends the search.
pub type Found<'a> = dyn FnMut(usize, Result<Shown, DecodeError>) -> bool + 'a;

/// Decodes the frame for each of `times`, in microseconds from the first frame: the one that begins
/// nearest to it, at most `tolerance` away; else the one that is on the screen then.
///
/// Frames are told of as they come: groups of pictures in the order of the first time that needs
/// each, and those of one group in the order in which they are decoded. Each group is decoded once,
/// from its keyframe to the last frame asked for. A time for which there is no frame, or whose
/// frame cannot be decoded, is told of with the reason. The memory of the decoder is reserved while
/// `found` is called, so that it must not decode anything under the same limits.
///
/// # Errors
/// [`DecodeError::TooMuchWork`] when the budget does not suffice; the times that were not told of
/// by then are not told of. Errors of reading, and codecs that are not decoded. No input makes it
/// panic.
pub fn frames_at(
    source: &dyn ReadAt,
    track: &FilmTrack,
    times: &[i64],
    tolerance: i64,
    budget: &mut FrameBudget,
    options: &DecodeOptions,
    found: &mut Found<'_>,
) -> Result<(), DecodeError> {
    let track = &*track.around(source, times).map_err(refused)?;
    let (missing, stretches) = wanted::stretches(track, times, tolerance);
    for index in missing {
        let error = DecodeError::Damaged("the film has no frame at that time".into());
        if !found(index, Err(error)) {
            return Ok(());
        }
    }
    for stretch in &stretches {
        let alone = stretch.start == stretch.last;
        let opened = caught(|| Opened::new(track, alone, options));
        if !Run::new(source, track, stretch).decode(opened, budget, found)? {
            break;
        }
    }
    Ok(())
}

/// How many frames are decoded for the one at `time`, at most: 1 for a keyframe. Where only the
/// keyframes are listed ([`FilmTrack::sparse`]), an estimate. `None` where there is no
/// such frame, or where its codec is not decoded.
pub fn frames_needed(track: &FilmTrack, time: i64, tolerance: i64) -> Option<u32> {
    let number = wanted::shown_at(track, time, tolerance)?;
    let start = wanted::start(track, number)?;
    if let Some(sparse) = track.sparse {
        let frame = if sparse.frame > 0 { sparse.frame } else { USUAL_FRAME };
        let after = time.saturating_sub(track.samples.get(start)?.time?);
        let frames = (after.saturating_sub(tolerance).max(0) / frame).saturating_add(1);
        let is_decoded = track.codec.is_some_and(opened::is_built);
        return is_decoded.then(|| u32::try_from(frames).unwrap_or(u32::MAX));
    }
    let is_decoded = track.codec.is_some_and(opened::is_built);
    is_decoded.then(|| u32::try_from(number - start + 1).unwrap_or(u32::MAX))
}

/// Decodes a keyframe to its tiles, turned as the track says.
///
/// # Errors
/// See [`DecodeError`]: also for frames that are no keyframes, of more than 35 megapixels or of
/// more than 32 MiB. No input makes it panic.
pub fn keyframe(
    source: &dyn ReadAt,
    track: &FilmTrack,
    sample: &Sample,
    options: &DecodeOptions,
) -> Result<Tiles, DecodeError> {
    if !sample.is_key {
        return Err(DecodeError::Unsupported("a frame that needs others".into()));
    }
    let wanted = BTreeMap::from([(0, Vec::new())]);
    let given = caught(|| {
        let mut opened = Opened::new(track, true, options)?;
        let sample = track.located(source, sample).map_err(refused)?;
        let bytes = track.frame(source, &sample, MAX_FRAME_BYTES).map_err(refused)?;
        let mut pictures = Pictures::new(&wanted);
        if opened.decoder.sixteenths(&bytes) > MAX_SIXTEENTHS {
            return Err(DecodeError::TooMuchWork);
        }
        opened.decoder.decode(0, &bytes, &mut pictures)?;
        opened.decoder.finish(&mut pictures)?;
        Ok(pictures.given)
    })
    .map_err(|error| named(error, track))?;
    given.into_iter().next().map(|(_, tiles)| oriented(&tiles, track.rotation)).ok_or_else(none)
}

/// One stretch that is being decoded.
pub(super) struct Run<'a> {
    source: &'a dyn ReadAt,
    track: &'a FilmTrack,
    stretch: &'a Stretch,
    /// The frames that were told of.
    told: BTreeSet<usize>,
}

impl<'a> Run<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, track: &'a FilmTrack, stretch: &'a Stretch) -> Self {
        Self { source, track, stretch, told: BTreeSet::new() }
    }

    /// `false` when the search was ended.
    pub(super) fn decode(
        mut self,
        opened: Result<Opened, DecodeError>,
        budget: &mut FrameBudget,
        found: &mut Found<'_>,
    ) -> Result<bool, DecodeError> {
        let done = opened.and_then(|opened| self.pictures(opened, budget, found));
        let error = match done.map_err(|error| named(error, self.track)) {
            Ok(false) => return Ok(false),
            Ok(true) => none(),
            Err(error @ (DecodeError::TooMuchWork | DecodeError::Io(_))) => return Err(error),
            Err(error) => error,
        };
        for (number, indices) in &self.stretch.frames {
            for &index in indices.iter().filter(|_| !self.told.contains(number)) {
                if !found(index, Err(again(&error))) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn pictures(
        &mut self,
        mut opened: Opened,
        budget: &mut FrameBudget,
        found: &mut Found<'_>,
    ) -> Result<bool, DecodeError> {
        let Stretch { start, last, ref frames } = *self.stretch;
        let track = self.track;
        let pixels = Dimensions { width: track.width, height: track.height }.pixels();
        let mut pictures = Pictures::new(frames);
        let samples = track.samples.get(start..=last).unwrap_or_default();
        for (number, sample) in (start..).zip(samples) {
            let bytes = track.frame(self.source, sample, MAX_FRAME_BYTES).map_err(refused)?;
            let is_wanted = frames.contains_key(&number);
            if !is_wanted && !caught(|| Ok(opened.decoder.is_reference(&bytes)))? {
                budget.spend(0, bytes.len())?;
                continue;
            }
            let sixteenths = caught(|| Ok(opened.decoder.sixteenths(&bytes)))?;
            budget.spend((pixels / 16).max(1).saturating_mul(sixteenths), bytes.len())?;
            let done = caught(|| opened.decoder.decode(number, &bytes, &mut pictures));
            match done {
                // Frames before the keyframe need what is not there, and are not asked for.
                Err(DecodeError::Damaged(_)) if !is_wanted && self.leads(sample) => {}
                done => done?,
            }
            if !self.tell(&mut pictures, found) {
                return Ok(false);
            }
        }
        caught(|| opened.decoder.finish(&mut pictures))?;
        Ok(self.tell(&mut pictures, found))
    }

    /// Whether a frame is shown before the keyframe to begin with, or not at all.
    fn leads(&self, sample: &Sample) -> bool {
        let key = self.track.samples.get(self.stretch.start).and_then(|key| key.time);
        sample.time.is_none_or(|time| key.is_some_and(|key| time < key))
    }

    fn tell(&mut self, pictures: &mut Pictures<'_>, found: &mut Found<'_>) -> bool {
        for (number, tiles) in pictures.given.drain(..) {
            if !self.told.insert(number) {
                continue;
            }
            let time = self.track.samples.get(number).and_then(|sample| sample.time);
            let shown = Shown {
                time: time.unwrap_or_default(),
                tiles: oriented(&tiles, self.track.rotation),
            };
            for &index in self.stretch.frames.get(&number).into_iter().flatten() {
                if !found(index, Ok(shown.clone())) {
                    return false;
                }
            }
        }
        true
    }
}

fn oriented(tiles: &Tiles, rotation: Rotation) -> Tiles {
    tiles.oriented(match rotation {
        Rotation::Upright => Orientation::Upright,
        Rotation::Quarter => Orientation::Rotate90,
        Rotation::Half => Orientation::Rotate180,
        Rotation::ThreeQuarters => Orientation::Rotate270,
    })
}

/// What is not supported, with the name that the film gives its codec.
fn named(error: DecodeError, track: &FilmTrack) -> DecodeError {
    let coding = &track.coding;
    match error {
        DecodeError::Unsupported(what) if !what.contains(coding) => {
            DecodeError::Unsupported(format!("{what} ({coding})"))
        }
        error => error,
    }
}

fn none() -> DecodeError {
    DecodeError::Damaged("no picture came of the frame".into())
}

/// The same error for one more frame.
fn again(error: &DecodeError) -> DecodeError {
    match error {
        DecodeError::Io(error) => {
            DecodeError::Io(std::io::Error::new(error.kind(), error.to_string()))
        }
        DecodeError::NotAPicture => DecodeError::NotAPicture,
        DecodeError::Unsupported(what) => DecodeError::Unsupported(what.clone()),
        DecodeError::Damaged(what) => DecodeError::Damaged(what.clone()),
        DecodeError::Truncated(what) => DecodeError::Truncated(what.clone()),
        DecodeError::TooLarge { what, limit } => {
            DecodeError::TooLarge { what: what.clone(), limit: limit.clone() }
        }
        DecodeError::NoPreview(what) => DecodeError::NoPreview(what.clone()),
        DecodeError::Panicked(what) => DecodeError::Panicked(what.clone()),
        DecodeError::TooMuchWork => DecodeError::TooMuchWork,
    }
}
