//! Undoes a run: a plan of the opposite acts, made from the run's journal and carried out like
//! any other, so that it is journalled, can be interrupted and can itself be undone.

use std::path::{Path, PathBuf};

use crate::act::journal::{Ending, Intent, IntentFile, RunLog, Verdict};
use crate::act::layout::common_folder;
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{
    Action, ActionKind, ExactPath, Expected, Member, Origin, Plan, Proof, Reach, SidecarBefore,
    SidecarChange, content_of,
};
use crate::files::fsops::{FileKind, FileSystem, real_place};
use crate::model::media::{Bytes, FileStamp};

/// The opposite of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// What is to be done.
    pub plan: Plan,
    /// What cannot be.
    pub left: Vec<LeftAlone>,
    /// Files that are back already, or need nothing.
    pub settled: u64,
}

/// How one file is restored.
enum Opposite {
    Act(ActionKind, Box<Member>),
    Nothing,
    Impossible(&'static str),
}

/// The acts that undo what the run of `log` did by the plan `undone`, last first. What changed
/// since is left out, and reported; so is what the journal tells otherwise than the plan, and what
/// would reach out of the folders that the run was bound to.
pub fn undo(log: &RunLog, undone: &Plan, files: &dyn FileSystem, base: &Path) -> Undo {
    let mut plan = bounded(log, undone, files, base);
    plan.undoes = Some(log.run.clone());
    let reach = plan.reach().ok();
    let prunes = |folder: &&PathBuf| reach.as_ref().is_some_and(|reach| reach.prunes(folder));
    plan.prune = log.folders.iter().rev().filter(prunes).cloned().map(ExactPath).collect();
    let mut undo = Undo { plan, left: Vec::new(), settled: 0 };
    for (index, intent) in log.intents.iter().rev() {
        let agreed = Intent::from_plan(undone, *index, &intent.time).as_ref() == Some(intent);
        let done = |place: usize| log.endings.get(index).is_some_and(|e| was_done(e, place));
        let mut members: Vec<(ActionKind, Member)> = Vec::new();
        let files_done = (0..).zip(&intent.files).filter(|(place, _)| done(*place));
        let planned = undone.actions.get(*index).map(|action| &action.files[..]);
        for (place, file) in files_done {
            let change = planned.and_then(|members| members.get(place)?.sidecar.as_deref());
            let opposite = match agreed {
                true => {
                    let opposite = match change {
                        Some(change) => unwritten(file, change, files),
                        None => opposite(intent.kind, file, files),
                    };
                    bound(opposite, reach.as_ref(), files)
                }
                false => Opposite::Impossible("the journal and the plan of the run disagree"),
            };
            match opposite {
                Opposite::Act(kind, member) => members.push((kind, *member)),
                Opposite::Nothing => undo.settled += 1,
                Opposite::Impossible(why) => {
                    undo.left
                        .push(LeftAlone { path: file.source.path.clone(), why: why.to_owned() });
                }
            }
        }
        undo.plan.actions.extend(as_actions(members, intent));
    }
    undo
}

/// A plan without acts that may act where the undone run could.
fn bounded(log: &RunLog, undone: &Plan, files: &dyn FileSystem, base: &Path) -> Plan {
    let real = |path: &Path| files.real_path(path).unwrap_or_else(|_| path.to_owned());
    let mut plan = Plan::new(Origin::Undo, &real(base));
    if undone.is_unbound() {
        bind_by_log(&mut plan, log, files);
        return plan;
    }
    let resolved = |paths: &[ExactPath]| -> Vec<ExactPath> {
        paths.iter().map(|path| ExactPath(undone.resolve(&path.0))).collect()
    };
    plan.roots = resolved(&undone.roots);
    for destination in resolved(&undone.destinations) {
        if !plan.roots.contains(&destination) {
            plan.roots.push(destination);
        }
    }
    plan.references = resolved(&undone.references);
    plan.elsewhere = resolved(&undone.elsewhere);
    plan
}

/// For a run whose plan names no folders: where its journal says that it acted.
fn bind_by_log(plan: &mut Plan, log: &RunLog, files: &dyn FileSystem) {
    let named = || log.intents.values().flat_map(|intent| &intent.files);
    let folders = |paths: Vec<&Path>| -> Option<ExactPath> {
        let folders = paths.into_iter().map(|path| real_place(files, path));
        let folders: Vec<PathBuf> =
            folders.filter_map(|path| Some(path.parent()?.to_owned())).collect();
        Some(ExactPath(common_folder(&folders))).filter(|common| common.0.is_absolute())
    };
    let sources = named().map(|file| file.source.path.as_path()).collect();
    let destinations = named().filter_map(|file| Some(file.destination.as_ref()?.0.as_path()));
    plan.roots = folders(sources).into_iter().chain(folders(destinations.collect())).collect();
    let keepers = named().filter_map(|file| file.keeper.as_ref());
    plan.elsewhere = keepers.map(|keeper| ExactPath(real_place(files, &keeper.path))).collect();
}

/// The same act with real paths, if it stays within the folders of the run.
fn bound(opposite: Opposite, reach: Option<&Reach>, files: &dyn FileSystem) -> Opposite {
    /// Also when the run's own folders make no sense.
    const OUTSIDE: &str = "it would lead out of the folders of the run (a symbolic link?)";
    let Opposite::Act(kind, mut member) = opposite else { return opposite };
    let Some(reach) = reach else { return Opposite::Impossible(OUTSIDE) };
    let source = real_place(files, &member.source.path);
    let mut inside = reach.acts_on(&source) || kind == ActionKind::Copy && reach.relies_on(&source);
    member.source.path = source;
    if let Some(keeper) = &mut member.keeper {
        keeper.path = real_place(files, &keeper.path);
        inside &= reach.relies_on(&keeper.path);
    }
    if let Some(ExactPath(to)) = &mut member.destination {
        *to = real_place(files, to);
        inside &= reach.puts_into(to);
        if let Some(before) = member.sidecar.as_mut().and_then(|change| change.before.as_mut()) {
            before.file.path = to.clone();
        }
    }
    if inside { Opposite::Act(kind, member) } else { Opposite::Impossible(OUTSIDE) }
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
            let back = Member::alone(now).going_to(source.path.clone());
            Opposite::Act(ActionKind::Move, Box::new(back))
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
                Some(original) => {
                    let member = Member::alone(now).relying_on(original, Proof::SAME_BYTES);
                    Opposite::Act(ActionKind::Delete, Box::new(member))
                }
                None => Opposite::Impossible("the copy stays: its original is gone or was changed"),
            }
        }
        (ActionKind::Trash, _) if occupied(&source.path, files) => {
            Opposite::Impossible("something else is in its place")
        }
        (ActionKind::Trash, _) => {
            Opposite::Act(ActionKind::Untrash, Box::new(Member::alone(source.clone())))
        }
        (ActionKind::Untrash, _) => match at(&source.path, source, files) {
            Some(now) => Opposite::Act(ActionKind::Trash, Box::new(Member::alone(now))),
            None => missing(source, files),
        },
        (ActionKind::Hardlink, _) => match at(&source.path, source, files) {
            Some(now) => Opposite::Act(
                ActionKind::Detach,
                Box::new(Member {
                    modified_ns: Some(source.stamp.modified.0),
                    ..Member::alone(now)
                }),
            ),
            None => Opposite::Impossible("it was changed or moved since"),
        },
        // A reflink is a file of its own, with the bytes, time and permissions of the one before.
        (ActionKind::Reflink | ActionKind::Detach | ActionKind::Report, _) => Opposite::Nothing,
        (ActionKind::Delete, _) => deleted(file, files),
        (ActionKind::WriteSidecar, _) => {
            Opposite::Impossible("the journal does not say what was written")
        }
        (ActionKind::Quarantine | ActionKind::Move | ActionKind::Copy, None) => {
            Opposite::Impossible("the journal does not say where it went")
        }
    }
}

