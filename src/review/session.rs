//! The groups, and what was decided about them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::decided::{Decided, Step};
use super::folders::Folders;
use crate::catalogue::decisions::{Decisions, DecisionsError};
use crate::files::real_paths::real_path;
use crate::model::findings::{Duplicate, Findings, FoundPicture, Group, Relation, Summary};

/// What stands for a member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The keeper.
    Keep,
    /// It goes when the group is applied.
    Remove,
    /// It stays since that was chosen.
    Spared,
    /// It was called another picture.
    Apart,
    /// It stays: a shot of a burst.
    Burst,
    /// It stays: it is only alike.
    Alike,
    /// It stays: it may be the original.
    Unsure,
    /// It stays: a film of other bytes, and those are not asked for.
    Film,
    /// It stays: it shows more than its keeper.
    More,
    /// It, or the keeper, may be damaged: it stays.
    Alarm,
    /// It stays: it lies in a reference folder.
    Reference,
    /// It stays: it is not near the keeper.
    Linked,
    /// It is not there any more.
    Gone,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
            Self::Spared => "spared",
            Self::Apart => "apart",
            Self::Burst => "burst",
            Self::Alike => "alike",
            Self::Unsure => "unsure",
            Self::Film => "film",
            Self::More => "more",
            Self::Alarm => "alarm",
            Self::Reference => "reference",
            Self::Linked => "linked",
            Self::Gone => "gone",
        }
    }
}

/// A review: the report that it is about, and the decisions.
#[derive(Debug)]
pub struct Session {
    pub(super) report: Findings,
    pub(super) decided: Vec<Decided>,
    /// What was moved away, and by which run.
    gone: HashMap<PathBuf, String>,
    pub(super) decisions: Option<Decisions>,
    pub(super) base: PathBuf,
    /// Where the pictures of the groups lie.
    pub(super) folders: Folders,
    /// What was decided since the review began, the last at the end.
    pub(super) steps: Vec<Step>,
    /// What each group frees as it was found.
    pub(super) found_bytes: Vec<u64>,
    /// What each group would free as it is decided, and by how many files; `None` where that has
    /// changed since it was computed.
    pub(super) freed: Vec<Option<(u64, u64)>>,
}

impl Session {
    /// A review of a report, with what was decided earlier. Relative paths start at `base`. Without
    /// `decisions` nothing is kept.
    ///
    /// # Errors
    /// [`DecisionsError`]
    pub fn new(
        report: Findings,
        base: PathBuf,
        decisions: Option<Decisions>,
    ) -> Result<Self, DecisionsError> {
        let count = report.groups.len();
        let found_bytes =
            report.groups.iter().map(|group| group.reclaimable_bytes(&report.matching)).collect();
        let mut session = Self {
            decided: vec![Decided::default(); count],
            gone: HashMap::new(),
            decisions,
            base,
            folders: Folders::of(&report),
            steps: Vec::new(),
            found_bytes,
            freed: vec![None; count],
            report,
        };
        session.recall()?;
        Ok(session)
    }

    /// A review of nothing, until something is found.
    pub fn empty(base: PathBuf) -> Self {
        Self {
            report: Findings::default(),
            decided: Vec::new(),
            gone: HashMap::new(),
            decisions: None,
            base,
            folders: Folders::default(),
            steps: Vec::new(),
            found_bytes: Vec::new(),
            freed: Vec::new(),
        }
    }

    /// The group around the keeper that was chosen.
    pub(super) fn arranged(&self, number: usize) -> Option<Group> {
        let (group, decided) = (self.report.groups.get(number)?, self.decided.get(number)?);
        group.around(decided.keeper, &self.report.matching)
    }

    /// A picture by the numbers of its group and of itself there.
    pub(super) fn picture(&self, group: usize, member: usize) -> Option<&FoundPicture> {
        self.report.groups.get(group)?.members().nth(member)
    }

    /// Where a picture lies.
    pub(super) fn place(&self, picture: &FoundPicture) -> PathBuf {
        self.base.join(&picture.path)
    }

