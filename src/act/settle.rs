//! What interrupted runs left behind among a user's files, found by its names, and the plan that
//! puts it where it belongs. For runs whose journal is there, going on with the run does that
//! better; this is for those whose journal is lost, or that came to an end without it.
//!
//! A file that was renamed aside goes back to its name. A part, whose source was there when it was
//! made, is moved out of the way. Nothing is removed, and nothing is replaced.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::act::journal::{RunLog, Verdict};
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin, Plan};
use crate::files::fsops::{FileKind, FileSystem, Place};
use crate::files::leftover::{Leftover, LeftoverKind};
use crate::model::record::ContentHash;

/// Where this program keeps what is its own in a folder of pictures.
const OWN: &str = ".clean-backup";
/// Where parts go below that.
const LEFTOVERS: &str = "leftovers";

/// A file with the name of a leftover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLeftover {
    /// Its path.
    pub path: PathBuf,
    /// What its name tells.
    pub leftover: Leftover,
    /// The folder that was searched.
    pub root: PathBuf,
}

/// What becomes of leftovers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The moves.
    pub plan: Plan,
    /// What stays where it is.
    pub left: Vec<LeftAlone>,
}

/// What settling needs to know.
pub struct Knowledge<'a> {
    /// Where the files are.
    pub files: &'a dyn FileSystem,
    /// The journal of a run, where there is one.
    pub log: &'a dyn Fn(&str) -> Option<RunLog>,
    /// Whether a file has been left alone so long that no run can still be working on it.
    pub at_rest: &'a dyn Fn(&Path) -> bool,
}

