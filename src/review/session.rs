//! The groups, and what was decided about them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::change_error::ChangeError;
use crate::catalogue::decisions::{Decisions, DecisionsError};
use crate::model::findings::{Duplicate, Findings, FoundPicture, Group, Relation};

/// What was decided about one group. Members are numbered as [`Group::members`] gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decided {
    /// Who stays.
    pub keeper: usize,
    /// Who stays beside the keeper.
    pub spared: BTreeSet<usize>,
    /// Who was called another picture.
    pub apart: BTreeSet<usize>,
    /// All of this is settled.
    pub accepted: bool,
    /// The run that it was applied in.
    pub run: Option<String>,
}

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
            Self::More => "more",
            Self::Alarm => "alarm",
            Self::Reference => "reference",
            Self::Linked => "linked",
            Self::Gone => "gone",
        }
    }
}

/// A change that somebody makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Keeper(usize),
    Spare(usize, bool),
    Apart(Option<usize>, bool),
    Accept(bool),
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
        let decided = vec![Decided::default(); report.groups.len()];
        let mut session = Self { report, decided, gone: HashMap::new(), decisions, base };
        session.recall()?;
        Ok(session)
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
        let arranged = group.around(decided.keeper, &self.report.matching);
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
                    match duplicate.relation {
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

    /// Makes a change, and keeps it.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub(super) fn change(&mut self, number: usize, change: Change) -> Result<(), ChangeError> {
        let group = self.report.groups.get(number).ok_or(ChangeError::NoPicture)?;
        let candidates = 1 + group.duplicates.len();
        let mut decided = self.decided.get(number).ok_or(ChangeError::NoPicture)?.clone();
        if decided.run.is_some() {
            return Err(ChangeError::Applied);
        }
        let among = |member: usize| {
            if member < candidates { Ok(member) } else { Err(ChangeError::NoPicture) }
        };
        if let Change::Keeper(member) = change {
            self.know_contents(number, member);
        }
        match change {
            Change::Keeper(member) => {
                decided.keeper = among(member)?;
                decided.spared.remove(&member);
                if decided.apart.contains(&member) {
                    return Err(ChangeError::CalledAnother);
                }
            }
            Change::Spare(member, true) => drop(decided.spared.insert(among(member)?)),
            Change::Spare(member, false) => drop(decided.spared.remove(&member)),
            Change::Apart(member, apart) => {
                let members: Vec<usize> = match member {
                    Some(member) => vec![among(member)?],
                    None => self.others(number, decided.keeper),
                };
                if members.is_empty() {
                    return Err(ChangeError::OnlyIdentical);
                }
                if members.contains(&decided.keeper) {
                    return Err(ChangeError::IsKeeper);
                }
                self.mark(number, &decided, &members, apart)?;
                for member in members {
                    if apart {
                        decided.apart.insert(member);
                    } else {
                        decided.apart.remove(&member);
                    }
                }
            }
            Change::Accept(accepted) => decided.accepted = accepted,
        }
        if !matches!(change, Change::Accept(_) | Change::Apart(..)) {
            decided.accepted = false;
        }
        self.keep(&[(number, decided.clone())])?;
        if let Some(place) = self.decided.get_mut(number) {
            *place = decided;
        }
        Ok(())
    }

    /// The candidates that are not the keeper, nor byte for byte the same.
    fn others(&self, number: usize, keeper: usize) -> Vec<usize> {
        let (Some(group), Some(arranged)) = (self.report.groups.get(number), self.arranged(number))
        else {
            return Vec::new();
        };
        let identical: HashSet<&Path> = arranged
            .duplicates
            .iter()
            .filter(|duplicate| duplicate.relation == Relation::Identical)
            .map(|duplicate| duplicate.picture.path.as_path())
            .collect();
        let candidates = group.members().take(1 + group.duplicates.len()).enumerate();
        candidates
            .filter(|(member, picture)| {
                *member != keeper && !identical.contains(picture.path.as_path())
            })
            .map(|(member, _)| member)
            .collect()
    }

    /// Accepts many groups at once; gives how many were open.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub(super) fn accept(&mut self, numbers: &[usize]) -> Result<usize, ChangeError> {
        let accepted: Vec<(usize, Decided)> = numbers
            .iter()
            .filter_map(|&number| Some((number, self.decided.get(number)?)))
            .filter(|(_, decided)| !decided.accepted && decided.run.is_none())
            .map(|(number, decided)| (number, Decided { accepted: true, ..decided.clone() }))
            .collect();
        self.keep(&accepted)?;
        let count = accepted.len();
        for (number, decided) in accepted {
            if let Some(place) = self.decided.get_mut(number) {
                *place = decided;
            }
        }
        Ok(count)
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
    }

    /// The runs of this review that are not undone, the last first.
    pub(super) fn runs(&self) -> Vec<String> {
        let runs: BTreeSet<&String> = self.decided.iter().filter_map(|d| d.run.as_ref()).collect();
        runs.into_iter().rev().cloned().collect()
    }
}

/// A path without links in its folders, so that it can be compared; the file itself may be gone.
fn real(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
