//! What only duplicates know, and what of it is to be written beside the keeper. Pure.
//!
//! What the keeper knows itself wins. Lists are united; of everything else the keeper gets what it
//! has not, from the duplicates in their order. Where two contradict each other, that is told and
//! nothing is written. Orientation, and whatever else is about pixels, is never carried.

mod merge;
mod same;

use std::collections::HashMap;
use std::path::Path;

use crate::model::findings::{Findings, Group, Relation};
use crate::model::knowledge::Knowledge;
use crate::model::media::Orientation;
use merge::merge;

/// What a picture may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum KnownField {
    Taken,
    Position,
    Rating,
    Label,
    Title,
    Description,
    Keywords,
    People,
    Albums,
}

impl KnownField {
    /// Name as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Position => "position",
            Self::Rating => "rating",
            Self::Label => "label",
            Self::Title => "title",
            Self::Description => "description",
            Self::Keywords => "keywords",
            Self::People => "people",
            Self::Albums => "albums",
        }
    }
}

/// Two values of which only one can be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownConflict {
    /// What they are about.
    pub field: KnownField,
    /// What the keeper says, or will say by an earlier duplicate.
    pub keeper: String,
    /// What the duplicate says.
    pub duplicate: String,
}

/// What one duplicate knows and its keeper does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// By field, as people read it.
    pub only: Vec<(KnownField, Vec<String>)>,
    /// What contradicts the keeper.
    pub conflicts: Vec<KnownConflict>,
}

impl Carry {
    /// Whether it knows nothing that its keeper does not know, and contradicts nothing.
    pub fn is_empty(&self) -> bool {
        self.only.is_empty() && self.conflicts.is_empty()
    }

    /// `rating 5; keywords Rome, Summer`; empty where it knows nothing alone.
    pub fn words(&self) -> String {
        let field = |(field, values): &(KnownField, Vec<String>)| {
            format!("{} {}", field.name(), values.join(", "))
        };
        self.only.iter().map(field).collect::<Vec<_>>().join("; ")
    }
}

/// A duplicate's knowledge, and whether areas in it are areas of the keeper too.
#[derive(Clone, Copy, Debug)]
pub struct Informed<'a> {
    /// What it knows.
    pub known: &'a Knowledge,
    /// Both show the same whole, the same way up.
    pub same_view: bool,
}

/// What a keeper gets from its duplicates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    /// What it lacks.
    pub gained: Knowledge,
    /// What each duplicate knows, in their order.
    pub each: Vec<Carry>,
}

/// Whether a picture of this relation shows what its keeper shows, the same way up.
pub fn same_view(relation: Relation, orientation: Orientation) -> bool {
    matches!(relation, Relation::Identical | Relation::Copy) && orientation == Orientation::Upright
}

impl Findings {
    /// What of the duplicates of a group that an action would touch is only theirs, by their
    /// paths; those that know nothing alone are left out. Empty where nobody asked what pictures
    /// know.
    pub fn carries<'a>(&self, group: &'a Group) -> HashMap<&'a Path, Carry> {
        let Some(keeper) = self.known.get(&group.keeper.path) else { return HashMap::new() };
        let acted_on = group.duplicates.iter().filter(|d| self.matching.acts_on(d));
        let (paths, informed): (Vec<&Path>, Vec<Informed<'_>>) = acted_on
            .filter_map(|duplicate| {
                let path = duplicate.picture.path.as_path();
                let same_view = same_view(duplicate.relation, duplicate.orientation);
                Some((path, Informed { known: self.known.get(path)?, same_view }))
            })
            .unzip();
        let carries = paths.into_iter().zip(carried(keeper, &informed).each);
        carries.filter(|(_, carry)| !carry.is_empty()).collect()
    }
}

/// Decides for one keeper and those of its duplicates that are acted on.
pub fn carried(keeper: &Knowledge, duplicates: &[Informed<'_>]) -> Carried {
    let mut now = keeper.clone();
    let mut result = Carried::default();
    for duplicate in duplicates {
        result.each.push(merge(&mut now, &mut result.gained, *duplicate));
    }
    result
}

#[cfg(test)]
mod tests;
