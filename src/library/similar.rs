//! Asking this library and others for pictures near a needle.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::graph::Graph;
use super::parts::{self, Judged};
use super::{Library, LibraryError};
use crate::catalogue::cache::Cache;
use crate::catalogue::similar::{
    Needle, NeedleTile, SearchMode, Searcher, Similar, SimilarError, SimilarOptions,
};
use crate::catalogue::tiles::{TileStore, beside};
use crate::decode::DecodeOptions;
use crate::model::media::Orientation;
use crate::model::record::KnownPicture;
use crate::model::record::Unreadable;
use crate::picture::dct::hash_tile;
use crate::picture::tile::{StoredTile, Tiles};
use crate::scan::read_picture;

/// Where to search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchSource {
    /// Caches of other libraries, beside this one's.
    pub with_cache: Vec<PathBuf>,
    /// Search an approximate index, which is kept beside the cache: faster on very large
    /// libraries, and may miss some.
    pub approximate: bool,
}

/// A cached picture near a needle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimilarHit {
    /// The picture, and how near it is.
    pub similar: Similar,
    /// The other cache that it is known from, unless it is this library's.
    pub cache: Option<PathBuf>,
}

/// The answers for all needles.
#[derive(Debug)]
pub struct Answers {
    /// One per needle, in their order: the nearest first, or why there is no answer.
    pub hits: Vec<Result<Vec<SimilarHit>, SimilarError>>,
    /// Pictures that were searched.
    pub pictures: u64,
}

impl Library {
    /// Reads a picture to search by.
    ///
    /// # Errors
    /// Where reading it failed, and why.
    pub fn needle(&self, path: &Path) -> Result<Needle, Unreadable> {
        let read = read_picture(path, &self.options.scan.decode)?;
        let Tiles { coarse, fine, intact } = read.tiles;
        Ok(Needle::Shown(Arc::new(NeedleTile {
            path: path.to_owned(),
            hash: hash_tile(&coarse),
            dimensions: read.record.dimensions,
            tile: StoredTile { cells: *fine, intact },
        })))
    }

    /// Searches the cached pictures without touching their files. What is not in a cache is not
    /// found: scan first.
    ///
    /// # Errors
    /// When a cache cannot be read; what is wrong with one needle is in the answers.
    pub fn similar(
        &self,
        needles: &[Needle],
        options: &SimilarOptions,
        source: &SearchSource,
    ) -> Result<Answers, LibraryError> {
        let mut others = Vec::new();
        for file in &source.with_cache {
            let base = &self.options.base;
            let cache = Cache::open_read_only(file, base).map_err(LibraryError::OtherCache)?;
            others.push((cache, file.as_path()));
        }
        let mut searched = Vec::new();
        let caches = others.iter().map(|(cache, file)| (cache, Some(*file)));
        for (cache, other) in std::iter::once((&self.cache, None)).chain(caches) {
            let mut searcher = Searcher::new(cache)?;
            let graph = match source.approximate {
                true => Some(Graph::open(cache, &mut searcher).map_err(LibraryError::Search)?),
                false => None,
            };
            // Without tiles nothing is proven, and no parts are found.
            let tiles = TileStore::open_read_only(&beside(cache.file())).unwrap_or_else(|error| {
                tracing::warn!("{error}");
                None
            });
            searched.push(Searched { searcher, graph, tiles, other });
        }
        let pictures = searched.iter().map(|searched| searched.searcher.len() as u64).sum();
        let decode = &self.options.scan.decode;
        let hits =
            needles.iter().map(|needle| search(&mut searched, needle, options, decode)).collect();
        Ok(Answers { hits, pictures })
    }
}

/// A cache that is searched, perhaps by its graph.
struct Searched<'a> {
    searcher: Searcher<'a>,
    graph: Option<Graph>,
    tiles: Option<TileStore>,
    other: Option<&'a Path>,
}

impl Searched<'_> {
    fn similar(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
        decode: &DecodeOptions,
    ) -> Result<Vec<Similar>, SimilarError> {
        let mut found = match (&self.graph, options.wanted, needle.picture()) {
            (Some(graph), SearchMode::Nearest(count), Some(hash)) => {
                let found = graph.near(hash, count, options).into_iter();
                self.searcher.at_positions(needle, options, found, count)?
            }
            _ => self.searcher.similar(needle, options)?,
        };
        if let (Some(tiles), Needle::Shown(shown)) = (&mut self.tiles, needle) {
            let near: Vec<(KnownPicture, Orientation)> =
                found.iter().map(|hit| (hit.picture.clone(), hit.orientation)).collect();
            let judged = parts::judge(&mut self.searcher, tiles, shown, &near, options, decode)?;
            for (picture, judged) in judged {
                let Judged { likeness, orientation } = judged;
                match found.iter_mut().find(|hit| hit.picture.path == picture.path) {
                    Some(hit) => {
                        (hit.likeness, hit.orientation) = (Some(likeness), orientation);
                    }
                    None => {
                        let other = &picture.record.hash;
                        let near = shown.hash.nearest(other, &[orientation], |_, _| true);
                        found.push(Similar {
                            distance: near.map(|near| near.distance),
                            fine_distance: near.map(|near| near.fine_distance),
                            orientation,
                            likeness: Some(likeness),
                            picture,
                        });
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Searches all caches, and merges what they say.
fn search(
    searched: &mut [Searched<'_>],
    needle: &Needle,
    options: &SimilarOptions,
    decode: &DecodeOptions,
) -> Result<Vec<SimilarHit>, SimilarError> {
    let mut hits = Vec::new();
    for searched in searched {
        let found = searched.similar(needle, options, decode)?;
        let hit = |similar| SimilarHit { similar, cache: searched.other.map(Path::to_owned) };
        hits.extend(found.into_iter().map(hit));
    }
    // First what is proven to show the same, then parts by how much they show, then what is near.
    hits.sort_by_key(|SimilarHit { similar, .. }| {
        let region = similar.likeness.map(|likeness| likeness.region);
        let share = region.map(|region| region.map_or(100, |region| region.per_cent()));
        (Reverse(share), similar.fine_distance, similar.distance)
    });
    if let SearchMode::Nearest(count) = options.wanted {
        hits.truncate(count);
    }
    Ok(hits)
}
