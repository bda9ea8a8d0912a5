//! Frames of films at the same moments: from memory, from beside the cache, or decoded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::tiles::KnownFilm;
use crate::container::film::{self, FilmTrack};
use crate::decode::DecodeOptions;
use crate::decode::film::{FrameBudget, Shown, TOLERANCE, frames_at, frames_needed};
use crate::files::content::FileSource;
use crate::model::path_text::for_people;
use crate::video::glimpses::{Glimpse, dense_moments};
use crate::video::{Agreement, Frame, Way, is_clear_miss, moments, prove};

/// Most keyframes of a film whose moments are considered.
const MOST_OFFERED: usize = 256;
/// Most keyframes of a film that are looked at to find what others have of it.
const MOST_KEYS: usize = 64;
/// By how much one film may begin later, in microseconds: by up to two frames at 15 a second, in
/// steps of a frame at 30.
const LATE: [i64; 4] = [33_333, 66_667, 100_000, 133_333];
/// How much later a moment is looked at again, in microseconds: behind a cut, whatever the rates.
const BEHIND_CUT: i64 = 150_000;
/// More moments than this do not all lie at cuts.
const MOST_CUTS: usize = 2;
/// So many moments, the cheapest, are looked at first: they part most films that are different.
const FIRST_LOOK: usize = 2;

/// Whether frames count that an earlier run decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    Yes,
    No,
}

/// A film that was opened.
struct OpenFilm {
    source: FileSource,
    track: FilmTrack,
}

impl OpenFilm {
    /// The moments of its keyframes; of more than `most`, of every so many.
    fn keyframes(&self, most: usize) -> impl Iterator<Item = i64> {
        let keys = self.track.samples.iter().filter(|sample| sample.is_key);
        let keys: Vec<i64> = keys.filter_map(|sample| sample.time).collect();
        let step = keys.len().div_ceil(most).max(1);
        keys.into_iter().step_by(step)
    }
}

/// The films, and the frames of them that are known.
pub(super) struct FilmFrames<'a> {
    known: &'a [KnownFilm],
    options: &'a DecodeOptions,
    /// Opened films, by index; `None` for those that cannot be.
    open: Mutex<HashMap<u32, Option<Arc<OpenFilm>>>>,
    /// Frames by film and moment.
    frames: Mutex<HashMap<u32, BTreeMap<i64, Frame>>>,
    /// Those that were decoded in this run.
    fresh: Mutex<BTreeMap<u32, Vec<Frame>>>,
}

impl<'a> FilmFrames<'a> {
    pub fn new(known: &'a [KnownFilm], options: &'a DecodeOptions, remembered: Remembered) -> Self {
        let remembered = if remembered == Remembered::Yes { known } else { &[] };
        let frames = (0..).zip(remembered).map(|(index, known)| {
            let probes = known.film.record.fingerprint.frames.iter().map(|(_, frame)| frame);
            let frames = probes.chain(&known.frames);
            (index, frames.map(|frame| (frame.time, frame.clone())).collect())
        });
        Self {
            known,
            options,
            open: Mutex::default(),
            frames: Mutex::new(frames.collect()),
            fresh: Mutex::default(),
        }
    }

