//! Which classes are near each other: candidates by the 64-bit hash, confirmed by the 256-bit one.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Question;
use super::classes::{Classes, Hashes};
use crate::group::Edge;
use crate::index::fine::{self, FinePair};
use crate::index::{Joiner, Pair};
use crate::media::Orientation;
use crate::phash::{FineHash, PerceptualHash};

/// How near two pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    pub fine_distance: u32,
    pub distance: u32,
    /// What turns the first into the second.
    pub orientation: Orientation,
}

/// From so many neighbours on a class is dense: which other dense ones are near it is not written
/// down but looked up (`dense.rs`), so that a time-lapse of 100,000 frames does not become
/// thousands of millions of pairs.
const DENSE_FROM: u32 = 256;
/// Classes of two near hashes are paired one by one up to so many pairs; beyond, all are dense.
const PAIRED_UP_TO: u64 = 4096;

/// All pairs of near classes, but for those of two dense ones. Eight bytes a pair.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The smaller number first, ascending.
    pub edges: Vec<Edge>,
    /// Classes whose pairs with each other are not all among the edges, ascending.
    pub dense: Vec<u32>,
}

/// How near `b` is to `a`, turned as it may be; `None` when it is not within both radii, or
/// was called another picture.
pub(super) fn near(question: &Question<'_>, a: u32, b: u32) -> Option<Near> {
    if question.marked.are_apart(a, b) {
        return None;
    }
    let hash = &question.pictures[a as usize].record.hash;
    let other = question.view(b);
    let orientations = if question.options.any_orientation {
        &Orientation::ALL[..]
    } else {
        &[Orientation::Upright]
    };
    orientations
        .iter()
        .filter_map(|&orientation| {
            let view = hash.oriented(orientation);
            let distance = view.phash.distance(other.phash);
            let within = question.options.fine_only || distance <= question.policy.radius;
            let fine_distance = if within { view.fine.distance(other.fine) } else { u32::MAX };
            let near = Near { fine_distance, distance, orientation };
            (within && fine_distance <= question.policy.fine_radius).then_some(near)
        })
        .min()
}

/// What the threads of a join share.
struct Search<'a> {
    question: &'a Question<'a>,
    classes: &'a Classes,
    /// Neighbours of each class, or [`DENSE_FROM`] and more when it was declared dense.
    degrees: Vec<AtomicU32>,
    edges: Mutex<Vec<Edge>>,
}

/// Finds all pairs of classes within both radii, of which at most one is in a reference folder.
pub(super) fn find(question: &Question<'_>, classes: &Classes, joiner: &dyn Joiner) -> Neighbours {
    let search = Search {
        question,
        classes,
        degrees: (0..classes.hashed).map(|_| AtomicU32::new(0)).collect(),
        edges: Mutex::default(),
    };
    if question.options.fine_only {
        search.by_fine_hash(joiner);
        return search.finish();
    }
    let own = classes.hashes(question, 0..classes.own);
    let references = classes.hashes(question, classes.own..classes.hashed);
    let radius = question.policy.radius;
    for hash in 0..own.distinct.len() as u32 {
        let alike = own.classes(hash);
        if alike.len() > 1 {
            search.keep(|edges| search.offer(alike.clone(), alike.clone(), edges));
        }
    }
    joiner.self_join(&own.distinct, radius, &|pairs: &[Pair]| {
        search.keep(|edges| {
            for pair in pairs {
                search.offer(own.classes(pair.a), own.classes(pair.b), edges);
            }
        });
    });
    if !references.distinct.is_empty() {
        joiner.cross_join(&own.distinct, &references.distinct, radius, &|pairs: &[Pair]| {
            search.keep(|edges| {
                for pair in pairs {
                    search.offer(own.classes(pair.a), references.classes(pair.b), edges);
                }
            });
        });
    }
    if question.options.any_orientation {
        for orientation in Orientation::ALL.into_iter().skip(1) {
            search.turned(joiner, orientation, &own);
            search.turned(joiner, orientation, &references);
        }
    }
    search.finish()
}