/// A sidecar as it was before, if it is still what was written.
fn unwritten(file: &IntentFile, change: &SidecarChange, files: &dyn FileSystem) -> Opposite {
    let Some(ExactPath(path)) = &file.destination else {
        return Opposite::Impossible("the journal does not say where it was written");
    };
    let picture = files.look(&file.source.path).ok().flatten();
    let Some(picture) = picture.filter(|look| look.kind == FileKind::File) else {
        return Opposite::Impossible("the picture that its sidecar describes is gone");
    };
    let before = match &change.after {
        None if occupied(path, files) => {
            return Opposite::Impossible("another sidecar has taken its place");
        }
        None => None,
        Some(text) => {
            let written = Expected {
                path: path.clone(),
                stamp: picture.stamp,
                content: Some(content_of(text)),
            };
            let size = Bytes(text.len() as u64);
            let written = Expected { stamp: FileStamp { size, ..written.stamp }, ..written };
            match at(path, &written, files) {
                Some(file) => Some(SidecarBefore { file, text: text.clone() }),
                None if !occupied(path, files) && change.before.is_none() => {
                    return Opposite::Nothing;
                }
                None => return Opposite::Impossible("its sidecar was changed since, or is gone"),
            }
        }
    };
    let after = change.before.as_ref().map(|before| before.text.clone());
    let source = Expected { stamp: picture.stamp, ..file.source.clone() };
    Opposite::Act(
        ActionKind::WriteSidecar,
        Box::new(Member {
            modified_ns: change.before.as_ref().map(|before| before.file.stamp.modified.0),
            sidecar: Some(Box::new(SidecarChange { before, after })),
            ..Member::alone(source).going_to(path.clone())
        }),
    )
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
                modified_ns: Some(file.source.stamp.modified.0),
                ..Member::alone(original).going_to(file.source.path.clone())
            }),
        ),
        None => Opposite::Impossible("it was deleted, and what had the same bytes is gone"),
    }
}

/// The file at `path` as it is now, if it can still be the one that was expected. Its bytes are
/// checked when it is acted on.
fn at(path: &Path, expected: &Expected, files: &dyn FileSystem) -> Option<Expected> {
    let look = files.look(path).ok().flatten()?;
    (look.kind == FileKind::File && look.stamp.size == expected.stamp.size).then(|| Expected {
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
