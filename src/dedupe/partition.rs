//! Star groups: a keeper, and duplicates each near that keeper.
//!
//! Nearness is not transitive, so that connected components would chain unrelated pictures
//! together: of a million pictures the largest component at radius 10 held 204,117, the largest
//! star 242. Here the best node takes its neighbours, the best of what is left takes its own, and
//! so on; what is near a duplicate without being near the keeper is only linked.

/// Two nodes that are near each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// One node.
    pub a: u32,
    /// The other.
    pub b: u32,
}

/// A keeper with what it makes superfluous. All lists ascend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Star {
    /// The node that stays.
    pub keeper: u32,
    /// Its neighbours that no better keeper has taken; at least one.
    pub duplicates: Vec<u32>,
    /// Neighbours of a duplicate that are not the keeper's.
    pub linked: Vec<u32>,
}

/// Neighbours that are looked up instead of being among the edges.
pub trait Lookup {
    /// Adds neighbours of a node; repeats, and ones that are among the edges, do no harm.
    fn add_neighbours(&mut self, node: u32, neighbours: &mut Vec<u32>);
}

/// All neighbours are among the edges.
impl Lookup for () {
    fn add_neighbours(&mut self, _: u32, _: &mut Vec<u32>) {}
}

/// Partitions the nodes `0..nodes` into stars and the rest. A node's number is its rank: the
/// smaller the better a keeper. `references[node]` marks nodes that are never a duplicate.
///
/// Stars come out by keeper; the order of the edges, their direction and repeats mean nothing.
/// Every node is at most once a keeper or a duplicate. Takes 20 bytes per node
/// and 8 per edge, beside the edges themselves.
///
/// The neighbours of a node that may yet be a keeper are those of the edges and of `lookup`, which
/// is asked at most once per node. What is linked follows from the edges alone, and by `lookup` for
/// a node whose neighbours were all taken by others: it is linked to the star of the best of them.
pub fn stars(
    nodes: usize,
    references: &[bool],
    edges: &[Edge],
    lookup: &mut dyn Lookup,
) -> Vec<Star> {
    const FREE: u32 = u32::MAX;
    let adjacency = Adjacency::new(nodes, edges);
    let is_reference = |node: u32| references.get(node as usize).copied().unwrap_or(false);
    // The place of the star that each node is in.
    let mut taken = vec![FREE; nodes];
    let mut stars: Vec<Star> = Vec::new();
    let mut near = Vec::new();
    for keeper in 0..nodes as u32 {
        if taken[keeper as usize] != FREE {
            continue;
        }
        near.clear();
        near.extend_from_slice(adjacency.neighbours(keeper));
        let known = near.len();
        lookup.add_neighbours(keeper, &mut near);
        let looked_up = near.len() > known;
        if looked_up {
            near.sort_unstable();
            near.dedup();
        }
        let free = |node: u32| taken[node as usize] == FREE;
        let mut duplicates: Vec<u32> = near
            .iter()
            .copied()
            .filter(|&node| free(node) && !is_reference(node) && node > keeper)
            .collect();
        duplicates.dedup();
        if duplicates.is_empty() {
            let star = near.iter().map(|&node| taken[node as usize]).filter(|&s| s != FREE).min();
            if let (true, Some(star)) = (looked_up, star) {
                stars[star as usize].linked.push(keeper);
            }
            continue;
        }
        for &node in duplicates.iter().chain([&keeper]) {
            taken[node as usize] = stars.len() as u32;
        }
        let linked = duplicates
            .iter()
            .flat_map(|&node| adjacency.neighbours(node))
            .copied()
            .filter(|&node| node != keeper && near.binary_search(&node).is_err())
            .collect();
        stars.push(Star { keeper, duplicates, linked });
    }
    for star in &mut stars {
        star.linked.sort_unstable();
        star.linked.dedup();
    }
    stars
}

/// Sorted neighbour lists, one after the other.
struct Adjacency {
    starts: Vec<usize>,
    neighbours: Vec<u32>,
}

