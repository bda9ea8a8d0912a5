//! Proofs of pairs of films, each made once: what an earlier run found still holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::super::Monitor;
use super::deep::Ways;
use super::frames::{FilmFrames, Remembered};
use super::price::DeepPrice;
use crate::catalogue::tiles::{FilmPair, KnownFilm, TileStore, TileStoreError};
use crate::decode::DecodeOptions;
use crate::dedupe::films::FilmProver;
use crate::model::event::{Event, Phase};
use crate::model::findings::Group;
use crate::model::media::Orientation;
use crate::model::path_text::for_people;
use crate::video::glimpses::Glimpse;
use crate::video::{Agreement, FilmMatch, FilmStanding, Way};

/// What was seen of so many films is written at once: an interrupted search loses no more.
const WRITE_GLIMPSES: usize = 64;

/// Proves pairs by frames, unless an earlier run did.
pub(super) struct Prover<'a> {
    frames: FilmFrames<'a>,
    known: &'a [KnownFilm],
    /// The first so many are the store's own.
    own: usize,
    pub ways: Ways,
    earlier: HashMap<FilmPair, Agreement>,
    fresh: Mutex<Vec<(FilmPair, Agreement)>>,
    /// What was found in this run, by index.
    found: Mutex<HashMap<(u32, u32, Way), Agreement>>,
    cancel: &'a AtomicBool,
}

impl<'a> Prover<'a> {
    pub fn new(
        known: &'a [KnownFilm],
        own: usize,
        store: &TileStore,
        ways: Ways,
        options: &'a DecodeOptions,
        monitor: Monitor<'a>,
    ) -> Self {
        let earlier = store.film_pairs().unwrap_or_else(|error| {
            tracing::warn!("{error}");
            HashMap::new()
        });
        let frames = FilmFrames::new(known, options, Remembered::Yes);
        let (fresh, found) = (Mutex::default(), Mutex::default());
        Self { frames, known, own, ways, earlier, fresh, found, cancel: monitor.cancel }
    }

    /// The number of a film of the store.
    fn row(&self, film: u32) -> Option<i64> {
        let known = self.known.get(..self.own)?.get(film as usize)?;
        Some(known.id).filter(|&id| id >= 0)
    }

    fn name(&self, film: u32) -> String {
        self.known.get(film as usize).map_or_else(String::new, |k| for_people(&k.film.file.path))
    }

    /// Keeps what was found and the frames that were decoded.
    pub fn keep(self, store: &mut TileStore) -> Result<(), TileStoreError> {
        store.write_film_pairs(&self.fresh.into_inner().unwrap_or_default())?;
        for (film, frames) in self.frames.fresh() {
            if let Some(known) = self.known.get(..self.own).and_then(|own| own.get(film as usize)) {
                store.write_frames(known.id, &frames)?;
            }
        }
        Ok(())
    }

    /// Films that show what the keeper of their group shows, or another one that is turned or framed
    /// like them: what is seen of that one holds for them.
    fn told_by_others(groups: &[Group<u32>]) -> HashSet<u32> {
        let mut told = HashSet::new();
        for group in groups {
            let mut ways = HashSet::from([(Orientation::Upright, false)]);
            for duplicate in &group.duplicates {
                let is_part = duplicate.likeness.is_some_and(|likeness| likeness.region.is_some());
                if !ways.insert((duplicate.orientation, is_part)) {
                    told.insert(duplicate.picture);
                }
            }
        }
        told
    }

