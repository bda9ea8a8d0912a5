//! Carrying plans out: locked, journalled, and followed by the cache.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::{ActError, Library};
use crate::act::apply::{self, Applied, Environment, Scope};
use crate::act::journal::{self, Journal, LibraryLock, Lock, RunLog};
use crate::act::plan::{Action, Origin, Plan};
use crate::catalogue::cache::{Cache, Moved};
use crate::files::content::content_hash;
use crate::files::fsops::Disk;
use crate::files::stamp::{Volumes, stamp_and_evidence};
use crate::model::event::Progress;
use crate::model::path_text::for_people;

/// Acts that go on at the same time. Most of one is waiting for a disk.
const WORKERS: usize = 8;

/// What applying a plan needs besides the plan.
#[derive(Clone)]
pub struct Acting<'a> {
    /// The folder of the state: the journals lie in its `runs`, and the lock of the state in it.
    pub state: &'a Path,
    /// What tells others who holds a lock.
    pub who: String,
    /// Now, in UTC, like `2026-11-24T10:58:38Z`.
    pub clock: &'a (dyn Fn() -> String + Sync),
    /// Receives an event forevery file.
    pub progress: &'a dyn Progress,
    /// Set to stop before the next action.
    pub cancel: &'a AtomicBool,
}

impl Acting<'_> {
    /// Where the journals lie.
    pub fn runs(&self) -> PathBuf {
        runs_folder(self.state)
    }

    /// The lock of the state.
    ///
    /// # Errors
    /// [`ActError::Lock`] while another run holds it.
    pub fn lock(&self) -> Result<Lock, ActError> {
        Ok(Lock::take(self.state, &self.who)?)
    }
}

/// Where the journals of a state lie.
pub fn runs_folder(state: &Path) -> PathBuf {
    state.join("runs")
}

/// Keeps other runs out while a plan is carried out: those with the same journals, and those that
/// work on the same libraries.
struct Held {
    // Released in this order.
    _libraries: LibraryLock,
    _state: Lock,
}

/// Takes the locks of the libraries of a plan, in addition to that of the journals. Every act on a
/// user's files goes through here.
fn hold(state: Lock, plan: &Plan, with: &Acting<'_>) -> Result<Held, ActError> {
    let libraries = LibraryLock::take(plan, &with.who)?;
    for unlocked in &libraries.unlocked {
        tracing::warn!(
            "{} cannot be locked ({}): make sure that no other run changes it at the same time",
            for_people(&unlocked.folder),
            unlocked.why
        );
    }
    Ok(Held { _libraries: libraries, _state: state })
}

impl Plan {
    /// Carries the plan out: locks, begins a journal, does it, and lets the cache know where files
    /// are now.
    ///
    /// # Errors
    /// [`ActError`] when nothing was begun. What became of single actions is in [`Applied`].
    pub fn apply(&self, library: &mut Library, with: &Acting<'_>) -> Result<Applied, ActError> {
        self.check()?;
        check_folders(self)?;
        let now = (with.clock)();
        let members = self.actions.iter().flat_map(|action| &action.files);
        let mut receipts = members.filter_map(|member| member.attested.as_deref());
        if let Some(stale) = receipts.find(|attested| !attested.is_valid(&now)) {
            return Err(ActError::Receipt(stale.named()));
        }
        let held = hold(with.lock()?, self, with)?;
        let runs = with.runs();
        if let Ok(Some(run)) = journal::interrupted(&runs) {
            tracing::warn!("run {run} was interrupted; clean-backup resume {run} finishes it");
        }
        let journal = Journal::begin(&runs, self, &(with.clock)()).map_err(ActError::Unwritable)?;
        library.carry_out(&held, self, Scope::Fresh, journal, with)
    }
}

