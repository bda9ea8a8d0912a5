//! Which frames of a film are asked for, and which have to be decoded for them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::container::film::FilmTrack;

/// The frames asked for that are decoded in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The keyframe to begin with, as a number in `samples`.
    pub start: usize,
    /// The last frame to decode.
    pub last: usize,
    /// The frames asked for, each with the numbers of the times that ask for it.
    pub frames: BTreeMap<usize, Vec<usize>>,
}

/// The frame that begins nearest to `time`, the earlier one of two; where none begins within
/// `tolerance`, the one that is on the screen at `time`. Of frames at one time only the last one is
/// shown: VP8 puts hidden ones, which others are predicted from, before it.
pub(super) fn shown_at(track: &FilmTrack, time: i64, tolerance: i64) -> Option<usize> {
    let shown =
        || track.samples.iter().enumerate().filter_map(|(at, sample)| Some((sample.time?, at)));
    let nearest =
        shown().min_by_key(|&(begins, at)| (begins.abs_diff(time), begins, Reverse(at)))?;
    if nearest.0.abs_diff(time) <= tolerance.unsigned_abs() {
        return Some(nearest.1);
    }
    if time >= track.duration {
        return None;
    }
    shown().filter(|&(begins, _)| begins <= time).max().map(|(_, at)| at)
}

/// The keyframe from which decoding has to begin for the frame of that number. Frames that are
/// shown before the keyframe that they follow may need the keyframe before it.
pub(super) fn start(track: &FilmTrack, number: usize) -> Option<usize> {
    let key_up_to = |end: usize| track.samples.get(..end)?.iter().rposition(|s| s.is_key);
    let key = key_up_to(number + 1)?;
    let leads = match (track.samples.get(number)?.time, track.samples.get(key)?.time) {
        (Some(own), Some(of_key)) => own < of_key,
        _ => false,
    };
    if leads { key_up_to(key).or(Some(key)) } else { Some(key) }
}

/// The frames for `times` in stretches, in the order of the first time of each. The numbers of the
/// times for which there is no frame come first.
pub(super) fn stretches(
    track: &FilmTrack,
    times: &[i64],
    tolerance: i64,
) -> (Vec<usize>, Vec<Stretch>) {
    let mut missing = Vec::new();
    let mut frames = BTreeMap::<(usize, usize), Vec<usize>>::new();
    for (index, &time) in times.iter().enumerate() {
        let found = shown_at(track, time, tolerance);
        match found.and_then(|number| Some((start(track, number)?, number))) {
            Some(found) => frames.entry(found).or_default().push(index),
            None => missing.push(index),
        }
    }
    let mut stretches = Vec::<Stretch>::new();
    for ((start, number), indices) in frames {
        match stretches.last_mut() {
            Some(before) if start <= before.last => {
                before.last = before.last.max(number);
                before.frames.entry(number).or_default().extend(indices);
            }
            _ => {
                let frames = BTreeMap::from([(number, indices)]);
                stretches.push(Stretch { start, last: number, frames });
            }
        }
    }
    stretches.sort_by_key(|stretch| stretch.frames.values().flatten().min().copied());
    (missing, stretches)
}
