//! What the page of the whole program asks for besides a review, and who answers.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::session::Session;
use super::{JobResult, Problem, Proposed};
use crate::act::plan::{ActionKind, Plan};
use crate::model::event::Progress;
use crate::model::findings::Findings;

/// Where duplicates are to be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Folders.
    pub roots: Vec<PathBuf>,
    /// Folders in which nothing is touched.
    pub references: Vec<PathBuf>,
    /// `exact`, `standard`, `aggressive`; `None`: as configured.
    pub sensitivity: Option<String>,
}

/// What is to be filed by date, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// Where the files are.
    pub source: PathBuf,
    /// Where they go; it need not be there yet.
    pub destination: PathBuf,
    /// Move them instead of copying them.
    pub moves: bool,
    /// Folders below the destination, as `organize --template` takes them.
    pub template: String,
    /// Files that only have a modification time go to `Unknown`.
    pub no_file_dates: bool,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its name in the configuration.
    pub key: &'static str,
    /// What it is for (human-readable).
    pub about: &'static str,
    /// The words that it can be; empty where it is free text.
    pub words: Vec<&'static str>,
    /// Its value.
    pub value: String,
    /// What decides it where the configuration file does not (human-readable).
    pub fixed_by: Option<String>,
}

/// A run of the past.
#[derive(Clone, Debug, Serialize)]
pub struct PastRun {
    /// Its name.
    pub run: String,
    /// When it began, in UTC.
    pub time: String,
    /// What made its plan: `dedupe`, `organize`, …
    pub origin: &'static str,
    /// How many actions it planned.
    pub actions: u64,
    /// How many of them were done.
    pub done: u64,
    /// Refused, since something had changed.
    pub refused: u64,
    /// Failed.
    pub failed: u64,
    /// It came to its end.
    pub ended: bool,
    /// The run that it undoes.
    pub undoes: Option<String>,
    /// The run that undid it.
    pub undone_by: Option<String>,
}

/// A file of a run.
#[derive(Clone, Debug, Serialize)]
pub struct PastFile {
    /// What was done with it.
    pub action: &'static str,
    /// `done`, `refused`, `failed`, `unknown`.
    pub verdict: &'static str,
    /// Where it was (human-readable).
    pub source: String,
    /// Where it went (human-readable).
    pub destination: Option<String>,
    /// Why it was not done.
    pub remark: String,
}

/// Answers at once, also while a job is running.
pub trait Desk: Send + Sync {
    /// The folders that may be chosen, with those below them.
    fn roots(&self) -> Vec<PathBuf>;

    /// The settings that the page shows.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn settings(&self) -> Result<Vec<Setting>, Problem>;

    /// Changes one of those settings.
    ///
    /// # Errors
    /// Why it stays as it is.
    fn set(&self, key: &str, value: &str) -> Result<(), Problem>;

    /// All runs, the last first.
    ///
    /// # Errors
    /// Why the journals cannot be read.
    fn history(&self) -> Result<Vec<PastRun>, Problem>;

    /// The files of a run, at most so many.
    ///
    /// # Errors
    /// Why its journal cannot be read.
    fn files(&self, run: &str, most: usize) -> Result<Vec<PastFile>, Problem>;

    /// The search that was paused, or that was under way when the program ended.
    fn left_off(&self) -> Option<Search>;
}

/// Does what takes time, one thing after the other. A page for one review needs the first three.
pub trait Actions {
    /// Makes a plan of the groups in `report`.
    ///
    /// # Errors
    /// Why no plan was made.
    fn propose(
        &mut self,
        report: &Findings,
        action: ActionKind,
        progress: &dyn Progress,
    ) -> Result<Proposed, Problem>;

    /// Carries a plan out that was shown.
    ///
    /// # Errors
    /// Why nothing was done.
    fn carry_out(&mut self, plan: &Plan, progress: &dyn Progress) -> Result<JobResult, Problem>;

    /// Undoes a run.
    ///
    /// # Errors
    /// Why nothing was done.
    fn undo(&mut self, run: &str, progress: &dyn Progress) -> Result<JobResult, Problem>;

    /// Looks for duplicates until `stop` is set. What was read until then is kept.
    ///
    /// # Errors
    /// Why there is nothing to review.
    fn find(
        &mut self,
        _search: &Search,
        _progress: &dyn Progress,
        _stop: &AtomicBool,
    ) -> Result<Session, Problem> {
        Err("this page is about one review".into())
    }

    /// Plans a filing; changes nothing.
    ///
    /// # Errors
    /// Why no plan was made.
    fn file(
        &mut self,
        _filing: &Filing,
        _progress: &dyn Progress,
        _stop: &AtomicBool,
    ) -> Result<Proposed, Problem> {
        Err("this page is about one review".into())
    }

    /// Finishes a run that was interrupted.
    ///
    /// # Errors
    /// Why nothing was done.
    fn resume(&mut self, _run: &str, _progress: &dyn Progress) -> Result<JobResult, Problem> {
        Err("this page is about one review".into())
    }
}
