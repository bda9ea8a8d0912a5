//! Takes a run back: a plan of the opposite acts, made from the run's journal and carried out like
//! any other, so that it is journalled, can be interrupted and can itself be taken back.

use std::path::{Path, PathBuf};

use crate::fsops::{FileSystem, Kind, real_place};
use crate::journal::{Ending, Intent, IntentFile, RunLog, Verdict};
use crate::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin, Plan};

/// What cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which file, by the path that it had.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// The opposite of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// What is to be done.
    pub plan: Plan,
    /// What cannot be.
    pub left: Vec<Left>,
    /// Files that are back already, or need nothing.
    pub settled: u64,
}

/// How one file is taken back.
enum Opposite {
    Act(ActionKind, Box<Member>),
    Nothing,
    Impossible(&'static str),
}

/// The acts that take back what the run of `log` did, last first. What changed since is left out,
/// and told.
pub fn undo(log: &RunLog, files: &dyn FileSystem, base: &Path) -> Undo {
    let mut plan = Plan::new(Origin::Undo, base);
    plan.undoes = Some(log.run.clone());
    plan.prune = log.folders.iter().rev().cloned().map(ExactPath).collect();
    let mut undo = Undo { plan, left: Vec::new(), settled: 0 };
    for (index, intent) in log.intents.iter().rev() {
        let done = |place: usize| log.endings.get(index).is_some_and(|e| was_done(e, place));
        let mut members: Vec<(ActionKind, Member)> = Vec::new();
        let files_done = (0..).zip(&intent.files).filter(|(place, _)| done(*place));
        for file in files_done.map(|(_, file)| file) {
            match opposite(intent.kind, file, files) {
                Opposite::Act(kind, member) => members.push((kind, *member)),
                Opposite::Nothing => undo.settled += 1,
                Opposite::Impossible(why) => {
                    undo.left.push(Left { path: file.source.path.clone(), why: why.to_owned() });
                }
            }
        }
        undo.plan.actions.extend(as_actions(members, intent));
    }
    undo
}

/// The files of an act in one action, if what is to be done is the same for all.
fn as_actions(members: Vec<(ActionKind, Member)>, intent: &Intent) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for (kind, member) in members {
        match actions.last_mut() {
            Some(last) if last.action == kind => last.files.push(member),
            _ => actions.push(Action {
                group: 0,
                action: kind,
                files: vec![member],
                why: format!("takes back that it was {}", intent.kind.past()),
            }),
        }
    }
    actions
}

fn was_done(ending: &Ending, place: usize) -> bool {
    ending.verdict == Verdict::Done || ending.stuck.contains(&place)
}

fn opposite(kind: ActionKind, file: &IntentFile, files: &dyn FileSystem) -> Opposite {
    let source = &file.source;
    let destination = file.destination.as_ref().map(|destination| destination.0.as_path());
    match (kind, destination) {
        (ActionKind::Quarantine | ActionKind::Move, Some(destination)) => {
            let Some(now) = at(destination, source, files) else {
                return missing(source, files);
            };
            if occupied(&source.path, files) {
                return Opposite::Impossible("something else is in its place");
            }
            let back = ExactPath(real_place(files, &source.path));
            Opposite::Act(
                ActionKind::Move,
                Box::new(Member { destination: Some(back), ..*alone(now, None) }),
            )
        }
        (ActionKind::Copy, Some(destination)) => {
            let Some(now) = at(destination, source, files) else {
                return if occupied(destination, files) {
                    Opposite::Impossible("the copy was changed since")
                } else {
                    Opposite::Nothing
                };
            };
            match at(&source.path, source, files) {
                Some(original) => Opposite::Act(ActionKind::Delete, alone(now, Some(original))),
                None => Opposite::Impossible("the copy stays: its original is gone or was changed"),
            }
        }
        (ActionKind::Trash, _) if occupied(&source.path, files) => {
            Opposite::Impossible("something else is in its place")
        }
        (ActionKind::Trash, _) => Opposite::Act(ActionKind::Untrash, alone(source.clone(), None)),
        (ActionKind::Untrash, _) => match at(&source.path, source, files) {
            Some(now) => Opposite::Act(ActionKind::Trash, alone(now, None)),
            None => missing(source, files),
        },
        (ActionKind::Hardlink, _) => match at(&source.path, source, files) {
            Some(now) => Opposite::Act(
                ActionKind::Detach,
                Box::new(Member {
                    modified_ns: Some(source.stamp.modified.0),
                    ..*alone(now, None)
                }),
            ),
            None => Opposite::Impossible("it was changed or moved since"),
        },
        // A reflink is a file of its own, with the bytes, time and permissions of the one before.
        (ActionKind::Reflink | ActionKind::Detach | ActionKind::Report, _) => Opposite::Nothing,
        (ActionKind::Delete, _) => deleted(file, files),
        (ActionKind::Quarantine | ActionKind::Move | ActionKind::Copy, None) => {
            Opposite::Impossible("the journal does not say where it went")
        }
    }
}

/// What was deleted can be copied from what had the same bytes.
fn deleted(file: &IntentFile, files: &dyn FileSystem) -> Opposite {
    let keeper = file.keeper.as_ref().filter(|keeper| keeper.content == file.source.content);
    let Some(keeper) = keeper else { return Opposite::Impossible("it was deleted for good") };
    if occupied(&file.source.path, files) {
        return Opposite::Impossible("something else is in its place");
    }
    match at(&keeper.path, keeper, files) {
        Some(original) => Opposite::Act(
            ActionKind::Copy,
            Box::new(Member {
                destination: Some(ExactPath(real_place(files, &file.source.path))),
                modified_ns: Some(file.source.stamp.modified.0),
                ..*alone(original, None)
            }),
        ),
        None => Opposite::Impossible("it was deleted, and what had the same bytes is gone"),
    }
}

fn alone(source: Expected, keeper: Option<Expected>) -> Box<Member> {
    Box::new(Member { source, destination: None, keeper, modified_ns: None })
}

/// The file at `path` as it is now, if it can still be the one that was expected. Its bytes are
/// checked when it is acted on.
fn at(path: &Path, expected: &Expected, files: &dyn FileSystem) -> Option<Expected> {
    let look = files.look(path).ok().flatten()?;
    (look.kind == Kind::File && look.stamp.size == expected.stamp.size).then(|| Expected {
        path: path.to_owned(),
        stamp: look.stamp,
        content: expected.content,
    })
}

fn occupied(path: &Path, files: &dyn FileSystem) -> bool {
    !matches!(files.look(path), Ok(None))
}

fn missing(source: &Expected, files: &dyn FileSystem) -> Opposite {
    if at(&source.path, source, files).is_some() {
        Opposite::Nothing
    } else {
        Opposite::Impossible("it is not where it was put any more, or was changed")
    }
}
