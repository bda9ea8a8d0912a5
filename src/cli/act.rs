//! Changing files: asked for, locked, journalled, told.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use clean_backup::act::apply::{self, Applied, Scope, World};
use clean_backup::act::journal::{
    self, Journal, JournalError, LibraryLock, LibraryLockError, Lock, LockError, RunLog, Verdict,
};
use clean_backup::act::plan::{ActionKind, ExactPath, Origin, Plan, PlanError};
use clean_backup::catalogue::cache::{Cache, Moved};
use clean_backup::files::content::content_hash;
use clean_backup::files::fsops::Disk;
use clean_backup::files::stamp::{Volumes, stamp_and_evidence};
use clean_backup::model::event::Progress;
use clean_backup::model::media::CaptureTime;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::{count, human_bytes, iso_time};

use serde::Serialize;

use super::args::ListFormat;
use super::ask::{Answer, ask, ask_for};
use super::failure::{Failure, Kind, Outcome};
use super::run::{Context, open_cache};
use super::{args, interrupt, render};

/// Acts that go on at the same time. Most of one is waiting for a disk.
const WORKERS: usize = 8;

/// Now, like `2026-11-24T10:58:38Z`.
pub fn now_utc() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let local_seconds = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let now = CaptureTime { local_seconds, subsecond_ns: None, offset_minutes: None };
    iso_time(now) + "Z"
}

/// Where the journals lie.
pub fn runs_folder(context: &Context<'_>) -> Result<PathBuf, Failure> {
    Ok(state_folder(context)?.join("runs"))
}

fn state_folder<'a>(context: &'a Context<'_>) -> Result<&'a Path, Failure> {
    context.state.as_deref().ok_or_else(|| {
        Failure::new(
            Kind::Refused,
            "no home folder is known to keep the journal in, and without \
                                     one nothing is done",
        )
        .hint("set HOME or XDG_STATE_HOME")
    })
}

/// For reading; what keeps a run from beginning is a refusal.
pub fn of_journal(error: &JournalError) -> Failure {
    let failure = |kind| Failure::new(kind, error.to_string());
    match error {
        JournalError::NoRun(_) => {
            failure(Kind::Usage).hint("`clean-backup history` lists what there is")
        }
        JournalError::Plan { .. } => failure(Kind::Refused)
            .hint("nothing was changed; `clean-backup history RUN` tells what the run did"),
        _ => failure(Kind::Failed),
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::Refused, format!("nothing is done without a journal: {error}"))
}

/// What tells others who holds a lock.
fn me() -> String {
    format!("host {}, process {}, since {}", host(), std::process::id(), now_utc())
}

/// The name of this machine, where the system has it in a file or a variable.
fn host() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let named = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
    let named = named.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_default();
    match named.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

/// The lock of the state.
///
/// # Errors
/// [`Kind::Refused`] while another run holds it.
pub fn take_lock(context: &Context<'_>) -> Result<Lock, Failure> {
    Lock::take(state_folder(context)?, &me()).map_err(|error| match error {
        LockError::Held { .. } => {
            Failure::new(Kind::Refused, error.to_string()).hint("wait until it is done")
        }
        LockError::Io { .. } => unwritable(&error),
    })
}

/// Keeps other runs out while a plan is carried out: those with the same journals, and those that
/// work on the same libraries.
struct Held {
    // Let go of in this order.
    _libraries: LibraryLock,
    _state: Lock,
}

/// Takes the locks of the libraries of a plan, in addition to that of the journals. Every act on a
/// user's files goes through here.
fn hold(state: Lock, plan: &Plan) -> Result<Held, Failure> {
    let libraries = LibraryLock::take(plan, &me()).map_err(|error| {
        let hint = match &error {
            LibraryLockError::Held { .. } => "wait until it is done",
            LibraryLockError::Moved(_) => "make the plan anew",
        };
        Failure::new(Kind::Refused, error.to_string()).hint(hint)
    })?;
    for unlocked in &libraries.unlocked {
        tracing::warn!(
            "{} cannot be locked ({}): make sure that no other run changes it at the same time",
            for_people(&unlocked.folder),
            unlocked.why
        );
    }
    Ok(Held { _libraries: libraries, _state: state })
}

