//! `quarantine`: what was moved aside: listed, removed for good, brought back.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clean_backup::act::journal::{self, RunLog};
use clean_backup::act::plan::{ExactPath, Origin, Plan};
use clean_backup::act::quarantine::{self, HeldUnit, PastRun};
use clean_backup::act::undo::undo;
use clean_backup::files::fsops::Disk;
use clean_backup::model::path_text::{for_people, one_line};

use crate::cli::args::{EmptyArgs, ListFormat, QuarantineCommand, RestoreArgs};
use crate::cli::carry_out::carry_out;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::{AppliedJson, OutputMode};
use crate::cli::render::quarantine::{QuarantineList, QuarantinedRun};
use crate::cli::{interrupt, render};

/// Lists, empties or restores.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, command: &QuarantineCommand) -> Result<Outcome, Failure> {
    match command {
        QuarantineCommand::List { format } => list(context, *format),
        QuarantineCommand::Empty(options) => empty(context, options),
        QuarantineCommand::Restore(options) => restore(context, options),
    }
}

/// All runs that can be read, from the oldest on.
fn runs(context: &Context<'_>) -> Result<Vec<PastRun>, Failure> {
    let folder = context.runs_folder()?;
    let names = journal::runs(&folder).map_err(|error| Failure::from_journal(&error))?;
    let mut runs = Vec::new();
    for name in names {
        let read = RunLog::read(&folder, &name).and_then(|log| Ok((log.plan(&folder)?, log)));
        match read {
            Ok((plan, log)) => runs.push(PastRun { log, plan }),
            Err(error) => tracing::warn!("{}", one_line(&error.to_string())),
        }
    }
    Ok(runs)
}

/// The runs that still have something in quarantine.
fn held(runs: &[PastRun]) -> Vec<(&PastRun, Vec<HeldUnit>)> {
    let files = Disk::default();
    let held = runs.iter().map(|run| (run, quarantine::held(run, &files)));
    held.filter(|(_, units)| !units.is_empty()).collect()
}

/// Only the runs of these names; all where none is named.
fn named<'a>(
    held: Vec<(&'a PastRun, Vec<HeldUnit>)>,
    names: &[String],
) -> Result<Vec<(&'a PastRun, Vec<HeldUnit>)>, Failure> {
    let is_known = |name: &&String| held.iter().any(|(run, _)| run.log.run == **name);
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        let message = format!("no files of run {name:?} are in quarantine");
        return Err(Failure::new(FailureKind::Usage, message)
            .hint("`clean-backup quarantine list` shows what is there"));
    }
    let wanted = |run: &PastRun| names.is_empty() || names.contains(&run.log.run);
    Ok(held.into_iter().filter(|(run, _)| wanted(run)).collect())
}

fn list(context: &Context<'_>, format: ListFormat) -> Result<Outcome, Failure> {
    let all = runs(context)?;
    let held = held(&all);
    let moved = quarantine::moves(&all);
    let json = |(run, units): &(&PastRun, Vec<HeldUnit>)| {
        let files = || units.iter().flat_map(|unit| &unit.files);
        let one = [(*run, units.clone())];
        let emptying = quarantine::empty(&one, &moved, &Disk::default(), &context.folder);
        QuarantinedRun {
            run: run.log.run.clone(),
            time: run.log.time.clone(),
            files: files().count() as u64,
            bytes: files().map(|file| file.bytes).sum(),
            identical: files().filter(|file| file.is_identical()).count() as u64,
            keepers_gone: emptying.left.len() as u64,
            folders: tops(files().map(|file| (file.now.as_path(), file.was.as_path()))),
        }
    };
    let runs: Vec<QuarantinedRun> = held.iter().map(json).collect();
    let units = held.iter().flat_map(|(_, units)| units);
    let known: HashSet<PathBuf> =
        units.flat_map(|unit| &unit.files).map(|file| file.now.clone()).collect();
    let unknown = quarantine::unknown(&all, &known);
    let unknown = unknown.into_iter().map(ExactPath).collect();
    render::quarantine::print(QuarantineList { runs, unknown }, format)?;
    Ok(Outcome::Done)
}

/// The folders that a run moved files into: what is left of each path without the part that it has
/// in common with the path that the file had.
fn tops<'a>(files: impl Iterator<Item = (&'a Path, &'a Path)>) -> Vec<ExactPath> {
    let top = |(now, was): (&Path, &Path)| {
        let same = now.iter().rev().zip(was.iter().rev()).take_while(|(a, b)| a == b).count();
        now.ancestors().nth(same.max(1)).unwrap_or(now).to_owned()
    };
    let tops: BTreeSet<PathBuf> = files.map(top).collect();
    tops.into_iter().map(ExactPath).collect()
}

