//! The jobs of the page, one at a time: making a plan, carrying it out, undoing it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::act::plan::{ActionKind, Plan};
use crate::model::event::{Event, Phase, Progress};
use crate::model::path_text::{for_people, one_line};

use super::desk::{Filing, Search};
use super::{Problem, Proposed};
use crate::model::findings::Summary;

/// Most files that are named one by one.
const NAMED: usize = 200;

/// The result of a plan.
#[derive(Clone, Debug, Default)]
pub struct JobResult {
    /// The run, to undo it.
    pub run: String,
    /// Files that were acted on.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The files that were acted on, where they were.
    pub sources: Vec<PathBuf>,
    /// What was not done, and why.
    pub problems: Vec<String>,
}

/// What the page asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Plan(ActionKind),
    /// The plan of that number, which loses so many files for good.
    Apply(u64, u64),
    Undo(String),
    Find(Search),
    File(Filing),
    /// Finish the run of that name.
    Resume(String),
}

impl Order {
    fn name(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Apply(..) => "apply",
            Self::Undo(_) => "undo",
            Self::Find(_) => "find",
            Self::File(_) => "file",
            Self::Resume(_) => "resume",
        }
    }
}

impl Order {
    fn about(&self) -> Vec<String> {
        match self {
            Self::Find(search) => {
                let folders = search.roots.iter().chain(&search.references);
                folders.map(|folder| for_people(folder)).collect()
            }
            Self::File(filing) => {
                vec![for_people(&filing.source), for_people(&filing.destination)]
            }
            Self::Resume(run) | Self::Undo(run) => vec![run.clone()],
            Self::Plan(_) | Self::Apply(..) => Vec::new(),
        }
    }
}

/// Status of a job, as the page shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Status {
    /// Counts the jobs.
    pub number: u64,
    /// `plan`, `apply`, `undo`, `find`, `file`, `resume`.
    pub kind: &'static str,
    pub running: bool,
    /// The current phase.
    pub phase: &'static str,
    pub done: u64,
    pub total: Option<u64>,
    pub bytes: u64,
    /// It was stopped before its end, as somebody asked.
    pub paused: bool,
    /// What was searched for, or filed (human-readable).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultStatus>,
}

/// A plan before it is carried out.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PlanStatus {
    pub action: &'static str,
    pub files: u64,
    pub bytes: u64,
    /// Sidecars that are written first.
    pub sidecars: u64,
    /// Files that nothing has the bytes of afterwards.
    pub lost_for_good: u64,
    pub sources: Vec<String>,
    /// Where each of them goes; empty where it goes nowhere.
    pub destinations: Vec<String>,
    pub left: Vec<String>,
    /// How many files are left alone.
    pub left_alone: usize,
    /// Folders that files go to, and how many go there.
    pub folders: Vec<(String, u64)>,
    pub notes: Vec<String>,
}

/// What a search came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FoundStatus {
    pub pictures: u64,
    pub groups: u64,
    pub duplicates: u64,
    pub bytes: u64,
    pub skipped: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ResultStatus {
    pub run: String,
    pub files: u64,
    pub bytes: u64,
    pub problems: Vec<String>,
}

impl PlanStatus {
    fn from_proposed(proposed: &Proposed, action: ActionKind) -> Self {
        let extent = proposed.plan.extent();
        let going = proposed.plan.actions.iter().filter(|a| a.action != ActionKind::WriteSidecar);
        let files = going.flat_map(|action| &action.files).take(NAMED);
        let (sources, destinations) = files
            .map(|file| {
                let to = file.destination.as_ref().map(|to| for_people(&to.0)).unwrap_or_default();
                (for_people(&file.source.path), to)
            })
            .unzip();
        let left = proposed.left.iter();
        let mut folders: BTreeMap<&Path, u64> = BTreeMap::new();
        let to = proposed.plan.actions.iter().flat_map(|a| &a.files);
        for folder in to.filter_map(|file| file.destination.as_ref()?.0.parent()) {
            *folders.entry(folder).or_default() += 1;
        }
        let folders = folders.into_iter().take(NAMED);
        Self {
            left_alone: proposed.left.len(),
            folders: folders.map(|(folder, files)| (for_people(folder), files)).collect(),
            notes: proposed.notes.iter().map(|note| one_line(note)).collect(),
            action: action.name(),
            files: extent.files,
            bytes: extent.bytes,
            sidecars: extent.sidecars,
            lost_for_good: extent.lost_for_good,
            sources,
            destinations,
            left: left
                .take(NAMED)
                .map(|left| format!("{}: {}", for_people(&left.path), one_line(&left.why)))
                .collect(),
        }
    }
}