/// Asks, locks, begins a journal, does it, and tells what became of it.
///
/// # Errors
/// What keeps it from being done, and an interruption.
pub fn carry_out(
    context: &Context<'_>,
    plan: &Plan,
    cache: &mut Cache,
    cancel: &AtomicBool,
    telling: Telling,
) -> Result<Outcome, Failure> {
    if plan.actions.iter().all(|action| action.action == ActionKind::Report) {
        telling.tell("Nothing to do.\n", AppliedJson::default())?;
        return Ok(Outcome::Done);
    }
    confirm(context, plan)?;
    let applied = carry_out_confirmed(context, plan, cache, cancel, context.progress)?;
    finish(plan, &applied, telling)
}

/// Locks, begins a journal, and does what somebody has agreed to.
///
/// # Errors
/// What keeps it from being done.
pub fn carry_out_confirmed(
    context: &Context<'_>,
    plan: &Plan,
    cache: &mut Cache,
    cancel: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Applied, Failure> {
    plan.check().map_err(|error| Failure::new(Kind::Refused, error.to_string()))?;
    check_folders(plan)?;
    let held = hold(take_lock(context)?, plan)?;
    let runs = runs_folder(context)?;
    warn_of_interrupted(&runs);
    let journal = Journal::begin(&runs, plan, &now_utc()).map_err(|error| unwritable(&error))?;
    apply_and_follow(&held, plan, Scope::Fresh, journal, cache, cancel, progress)
}

/// That the folders in which duplicates were found are there: a drive that is not mounted takes
/// keepers with it.
fn check_folders(plan: &Plan) -> Result<(), Failure> {
    if plan.origin != Origin::Dedupe {
        return Ok(());
    }
    let folders = plan.roots.iter().chain(&plan.references).map(|path| plan.resolve(&path.0));
    match folders.into_iter().find(|folder| !folder.exists()) {
        Some(folder) => {
            let message = format!("{} is not there", for_people(&folder));
            Err(Failure::new(Kind::Refused, message)
                .hint("mount the drive and try again, or make the plan anew"))
        }
        None => Ok(()),
    }
}

/// Carries a plan out, and lets the cache know where files are now.
fn apply_and_follow(
    _held: &Held,
    plan: &Plan,
    scope: Scope<'_>,
    journal: Journal,
    cache: &mut Cache,
    cancel: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Applied, Failure> {
    let world =
        World { files: &Disk::default(), clock: &now_utc, progress, cancel, workers: WORKERS };
    let applied = apply::apply(plan, scope, journal, world)
        .map_err(|error| Failure::new(Kind::Refused, error.to_string()))?;
    for folder in &applied.unlocked {
        tracing::warn!(
            "{}: files cannot be locked on this file system; let no other run or program change \
             them at the same time",
            for_people(folder)
        );
    }
    let volumes = Volumes::default();
    let moves: Vec<Moved<'_>> = applied
        .effects
        .iter()
        .filter_map(|effect| {
            let (now, evidence) = stamp_and_evidence(&effect.to, &volumes)?;
            (now == effect.stamp).then_some(Moved {
                from: &effect.from,
                to: &effect.to,
                before: effect.before,
                now,
                evidence,
                kept: effect.kept,
            })
        })
        .collect();
    if let Err(error) = cache.follow(&moves) {
        tracing::warn!("the cache does not follow: {error}");
    }
    let doubtful = with_other_bytes(plan, &applied);
    let doubtful: Vec<&Path> = doubtful.iter().map(PathBuf::as_path).collect();
    if let Err(error) = cache.forget(&doubtful) {
        tracing::warn!("the cache keeps rows that were refused: {error}");
    }
    Ok(applied)
}

/// Files of acts that were not done which have other bytes than were planned with, whatever their
/// size and time say: what the cache knows of them is wrong, and the next run must read them again.
fn with_other_bytes(plan: &Plan, applied: &Applied) -> Vec<PathBuf> {
    let not_done: HashSet<&Path> =
        applied.not_done.iter().map(|not_done| not_done.path.as_path()).collect();
    let actions = plan.actions.iter().filter(|action| {
        action.files.first().is_some_and(|first| not_done.contains(first.source.path.as_path()))
    });
    let members = actions.flat_map(|action| &action.files);
    let files = members.flat_map(|member| std::iter::once(&member.source).chain(&member.keeper));
    files
        .map(|expected| (plan.resolve(&expected.path), expected.content))
        .filter(|(path, planned)| content_hash(path).is_ok_and(|now| Some(now) != *planned))
        .map(|(path, _)| path)
        .collect()
}

/// Where it is told what became of a plan, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// On standard output, for people.
    Text,
    /// On standard error: a program reads something else from standard output.
    Beside,
    /// On standard output, for programs: the result of this command.
    Json(&'static str),
}

impl Telling {
    /// For the result of a command that does nothing else.
    pub fn of(format: ListFormat, command: &'static str) -> Self {
        match format {
            ListFormat::Text => Self::Text,
            ListFormat::Json => Self::Json(command),
        }
    }

    /// Tells it.
    ///
    /// # Errors
    /// As [`render::print`].
    pub fn tell(self, text: &str, content: impl Serialize) -> Result<(), Failure> {
        match self {
            Self::Text => render::print(text),
            Self::Beside => {
                // Quiet means quiet: what is told here is no result.
                if tracing::enabled!(tracing::Level::WARN) {
                    eprint!("{text}");
                }
                Ok(())
            }
            Self::Json(command) => render::print_json(command, content),
        }
    }
}

/// What became of a plan, for programs.
#[derive(Default, Serialize)]
pub struct AppliedJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    actions: u64,
    files: u64,
    bytes: u64,
    not_done: Vec<NotDoneJson>,
    notes: Vec<NoteJson>,
    /// Actions that were not begun.
    left: u64,
}

#[derive(Serialize)]
struct NotDoneJson {
    #[serde(flatten)]
    path: ExactPath,
    verdict: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct NoteJson {
    #[serde(flatten)]
    path: ExactPath,
    note: String,
}

impl AppliedJson {
    fn of(applied: &Applied) -> Self {
        let not_done = applied.not_done.iter().map(|not_done| NotDoneJson {
            path: ExactPath(not_done.path.clone()),
            verdict: not_done.verdict.name(),
            reason: not_done.reason.clone(),
        });
        let notes = applied.remarks.iter();
        Self {
            run: Some(applied.run.clone()),
            actions: applied.actions,
            files: applied.files,
            bytes: applied.bytes,
            not_done: not_done.collect(),
            notes: notes
                .map(|(path, note)| NoteJson { path: ExactPath(path.clone()), note: note.clone() })
                .collect(),
            left: applied.left,
        }
    }
}

fn finish(plan: &Plan, applied: &Applied, telling: Telling) -> Result<Outcome, Failure> {
    let mut text = String::new();
    for (path, remark) in &applied.remarks {
        text += &format!("note     {}: {}\n", for_people(path), one_line(remark));
    }
    for not_done in &applied.not_done {
        let verdict = not_done.verdict.name();
        text += &format!("{verdict:8} {}\n", one_line(&not_done.reason));
    }
    let kinds = plan.actions.iter().map(|action| action.action);
    let first = kinds.clone().next().unwrap_or(ActionKind::Report);
    let past = if kinds.clone().all(|kind| kind == first) { past(plan, first) } else { "acted on" };
    let count = |verdict| applied.not_done.iter().filter(|n| n.verdict == verdict).count();
    text += &format!(
        "{} {past} ({}){}.\n",
        files(applied.files),
        human_bytes(applied.bytes),
        match (count(Verdict::Refused), count(Verdict::Failed)) {
            (0, 0) => String::new(),
            (refused, failed) => format!("; {refused} refused, {failed} failed"),
        }
    );
    if let Some(error) = &applied.journal_failure {
        telling.tell(&text, AppliedJson::of(applied))?;
        let kind = if applied.files == 0 { Kind::Refused } else { Kind::Failed };
        return Err(Failure::new(kind, format!("the journal cannot be written: {error}"))
            .hint(format!("when it can be again: clean-backup resume {}", applied.run)));
    }
    if applied.left > 0 {
        telling.tell(&text, AppliedJson::of(applied))?;
        return Err(Failure::new(Kind::Interrupted, "interrupted; what was begun is done").hint(
            format!(
                "go on with: clean-backup resume {0}; take back with: clean-backup undo {0}",
                applied.run
            ),
        ));
    }
    if applied.files > 0 {
        text += &format!("Take it back with: clean-backup undo {}\n", applied.run);
    }
    telling.tell(&text, AppliedJson::of(applied))?;
    Ok(if applied.not_done.is_empty() { Outcome::Done } else { Outcome::SomeSkipped })
}

/// What has happened to files; of copies that are taken back, that nothing is lost.
fn past(plan: &Plan, kind: ActionKind) -> &'static str {
    match (plan.origin, kind) {
        (Origin::Undo, ActionKind::Delete) => "removed again (their originals are there)",
        (_, kind) => kind.past(),
    }
}

fn files(number: u64) -> String {
    count(number, "file")
}

/// What will happen, and whether it shall.
fn confirm(context: &Context<'_>, plan: &Plan) -> Result<(), Failure> {
    let extent = plan.extent();
    let mut kinds: Vec<ActionKind> = Vec::new();
    for action in &plan.actions {
        if !kinds.contains(&action.action) {
            kinds.push(action.action);
        }
    }
    let what: Vec<&str> = kinds.iter().map(|kind| past(plan, *kind)).collect();
    let size = human_bytes(extent.bytes);
    let sentence = format!("{} ({size}) will be {}", files(extent.files), what.join(" or "));
    if extent.lost_for_good > 0 {
        let lost = extent.lost_for_good;
        let message = format!(
            "{sentence}; this cannot be undone: {lost} of them only look like what is kept"
        );
        let refused = |message: String| {
            Failure::new(Kind::Refused, message).hint(
                "--action quarantine moves them aside instead, and can be undone; --yes deletes them",
            )
        };
        if !context.yes && context.asks {
            let question = format!("{message}. Type `delete` to go on: ");
            return match ask_for("delete", &question)? {
                Answer::Yes => Ok(()),
                Answer::No => Err(refused("nothing was done".to_owned())),
            };
        }
        if !context.yes {
            return Err(refused(message));
        }
        tracing::warn!("{message}");
    }
    if context.yes {
        return Ok(());
    }
    if !context.asks {
        return Err(Failure::new(
            Kind::Refused,
            format!("{sentence}, but nobody is there to be asked"),
        )
        .hint("add --yes to do it, or --dry-run to see it"));
    }
    match ask(&format!("{sentence}. Go on? [y/N] "))? {
        Answer::Yes => Ok(()),
        Answer::No => Err(Failure::new(Kind::Refused, "nothing was done")),
    }
}

fn warn_of_interrupted(runs: &Path) {
    if let Ok(Some(run)) = interrupted(runs) {
        tracing::warn!("run {run} was interrupted; clean-backup resume {run} finishes it");
    }
}

/// The last run that did not come to its end.
fn interrupted(runs: &Path) -> Result<Option<String>, JournalError> {
    for name in journal::runs(runs)?.into_iter().rev() {
        if !journal::has_ended(runs, &name)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
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

/// Where plans come from.
const PLANS: &str =
    "clean-backup dedupe DIR --action quarantine --save-plan FILE makes one that acts";

/// Carries out a plan that was saved.
///
/// # Errors
/// What keeps it from being done.
pub fn apply(context: &Context<'_>, options: &args::Apply) -> Result<Outcome, Failure> {
    let path = &options.plan;
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Kind::Failed, format!("{} cannot be read: {error}", for_people(path)))
            .hint(PLANS)
    })?;
    let plan = read_plan(path, &text, options.edited_plan)?;
    if options.dry_run {
        render::print(&render::plan(&plan)?)?;
        return Ok(Outcome::Done);
    }
    let reports = plan.actions.iter().filter(|a| a.action == ActionKind::Report).count();
    if reports > 0 {
        let message =
            format!("{} only reports: there is nothing in it to be done", for_people(path));
        return Err(Failure::new(Kind::Refused, message).hint(PLANS));
    }
    let cancel = interrupt::watch()?;
    let mut cache = open_cache(context)?;
    carry_out(context, &plan, &mut cache, &cancel, Telling::of(options.format, "apply"))
}

