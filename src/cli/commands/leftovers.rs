//! What interrupted runs left behind among a user's files: reported, and settled.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clean_backup::act::journal::{self, RunLog};
use clean_backup::act::settle::{Knowledge, Settlement, find, settle};
use clean_backup::files::fsops::Disk;
use clean_backup::files::leftover::Leftover;
use clean_backup::files::real_paths::real_path;
use clean_backup::files::stamp::FileFacts;
use clean_backup::model::media::ChangedNs;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::count;

use crate::cli::args::ResumeArgs;
use crate::cli::carry_out::carry_out;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::{AppliedJson, OutputMode};
use crate::cli::{interrupt, render};

/// Warns once of what a walk of `roots` found.
pub fn warn(context: &Context<'_>, roots: &[PathBuf], unsettled: &[PathBuf]) {
    if unsettled.is_empty() {
        return;
    }
    let names = unsettled.iter().filter_map(|path| Leftover::from_name(path.file_name()?));
    let runs: BTreeSet<String> = names.map(|leftover| leftover.run).collect();
    let folder = context.runs_folder().ok();
    let interrupted = |run: &&String| {
        folder.as_ref().is_some_and(|folder| journal::has_ended(folder, run).is_ok_and(|end| !end))
    };
    let command = match runs.iter().find(interrupted) {
        Some(run) => format!("clean-backup resume {run}"),
        None => {
            let roots: Vec<String> = roots.iter().map(|root| for_people(root)).collect();
            format!("clean-backup resume --leftovers {}", roots.join(" "))
        }
    };
    let runs: Vec<String> = runs.into_iter().collect();
    tracing::warn!(
        "{} were left here by an interrupted run ({}), such as {}; unless it is still running, \
         settle them with: {command}",
        count(unsettled.len() as u64, "file"),
        runs.join(", "),
        unsettled.first().map(|path| for_people(path)).unwrap_or_default(),
    );
}

/// Settles what runs without a journal left.
///
/// # Errors
/// What keeps it from being done.
pub fn run(
    context: &Context<'_>,
    options: &ResumeArgs,
    mode: OutputMode,
) -> Result<Outcome, Failure> {
    let mut roots = Vec::new();
    for root in &options.leftovers {
        let real = real_path(root).map_err(|error| Failure::from_named(root, &error))?;
        if !real.is_dir() {
            return Err(Failure::new(
                FailureKind::Usage,
                format!("{} is not a folder", for_people(root)),
            ));
        }
        roots.push(real);
    }
    let cancel = interrupt::watch()?;
    let Settlement { plan, mut left } = {
        // While a run of this state is going on, its files are no leftovers.
        let _lock = context.acting(&cancel)?.lock()?;
        let folder = context.runs_folder()?;
        let (found, mut unread) = find(&roots);
        let knowledge = Knowledge {
            files: &Disk::default(),
            log: &|run| RunLog::read(&folder, run).ok(),
            at_rest: &|path| is_at_rest(path, options.older_than),
        };
        let mut settlement = settle(&found, &context.folder, &knowledge);
        settlement.left.append(&mut unread);
        settlement
    };
    left.sort_by(|a, b| a.path.cmp(&b.path));
    for left in &left {
        tracing::warn!("left alone: {}: {}", for_people(&left.path), one_line(&left.why));
    }
    let rest = Outcome::from_skipped(left.len());
    if options.dry_run {
        render::dry_run::print(&plan, &context.places(), options.format)?;
        return Ok(rest);
    }
    if plan.actions.is_empty() {
        let text = if left.is_empty() { "No leftovers found.\n" } else { "Nothing to do.\n" };
        mode.print(text, AppliedJson::default())?;
        return Ok(rest);
    }
    let mut library = context.library()?;
    Ok(carry_out(context, &plan, &mut library, &cancel, mode)?.after(rest))
}

/// Whether neither bytes nor name of a file have changed for `span`.
fn is_at_rest(path: &Path, span: Duration) -> bool {
    let Ok(found) = path.symlink_metadata() else { return false };
    let Ok(modified) = found.modified() else { return false };
    let last = changed(path, &found).map_or(modified, |changed| changed.max(modified));
    SystemTime::now().duration_since(last).is_ok_and(|rest| rest >= span)
}

/// When anything about a file was changed last, its name included.
fn changed(path: &Path, found: &Metadata) -> Option<SystemTime> {
    let ChangedNs(since) = FileFacts::at(path, found).changed?;
    UNIX_EPOCH.checked_add(Duration::from_nanos(u64::try_from(since).ok()?))
}
