//! The files of one action, with all that acting on them needs.

use std::path::{Path, PathBuf};

use super::Run;
use crate::plan::{Action, ActionKind, Expected, Member};

/// One file that is to be acted on.
pub(super) struct Work<'a> {
    /// Its place in the action.
    pub(super) place: usize,
    pub(super) kind: ActionKind,
    pub(super) member: &'a Member,
    /// Absolute.
    pub(super) source: PathBuf,
    /// Absolute; the source itself where there is none.
    pub(super) destination: PathBuf,
    /// An interrupted run had announced it.
    pub(super) begun: bool,
    /// What names of files that are not whole yet, or not to be seen any more, begin with.
    pub(super) mark: String,
}

impl Work<'_> {
    /// A name in the folder of `path` that only this act of this run uses.
    pub(super) fn part(&self, path: &Path) -> PathBuf {
        path.with_file_name(format!("{}.part", self.mark))
    }

    /// The name that a file has beside itself while another takes its place.
    pub(super) fn aside(&self) -> PathBuf {
        self.source.with_file_name(format!("{}.aside", self.mark))
    }

    pub(super) fn expected(&self) -> &Expected {
        &self.member.source
    }
}

impl Run<'_> {
    pub(super) fn files_of<'a>(&self, index: usize, action: &'a Action) -> Vec<Work<'a>> {
        let work = |(place, member): (usize, &'a Member)| {
            let source = self.plan.resolve(&member.source.path);
            let destination = member.destination.as_ref();
            Work {
                place,
                kind: action.action,
                member,
                destination: destination
                    .map_or_else(|| source.clone(), |d| self.plan.resolve(&d.0)),
                source,
                begun: self.begun.contains(&index),
                // Hidden, so that nobody takes it for a picture.
                mark: format!(".clean-backup-{}-{index}-{place}", self.name),
            }
        };
        action.files.iter().enumerate().map(work).collect()
    }
}
