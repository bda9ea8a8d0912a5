//! How a run ends: exit codes, messages, hints.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clean_backup::catalogue::cache::CacheError;
use clean_backup::model::path_text::{for_people, one_line};

/// How a run that did what it was asked ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    #[default]
    Done,
    /// All but some files, which were named.
    SomeSkipped,
    /// Duplicates were found, and the exit code was to say so.
    DuplicatesFound,
}

impl Outcome {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeSkipped => 1,
            Self::DuplicatesFound => 10,
        }
    }
}

/// Why a run did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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
}

impl Kind {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Interrupted => 130,
            Self::PipeClosed => 0,
        }
    }
}

/// A kind, what to tell, and what may help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which exit code.
    pub kind: Kind,
    /// What went wrong, in one line.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

impl Failure {
    /// Without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A folder or file that was named cannot be read.
    pub fn of_named(path: &Path, why: &dyn fmt::Display) -> Self {
        Self::new(Kind::Failed, format!("{}: {why}", for_people(path)))
            .hint("check how it is written, and that the drive it lies on is there")
    }

    /// Another cache that was named cannot be read.
    pub fn of_other_cache(error: &CacheError) -> Self {
        let kind = match error {
            CacheError::Foreign { .. } | CacheError::Newer(_) => Kind::Refused,
            _ => Kind::Failed,
        };
        Self::new(kind, format!("--with-cache: {error}"))
            .hint("it takes the hashes.db of another library; `clean-backup cache stats` tells where yours lies")
    }

    /// For a write to standard output: a closed pipe ends the run quietly.
    pub fn of_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(Kind::PipeClosed, "")
        } else {
            Self::new(Kind::Failed, format!("the output cannot be written: {error}"))
        }
    }

    /// Tells it on standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        if self.kind != Kind::PipeClosed {
            // Nobody is left to tell when standard error is closed.
            let text = self.to_string();
            let lines = text.split('\n').map(one_line).collect::<Vec<_>>().join("\n");
            let _ = writeln!(io::stderr(), "{lines}");
        }
        ExitCode::from(self.kind.code())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<crate::cli::config::ConfigError> for Failure {
    fn from(error: crate::cli::config::ConfigError) -> Self {
        use crate::cli::config::ConfigError as E;
        let failure = |kind| Self::new(kind, error.to_string());
        match &error {
            E::Io { .. } => failure(Kind::Failed),
            E::Content { .. } => {
                failure(Kind::Usage).hint("correct the file, or use another with --config FILE")
            }
            E::Value { key, .. } => failure(Kind::Usage).hint(key.about()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_and_wording() {
        let outcomes = [Outcome::Done, Outcome::SomeSkipped, Outcome::DuplicatesFound];
        assert_eq!(outcomes.map(Outcome::code), [0, 1, 10]);
        let kinds = [Kind::Failed, Kind::Usage, Kind::Refused, Kind::Interrupted, Kind::PipeClosed];
        assert_eq!(kinds.map(Kind::code), [1, 2, 3, 130, 0]);
        let failure = Failure::new(Kind::Refused, "no").hint("try yes");
        assert_eq!(failure.to_string(), "error: no\nhint: try yes");
        let closed = Failure::of_output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(closed.kind, Kind::PipeClosed);
    }
}
