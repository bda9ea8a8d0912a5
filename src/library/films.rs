//! Finding films that are the same: their bytes, then frames of the same moments.

mod deep;
mod frames;
mod price;
mod search;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{Library, LibraryError, Monitor};
use crate::catalogue::tiles::{KnownFilm, TileStore, TileStoreError, beside};
use crate::decode::DecodeOptions;
use crate::dedupe::DedupeOptions;
use crate::dedupe::films::{self, FilmProver, FilmQuestion};
use crate::files::content::content_hash;
use crate::model::event::{Event, Phase};
use crate::model::findings::{FoundPicture, Group, Relation};
use crate::model::media::FileKey;
use crate::model::path_text::for_people;
use crate::model::phash::{PictureHash, Quality};
use crate::model::record::{ContentHash, Mark, Skip, Stage};
use crate::scan::Scan;
use crate::units;
use crate::video::glimpses::Glimpse;
use crate::video::{Agreement, Film, FilmMatch, FilmStanding, Way};
use deep::Ways;
use frames::{FilmFrames, Remembered};
use price::DeepPrice;
pub use search::FilmHit;

/// What was found among films.
#[derive(Debug, Default)]
pub(super) struct FilmGroups {
    pub groups: Vec<Group>,
    /// Films whose bytes could not be compared.
    pub skipped: Vec<Skip>,
}

impl Library {
    /// Compares the films of a scan, and with them those that only other caches know. With
    /// `confirm`, what was found by frames that an earlier run kept is found again by frames of the
    /// files as they are: somebody will do something because of it.
    ///
    /// # Errors
    /// [`LibraryError::Interrupted`]
    pub(super) fn compare_films(
        &mut self,
        scan: &Scan,
        other_caches: &[PathBuf],
        matching: &DedupeOptions,
        confirm: bool,
        monitor: Monitor<'_>,
    ) -> Result<FilmGroups, LibraryError> {
        let mut known = scan.videos.films.clone();
        if known.is_empty() {
            return Ok(FilmGroups::default());
        }
        let own = known.len();
        // They have the root after the last, which is a reference.
        let root = matching.reference_roots.len().saturating_sub(1) as u32;
        known.extend(other_films(other_caches, root, &known));
        let films: Vec<Film> = known.iter().map(|known| known.film.clone()).collect();
        let mut contents = Contents::read(&films, own, &matching.marks, monitor);
        let store = self.cache.tiles().map_err(LibraryError::Tiles)?;
        contents.keep(store, &known[..own]);
        let left_out = films_of_pictures(scan, &films);
        let ways = if matching.deep { Ways::of(&films, &left_out) } else { Ways::default() };
        let otherwise = ways.pairs();
        let mut prover = Prover::new(&known, own, store, ways, &self.options.scan.decode, monitor);
        let marks: HashSet<Mark> = matching.marks.iter().copied().collect();
        let are_apart = |a: u32, b: u32| contents.are_marked(&films, &marks, a, b);
        let question = FilmQuestion {
            films: &films,
            contents: &contents.known,
            reference_roots: &matching.reference_roots,
            keep: &matching.keep,
            prefer: matching.prefer.as_ref(),
            are_apart: &are_apart,
            left_out: &left_out,
            otherwise: &otherwise,
        };
        let mut groups = films::groups(&question, &prover);
        if matching.deep {
            let glimpses = prover.glimpses(&films, &left_out, &groups, monitor);
            prover.ways.add_stretches(&films, &glimpses, &groups);
            let otherwise = prover.ways.pairs();
            let question = FilmQuestion { otherwise: &otherwise, ..question };
            groups = films::groups(&question, &prover);
        }
        if confirm {
            confirm_by_files(&mut groups, &known, &prover.ways, &self.options.scan.decode, monitor);
            let members: Vec<u32> = groups.iter().flat_map(Group::candidates).copied().collect();
            contents.read_all(&films, own, members, monitor);
            contents.keep(store, &known[..own]);
        }
        if let Err(error) = prover.keep(store) {
            tracing::warn!("{error}; films are compared again in the next run");
        }
        if monitor.cancel.load(Ordering::Relaxed) {
            return Err(LibraryError::Interrupted { while_scanning: false });
        }
        let mut names: HashMap<FileKey, Vec<u32>> = HashMap::new();
        for (index, film) in (0..).zip(&films) {
            names.entry(film.file.stamp.key).or_default().push(index);
        }
        let spell_out = |index: u32| {
            let film = &films[index as usize];
            let others = names.get(&film.file.stamp.key).into_iter().flatten();
            FoundPicture {
                content: contents.known[index as usize].map(|content| content.0),
                other_names: others
                    .filter(|&&other| other != index)
                    .map(|&other| films[other as usize].file.path.clone())
                    .collect(),
                ..found(film, matching)
            }
        };
        let groups = groups.iter().map(|group| group.map(|&index| spell_out(index))).collect();
        Ok(FilmGroups { groups, skipped: contents.skipped })
    }
}

