//! The face of the library: [`Library`] opens a cache and answers from it: scan folders, find
//! duplicates, ask for similar pictures, plan an import, carry a plan out.
//!
//! The caller hands in what the library does not ask the system for: where the cache lies, who
//! receives progress events, how to stop, and what time it is.

mod act;
mod backends;
mod compare;
mod covered;
mod doubts;
mod duplicates;
mod error;
mod films;
#[cfg_attr(not(feature = "approximate"), path = "no_graph.rs")]
mod graph;
mod import;
#[cfg(feature = "gpu")]
pub mod outlook;
mod parts;
mod rot;
mod similar;
pub mod tiles;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::catalogue::cache::{Cache, CacheError};
use crate::catalogue::decisions::Decisions;
use crate::files::walk::WalkOptions;
use crate::model::event::Progress;
use crate::model::path_text::{for_people, one_line};
use crate::model::record::Mark;
use crate::picture::hasher::TileHasher;
use crate::scan::{self, Scan, ScanOptions};

pub use act::{Acting, acted_on, runs_folder};
pub use backends::Backends;
pub use covered::{CopyMissing, CoveredOptions};
pub use duplicates::{DuplicateOptions, Explained, prefer};
pub use error::{ActError, LibraryError};
pub use films::FilmHit;
pub use import::{ImportOptions, Preflight};
pub use rot::{BytesVerified, Change, RottenPicture};
pub use similar::{Answers, SearchSource, SimilarHit};

/// Where a library keeps what it knows, and how it reads pictures.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The hash cache; `None` keeps nothing between runs.
    pub cache: Option<PathBuf>,
    /// Pairs that were marked as no duplicates; `None` knows of none.
    pub decisions: Option<PathBuf>,
    /// The folder that relative paths start at: an absolute path.
    pub base: PathBuf,
    /// Which files are read, and how.
    pub scan: ScanOptions,
    /// What hashes and compares.
    pub backends: Backends,
}

impl Options {
    /// With relative paths starting at `base`, and otherwise the defaults: no cache, on the CPU.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into(), ..Self::default() }
    }

    /// Keeps hashes in this file.
    #[must_use]
    pub fn cache(self, file: impl Into<PathBuf>) -> Self {
        Self { cache: Some(file.into()), ..self }
    }

    /// Respects the decisions in this file.
    #[must_use]
    pub fn decisions(self, file: impl Into<PathBuf>) -> Self {
        Self { decisions: Some(file.into()), ..self }
    }

    /// Reads pictures this way.
    #[must_use]
    pub fn scan(self, scan: ScanOptions) -> Self {
        Self { scan, ..self }
    }

    /// Hashes and compares on these.
    #[must_use]
    pub fn backends(self, backends: Backends) -> Self {
        Self { backends, ..self }
    }
}

/// Observes a long call, and can stop it.
#[derive(Clone, Copy)]
pub struct Monitor<'a> {
    /// Receives every progress event.
    pub progress: &'a dyn Progress,
    /// Set to stop at the next file; nothing is lost.
    pub cancel: &'a AtomicBool,
    /// Receives the files that interrupted runs left in the folders that are scanned.
    pub leftovers: &'a dyn Fn(&[PathBuf]),
}

impl<'a> Monitor<'a> {
    /// Reports nothing; stops when `cancel` is set.
    pub fn quiet(cancel: &'a AtomicBool) -> Self {
        Self { progress: &(), cancel, leftovers: &|_| {} }
    }
}

/// Folders of media with the cache that remembers them.
#[derive(Debug)]
pub struct Library {
    options: Options,
    cache: Cache,
}

