//! Which classes show the same: candidates by the hashes of whole pictures, of windows and of
//! halves, then the proof.

mod windows;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Question;
use super::classes::{Classes, Hashes};
use super::proofs::Reach;
use super::prover::{Candidate, Earlier, Standing};
use windows::{WindowNeedles, WindowSection};

use crate::dedupe::components::Components;
use crate::dedupe::partition::Edge;
use crate::index::fine::{self, FinePair};
use crate::index::{Joiner, Match, Needles, Pair, Radii};
use crate::model::media::Orientation;
use crate::model::phash::{Distance, FineDistance, FineHash, Nearness, PerceptualHash, View};
use crate::picture::part::Part;
use crate::picture::proof::{Start, Whose};
use crate::picture::window::Window;

/// From so many neighbours on a class is dense: which other dense ones are near it is not written
/// down but looked up (`dense.rs`), so that a time-lapse of 100,000 frames does not become
/// billions of pairs.
const DENSE_FROM: u32 = 256;
/// Classes of two near hashes are paired one by one up to so many pairs; beyond, all are dense.
const PAIRED_UP_TO: u64 = 4096;
/// Candidates that wait for the proof at most: 16 bytes each.
const MOST_WAITING: usize = 1 << 22;
/// Bits of a fine hash: within so many every pair is.
const FINE_BITS: u32 = 256;
/// Candidates that are handed to the prover at once.
const PROVEN_AT_ONCE: usize = 1 << 18;

/// All pairs of near classes, but for those of two dense ones. Eight bytes per pair.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The smaller number first, ascending.
    pub edges: Vec<Edge>,
    /// Classes whose pairs with each other are not all among the edges, ascending.
    pub dense: Vec<u32>,
}

/// How near two pictures are by their hashes, one of them turned as it may be; `None` when they are
/// not within both radii, or were called two pictures. The same from both sides, with the inverse
/// orientation.
pub(super) fn near_by_hashes(question: &Question<'_>, a: u32, b: u32) -> Option<Nearness> {
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

/// How near two pictures are of which it was proven that they may stand in one group; `None` where
/// it was not.
pub(super) fn near(question: &Question<'_>, a: u32, b: u32) -> Option<Nearness> {
    if !question.may_pair(a, b) {
        return None;
    }
    let proven = question.proofs.get(a, b)?;
    if proven.per_cent.is_none()
        && let Some(near) = near_by_hashes(question, a, b)
    {
        return Some(near);
    }
    let hash = |index: u32| &question.pictures[index as usize].record.hash;
    hash(a).nearest(hash(b), &[proven.orientation], |_, _| true)
}

/// Two classes that may show the same, and what brought them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    /// The one whose window it is.
    a: u32,
    b: u32,
    /// Turns `a` into `b`.
    orientation: Orientation,
    /// The number of the window; `None` for whole pictures and halves.
    window: Option<u16>,
}

/// What the threads of a join share.
struct Search<'a> {
    question: &'a Question<'a>,
    classes: &'a Classes,
    reach: Reach,
    /// All windows that are looked through; candidates have their numbers.
    windows: Vec<Window>,
    /// Neighbours of each class, or [`DENSE_FROM`] and more when it was declared dense.
    degrees: Vec<AtomicU32>,
    found: Mutex<Vec<Found>>,
    /// Connects the pairs that are not written down, where somebody wants to know of them.
    unwritten: Option<&'a Mutex<Components>>,
}

/// Finds all pairs of classes that show the same, of which at most one is in a reference folder.
pub(super) fn find(question: &Question<'_>, classes: &Classes, joiner: &dyn Joiner) -> Neighbours {
    let options = question.options;
    let prover = question.proofs.prover();
    let reach = Reach::new(question.policy, options.fine_only, prover.sees_tiles());
    let mut search = Search::new(question, classes, reach);
    let mut edges = Vec::new();
    if options.fine_only {
        search.by_fine_hash(joiner);
        return search.finish(edges);
    }
    // Between reference folders nothing is looked for, so that there not all pairs are known.
    let remembers = classes.hashed == classes.own;
    let firsts: Vec<u32> = (0..classes.own).map(|class| classes.first(class)).collect();
    let earlier = if remembers { prover.earlier(&firsts) } else { Earlier::default() };
    let is_fresh = |&class: &u32| !earlier.compared.contains(&classes.first(class));
    let fresh: Vec<u32> = (0..classes.own).filter(is_fresh).collect();
    if fresh.len() * 2 < firsts.len() {
        edges.extend(recalled(question, &firsts, earlier));
        if !fresh.is_empty() {
            search.news(joiner, fresh, &mut edges);
        }
    } else {
        search.everything(joiner, &mut edges);
    }
    let neighbours = search.finish(edges);
    if remembers {
        let sparse =
            (0..classes.own).filter(|class| neighbours.dense.binary_search(class).is_err());
        prover.note_compared(&sparse.map(|class| classes.first(class)).collect::<Vec<_>>());
    }
    neighbours
}

