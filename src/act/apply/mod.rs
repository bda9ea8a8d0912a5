//! Carries a plan out: every act is checked right before, written down before and after, and
//! either done wholly or not at all.
//!
//! At every moment each content that was there is still there: in its place, beside it under a name
//! of the run, where it was to go, or in the trash; except what a `delete` removed. That goes in
//! two steps: the file is renamed within its folder, its keeper is reopened by its path and read,
//! and only then the file is removed. All steps are taken in folders that are held open, and on
//! files that are held open, and locked where that is possible, from the check to the end of an
//! act.

mod applied;
mod checks;
mod files;
mod folders;
mod held;
mod mismatch;
mod prune;
mod remove;
mod replace;
mod sidecar;
mod stop;
mod transfer;
mod trash;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::act::journal::{Ending, Intent, Journal, Line, RunLog, Verdict};
use crate::act::plan::{Action, ActionKind, Member, Plan, PlanError};
use crate::files::fsops::FileSystem;
use crate::model::event::{Act, Event, Phase, Progress};
use crate::model::media::FileKey;
pub use applied::{Applied, Effect, NotDone};
use prune::prune;

/// Intents that share one wait for the disk. Each of them is on the disk before its act begins;
/// those that were not begun when a run was killed are found so by looking.
const INTENTS_AT_ONCE: usize = 64;

/// What applying a plan needs from its caller.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Where the files are.
    pub files: &'a dyn FileSystem,
    /// Now, in UTC, like `2026-11-24T10:58:38Z`.
    pub clock: &'a (dyn Fn() -> String + Sync),
    /// Receives progress events.
    pub progress: &'a dyn Progress,
    /// Checked before each act: stops the run when set.
    pub cancel: &'a AtomicBool,
    /// How many acts go on at the same time.
    pub workers: usize,
}

/// Which actions of a plan.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All, of a run that has just begun.
    Fresh,
    /// Those that an interrupted run has left.
    Rest(&'a RunLog),
    /// Those that an interrupted run had begun, or was about to, and no others.
    Begun(&'a RunLog),
}

/// Carries out a plan.
///
/// # Errors
/// [`PlanError`] when the plan contradicts itself; nothing is then done. What happens to single
/// actions is in [`Applied`].
pub fn apply(
    plan: &Plan,
    scope: Scope<'_>,
    journal: Journal,
    world: Environment<'_>,
) -> Result<Applied, PlanError> {
    plan.check()?;
    let (settled, begun) = match scope {
        Scope::Fresh => (HashSet::new(), BTreeSet::new()),
        Scope::Rest(log) | Scope::Begun(log) => {
            let settled: HashSet<usize> = log.endings.keys().copied().collect();
            let begun = log.intents.keys().copied().filter(|i| !settled.contains(i)).collect();
            (settled, begun)
        }
    };
    let wanted: Vec<usize> = (0..plan.actions.len())
        .filter(|index| match scope {
            Scope::Begun(_) => begun.contains(index),
            _ => !settled.contains(index),
        })
        .filter(|&index| plan.actions[index].action != ActionKind::Report)
        .collect();
    let members = plan.actions.iter().flat_map(|action| &action.files);
    let run = Execution {
        plan,
        world,
        name: journal.run().to_owned(),
        begun,
        references: plan
            .references
            .iter()
            .map(|folder| plan.resolve(&folder.0))
            .map(|folder| world.files.real_path(&folder).unwrap_or(folder))
            .map(|folder| {
                let look = world.files.look(&folder).ok().flatten();
                (folder, look.map(|look| look.stamp.key))
            })
            .collect(),
        keepers: members.filter_map(|m| m.keeper.as_ref()).map(|k| k.stamp.key).collect(),
        sidecars: sidecars(plan),
        making_folders: Mutex::new(()),
        lasting: Mutex::default(),
        unlocked: Mutex::default(),
        queue: Mutex::new(IntentQueue {
            journal,
            wanted: &wanted,
            pause: 0,
            next: 0,
            announced: 0,
            failure: None,
        }),
        outcome: Mutex::new(Vec::new()),
    };
    let files = wanted.iter().map(|&index| plan.actions[index].files.len() as u64).sum();
    world.progress.on(Event::StageStarted { stage: Phase::Act, total: Some(files) });
    // Sidecars are all written before anything goes in their favour, and when undoing the other
    // way round: acts of either kind wait for those before.
    let is_sidecar = |index: &usize| plan.actions[*index].action == ActionKind::WriteSidecar;
    for stretch in wanted.chunk_by(|one, other| is_sidecar(one) == is_sidecar(other)) {
        lock(&run.queue).pause += stretch.len();
        std::thread::scope(|scope| {
            for _ in 0..world.workers.clamp(1, stretch.len()) {
                scope.spawn(|| run.work());
            }
        });
    }
    world.progress.on(Event::StageFinished { stage: Phase::Act });
    Ok(run.finish())
}

/// A plan that is being carried out.
struct Execution<'a> {
    plan: &'a Plan,
    world: Environment<'a>,
    name: String,
    /// Actions that an interrupted run had announced.
    begun: BTreeSet<usize>,
    /// Real paths of the folders that nothing is touched in, and which folders they are.
    references: Vec<(PathBuf, Option<FileKey>)>,
    keepers: HashSet<FileKey>,
    /// Sidecars that the plan writes, by the groups of the pictures.
    sidecars: BTreeMap<u64, (PathBuf, &'a Member)>,
    making_folders: Mutex<()>,
    /// Keepers and folders of keepers that this run has waited for to be on the disk.
    lasting: Mutex<HashSet<FileKey>>,
    /// Where files could not be locked, by device.
    unlocked: Mutex<BTreeMap<u64, PathBuf>>,
    queue: Mutex<IntentQueue<'a>>,
    outcome: Mutex<Vec<(usize, ActOutcome)>>,
}

/// Where workers get their next action, and write down what they did.
struct IntentQueue<'a> {
    journal: Journal,
    wanted: &'a [usize],
    /// How many of them may be begun.
    pause: usize,
    next: usize,
    announced: usize,
    failure: Option<io::Error>,
}

