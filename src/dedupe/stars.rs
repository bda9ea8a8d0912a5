//! Stars over nodes, spelled out for their members.

use std::collections::BTreeMap;

use super::Question;
use super::dense::{Dense, DenseHashes, NeighbourKind};
use super::neighbours::near;
use super::nodes::Nodes;
use super::partition::{self, Edge, Lookup as _, Star};
use super::prover::Candidate;
use crate::model::findings::{Duplicate, Group, Linked};

/// The groups, without what [`super::confirm`] adds.
pub(super) fn groups(question: &Question<'_>, nodes: &Nodes) -> Vec<Group<u32>> {
    prove_best(question, nodes);
    let is_doubtful = |edge: &&Edge| {
        let (a, b) = (nodes.first(edge.a), nodes.first(edge.b));
        !question.acts_on(question.relation(a, b))
    };
    let (doubtful, copies): (Vec<Edge>, Vec<Edge>) = nodes.edges.iter().partition(is_doubtful);
    let hashes = DenseHashes::new(question, nodes);
    let star_list = |edges: &[Edge], wanted: NeighbourKind<'_>| {
        let mut lookup = Dense::new(question, nodes, &hashes, wanted);
        partition::stars(nodes.len(), &nodes.references, edges, &mut lookup)
    };
    let mut stars: BTreeMap<u32, Star> = star_list(&copies, NeighbourKind::Copies)
        .into_iter()
        .map(|star| (star.keeper, star))
        .collect();
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
    // Frames of bursts, and pictures that are only alike, that are nobody's duplicate and have no
    // group of their own are shown with the best of them.
    let mut frames: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let kept: Vec<Edge> = doubtful
        .into_iter()
        .filter(|edge| !superfluous[edge.a as usize] && !superfluous[edge.b as usize])
        .collect();
    for star in star_list(&kept, NeighbourKind::Doubtful { superfluous: &superfluous }) {
        let shown = |node: &u32| !superfluous[*node as usize] && !stars.contains_key(node);
        let alone: Vec<u32> = star.duplicates.into_iter().filter(shown).collect();
        if !alone.is_empty() && !superfluous[star.keeper as usize] {
            frames.insert(star.keeper, alone);
        }
    }
    for &keeper in frames.keys() {
        stars.entry(keeper).or_insert_with(|| lone(keeper));
    }
    let with_frames = || {
        stars.values().map(|star| (star, frames.get(&star.keeper).map_or(&[][..], Vec::as_slice)))
    };
    prove_members(question, nodes, with_frames());
    let mut groups: Vec<Group<u32>> = with_frames()
        .filter_map(|(star, frames)| spell_out(question, nodes, star, frames))
        .collect();
    link_the_rest(question, nodes, &hashes, &mut groups);
    groups
}

/// Lists as linked whatever is near a picture of a group, and stands in none itself: frames of a
/// burst whose neighbours went to better ones, and what is only near a duplicate. So nothing that
/// is near another picture is missing from the report.
fn link_the_rest(
    question: &Question<'_>,
    nodes: &Nodes,
    hashes: &DenseHashes,
    groups: &mut [Group<u32>],
) {
    const NONE: u32 = u32::MAX;
    // The group that each node is keeper or duplicate of, and whether it is listed at all.
    let mut home = vec![NONE; nodes.len()];
    let mut listed = vec![false; nodes.len()];
    {
        let mut node_of = vec![NONE; question.pictures.len()];
        for (node, members) in (0..).zip(&nodes.members) {
            members.iter().for_each(|&picture| node_of[picture as usize] = node);
        }
        for (number, group) in (0..).zip(groups.iter()) {
            let duplicates = group.duplicates.iter().map(|duplicate| duplicate.picture);
            for picture in duplicates.chain([group.keeper]) {
                home[node_of[picture as usize] as usize] = number;
            }
            for linked in &group.linked {
                listed[node_of[linked.picture as usize] as usize] = true;
            }
        }
    }
    // The best group that a neighbour is in; groups are in the order of their keepers.
    let mut nearest = vec![NONE; nodes.len()];
    for &Edge { a, b } in &nodes.edges {
        for (node, neighbour) in [(a, b), (b, a)] {
            nearest[node as usize] = nearest[node as usize].min(home[neighbour as usize]);
        }
    }
    let is_left = |node: u32| home[node as usize] == NONE && !listed[node as usize];
    if nodes.dense.iter().any(|&node| is_left(node)) {
        let mut lookup = Dense::new(question, nodes, hashes, NeighbourKind::Any);
        let mut neighbours = Vec::new();
        for &node in nodes.dense.iter().filter(|&&node| is_left(node)) {
            neighbours.clear();
            lookup.add_neighbours(node, &mut neighbours);
            let homes = neighbours.iter().map(|&neighbour| home[neighbour as usize]);
            nearest[node as usize] = homes.chain([nearest[node as usize]]).min().unwrap_or(NONE);
        }
    }
    for node in (0..nodes.len() as u32).filter(|&node| is_left(node)) {
        if let Some(group) = groups.get_mut(nearest[node as usize] as usize) {
            group.linked.extend(
                nodes.members[node as usize].iter().map(|&picture| Linked::new(picture, None)),
            );
        }
    }
}