/// A plan that was saved. One that was edited since is only taken when that was asked for.
fn read_plan(path: &Path, text: &str, edited: bool) -> Result<Plan, Failure> {
    let path = for_people(path);
    let refused = |error: &PlanError| Failure::new(Kind::Refused, format!("{path}: {error}"));
    match Plan::from_json(text) {
        Err(PlanError::Edited) if edited => {
            let plan = Plan::from_edited_json(text).map_err(|e| refused(&e).hint(PLANS))?;
            tracing::warn!("{path}: {}; it is taken as it is now", PlanError::Edited);
            Ok(plan)
        }
        Err(error @ PlanError::Edited) => Err(refused(&error).hint(
            "make it anew; or look through it, and add --edited-plan to apply it as it is now",
        )),
        other => other.map_err(|error| refused(&error).hint(PLANS)),
    }
}

/// Goes on with a run that was interrupted.
///
/// # Errors
/// What keeps it from being done.
pub fn resume(context: &Context<'_>, options: &args::Resume) -> Result<Outcome, Failure> {
    let telling = Telling::of(options.format, "resume");
    if !options.leftovers.is_empty() {
        return super::leftovers::run(context, options, telling);
    }
    let state = take_lock(context)?;
    let runs = runs_folder(context)?;
    let failed = |error: JournalError| of_journal(&error);
    let run = match &options.run {
        Some(run) => Some(run.clone()),
        None => interrupted(&runs).map_err(failed)?,
    };
    let found = run.map(|run| RunLog::read(&runs, &run)).transpose().map_err(failed)?;
    let Some(log) = found.filter(|log| !log.ended) else {
        let text = "Nothing to go on with: every run came to its end.\n";
        telling.tell(text, AppliedJson::default())?;
        return Ok(Outcome::Done);
    };
    let plan = log.plan(&runs).map_err(|error| of_journal(&error))?;
    let held = hold(state, &plan)?;
    let cancel = interrupt::watch()?;
    let mut cache = open_cache(context)?;
    let journal = Journal::go_on(&runs, &log.run).map_err(|error| unwritable(&error))?;
    let (scope, progress) = (Scope::Rest(&log), context.progress);
    let applied = apply_and_follow(&held, &plan, scope, journal, &mut cache, &cancel, progress)?;
    finish(&plan, &applied, telling)
}

