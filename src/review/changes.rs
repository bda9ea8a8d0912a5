//! Changing what was decided about one group.

use std::collections::HashSet;
use std::path::Path;

use super::change_error::ChangeError;
use super::decided::{Decided, Step};
use super::session::Session;
use crate::model::findings::Relation;

/// A change that somebody makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Keeper(usize),
    Spare(usize, bool),
    Apart(Option<usize>, bool),
    Accept(bool),
    /// As it was found.
    Reset,
}

impl Change {
    /// What was done, for the one who may want to undo it.
    fn words(self, number: usize) -> String {
        let group = number + 1;
        match self {
            Self::Keeper(_) => format!("another keeper in group {group}"),
            Self::Spare(_, true) => format!("one more kept in group {group}"),
            Self::Spare(_, false) => format!("one less kept in group {group}"),
            Self::Apart(_, true) => format!("not duplicates in group {group}"),
            Self::Apart(_, false) => format!("duplicates again in group {group}"),
            Self::Accept(true) => format!("group {group} accepted"),
            Self::Accept(false) => format!("group {group} open again"),
            Self::Reset => format!("group {group} as it was found"),
        }
    }
}

impl Session {
    /// Makes a change, and keeps it.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub(super) fn change(&mut self, number: usize, change: Change) -> Result<(), ChangeError> {
        let group = self.report.groups.get(number).ok_or(ChangeError::NoPicture)?;
        let candidates = 1 + group.duplicates.len();
        let before = self.decided.get(number).ok_or(ChangeError::NoPicture)?.clone();
        let mut decided = before.clone();
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
            Change::Reset => {
                self.remark(number, &decided, &Decided::default())?;
                decided = Decided::default();
            }
        }
        if !matches!(change, Change::Accept(_) | Change::Apart(..)) {
            decided.accepted = false;
        }
        if decided == before {
            return Ok(());
        }
        self.keep(&[(number, decided.clone())])?;
        self.decide(number, decided);
        self.remember(Step { words: change.words(number), before: vec![(number, before)] });
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
        let candidates = group.candidates().enumerate();
        candidates
            .filter(|(member, picture)| {
                *member != keeper && !identical.contains(picture.path.as_path())
            })
            .map(|(member, _)| member)
            .collect()
    }
}
