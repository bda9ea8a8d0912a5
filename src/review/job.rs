//! The jobs of the page, one at a time: making a plan, carrying it out, undoing it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::act::plan::{ActionKind, Plan};
use crate::model::event::{Event, Phase, Progress};
use crate::model::path_text::for_people;

use super::desk::{Filing, Search};
use super::job_status::{FoundStatus, JobResult, PlanStatus, ResultStatus, Status};
use super::{Problem, Proposed};
use crate::model::findings::Summary;

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
                inner.status.found = Some(FoundStatus::from_summary(&summary));
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
                inner.status.result = Some(ResultStatus::from_result(&done));
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
