//! Stars over nodes, spelled out for their members.

use std::collections::BTreeMap;

use super::dense::{Dense, DenseHashes};
use super::neighbours::near;
use super::nodes::Nodes;
use super::{Duplicate, Group, Question};
use crate::group::{self, Edge, Star};
use crate::media::{Bytes, Orientation};
use crate::relation::Relation;

/// The groups, without what needs the files' bytes: relation, reason and bytes to free.
pub(super) fn groups(question: &Question<'_>, nodes: &Nodes) -> Vec<Group> {
    let is_burst = |edge: &&Edge| {
        let (a, b) = (nodes.first(edge.a), nodes.first(edge.b));
        !question.options.include_bursts && question.relation(a, b, false) == Relation::Burst
    };
    let (bursts, copies): (Vec<Edge>, Vec<Edge>) = nodes.edges.iter().partition(is_burst);
    let hashes = DenseHashes::new(question, nodes);
    let star_list = |edges: &[Edge], bursts: Option<&[bool]>| {
        let mut lookup = Dense::new(question, nodes, &hashes, bursts);
        group::stars(nodes.len(), &nodes.references, edges, &mut lookup)
    };
    let mut stars: BTreeMap<u32, Star> =
        star_list(&copies, None).into_iter().map(|star| (star.keeper, star)).collect();
    let mut superfluous = vec![false; nodes.len()];
    for &node in stars.values().flat_map(|star| &star.duplicates) {
        superfluous[node as usize] = true;
    }
    // A class of several members is a star of its own, neighbours or not.
    for (node, members) in (0..).zip(&nodes.members) {
        if members.len() > 1 && !superfluous[node as usize] {
            stars.entry(node).or_insert_with(|| lone(node));
        }
    }
    // Frames of bursts that are nobody's duplicate and have no group of their own are shown with
    // the best of them.
    let mut frames: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    if !question.options.include_bursts {
        let kept: Vec<Edge> = bursts
            .into_iter()
            .filter(|edge| !superfluous[edge.a as usize] && !superfluous[edge.b as usize])
            .collect();
        for star in star_list(&kept, Some(&superfluous)) {
            let shown = |node: &u32| !superfluous[*node as usize] && !stars.contains_key(node);
            let alone: Vec<u32> = star.duplicates.into_iter().filter(shown).collect();
            if !alone.is_empty() && !superfluous[star.keeper as usize] {
                frames.insert(star.keeper, alone);
            }
        }
    }
    for &keeper in frames.keys() {
        stars.entry(keeper).or_insert_with(|| lone(keeper));
    }
    stars
        .into_values()
        .filter_map(|star| {
            let frames = frames.get(&star.keeper).map_or(&[][..], Vec::as_slice);
            spell_out(question, nodes, &star, frames)
        })
        .collect()
}

fn lone(keeper: u32) -> Star {
    Star { keeper, duplicates: Vec::new(), linked: Vec::new() }
}

/// A star of nodes as a group of pictures; `None` when nothing but the keeper is left.
fn spell_out(question: &Question<'_>, nodes: &Nodes, star: &Star, frames: &[u32]) -> Option<Group> {
    let (&keeper, rest) = nodes.members[star.keeper as usize].split_first()?;
    let is_reference = |node: u32| nodes.references[node as usize];
    let duplicate = |picture, distance, fine_distance, orientation| Duplicate {
        alarm: None,
        picture,
        distance,
        fine_distance,
        relation: Relation::Copy,
        orientation,
    };
    let mut duplicates = Vec::new();
    let mut linked: Vec<u32> = Vec::new();
    if is_reference(star.keeper) {
        linked.extend(rest);
    } else {
        duplicates.extend(rest.iter().map(|&p| duplicate(p, 0, 0, Orientation::Upright)));
    }
    for &node in star.duplicates.iter().chain(frames) {
        let Some(near) = near(question, keeper, nodes.first(node)) else { continue };
        duplicates.extend(
            nodes.members[node as usize]
                .iter()
                .map(|&p| duplicate(p, near.distance, near.fine_distance, near.orientation)),
        );
    }
    duplicates.sort_by_key(|d| question.rank[d.picture as usize]);
    // Pairs of two references are not looked for: one that is near this keeper has no other part
    // in its group.
    let apart = |node: &&u32| {
        !(is_reference(star.keeper) && is_reference(**node))
            || near(question, keeper, nodes.first(**node)).is_none()
    };
    let linked_nodes = star.linked.iter().filter(apart);
    linked.extend(linked_nodes.flat_map(|&node| &nodes.members[node as usize]));
    (!duplicates.is_empty()).then(|| Group {
        keeper,
        reason: String::new(),
        duplicates,
        linked,
        reclaimable: Bytes(0),
    })
}
