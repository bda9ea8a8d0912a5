//! How a run ends: exit codes, messages, hints.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clean_backup::act::journal::{JournalError, LibraryLockError, LockError};
use clean_backup::catalogue::cache::CacheError;
use clean_backup::catalogue::decisions::DecisionsError;
use clean_backup::library::{ActError, LibraryError};
use clean_backup::model::path_text::{for_people, one_line};

use super::interrupt;

/// How a run that did what it was asked ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    #[default]
    Done,
    /// All but some files, which were named.
    SomeSkipped,
    /// A library lacks something of what was checked against it.
    NotCovered,
    /// Duplicates were found, and the exit code was to say so.
    DuplicatesFound,
    /// Somebody was asked, and said no: nothing was changed.
    Declined,
}

impl Outcome {
    /// [`Self::Done`] where nothing was skipped.
    pub fn from_skipped(number: usize) -> Self {
        if number == 0 { Self::Done } else { Self::SomeSkipped }
    }

    /// This one, or where all was done, that of an earlier step. A no ends the run, whatever was
    /// found before.
    #[must_use]
    pub fn after(self, earlier: Self) -> Self {
        if self == Self::Done { earlier } else { self }
    }

    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done | Self::Declined => 0,
            Self::SomeSkipped | Self::NotCovered => 1,
            Self::DuplicatesFound => 10,
        }
    }
}

/// Why a run did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Something broke on the way: a disk, the cache.
    Failed,
    /// It was asked in a wrong way.
    Usage,
    /// It would have put something at risk.
    Refused,
    /// Ctrl-C or a termination signal.
    Interrupted,
    /// Nobody reads the output any more.
    PipeClosed,
    /// A stream broke off, on either side of a kernel.
    #[cfg(feature = "kernel")]
    Stream,
}

impl FailureKind {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Interrupted => interrupt::exit_code(),
            Self::PipeClosed => 0,
            #[cfg(feature = "kernel")]
            Self::Stream => 4,
        }
    }
}

/// A kind, what to tell, and what may help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: FailureKind,
    /// What went wrong, in one line.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

impl Failure {
    /// Without a hint.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A folder or file that was named cannot be read.
    pub fn from_named(path: &Path, why: &dyn fmt::Display) -> Self {
        Self::new(FailureKind::Failed, format!("{}: {why}", for_people(path)))
            .hint("check the spelling, and that its drive is mounted")
    }

    /// The cache cannot be used.
    pub fn from_cache(error: &CacheError) -> Self {
        let failure = |kind| Self::new(kind, error.to_string());
        match error {
            CacheError::Foreign { path, .. } => failure(FailureKind::Refused).hint(format!(
                "nothing was changed; move {} away, or name another file with --cache",
                for_people(path)
            )),
            CacheError::Newer(_) => failure(FailureKind::Refused)
                .hint("use that version, or name another file for this one with --cache"),
            _ => failure(FailureKind::Failed).hint("another file can be named with --cache"),
        }
    }

    /// The decisions cannot be used.
    pub fn from_decisions(error: &DecisionsError) -> Self {
        let kind = match error {
            DecisionsError::Foreign(_) => FailureKind::Refused,
            _ => FailureKind::Failed,
        };
        Self::new(kind, error.to_string())
            .hint("your decisions would be ignored otherwise; move the file away to start afresh")
    }

    /// A journal cannot be read. What keeps a run from beginning is a refusal.
    pub fn from_journal(error: &JournalError) -> Self {
        let failure = |kind| Self::new(kind, error.to_string());
        match error {
            JournalError::NoRun(_) => {
                failure(FailureKind::Usage).hint("`clean-backup history` lists the runs")
            }
            JournalError::Plan { .. } => failure(FailureKind::Refused)
                .hint("nothing was changed; `clean-backup history RUN` tells what the run did"),
            _ => failure(FailureKind::Failed),
        }
    }

    /// Another cache that was named cannot be read.
    pub fn from_other_cache(error: &CacheError) -> Self {
        let kind = match error {
            CacheError::Foreign { .. } | CacheError::Newer(_) => FailureKind::Refused,
            _ => FailureKind::Failed,
        };
        Self::new(kind, format!("--with-cache: {error}"))
            .hint("it takes the hashes.db of another library")
    }

