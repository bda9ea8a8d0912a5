//! Which classes are near each other: candidates by the 64-bit hash, confirmed by the 256-bit one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Question;
use super::classes::Class;
use crate::group::Edge;
use crate::index::{Joiner, Pair};
use crate::media::Orientation;
use crate::phash::PerceptualHash;
use crate::relation::Relation;

/// How near two classes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    pub fine_distance: u32,
    pub distance: u32,
    /// What turns the first class (the smaller index) into the second.
    pub orientation: Orientation,
}

/// All pairs of near classes.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    pairs: HashMap<(u32, u32), (Near, Relation)>,
}

impl Neighbours {
    /// The pairs as undirected edges, smaller index first, in a fixed order.
    pub fn edges(&self) -> impl Iterator<Item = Edge> {
        let mut keys: Vec<_> = self.pairs.keys().copied().collect();
        keys.sort_unstable();
        keys.into_iter().map(|(a, b)| Edge { a, b })
    }

    /// Whether the two were taken one after the other.
    pub fn is_burst(&self, edge: &Edge) -> bool {
        self.pairs
            .get(&(edge.a.min(edge.b), edge.a.max(edge.b)))
            .is_some_and(|(_, relation)| *relation == Relation::Burst)
    }

    /// How near a class is to a better one, the smaller index first.
    pub fn between(&self, better: u32, worse: u32) -> Option<Near> {
        self.pairs.get(&(better, worse)).map(|(near, _)| *near)
    }
}

/// Finds all pairs of classes within both radii.
pub(super) fn find(question: &Question<'_>, classes: &[Class], joiner: &dyn Joiner) -> Neighbours {
    // Classes by their 64-bit hash; the index sees each hash once.
    let mut by_hash: HashMap<PerceptualHash, Vec<u32>> = HashMap::new();
    for (index, class) in classes.iter().enumerate().filter(|(_, class)| !class.flat) {
        by_hash.entry(class.view.phash).or_default().push(index as u32);
    }
    let mut hashes: Vec<PerceptualHash> = by_hash.keys().copied().collect();
    hashes.sort_unstable();
    let owners = |hash: u32| by_hash[&hashes[hash as usize]].as_slice();

    let found = Mutex::new(Neighbours::default());
    let radius = question.policy.radius;
    let confirm = |a: u32, b: u32| {
        let (a, b) = (a.min(b), a.max(b));
        let near = Near {
            distance: classes[a as usize].view.phash.distance(classes[b as usize].view.phash),
            fine_distance: classes[a as usize].view.fine.distance(classes[b as usize].view.fine),
            orientation: Orientation::Upright,
        };
        if a != b {
            offer(question, classes, &found, (a, b), near);
        }
    };
    for hash in 0..hashes.len() as u32 {
        let same = owners(hash);
        for (i, &a) in same.iter().enumerate() {
            same[i + 1..].iter().for_each(|&b| confirm(a, b));
        }
    }
    joiner.self_join(&hashes, radius, &|pairs: &[Pair]| {
        for pair in pairs {
            for &a in owners(pair.a) {
                owners(pair.b).iter().for_each(|&b| confirm(a, b));
            }
        }
    });

    if question.options.any_orientation {
        for orientation in Orientation::ALL.into_iter().skip(1) {
            turned(question, classes, &hashes, &owners, (orientation, joiner), &found);
        }
    }
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Joins the pictures as they would look after `orientation` with the pictures as they are.
fn turned<'a>(
    question: &Question<'_>,
    classes: &[Class],
    hashes: &[PerceptualHash],
    owners: &(dyn Fn(u32) -> &'a [u32] + Sync),
    (orientation, joiner): (Orientation, &dyn Joiner),
    found: &Mutex<Neighbours>,
) {
    let needles: Vec<u32> =
        (0..classes.len() as u32).filter(|&index| !classes[index as usize].flat).collect();
    let view = |class: u32| {
        let picture = classes[class as usize].members[0];
        question.pictures[picture as usize].record.hash.oriented(orientation)
    };
    let needle_hashes: Vec<PerceptualHash> =
        needles.iter().map(|&class| view(class).phash).collect();
    joiner.cross_join(&needle_hashes, hashes, question.policy.radius, &|pairs: &[Pair]| {
        for pair in pairs {
            let a = needles[pair.a as usize];
            let turned = view(a);
            // The other half is found from the other side, by the inverse orientation.
            for &b in owners(pair.b).iter().filter(|&&b| a < b) {
                let near = Near {
                    distance: turned.phash.distance(classes[b as usize].view.phash),
                    fine_distance: turned.fine.distance(classes[b as usize].view.fine),
                    orientation,
                };
                offer(question, classes, found, (a, b), near);
            }
        }
    });
}

/// Keeps a pair if it is within the fine radius and nearer than what is known of it.
fn offer(
    question: &Question<'_>,
    classes: &[Class],
    found: &Mutex<Neighbours>,
    (a, b): (u32, u32),
    near: Near,
) {
    let (first, second) = (&classes[a as usize], &classes[b as usize]);
    if near.fine_distance > question.policy.fine_radius || !first.role.may_match(second.role) {
        return;
    }
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    let relation = || question.relation(first.members[0], second.members[0], false);
    found
        .pairs
        .entry((a, b))
        .and_modify(|(known, _)| *known = near.min(*known))
        .or_insert_with(|| (near, relation()));
}
