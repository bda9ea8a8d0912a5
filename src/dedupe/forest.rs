//! Which pictures may stand in one group, as the edges of a forest: enough for whoever compares a
//! library block by block and wants to know what has to be looked at together.
//!
//! A component holds every group whole, and perhaps more than that: what [`super::dedupe`] finds
//! among the pictures of whole components is what it finds among all pictures.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::classes::{self, Classes};
use super::components::Components;
use super::marks::MarkedPairs;
use super::origins::Origins;
use super::proofs::Proofs;
use super::prover::Prover;
use super::{DedupeOptions, Question, neighbours};
use crate::index::Joiner;
use crate::model::record::Picture;
use crate::units::UnitRole;

/// The edges of the forest, by index: across two sides, or if `is_second` holds for none, among all
/// pictures. Two pictures in reference folders are only connected through others, or when their
/// hashes are equal.
///
/// `prover` need not see more than tiles: a pair that only more detail could tell apart is an edge.
pub fn forest(
    pictures: &[Picture],
    is_second: &[bool],
    options: &DedupeOptions,
    joiner: &dyn Joiner,
    prover: &dyn Prover,
) -> Vec<(u32, u32)> {
    let question = Question {
        pictures,
        // A RAW and its JPEG are no duplicates, but their copies may be: whole units decide later.
        roles: vec![UnitRole::Single; pictures.len()],
        edited: vec![false; pictures.len()],
        policy: options.policy,
        options,
        marked: MarkedPairs::default(),
        proofs: Proofs::new(prover),
        lesser: HashSet::new(),
        origins: Origins::default(),
        rank: Vec::new(),
    };
    let classes = classes::classes_by_bytes(&question, is_second);
    let second = |class: u32| is_second[classes.first(class) as usize];
    let unwritten = Mutex::new(Components::new(classes.len() as usize));
    let edges = neighbours::connect(&question, &classes, &second, joiner, &unwritten);
    let mut among_classes = unwritten.into_inner().unwrap_or_else(PoisonError::into_inner);
    connect_equal(&question, &classes, &mut among_classes);
    for edge in edges {
        among_classes.connect(edge.a, edge.b);
    }
    let first = |class: u32| classes.first(class);
    let mut forest: Vec<(u32, u32)> =
        among_classes.edges().map(|(a, b)| (first(a), first(b))).collect();
    for class in 0..classes.len() {
        let members = classes.members(class);
        forest.extend(members[1..].iter().map(|&member| (members[0], member)));
    }
    forest
}

/// Connects classes of one hash: they may be one class where more is known of them. Flat ones are
/// only alike when their bytes are.
fn connect_equal(question: &Question<'_>, classes: &Classes, components: &mut Components) {
    let alike = |class: u32| {
        let picture = &question.pictures[classes.first(class) as usize];
        let bytes = (class >= classes.hashed).then_some((picture.file.stamp.size, picture.content));
        (question.view(classes.first(class)), bytes)
    };
    let mut order: Vec<u32> = (0..classes.len()).collect();
    order.sort_unstable_by_key(|&class| alike(class));
    for pair in order.windows(2) {
        let known = pair[0] < classes.hashed
            || question.pictures[classes.first(pair[0]) as usize].content.is_some();
        if known && alike(pair[0]) == alike(pair[1]) {
            components.connect(pair[0], pair[1]);
        }
    }
}