/// The outcome of an action.
#[derive(Debug)]
enum ActOutcome {
    Done { effects: Vec<Effect>, remarks: Vec<(PathBuf, String)> },
    NotDone(Stop),
}

/// Why an act was not done.
#[derive(Debug)]
struct Stop {
    verdict: Verdict,
    reason: String,
    /// Files that it was done to all the same, and could not be undone.
    stuck: Vec<usize>,
}

impl Stop {
    /// A refusal: nothing was done.
    fn refused(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Refused, reason: reason.into(), stuck: Vec::new() }
    }

    /// A step failed.
    fn failed(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failed, reason: reason.into(), stuck: Vec::new() }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Execution<'_> {
    fn work(&self) {
        while let Some(index) = self.next() {
            let action = &self.plan.actions[index];
            let outcome = match self.act(index, action) {
                Ok(done) => done,
                Err(stop) => ActOutcome::NotDone(stop),
            };
            self.write_down(index, action, &outcome);
            lock(&self.outcome).push((index, outcome));
        }
    }

    /// The next action, once its intent is on the disk.
    fn next(&self) -> Option<usize> {
        let mut queue = lock(&self.queue);
        if queue.failure.is_some() || self.world.cancel.load(Ordering::Relaxed) {
            return None;
        }
        let next = queue.next;
        let index = *queue.wanted.get(next).filter(|_| next < queue.pause)?;
        if next >= queue.announced {
            let end = queue.wanted.len().min(next + INTENTS_AT_ONCE);
            let time = (self.world.clock)();
            let lines: Vec<Line> = queue.wanted[next..end]
                .iter()
                // What was announced before needs not be again.
                .filter(|index| !self.begun.contains(index))
                .filter_map(|&index| Intent::from_plan(self.plan, index, &time).map(Line::Intent))
                .collect();
            if let Err(error) = queue.journal.add_lasting(&lines) {
                queue.failure = Some(error);
                return None;
            }
            queue.announced = end;
        }
        queue.next += 1;
        Some(index)
    }

    fn act(&self, index: usize, action: &Action) -> Result<ActOutcome, Stop> {
        let files = self.files_of(index, action);
        self.is_carried(action).inspect_err(|_| self.bring_home(&files))?;
        match action.action {
            // Never asked for: filtered out.
            ActionKind::Report => Ok(ActOutcome::Done { effects: Vec::new(), remarks: Vec::new() }),
            ActionKind::Quarantine | ActionKind::Move | ActionKind::Copy => {
                self.transfer_all(&files)
            }
            ActionKind::Untrash => self.take_out_of_trash(&files),
            ActionKind::Trash => self.put_into_trash(&files),
            ActionKind::Delete => self.delete(&files),
            ActionKind::Hardlink | ActionKind::Reflink | ActionKind::Detach => self.replace(&files),
            ActionKind::WriteSidecar => self.change_sidecars(&files),
        }
    }

    fn write_down(&self, index: usize, action: &Action, outcome: &ActOutcome) {
        let time = (self.world.clock)();
        let ending = match outcome {
            ActOutcome::Done { remarks, .. } => {
                let remark = remarks.iter().map(|(_, remark)| remark.as_str());
                let remark = remark.collect::<Vec<_>>().join("; ");
                Ending { action: index, time, verdict: Verdict::Done, remark, stuck: Vec::new() }
            }
            ActOutcome::NotDone(stop) => Ending {
                action: index,
                time,
                verdict: stop.verdict,
                remark: stop.reason.clone(),
                stuck: stop.stuck.clone(),
            },
        };
        let bytes = action.files.iter().map(|member| member.source.stamp.size.0).sum();
        self.world.progress.on(Event::Advanced {
            stage: Phase::Act,
            items: action.files.len() as u64,
            bytes,
        });
        for member in &action.files {
            let destination = member.destination.as_ref().map(|d| self.plan.resolve(&d.0));
            self.world.progress.on(Event::Acted(Act {
                run: &self.name,
                kind: action.action.name(),
                verdict: ending.verdict.name(),
                source: &self.plan.resolve(&member.source.path),
                destination: destination.as_deref(),
                remark: &ending.remark,
            }));
        }
        self.note(Line::Ending(ending));
    }

    /// Adds a line that need not be on the disk at once.
    fn note(&self, line: Line) {
        let mut queue = lock(&self.queue);
        if let Err(error) = queue.journal.add(&[line]) {
            queue.failure.get_or_insert(error);
        }
    }

    fn finish(self) -> Applied {
        let unlocked = std::mem::take(&mut *lock(&self.unlocked));
        let queue = self.queue.into_inner().unwrap_or_else(PoisonError::into_inner);
        let IntentQueue { mut journal, wanted, next, failure, .. } = queue;
        let mut applied = Applied {
            run: self.name,
            unlocked: unlocked.into_values().collect(),
            left: (wanted.len() - next) as u64,
            journal_failure: failure,
            ..Applied::default()
        };
        let mut outcome = self.outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.sort_by_key(|(index, _)| *index);
        for (index, outcome) in outcome {
            let action = &self.plan.actions[index];
            match outcome {
                ActOutcome::Done { effects, remarks } => {
                    applied.done.push(index);
                    applied.count(action);
                    applied.effects.extend(effects);
                    applied.remarks.extend(remarks);
                }
                ActOutcome::NotDone(stop) => {
                    let path = action.files.first().map(|m| m.source.path.clone());
                    applied.not_done.push(NotDone {
                        action: index,
                        path: path.unwrap_or_default(),
                        verdict: stop.verdict,
                        reason: stop.reason,
                    });
                }
            }
        }
        if applied.left == 0 && applied.journal_failure.is_none() {
            let mut lines = prune(self.plan, self.world.files);
            lines.push(Line::End { time: (self.world.clock)() });
            applied.journal_failure = journal.add_lasting(&lines).err();
        }
        applied
    }
}

/// Where a plan writes sidecars, by the groups of the pictures.
fn sidecars(plan: &Plan) -> BTreeMap<u64, (PathBuf, &Member)> {
    let writing = plan.actions.iter().filter(|a| a.action == ActionKind::WriteSidecar);
    writing
        .filter_map(|action| {
            let member = action.files.first()?;
            let destination = member.destination.as_ref()?;
            Some((action.group, (plan.resolve(&destination.0), member)))
        })
        .collect()
}

/// The text of an error with the step and the path that it is about.
fn about(step: &str, path: &Path, error: &io::Error) -> String {
    format!("{step} {}: {error}", crate::model::path_text::for_people(path))
}
