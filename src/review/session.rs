//! The groups, and what was decided about them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::content::content_hash;
use crate::decisions::{Choice, Decisions, DecisionsError, Verdict};
use crate::record::{Apart, ContentHash, Marked};
use crate::report::{Duplicate, Group, Picture, Report};

/// Pictures of a group are marked pair by pair up to so many; beyond, each with the keeper alone.
const PAIRED_UP_TO: usize = 64;

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
    pub(super) report: Report,
    pub(super) decided: Vec<Decided>,
    /// What was moved away, and by which run.
    gone: HashMap<PathBuf, String>,
    decisions: Option<Decisions>,
    base: PathBuf,
}

impl Session {
    /// A review of a report, with what was decided earlier. Relative paths start at `base`. Without
    /// `decisions` nothing is kept.
    ///
    /// # Errors
    /// [`DecisionsError`]
    pub fn new(
        report: Report,
        base: PathBuf,
        decisions: Option<Decisions>,
    ) -> Result<Self, DecisionsError> {
        let decided = vec![Decided::default(); report.groups.len()];
        let mut session = Self { report, decided, gone: HashMap::new(), decisions, base };
        session.recall()?;
        Ok(session)
    }

    fn recall(&mut self) -> Result<(), DecisionsError> {
        let Some(decisions) = &self.decisions else { return Ok(()) };
        let chosen: HashSet<PathBuf> = decisions.chosen()?.into_iter().collect();
        let marks: HashSet<Apart> = decisions.marks()?.into_iter().collect();
        let sizes: HashSet<u64> =
            marks.iter().flat_map(|m| [m.first.size, m.second.size]).collect();
        for (group, decided) in self.report.groups.iter().zip(&mut self.decided) {
            let mut verdicts = BTreeMap::new();
            for (number, picture) in group.members().enumerate() {
                let path = self.base.join(&picture.path);
                if chosen.contains(&path) {
                    let (size, modified) = (picture.stamp.size, picture.stamp.modified);
                    let verdict = decisions.choice(&path, size, modified)?;
                    verdicts.extend(verdict.map(|verdict| (number, verdict)));
                }
            }
            let candidates = 1 + group.duplicates.len();
            let of = |wanted: Verdict| {
                let numbers = verdicts.iter().filter(move |(_, verdict)| **verdict == wanted);
                numbers.map(|(number, _)| *number).filter(move |number| *number < candidates)
            };
            let keeper = of(Verdict::Keep).next();
            decided.keeper = keeper.unwrap_or(0);
            decided.spared = of(Verdict::Spare).filter(|n| *n != decided.keeper).collect();
            if sizes.contains(&group.keeper.stamp.size.0) {
                let keeper = marked(&self.base, &group.keeper);
                for (number, duplicate) in (1..).zip(&group.duplicates) {
                    let picture = &duplicate.picture;
                    if !sizes.contains(&picture.stamp.size.0) {
                        continue;
                    }
                    if let (Some(a), Some(b)) = (keeper, marked(&self.base, picture))
                        && marks.contains(&Apart::new(a, b))
                    {
                        decided.apart.insert(number);
                    }
                }
            }
            let settled = |number: usize| {
                verdicts.contains_key(&number)
                    || group.duplicates.get(number.wrapping_sub(1)).is_some_and(|d| {
                        decided.apart.contains(&number) || !self.report.matching.acts_on(d)
                    })
            };
            decided.accepted = keeper.is_some() && (0..candidates).all(settled);
        }
        Ok(())
    }

    /// The group around the keeper that was chosen.
    pub(super) fn arranged(&self, number: usize) -> Option<Group> {
        let (group, decided) = (self.report.groups.get(number)?, self.decided.get(number)?);
        group.around(decided.keeper, &self.report.matching)
    }

    /// A picture by the numbers of its group and of itself there.
    pub(super) fn picture(&self, group: usize, member: usize) -> Option<&Picture> {
        self.report.groups.get(group)?.members().nth(member)
    }

    /// Where a picture lies.
    pub(super) fn place(&self, picture: &Picture) -> PathBuf {
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
        let role = |(member, picture): (usize, &Picture)| {
            if self.gone.contains_key(&picture.path) {
                return Role::Gone;
            }
            match by_path.get(picture.path.as_path()) {
                _ if member == decided.keeper => Role::Keep,
                _ if decided.apart.contains(&member) => Role::Apart,
                None => Role::Linked,
                Some(_) if picture.reference => Role::Reference,
                Some(duplicate) if !self.report.matching.acts_on(duplicate) => Role::Burst,
                Some(_) if decided.spared.contains(&member) => Role::Spared,
                Some(_) => Role::Remove,
            }
        };
        group.members().enumerate().map(role).collect()
    }