impl Adjacency {
    fn new(nodes: usize, edges: &[Edge]) -> Self {
        let both = || {
            let different = edges.iter().filter(|edge| edge.a != edge.b);
            different.flat_map(|edge| [(edge.a, edge.b), (edge.b, edge.a)])
        };
        // Counted, then dealt: no second list of pairs.
        let mut starts = vec![0; nodes + 1];
        for (from, _) in both() {
            starts[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut neighbours = vec![0; starts[nodes]];
        let mut next = starts.clone();
        for (from, to) in both() {
            neighbours[next[from as usize]] = to;
            next[from as usize] += 1;
        }
        for node in 0..nodes {
            neighbours[starts[node]..starts[node + 1]].sort_unstable();
        }
        Self { starts, neighbours }
    }

    fn neighbours(&self, node: u32) -> &[u32] {
        &self.neighbours[self.starts[node as usize]..self.starts[node as usize + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn edges(pairs: &[(u32, u32)]) -> Vec<Edge> {
        pairs.iter().map(|&(a, b)| Edge { a, b }).collect()
    }

    #[test]
    fn a_chain_is_not_one_group() {
        // 0–1–2–3: 0 takes 1; 2 is only linked there and takes 3.
        let stars = stars(4, &[], &edges(&[(0, 1), (1, 2), (2, 3)]), &mut ());
        let first = Star { keeper: 0, duplicates: vec![1], linked: vec![2] };
        let second = Star { keeper: 2, duplicates: vec![3], linked: vec![] };
        assert_eq!(stars, [first, second]);
    }

    /// Neighbours that are among no edges.
    struct Known(Vec<(u32, u32)>);

    impl Lookup for Known {
        fn add_neighbours(&mut self, node: u32, neighbours: &mut Vec<u32>) {
            neighbours.extend(self.0.iter().filter(|(a, _)| *a == node).map(|(_, b)| b));
        }
    }

    #[test]
    fn looked_up_neighbours_count_as_others() {
        // The chain 0–1–2–3–4 with every pair looked up: 4 is left, and linked to where 3 went.
        let known = |pairs: &[(u32, u32)]| Known(pairs.to_vec());
        let mut all = known(&[(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3)]);
        let first = Star { keeper: 0, duplicates: vec![1], linked: vec![] };
        let second = Star { keeper: 2, duplicates: vec![3], linked: vec![4] };
        assert_eq!(stars(5, &[], &[], &mut all), [first, second]);
        // One pair is an edge, the other is looked up, and one is both.
        let mut some = known(&[(0, 2), (0, 1)]);
        let both = Star { keeper: 0, duplicates: vec![1, 2], linked: vec![] };
        assert_eq!(stars(3, &[], &edges(&[(0, 1)]), &mut some), [both]);
    }

    #[test]
    fn references_are_never_duplicates() {
        let stars = stars(3, &[true, true, false], &edges(&[(0, 1), (0, 2), (1, 2)]), &mut ());
        assert_eq!(stars, [Star { keeper: 0, duplicates: vec![2], linked: vec![] }]);
        // A worse-ranked reference is not taken, and a better plain node does not take it either.
        let lone = super::stars(2, &[false, true], &edges(&[(0, 1)]), &mut ());
        assert!(lone.is_empty());
    }

    proptest! {
        #[test]
        fn stars_hold_their_promises(
            pairs in proptest::collection::vec((0..30_u32, 0..30_u32), 0..80),
            references in proptest::collection::vec(any::<bool>(), 30),
            seed in any::<u64>(),
        ) {
            let edges = edges(&pairs);
            let stars = stars(30, &references, &edges, &mut ());
            let near: HashSet<(u32, u32)> =
                pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
            let mut seen = HashSet::new();
            for star in &stars {
                prop_assert!(seen.insert(star.keeper));
                for &duplicate in &star.duplicates {
                    prop_assert!(near.contains(&(star.keeper, duplicate)));
                    prop_assert!(seen.insert(duplicate));
                    prop_assert!(!references[duplicate as usize]);
                    prop_assert!(star.keeper < duplicate);
                }
                for &linked in &star.linked {
                    prop_assert!(!near.contains(&(star.keeper, linked)));
                    prop_assert!(star.duplicates.iter().any(|&d| near.contains(&(d, linked))));
                }
            }
            // Nobody is lost: two near nodes that are both nothing cannot be (unless references).
            for &(a, b) in &pairs {
                let free = |n: u32| !seen.contains(&n) && !references[n as usize];
                prop_assert!(a == b || !(free(a) && free(b)));
            }
            let mut shuffled = edges.clone();
            let turn = (seed % (shuffled.len().max(1) as u64)) as usize;
            shuffled.rotate_left(turn);
            shuffled.iter_mut().step_by(2).for_each(|edge| std::mem::swap(&mut edge.a, &mut edge.b));
            prop_assert_eq!(super::stars(30, &references, &shuffled, &mut ()), stars);
        }
    }
}