impl Library {
    /// Finishes the run `run`, or the last that was interrupted; `None` where there is none. The
    /// plan is that of the run.
    ///
    /// # Errors
    /// [`ActError`] when nothing was begun.
    pub fn resume(
        &mut self,
        run: Option<&str>,
        with: &Acting<'_>,
    ) -> Result<Option<(Plan, Applied)>, ActError> {
        let state = with.lock()?;
        let runs = with.runs();
        let run = match run {
            Some(run) => Some(run.to_owned()),
            None => journal::interrupted(&runs).map_err(ActError::Journal)?,
        };
        let log = run.map(|run| RunLog::read(&runs, &run)).transpose();
        let Some(log) = log.map_err(ActError::Journal)?.filter(|log| !log.ended) else {
            return Ok(None);
        };
        let plan = log.plan(&runs).map_err(ActError::Journal)?;
        let held = hold(state, &plan, with)?;
        let journal = Journal::resume(&runs, &log.run).map_err(ActError::Unwritable)?;
        let applied = self.carry_out(&held, &plan, Scope::Rest(&log), journal, with)?;
        Ok(Some((plan, applied)))
    }

    /// Brings to an end what an interrupted run was at when it was killed, and begins nothing new.
    /// Gives the journal as it is then.
    ///
    /// # Errors
    /// [`ActError`]
    pub fn settle(
        &mut self,
        log: &RunLog,
        plan: &Plan,
        with: &Acting<'_>,
    ) -> Result<RunLog, ActError> {
        let held = hold(with.lock()?, plan, with)?;
        let runs = with.runs();
        let journal = Journal::resume(&runs, &log.run).map_err(ActError::Unwritable)?;
        self.carry_out(&held, plan, Scope::Begun(log), journal, with)?;
        RunLog::read(&runs, &log.run).map_err(ActError::Journal)
    }

    fn carry_out(
        &mut self,
        _held: &Held,
        plan: &Plan,
        scope: Scope<'_>,
        journal: Journal,
        with: &Acting<'_>,
    ) -> Result<Applied, ActError> {
        let Acting { clock, progress, cancel, .. } = *with;
        let world =
            Environment { files: &Disk::default(), clock, progress, cancel, workers: WORKERS };
        let applied = apply::apply(plan, scope, journal, world)?;
        for folder in &applied.unlocked {
            tracing::warn!(
                "{}: files cannot be locked on this file system; let no other run or program \
                 change them at the same time",
                for_people(folder)
            );
        }
        follow(&mut self.cache, plan, &applied);
        Ok(applied)
    }
}

/// Lets the cache know where files are now, and which of its rows were found to be wrong.
fn follow(cache: &mut Cache, plan: &Plan, applied: &Applied) {
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
    let doubtful = with_other_bytes(plan, applied);
    let doubtful: Vec<&Path> = doubtful.iter().map(PathBuf::as_path).collect();
    if let Err(error) = cache.forget(&doubtful) {
        tracing::warn!("the cache keeps rows that were refused: {error}");
    }
}

/// Files of acts that were not done which have other bytes than were planned with, whatever their
/// size and time say: what the cache knows of them is wrong, and the next run must read them again.
fn with_other_bytes(plan: &Plan, applied: &Applied) -> Vec<PathBuf> {
    let actions = applied.not_done.iter().filter_map(|not_done| plan.actions.get(not_done.action));
    let members = actions.flat_map(|action| &action.files);
    let files = members.flat_map(|member| std::iter::once(&member.source).chain(&member.keeper));
    files
        .map(|expected| (plan.resolve(&expected.path), expected.content))
        .filter(|(path, planned)| content_hash(path).is_ok_and(|now| Some(now) != *planned))
        .map(|(path, _)| path)
        .collect()
}

/// The actions of a plan that were done.
pub fn acted_on<'a>(plan: &'a Plan, applied: &Applied) -> impl Iterator<Item = &'a Action> {
    applied.done.iter().filter_map(|&index| plan.actions.get(index))
}

/// Checks that the folders in which duplicates were found are there: a drive that is not mounted
/// takes keepers with it.
fn check_folders(plan: &Plan) -> Result<(), ActError> {
    if plan.origin != Origin::Dedupe {
        return Ok(());
    }
    let folders = plan.roots.iter().chain(&plan.references).map(|path| plan.resolve(&path.0));
    match folders.into_iter().find(|folder| !folder.exists()) {
        Some(folder) => Err(ActError::FolderGone(folder)),
        None => Ok(()),
    }
}