    /// What is seen of the films that are in no group, or keep one, or show it in another way, so
    /// that it shows which of them have a stretch in common. What an earlier run saw is in the store; what the rest costs is
    /// said before it begins.
    pub fn glimpses(
        &self,
        left_out: &HashSet<u32>,
        groups: &[Group<u32>],
        store: &mut TileStore,
        Monitor { progress, cancel, .. }: Monitor<'_>,
    ) -> BTreeMap<u32, Vec<Glimpse>> {
        let taken = Self::told_by_others(groups);
        let wanted = (0..).zip(self.known).filter(|(at, known)| {
            known.film.is_decoded() && !taken.contains(at) && !left_out.contains(at)
        });
        let (mut glimpses, mut missing) = (BTreeMap::new(), Vec::new());
        for (film, _) in wanted {
            let earlier = self.row(film).map_or(Ok(None), |row| store.glimpses(row));
            match earlier.unwrap_or_else(|error| {
                tracing::warn!("{error}");
                None
            }) {
                Some(seen) => drop(glimpses.insert(film, seen)),
                None => missing.push(film),
            }
        }
        let films = missing.iter().map(|&film| &self.known[film as usize].film);
        let price: DeepPrice = films.collect();
        if price.films > 0 {
            progress.on(Event::Message(&price.to_string()));
        }
        let stage = Phase::Compare;
        progress.on(Event::StageStarted { stage, total: Some(missing.len() as u64) });
        for some in missing.chunks(WRITE_GLIMPSES) {
            let seen: Vec<(u32, Vec<Glimpse>)> = some
                .into_par_iter()
                .filter(|_| !cancel.load(Ordering::Relaxed))
                .filter_map(|&film| {
                    let seen = self.frames.glimpses(film);
                    progress.on(Event::Advanced { stage, items: 1, bytes: 0 });
                    Some((film, seen?))
                })
                .collect();
            let row =
                |(film, seen): &'_ (u32, Vec<Glimpse>)| Some((self.row(*film)?, seen.clone()));
            let rows: Vec<_> = seen.iter().filter_map(row).collect();
            if let Err(error) = store.write_glimpses(&rows) {
                tracing::warn!("{error}; films are looked at again in the next run");
            }
            glimpses.extend(seen);
        }
        progress.on(Event::StageFinished { stage });
        glimpses.retain(|_, seen| !seen.is_empty());
        glimpses
    }

    /// Adds the ways that what was found leads to; whether there were any.
    pub fn compose(&mut self, earlier: &[Group<u32>], groups: &[Group<u32>]) -> bool {
        let mut ways = std::mem::take(&mut self.ways);
        let proven = |a: u32, b: u32| {
            let found = self.prove_by(&ways, a, b)?;
            (found.agreement.standing == FilmStanding::Same).then_some(found.way)
        };
        let mut known = HashMap::new();
        for group in earlier.iter().chain(groups) {
            for duplicate in &group.duplicates {
                let pair = (group.keeper, duplicate.picture);
                known.extend(proven(pair.0, pair.1).map(|way| (pair, way)));
            }
        }
        let is_new = ways.add_composed(earlier, groups, &|a, b| known.get(&(a, b)).copied());
        self.ways = ways;
        is_new
    }

    fn prove_so(&self, a: u32, b: u32, way: Way) -> Option<Agreement> {
        let pair = self.row(a).zip(self.row(b)).map(|(a, b)| FilmPair::new(a, b, way));
        if let Some(found) = pair.and_then(|pair| self.earlier.get(&pair)) {
            return Some(*found);
        }
        let key = if a < b { (a, b, way) } else { (b, a, way.inverse()) };
        let lock = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&key) {
            return Some(*found);
        }
        if self.cancel.load(Ordering::Relaxed) {
            return None;
        }
        let found = self.frames.prove(a, b, way)?;
        lock().insert(key, found);
        if let (Some(pair), Ok(mut fresh)) = (pair, self.fresh.lock()) {
            fresh.push((pair, found));
        }
        Some(found)
    }

    fn prove_by(&self, ways: &Ways, a: u32, b: u32) -> Option<FilmMatch> {
        let mut best: Option<FilmMatch> = None;
        for tried in ways.between(self.known, a, b) {
            let way = tried.way;
            let Some(found) = self.prove_so(a, b, way) else { continue };
            let agreement = Agreement { standing: tried.standing(found), ..found };
            tracing::trace!(?way, ?agreement, "{} beside {}", self.name(a), self.name(b));
            if best.is_none_or(|best| agreement.is_better_than(&best.agreement)) {
                best = Some(FilmMatch { agreement, way });
            }
            if agreement.standing == FilmStanding::Same {
                break;
            }
        }
        best
    }
}

impl FilmProver for Prover<'_> {
    fn prove(&self, a: u32, b: u32) -> Option<FilmMatch> {
        self.prove_by(&self.ways, a, b)
    }
}