    /// The frames that were decoded, by film.
    pub fn fresh(self) -> BTreeMap<u32, Vec<Frame>> {
        self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds two films against each other, laid on each other in this way; `None` where frames of
    /// one cannot be had.
    pub fn prove(&self, a: u32, b: u32, way: Way) -> Option<Agreement> {
        let films = Films { sides: [self.side(a)?, self.side(b)?], way };
        let duration = |film: u32| self.known[film as usize].film.record.facts.duration_us;
        let whole = duration(a).min(duration(b));
        let duration = way.stretch.map_or(whole, |stretch| stretch.lasts[0]);
        let sides = films.sides.iter().enumerate();
        let offered: Vec<i64> = sides
            .flat_map(|(at, side)| side.offered().map(move |time| way.since_start(at, time)))
            .filter(|time| (0..=duration).contains(time))
            .collect();
        let cost = |time: i64| {
            let [a, b] = &films.sides;
            Some(a.cost(way.moment(0, time))?.saturating_add(b.cost(way.moment(1, time))?))
        };
        let mut chosen = moments::choose(duration, &offered, cost);
        chosen.sort_by_key(|&time| (cost(time), time));
        let (first, rest) = chosen.split_at(FIRST_LOOK.min(chosen.len()));
        let mut pairs = Vec::new();
        let mut budgets = [FrameBudget::PROOF; 2];
        for times in [first, rest] {
            let looked_at = self.pairs(&films, times, [0, 0], &mut budgets);
            pairs.extend(self.behind_cuts(&films, looked_at, &mut budgets));
            if pairs.iter().any(|(a, b)| is_clear_miss(a, b)) {
                return Some(prove(&pairs));
            }
        }
        let mut best = prove(&pairs);
        // A program that changes the frame rate, or another codec, may begin a frame or two later.
        if best.may_be_shifted() {
            let delays = [0].into_iter().chain(LATE);
            let all: Vec<(i64, i64)> =
                delays.flat_map(|late| chosen.iter().map(move |&time| (time, late))).collect();
            // In one go: each group of pictures is decoded once.
            for (at, (film, budget)) in films.sides.iter().zip(&mut budgets).enumerate() {
                let moment = |&(time, late): &(i64, i64)| way.moment(at, time) + late;
                let mut times: Vec<i64> = all.iter().map(moment).collect();
                times.sort_unstable();
                self.frames(film, &times, budget);
            }
        }
        for late in LATE {
            if !best.may_be_shifted() {
                break;
            }
            for delays in [[late, 0], [0, late]] {
                let shifted = prove(&self.pairs(&films, &chosen, delays, &mut budgets));
                if shifted.is_better_than(&best) {
                    best = shifted;
                }
            }
        }
        Some(best)
    }

    /// Keyframes often lie where one scene is cut to the next, and there one film may still show the
    /// old one. So a moment at which they differ is looked at again a little later.
    fn behind_cuts(
        &self,
        films: &Films,
        mut pairs: Vec<(Frame, Frame)>,
        budgets: &mut [FrameBudget; 2],
    ) -> Vec<(Frame, Frame)> {
        let is_miss = |pair: &(Frame, Frame)| is_clear_miss(&pair.0, &pair.1);
        let missed: Vec<i64> = pairs
            .iter()
            .filter(|pair| is_miss(pair))
            .map(|(a, _)| films.way.since_start(0, a.time))
            .collect();
        if missed.is_empty() || missed.len() > MOST_CUTS {
            return pairs;
        }
        let later: Vec<i64> = missed.iter().map(|time| time.saturating_add(BEHIND_CUT)).collect();
        let again = self.pairs(films, &later, [0, 0], budgets);
        // What cannot be looked at again has missed.
        if again.len() == later.len() {
            pairs.retain(|pair| !is_miss(pair));
            pairs.extend(again);
        }
        pairs
    }

    /// The frames of both films at those moments, each film so much later.
    fn pairs(
        &self,
        films: &Films,
        times: &[i64],
        [later, later_still]: [i64; 2],
        budgets: &mut [FrameBudget; 2],
    ) -> Vec<(Frame, Frame)> {
        let [a, b] = &films.sides;
        let mut times = times.to_vec();
        times.sort_unstable();
        let first = |time: &i64| films.way.moment(0, *time).saturating_add(later);
        let second = |time: &i64| films.way.moment(1, *time).saturating_add(later_still);
        let a = self.frames(a, &times.iter().map(first).collect::<Vec<_>>(), &mut budgets[0]);
        // What the first of them does not have is not asked of the second.
        times.retain(|time| a.contains_key(&first(time)));
        let b = self.frames(b, &times.iter().map(second).collect::<Vec<_>>(), &mut budgets[1]);
        let pair = |time: &i64| {
            let (a, b) = (a.get(&first(time))?, b.get(&second(time))?);
            Some(films.way.lay(a.clone(), b.clone()))
        };
        times.iter().filter_map(pair).collect()
    }

    /// What a film shows, by its keyframes and at the dense moments in its middle; `None` where it
    /// cannot be opened. The frames are not kept.
    pub fn glimpses(&self, film: u32) -> Option<Vec<Glimpse>> {
        let open = self.opened(film)?;
        let duration = self.known[film as usize].film.record.facts.duration_us;
        let mut times = dense_moments(duration);
        times.extend(open.keyframes(MOST_KEYS));
        times.sort_unstable();
        times.dedup();
        let mut glimpses = Vec::new();
        let mut budget = FrameBudget::PROOF;
        self.decode(film, &open, &times, &mut budget, &mut |_, shown| {
            let frame = Frame::new(shown.time, shown.tiles);
            let glimpse = Glimpse { time: frame.time, fine: frame.view.fine };
            glimpses.extend((!frame.is_flat()).then_some(glimpse));
        });
        glimpses.sort_unstable_by_key(|glimpse: &Glimpse| glimpse.time);
        glimpses.dedup_by_key(|glimpse| glimpse.time);
        Some(glimpses)
    }

    fn side(&self, film: u32) -> Option<Side> {
        let known = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = known.get(&film).into_iter().flat_map(|frames| frames.keys().copied());
        let stored: Vec<i64> = stored.collect();
        drop(known);
        let open = self.opened(film);
        (open.is_some() || !stored.is_empty()).then_some(Side { film, stored, open })
    }

    fn opened(&self, film: u32) -> Option<Arc<OpenFilm>> {
        let lock = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&film) {
            return known.clone();
        }
        let known = &self.known[film as usize].film;
        let opened = FileSource::open(&known.file.path).ok().and_then(|source| {
            let track = film::read(&source).ok()?;
            // Another file may have taken its place.
            let same = track.duration == known.record.facts.duration_us;
            same.then(|| Arc::new(OpenFilm { source, track }))
        });
        lock().insert(film, opened.clone());
        opened
    }