    /// For a write to standard output: a closed pipe ends the run quietly.
    pub fn from_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(FailureKind::PipeClosed, "")
        } else {
            Self::new(FailureKind::Failed, format!("the output cannot be written: {error}"))
        }
    }

    /// Tells it on standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        if self.kind != FailureKind::PipeClosed {
            // Nobody is left to tell when standard error is closed.
            let text = self.to_string();
            let lines = text.split('\n').map(one_line).collect::<Vec<_>>().join("\n");
            let _ = writeln!(io::stderr(), "{lines}");
        }
        ExitCode::from(self.kind.code())
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        use LibraryError as E;
        let failure = |kind| Self::new(kind, error.to_string());
        match &error {
            E::Cache(error) => Self::from_cache(error),
            E::OtherCache(error) => Self::from_other_cache(error),
            E::Decisions(error) => Self::from_decisions(error),
            E::Root { path, reason } => Self::from_named(path, reason),
            E::Doubtful(_) => failure(FailureKind::Refused).hint(
                "mount the drive and try again; --allow-empty acts even on an empty folder; to \
                 forget files that are really gone: clean-backup cache prune",
            ),
            E::Glob { .. } => failure(FailureKind::Usage),
            E::NothingChecked { .. } => failure(FailureKind::Refused)
                .hint("check the spelling, and that its drive is mounted"),
            E::Overlap { .. } => failure(FailureKind::Refused)
                .hint("name folders of which none lies in another, each by one path"),
            E::IntoOld { .. } => failure(FailureKind::Refused).hint("name a folder elsewhere"),
            E::IntoPhotoLibrary(_) => failure(FailureKind::Refused).hint("name a folder elsewhere"),
            E::OneFolder => failure(FailureKind::Refused).hint("--move files it in place"),
            E::Unsettled => {
                failure(FailureKind::Failed).hint("wait until no other program writes to them")
            }
            E::Interrupted { while_scanning: true } => failure(FailureKind::Interrupted)
                .hint("the hashes so far are kept; the next run continues from there"),
            E::Interrupted { .. } => failure(FailureKind::Interrupted),
            _ => failure(FailureKind::Failed),
        }
    }
}

impl From<interrupt::SignalError> for Failure {
    fn from(error: interrupt::SignalError) -> Self {
        Self::new(FailureKind::Failed, error.to_string())
    }
}

impl From<ActError> for Failure {
    fn from(error: ActError) -> Self {
        let failure = Self::new(FailureKind::Refused, error.to_string());
        match &error {
            ActError::Receipt(_) => failure.hint("have its machine make a new one, and plan again"),
            ActError::FolderGone(_) => {
                failure.hint("mount the drive and try again, or make a new plan")
            }
            ActError::Lock(LockError::Held { .. })
            | ActError::LibraryLock(LibraryLockError::Held { .. }) => {
                failure.hint("wait until it is done")
            }
            ActError::LibraryLock(LibraryLockError::Moved(_)) => failure.hint("make a new plan"),
            ActError::Journal(error) => Self::from_journal(error),
            _ => failure,
        }
    }
}

impl From<crate::cli::config::ConfigError> for Failure {
    fn from(error: crate::cli::config::ConfigError) -> Self {
        use crate::cli::config::ConfigError as E;
        let failure = |kind| Self::new(kind, error.to_string());
        match &error {
            E::Io { .. } => failure(FailureKind::Failed),
            E::Content { .. } => failure(FailureKind::Usage)
                .hint("correct the file, or use another with --config FILE"),
            E::Value { key, .. } => failure(FailureKind::Usage).hint(key.about()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_and_wording() {
        let outcomes = [
            Outcome::Done,
            Outcome::SomeSkipped,
            Outcome::NotCovered,
            Outcome::DuplicatesFound,
            Outcome::Declined,
        ];
        assert_eq!(outcomes.map(Outcome::code), [0, 1, 1, 10, 0]);
        assert_eq!(Outcome::Declined.after(Outcome::SomeSkipped), Outcome::Declined);
        assert_eq!(Outcome::Done.after(Outcome::SomeSkipped), Outcome::SomeSkipped);
        let kinds = [
            FailureKind::Failed,
            FailureKind::Usage,
            FailureKind::Refused,
            FailureKind::Interrupted,
            FailureKind::PipeClosed,
        ];
        assert_eq!(kinds.map(FailureKind::code), [1, 2, 3, 130, 0]);
        let failure = Failure::new(FailureKind::Refused, "no").hint("try yes");
        assert_eq!(failure.to_string(), "error: no\nhint: try yes");
        let closed = Failure::from_output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(closed.kind, FailureKind::PipeClosed);
    }
}