impl Library {
    /// Opens the cache. A damaged one is set aside and a new one begun; one that cannot be opened
    /// is replaced by one in memory, and a warning is logged.
    ///
    /// # Errors
    /// [`CacheError::Foreign`] and [`CacheError::Newer`]: that file is not touched.
    pub fn open(options: Options) -> Result<Self, LibraryError> {
        let cache = open_or_forget(&options)?;
        Ok(Self { options, cache })
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Which files are read.
    pub fn walk_options(&self) -> &WalkOptions {
        &self.options.scan.walk
    }

    /// The folder that relative paths start at.
    pub fn base(&self) -> &Path {
        &self.options.base
    }

    /// Hashes the pictures below `roots` into the cache. Folders in `skip_dirs` are passed over.
    ///
    /// A cache that turns out to be damaged on the way is replaced, and the scan started again.
    ///
    /// # Errors
    /// [`LibraryError::Interrupted`]; files that cannot be read are in [`Scan::skipped`].
    pub fn scan(
        &mut self,
        roots: &[PathBuf],
        skip_dirs: &[PathBuf],
        monitor: Monitor<'_>,
    ) -> Result<Scan, LibraryError> {
        let mut options = self.options.scan.clone();
        options.walk.skip_dirs = skip_dirs.to_vec();
        let Monitor { progress, cancel, .. } = monitor;
        let attempt = |cache: &mut Cache, hasher: &dyn TileHasher| {
            scan::scan(roots, &options, Some(cache), hasher, progress, cancel)
        };
        self.attempt_scan(&attempt, monitor)
    }

    /// Scans, and where the cache turns out to be damaged, scans again with another one.
    fn attempt_scan(
        &mut self,
        attempt: &dyn Fn(&mut Cache, &dyn TileHasher) -> Result<Scan, CacheError>,
        monitor: Monitor<'_>,
    ) -> Result<Scan, LibraryError> {
        let hasher = self.options.backends.hasher.as_ref();
        let attempt = |cache: &mut Cache| attempt(cache, hasher);
        let scan = match attempt(&mut self.cache) {
            Err(CacheError::Damaged { source, .. }) => {
                self.cache = replace_damaged(&self.options, &mut self.cache, &source)?;
                attempt(&mut self.cache)
            }
            Err(error) => {
                self.cache = forgetful(&self.options, &error.to_string())?;
                attempt(&mut self.cache)
            }
            done => done,
        }?;
        if !scan.unsettled.is_empty() {
            (monitor.leftovers)(&scan.unsettled);
        }
        if let Some(why) = &scan.cache_failure {
            tracing::warn!("hashes of this run are not kept: {why}");
        }
        if scan.interrupted {
            return Err(LibraryError::Interrupted { while_scanning: true });
        }
        Ok(scan)
    }

    /// Pairs that were marked as no duplicates.
    ///
    /// # Errors
    /// [`LibraryError::Decisions`]
    pub fn marks(&self) -> Result<Vec<Mark>, LibraryError> {
        let Some(file) = &self.options.decisions else { return Ok(Vec::new()) };
        let decisions = Decisions::open_existing(file)?;
        Ok(decisions.map(|decisions| decisions.marks()).transpose()?.unwrap_or_default())
    }
}

/// The cache; where none can be had, a warning and one that forgets everything.
fn open_or_forget(options: &Options) -> Result<Cache, CacheError> {
    let Some(file) = &options.cache else { return Cache::none(&options.base) };
    match open_cache(file, &options.base) {
        Err(error @ (CacheError::Foreign { .. } | CacheError::Newer(_))) => Err(error),
        Err(error) => forgetful(options, &error.to_string()),
        opened => opened,
    }
}

/// Opens a cache for callers that cannot do without one. A damaged one is set aside, a new one
/// begun, and a warning logged.
///
/// # Errors
/// [`CacheError`]
pub fn open_cache(file: &Path, base: &Path) -> Result<Cache, CacheError> {
    let opened = Cache::open(file, base)?;
    if let Some(aside) = opened.set_aside {
        let (there, why) = (for_people(&aside.moved_to), aside.why);
        tracing::warn!(
            "the cache could not be used: {why}; it is now {there}, a new one was begun"
        );
    }
    Ok(opened.cache)
}

fn forgetful(options: &Options, why: &str) -> Result<Cache, CacheError> {
    tracing::warn!("{}; this run continues without a cache and keeps no hashes", one_line(why));
    Cache::none(&options.base)
}

fn replace_damaged(
    options: &Options,
    damaged: &mut Cache,
    why: &dyn std::fmt::Display,
) -> Result<Cache, CacheError> {
    match damaged.set_aside() {
        Ok(moved_to) => {
            tracing::warn!("the cache is damaged ({why}); it is now {}", for_people(&moved_to));
            open_or_forget(options)
        }
        Err(error) => forgetful(options, &error.to_string()),
    }
}