/// Why an order is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderError {
    /// Another job is running.
    Busy,
    /// The plan that was agreed to is not the one that would be carried out.
    AnotherPlan,
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "another job is already running",
            Self::AnotherPlan => "this is not the plan that was shown last; look at it again",
        })
    }
}

/// The one job at a time, and the plan that was shown last.
#[derive(Debug, Default)]
pub(super) struct JobQueue {
    inner: Mutex<Inner>,
    /// Set when the job under way is to stop.
    pub stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: Option<Order>,
    status: Status,
    plan: Option<(u64, Plan)>,
}

impl JobQueue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an order; its number.
    ///
    /// # Errors
    /// [`OrderError`]
    pub fn order(&self, order: Order) -> Result<u64, OrderError> {
        let mut inner = self.lock();
        if inner.status.running {
            return Err(OrderError::Busy);
        }
        if let Order::Apply(number, lost) = order
            && !inner.plan.as_ref().is_some_and(|(shown, plan)| {
                *shown == number && plan.extent().lost_for_good == lost
            })
        {
            return Err(OrderError::AnotherPlan);
        }
        let number = inner.status.number + 1;
        self.stop.store(false, Ordering::Relaxed);
        inner.status = Status {
            number,
            kind: order.name(),
            running: true,
            about: order.about(),
            ..Status::default()
        };
        inner.waiting = Some(order);
        Ok(number)
    }

    /// What is to be done now.
    pub fn take(&self) -> Option<Order> {
        self.lock().waiting.take()
    }

    pub fn is_busy(&self) -> bool {
        self.lock().status.running
    }

    pub fn status(&self) -> Status {
        self.lock().status.clone()
    }

    /// The plan that was shown; it is good for one time.
    pub fn plan(&self) -> Option<Plan> {
        self.lock().plan.take().map(|(_, plan)| plan)
    }

    /// What was decided has changed: the plan is not what it would be now.
    pub fn forget_plan(&self) {
        self.lock().plan = None;
    }

    pub fn planned(&self, proposed: Result<Proposed, Problem>, action: ActionKind) {
        let mut inner = self.lock();
        inner.status.running = false;
        match proposed {
            Ok(proposed) => {
                inner.status.plan = Some(PlanStatus::from_proposed(&proposed, action));
                inner.plan = Some((inner.status.number, proposed.plan));
            }
            Err(_) if self.stop.load(Ordering::Relaxed) => inner.status.paused = true,
            Err(why) => inner.status.error = Some(why.to_string()),
        }
    }

    /// A search has come to its end; `None` for what was found if it failed.
    pub fn found(&self, found: Result<Summary, Problem>) {
        let stopped = self.stop.load(Ordering::Relaxed);
        let mut inner = self.lock();
        inner.status.running = false;
        // The groups that a plan was made of are gone.
        inner.plan = None;
        match found {
            Ok(summary) => {
                inner.status.found = Some(FoundStatus {
                    pictures: summary.counts.images,
                    groups: summary.groups,
                    duplicates: summary.duplicates,
                    bytes: summary.reclaimable_bytes,
                    skipped: summary.skipped,
                });
            }
            Err(_) if stopped => inner.status.paused = true,
            Err(why) => inner.status.error = Some(why.to_string()),
        }
    }

    pub fn finished(&self, done: Result<JobResult, Problem>) {
        let mut inner = self.lock();
        inner.status.running = false;
        match done {
            Ok(done) => {
                inner.status.result = Some(ResultStatus {
                    run: done.run,
                    files: done.files,
                    bytes: done.bytes,
                    problems: done.problems.iter().take(NAMED).map(|p| one_line(p)).collect(),
                });
            }
            Err(why) => inner.status.error = Some(why.to_string()),
        }
    }
}

impl Progress for JobQueue {
    fn on(&self, event: Event<'_>) {
        let mut inner = self.lock();
        let status = &mut inner.status;
        let is = |stage: Phase| stage.name() == status.phase;
        match event {
            Event::Found { files } => status.done += files,
            Event::StageStarted { stage, total } => {
                (status.phase, status.done, status.total) = (stage.name(), 0, total);
            }
            Event::Advanced { stage, items, bytes } if is(stage) => {
                status.done += items;
                status.bytes += bytes;
            }
            _ => {}
        }
    }
}