fn empty(context: &Context<'_>, options: &EmptyArgs) -> Result<Outcome, Failure> {
    let all = runs(context)?;
    let mut held = named(held(&all), &options.runs)?;
    if let Some(span) = options.older_than {
        held.retain(|(run, _)| is_older(&run.log.time, span));
    }
    let moved = quarantine::moves(&all);
    let emptying = quarantine::empty(&held, &moved, &Disk::default(), &context.folder);
    for left in &emptying.left {
        tracing::warn!("left alone: {}: {}", for_people(&left.path), one_line(&left.why));
    }
    let rest = Outcome::from_skipped(emptying.left.len());
    let mode = OutputMode::from_format(options.format, "quarantine empty");
    let dry_run = options.dry_run.then_some(options.format);
    carry(context, &emptying.plan, dry_run, mode, rest)
}

/// Whether a run began so long ago.
fn is_older(time: &str, span: Duration) -> bool {
    let began = time.parse::<jiff::Timestamp>().map(SystemTime::from);
    // A time that cannot be read is no reason to delete.
    began.is_ok_and(|began| SystemTime::now().duration_since(began).is_ok_and(|age| age >= span))
}

fn restore(context: &Context<'_>, options: &RestoreArgs) -> Result<Outcome, Failure> {
    let all = runs(context)?;
    let held = held(&all);
    let is_run =
        |what: &&PathBuf| held.iter().any(|(run, _)| Path::new(&run.log.run) == what.as_path());
    let (names, paths): (Vec<&PathBuf>, Vec<&PathBuf>) = options.what.iter().partition(is_run);
    let names: Vec<String> = names.iter().map(|name| name.display().to_string()).collect();
    let paths: Vec<PathBuf> = paths.into_iter().map(|path| context.folder.join(path)).collect();
    let mut plan = Plan::new(Origin::Undo, &context.folder);
    let mut left = 0;
    let mut chosen = Vec::new();
    for (run, units) in named(held, &names)? {
        let files = units.iter().flat_map(|unit| &unit.files);
        let wanted: HashSet<&Path> = files
            .filter(|file| {
                let lies =
                    |path: &PathBuf| file.now.starts_with(path) || file.was.starts_with(path);
                paths.is_empty() || paths.iter().any(lies)
            })
            .map(|file| file.now.as_path())
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let undone = undo(&run.log, &run.plan, &Disk::default(), &context.folder);
        for reason in undone.left.iter().filter(|_| paths.is_empty()) {
            tracing::warn!("stays: {}: {}", for_people(&reason.path), one_line(&reason.why));
            left += 1;
        }
        let concerned = |action: &&clean_backup::act::plan::Action| {
            action.files.iter().any(|member| wanted.contains(member.source.path.as_path()))
        };
        plan.base = undone.plan.base.clone();
        plan.actions.extend(undone.plan.actions.iter().filter(concerned).cloned());
        for root in undone.plan.roots {
            if !plan.roots.contains(&root) {
                plan.roots.push(root);
            }
        }
        plan.references.extend(undone.plan.references);
        plan.prune.extend(undone.plan.prune);
        chosen.push(run.log.run.clone());
    }
    if let ([run], true) = (&chosen[..], paths.is_empty()) {
        plan.undoes = Some(run.clone());
    }
    if plan.actions.is_empty() && !paths.is_empty() {
        let message = format!("{} is not in quarantine", for_people(&paths[0]));
        return Err(Failure::new(FailureKind::Usage, message)
            .hint("`clean-backup quarantine list` shows what is there"));
    }
    let rest = Outcome::from_skipped(left);
    let mode = OutputMode::from_format(options.format, "quarantine restore");
    let dry_run = options.dry_run.then_some(options.format);
    carry(context, &plan, dry_run, mode, rest)
}

/// Shows a plan, or carries it out.
fn carry(
    context: &Context<'_>,
    plan: &Plan,
    dry_run: Option<ListFormat>,
    mode: OutputMode,
    rest: Outcome,
) -> Result<Outcome, Failure> {
    if let Some(format) = dry_run {
        render::dry_run::print(plan, &context.places(), format)?;
        return Ok(rest);
    }
    if plan.actions.is_empty() {
        mode.print("Nothing to do.\n", AppliedJson::default())?;
        return Ok(rest);
    }
    let cancel = interrupt::watch()?;
    let mut library = context.library()?;
    Ok(carry_out(context, plan, &mut library, &cancel, mode)?.after(rest))
}
