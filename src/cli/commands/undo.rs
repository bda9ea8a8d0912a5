//! `undo`: undoes a run.

use std::path::Path;

use clean_backup::act::journal::{self, JournalError, RunLog, Verdict};
use clean_backup::act::undo;
use clean_backup::files::fsops::Disk;
use clean_backup::model::path_text::{for_people, one_line};

use super::history;
use crate::cli::carry_out::carry_out;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::render::applied::{AppliedJson, OutputMode};
use crate::cli::{args, interrupt, render};

/// Undoes a run.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, options: &args::UndoArgs) -> Result<Outcome, Failure> {
    let mode = OutputMode::from_format(options.format, "undo");
    let runs = context.runs_folder()?;
    let undone = history::undone(&runs).map_err(|error| Failure::from_journal(&error))?;
    let done_something = |log: &RunLog| {
        !undone.contains_key(&log.run) && log.undoes.is_none() && log.count(Verdict::Done) > 0
    };
    let found = match &options.run {
        Some(run) => RunLog::read(&runs, run).map(Some),
        None => last(&runs, &done_something),
    };
    let Some(mut log) = found.map_err(|error| Failure::from_journal(&error))? else {
        mode.print("There is no run to undo.\n", AppliedJson::default())?;
        return Ok(Outcome::Done);
    };
    let plan = log.plan(&runs).map_err(|error| Failure::from_journal(&error))?;
    let cancel = interrupt::watch()?;
    let mut library = context.library()?;
    if !log.ended && !options.dry_run {
        // What it was at in the moment of the crash is brought to an end first; nothing new begins.
        log = library.settle(&log, &plan, &context.acting(&cancel)?)?;
    }
    let undo = undo::undo(&log, &plan, &Disk::default(), &context.folder);
    for left in &undo.left {
        tracing::warn!("not undone: {}: {}", for_people(&left.path), one_line(&left.why));
    }
    if options.dry_run {
        render::dry_run::print(&undo.plan, &context.places(), options.format)?;
        return Ok(Outcome::Done);
    }
    let acted = if undo.plan.actions.is_empty() {
        let message = if undo.settled > 0 {
            "Everything is already back in place.\n"
        } else {
            "Nothing to undo.\n"
        };
        mode.print(message, AppliedJson::default())?;
        Outcome::Done
    } else {
        carry_out(context, &undo.plan, &mut library, &cancel, mode)?
    };
    Ok(acted.after(Outcome::from_skipped(undo.left.len())))
}

/// The last run that is as wanted.
fn last(runs: &Path, wanted: &dyn Fn(&RunLog) -> bool) -> Result<Option<RunLog>, JournalError> {
    for name in journal::runs(runs)?.iter().rev() {
        match RunLog::read(runs, name) {
            Ok(log) if wanted(&log) => return Ok(Some(log)),
            Ok(_) => {}
            Err(error) => tracing::warn!("{error}"),
        }
    }
    Ok(None)
}
