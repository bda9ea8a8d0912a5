//! Neighbours among the nodes that have hundreds of them: looked up when they are needed, as each
//! of them is soon taken by a better one.

use std::collections::HashMap;

use super::Question;
use super::neighbours::near_by_hashes;
use super::nodes::Nodes;
use super::prover::Candidate;
use crate::dedupe::partition::Lookup;
use crate::index::{self, Query, fine};
use crate::model::media::{CaptureTime, Orientation};
use crate::model::phash::{FineHash, Nearness, PerceptualHash, View};

/// Pairs that are proven together.
const PROVEN_AT_ONCE: usize = 256;
/// After so many refusals a dense node has no more neighbours.
const MOST_REFUSED: usize = 512;

/// Some dense nodes, ready to be asked for those near a hash.
struct Asked<'a> {
    nodes: &'a [u32],
    /// By each of the views that were hashed.
    views: Vec<Index<'a>>,
}

/// One view of all nodes asked.
struct Index<'a> {
    query: Box<dyn Query + 'a>,
    /// The 256-bit hashes, where these alone count.
    fine: Option<Vec<FineHash>>,
}

/// Some dense nodes, and the 64-bit hashes of their views: of the upright one, and where pictures
/// are turned of the other three that are stored.
struct Hashed {
    nodes: Vec<u32>,
    views: Vec<Vec<PerceptualHash>>,
}

/// The hashes of the dense nodes: all of them, and of the undated ones.
pub(super) struct DenseHashes {
    all: Hashed,
    undated: Hashed,
}

impl DenseHashes {
    pub fn new(question: &Question<'_>, nodes: &Nodes) -> Self {
        let views = if question.options.any_orientation { 4 } else { 1 };
        let hashed = |chosen: Vec<u32>| {
            let views = (0..views).map(|view| {
                chosen.iter().map(|&node| view_of(question, nodes, node, view).phash).collect()
            });
            Hashed { views: views.collect(), nodes: chosen }
        };
        let dated = |node: &u32| time(question, nodes, *node).is_some();
        let undated = nodes.dense.iter().copied().filter(|node| !dated(node)).collect();
        Self { all: hashed(nodes.dense.clone()), undated: hashed(undated) }
    }
}

/// A stored view of a node.
fn view_of(question: &Question<'_>, nodes: &Nodes, node: u32, view: usize) -> View {
    question.pictures[nodes.first(node) as usize].record.hash.views[view]
}

/// What is looked for among the dense nodes.
#[derive(Clone, Copy)]
pub(super) enum NeighbourKind<'a> {
    /// Copies, and whatever is acted on like copies.
    Copies,
    /// Bursts and what is only alike, and none for those that are superfluous anyway.
    Doubtful {
        /// By node.
        superfluous: &'a [bool],
    },
    /// Whatever is near.
    Any,
}

/// Looks up neighbours of one kind among the dense nodes.
pub(super) struct Dense<'a> {
    question: &'a Question<'a>,
    nodes: &'a Nodes,
    wanted: NeighbourKind<'a>,
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
        wanted: NeighbourKind<'a>,
    ) -> Self {
        let radius = question.policy.radius.0;
        let asked = |hashed: &'a Hashed| {
            let fine_of = |view: usize| {
                let fine = |&node: &u32| view_of(question, nodes, node, view).fine;
                hashed.nodes.iter().map(fine).collect()
            };
            let views = hashed.views.iter().enumerate().map(|(view, hashes)| Index {
                query: index::query(hashes, hashed.nodes.len(), radius),
                fine: question.options.fine_only.then(|| fine_of(view)),
            });
            Asked { nodes: &hashed.nodes, views: views.collect() }
        };
        let mut seconds: HashMap<(bool, i64), Vec<u32>> = HashMap::new();
        for &node in &nodes.dense {
            for second in time(question, nodes, node).into_iter().flat_map(moments) {
                seconds.entry(second).or_default().push(node);
            }
        }
        let (all, undated) = (asked(&hashes.all), asked(&hashes.undated));
        Self { question, nodes, wanted, all, undated, seconds }
    }

    /// Those of `asked` within the radius of a node when either of both is turned; perhaps not
    /// within the fine radius.
    fn candidates(&self, asked: &Asked<'_>, node: u32, found: &mut Vec<u32>) {
        let policy = self.question.policy;
        let picture = self.nodes.first(node);
        let hash = &self.question.pictures[picture as usize].record.hash;
        for side in hash.sides(Orientation::turns(self.question.options.any_orientation)) {
            let Some(index) = asked.views.get(side.view) else { continue };
            if let Some(fine) = &index.fine {
                let near = fine::within(side.needle.fine, fine, policy.fine_radius.0);
                found.extend(near.into_iter().map(|n| asked.nodes[n.position as usize]));
            } else {
                let near = index.query.within(side.needle.phash, policy.radius.0);
                found.extend(near.into_iter().map(|n| asked.nodes[n.position as usize]));
            }
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
        if let NeighbourKind::Doubtful { superfluous } = self.wanted
            && superfluous[node as usize]
        {
            return;
        }
        let mut candidates = Vec::new();
        match taken_at {
            // Its copies were taken in the same second, or are undated.
            Some(time) if matches!(self.wanted, NeighbourKind::Copies) && !all_are_copies => {
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
        candidates.retain(|&other| {
            let second = nodes.first(other);
            let both_kept = nodes.references[node as usize] && nodes.references[other as usize];
            other != node && !both_kept && near_by_hashes(question, first, second).is_some()
        });
        self.prove(first, &candidates);
        neighbours.extend(candidates.into_iter().filter(|&other| {
            let second = nodes.first(other);
            let relation = || question.relation(first, second);
            let of_the_kind = || match self.wanted {
                NeighbourKind::Copies => question.acts_on(relation()),
                NeighbourKind::Doubtful { .. } => !question.acts_on(relation()),
                NeighbourKind::Any => true,
            };
            question.may_pair(first, second) && of_the_kind()
        }));
    }
}

impl Dense<'_> {
    /// Proves the pairs of a picture and other nodes, the nearest first. Where hundreds are refused
    /// (pages of one layout), the rest is taken for different too.
    fn prove(&self, first: u32, others: &[u32]) {
        let question = self.question;
        let mut pairs: Vec<(Nearness, u32)> = others
            .iter()
            .map(|&other| self.nodes.first(other))
            .filter(|&second| question.proofs.get(first, second).is_none())
            .filter_map(|second| Some((near_by_hashes(question, first, second)?, second)))
            .collect();
        pairs.sort_unstable();
        let mut refused = 0;
        for pairs in pairs.chunks(PROVEN_AT_ONCE) {
            let candidate = |&(near, second): &(Nearness, u32)| {
                let (a, b) = (first.min(second), first.max(second));
                let orientation =
                    if first < second { near.orientation } else { near.orientation.inverse() };
                Candidate { first: a, second: b, orientation, starts: Vec::new() }
            };
            question.proofs.prove(pairs.iter().map(candidate).collect());
            let is_refused = |&&(_, second): &&(Nearness, u32)| !question.may_pair(first, second);
            refused += pairs.iter().filter(is_refused).count();
            if refused >= MOST_REFUSED {
                break;
            }
        }
    }
}
