//! Finding duplicates, for whatever is done with them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clean_backup::cache::Cache;
use clean_backup::content::content_hash;
use clean_backup::decisions::{Decisions, DecisionsError};
use clean_backup::dedupe::{self, DedupeOptions, Prefer};
use clean_backup::media::MediaFile;
use clean_backup::policy::KeepRule;
use clean_backup::record::{Apart, Picture};
use clean_backup::report::{Counts, Matching, Report, Skipped};
use clean_backup::scan::Scan;
use clean_backup::walk::Globs;

use super::args;
use super::backends::Backends;
use super::failure::{Failure, Kind, Outcome};
use super::run::{
    Context, counts, globs, of_cache, open_cache, outcome, scan_roots, start_threads,
};

/// What is compared, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
    /// Folders that nothing is touched in.
    pub references: Vec<PathBuf>,
    /// Caches whose pictures are compared with.
    pub with_cache: Vec<PathBuf>,
    /// Match by the 256-bit hash alone.
    pub fine_only: bool,
    /// Pairs that were marked as no duplicates are listed all the same.
    pub ignore_marks: bool,
}

impl From<&args::Compared> for Compared {
    fn from(compared: &args::Compared) -> Self {
        Self {
            roots: compared.roots.clone(),
            references: compared.reference.clone(),
            with_cache: compared.with_cache.clone(),
            fine_only: compared.hash == args::HashChoice::Fine,
            ignore_marks: compared.ignore_marks,
        }
    }
}

/// What was found, and what acting on it needs.
#[derive(Debug)]
pub struct Found {
    /// All groups.
    pub report: Report,
    /// The cache that knows the files.
    pub cache: Cache,
    /// Set by Ctrl-C.
    pub cancel: Arc<AtomicBool>,
    /// Whether files were skipped while scanning.
    pub scanned: Outcome,
}

/// Where decisions are kept; `None` only where no home folder is known.
pub fn decisions_file(context: &Context<'_>) -> Option<PathBuf> {
    Some(context.state.as_ref()?.join("decisions.db"))
}

pub fn of_decisions(error: &DecisionsError) -> Failure {
    let kind = match error {
        DecisionsError::Foreign(_) => Kind::Refused,
        _ => Kind::Failed,
    };
    Failure::new(kind, error.to_string())
        .hint("what was decided there would be ignored otherwise; move the file away to begin anew")
}

/// Pairs that were marked as no duplicates.
pub fn marks(context: &Context<'_>) -> Result<Vec<Apart>, Failure> {
    let Some(file) = decisions_file(context) else { return Ok(Vec::new()) };
    let decisions = Decisions::open_existing(&file).map_err(|error| of_decisions(&error))?;
    let marks = decisions.map(|decisions| decisions.marks()).transpose();
    Ok(marks.map_err(|error| of_decisions(&error))?.unwrap_or_default())
}

/// Scans, compares, and tells what was found. Folders in `not_into` are passed over.
///
/// # Errors
/// What keeps it from being done, and an interruption.
pub fn find(
    context: &Context<'_>,
    compared: &Compared,
    not_into: &[PathBuf],
    start: Instant,
) -> Result<Found, Failure> {
    let settings = &context.settings;
    let roots: Vec<PathBuf> = compared.roots.iter().chain(&compared.references).cloned().collect();
    let mut matching = DedupeOptions {
        policy: settings.policy,
        fine_only: compared.fine_only,
        any_orientation: settings.any_orientation,
        include_bursts: settings.include_bursts,
        keep: settings.keep.clone(),
        prefer: Some(prefer(&settings.keep)?),
        films: Vec::new(),
        apart: if compared.ignore_marks { Vec::new() } else { marks(context)? },
        // The pictures of other caches have the root after the last.
        reference_roots: (0..=roots.len()).map(|root| root >= compared.roots.len()).collect(),
    };
    start_threads(settings)?;
    let backends = Backends::of(settings.gpu)?;
    let mut cache = open_cache(context)?;
    let others = other_pictures(context, &compared.with_cache, roots.len() as u32)?;
    let (mut scan, cancel) = scan_roots(context, &roots, not_into, &mut cache, &backends)?;
    if root_failures(&scan, &compared.roots) {
        let skip = &scan.skipped[0];
        return Err(Failure::of_named(&skip.path, &skip.reason));
    }
    let scanned = outcome(&scan);
    let counted = counts(&scan, start, &backends);
    matching.films = std::mem::take(&mut scan.films);
    let elsewhere: HashSet<PathBuf> = others.iter().map(|p| p.file.path.clone()).collect();
    scan.add_known(others);
    let read = |picture: &Picture| content_hash(&picture.file.path);
    let joiner = backends.joiner.as_ref();
    let found = dedupe::dedupe(&scan.pictures, &matching, &read, joiner, context.progress);
    let contents: Vec<_> = found
        .contents
        .iter()
        .map(|(index, content)| (&scan.pictures[*index as usize].file, *content))
        .collect();
    if let Err(error) = cache.write_contents(&contents) {
        tracing::warn!("hashes of bytes are not kept: {error}");
    }

    // That the drive of another cache is not there is no news.
    let news = |skip: &&clean_backup::record::Skip| !elsewhere.contains(&skip.path);
    let skipped = scan.skipped.iter().chain(found.skipped.iter().filter(news)).map(|skip| {
        Skipped { path: skip.path.clone(), stage: skip.stage, reason: skip.reason.clone() }
    });
    let report = Report {
        roots: compared.roots.clone(),
        references: compared.references.clone(),
        matching: Matching {
            policy: settings.policy,
            fine_only: compared.fine_only,
            any_orientation: settings.any_orientation,
            include_bursts: settings.include_bursts,
        },
        groups: found.report_groups(&scan.pictures, &matching),
        skipped: skipped.collect(),
        counts: Counts { seconds: start.elapsed().as_secs_f64(), ..counted },
    };
    Ok(Found { report, cache, cancel, scanned })
}

fn root_failures(scan: &Scan, roots: &[PathBuf]) -> bool {
    !roots.is_empty() && roots.iter().all(|root| scan.skipped.iter().any(|skip| skip.path == *root))
}

/// The globs of `prefer=` rules, by the places of the rules.
fn prefer(keep: &[KeepRule]) -> Result<Prefer, Failure> {
    let compiled: Vec<Option<Globs>> = keep
        .iter()
        .map(|rule| match rule {
            KeepRule::Prefer(glob) => globs("keep", std::slice::from_ref(glob)).map(Some),
            _ => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let prefers = move |place: usize, path: &Path| {
        compiled.get(place).and_then(Option::as_ref).is_some_and(|globs| globs.matches(path))
    };
    Ok(Prefer(Arc::new(prefers)))
}

/// What other caches know, as pictures of a root of their own.
fn other_pictures(
    context: &Context<'_>,
    files: &[PathBuf],
    root: u32,
) -> Result<Vec<Picture>, Failure> {
    let mut pictures = Vec::new();
    for file in files {
        let cache = Cache::open_read_only(file, &context.folder)
            .map_err(|error| Failure::of_other_cache(&error))?;
        cache
            .each_picture(&mut |known| {
                let file = MediaFile { path: known.path, stamp: known.stamp, root };
                pictures.push(Picture { file, record: known.record, content: known.content });
            })
            .map_err(|error| of_cache(&error))?;
    }
    Ok(pictures)
}
