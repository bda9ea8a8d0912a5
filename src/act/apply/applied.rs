//! The result of carrying out a plan.

use std::io;
use std::path::PathBuf;

use crate::act::journal::Verdict;
use crate::act::plan::{Action, ActionKind};
use crate::model::media::FileStamp;

/// An act that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDone {
    /// Its place in the plan, from 0.
    pub action: usize,
    /// The path of its first file.
    pub path: PathBuf,
    /// Whether it was refused or failed.
    pub verdict: Verdict,
    /// Why it was not done (human-readable).
    pub reason: String,
}

/// What became of one file's name, for the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Where the bytes were.
    pub from: PathBuf,
    /// Where they are now.
    pub to: PathBuf,
    /// The file as it was there.
    pub before: FileStamp,
    /// The file that has them now.
    pub stamp: FileStamp,
    /// They are still at `from` too.
    pub kept: bool,
}

/// The result of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// The name of the run.
    pub run: String,
    /// The actions that were done: their places in the plan, ascending.
    pub done: Vec<usize>,
    /// Their files, but for the sidecars.
    pub files: u64,
    /// The bytes of those.
    pub bytes: u64,
    /// Sidecars that were written, or removed again.
    pub sidecars: u64,
    /// What was not done, in the order of the plan.
    pub not_done: Vec<NotDone>,
    /// What could not be kept of files that were copied: times, permissions, attributes.
    pub remarks: Vec<(PathBuf, String)>,
    /// Where files are now.
    pub effects: Vec<Effect>,
    /// Actions that were not begun, since the run was interrupted.
    pub left: u64,
    /// Folders, one per file system, in which files could not be locked against other runs.
    pub unlocked: Vec<PathBuf>,
    /// Why the journal could not be written any more, which ended the run.
    pub journal_failure: Option<io::Error>,
}

impl Applied {
    /// How many actions were done.
    pub fn actions(&self) -> u64 {
        self.done.len() as u64
    }

    /// Counts the files of an action that was done.
    pub(super) fn count(&mut self, action: &Action) {
        if action.action == ActionKind::WriteSidecar {
            self.sidecars += action.files.len() as u64;
            return;
        }
        self.files += action.files.len() as u64;
        let bytes = action.files.iter().map(|member| member.source.stamp.size.0);
        self.bytes = bytes.fold(self.bytes, u64::saturating_add);
    }
}