/// Proves the copies in groups once more, by frames that are decoded now; one that is not proven
/// any more is left out.
fn confirm_by_files(
    groups: &mut Vec<Group<u32>>,
    known: &[KnownFilm],
    ways: &Ways,
    options: &DecodeOptions,
    monitor: Monitor<'_>,
) {
    let frames = FilmFrames::new(known, options, Remembered::No);
    for group in groups.iter_mut() {
        let keeper = group.keeper;
        let holds: HashSet<u32> = group
            .duplicates
            .par_iter()
            .filter(|duplicate| {
                let is_copy = matches!(duplicate.relation, Relation::Copy | Relation::Part);
                let stopped = || monitor.cancel.load(Ordering::Relaxed);
                let ways = || ways.between(known, keeper, duplicate.picture).into_iter();
                let proven = |way| frames.prove(keeper, duplicate.picture, way);
                let is_same = |way| proven(way).is_some_and(|p| p.standing == FilmStanding::Same);
                !is_copy || !stopped() && ways().any(is_same)
            })
            .map(|duplicate| duplicate.picture)
            .collect();
        group.duplicates.retain(|duplicate| {
            let stays = holds.contains(&duplicate.picture);
            if !stays {
                let path = for_people(&known[duplicate.picture as usize].film.file.path);
                tracing::warn!("{path} is not what the cache said of it, and is left alone");
            }
            stays
        });
    }
    groups.retain(|group| !group.duplicates.is_empty());
}

/// A film spelled out, without other names.
fn found(film: &Film, matching: &DedupeOptions) -> FoundPicture {
    let Film { file, record, content } = film;
    let frames = &record.fingerprint.frames;
    let clear = frames.iter().find(|(_, frame)| !frame.is_flat()).or(frames.first());
    let view = clear.map(|(_, frame)| frame.view).unwrap_or_default();
    FoundPicture {
        path: file.path.clone(),
        stamp: file.stamp,
        content: content.map(|content| content.0),
        format: record.format,
        dimensions: record.dimensions,
        hash: PictureHash { views: [view; 4], quality: Quality(100) },
        captured: record.captured,
        camera: record.camera.clone(),
        provenance: None,
        film: Some(record.facts.clone()),
        reference: matching.reference_roots.get(file.root as usize).copied().unwrap_or(false),
        damaged: record.is_cut,
        other_names: Vec::new(),
    }
}

/// The films of Live Photos, by index: they go with their pictures.
fn films_of_pictures(scan: &Scan, films: &[Film]) -> HashSet<u32> {
    let pictures = scan.pictures.iter();
    let pictures = pictures.map(|picture| (picture.file.path.as_path(), picture.record.format));
    let partners = units::with_films(pictures);
    let is_partner = |film: &Film| partners.contains(&units::stem(&film.file.path));
    (0..).zip(films).filter(|(_, film)| is_partner(film)).map(|(index, _)| index).collect()
}