    /// The frames of those moments that can be had.
    fn frames(&self, side: &Side, times: &[i64], budget: &mut FrameBudget) -> BTreeMap<i64, Frame> {
        let lock = || self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: BTreeMap<i64, Frame> = BTreeMap::new();
        if let Some(known) = lock().get(&side.film) {
            found.extend(times.iter().filter_map(|time| Some((*time, known.get(time)?.clone()))));
        }
        let missing: Vec<i64> =
            times.iter().copied().filter(|time| !found.contains_key(time)).collect();
        let Some(open) = side.open.as_ref().filter(|_| !missing.is_empty()) else { return found };
        let mut decoded = Vec::new();
        self.decode(side.film, open, &missing, budget, &mut |index, shown| {
            decoded.extend(missing.get(index).map(|&time| Frame::new(time, shown.tiles)));
        });
        let mut known = lock();
        let known = known.entry(side.film).or_default();
        for frame in &decoded {
            known.insert(frame.time, frame.clone());
            found.insert(frame.time, frame.clone());
        }
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.entry(side.film).or_default().extend(decoded);
        found
    }

    /// Decodes the frames of those moments that can be had, with the place of each among them.
    fn decode(
        &self,
        film: u32,
        open: &OpenFilm,
        times: &[i64],
        budget: &mut FrameBudget,
        take: &mut dyn FnMut(usize, Shown),
    ) {
        let OpenFilm { source, track } = open;
        let each = &mut |index, shown: Result<Shown, _>| {
            if let Ok(shown) = shown {
                take(index, shown);
            }
            true
        };
        if let Err(error) = frames_at(source, track, times, TOLERANCE, budget, self.options, each) {
            let path = &self.known[film as usize].film.file.path;
            tracing::debug!("{}: {error}", for_people(path));
        }
    }
}

/// Two films, and how they lie on each other.
struct Films {
    sides: [Side; 2],
    way: Way,
}

/// One of two films.
struct Side {
    film: u32,
    /// Moments of which frames are known.
    stored: Vec<i64>,
    open: Option<Arc<OpenFilm>>,
}

impl Side {
    /// Moments that may be cheap.
    fn offered(&self) -> impl Iterator<Item = i64> {
        let keys = self.open.iter().flat_map(|open| open.keyframes(MOST_OFFERED));
        keys.chain(self.stored.iter().copied())
    }

    /// Frames that have to be decoded for that moment.
    fn cost(&self, time: i64) -> Option<u64> {
        if self.stored.contains(&time) {
            return Some(0);
        }
        let open = self.open.as_ref()?;
        frames_needed(&open.track, time, TOLERANCE).map(u64::from)
    }
}
