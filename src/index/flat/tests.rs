use proptest::prelude::*;

use super::*;
use crate::index::testing::{self, Gathered};

/// By the definition of the question, not by any scan.
fn pairs(hashes: &[PerceptualHash], radius: u32) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (b, right) in (0..).zip(hashes) {
        for (a, left) in (0..b).zip(hashes) {
            if left.distance(*right).0 <= radius {
                pairs.push(Pair::new(a, b, left.distance(*right).0));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

#[test]
fn the_portable_one_is_always_there_and_last() {
    assert_eq!(Backend::available().last(), Some(&Backend::PORTABLE));
    for backend in Backend::available() {
        println!("{}", backend.name());
    }
}

proptest! {
    #[test]
    fn distance_is_a_metric(a: u64, b: u64, c: u64) {
        let [a, b, c] = [a, b, c].map(PerceptualHash);
        prop_assert_eq!(a.distance(a).0, 0);
        prop_assert_eq!(a.distance(b).0 == 0, a == b);
        prop_assert_eq!(a.distance(b), b.distance(a));
        prop_assert!(a.distance(c).0 <= a.distance(b).0 + b.distance(c).0);
    }

    #[test]
    fn every_backend_scans_alike(
        needles in testing::hashes(0..40),
        hashes in testing::hashes(1..90),
        radius in 0_u32..=64,
        cuts in proptest::collection::vec((0_u32..90, 0_u32..90), 0..5),
    ) {
        let runs: Vec<_> = cuts
            .iter()
            .map(|&(a, b)| {
                let end = hashes.len() as u32;
                Span { start: a.min(b).min(end), end: a.max(b).min(end) }
            })
            .collect();
        let mut expected = Vec::new();
        portable::scan(&needles, &hashes, &runs, radius, &mut expected);
        expected.sort_unstable();
        for backend in Backend::available() {
            let mut hits = Vec::new();
            backend.scan(&needles, &hashes, &runs, radius, &mut hits);
            hits.sort_unstable();
            prop_assert_eq!(&hits, &expected, "{}", backend.name());
        }
    }

    #[test]
    fn the_joins_are_the_definition(
        hashes in testing::hashes(0..600),
        split in 0_usize..600,
        radius in 0_u32..=20,
    ) {
        let expected = pairs(&hashes, radius);
        let (needles, library) = hashes.split_at(split.min(hashes.len()));
        let crossing: Vec<_> = expected
            .iter()
            .filter(|pair| (pair.a as usize) < needles.len() && pair.b as usize >= needles.len())
            .map(|pair| Pair { b: pair.b - needles.len() as u32, ..*pair })
            .collect();
        for backend in Backend::available() {
            let found = Gathered::default();
            Flat::new(&hashes, backend).self_join(radius, &found);
            prop_assert_eq!(&found.sorted(), &expected, "{}", backend.name());
            let found = Gathered::default();
            Flat::new(library, backend).cross_join(needles, radius, &found);
            prop_assert_eq!(&found.sorted(), &crossing, "{}", backend.name());
        }
    }

    #[test]
    fn queries_are_the_sorted_neighbours(
        hashes in testing::hashes(1..5000),
        needle in 0_usize..5000,
        radius in 0_u32..=64,
        count in 0_usize..30,
    ) {
        let needle = hashes[needle % hashes.len()];
        let mut all: Vec<_> = (0..hashes.len() as u32)
            .map(|position| Neighbour::between(needle, &hashes, position))
            .filter(|neighbour| u32::from(neighbour.distance) <= radius)
            .collect();
        all.sort_unstable();
        for backend in Backend::available() {
            let flat = Flat::new(&hashes, backend);
            prop_assert_eq!(&flat.within(needle, radius), &all);
            let nearest = flat.nearest(needle, count, radius);
            prop_assert_eq!(&nearest[..], &all[..count.min(all.len())]);
        }
    }
}