/// Searches folders, which are real paths, and all below them; symbolic links are not followed.
pub fn find(roots: &[PathBuf]) -> (Vec<FoundLeftover>, Vec<LeftAlone>) {
    let (mut found, mut left) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for root in roots {
        let mut waiting = vec![root.clone()];
        while let Some(folder) = waiting.pop() {
            // One root may lie in another.
            if !seen.insert(folder.clone()) {
                continue;
            }
            if let Err(error) = search(&folder, root, &mut waiting, &mut found) {
                left.push(LeftAlone { path: folder, why: error.to_string() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    (found, left)
}

fn search(
    folder: &Path,
    root: &Path,
    waiting: &mut Vec<PathBuf>,
    found: &mut Vec<FoundLeftover>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            // What was moved out of the way before stays there.
            let is_settled = entry.file_name() == LEFTOVERS && folder.ends_with(OWN);
            if !is_settled {
                waiting.push(entry.path());
            }
        } else if let Some(leftover) =
            Leftover::from_name(&entry.file_name()).filter(|_| kind.is_file())
        {
            found.push(FoundLeftover { path: entry.path(), leftover, root: root.to_owned() });
        }
    }
    Ok(())
}

/// The plan that settles what was found; `base` is where its relative paths would start.
pub fn settle(found: &[FoundLeftover], base: &Path, knowledge: &Knowledge<'_>) -> Settlement {
    let real = knowledge.files.real_path(base).unwrap_or_else(|_| base.to_owned());
    let mut plan = Plan::new(Origin::Leftovers, &real);
    let roots: BTreeSet<&PathBuf> = found.iter().map(|found| &found.root).collect();
    plan.roots = roots.into_iter().cloned().map(ExactPath).collect();
    let mut left = Vec::new();
    let mut taken = HashSet::new();
    for found in found {
        match settle_one(found, knowledge, &taken) {
            Ok((member, why)) => {
                taken.extend(member.destination.clone().map(|destination| destination.0));
                plan.actions.push(Action {
                    group: 0,
                    action: ActionKind::Move,
                    files: vec![member],
                    why: why.to_owned(),
                });
            }
            Err(why) => {
                left.push(LeftAlone { path: found.path.clone(), why: why.to_string() });
            }
        }
    }
    Settlement { plan, left }
}

/// Why a leftover is left where it is.
enum Unsettled {
    Interrupted(String),
    MayBeRunning,
    NoFile,
    Io(io::Error),
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted(run) => {
                write!(f, "its run was interrupted; finish it with: clean-backup resume {run}")
            }
            Self::MayBeRunning => f.write_str("it changed recently: its run may still be active"),
            Self::NoFile => f.write_str("it is no longer a file"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Unsettled {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn settle_one(
    found: &FoundLeftover,
    knowledge: &Knowledge<'_>,
    taken: &HashSet<PathBuf>,
) -> Result<(Member, &'static str), Unsettled> {
    let Leftover { run, .. } = &found.leftover;
    let log = (knowledge.log)(run);
    match &log {
        Some(log) if !log.ended => {
            return Err(Unsettled::Interrupted(run.clone()));
        }
        Some(_) => {}
        None if !(knowledge.at_rest)(&found.path) => {
            return Err(Unsettled::MayBeRunning);
        }
        None => {}
    }
    let files = knowledge.files;
    let look = files.look(&found.path)?;
    let look = look.filter(|look| look.kind == FileKind::File).ok_or(Unsettled::NoFile)?;
    let content = content(files, &found.path)?;
    let is_free = |place: &Path| -> io::Result<bool> {
        Ok(!taken.contains(place) && files.look(place)?.is_none())
    };
    let (wanted, why) = match &found.leftover.kind {
        LeftoverKind::Part => (place_of_part(found), "an interrupted run left this part of a copy"),
        LeftoverKind::Aside { name } => {
            let name = name.clone().or_else(|| name_by_journal(log.as_ref()?, found));
            let name = name.unwrap_or_else(|| nameless(&found.leftover));
            (found.path.with_file_name(name), "an interrupted run had renamed this file aside")
        }
    };
    let mut destination = wanted.clone();
    for number in 1.. {
        if is_free(&destination)? {
            break;
        }
        destination = restored(&wanted, number);
    }
    let source = Expected { path: found.path.clone(), stamp: look.stamp, content: Some(content) };
    Ok((Member::alone(source).going_to(destination), why))
}

fn content(files: &dyn FileSystem, path: &Path) -> io::Result<ContentHash> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = files.open_folder(folder)?;
    files.hash(&files.open(&Place::new(&folder, name)?)?)
}

/// Below the folder that was searched, in the folder that it is in.
fn place_of_part(found: &FoundLeftover) -> PathBuf {
    let below = found.path.strip_prefix(&found.root).unwrap_or(&found.path);
    found.root.join(OWN).join(LEFTOVERS).join(&found.leftover.run).join(below)
}

/// The name that the file had, by the journal of a run that came to its end.
fn name_by_journal(log: &RunLog, found: &FoundLeftover) -> Option<OsString> {
    let file = log.intents.get(&found.leftover.action)?.files.get(found.leftover.place)?;
    let same_folder = file.source.path.parent() == found.path.parent();
    file.source.path.file_name().filter(|_| same_folder).map(OsStr::to_owned)
}

/// For a file whose name is lost.
fn nameless(leftover: &Leftover) -> OsString {
    let Leftover { run, action, place, .. } = leftover;
    format!("restored-{run}-{action}-{place}").into()
}

/// `NAME-restored-1.jpg`.
fn restored(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-restored-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Leftovers of a run in the folders that its journal names, as far as they are there: looked for
/// where acts did not come to a good end.
pub fn left_by(log: &RunLog) -> Vec<PathBuf> {
    let done = |action: &usize| log.endings.get(action).is_some_and(|e| e.verdict == Verdict::Done);
    let open = log.intents.iter().filter(|(action, _)| !done(action));
    let folders: BTreeSet<PathBuf> = open
        .flat_map(|(_, intent)| &intent.files)
        .flat_map(|file| {
            let destination = file.destination.as_ref().map(|destination| &destination.0);
            std::iter::once(&file.source.path).chain(destination)
        })
        .filter_map(|path| path.parent().map(Path::to_owned))
        .collect();
    let mut found = Vec::new();
    for folder in folders {
        // A drive that is not there tells nothing.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let own = |name: &OsStr| {
            Leftover::from_name(name).is_some_and(|leftover| leftover.run == log.run)
        };
        found.extend(entries.filter(|entry| own(&entry.file_name())).map(|entry| entry.path()));
    }
    found.sort();
    found
}
