//! What was decided, kept and found again.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::change_error::ChangeError;
use super::decided::Decided;
use super::session::Session;
use crate::catalogue::decisions::{Choice, DecisionsError, Verdict};
use crate::files::content::content_hash;
use crate::model::findings::FoundPicture;
use crate::model::record::{ContentHash, Mark, MarkedFile};

/// Pictures of a group are marked pair by pair up to so many; beyond, each with the keeper alone.
const PAIRED_UP_TO: usize = 64;

impl Session {
    /// Finds earlier decisions again.
    pub(super) fn recall(&mut self) -> Result<(), DecisionsError> {
        let Some(decisions) = &self.decisions else { return Ok(()) };
        let chosen: HashSet<PathBuf> = decisions.chosen()?.into_iter().collect();
        let marks: HashSet<Mark> = decisions.marks()?.into_iter().collect();
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
                        && marks.contains(&Mark::new(a, b))
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
        let chosen = self.decided.iter().enumerate().filter(|(_, decided)| decided.keeper != 0);
        let chosen: Vec<(usize, usize)> =
            chosen.map(|(number, decided)| (number, decided.keeper)).collect();
        for (number, keeper) in chosen {
            self.know_contents(number, keeper);
        }
        Ok(())
    }

    /// Reads the bytes of a member and of those that are as long, so that it is known which of them
    /// are the same: when the group was found, they were held against another keeper.
    pub(super) fn know_contents(&mut self, number: usize, member: usize) {
        let Some(group) = self.report.groups.get_mut(number) else { return };
        let Some(size) = group.members().nth(member).map(|picture| picture.stamp.size) else {
            return;
        };
        let duplicates = group.duplicates.iter_mut().map(|duplicate| &mut duplicate.picture);
        let as_long = std::iter::once(&mut group.keeper).chain(duplicates);
        let mut as_long: Vec<&mut FoundPicture> =
            as_long.filter(|p| p.stamp.size == size).collect();
        if as_long.len() > 1 {
            for picture in as_long.iter_mut().filter(|picture| picture.content.is_none()) {
                let content = content_hash(&self.base.join(&picture.path));
                picture.content = content.ok().map(|content| content.0);
            }
        }
    }

    /// Keeps what was decided about groups.
    pub(super) fn keep(&mut self, changed: &[(usize, Decided)]) -> Result<(), ChangeError> {
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
            Some(decisions) => Ok(decisions.choose(&choices)?),
            None => Ok(()),
        }
    }

    /// Marks members as other pictures than the keeper and than one another, or removes those
    /// marks.
    pub(super) fn mark(
        &mut self,
        number: usize,
        decided: &Decided,
        members: &[usize],
        apart: bool,
    ) -> Result<(), ChangeError> {
        let Some(decisions) = &mut self.decisions else {
            return Err(ChangeError::NoHome);
        };
        let Some(group) = self.report.groups.get(number) else { return Ok(()) };
        let base = &self.base;
        let all: Vec<Option<MarkedFile>> = group
            .members()
            .take(1 + group.duplicates.len())
            .map(|picture| marked(base, picture))
            .collect();
        let of = |member: usize| all.get(member).copied().flatten();
        let mut marks = Vec::new();
        for &member in members {
            let a = of(member).ok_or(ChangeError::Unreadable)?;
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
                        return Err(ChangeError::SameBytes);
                    }
                    continue;
                }
                marks.push(Mark::new(a, b));
            }
        }
        Ok(decisions.mark(&marks, apart)?)
    }
}

fn marked(base: &Path, picture: &FoundPicture) -> Option<MarkedFile> {
    let content = match picture.content {
        Some(content) => ContentHash(content),
        None => content_hash(&base.join(&picture.path)).ok()?,
    };
    Some(MarkedFile { content, size: picture.stamp.size.0 })
}
