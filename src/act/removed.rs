//! What runs have removed as duplicates, so that an import does not bring it back.
//!
//! The journals say it, and no database beside them: they are what a removal rests on anyway, they
//! are never disposable, and they also say what was undone. A second record could only contradict
//! them. A run whose journal is lost is forgotten with it, and what it removed comes in again.
//!
//! Contents are remembered by the BLAKE3 of their bytes alone. The same picture in other bytes
//! needs no memory: whatever is removed has a keeper, and an import that looks at pictures compares
//! it with that. Hashes of a picture that is gone could only guess.
//!
//! A removed content stays out only as long as its keeper is in the library, with the bytes that it
//! had; who asks for a [`Removal`] has to look. Likeness is not passed on: where the keeper was
//! removed as well, in favour of a third picture, nobody has compared that one with the first.
//!
//! A removal no longer holds once its content was brought back: by `undo`, by `quarantine restore`,
//! or by an import that was told to. In doubt, as after an undo that was interrupted, it does not
//! hold either.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::act::journal::{self, Ending, Intent, IntentFile, JournalError, RunLog, Verdict};
use crate::act::plan::{ActionKind, Expected, Origin};
use crate::model::record::ContentHash;

/// A file that a run removed in favour of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The run.
    pub run: String,
    /// When the run began, in UTC, like `2026-11-24T10:58:38Z`.
    pub time: String,
    /// Where the file was.
    pub was: PathBuf,
    /// The file that was kept in its place: its bytes, and where runs have moved it since.
    pub keeper: Expected,
    /// The keeper was put aside as a duplicate itself.
    pub keeper_aside: bool,
    /// Its content was brought back.
    reversed: bool,
}

/// All contents that were removed and not brought back.
#[derive(Clone, Debug, Default)]
pub struct RemovedContents {
    /// In the order in which they were removed.
    removals: Vec<Removal>,
    by_content: HashMap<ContentHash, Vec<usize>>,
    /// By where the keeper is now.
    by_keeper: HashMap<PathBuf, Vec<usize>>,
}

impl RemovedContents {
    /// Reads the journals in the folder `runs`. Those that cannot be read are given back as well;
    /// what they removed is not remembered.
    ///
    /// # Errors
    /// [`JournalError::Io`] when the folder cannot be listed.
    pub fn read(runs: &Path) -> Result<(Self, Vec<JournalError>), JournalError> {
        let mut removed = Self::default();
        let mut unreadable = Vec::new();
        for name in journal::runs(runs)? {
            match RunLog::read(runs, &name) {
                Ok(log) => removed.follow(&log),
                Err(error) => unreadable.push(error),
            }
        }
        Ok((removed, unreadable))
    }

    /// The removals of this content that still hold, the earliest first.
    pub fn of(&self, content: ContentHash) -> impl Iterator<Item = &Removal> {
        let places = self.by_content.get(&content).map_or(&[][..], Vec::as_slice);
        places.iter().map(|&at| &self.removals[at]).filter(|removal| !removal.reversed)
    }

    /// Takes in what the next run did.
    fn follow(&mut self, log: &RunLog) {
        // Most runs of most people are imports before anything was removed.
        if self.removals.is_empty() && log.origin != Origin::Dedupe {
            return;
        }
        for (index, intent) in &log.intents {
            let ending = log.endings.get(index);
            let done = ending.is_some_and(|ending| ending.verdict == Verdict::Done);
            if log.origin == Origin::Dedupe && done && intent.kind.removes_source() {
                self.remove(log, intent);
            }
            for (place, file) in (0..).zip(&intent.files) {
                if matches!(log.origin, Origin::Undo | Origin::Organize) && may_be(ending, place) {
                    self.reverse(log.origin, intent.kind, file);
                }
                if done {
                    self.follow_keeper(log.origin, intent.kind, file);
                }
            }
        }
    }

    fn remove(&mut self, log: &RunLog, intent: &Intent) {
        for file in &intent.files {
            // A film or a sidecar went with its picture, and nothing says that another file has what
            // it has.
            let (Some(content), Some(keeper)) = (file.source.content, &file.keeper) else {
                continue;
            };
            let at = self.removals.len();
            self.removals.push(Removal {
                run: log.run.clone(),
                time: log.time.clone(),
                was: file.source.path.clone(),
                keeper: keeper.clone(),
                keeper_aside: false,
                reversed: false,
            });
            self.by_content.entry(content).or_default().push(at);
            self.by_keeper.entry(keeper.path.clone()).or_default().push(at);
        }
    }

    /// A run put this content somewhere, or undid that.
    fn reverse(&mut self, origin: Origin, kind: ActionKind, file: &IntentFile) {
        let Some(content) = file.source.content else { return };
        let places = self.by_content.get(&content).map_or(&[][..], Vec::as_slice);
        for &at in places {
            let removal = &mut self.removals[at];
            // The undo of an undo removes it once more, from where it was.
            let again = origin == Origin::Undo && file.source.path == removal.was;
            if again && kind.removes_source() {
                removal.reversed = false;
            } else if matches!(kind, ActionKind::Move | ActionKind::Copy | ActionKind::Untrash) {
                removal.reversed = true;
            }
        }
    }

    /// A keeper that is moved is still the keeper, unless it is put aside as a duplicate itself.
    fn follow_keeper(&mut self, origin: Origin, kind: ActionKind, file: &IntentFile) {
        let moved = matches!(kind, ActionKind::Quarantine | ActionKind::Move);
        let Some(to) = file.destination.as_ref().filter(|_| moved) else { return };
        let Some(places) = self.by_keeper.remove(&file.source.path) else { return };
        for &at in &places {
            let removal = &mut self.removals[at];
            removal.keeper_aside = origin == Origin::Dedupe;
            removal.keeper.path.clone_from(&to.0);
        }
        self.by_keeper.entry(to.0.clone()).or_default().extend(places);
    }
}

/// Whether an act may have been done to a file: also when nothing tells how it ended.
fn may_be(ending: Option<&Ending>, place: usize) -> bool {
    ending.is_none_or(|ending| ending.verdict == Verdict::Done || ending.stuck.contains(&place))
}
