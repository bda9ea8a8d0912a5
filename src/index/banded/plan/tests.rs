use super::*;
use proptest::prelude::*;

#[test]
fn differences_are_the_ball() {
    for (width, radius) in [(1, 0), (3, 3), (16, 2), (21, 3), (2, 5)] {
        let mut found = differences(width, radius);
        assert_eq!(found.len() as f64, ball(width, radius), "{width} {radius}");
        assert!(found.iter().all(|d| d.count_ones() <= radius && d >> width == 0));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len() as f64, ball(width, radius), "{width} {radius}");
    }
}

#[test]
fn bits_that_go_together_part() {
    // Four bits that are always equal, the others random.
    let mut state = 1_u64;
    let hashes: Vec<_> = (0..2000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let hash = state ^ state >> 29;
            let same = if hash & 1 == 1 { 0x0f } else { 0 };
            PerceptualHash(hash & !0x0f | same)
        })
        .collect();
    let bands = Sample::new(&hashes).deal(u64::MAX, 4);
    assert_eq!(bands.iter().fold(0, |all, mask| all | mask), u64::MAX);
    for mask in bands {
        assert_eq!(mask.count_ones(), 16);
        assert_eq!((mask & 0x0f).count_ones(), 1);
    }
}

proptest! {
    #[test]
    fn a_plan_reaches_the_radius(
        radius in 0_u32..24,
        hashes in proptest::collection::vec(any::<u64>(), 0..40),
        count in 1_usize..10_000_000,
    ) {
        let hashes: Vec<_> = hashes.into_iter().map(PerceptualHash).collect();
        if let Some(plan) =
            Sample::new(&hashes).plan(Size::self_join(count), radius, u64::MAX)
        {
            let reach: u32 = plan.bands.iter().map(|band| band.radius + 1).sum();
            prop_assert!(reach > radius);
            let mut union = 0;
            for band in &plan.bands {
                prop_assert_eq!(union & band.mask, 0);
                union |= band.mask;
            }
        } else {
            prop_assert!(radius > 16);
        }
    }
}
