use std::sync::Mutex;

use proptest::prelude::*;

use super::testing::Gathered;
use super::*;

proptest! {
    #[test]
    fn only_confirmed_pairs_pass(
        hashes in testing::hashes(0..60),
        fine in proptest::collection::vec(any::<[bool; 3]>(), 60),
        radius in 0_u32..200,
    ) {
        // Three words that are all ones or all zeros: distances are multiples of 64.
        let fine: Vec<_> = fine
            .iter()
            .map(|&[a, b, c]| FineHash([a, b, c, false].map(|set| u64::from(set) * u64::MAX)))
            .collect();
        let found = Mutex::new(Vec::new());
        let confirm = FineFilter::new(&fine, &fine, radius, |batch: &[Match]| {
            found.lock().unwrap().extend_from_slice(batch);
        });
        self_join(&hashes, 10, &confirm);
        let mut found = found.into_inner().unwrap();
        found.sort_unstable();
        let candidates = Gathered::default();
        self_join(&hashes, 10, &candidates);
        let expected: Vec<_> = candidates
            .sorted()
            .into_iter()
            .map(|Pair { a, b, distance }| {
                let fine_distance = fine[a as usize].distance(fine[b as usize]).0 as u16;
                Match { a, b, distance, fine_distance }
            })
            .filter(|pair| u32::from(pair.fine_distance) <= radius)
            .collect();
        prop_assert_eq!(found, expected);
    }
}
