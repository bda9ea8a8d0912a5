//! The classes that have to do with others, best keeper first: a class's number here is its rank.

use std::collections::HashSet;

use rayon::prelude::*;

use super::Question;
use super::classes::Classes;
use super::neighbours::Neighbours;
use super::origins::Origins;
use super::prover::Standing;
use crate::dedupe::keeper;
use crate::dedupe::partition::Edge;
use crate::model::findings::Surroundings;

/// Classes with several members or with neighbours; the rest of the library is of no concern any
/// more.
#[derive(Debug)]
pub(super) struct Nodes {
    /// Indices into the pictures, best keeper first.
    pub members: Vec<Vec<u32>>,
    /// The picture of each that stood for it in the proofs.
    proven_by: Vec<u32>,
    /// All in a reference folder, or none.
    pub references: Vec<bool>,
    /// Between the nodes.
    pub edges: Vec<Edge>,
    /// Nodes whose pairs with each other are not all among the edges, ascending.
    pub dense: Vec<u32>,
}

impl Nodes {
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The picture that stood for it in the proofs.
    pub fn proven_by(&self, node: u32) -> u32 {
        self.proven_by[node as usize]
    }

    /// Its best picture.
    pub fn first(&self, node: u32) -> u32 {
        self.members[node as usize][0]
    }
}

/// Pictures that show no more than a part of another one, and not more finely; or the same with
/// something around it.
fn lesser(question: &Question<'_>, classes: &Classes, edges: &[Edge]) -> HashSet<u32> {
    let mut lesser = HashSet::new();
    for edge in edges {
        let (a, b) = (classes.first(edge.a), classes.first(edge.b));
        let Some(proven) = question.proofs.get(a, b) else { continue };
        if proven.standing != Standing::Same || !proven.is_part() {
            continue;
        }
        let less = match proven.surroundings {
            Surroundings::Picture => proven.whose.other(),
            _ => proven.whose,
        };
        if question.finer(a, b, &proven) != Some(less) {
            lesser.extend(classes.members(less.of(edge.a, edge.b)));
        }
    }
    lesser
}

/// Ranks what matters. Fills `rank` of the question for the pictures in it.
pub(super) fn nodes(
    question: &mut Question<'_>,
    classes: &Classes,
    neighbours: Neighbours,
) -> Nodes {
    question.lesser = lesser(question, classes, &neighbours.edges);
    question.origins = Origins::new(question, classes, &neighbours.edges);
    let mut matters = vec![false; classes.len() as usize];
    for edge in &neighbours.edges {
        matters[edge.a as usize] = true;
        matters[edge.b as usize] = true;
    }
    for &class in &neighbours.dense {
        matters[class as usize] = true;
    }
    let mut chosen: Vec<(u32, Vec<u32>)> = (0..classes.len())
        .filter(|&class| matters[class as usize] || classes.members(class).len() > 1)
        .map(|class| (class, classes.members(class).to_vec()))
        .collect();
    let ranked = &*question;
    let better = |a: &u32, b: &u32| {
        let keep = &ranked.options.keep;
        keeper::compare(&ranked.candidate(*a), &ranked.candidate(*b), keep).0
    };
    chosen.par_iter_mut().for_each(|(_, members)| members.sort_unstable_by(better));
    chosen.par_sort_unstable_by(|(_, a), (_, b)| better(&a[0], &b[0]));

    let mut number = vec![u32::MAX; classes.len() as usize];
    for (node, (class, _)) in (0..).zip(&chosen) {
        number[*class as usize] = node;
    }
    let edges = neighbours
        .edges
        .into_iter()
        .map(|Edge { a, b }| Edge { a: number[a as usize], b: number[b as usize] })
        .collect();
    let mut dense: Vec<u32> =
        neighbours.dense.iter().map(|&class| number[class as usize]).collect();
    dense.sort_unstable();
    let proven_by = chosen.iter().map(|(class, _)| classes.first(*class)).collect();
    let members: Vec<Vec<u32>> = chosen.into_iter().map(|(_, members)| members).collect();
    let references = members.iter().map(|m| question.is_reference_index(m[0])).collect();

    let mut order: Vec<u32> = members.iter().flatten().copied().collect();
    let ranked = &*question;
    order.par_sort_unstable_by(|a, b| {
        keeper::compare(&ranked.candidate(*a), &ranked.candidate(*b), &ranked.options.keep).0
    });
    question.rank = vec![u32::MAX; question.pictures.len()];
    for (place, index) in (0..).zip(order) {
        question.rank[index as usize] = place;
    }
    Nodes { members, proven_by, references, edges, dense }
}