/// Finds pairs of classes that show the same, of which at most one is in a reference folder: those
/// across two sides, or if no class is on the second one, all. Pairs that [`find`] does not write
/// down are connected in `unwritten` without a proof.
#[cfg(feature = "kernel")]
pub(super) fn connect(
    question: &Question<'_>,
    classes: &Classes,
    is_second: &dyn Fn(u32) -> bool,
    joiner: &dyn Joiner,
    unwritten: &Mutex<Components>,
) -> Vec<Edge> {
    let fine_only = question.options.fine_only;
    let reach = Reach::new(question.policy, fine_only, question.proofs.prover().sees_tiles());
    let mut search = Search { unwritten: Some(unwritten), ..Search::new(question, classes, reach) };
    let mut edges = Vec::new();
    if fine_only {
        // What both sides have within themselves is found too, and does no harm.
        search.by_fine_hash(joiner);
    } else if (0..classes.hashed).any(is_second) {
        search.across(joiner, is_second, &mut edges);
    } else {
        search.everything(joiner, &mut edges);
    }
    search.finish(edges).edges
}

/// The pairs of an earlier run, as pairs of classes. `firsts` has the picture of each class.
fn recalled(question: &Question<'_>, firsts: &[u32], earlier: Earlier) -> Vec<Edge> {
    let classes: HashMap<u32, u32> = firsts.iter().copied().zip(0..).collect();
    let pairs: Vec<(u32, u32)> = earlier.pairs.iter().map(|&(a, b, _)| (a, b)).collect();
    question.proofs.extend(earlier.pairs);
    let edge = |&(a, b): &(u32, u32)| {
        let (a_class, b_class) = (*classes.get(&a)?, *classes.get(&b)?);
        let edge = Edge { a: a_class.min(b_class), b: a_class.max(b_class) };
        question.may_pair(a, b).then_some(edge)
    };
    pairs.iter().filter_map(edge).collect()
}

impl<'a> Search<'a> {
    fn new(question: &'a Question<'a>, classes: &'a Classes, reach: Reach) -> Self {
        Self {
            question,
            classes,
            reach,
            windows: reach.windows.windows(),
            degrees: (0..classes.hashed).map(|_| AtomicU32::new(0)).collect(),
            found: Mutex::default(),
            unwritten: None,
        }
    }
}

