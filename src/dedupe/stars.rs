//! Stars over classes, spelled out for their members.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::Class;
use super::neighbours::Neighbours;
use super::{Duplicate, Group, Question};
use crate::group::{self, Edge, Star};
use crate::media::{Bytes, Orientation};
use crate::relation::Relation;

/// The groups, without what needs the files' bytes: relation, reason and bytes to free.
pub(super) fn groups(
    question: &Question<'_>,
    classes: &[Class],
    neighbours: &Neighbours,
) -> Vec<Group> {
    // Classes are in the order of their ranks, so that a class's index is its rank.
    let references: Vec<bool> = classes.iter().map(|class| class.reference).collect();
    let (copies, bursts): (Vec<Edge>, Vec<Edge>) = neighbours
        .edges()
        .partition(|edge| question.options.include_bursts || !neighbours.is_burst(edge));

    let mut stars: BTreeMap<u32, Star> = group::stars(classes.len(), &references, &copies)
        .into_iter()
        .map(|star| (star.keeper, star))
        .collect();
    let superfluous: BTreeSet<u32> =
        stars.values().flat_map(|star| &star.duplicates).copied().collect();
    // A class of several members is a star of its own, neighbours or not.
    for (index, class) in (0..).zip(classes) {
        if class.members.len() > 1 && !superfluous.contains(&index) {
            stars.entry(index).or_insert_with(|| lone(index));
        }
    }
    let frames = burst_frames(classes.len(), &references, &bursts, &superfluous, &stars);
    for &keeper in frames.keys() {
        stars.entry(keeper).or_insert_with(|| lone(keeper));
    }
    stars
        .into_values()
        .filter_map(|star| {
            let frames = frames.get(&star.keeper).map_or(&[][..], Vec::as_slice);
            spell_out(question, classes, neighbours, &star, frames)
        })
        .collect()
}

fn lone(keeper: u32) -> Star {
    Star { keeper, duplicates: Vec::new(), linked: Vec::new() }
}

/// Frames of bursts that are nobody's duplicate and have no group of their own, by the keeper that
/// they are shown with.
fn burst_frames(
    classes: usize,
    references: &[bool],
    bursts: &[Edge],
    superfluous: &BTreeSet<u32>,
    stars: &BTreeMap<u32, Star>,
) -> BTreeMap<u32, Vec<u32>> {
    let kept: Vec<Edge> = bursts
        .iter()
        .copied()
        .filter(|edge| !superfluous.contains(&edge.a) && !superfluous.contains(&edge.b))
        .collect();
    let mut frames = BTreeMap::new();
    for star in group::stars(classes, references, &kept) {
        let alone: Vec<u32> =
            star.duplicates.into_iter().filter(|class| !stars.contains_key(class)).collect();
        if !alone.is_empty() {
            frames.insert(star.keeper, alone);
        }
    }
    frames
}

/// A star of classes as a group of pictures; `None` when nothing but the keeper is left.
fn spell_out(
    question: &Question<'_>,
    classes: &[Class],
    neighbours: &Neighbours,
    star: &Star,
    frames: &[u32],
) -> Option<Group> {
    let keeper_class = &classes[star.keeper as usize];
    let (&keeper, rest) = keeper_class.members.split_first()?;
    let duplicate = |picture, distance, fine_distance, orientation| Duplicate {
        picture,
        distance,
        fine_distance,
        relation: Relation::Copy,
        orientation,
    };
    let mut duplicates = Vec::new();
    let mut linked: Vec<u32> = Vec::new();
    if keeper_class.reference {
        linked.extend(rest);
    } else {
        duplicates.extend(rest.iter().map(|&p| duplicate(p, 0, 0, Orientation::Upright)));
    }
    for &class in star.duplicates.iter().chain(frames) {
        let Some(near) = neighbours.between(star.keeper, class) else { continue };
        duplicates.extend(
            classes[class as usize]
                .members
                .iter()
                .map(|&p| duplicate(p, near.distance, near.fine_distance, near.orientation)),
        );
    }
    duplicates.sort_by_key(|d| question.rank[d.picture as usize]);
    linked.extend(star.linked.iter().flat_map(|&class| &classes[class as usize].members));
    (!duplicates.is_empty()).then(|| Group {
        keeper,
        reason: String::new(),
        duplicates,
        linked,
        reclaimable: Bytes(0),
    })
}