impl Search<'_> {
    /// Runs what fills a list of edges, and keeps them.
    fn keep(&self, fill: impl FnOnce(&mut Vec<Edge>)) {
        let mut edges = Vec::new();
        fill(&mut edges);
        if !edges.is_empty() {
            self.edges.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&edges);
        }
    }

    fn is_dense(&self, class: u32) -> bool {
        self.degrees[class as usize].load(Ordering::Relaxed) >= DENSE_FROM
    }

    /// The classes of two near hashes, or of one with themselves.
    fn offer(&self, left: Range<u32>, right: Range<u32>, edges: &mut Vec<Edge>) {
        if left.len() as u64 * right.len() as u64 > PAIRED_UP_TO {
            for class in left.chain(right) {
                self.degrees[class as usize].fetch_max(DENSE_FROM, Ordering::Relaxed);
            }
            return;
        }
        for a in left {
            for b in right.clone() {
                if left_of(a, &right) || a < b {
                    self.confirm(a, b, Orientation::Upright, edges);
                }
            }
        }
    }

    fn confirm(&self, a: u32, b: u32, orientation: Orientation, edges: &mut Vec<Edge>) {
        if self.is_dense(a) && self.is_dense(b) {
            return;
        }
        let (first, second) = (self.classes.first(a), self.classes.first(b));
        let question = self.question;
        let turned = question.pictures[first as usize].record.hash.oriented(orientation);
        let fine_distance = turned.fine.distance(question.view(second).fine);
        let roles = &question.roles;
        if fine_distance <= question.policy.fine_radius
            && roles[first as usize].may_match(roles[second as usize])
            && !question.marked.are_apart(first, second)
        {
            edges.push(Edge { a, b });
            for class in [a, b] {
                self.degrees[class as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Joins the pictures as they would look after `orientation` with those of a section as they
    /// are. Within one section the other half is found from the other side, by the inverse.
    fn turned(&self, joiner: &dyn Joiner, orientation: Orientation, library: &Hashes) {
        let needles: Vec<PerceptualHash> = (0..self.classes.own)
            .map(|class| {
                let first = self.classes.first(class);
                self.question.pictures[first as usize].record.hash.oriented(orientation).phash
            })
            .collect();
        let radius = self.question.policy.radius;
        joiner.cross_join(&needles, &library.distinct, radius, &|pairs: &[Pair]| {
            self.keep(|edges| {
                for pair in pairs {
                    for b in library.classes(pair.b).filter(|&b| pair.a < b) {
                        self.confirm(pair.a, b, orientation, edges);
                    }
                }
            });
        });
    }

    /// By the 256-bit hash alone. Classes of equal hashes are paired like others: there are few, as
    /// only what was taken at other times is in another class.
    fn by_fine_hash(&self, joiner: &dyn Joiner) {
        let radius = self.question.policy.fine_radius;
        let fine = |section: Range<u32>, orientation: Orientation| -> Vec<FineHash> {
            let first = section.map(|class| self.classes.first(class));
            first
                .map(|index| {
                    self.question.pictures[index as usize].record.hash.oriented(orientation).fine
                })
                .collect()
        };
        let own = fine(0..self.classes.own, Orientation::Upright);
        let references = fine(self.classes.own..self.classes.hashed, Orientation::Upright);
        let offset = self.classes.own;
        fine::self_join(joiner, &own, radius, &|pairs: &[FinePair]| {
            self.keep(|edges| {
                for pair in pairs {
                    self.confirm(pair.a, pair.b, Orientation::Upright, edges);
                }
            });
        });
        let turns = if self.question.options.any_orientation { Orientation::ALL.len() } else { 1 };
        for orientation in Orientation::ALL.into_iter().take(turns) {
            let needles = fine(0..self.classes.own, orientation);
            fine::cross_join(joiner, &needles, &references, radius, &|pairs: &[FinePair]| {
                self.keep(|edges| {
                    for pair in pairs {
                        self.confirm(pair.a, offset + pair.b, orientation, edges);
                    }
                });
            });
            if orientation != Orientation::Upright {
                fine::cross_join(joiner, &needles, &own, radius, &|pairs: &[FinePair]| {
                    self.keep(|edges| {
                        for pair in pairs.iter().filter(|pair| pair.a < pair.b) {
                            self.confirm(pair.a, pair.b, orientation, edges);
                        }
                    });
                });
            }
        }
    }

    fn finish(self) -> Neighbours {
        let dense =
            (0..self.classes.hashed).filter(|&class| self.is_dense(class)).collect::<Vec<_>>();
        let mut edges = self.edges.into_inner().unwrap_or_else(PoisonError::into_inner);
        edges.sort_unstable();
        edges.dedup();
        Neighbours { edges, dense }
    }
}

/// Whether a class lies before a whole range, and so is paired with all of it.
fn left_of(class: u32, range: &Range<u32>) -> bool {
    class < range.start
}