/// Films that only other caches know.
fn other_films(caches: &[PathBuf], root: u32, own: &[KnownFilm]) -> Vec<KnownFilm> {
    let scanned: HashSet<&PathBuf> = own.iter().map(|known| &known.film.file.path).collect();
    let mut others = Vec::new();
    for cache in caches {
        let read = TileStore::open_read_only(&beside(cache)).and_then(|store| {
            let mut films = Vec::new();
            if let Some(store) = store {
                store.each_film(&mut |film| films.push(film))?;
            }
            Ok(films)
        });
        match read {
            Ok(films) => others.extend(films),
            Err(error) => tracing::warn!("{error}"),
        }
    }
    others.retain(|known| !scanned.contains(&known.film.file.path));
    for (known, number) in others.iter_mut().zip(0..) {
        known.film.file.root = root;
        known.film.file.stamp.key = FileKey { device: u64::MAX, inode: number };
    }
    others
}

/// The hashes of the bytes of films, where they are needed: of films of one size, and of those as
/// long as a marked one.
struct Contents {
    known: Vec<Option<ContentHash>>,
    /// Those that were read in this run, by index.
    fresh: Vec<u32>,
    skipped: Vec<Skip>,
}

impl Contents {
    fn read(films: &[Film], own: usize, marks: &[Mark], monitor: Monitor<'_>) -> Self {
        let marked: HashSet<u64> =
            marks.iter().flat_map(|mark| [mark.first.size, mark.second.size]).collect();
        let mut count: HashMap<u64, u32> = HashMap::new();
        let mut seen: HashSet<FileKey> = HashSet::new();
        for film in films.iter().filter(|film| seen.insert(film.file.stamp.key)) {
            *count.entry(film.file.stamp.size.0).or_default() += 1;
        }
        let is_wanted = |film: &Film| {
            let size = film.file.stamp.size.0;
            film.content.is_none()
                && (count.get(&size).is_some_and(|&count| count > 1) || marked.contains(&size))
        };
        let wanted: Vec<u32> =
            (0..).zip(films).filter(|(_, film)| is_wanted(film)).map(|(i, _)| i).collect();
        let known = films.iter().map(|film| film.content).collect();
        let mut contents = Self { known, fresh: Vec::new(), skipped: Vec::new() };
        contents.read_all(films, own, wanted, monitor);
        contents
    }

    /// Reads those of these films of which the hash is not known.
    fn read_all(
        &mut self,
        films: &[Film],
        own: usize,
        mut wanted: Vec<u32>,
        Monitor { progress, cancel, .. }: Monitor<'_>,
    ) {
        wanted.retain(|&index| self.known[index as usize].is_none());
        let total = Some(wanted.len() as u64);
        progress.on(Event::StageStarted { stage: Phase::Verify, total });
        let read: Vec<(u32, std::io::Result<ContentHash>)> = wanted
            .into_par_iter()
            .filter(|_| !cancel.load(Ordering::Relaxed))
            .map(|index| {
                let film = &films[index as usize];
                let read = content_hash(&film.file.path);
                let bytes = film.file.stamp.size.0;
                progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
                (index, read)
            })
            .collect();
        progress.on(Event::StageFinished { stage: Phase::Verify });
        for (index, read) in read {
            match read {
                Ok(content) => {
                    self.known[index as usize] = Some(content);
                    self.fresh.push(index);
                }
                // The drive of another cache may be offline.
                Err(_) if index as usize >= own => {}
                Err(error) => self.skipped.push(Skip {
                    path: films[index as usize].file.path.clone(),
                    stage: Stage::Read,
                    reason: format!("its bytes could not be compared: {error}"),
                }),
            }
        }
    }

    /// Keeps what was read of the films that the store has.
    fn keep(&mut self, store: &mut TileStore, own: &[KnownFilm]) {
        for index in std::mem::take(&mut self.fresh) {
            let (Some(film), Some(content)) = (own.get(index as usize), self.known[index as usize])
            else {
                continue;
            };
            if let Err(error) = store.write_content(film.id, content) {
                tracing::warn!("{error}");
                return;
            }
        }
    }

