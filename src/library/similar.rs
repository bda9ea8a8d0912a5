//! Asking this library and others for pictures near a needle.

use std::path::{Path, PathBuf};

use super::graph::Graph;
use super::{Library, LibraryError};
use crate::catalogue::cache::Cache;
use crate::catalogue::similar::{
    Needle, SearchMode, Searcher, Similar, SimilarError, SimilarOptions,
};
use crate::model::record::Unreadable;
use crate::picture::dct::hash_tile;
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
        Ok(Needle::Picture(hash_tile(&read.tiles.coarse)))
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
            searched.push(Searched { searcher, graph, other });
        }
        let pictures = searched.iter().map(|searched| searched.searcher.len() as u64).sum();
        let hits = needles.iter().map(|needle| search(&mut searched, needle, options)).collect();
        Ok(Answers { hits, pictures })
    }
}

/// A cache that is searched, perhaps by its graph.
struct Searched<'a> {
    searcher: Searcher<'a>,
    graph: Option<Graph>,
    other: Option<&'a Path>,
}

impl Searched<'_> {
    fn similar(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
    ) -> Result<Vec<Similar>, SimilarError> {
        let (Some(graph), SearchMode::Nearest(count), Needle::Picture(hash)) =
            (&self.graph, options.wanted, needle)
        else {
            return self.searcher.similar(needle, options);
        };
        let found = graph.near(hash, count, options).into_iter();
        self.searcher.at_positions(needle, options, found, count)
    }
}

/// Searches all caches, and merges what they say.
fn search(
    searched: &mut [Searched<'_>],
    needle: &Needle,
    options: &SimilarOptions,
) -> Result<Vec<SimilarHit>, SimilarError> {
    let mut hits = Vec::new();
    for searched in searched {
        let found = searched.similar(needle, options)?;
        let hit = |similar| SimilarHit { similar, cache: searched.other.map(Path::to_owned) };
        hits.extend(found.into_iter().map(hit));
    }
    hits.sort_by_key(|SimilarHit { similar, .. }| (similar.fine_distance, similar.distance));
    if let SearchMode::Nearest(count) = options.wanted {
        hits.truncate(count);
    }
    Ok(hits)
}
