//! Finding duplicates, for whatever is done with them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::decisions::{Decisions, DecisionsError};
use clean_backup::dedupe::{self, DedupeOptions, Deduplicated, Duplicate, Prefer};
use clean_backup::files::content::content_hash;
use clean_backup::files::stamp::{Volumes, stamp_and_evidence};
use clean_backup::files::walk::Globs;
use clean_backup::index::Joiner;
use clean_backup::model::findings::{Alarm, Counts, Damaged, Matching, Report, Skipped};
use clean_backup::model::media::MediaFile;
use clean_backup::model::policy::KeepRule;
use clean_backup::model::record::{Apart, KnownPicture, Picture, Record};
use clean_backup::scan::damage::{self, Side};
use clean_backup::scan::{Confirm, Confirming, Scan};

use super::args;
use super::backends::Backends;
use super::failure::{Failure, Kind, Outcome};
use super::run::{
    Context, counts, globs, of_cache, open_cache, outcome, scan_options, scan_roots, start_threads,
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
    /// Something will be done because of what is found, so that what only the cache says of the
    /// pictures is confirmed first.
    pub acts: bool,
    /// Act although a folder is empty now where pictures were known before.
    pub allow_empty: bool,
}

impl From<&args::Compared> for Compared {
    fn from(compared: &args::Compared) -> Self {
        Self {
            roots: compared.roots.clone(),
            references: compared.reference.clone(),
            with_cache: compared.with_cache.clone(),
            fine_only: compared.hash == args::HashChoice::Fine,
            ignore_marks: compared.ignore_marks,
            acts: false,
            allow_empty: false,
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
    let known = super::missing::look(context, &compared.roots, &compared.references, &scan, &cache);
    if compared.acts {
        known.check(true, compared.allow_empty)?;
    }
    if root_failures(&scan, &compared.roots) {
        let skip = &scan.skipped[0];
        return Err(Failure::of_named(&skip.path, &skip.reason));
    }
    if !compared.acts {
        known.check(false, true)?;
    }
    let scanned = outcome(&scan);
    let counted = counts(&scan, start, &backends);
    matching.films = std::mem::take(&mut scan.films);
    let elsewhere: HashSet<PathBuf> = others.iter().map(|p| p.file.path.clone()).collect();
    let volumes = Volumes::default();
    let live = |path: &Path| stamp_and_evidence(path, &volumes);
    scan.add_known(others, &live);
    let decode = scan_options(settings)?.decode;
    let with =
        Confirming { options: &decode, live: &live, progress: context.progress, cancel: &cancel };
    let joiner = backends.joiner.as_ref();
    let confirm = compared.acts.then_some(Confirm::Unbound);
    let found = compare(&mut scan, &matching, joiner, confirm, with, &mut cache)?;

    // Files of another cache whose drive is offline are expected to be missing.
    let news = |skip: &&clean_backup::model::record::Skip| !elsewhere.contains(&skip.path);
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
        warnings: known.warnings,
        counts: Counts { seconds: start.elapsed().as_secs_f64(), ..counted },
    };
    Ok(Found { report, cache, cancel, scanned })
}

/// Most times that groups are found anew because pictures turned out not to be what the cache said.
const ROUNDS: u32 = 8;

/// Compares pictures until what was found rests on nothing but bytes that were read: pictures are
/// confirmed as `confirm` asks, and a picture that is found to be damaged loses its claim to be
/// kept.
///
/// # Errors
/// [`Kind::Interrupted`], or when files change all the time.
pub fn compare(
    scan: &mut Scan,
    matching: &DedupeOptions,
    joiner: &dyn Joiner,
    confirm: Option<Confirm>,
    with: Confirming<'_>,
    cache: &mut Cache,
) -> Result<Deduplicated, Failure> {
    let read = |picture: &Picture| content_hash(&picture.file.path);
    let mut confirmed: HashSet<PathBuf> = HashSet::new();
    for _ in 0..ROUNDS {
        let mut found = dedupe::dedupe(&scan.pictures, matching, &read, joiner, with.progress);
        let mut changed = false;
        if let Some(which) = confirm {
            let mut members = found.members();
            members
                .retain(|&index| confirmed.insert(scan.pictures[index as usize].file.path.clone()));
            let outcome = scan.confirm(&members, which, with);
            remember(cache, scan, &outcome.read);
            changed = outcome.changed;
        }
        if with.cancel.load(Ordering::Relaxed) {
            return Err(Failure::new(Kind::Interrupted, "interrupted"));
        }
        if changed || examine(scan, &mut found, with) {
            continue;
        }
        scan.locate(&found.members(), with.live);
        return Ok(found);
    }
    Err(Failure::new(Kind::Failed, "files change while they are looked at")
        .hint("wait until whatever writes to them is done"))
}

/// Looks at pairs of which one file may be damaged; whether that makes another picture the better
/// one to keep.
fn examine(scan: &mut Scan, found: &mut Deduplicated, with: Confirming<'_>) -> bool {
    let pictures = &scan.pictures;
    let alarms: Vec<(u32, &mut Duplicate)> = found
        .groups
        .iter_mut()
        .flat_map(|group| group.duplicates.iter_mut().map(|duplicate| (group.keeper, duplicate)))
        .filter(|(_, duplicate)| duplicate.alarm.is_some())
        .collect();
    let damaged: Vec<u32> = alarms
        .into_par_iter()
        .filter_map(|(keeper, duplicate)| {
            let path = |index: u32| pictures[index as usize].file.path.as_path();
            let seen = damage::examine(path(keeper), path(duplicate.picture), with.options);
            let (side, index) = match seen.damaged {
                Some(Side::First) => (Some(Damaged::Keeper), Some(keeper)),
                Some(Side::Second) => (Some(Damaged::Duplicate), Some(duplicate.picture)),
                None => (None, None),
            };
            duplicate.alarm = Some(Alarm { damaged: side, why: seen.why });
            index
        })
        .collect();
    let mut news = false;
    for index in damaged {
        let marks = &mut scan.pictures[index as usize].record.marks;
        news |= !std::mem::replace(&mut marks.damaged_tail, true);
    }
    news
}

/// What was read again goes into the cache.
fn remember(cache: &mut Cache, scan: &Scan, read: &[u32]) {
    let pictures = read.iter().map(|&index| &scan.pictures[index as usize]);
    let records: Vec<_> = pictures
        .filter(|picture| !scan.is_elsewhere(picture))
        .map(|picture| (&picture.file, Record::Picture(picture.record.clone()), picture.content))
        .collect();
    let rows: Vec<_> = records.iter().map(|(file, record, c)| (*file, record, *c)).collect();
    if let Err(error) = cache.write_batch(&rows) {
        tracing::warn!("what was read again is not kept: {error}");
    }
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
                let KnownPicture { path, stamp, evidence, .. } = known;
                let file = MediaFile { path, stamp, evidence, root };
                pictures.push(Picture { file, record: known.record, content: known.content });
            })
            .map_err(|error| of_cache(&error))?;
    }
    Ok(pictures)
}
