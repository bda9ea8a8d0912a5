//! Groups of matching pictures, as stars: a keeper, and duplicates that each match that keeper.
//!
//! Being alike is not transitive, so a connected component may hold pictures that have nothing to
//! do with each other. Within a component the best-ranked picture takes the neighbours that are
//! left, then the best of what is left does, and so on; asking all pictures in the order of their
//! rank does that for every component at once, without looking for components.
//!
//! What is promised, whatever the edges are and in whatever order they come:
//! - a picture is in one role at most: keeper, duplicate or linked, each in one group;
//! - a duplicate has an edge to its keeper, and every group has a duplicate;
//! - a picture that is in no group of its own, but has an edge to one that is, is `linked` there:
//!   listed, never acted on. If it has edges to several groups, the first of them lists it;
//! - a picture with an edge but without a role has edges only to pictures without one: this
//!   happens among reference pictures only;
//! - a reference picture is asked first, and is never a duplicate;
//! - matches of kind [`EdgeKind::Burst`] are used last: they fetch only pictures that no copy
//!   claims, so a burst never parts a picture from its copies.
//!
//! A picture of low quality matches only its byte-identical twins: who makes the edges leaves out
//! all others.
//!
//! Beyond the edges, 13 bytes a picture are held, and 9 a member in the result.

use crate::index::{Collapsed, Pair, Sink};
use crate::phash::{FineHash, PerceptualHash};
use crate::relation::Relation;
use std::sync::{Mutex, PoisonError};

/// What an edge stands for; the strongest first.
pub type EdgeKind = Relation;

/// Two pictures that match, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The one.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// How they match.
    pub kind: EdgeKind,
}

/// Who matches whom. Symmetric: if it shows b from a, it shows a from b, as the same kind.
pub trait Neighbourhood {
    /// Shows every neighbour of `node`, in any order; `node` itself is ignored.
    fn visit(&self, node: u32, see: &mut dyn FnMut(u32, EdgeKind));
}

/// A picture in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub node: u32,
    /// How it matches the keeper.
    pub kind: EdgeKind,
}

/// A keeper and what is near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The one that stays.
    pub keeper: u32,
    /// Match the keeper; in the order of their rank.
    pub duplicates: &'a [Member],
    /// Match a member of this group, but are in no group; in the order of their rank.
    pub linked: &'a [u32],
}

/// All groups, in the order of their keepers' numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    keepers: Vec<u32>,
    duplicate_starts: Vec<u32>,
    duplicates: Vec<Member>,
    linked_starts: Vec<u32>,
    linked: Vec<u32>,
}

impl Groups {
    /// Number of groups.
    pub fn len(&self) -> usize {
        self.keepers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keepers.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Group<'_>> {
        let range = |starts: &[u32], at: usize| starts[at] as usize..starts[at + 1] as usize;
        self.keepers.iter().enumerate().map(move |(at, &keeper)| Group {
            keeper,
            duplicates: &self.duplicates[range(&self.duplicate_starts, at)],
            linked: &self.linked[range(&self.linked_starts, at)],
        })
    }
}

const NO_GROUP: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Has shown no neighbour.
    Alone,
    /// Has neighbours, and is in no group yet.
    Free,
    Keeper,
    Duplicate(EdgeKind),
    Linked,
}

/// Groups as many pictures as there are ranks; `ranks` holds each number below their count once,
/// 0 for the best keeper.
pub fn stars(
    ranks: &[u32],
    is_reference: impl Fn(u32) -> bool,
    neighbourhood: &impl Neighbourhood,
) -> Groups {
    let mut order: Vec<u32> = (0..ranks.len() as u32).collect();
    order.sort_unstable_by_key(|&node| (!is_reference(node), ranks[node as usize], node));
    let mut stars = Stars {
        roles: vec![Role::Alone; ranks.len()],
        homes: vec![NO_GROUP; ranks.len()],
        keepers: Vec::new(),
        taken: Vec::new(),
    };
    for &node in &order {
        stars.take(node, &is_reference, neighbourhood, EdgeKind::Copy);
    }
    for &node in &order {
        if matches!(stars.roles[node as usize], Role::Free | Role::Keeper) {
            stars.take(node, &is_reference, neighbourhood, EdgeKind::Burst);
        }
    }
    stars.number_by_keeper();
    stars.link(neighbourhood);
    stars.gather(&order)
}