impl Search<'_> {
    /// Runs what fills a list of candidates, and keeps them.
    fn keep(&self, fill: impl FnOnce(&mut Vec<Found>)) {
        let mut found = Vec::new();
        fill(&mut found);
        if !found.is_empty() {
            self.found.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&found);
        }
    }

    fn is_dense(&self, class: u32) -> bool {
        self.degrees[class as usize].load(Ordering::Relaxed) >= DENSE_FROM
    }

    /// All classes with one another.
    fn everything(&mut self, joiner: &dyn Joiner, edges: &mut Vec<Edge>) {
        let own: Vec<u32> = (0..self.classes.own).collect();
        let references: Vec<u32> = (self.classes.own..self.classes.hashed).collect();
        let own_hashes = self.classes.hashes(self.question, own.clone());
        let reference_hashes = self.classes.hashes(self.question, references.clone());
        self.whole(joiner, &own_hashes, &reference_hashes);
        for &orientation in self.turned() {
            // Both sides of each pair: any of the two may be the one that is turned.
            let (own, references) =
                (self.wholes(&own, orientation), self.wholes(&references, orientation));
            for (needles, library) in
                [(&own, &own_hashes), (&own, &reference_hashes), (&references, &own_hashes)]
            {
                self.cross(joiner, needles, library, orientation, self.reach.whole);
            }
        }
        let Some(within) = self.reach.half else { return };
        let sections = [
            WindowSection {
                classes: own.clone(),
                libraries: vec![&own_hashes, &reference_hashes],
                kept: false,
            },
            WindowSection {
                classes: references.clone(),
                libraries: vec![&own_hashes],
                kept: false,
            },
        ];
        for half in self.look_through(joiner, &sections, edges) {
            self.halves(joiner, &own, None, &half, within);
            self.halves(joiner, &own, Some(&references), &half, within);
        }
    }

    /// What is new with one another and with everything else: both ways, as any of the two may be
    /// the one that shows a part.
    fn news(&mut self, joiner: &dyn Joiner, fresh: Vec<u32>, edges: &mut Vec<Edge>) {
        let all: Vec<u32> = (0..self.classes.own).collect();
        let is_fresh: HashSet<u32> = fresh.iter().copied().collect();
        let old: Vec<u32> = all.iter().copied().filter(|class| !is_fresh.contains(class)).collect();
        let all_hashes = self.classes.hashes(self.question, all.clone());
        let fresh_hashes = self.classes.hashes(self.question, fresh.clone());
        for &orientation in self.turns() {
            let needles = self.wholes(&fresh, orientation);
            self.cross(joiner, &needles, &all_hashes, orientation, self.reach.whole);
            if orientation != Orientation::Upright {
                let needles = self.wholes(&old, orientation);
                self.cross(joiner, &needles, &fresh_hashes, orientation, self.reach.whole);
            }
        }
        let Some((radius, _)) = self.reach.half else { return };
        let sections = [
            WindowSection { classes: fresh.clone(), libraries: vec![&all_hashes], kept: false },
            // The hashes of the windows of what is known are kept.
            WindowSection { classes: old.clone(), libraries: vec![&fresh_hashes], kept: true },
        ];
        // Of kept halves only the 64-bit hashes are known: the proof decides.
        let within = (radius, FineDistance(FINE_BITS));
        for half in self.look_through(joiner, &sections, edges) {
            self.halves(joiner, &fresh, None, &half, within);
            self.halves(joiner, &fresh, Some(&old), &half, within);
        }
    }

    /// The classes of two sides with those of the other one.
    #[cfg(feature = "kernel")]
    fn across(
        &mut self,
        joiner: &dyn Joiner,
        is_second: &dyn Fn(u32) -> bool,
        edges: &mut Vec<Edge>,
    ) {
        let side = |second: bool| {
            let of = |range: Range<u32>| range.filter(|&c| is_second(c) == second).collect();
            let (own, references): (Vec<u32>, Vec<u32>) =
                (of(0..self.classes.own), of(self.classes.own..self.classes.hashed));
            let hashes = |classes: &Vec<u32>| self.classes.hashes(self.question, classes.clone());
            let (own_hashes, reference_hashes) = (hashes(&own), hashes(&references));
            (own, references, own_hashes, reference_hashes)
        };
        let (own, references, own_hashes, reference_hashes) = side(false);
        let (other_own, other_references, other_own_hashes, other_reference_hashes) = side(true);
        for &orientation in self.turns() {
            let mut pairs = vec![
                (&own, &other_own_hashes),
                (&own, &other_reference_hashes),
                (&references, &other_own_hashes),
            ];
            if orientation != Orientation::Upright {
                // Any of the two may be the one that is turned.
                pairs.extend([
                    (&other_own, &own_hashes),
                    (&other_own, &reference_hashes),
                    (&other_references, &own_hashes),
                ]);
            }
            for (needles, library) in pairs {
                let needles = self.wholes(needles, orientation);
                self.cross(joiner, &needles, library, orientation, self.reach.whole);
            }
        }
        let Some(within) = self.reach.half else { return };
        let section = |classes: &[u32], libraries| WindowSection {
            classes: classes.to_vec(),
            libraries,
            kept: false,
        };
        let sections = [
            section(&own, vec![&other_own_hashes, &other_reference_hashes]),
            section(&references, vec![&other_own_hashes]),
            section(&other_own, vec![&own_hashes, &reference_hashes]),
            section(&other_references, vec![&own_hashes]),
        ];
        for half in self.look_through(joiner, &sections, edges) {
            self.halves(joiner, &own, Some(&other_own), &half, within);
            self.halves(joiner, &own, Some(&other_references), &half, within);
            self.halves(joiner, &references, Some(&other_own), &half, within);
        }
    }

    fn turns(&self) -> &'static [Orientation] {
        Orientation::turns(self.question.options.any_orientation)
    }

    fn turned(&self) -> impl Iterator<Item = &'static Orientation> {
        self.turns().iter().filter(|&&orientation| orientation != Orientation::Upright)
    }

    /// Whole pictures, as they are, with one another.
    fn whole(&self, joiner: &dyn Joiner, own: &Hashes, references: &Hashes) {
        let radius = self.reach.whole.0.0;
        for hash in 0..own.distinct.len() as u32 {
            let alike = own.classes(hash);
            if alike.len() > 1 {
                self.keep(|found| self.offer(alike, alike, found));
            }
        }
        joiner.self_join(&own.distinct, radius, &|pairs: &[Pair]| {
            self.keep(|found| {
                for pair in pairs {
                    self.offer(own.classes(pair.a), own.classes(pair.b), found);
                }
            });
        });
        if !references.distinct.is_empty() {
            joiner.cross_join(&own.distinct, &references.distinct, radius, &|pairs: &[Pair]| {
                self.keep(|found| {
                    for pair in pairs {
                        self.offer(own.classes(pair.a), references.classes(pair.b), found);
                    }
                });
            });
        }
    }

    /// One half of pictures with the same half of others, or of one another.
    fn halves(
        &self,
        joiner: &dyn Joiner,
        classes: &[u32],
        others: Option<&[u32]>,
        half: &[Option<View>],
        (radius, fine_radius): (Distance, FineDistance),
    ) {
        let seen = |classes: &[u32]| -> (Vec<PerceptualHash>, Vec<u32>) {
            let seen =
                classes.iter().filter_map(|&class| Some((half[class as usize]?.phash, class)));
            seen.unzip()
        };
        let (hashes, classes) = seen(classes);
        let take = |a: u32, b: u32, found: &mut Vec<Found>| {
            let (left, right) = (half[a as usize], half[b as usize]);
            let is_near =
                left.zip(right).is_some_and(|(a, b)| a.fine.distance(b.fine) <= fine_radius);
            if is_near {
                self.take(a, b, (Orientation::Upright, None), found);
            }
        };
        match others.map(seen) {
            None => joiner.self_join(&hashes, radius.0, &|pairs: &[Pair]| {
                self.keep(|found| {
                    for pair in pairs {
                        take(classes[pair.a as usize], classes[pair.b as usize], found);
                    }
                });
            }),
            Some((other_hashes, others)) if !other_hashes.is_empty() => {
                joiner.cross_join(&hashes, &other_hashes, radius.0, &|pairs: &[Pair]| {
                    self.keep(|found| {
                        for pair in pairs {
                            take(classes[pair.a as usize], others[pair.b as usize], found);
                        }
                    });
                });
            }
            Some(_) => {}
        }
    }

    /// Joins needles with whole pictures as they are. Of two that are both among the needles and in
    /// the library this finds the pair from both sides, by an orientation and by its inverse.
    fn cross(
        &self,
        joiner: &dyn Joiner,
        needles: &WindowNeedles,
        library: &Hashes,
        orientation: Orientation,
        (radius, fine_radius): (Distance, FineDistance),
    ) {
        if needles.hashes.is_empty() || library.distinct.is_empty() {
            return;
        }
        let radii = Radii { coarse: radius.0, fine: fine_radius.0 };
        let both = Needles { hashes: &needles.hashes, fines: &needles.fines };
        joiner.cross_join_both(both, library.members(), radii, &|matches: &[Match]| {
            self.keep(|found| {
                for near in matches {
                    let (class, window) = needles.origins[near.a as usize];
                    self.take(class, library.class(near.b), (orientation, window), found);
                }
            });
        });
    }

    /// The classes of two near hashes, or of one with themselves.
    fn offer(&self, left: &[u32], right: &[u32], found: &mut Vec<Found>) {
        if left.len() as u64 * right.len() as u64 > PAIRED_UP_TO {
            for &class in left.iter().chain(right) {
                self.degrees[class as usize].fetch_max(DENSE_FROM, Ordering::Relaxed);
                self.connect_unwritten(left[0], class);
            }
            return;
        }
        let fine = |class: u32| self.view(class, Orientation::Upright).fine;
        let is_one_list = std::ptr::eq(left, right);
        for &a in left {
            for &b in right {
                let is_first = !is_one_list || a < b;
                if is_first && fine(a).distance(fine(b)) <= self.reach.whole.1 {
                    self.take(a, b, (Orientation::Upright, None), found);
                }
            }
        }
    }

    /// Takes up a pair that is near by both hashes when `a` is turned.
    fn take(
        &self,
        a: u32,
        b: u32,
        (orientation, window): (Orientation, Option<u16>),
        found: &mut Vec<Found>,
    ) {
        if a == b {
            return;
        }
        if self.is_dense(a) && self.is_dense(b) {
            self.connect_unwritten(a, b);
            return;
        }
        found.push(Found { a, b, orientation, window });
        // A pair that windows find again is no other neighbour.
        if window.is_none() {
            for class in [a, b] {
                self.degrees[class as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn connect_unwritten(&self, a: u32, b: u32) {
        if let Some(forest) = self.unwritten {
            forest.lock().unwrap_or_else(PoisonError::into_inner).connect(a, b);
        }
    }

    /// The hashes that a class has when it is turned.
    fn view(&self, class: u32, orientation: Orientation) -> View {
        let first = self.classes.first(class);
        self.question.pictures[first as usize].record.hash.oriented(orientation)
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
            self.keep(|found| {
                for pair in pairs {
                    self.take(pair.a, pair.b, (Orientation::Upright, None), found);
                }
            });
        });
        let reference_hashes = fine(&references, Orientation::Upright);
        let join =
            |needles: &Range<u32>, orientation, library: &Range<u32>, hashes: &[FineHash]| {
                let turned = fine(needles, orientation);
                fine::cross_join(joiner, &turned, hashes, radius, &|pairs: &[FinePair]| {
                    self.keep(|found| {
                        for pair in pairs {
                            let (a, b) = (needles.start + pair.a, library.start + pair.b);
                            self.take(a, b, (orientation, None), found);
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

    /// Proves what was found, once more than `limit` candidates wait.
    fn settle(&mut self, edges: &mut Vec<Edge>, limit: usize) {
        let found = self.found.get_mut().unwrap_or_else(PoisonError::into_inner);
        if found.len() <= limit {
            return;
        }
        let found = std::mem::take(found);
        let question = self.question;
        let mut pairs: Vec<(Edge, Candidate)> = Vec::new();
        let mut sorted = found;
        // In a fixed order, by pair and orientation, so that the outcome is the same in every run.
        let key = |found: &Found| {
            let turned =
                if found.a < found.b { found.orientation } else { found.orientation.inverse() };
            (found.a.min(found.b), found.a.max(found.b), turned, found.window, found.a > found.b)
        };
        rayon::slice::ParallelSliceMut::par_sort_unstable_by_key(&mut sorted[..], key);
        sorted.dedup();
        for same in sorted.chunk_by(|a, b| {
            let ((a, b, o, ..), (c, d, p, ..)) = (key(a), key(b));
            (a, b, o) == (c, d, p)
        }) {
            let (a, b, ..) = key(&same[0]);
            let edge = Edge { a, b };
            let starts = same.iter().filter_map(|found| self.start(found));
            let candidate = self.candidate(&same[0], starts.collect());
            pairs.push((edge, candidate));
            if pairs.len() == PROVEN_AT_ONCE {
                prove(question, &mut pairs, edges);
            }
        }
        prove(question, &mut pairs, edges);
    }

    /// The window of a candidate, as a part of the picture with the smaller index turned, or of the
    /// other one as it is.
    fn start(&self, found: &Found) -> Option<Start> {
        let part = Part::from(self.windows[usize::from(found.window?)]);
        let (a, b) = (self.classes.first(found.a), self.classes.first(found.b));
        Some(match a < b {
            true => Start { whose: Whose::First, part: part.oriented(found.orientation) },
            false => Start { whose: Whose::Second, part },
        })
    }

    fn candidate(&self, found: &Found, mut starts: Vec<Start>) -> Candidate {
        let (a, b) = (self.classes.first(found.a), self.classes.first(found.b));
        let orientation = if a < b { found.orientation } else { found.orientation.inverse() };
        starts.sort_unstable();
        starts.dedup();
        Candidate { first: a.min(b), second: a.max(b), orientation, starts }
    }

    fn finish(mut self, mut edges: Vec<Edge>) -> Neighbours {
        self.settle(&mut edges, 0);
        let dense =
            (0..self.classes.hashed).filter(|&class| self.is_dense(class)).collect::<Vec<_>>();
        edges.sort_unstable();
        edges.dedup();
        Neighbours { edges, dense }
    }
}

/// Proves pairs, and keeps those that are not different pictures.
fn prove(question: &Question<'_>, pairs: &mut Vec<(Edge, Candidate)>, edges: &mut Vec<Edge>) {
    let firsts: Vec<(Edge, u32, u32)> =
        pairs.iter().map(|(edge, pair)| (*edge, pair.first, pair.second)).collect();
    let pairs = pairs.drain(..).map(|(_, candidate)| candidate).collect();
    question.proofs.prove(pairs);
    edges.extend(firsts.into_iter().filter(|&(_, a, b)| question.may_pair(a, b)).map(|f| f.0));
}

impl Question<'_> {
    /// Whether two pictures of which something was found may stand in one group.
    pub(super) fn may_pair(&self, a: u32, b: u32) -> bool {
        self.proofs.get(a, b).is_some_and(|proven| proven.standing != Standing::Different)
            && self.roles[a as usize].may_match(self.roles[b as usize])
            && !self.marked.are_apart(a, b)
    }
}
