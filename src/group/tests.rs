use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::index::{Confirm, Match, self_join};

const NODES: u32 = 14;

fn copies(edges: &[(u32, u32)]) -> Vec<Edge> {
    edges.iter().map(|&(a, b)| Edge { a, b, kind: EdgeKind::Copy }).collect()
}

fn nodes(members: &[Member]) -> Vec<u32> {
    members.iter().map(|member| member.node).collect()
}

/// Groups of nodes that rank by their number.
fn plain(count: u32, references: &[u32], edges: &[Edge]) -> Vec<(u32, Vec<u32>, Vec<u32>)> {
    let ranks: Vec<_> = (0..count).collect();
    stars(&ranks, |node| references.contains(&node), &Edges::new(count as usize, edges))
        .iter()
        .map(|group| (group.keeper, nodes(group.duplicates), group.linked.to_vec()))
        .collect()
}

#[test]
fn a_chain_is_no_group() {
    // 0–1–2–3: 0 takes 1; 2 is near 1 only, but has 3.
    let edges = copies(&[(0, 1), (1, 2), (2, 3)]);
    assert_eq!(plain(4, &[], &edges), [(0, vec![1], vec![]), (2, vec![3], vec![])]);
    // Without 3 it is linked.
    assert_eq!(plain(3, &[], &edges[..2]), [(0, vec![1], vec![2])]);
}

#[test]
fn references_keep_and_are_kept() {
    // 2 and 3 are references near each other, 0 is near both: the better one keeps it.
    let edges = copies(&[(2, 3), (0, 2), (0, 3)]);
    assert_eq!(plain(4, &[2, 3], &edges), [(2, vec![0], vec![3])]);
    // Two references alone are no group.
    assert_eq!(plain(4, &[2, 3], &edges[..1]), []);
}

#[test]
fn a_burst_parts_no_copies() {
    // 0 and 1 are shots of one burst, each with a copy; 4 is a third shot without.
    let burst = |a, b| Edge { a, b, kind: EdgeKind::Burst };
    let mut edges = copies(&[(0, 2), (1, 3)]);
    edges.extend([burst(0, 1), burst(0, 3), burst(1, 2), burst(0, 4), burst(1, 4)]);
    assert_eq!(plain(5, &[], &edges), [(0, vec![2, 4], vec![]), (1, vec![3], vec![])]);
}

#[test]
fn a_hundred_thousand_equal_frames_are_one_group() {
    let count = 100_000;
    let hashes = vec![PerceptualHash(7); count];
    let fine = vec![FineHash::default(); count];
    let classes = Collapsed::new(&hashes);
    let pairs = ClassPairs::default();
    self_join(&classes.distinct, 6, &pairs);
    let ranks: Vec<_> = (0..count as u32).rev().collect();
    let views = Views::new(&classes, pairs, &fine, 50, |_, _| Some(EdgeKind::Copy));
    let groups = stars(&ranks, |_| false, &views);
    let group = groups.iter().next().unwrap();
    assert_eq!((groups.len(), group.keeper), (1, count as u32 - 1));
    assert_eq!(group.duplicates.len(), count - 1);
}

fn any_edges() -> impl Strategy<Value = Vec<Edge>> {
    let kinds = [EdgeKind::Identical, EdgeKind::Copy, EdgeKind::Copy, EdgeKind::Burst];
    let edge = (0..NODES, 0..NODES, 0..kinds.len()).prop_map(move |(a, b, kind)| Edge {
        a,
        b,
        kind: kinds[kind],
    });
    proptest::collection::vec(edge, 0..30)
}

