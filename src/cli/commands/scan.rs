//! `scan`: hashes pictures into the cache.

use std::path::PathBuf;
use std::time::Instant;

use clean_backup::model::findings::Counts;

use super::leftovers;
use crate::cli::args::{self, ListFormat};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::{interrupt, render};

/// `scan`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRequest {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
    /// Output format.
    pub format: ListFormat,
}

impl From<&args::ScanArgs> for ScanRequest {
    fn from(scan: &args::ScanArgs) -> Self {
        Self { roots: scan.roots.clone(), format: scan.format }
    }
}

/// Hashes pictures into the cache.
///
/// # Errors
/// What keeps the run from being done.
pub fn run(context: &Context<'_>, options: &ScanRequest) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let mut library = context.hashing_library()?;
    let cancel = interrupt::watch()?;
    let warn = |unsettled: &[PathBuf]| leftovers::warn(context, &options.roots, unsettled);
    let scan = library.scan(&options.roots, &[], context.monitor(&cancel, &warn))?;
    let seconds = start.elapsed().as_secs_f64();
    render::scan::scan(&scan, &Counts { seconds, ..library.counts(&scan) }, options.format)?;
    Ok(Outcome::from_skipped(scan.skipped.len() + scan.videos.skipped.len()))
}
