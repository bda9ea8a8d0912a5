//! The files of one action, with all that acting on them needs.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::Execution;
use crate::act::plan::{Action, ActionKind, Expected, Member};

/// The longest name that file systems commonly allow, in bytes.
const LONGEST_NAME: usize = 255;

/// One file that is to be acted on.
pub(super) struct FileTask<'a> {
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
    /// What names of files that are not whole yet, or set aside, begin with.
    mark: String,
}

impl FileTask<'_> {
    /// The name of a file that is not whole yet. Only this act of this run uses it.
    pub(super) fn part_name(&self) -> OsString {
        format!("{}.part", self.mark).into()
    }

    /// The name of a file that was set aside in its own folder. It tells the file's own name, as
    /// far as names may be that long.
    pub(super) fn aside_name(&self, own: &OsStr) -> OsString {
        let mut name = OsString::from(format!("{}.", self.mark));
        name.push(own);
        name.push(".aside");
        if name.len() > LONGEST_NAME { self.short_aside_name() } else { name }
    }

    /// The same without the file's own name, which runs of earlier versions used too.
    pub(super) fn short_aside_name(&self) -> OsString {
        format!("{}.aside", self.mark).into()
    }

    /// The same act for the file at its destination.
    pub(super) fn at_destination<'b>(&self, member: &'b Member) -> FileTask<'b> {
        FileTask {
            place: self.place,
            kind: self.kind,
            member,
            source: self.destination.clone(),
            destination: self.destination.clone(),
            begun: self.begun,
            mark: self.mark.clone(),
        }
    }

    pub(super) fn expected(&self) -> &Expected {
        &self.member.source
    }
}

impl Execution<'_> {
    pub(super) fn files_of<'a>(&self, index: usize, action: &'a Action) -> Vec<FileTask<'a>> {
        let work = |(place, member): (usize, &'a Member)| {
            let source = self.plan.resolve(&member.source.path);
            let destination = member.destination.as_ref();
            FileTask {
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
