//! A keeper, and what stands beside it.

use std::collections::HashSet;
use std::path::PathBuf;

use super::{Alarm, FoundPicture, Likeness, Matching, Relation};
use crate::model::media::{FileKey, Orientation};
use crate::model::phash::{Distance, FineDistance, Nearness};

/// A picture that is the keeper's duplicate. `P` is how a picture is named: in full, or by its
/// index among the pictures that were compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate<P = FoundPicture> {
    /// The picture.
    pub picture: P,
    /// Bits between the 64-bit hashes of it and the keeper.
    pub distance: Distance,
    /// Bits between the fine hashes.
    pub fine_distance: FineDistance,
    /// What kind of match.
    pub relation: Relation,
    /// How the keeper has to be turned to look like it.
    pub orientation: Orientation,
    /// What both have in common, as far as it was proven.
    pub likeness: Option<Likeness>,
    /// It shows more than its keeper, a wider view or finer detail: shown, never acted on.
    pub shows_more: bool,
    /// The keeper is damaged, and this picture is not: shown, never acted on. That keeper lies in a
    /// reference folder or was chosen by hand, as no damaged picture wins over a whole one.
    pub whole_beside_damaged: bool,
    /// Why it is not sure which of it and the keeper is the original, if it is not: acted on just
    /// when asked.
    pub unsure: Option<&'static str>,
    /// Why it, or the keeper, may be damaged; then neither is acted on.
    pub alarm: Option<Alarm>,
}

/// A picture that is near one of the group and no duplicate of its keeper: another reference, a
/// picture that is near a duplicate only, or a frame of a burst. Shown, never acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked<P = FoundPicture> {
    /// The picture.
    pub picture: P,
    /// Bits between the 64-bit hashes of it and the keeper.
    pub distance: Distance,
    /// Bits between the fine hashes of it and the keeper.
    pub fine_distance: FineDistance,
    /// The duplicate that it is near.
    pub near: Option<PathBuf>,
}

/// A keeper with its duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<P = FoundPicture> {
    /// The picture that stays.
    pub keeper: P,
    /// Why it stays and not another, in a few words.
    pub reason: String,
    /// Its duplicates, in a fixed order.
    pub duplicates: Vec<Duplicate<P>>,
    /// What is near one of the group without being the keeper's duplicate.
    pub linked: Vec<Linked<P>>,
}

impl<P> Duplicate<P> {
    /// A picture so near a keeper; what its metadata and its bytes say is still to be filled in.
    pub fn new(picture: P, near: Nearness) -> Self {
        Self {
            picture,
            distance: near.distance,
            fine_distance: near.fine_distance,
            relation: Relation::Copy,
            orientation: near.orientation,
            likeness: None,
            shows_more: false,
            whole_beside_damaged: false,
            unsure: None,
            alarm: None,
        }
    }
}

impl Duplicate {
    /// Whether it is a film that was matched by what it shows, not by its bytes.
    pub fn is_other_film(&self) -> bool {
        self.picture.film.is_some() && self.relation != Relation::Identical
    }
}

impl<P> Linked<P> {
    /// A picture at these distances from a keeper, if they are known.
    pub fn new(picture: P, nearness: Option<Nearness>) -> Self {
        let (distance, fine_distance) =
            nearness.map(|near| (near.distance, near.fine_distance)).unwrap_or_default();
        Self { picture, distance, fine_distance, near: None }
    }
}

impl<P> Group<P> {
    /// All pictures of the group: the keeper, its duplicates, and what is linked to them.
    pub fn members(&self) -> impl Iterator<Item = &P> {
        self.candidates().chain(self.linked.iter().map(|linked| &linked.picture))
    }

    /// The pictures that can be the keeper: the one that is, then its duplicates.
    pub fn candidates(&self) -> impl Iterator<Item = &P> {
        std::iter::once(&self.keeper)
            .chain(self.duplicates.iter().map(|duplicate| &duplicate.picture))
    }

    /// The same group, its pictures named otherwise.
    pub fn map<Q>(&self, mut name: impl FnMut(&P) -> Q) -> Group<Q> {
        let keeper = name(&self.keeper);
        let duplicates = self.duplicates.iter().map(|duplicate| Duplicate {
            picture: name(&duplicate.picture),
            distance: duplicate.distance,
            fine_distance: duplicate.fine_distance,
            relation: duplicate.relation,
            orientation: duplicate.orientation,
            likeness: duplicate.likeness,
            shows_more: duplicate.shows_more,
            whole_beside_damaged: duplicate.whole_beside_damaged,
            unsure: duplicate.unsure,
            alarm: duplicate.alarm.clone(),
        });
        let duplicates = duplicates.collect();
        let linked = self.linked.iter().map(|linked| Linked {
            picture: name(&linked.picture),
            distance: linked.distance,
            fine_distance: linked.fine_distance,
            near: linked.near.clone(),
        });
        Group { keeper, reason: self.reason.clone(), duplicates, linked: linked.collect() }
    }
}

impl Group {
    /// Bytes that removing this group's actionable duplicates would free. A file that keeps
    /// another name, or that stays in the group under another name, frees nothing.
    pub fn reclaimable_bytes(&self, matching: &Matching) -> u64 {
        let staying: HashSet<FileKey> = std::iter::once(&self.keeper)
            .chain(self.linked.iter().map(|linked| &linked.picture))
            .chain(self.duplicates.iter().filter(|d| !matching.acts_on(d)).map(|d| &d.picture))
            .map(|picture| picture.stamp.key)
            .collect();
        let mut seen = HashSet::new();
        self.duplicates
            .iter()
            .filter(|duplicate| matching.acts_on(duplicate))
            .map(|duplicate| &duplicate.picture)
            .filter(|picture| picture.other_names.is_empty())
            .filter(|picture| {
                !staying.contains(&picture.stamp.key) && seen.insert(picture.stamp.key)
            })
            .fold(0, |sum, picture| sum.saturating_add(picture.stamp.size.0))
    }
}
