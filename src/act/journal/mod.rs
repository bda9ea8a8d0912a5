//! What was done to a user's files: append-only JSON lines, one folder per run.
//!
//! `runs/20261124-105838/plan.json` is the plan as it was when the run began, `journal.jsonl` what
//! became of it. Each act has an `intent`, which is on the disk before the act begins, and an
//! ending after it. After a crash the intents without an ending are what has to be looked at; a
//! line that was torn by the crash belongs to an act that had not begun.

mod library;
mod line;
mod lock;
mod read;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

pub use library::{LibraryLock, LibraryLockError, Unlocked};
pub use line::{Ending, Intent, IntentFile, Line, Verdict};
pub use lock::{Lock, LockError};
pub use read::{RunLog, has_ended, interrupted, runs, undoes};

use crate::act::plan::{Plan, PlanError};
use crate::files::atomic_file;
use crate::model::path_text::for_people;

/// Version of the lines.
pub const JOURNAL_VERSION: u32 = 1;

const PLAN_FILE: &str = "plan.json";
const JOURNAL_FILE: &str = "journal.jsonl";

/// Where lines go to. [`File`] is one; tests put others in between.
pub trait Storage: Send {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// What the system says.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until all that was added is on the disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;
}

impl Storage for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The journal of a run that is being carried out.
pub struct Journal {
    run: String,
    storage: Box<dyn Storage>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("run", &self.run).finish_non_exhaustive()
    }
}

/// Why a journal cannot be written or read.
#[derive(Debug)]
pub enum JournalError {
    /// The file system says no.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error underneath.
        source: io::Error,
    },
    /// There is no such run.
    NoRun(String),
    /// The plan of the run cannot be used.
    Plan {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: PlanError,
    },
    /// The journal does not begin as one does.
    Foreign(PathBuf),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "journal {}: {source}", for_people(path)),
            Self::NoRun(run) => write!(f, "there is no run {:?}", run),
            Self::Plan { path, source } => {
                let path = for_people(path);
                write!(f, "{path}, by which the run was made, is damaged: {source}")
            }
            Self::Foreign(path) => write!(f, "{} is not a journal", for_people(path)),
        }
    }
}

impl std::error::Error for JournalError {}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

impl Journal {
    /// Begins the journal of a new run in a folder of its own below `runs`; `time` is now in UTC,
    /// like `2026-11-24T10:58:38Z`, and gives the run its name. The plan is on disk afterwards.
    ///
    /// # Errors
    /// [`JournalError::Io`]; nothing may then be done.
    pub fn begin(runs: &Path, plan: &Plan, time: &str) -> Result<Self, JournalError> {
        atomic_file::make_private_folder(runs).map_err(io_error(runs))?;
        let digits: String = time.chars().filter(char::is_ascii_digit).collect();
        let (day, clock) = digits.split_at(digits.len().min(8));
        let first = format!("{day}-{clock}");
        let (run, folder) = new_folder(runs, &first)?;
        let plan_file = folder.join(PLAN_FILE);
        let text = plan.to_json().map_err(|error| JournalError::Io {
            path: plan_file.clone(),
            source: io::Error::other(error),
        })?;
        atomic_file::create_private(&plan_file, text.as_bytes()).map_err(io_error(&plan_file))?;
        let path = folder.join(JOURNAL_FILE);
        let begin = Line::Begin {
            version: JOURNAL_VERSION,
            run: run.clone(),
            time: time.to_owned(),
            origin: plan.origin,
            undoes: plan.undoes.clone(),
            actions: plan.actions.len() as u64,
        };
        atomic_file::create_private(&path, begin.to_text().as_bytes()).map_err(io_error(&path))?;
        atomic_file::sync_folder(runs).map_err(io_error(runs))?;
        let file = OpenOptions::new().append(true).open(&path).map_err(io_error(&path))?;
        Ok(Self { run, storage: Box::new(file) })
    }

    /// Continues the journal of a run. A torn line at its end is closed, so that what follows
    /// stands in lines of its own.
    ///
    /// # Errors
    /// [`JournalError::Foreign`] when it does not begin as one does, or [`JournalError::Io`].
    pub fn resume(runs: &Path, run: &str) -> Result<Self, JournalError> {
        let path = runs.join(run).join(JOURNAL_FILE);
        if read::first_line(runs, run).is_none() {
            return Err(JournalError::Foreign(path));
        }
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().read(true).append(true).open(&path)?;
            let mut last = [b'\n'];
            if file.seek(SeekFrom::End(0))? > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            if last != [b'\n'] {
                file.write_all(b"\n")?;
            }
            Ok(file)
        };
        let file = open().map_err(io_error(&path))?;
        Ok(Self { run: run.to_owned(), storage: Box::new(file) })
    }

    /// The name of the run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Puts something in between, for tests.
    #[must_use]
    pub fn through(self, wrap: impl FnOnce(Box<dyn Storage>) -> Box<dyn Storage>) -> Self {
        Self { run: self.run, storage: wrap(self.storage) }
    }

    /// Adds lines.
    ///
    /// # Errors
    /// What the system says; no act may then follow.
    pub fn add(&mut self, lines: &[Line]) -> io::Result<()> {
        let text: String = lines.iter().map(Line::to_text).collect();
        self.storage.append(text.as_bytes())
    }

    /// Adds lines, and waits until they and all before them are on the disk.
    ///
    /// # Errors
    /// As [`Journal::add`].
    pub fn add_lasting(&mut self, lines: &[Line]) -> io::Result<()> {
        self.add(lines)?;
        self.storage.sync()
    }
}

/// A folder that was not there before: `first`, or `first` with a number.
fn new_folder(runs: &Path, first: &str) -> Result<(String, PathBuf), JournalError> {
    for number in 1_u32.. {
        let name = if number == 1 { first.to_owned() } else { format!("{first}-{number}") };
        let folder = runs.join(&name);
        match atomic_file::make_new_private_folder(&folder) {
            Ok(()) => return Ok((name, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error(&folder)(error)),
        }
    }
    Err(JournalError::NoRun(first.to_owned()))
}