    /// Makes a change, and keeps it.
    ///
    /// # Errors
    /// Why it cannot be made or kept, for people.
    pub(super) fn change(&mut self, number: usize, change: Change) -> Result<(), String> {
        let missing = || "there is no such picture".to_owned();
        let group = self.report.groups.get(number).ok_or_else(missing)?;
        let candidates = 1 + group.duplicates.len();
        let mut decided = self.decided.get(number).ok_or_else(missing)?.clone();
        if decided.run.is_some() {
            return Err("it is applied; undo that first".to_owned());
        }
        let among = |member: usize| if member < candidates { Ok(member) } else { Err(missing()) };
        match change {
            Change::Keeper(member) => {
                decided.keeper = among(member)?;
                decided.spared.remove(&member);
                if decided.apart.contains(&member) {
                    return Err("it was called another picture".to_owned());
                }
            }
            Change::Spare(member, true) => drop(decided.spared.insert(among(member)?)),
            Change::Spare(member, false) => drop(decided.spared.remove(&member)),
            Change::Apart(member, apart) => {
                let members: Vec<usize> = match member {
                    Some(member) => vec![among(member)?],
                    None => (0..candidates).filter(|m| *m != decided.keeper).collect(),
                };
                if members.contains(&decided.keeper) {
                    return Err("the keeper is what others are compared with".to_owned());
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

    /// Accepts many groups at once; gives how many were open.
    ///
    /// # Errors
    /// Why that cannot be kept, for people.
    pub(super) fn accept(&mut self, numbers: &[usize]) -> Result<usize, String> {
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

    fn keep(&mut self, changed: &[(usize, Decided)]) -> Result<(), String> {
        let mut choices = Vec::new();
        for (number, decided) in changed {
            let Some(group) = self.report.groups.get(*number) else { continue };
            let members = group.members().take(1 + group.duplicates.len());
            choices.extend(members.enumerate().map(|(member, picture)| Choice {
                path: self.base.join(&picture.path),
                size: picture.stamp.size,
                modified: picture.stamp.modified,
                verdict: match () {
                    () if member == decided.keeper => {
                        (decided.accepted || member != 0).then_some(Verdict::Keep)
                    }
                    () if decided.spared.contains(&member) => Some(Verdict::Spare),
                    () => decided.accepted.then_some(Verdict::Remove),
                },
            }));
        }
        match &mut self.decisions {
            Some(decisions) => decisions.choose(&choices).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    /// Marks members as other pictures than the keeper and than one another, or takes that back.
    fn mark(
        &mut self,
        number: usize,
        decided: &Decided,
        members: &[usize],
        apart: bool,
    ) -> Result<(), String> {
        let Some(decisions) = &mut self.decisions else {
            return Err("no home folder is known to remember it in".to_owned());
        };
        let Some(group) = self.report.groups.get(number) else { return Ok(()) };
        let base = &self.base;
        let all: Vec<Option<Marked>> = group
            .members()
            .take(1 + group.duplicates.len())
            .map(|picture| marked(base, picture))
            .collect();
        let of = |member: usize| all.get(member).copied().flatten();
        let unreadable = || "its bytes cannot be read".to_owned();
        let mut marks = Vec::new();
        for &member in members {
            let a = of(member).ok_or_else(unreadable)?;
            let few = all.len() <= PAIRED_UP_TO;
            for other in (0..all.len()).filter(|o| few || *o == decided.keeper) {
                // What was called another picture before is settled already.
                let settled = decided.apart.contains(&other) && !members.contains(&other);
                if other == member || (apart && settled) {
                    continue;
                }
                let Some(b) = of(other) else { continue };
                if a.content == b.content {
                    if other == decided.keeper && apart {
                        return Err("its bytes are those of the keeper".to_owned());
                    }
                    continue;
                }
                marks.push(Apart::new(a, b));
            }
        }
        decisions.mark(&marks, apart).map_err(|error| error.to_string())
    }

    /// The accepted groups as they are to be acted on.
    pub(super) fn accepted(&self) -> Report {
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
        Report { groups: groups.collect(), ..self.report.clone() }
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

fn marked(base: &Path, picture: &Picture) -> Option<Marked> {
    let content = match picture.content {
        Some(content) => ContentHash(content),
        None => content_hash(&base.join(&picture.path)).ok()?,
    };
    Some(Marked { content, size: picture.stamp.size.0 })
}