struct Stars {
    roles: Vec<Role>,
    /// The group of each picture.
    homes: Vec<u32>,
    keepers: Vec<u32>,
    /// Of the keeper in turn; kept for its memory.
    taken: Vec<(u32, EdgeKind)>,
}

impl Stars {
    /// Gives `node` its free neighbours of at least the kind `weakest`, and makes it their keeper.
    fn take(
        &mut self,
        node: u32,
        is_reference: impl Fn(u32) -> bool,
        neighbourhood: &impl Neighbourhood,
        weakest: EdgeKind,
    ) {
        if matches!(self.roles[node as usize], Role::Duplicate(_)) {
            return;
        }
        self.taken.clear();
        let mut alone = true;
        neighbourhood.visit(node, &mut |other, kind| {
            if other == node {
                return;
            }
            alone = false;
            if kind <= weakest && self.homes[other as usize] == NO_GROUP && !is_reference(other) {
                self.taken.push((other, kind));
            }
        });
        if alone {
            return;
        }
        let role = &mut self.roles[node as usize];
        if *role == Role::Alone {
            *role = Role::Free;
        }
        if self.taken.is_empty() {
            return;
        }
        if *role != Role::Keeper {
            *role = Role::Keeper;
            self.homes[node as usize] = self.keepers.len() as u32;
            self.keepers.push(node);
        }
        let home = self.homes[node as usize];
        // Where two edges join the same two pictures the stronger one counts.
        self.taken.sort_unstable();
        for &(other, kind) in &self.taken {
            if self.homes[other as usize] == NO_GROUP {
                self.homes[other as usize] = home;
                self.roles[other as usize] = Role::Duplicate(kind);
            }
        }
    }

    /// Numbers the groups in the order of their keepers' numbers.
    fn number_by_keeper(&mut self) {
        let mut order: Vec<u32> = (0..self.keepers.len() as u32).collect();
        order.sort_unstable_by_key(|&group| self.keepers[group as usize]);
        let mut numbers = vec![0; order.len()];
        for (number, &group) in (0..).zip(&order) {
            numbers[group as usize] = number;
        }
        for home in self.homes.iter_mut().filter(|home| **home != NO_GROUP) {
            *home = numbers[*home as usize];
        }
        self.keepers.sort_unstable();
    }

    /// Puts what is in no group, but next to one, on the list of the first such group.
    fn link(&mut self, neighbourhood: &impl Neighbourhood) {
        for node in 0..self.roles.len() as u32 {
            if self.roles[node as usize] != Role::Free {
                continue;
            }
            let mut first = NO_GROUP;
            neighbourhood.visit(node, &mut |other, _| {
                // A linked neighbour says nothing: links do not chain.
                if matches!(self.roles[other as usize], Role::Keeper | Role::Duplicate(_)) {
                    first = first.min(self.homes[other as usize]);
                }
            });
            if first != NO_GROUP {
                self.roles[node as usize] = Role::Linked;
                self.homes[node as usize] = first;
            }
        }
    }

    fn gather(self, order: &[u32]) -> Groups {
        let count = self.keepers.len();
        let (mut duplicate_ends, mut linked_ends) =
            (vec![0_u32; count + 1], vec![0_u32; count + 1]);
        for (role, home) in self.roles.iter().zip(&self.homes) {
            match role {
                Role::Duplicate(_) => duplicate_ends[*home as usize + 1] += 1,
                Role::Linked => linked_ends[*home as usize + 1] += 1,
                _ => {}
            }
        }
        let duplicate_starts = running_sums(duplicate_ends);
        let linked_starts = running_sums(linked_ends);
        let total = |starts: &[u32]| starts.last().map_or(0, |&end| end as usize);
        let empty = Member { node: 0, kind: EdgeKind::Copy };
        let mut duplicates = vec![empty; total(&duplicate_starts)];
        let mut linked = vec![0; total(&linked_starts)];
        let (mut next_duplicate, mut next_linked) =
            (duplicate_starts.clone(), linked_starts.clone());
        for &node in order {
            let home = self.homes[node as usize] as usize;
            match self.roles[node as usize] {
                Role::Duplicate(kind) => {
                    duplicates[next_duplicate[home] as usize] = Member { node, kind };
                    next_duplicate[home] += 1;
                }
                Role::Linked => {
                    linked[next_linked[home] as usize] = node;
                    next_linked[home] += 1;
                }
                _ => {}
            }
        }
        Groups { keepers: self.keepers, duplicate_starts, duplicates, linked_starts, linked }
    }
}

