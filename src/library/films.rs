//! Finding films that are the same: their bytes, then frames of the same moments.

mod contents;
mod deep;
mod frames;
mod price;
mod prover;
mod search;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::{Library, LibraryError, Monitor};
use crate::catalogue::tiles::{KnownFilm, TileStore, beside};
use crate::decode::DecodeOptions;
use crate::dedupe::DedupeOptions;
use crate::dedupe::films::{self, FilmQuestion};
use crate::model::findings::{FoundPicture, Group, Relation};
use crate::model::media::FileKey;
use crate::model::path_text::for_people;
use crate::model::phash::{PictureHash, Quality};
use crate::model::record::{Mark, Skip};
use crate::scan::Scan;
use crate::units;
use crate::video::{Film, FilmStanding};
use contents::Contents;
use deep::{WayTried, Ways};
use frames::{FilmFrames, Remembered};
use prover::Prover;
pub use search::FilmHit;

/// How often a deep search goes from what was found to what that leads to.
const MOST_PASSES: usize = 3;

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
            let first = groups;
            let glimpses = prover.glimpses(&left_out, &first, store, monitor);
            prover.ways.add_stretches(&films, &glimpses, &first);
            groups = first.clone();
            for pass in 0..MOST_PASSES {
                let composed = prover.compose(&first, &groups);
                if pass > 0 && !composed {
                    break;
                }
                let otherwise = prover.ways.pairs();
                let question = FilmQuestion { otherwise: &otherwise, ..question };
                groups = films::groups(&question, &prover);
            }
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
                let is_same = |tried: WayTried| {
                    let proven = frames.prove(keeper, duplicate.picture, tried.way);
                    proven.is_some_and(|found| tried.standing(found) == FilmStanding::Same)
                };
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
    let print = &record.fingerprint;
    let frame = print.clear().or(print.frames.first().map(|(_, frame)| frame));
    let view = frame.map(|frame| frame.view).unwrap_or_default();
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