/// Classes were proven by any of their pictures; stars are made of the best ones.
fn prove_best(question: &Question<'_>, nodes: &Nodes) {
    let pairs = nodes.edges.iter().filter_map(|edge| {
        let (a, b) = (nodes.first(edge.a), nodes.first(edge.b));
        let missing = question.proofs.get(a, b).is_none();
        missing.then(|| again(question, nodes, (edge.a, a), (edge.b, b)))
    });
    question.proofs.prove(pairs.collect());
}

/// Every picture of a group is proven against its keeper.
fn prove_members<'a>(
    question: &Question<'_>,
    nodes: &Nodes,
    stars: impl Iterator<Item = (&'a Star, &'a [u32])>,
) {
    let mut pairs = Vec::new();
    for (star, frames) in stars {
        let keeper = nodes.first(star.keeper);
        for &node in star.duplicates.iter().chain(frames).chain([&star.keeper]) {
            let members = nodes.members[node as usize].iter();
            let unproven = members.filter(|&&picture| {
                picture != keeper && question.proofs.get(keeper, picture).is_none()
            });
            let pair = |&picture| again(question, nodes, (star.keeper, keeper), (node, picture));
            pairs.extend(unproven.map(pair));
        }
    }
    question.proofs.prove(pairs);
}

/// The pair of two pictures of classes of which something was found.
fn again(
    question: &Question<'_>,
    nodes: &Nodes,
    (node, picture): (u32, u32),
    (other_node, other): (u32, u32),
) -> Candidate {
    let (a, b) = (nodes.proven_by(node), nodes.proven_by(other_node));
    let best = || question.proofs.get(nodes.first(node), nodes.first(other_node));
    Question::again(picture, other, question.proofs.get(a, b).or_else(best))
}

fn lone(keeper: u32) -> Star {
    Star { keeper, duplicates: Vec::new(), linked: Vec::new() }
}

/// A star of nodes as a group of pictures; `None` when nothing but the keeper is left.
fn spell_out(
    question: &Question<'_>,
    nodes: &Nodes,
    star: &Star,
    frames: &[u32],
) -> Option<Group<u32>> {
    let (&keeper, rest) = nodes.members[star.keeper as usize].split_first()?;
    let (own, apart) = match nodes.references[star.keeper as usize] {
        true => (&[][..], rest),
        false => (rest, &[][..]),
    };
    let mut duplicates = Vec::new();
    let mut linked_pictures = apart.to_vec();
    let others = star.duplicates.iter().chain(frames);
    let others = others.flat_map(|&node| &nodes.members[node as usize]);
    for &picture in own.iter().chain(others) {
        match (near(question, keeper, picture), question.proofs.get(keeper, picture)) {
            (Some(near), Some(proven)) => duplicates.push(Duplicate {
                relation: question.relation(keeper, picture),
                likeness: proven.likeness(),
                shows_more: question.shows_more(keeper, picture, &proven),
                ..Duplicate::new(picture, near)
            }),
            // It looks the same by its hashes, and is another picture.
            _ => linked_pictures.push(picture),
        }
    }
    duplicates.sort_by_key(|d| question.rank[d.picture as usize]);
    let linked = star.linked.iter().filter(|node| !frames.contains(node));
    linked_pictures.extend(linked.flat_map(|&node| &nodes.members[node as usize]));
    let linked = linked_pictures.into_iter().map(|picture| Linked::new(picture, None)).collect();
    (!duplicates.is_empty()).then(|| Group { keeper, reason: String::new(), duplicates, linked })
}