/// Takes a run back.
///
/// # Errors
/// What keeps it from being done.
pub fn undo(context: &Context<'_>, options: &args::Undo) -> Result<Outcome, Failure> {
    let telling = Telling::of(options.format, "undo");
    let runs = runs_folder(context)?;
    let undone = super::history::undone(&runs).map_err(|error| of_journal(&error))?;
    let done_something = |log: &RunLog| {
        !undone.contains_key(&log.run) && log.undoes.is_none() && log.count(Verdict::Done) > 0
    };
    let found = match &options.run {
        Some(run) => RunLog::read(&runs, run).map(Some),
        None => last(&runs, &done_something),
    };
    let Some(mut log) = found.map_err(|error| of_journal(&error))? else {
        telling.tell("There is no run to be taken back.\n", AppliedJson::default())?;
        return Ok(Outcome::Done);
    };
    let plan = log.plan(&runs).map_err(|error| of_journal(&error))?;
    let cancel = interrupt::watch()?;
    let mut cache = open_cache(context)?;
    if !log.ended && !options.dry_run {
        // What it was at in the moment of the crash is brought to an end first; nothing new begins.
        let held = hold(take_lock(context)?, &plan)?;
        let journal = Journal::go_on(&runs, &log.run).map_err(|error| unwritable(&error))?;
        let (scope, progress) = (Scope::Begun(&log), context.progress);
        apply_and_follow(&held, &plan, scope, journal, &mut cache, &cancel, progress)?;
        log = RunLog::read(&runs, &log.run).map_err(|error| of_journal(&error))?;
    }
    let undo = clean_backup::act::undo::undo(&log, &plan, &Disk::default(), &context.folder);
    for left in &undo.left {
        tracing::warn!("not taken back: {}: {}", for_people(&left.path), one_line(&left.why));
    }
    if options.dry_run {
        render::print(&render::plan(&undo.plan)?)?;
        return Ok(Outcome::Done);
    }
    let acted = if undo.plan.actions.is_empty() {
        let message = if undo.settled > 0 {
            "Everything is back already.\n"
        } else {
            "Nothing to take back.\n"
        };
        telling.tell(message, AppliedJson::default())?;
        Outcome::Done
    } else {
        carry_out(context, &undo.plan, &mut cache, &cancel, telling)?
    };
    Ok(if undo.left.is_empty() { acted } else { Outcome::SomeSkipped })
}
