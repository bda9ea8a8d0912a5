//! The bytes of films: hashed where films of one size have to be told apart, and before something is
//! done to them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::super::Monitor;
use crate::catalogue::tiles::{KnownFilm, TileStore};
use crate::files::content::content_hash;
use crate::model::event::{Event, Phase};
use crate::model::media::FileKey;
use crate::model::record::{ContentHash, Mark, MarkedFile, Skip, Stage};
use crate::video::Film;

/// The hashes of the bytes of films, where they are needed: of films of one size, and of those as
/// long as a marked one.
pub(super) struct Contents {
    pub known: Vec<Option<ContentHash>>,
    /// Those that were read in this run, by index.
    fresh: Vec<u32>,
    pub skipped: Vec<Skip>,
}

impl Contents {
    pub fn read(films: &[Film], own: usize, marks: &[Mark], monitor: Monitor<'_>) -> Self {
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
    pub fn read_all(
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
    pub fn keep(&mut self, store: &mut TileStore, own: &[KnownFilm]) {
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

    pub fn are_marked(&self, films: &[Film], marks: &HashSet<Mark>, a: u32, b: u32) -> bool {
        let file = |index: u32| {
            let content = self.known[index as usize]?;
            Some(MarkedFile { content, size: films[index as usize].file.stamp.size.0 })
        };
        !marks.is_empty()
            && matches!((file(a), file(b)), (Some(a), Some(b)) if marks.contains(&Mark::new(a, b)))
    }
}