fn any_ranks() -> impl Strategy<Value = Vec<u32>> {
    Just((0..NODES).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_promised_holds(
        edges in any_edges(),
        ranks in any_ranks(),
        references in any::<u16>(),
    ) {
        let is_reference = |node: u32| references >> node & 1 == 1 && references & 0x4000 != 0;
        let groups = stars(&ranks, is_reference, &Edges::new(NODES as usize, &edges));
        let mut kinds = BTreeMap::new();
        for Edge { a, b, kind } in edges.iter().filter(|edge| edge.a != edge.b) {
            for ends in [(*a, *b), (*b, *a)] {
                let known = kinds.entry(ends).or_insert(*kind);
                *known = (*known).min(*kind);
            }
        }
        let mut roles = BTreeMap::new();
        let mut keepers = Vec::new();
        for group in groups.iter() {
            keepers.push(group.keeper);
            prop_assert!(!group.duplicates.is_empty());
            prop_assert!(roles.insert(group.keeper, "keeper").is_none());
            let mut members = BTreeSet::from([group.keeper]);
            for member in group.duplicates {
                prop_assert!(roles.insert(member.node, "duplicate").is_none());
                prop_assert_eq!(kinds.get(&(group.keeper, member.node)), Some(&member.kind));
                prop_assert!(!is_reference(member.node));
                members.insert(member.node);
            }
            for linked in group.linked {
                prop_assert!(roles.insert(*linked, "linked").is_none());
                prop_assert!(members.iter().any(|&member| kinds.contains_key(&(member, *linked))));
            }
        }
        prop_assert!(keepers.is_sorted());
        // Nobody is lost: without a role only if all neighbours are without, and references.
        for &(a, b) in kinds.keys() {
            if !roles.contains_key(&a) {
                prop_assert!(!matches!(roles.get(&b), Some(&("keeper" | "duplicate"))));
                prop_assert!(is_reference(a) && is_reference(b));
            }
        }
        // The best of all that have a copy keeps.
        let better = |&(a, b): &(u32, u32)| {
            (!is_reference(a), ranks[a as usize]) < (!is_reference(b), ranks[b as usize])
        };
        for (&(a, b), kind) in kinds.iter().filter(|(ends, _)| better(ends)) {
            if *kind < EdgeKind::Burst && roles.get(&a) == Some(&"linked") {
                prop_assert!(is_reference(b) || roles.get(&b) == Some(&"duplicate"));
            }
        }
    }

    #[test]
    fn the_order_of_the_edges_does_not_matter(
        (edges, shuffled) in any_edges().prop_flat_map(|edges| {
            let turned: Vec<_> =
                edges.iter().map(|edge| Edge { a: edge.b, b: edge.a, ..*edge }).collect();
            (Just(edges), Just(turned).prop_shuffle())
        }),
        ranks in any_ranks(),
    ) {
        let of = |edges: &[Edge]| {
            stars(&ranks, |node| node == 3, &Edges::new(NODES as usize, edges))
        };
        prop_assert_eq!(of(&edges), of(&shuffled));
    }

    #[test]
    fn views_are_the_written_out_edges(
        items in proptest::collection::vec((0_u64..6, 0_u64..4), NODES as usize),
        ranks in any_ranks(),
    ) {
        let hashes: Vec<_> = items.iter().map(|item| PerceptualHash(item.0 * 3)).collect();
        let fine: Vec<_> = items.iter().map(|item| FineHash([item.1, 0, 0, 0])).collect();
        let kind = |a: u32, b: u32| match a ^ b {
            1 => None,
            2 => Some(EdgeKind::Burst),
            _ => Some(EdgeKind::Copy),
        };
        let written = Mutex::new(Vec::new());
        let keep = |batch: &[Match]| {
            let edges = batch.iter().filter_map(|&Match { a, b, .. }| {
                Some(Edge { a, b, kind: kind(a, b)? })
            });
            written.lock().unwrap().extend(edges);
        };
        self_join(&hashes, 2, &Confirm::new(&fine, &fine, 1, keep));
        let edges = Edges::new(items.len(), &written.into_inner().unwrap());

        let classes = Collapsed::new(&hashes);
        let pairs = ClassPairs::default();
        self_join(&classes.distinct, 2, &pairs);
        let views = Views::new(&classes, pairs, &fine, 1, kind);
        prop_assert_eq!(stars(&ranks, |_| false, &views), stars(&ranks, |_| false, &edges));
    }
}