    fn are_marked(&self, films: &[Film], marks: &HashSet<Mark>, a: u32, b: u32) -> bool {
        use crate::model::record::MarkedFile;
        let file = |index: u32| {
            let content = self.known[index as usize]?;
            Some(MarkedFile { content, size: films[index as usize].file.stamp.size.0 })
        };
        !marks.is_empty()
            && matches!((file(a), file(b)), (Some(a), Some(b)) if marks.contains(&Mark::new(a, b)))
    }
}

/// Proves pairs by frames, unless an earlier run did.
struct Prover<'a> {
    frames: FilmFrames<'a>,
    known: &'a [KnownFilm],
    /// The first so many are the store's own.
    own: usize,
    ways: Ways,
    earlier: HashMap<(i64, i64), Agreement>,
    fresh: Mutex<Vec<((i64, i64), Agreement)>>,
    /// What was found in this run, by index.
    found: Mutex<HashMap<(u32, u32, Way), Agreement>>,
    cancel: &'a AtomicBool,
}

impl<'a> Prover<'a> {
    fn new(
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

    /// The numbers of two films of the store, the smaller first.
    fn row(&self, a: u32, b: u32) -> Option<(i64, i64)> {
        let id = |index: u32| {
            let own = (index as usize) < self.own;
            self.known.get(index as usize).map(|known| known.id).filter(|&id| own && id >= 0)
        };
        let (a, b) = (id(a)?, id(b)?);
        Some((a.min(b), a.max(b)))
    }

    /// Keeps what was found and the frames that were decoded.
    fn keep(self, store: &mut TileStore) -> Result<(), TileStoreError> {
        let pairs = self.fresh.into_inner().unwrap_or_default();
        store.write_film_pairs(&pairs)?;
        for (film, frames) in self.frames.fresh() {
            if let Some(known) =
                self.known.get(film as usize).filter(|_| (film as usize) < self.own)
            {
                store.write_frames(known.id, &frames)?;
            }
        }
        Ok(())
    }
}

impl Prover<'_> {
    /// Looks at the films that are in no group or keep one, so that it is seen which of them have a
    /// stretch in common. Says before what it costs.
    fn glimpses(
        &self,
        films: &[Film],
        left_out: &HashSet<u32>,
        groups: &[Group<u32>],
        Monitor { progress, cancel, .. }: Monitor<'_>,
    ) -> HashMap<u32, Vec<Glimpse>> {
        let taken: HashSet<u32> =
            groups.iter().flat_map(|group| &group.duplicates).map(|d| d.picture).collect();
        let wanted: Vec<u32> = (0..)
            .zip(films)
            .filter(|(at, film)| film.is_decoded() && !taken.contains(at) && !left_out.contains(at))
            .map(|(at, _)| at)
            .collect();
        let price: DeepPrice = wanted.iter().map(|&film| &films[film as usize]).collect();
        if price.films > 0 {
            progress.on(Event::Message(&price.to_string()));
        }
        let stage = Phase::Compare;
        progress.on(Event::StageStarted { stage, total: Some(wanted.len() as u64) });
        let glimpses = wanted
            .into_par_iter()
            .filter(|_| !cancel.load(Ordering::Relaxed))
            .map(|film| {
                let seen = self.frames.glimpses(film);
                progress.on(Event::Advanced { stage, items: 1, bytes: 0 });
                (film, seen)
            })
            .filter(|(_, seen)| !seen.is_empty())
            .collect();
        progress.on(Event::StageFinished { stage });
        glimpses
    }

    fn prove_so(&self, a: u32, b: u32, way: Way) -> Option<Agreement> {
        let row = self.row(a, b).filter(|_| way == Way::UPRIGHT);
        if let Some(found) = row.and_then(|row| self.earlier.get(&row)) {
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
        if let (Some(row), Ok(mut fresh)) = (row, self.fresh.lock()) {
            fresh.push((row, found));
        }
        Some(found)
    }
}

impl FilmProver for Prover<'_> {
    fn prove(&self, a: u32, b: u32) -> Option<FilmMatch> {
        let mut best: Option<FilmMatch> = None;
        for way in self.ways.between(self.known, a, b) {
            let Some(agreement) = self.prove_so(a, b, way) else { continue };
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