fn running_sums(mut counts: Vec<u32>) -> Vec<u32> {
    let mut sum = 0;
    for count in &mut counts {
        sum += *count;
        *count = sum;
    }
    counts
}

/// The neighbours of each node, one after the other; both directions of every pair. 4 bytes a
/// direction, 8 a node.
#[derive(Clone, Debug)]
struct Adjacency {
    starts: Vec<u64>,
    neighbours: Vec<u32>,
}

impl Adjacency {
    /// Calls `place` with where in the whole each direction of each pair came to lie.
    fn new(count: usize, pairs: &[(u32, u32)], mut place: impl FnMut(usize, usize)) -> Self {
        let mut starts = vec![0_u64; count + 1];
        for &(a, b) in pairs {
            starts[a as usize] += 1;
            starts[b as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        // Filled from the end of each node backwards, so that the ends become the starts.
        let mut neighbours = vec![0; sum as usize];
        for (number, &(a, b)) in pairs.iter().enumerate() {
            for (from, to) in [(a, b), (b, a)] {
                starts[from as usize] -= 1;
                let at = starts[from as usize] as usize;
                neighbours[at] = to;
                place(number, at);
            }
        }
        Self { starts, neighbours }
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize
    }
}

/// A [`Neighbourhood`] of edges that are written out.
#[derive(Clone, Debug)]
pub struct Edges {
    adjacency: Adjacency,
    kinds: Vec<EdgeKind>,
}

impl Edges {
    /// Of `count` nodes.
    ///
    /// # Panics
    /// When an edge names a node that is not there.
    pub fn new(count: usize, edges: &[Edge]) -> Self {
        let pairs: Vec<_> = edges.iter().map(|edge| (edge.a, edge.b)).collect();
        let mut kinds = vec![EdgeKind::Copy; edges.len() * 2];
        let adjacency = Adjacency::new(count, &pairs, |number, at| kinds[at] = edges[number].kind);
        Self { adjacency, kinds }
    }
}

impl Neighbourhood for Edges {
    fn visit(&self, node: u32, see: &mut dyn FnMut(u32, EdgeKind)) {
        let range = self.adjacency.range(node);
        for (&other, &kind) in
            self.adjacency.neighbours[range.clone()].iter().zip(&self.kinds[range])
        {
            see(other, kind);
        }
    }
}

/// Gathers pairs of classes for [`Views`]: a sink for the join of [`Collapsed::distinct`].
#[derive(Debug, Default)]
pub struct ClassPairs(Mutex<Vec<(u32, u32)>>);

impl Sink<Pair> for ClassPairs {
    fn accept(&self, batch: &[Pair]) {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.extend(batch.iter().map(|pair| (pair.a, pair.b)));
    }
}

/// A [`Neighbourhood`] whose edges are found when they are asked for: pictures whose 64-bit
/// hashes are near (equal, or a pair of classes) and whose 256-bit hashes are within the radius.
///
/// Pairs of pictures are never written out, only pairs of classes, so a hundred thousand frames
/// of one still scene cost one visit of the keeper, not five thousand million edges.
pub struct Views<'a, F> {
    classes: &'a Collapsed<PerceptualHash>,
    adjacency: Adjacency,
    fine: &'a [FineHash],
    fine_radius: u32,
    kind: F,
}

impl<'a, F: Fn(u32, u32) -> Option<EdgeKind>> Views<'a, F> {
    /// `fine` is by picture. `kind` says how two pictures that match by their hashes belong
    /// together, or that they are not to be joined; it must not depend on their order.
    pub fn new(
        classes: &'a Collapsed<PerceptualHash>,
        pairs: ClassPairs,
        fine: &'a [FineHash],
        fine_radius: u32,
        kind: F,
    ) -> Self {
        let pairs = pairs.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let adjacency = Adjacency::new(classes.distinct.len(), &pairs, |_, _| {});
        Self { classes, adjacency, fine, fine_radius, kind }
    }
}

impl<F: Fn(u32, u32) -> Option<EdgeKind>> Neighbourhood for Views<'_, F> {
    fn visit(&self, node: u32, see: &mut dyn FnMut(u32, EdgeKind)) {
        let own = self.classes.class_of(node);
        let near = &self.adjacency.neighbours[self.adjacency.range(own)];
        for class in [own].iter().chain(near) {
            for &other in self.classes.members(*class) {
                let distance = self.fine[node as usize].distance(self.fine[other as usize]);
                if other != node
                    && distance <= self.fine_radius
                    && let Some(kind) = (self.kind)(node, other)
                {
                    see(other, kind);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
