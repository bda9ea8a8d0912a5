//! Which classes are near each other: candidates by the 64-bit hash, confirmed by the 256-bit one.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Question;
use super::classes::{Classes, Hashes};
use crate::dedupe::partition::Edge;
use crate::index::fine::{self, FinePair};
use crate::index::{Joiner, Pair};
use crate::model::media::Orientation;
use crate::model::phash::{FineHash, Nearness, PerceptualHash, View};

/// From so many neighbours on a class is dense: which other dense ones are near it is not written
/// down but looked up (`dense.rs`), so that a time-lapse of 100,000 frames does not become
/// billions of pairs.
const DENSE_FROM: u32 = 256;
/// Classes of two near hashes are paired one by one up to so many pairs; beyond, all are dense.
const PAIRED_UP_TO: u64 = 4096;

/// All pairs of near classes, but for those of two dense ones. Eight bytes per pair.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The smaller number first, ascending.
    pub edges: Vec<Edge>,
    /// Classes whose pairs with each other are not all among the edges, ascending.
    pub dense: Vec<u32>,
}

/// How near two pictures are, one of them turned as it may be; `None` when they are not within both
/// radii, or were called two pictures. The same from both sides, with the inverse orientation.
pub(super) fn near(question: &Question<'_>, a: u32, b: u32) -> Option<Nearness> {
    if question.marked.are_apart(a, b) {
        return None;
    }
    let (policy, fine_only) = (question.policy, question.options.fine_only);
    let hash = |index: u32| &question.pictures[index as usize].record.hash;
    hash(a).nearest(
        hash(b),
        Orientation::turns(question.options.any_orientation),
        |distance, fine_distance| {
            (fine_only || distance <= policy.radius) && fine_distance <= policy.fine_radius
        },
    )
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
    let radius = question.policy.radius.0;
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
        let (own_section, reference_section) = (0..classes.own, classes.own..classes.hashed);
        for orientation in Orientation::ALL.into_iter().skip(1) {
            // Both sides of each pair: any of the two may be the one that is turned.
            search.turned(joiner, orientation, own_section.clone(), &own);
            search.turned(joiner, orientation, own_section.clone(), &references);
            search.turned(joiner, orientation, reference_section.clone(), &own);
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

    /// Takes up a pair that is near by the 64-bit hash when `a` is turned, if it is so by the
    /// 256-bit hash too.
    fn confirm(&self, a: u32, b: u32, orientation: Orientation, edges: &mut Vec<Edge>) {
        if a == b || self.is_dense(a) && self.is_dense(b) {
            return;
        }
        let (first, second) = (self.classes.first(a), self.classes.first(b));
        let question = self.question;
        let fine_distance =
            self.view(a, orientation).fine.distance(self.view(b, Orientation::Upright).fine);
        let roles = &question.roles;
        if fine_distance <= question.policy.fine_radius
            && roles[first as usize].may_match(roles[second as usize])
            && !question.marked.are_apart(first, second)
        {
            edges.push(Edge { a: a.min(b), b: a.max(b) });
            for class in [a, b] {
                self.degrees[class as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The hashes that a class has when it is turned.
    fn view(&self, class: u32, orientation: Orientation) -> View {
        let first = self.classes.first(class);
        self.question.pictures[first as usize].record.hash.oriented(orientation)
    }

    /// Joins the classes of a section as they look after `orientation` with those of a library as
    /// they are. Within one section this finds each pair from both sides, by an orientation and by
    /// its inverse.
    fn turned(
        &self,
        joiner: &dyn Joiner,
        orientation: Orientation,
        section: Range<u32>,
        library: &Hashes,
    ) {
        if section.is_empty() || library.distinct.is_empty() {
            return;
        }
        let start = section.start;
        let needles: Vec<PerceptualHash> =
            section.map(|class| self.view(class, orientation).phash).collect();
        let radius = self.question.policy.radius.0;
        joiner.cross_join(&needles, &library.distinct, radius, &|pairs: &[Pair]| {
            self.keep(|edges| {
                for pair in pairs {
                    for b in library.classes(pair.b) {
                        self.confirm(start + pair.a, b, orientation, edges);
                    }
                }
            });
        });
    }

    /// By the 256-bit hash alone. Classes of equal hashes are paired like others: there are few, as
    /// only what was taken at other times is in another class.
    fn by_fine_hash(&self, joiner: &dyn Joiner) {
        let radius = self.question.policy.fine_radius.0;
        let (own, references) = (0..self.classes.own, self.classes.own..self.classes.hashed);
        let fine = |section: &Range<u32>, orientation: Orientation| -> Vec<FineHash> {
            section.clone().map(|class| self.view(class, orientation).fine).collect()
        };
        let own_hashes = fine(&own, Orientation::Upright);
        fine::self_join(joiner, &own_hashes, radius, &|pairs: &[FinePair]| {
            self.keep(|edges| {
                for pair in pairs {
                    self.confirm(pair.a, pair.b, Orientation::Upright, edges);
                }
            });
        });
        let reference_hashes = fine(&references, Orientation::Upright);
        let join =
            |needles: &Range<u32>, orientation, library: &Range<u32>, hashes: &[FineHash]| {
                let turned = fine(needles, orientation);
                fine::cross_join(joiner, &turned, hashes, radius, &|pairs: &[FinePair]| {
                    self.keep(|edges| {
                        for pair in pairs {
                            let (a, b) = (needles.start + pair.a, library.start + pair.b);
                            self.confirm(a, b, orientation, edges);
                        }
                    });
                });
            };
        for &orientation in Orientation::turns(self.question.options.any_orientation) {
            join(&own, orientation, &references, &reference_hashes);
            if orientation != Orientation::Upright {
                join(&own, orientation, &own, &own_hashes);
                join(&references, orientation, &own, &own_hashes);
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
