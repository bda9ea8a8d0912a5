//! Neighbours among the nodes that have hundreds of them: looked up when they are needed, as each
//! of them is soon taken by a better one.

use std::collections::HashMap;

use super::Question;
use super::neighbours::near;
use super::nodes::Nodes;
use crate::group::Lookup;
use crate::index::{self, Query, fine};
use crate::media::{CaptureTime, Orientation};
use crate::phash::{FineHash, PerceptualHash};
use crate::relation::Relation;

/// Some dense nodes, ready to be asked for those near a hash.
struct Asked<'a> {
    nodes: Vec<u32>,
    query: Box<dyn Query + 'a>,
    /// Their 256-bit hashes, where these alone count.
    fine: Option<Vec<FineHash>>,
}

/// The hashes of the dense nodes: all of them, and of the undated ones.
pub(super) struct DenseHashes {
    all: (Vec<u32>, Vec<PerceptualHash>),
    undated: (Vec<u32>, Vec<PerceptualHash>),
}

impl DenseHashes {
    pub fn new(question: &Question<'_>, nodes: &Nodes) -> Self {
        let hashes = |chosen: Vec<u32>| {
            let hashes =
                chosen.iter().map(|&node| question.view(nodes.first(node)).phash).collect();
            (chosen, hashes)
        };
        let dated = |node: &u32| time(question, nodes, *node).is_some();
        let undated = nodes.dense.iter().copied().filter(|node| !dated(node)).collect();
        Self { all: hashes(nodes.dense.clone()), undated: hashes(undated) }
    }
}

/// Looks up neighbours of one kind among the dense nodes.
pub(super) struct Dense<'a> {
    question: &'a Question<'a>,
    nodes: &'a Nodes,
    /// Bursts are looked for, not copies, and not with those that are superfluous anyway.
    bursts: Option<&'a [bool]>,
    all: Asked<'a>,
    undated: Asked<'a>,
    /// Dated nodes by the second in which they were taken, by the camera's clock and by the
    /// world's: only such can be copies of one another.
    seconds: HashMap<(bool, i64), Vec<u32>>,
}

impl<'a> Dense<'a> {
    pub fn new(
        question: &'a Question<'a>,
        nodes: &'a Nodes,
        hashes: &'a DenseHashes,
        bursts: Option<&'a [bool]>,
    ) -> Self {
        let radius = question.policy.radius;
        let first = |node: &u32| question.view(nodes.first(*node));
        let fine_of = |chosen: &[u32]| chosen.iter().map(|node| first(node).fine).collect();
        let asked = |(nodes, hashes): &'a (Vec<u32>, Vec<PerceptualHash>)| Asked {
            nodes: nodes.clone(),
            query: index::query(hashes, nodes.len(), radius),
            fine: question.options.fine_only.then(|| fine_of(nodes)),
        };
        let mut seconds: HashMap<(bool, i64), Vec<u32>> = HashMap::new();
        for &node in &nodes.dense {
            for second in time(question, nodes, node).into_iter().flat_map(moments) {
                seconds.entry(second).or_default().push(node);
            }
        }
        let (all, undated) = (asked(&hashes.all), asked(&hashes.undated));
        Self { question, nodes, bursts, all, undated, seconds }
    }

    /// Those of `asked` within the radius of a node, turned as it may be; perhaps not within the
    /// fine radius.
    fn candidates(&self, asked: &Asked<'_>, node: u32, found: &mut Vec<u32>) {
        let picture = self.nodes.first(node);
        let hash = &self.question.pictures[picture as usize].record.hash;
        let turns = if self.question.options.any_orientation { Orientation::ALL.len() } else { 1 };
        for orientation in Orientation::ALL.into_iter().take(turns) {
            if let Some(fine) = &asked.fine {
                let needle = hash.oriented(orientation).fine;
                let near = fine::within(needle, fine, self.question.policy.fine_radius);
                found.extend(near.into_iter().map(|n| asked.nodes[n.position as usize]));
                continue;
            }
            let needle = hash.oriented(orientation).phash;
            let near = asked.query.within(needle, self.question.policy.radius);
            found.extend(near.into_iter().map(|n| asked.nodes[n.position as usize]));
        }
    }
}

fn time(question: &Question<'_>, nodes: &Nodes, node: u32) -> Option<CaptureTime> {
    question.pictures[nodes.first(node) as usize].record.metadata.captured
}

/// The second by the camera's clock, and where its zone is known by the world's.
fn moments(time: CaptureTime) -> impl Iterator<Item = (bool, i64)> {
    let local = (false, time.local_seconds);
    let world = time
        .offset_minutes
        .map(|offset| (true, time.local_seconds.saturating_sub(i64::from(offset) * 60)));
    std::iter::once(local).chain(world)
}

impl Lookup for Dense<'_> {
    fn add_neighbours(&mut self, node: u32, neighbours: &mut Vec<u32>) {
        if self.nodes.dense.binary_search(&node).is_err() {
            return;
        }
        let (question, nodes) = (self.question, self.nodes);
        let all_are_copies = question.options.include_bursts;
        let taken_at = time(question, nodes, node);
        if let Some(superfluous) = self.bursts
            && (superfluous[node as usize] || taken_at.is_none())
        {
            return;
        }
        let mut candidates = Vec::new();
        match taken_at {
            // Its copies were taken in the same second, or are undated.
            Some(time) if self.bursts.is_none() && !all_are_copies => {
                for second in moments(time) {
                    candidates.extend(self.seconds.get(&second).into_iter().flatten());
                }
                self.candidates(&self.undated, node, &mut candidates);
            }
            _ => self.candidates(&self.all, node, &mut candidates),
        }
        candidates.sort_unstable();
        candidates.dedup();
        let first = nodes.first(node);
        neighbours.extend(candidates.into_iter().filter(|&other| {
            let second = nodes.first(other);
            let (role, other_role) =
                (question.roles[first as usize], question.roles[second as usize]);
            let both_kept = nodes.references[node as usize] && nodes.references[other as usize];
            let burst = || question.relation(first, second, false) == Relation::Burst;
            other != node
                && !both_kept
                && role.may_match(other_role)
                && near(question, first, second).is_some()
                && (all_are_copies || burst() == self.bursts.is_some())
        }));
    }
}
