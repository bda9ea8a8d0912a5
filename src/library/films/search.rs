//! Which films of the library show the same as a given one.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::{Library, LibraryError, SearchSource};
use super::found;
use super::frames::{FilmFrames, Remembered};
use crate::catalogue::similar::{SearchMode, SimilarOptions};
use crate::catalogue::tiles::{KnownFilm, TileStore, beside};
use crate::dedupe::DedupeOptions;
use crate::files::stamp::{Volumes, stamp_and_evidence};
use crate::model::findings::{FoundPicture, Likeness};
use crate::model::media::MediaFile;
use crate::model::phash::{Distance, FineDistance};
use crate::model::record::{Stage, Unreadable};
use crate::scan::films::read_film;
use crate::video::{Film, FilmStanding, Way};

/// A film of a library that shows what another one shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilmHit {
    /// The film.
    pub film: FoundPicture,
    /// The other cache that it is known from, unless it is this library's.
    pub cache: Option<PathBuf>,
    /// Bits between the first frames.
    pub distance: Distance,
    /// Bits by which the fine hashes of half of the frames differ at most.
    pub fine_distance: FineDistance,
    /// How well the motion agrees; `None` where nothing moves.
    pub likeness: Option<Likeness>,
}

impl Library {
    /// Searches the films that the caches know, the nearest first. Frames are decoded where the
    /// caches have none of the same moments: the files have to be there.
    ///
    /// # Errors
    /// Within: why the film cannot be searched by. When a cache cannot be read.
    pub fn similar_films(
        &self,
        path: &Path,
        options: &SimilarOptions,
        source: &SearchSource,
    ) -> Result<Result<Vec<FilmHit>, Unreadable>, LibraryError> {
        let decode = &self.options.scan.decode;
        let needle = match needle(path, &|path| read_film(path, decode)) {
            Ok(needle) => needle,
            Err(why) => return Ok(Err(why)),
        };
        let own = (!self.cache.file().as_os_str().is_empty()).then(|| (self.cache.file(), None));
        let others = source.with_cache.iter().map(|file| (file.as_path(), Some(file.clone())));
        let (mut known, mut caches) = (vec![needle], vec![None]);
        for (file, cache) in own.into_iter().chain(others) {
            let store = TileStore::open_read_only(&beside(file)).map_err(LibraryError::Tiles)?;
            let Some(store) = store else { continue };
            let take = &mut |film: KnownFilm| {
                let path = &film.film.file.path;
                let within = &options.within;
                let wanted = within.is_empty() || within.iter().any(|f| path.starts_with(f));
                if wanted && !options.except.contains(path) {
                    known.push(film);
                    caches.push(cache.clone());
                }
            };
            store.each_film(take).map_err(LibraryError::Tiles)?;
        }
        let print = |index: usize| &known[index].film.record.fingerprint;
        let near: Vec<(u32, Distance)> = (1..known.len())
            .filter_map(|index| Some((index as u32, print(0).nearness(print(index))?)))
            .collect();
        let frames = FilmFrames::new(&known, decode, Remembered::Yes);
        let matching = DedupeOptions::default();
        let mut hits: Vec<FilmHit> = near
            .into_par_iter()
            .filter_map(|(index, distance)| {
                let agreement = frames.prove(0, index, Way::UPRIGHT)?;
                let likeness = match agreement.standing {
                    FilmStanding::Same => {
                        Some(Likeness { per_cent: agreement.per_cent(), region: None })
                    }
                    FilmStanding::Still => None,
                    FilmStanding::Different | FilmStanding::Unknown => return None,
                };
                Some(FilmHit {
                    film: found(&known[index as usize].film, &matching),
                    cache: caches[index as usize].clone(),
                    distance,
                    fine_distance: agreement.median,
                    likeness,
                })
            })
            .collect();
        hits.sort_by(|a, b| {
            let key = |hit: &FilmHit| (hit.likeness.is_none(), hit.fine_distance);
            key(a).cmp(&key(b)).then_with(|| a.film.path.cmp(&b.film.path))
        });
        if let SearchMode::Nearest(count) = options.wanted {
            hits.truncate(count);
        }
        Ok(Ok(hits))
    }
}

type Read<'a> = dyn Fn(&Path) -> Result<crate::video::FilmRecord, Unreadable> + 'a;

fn needle(path: &Path, read: &Read<'_>) -> Result<KnownFilm, Unreadable> {
    let record = read(path)?;
    if let Some(reason) = record.undecoded {
        return Err(Unreadable { stage: Stage::Decode, reason });
    }
    let gone = || Unreadable { stage: Stage::Read, reason: "it no longer exists".into() };
    let (stamp, evidence) = stamp_and_evidence(path, &Volumes::default()).ok_or_else(gone)?;
    let file = MediaFile { path: path.to_owned(), stamp, evidence, root: 0 };
    let film = Film { file, record, content: None };
    Ok(KnownFilm { id: -1, film, frames: Vec::new() })
}
