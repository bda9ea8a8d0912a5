//! Keeps a plan within its folders: real paths, and nothing that a symbolic link leads out to.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{Proposed, first_path};
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Plan, Reach};
use crate::files::real_paths::RealPaths;
use crate::model::findings::Relation;
use crate::model::path_text::for_people;
use crate::model::photo_library::photo_library_of;

/// Gives the files of actions real paths, and leaves out the actions that reach too far.
pub(super) struct Binding {
    real: RealPaths,
    /// `None` when the plan names no folder that it could act in.
    reach: Option<Reach>,
    /// Folders, as given, of keepers that are only read: in reference folders, or told by another
    /// cache.
    untouched: HashSet<PathBuf>,
    /// Real paths of those among these keepers that lie in none of the plan's folders.
    elsewhere: BTreeSet<PathBuf>,
}

impl Binding {
    pub(super) fn new(plan: &Plan, candidates: &[Proposed<'_>], real: RealPaths) -> Self {
        let keepers = candidates.iter().map(|candidate| &candidate.group.keeper);
        let folder = |path: &Path| path.parent().map(Path::to_owned);
        Self {
            real,
            reach: plan.reach().ok(),
            untouched: keepers.filter(|k| k.reference).filter_map(|k| folder(&k.path)).collect(),
            elsewhere: BTreeSet::new(),
        }
    }

    /// The actions with real paths. What cannot be bound is left alone, and reported.
    pub(super) fn bind(&mut self, actions: Vec<Action>, left: &mut Vec<LeftAlone>) -> Vec<Action> {
        let mut bound = Vec::with_capacity(actions.len());
        for mut action in actions {
            let path = first_path(&action);
            let kind = action.action;
            match action.files.iter_mut().try_for_each(|member| self.bind_member(kind, member)) {
                Ok(()) => bound.push(action),
                Err(why) => left.push(LeftAlone { path, why: why.to_string() }),
            }
        }
        bound
    }

    /// Keepers that the plan has to name one by one.
    pub(super) fn elsewhere(&mut self) -> Vec<ExactPath> {
        std::mem::take(&mut self.elsewhere).into_iter().map(ExactPath).collect()
    }

    fn bind_member(&mut self, kind: ActionKind, member: &mut Member) -> Result<(), Unbound> {
        let source = self.named(&mut member.source, Whose::Own)?;
        if !self.reach.as_ref().is_some_and(|reach| reach.acts_on(&source)) {
            return Err(Unbound::Outside(folder_of(source)));
        }
        let is_read = matches!(kind, ActionKind::Copy | ActionKind::Report);
        if let Some(library) = photo_library_of(&source).filter(|_| !is_read) {
            return Err(Unbound::PhotoLibrary(Whose::Own, library.to_owned()));
        }
        let Some(keeper) = &mut member.keeper else { return Ok(()) };
        let given = keeper.path.clone();
        let path = self.named(keeper, Whose::Keeper)?;
        if let Some(library) = photo_library_of(&path).filter(|_| kind == ActionKind::Hardlink) {
            return Err(Unbound::PhotoLibrary(Whose::Keeper, library.to_owned()));
        }
        let identical = member.proof.is_some_and(|proof| proof.relation == Relation::Identical);
        if identical && keeper.content != member.source.content {
            return Err(Unbound::NotIdentical);
        }
        if self.reach.as_ref().is_some_and(|reach| reach.relies_on(&path)) {
            return Ok(());
        }
        if given.parent().is_some_and(|folder| self.untouched.contains(folder)) {
            self.elsewhere.insert(path);
            return Ok(());
        }
        Err(Unbound::KeeperOutside(folder_of(path)))
    }

    /// Gives a file its real path; the whole of it is returned.
    fn named(&mut self, file: &mut Expected, whose: Whose) -> Result<PathBuf, Unbound> {
        let unreadable = |error| Unbound::Unreadable(whose, file.path.clone(), error);
        let path = self.real.real(&file.path).map_err(unreadable)?;
        let whole = self.real.base().join(&path);
        if whole.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(Unbound::SymbolicLink(whose));
        }
        file.path = path;
        Ok(whole)
    }
}

fn folder_of(path: PathBuf) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or(path)
}

/// Which file of an act a reason is about.
#[derive(Clone, Copy)]
enum Whose {
    Own,
    Keeper,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "",
            Self::Keeper => "its keeper ",
        })
    }
}

/// Why an act cannot be bound to real paths.
enum Unbound {
    /// The source lies in this folder.
    Outside(PathBuf),
    /// The keeper lies in this folder.
    KeeperOutside(PathBuf),
    NotIdentical,
    /// It lies in this one.
    PhotoLibrary(Whose, PathBuf),
    SymbolicLink(Whose),
    Unreadable(Whose, PathBuf, io::Error),
}

impl fmt::Display for Unbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside(folder) => write!(
                f,
                "lies outside the folders that were searched: a symbolic link leads to {}; name \
                 that folder to act on it",
                for_people(folder)
            ),
            Self::KeeperOutside(folder) => write!(
                f,
                "its keeper lies outside the folders that were searched: a symbolic link leads to \
                 {}; name that folder too",
                for_people(folder)
            ),
            Self::NotIdentical => f.write_str("is not identical to its keeper any more"),
            Self::PhotoLibrary(whose, library) => write!(
                f,
                "{whose}lies in the photo library {}: only its own program may change what is in it",
                for_people(library)
            ),
            Self::SymbolicLink(whose) => {
                write!(f, "{whose}is a symbolic link: only the file itself is acted on")
            }
            Self::Unreadable(whose, path, error) => {
                write!(f, "{whose}{} cannot be examined: {error}", for_people(path))
            }
        }
    }
}