    /// What stands for each member.
    pub(super) fn roles(&self, number: usize) -> Vec<Role> {
        let (Some(group), Some(decided)) =
            (self.report.groups.get(number), self.decided.get(number))
        else {
            return Vec::new();
        };
        let arranged = match decided.keeper {
            0 => Some(Cow::Borrowed(group)),
            keeper => group.around(keeper, &self.report.matching).map(Cow::Owned),
        };
        let duplicates = arranged.as_ref().map(|group| &group.duplicates[..]).unwrap_or_default();
        let by_path: HashMap<&Path, &Duplicate> =
            duplicates.iter().map(|d| (d.picture.path.as_path(), d)).collect();
        let role = |(member, picture): (usize, &FoundPicture)| {
            if self.gone.contains_key(&picture.path) {
                return Role::Gone;
            }
            match by_path.get(picture.path.as_path()) {
                _ if member == decided.keeper => Role::Keep,
                _ if decided.apart.contains(&member) => Role::Apart,
                None => Role::Linked,
                Some(_) if picture.reference => Role::Reference,
                Some(duplicate) if duplicate.alarm.is_some() || duplicate.whole_beside_damaged => {
                    Role::Alarm
                }
                Some(duplicate) if duplicate.shows_more => Role::More,
                Some(duplicate) if !self.report.matching.acts_on(duplicate) => {
                    let left_for_films = self.report.matching.leaves_as_film(duplicate);
                    match duplicate.relation {
                        _ if left_for_films => Role::Film,
                        relation if self.report.matching.asks_for(relation) => Role::Unsure,
                        Relation::Alike => Role::Alike,
                        _ => Role::Burst,
                    }
                }
                Some(_) if decided.spared.contains(&member) => Role::Spared,
                Some(_) => Role::Remove,
            }
        };
        group.members().enumerate().map(role).collect()
    }

    /// Sets what was decided about a group.
    pub(super) fn decide(&mut self, number: usize, decided: Decided) {
        if let (Some(place), Some(freed)) =
            (self.decided.get_mut(number), self.freed.get_mut(number))
        {
            (*place, *freed) = (decided, None);
        }
    }

    /// What a group would free as it is decided now, and by how many files.
    pub(super) fn freed(&mut self, number: usize) -> (u64, u64) {
        if let Some(Some(known)) = self.freed.get(number) {
            return *known;
        }
        let roles = self.roles(number);
        let members = self.report.groups.get(number).into_iter().flat_map(Group::members);
        let going = members.zip(&roles).filter(|(_, role)| **role == Role::Remove);
        let going = going.filter(|(picture, _)| picture.other_names.is_empty());
        let freed = going
            .fold((0, 0), |(files, bytes), (picture, _)| (files + 1, bytes + picture.stamp.size.0));
        if let Some(place) = self.freed.get_mut(number) {
            *place = Some(freed);
        }
        freed
    }

    /// The accepted groups as they are to be acted on.
    pub(super) fn accepted(&self) -> Findings {
        let groups = (0..self.report.groups.len()).filter_map(|number| {
            let decided = self.decided.get(number)?;
            if !decided.accepted || decided.run.is_some() {
                return None;
            }
            let members: Vec<&Path> =
                self.report.groups.get(number)?.members().map(|p| p.path.as_path()).collect();
            let roles = self.roles(number);
            let removed: HashSet<&Path> = members
                .into_iter()
                .zip(roles)
                .filter(|(_, role)| *role == Role::Remove)
                .map(|(path, _)| path)
                .collect();
            let mut group = self.arranged(number)?;
            group.duplicates.retain(|d| removed.contains(d.picture.path.as_path()));
            (!group.duplicates.is_empty()).then_some(group)
        });
        Findings { groups: groups.collect(), ..self.report.clone() }
    }

    /// Takes notice of what a run has acted on.
    pub(super) fn applied(&mut self, run: &str, sources: &[PathBuf]) {
        let sources: HashSet<PathBuf> = sources.iter().map(|path| real(path)).collect();
        for (group, decided) in self.report.groups.iter().zip(&mut self.decided) {
            for picture in group.members() {
                let place = real(&self.base.join(&picture.path));
                if sources.contains(&place) {
                    if place.symlink_metadata().is_err() {
                        self.gone.insert(picture.path.clone(), run.to_owned());
                    }
                    decided.run = Some(run.to_owned());
                }
            }
        }
        self.freed.fill(None);
    }

    /// Takes notice of what has come back.
    pub(super) fn undone(&mut self, run: &str) {
        let base = &self.base;
        let back = |path: &Path| base.join(path).symlink_metadata().is_ok();
        self.gone.retain(|path, by| by != run || !back(path));
        for decided in &mut self.decided {
            if decided.run.as_deref() == Some(run) {
                decided.run = None;
            }
        }
        self.freed.fill(None);
    }

    /// The closing figures of what was found.
    pub(super) fn summary(&self) -> Summary {
        self.report.summary()
    }

    /// The runs of this review that are not undone, the last first.
    pub(super) fn runs(&self) -> Vec<String> {
        let runs: BTreeSet<&String> = self.decided.iter().filter_map(|d| d.run.as_ref()).collect();
        runs.into_iter().rev().cloned().collect()
    }
}

/// A path without links in its folders, so that it can be compared; the file itself may be gone.
fn real(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| real_path(folder).ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
