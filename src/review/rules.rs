//! Deciding about many groups by a rule: which folder keeps its pictures, and "as in this group".

use std::collections::BTreeSet;
use std::path::Path;

use super::change_error::ChangeError;
use super::decided::Decided;
use super::session::Session;
use crate::model::findings::{FoundPicture, Group, Relation};
use crate::model::path_text::for_people;
use crate::model::readable::count;

/// What is wished of the pictures of a folder, and of those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// They are kept.
    Prefer,
    /// They are not kept while there is another one.
    Avoid,
}

impl Session {
    /// What a rule decides about groups that are open: those in which another picture becomes the
    /// keeper, with what was decided.
    fn by_rule(&self, folder: &Path, wish: Wish, numbers: &[usize]) -> Vec<(usize, Decided)> {
        let wanted =
            |picture: &FoundPicture| picture.path.starts_with(folder) == (wish == Wish::Prefer);
        let keeper = |number: usize| self.other_keeper(number, &wanted);
        numbers.iter().filter_map(|&number| Some((number, keeper(number)?))).collect()
    }

    /// The decision with a keeper that is wanted, where the present one is not.
    fn other_keeper(
        &self,
        number: usize,
        wanted: &dyn Fn(&FoundPicture) -> bool,
    ) -> Option<Decided> {
        let group = self.report.groups.get(number)?;
        let decided = self.decided.get(number).filter(|decided| decided.is_open())?;
        let present = group.candidates().nth(decided.keeper)?;
        if wanted(present) || present.reference {
            return None;
        }
        let able = (0..).zip(group.candidates()).filter(|(member, picture)| {
            wanted(picture)
                && *member != decided.keeper
                && !decided.apart.contains(member)
                && may_be_keeper(group, *member)
        });
        let size = |picture: &FoundPicture| picture.dimensions.pixels();
        let (member, _) = able.min_by_key(|(member, p)| (std::cmp::Reverse(size(p)), *member))?;
        let mut decided = Decided { keeper: member, ..decided.clone() };
        decided.spared.remove(&member);
        Some(decided)
    }

    /// How many groups a rule would decide otherwise.
    pub(super) fn count_by_rule(&self, folder: usize, wish: Wish, numbers: &[usize]) -> usize {
        let folder = self.folders.paths.get(folder);
        folder.map_or(0, |folder| self.by_rule(folder, wish, numbers).len())
    }

    /// Decides by a rule; gives how many groups have another keeper now. They stay open.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub(super) fn rule(
        &mut self,
        folder: usize,
        wish: Wish,
        numbers: &[usize],
    ) -> Result<usize, ChangeError> {
        let folder = self.folders.paths.get(folder).ok_or(ChangeError::NoFolder)?.clone();
        let decided = self.by_rule(&folder, wish, numbers);
        for (number, decided) in &decided {
            self.know_contents(*number, decided.keeper);
        }
        let groups = decided.len();
        let verb = if wish == Wish::Prefer { "preferred" } else { "avoided" };
        let (folder, number) = (for_people(&folder), count(groups as u64, "group"));
        self.decide_all(format!("{folder} {verb} in {number}"), decided)?;
        Ok(groups)
    }

    /// The open groups that can be decided as this one is: their pictures lie in the same folders,
    /// and are related in the same way.
    pub(super) fn alike(&self, number: usize) -> Vec<usize> {
        let open = |other: &usize| self.decided.get(*other).is_some_and(Decided::is_open);
        self.folders.alike(number).filter(open).collect()
    }

    /// Accepts a group, and decides and accepts those that are alike in the same way: what is kept
    /// lies in the folder that it lies in here. Gives how many groups were accepted.
    ///
    /// # Errors
    /// [`ChangeError::OnlyHere`] where a picture of it was called another one, which says nothing
    /// about other groups.
    pub(super) fn decide_alike(&mut self, number: usize) -> Result<usize, ChangeError> {
        let group = self.report.groups.get(number).ok_or(ChangeError::NoPicture)?;
        let model = self.decided.get(number).ok_or(ChangeError::NoPicture)?.clone();
        if model.run.is_some() {
            return Err(ChangeError::Applied);
        }
        if !model.apart.is_empty() {
            return Err(ChangeError::OnlyHere);
        }
        let folder_of = |group: &Group, member: usize| {
            group.candidates().nth(member).and_then(|p| p.path.parent()).map(Path::to_owned)
        };
        let keeps = folder_of(group, model.keeper).ok_or(ChangeError::NoPicture)?;
        let folders = |members: &mut dyn Iterator<Item = usize>| -> BTreeSet<_> {
            members.filter_map(|member| folder_of(group, member)).collect()
        };
        let spared = folders(&mut model.spared.iter().copied());
        let rest = |member: &usize| *member != model.keeper && !model.spared.contains(member);
        let goes = folders(&mut (0..=group.duplicates.len()).filter(rest));
        let mut decided = vec![(number, Decided { accepted: true, ..model })];
        for other in self.alike(number) {
            let (Some(group), Some(old)) = (self.report.groups.get(other), self.decided.get(other))
            else {
                continue;
            };
            let within = |picture: &FoundPicture| picture.path.parent() == Some(&keeps);
            let new = match group.candidates().nth(old.keeper) {
                Some(present) if within(present) => Some(old.clone()),
                _ => self.other_keeper(other, &within),
            };
            let Some(mut new) = new.filter(|new| new.apart.is_empty()) else { continue };
            for member in (0..=group.duplicates.len()).filter(|member| *member != new.keeper) {
                let stays = folder_of(group, member)
                    .is_some_and(|folder| spared.contains(&folder) && !goes.contains(&folder));
                if stays {
                    new.spared.insert(member);
                }
            }
            decided.push((other, Decided { accepted: true, ..new }));
        }
        for (number, decided) in decided.iter().filter(|(_, decided)| decided.keeper != 0) {
            self.know_contents(*number, decided.keeper);
        }
        let groups = decided.len();
        let words = format!("{} accepted as one", count(groups as u64, "group"));
        self.decide_all(words, decided)?;
        Ok(groups)
    }
}

/// Whether a rule may make a member the keeper: a copy that is whole and undamaged. Only a person
/// who looks at it chooses anything else.
fn may_be_keeper(group: &Group, member: usize) -> bool {
    let Some(at) = member.checked_sub(1) else { return !group.keeper.damaged };
    group.duplicates.get(at).is_some_and(|duplicate| {
        matches!(duplicate.relation, Relation::Identical | Relation::Copy)
            && duplicate.alarm.is_none()
            && !duplicate.picture.damaged
    })
}
