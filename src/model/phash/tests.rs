use super::*;

#[test]
fn hexadecimal_round_trip() {
    let phash = PerceptualHash(0x0123_4567_89ab_cdef);
    assert_eq!(phash.to_string().parse(), Ok(phash));
    let fine = FineHash([1, 2, 0xffff_0000_ffff_0000, u64::MAX]);
    assert_eq!(fine.to_string().parse(), Ok(fine));
    assert_eq!(FineHash::from_bytes(fine.to_bytes()), fine);
    for bad in ["", "xyz", "+123456789abcdef", "0123456789abcdef0"] {
        assert_eq!(bad.parse::<PerceptualHash>(), Err(HashTextError), "{bad:?}");
    }
    assert_eq!("é".repeat(32).parse::<FineHash>(), Err(HashTextError));
}

#[test]
fn transposing_twice_changes_nothing() {
    let view = View {
        phash: PerceptualHash(0xdead_beef_0123_4567),
        fine: FineHash([0x1234_5678_9abc_def0, 42, u64::MAX << 7, 0x0f0f_0f0f_0f0f_0f0f]),
    };
    assert_ne!(view.transposed(), view);
    assert_eq!(view.transposed().transposed(), view);
}

/// Views without any relation to each other, as no real picture has them.
fn random_hash(seed: u64) -> PictureHash {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut view =
        || View { phash: PerceptualHash(next()), fine: FineHash([next(), next(), next(), next()]) };
    PictureHash { views: [view(), view(), view(), view()], quality: Quality(80) }
}

#[test]
fn the_nearest_side_is_the_same_from_both_sides() {
    for seed in 0..200 {
        let (a, b) = (random_hash(2 * seed), random_hash(2 * seed + 1));
        for turns in [&Orientation::ALL[..], &[Orientation::Upright]] {
            let there = a.nearest(&b, turns, |_, _| true).unwrap();
            let back = b.nearest(&a, turns, |_, _| true).unwrap();
            assert_eq!((there.fine_distance, there.distance), (back.fine_distance, back.distance));
            // By the definition, with whole views.
            let sides = turns.iter().flat_map(|&turn| {
                let turned = (a.oriented(turn), b.upright());
                let back = (a.upright(), b.oriented(turn.inverse()));
                [turned, back].map(|(a, b)| Nearness {
                    fine_distance: a.fine.distance(b.fine),
                    distance: a.phash.distance(b.phash),
                    orientation: turn,
                })
            });
            let sides: Vec<Nearness> = sides.collect();
            assert_eq!(Some(&there), sides.iter().min());
            let asked = a.sides(turns).into_iter().map(|side| Nearness {
                fine_distance: side.needle.fine.distance(b.views[side.view].fine),
                distance: side.needle.phash.distance(b.views[side.view].phash),
                orientation: side.orientation,
            });
            assert_eq!(asked.min(), Some(there));
            let near = |n: &&Nearness| n.distance.0 <= 28 && n.fine_distance.0 <= 125;
            let within = a.nearest(&b, turns, |coarse, fine| coarse.0 <= 28 && fine.0 <= 125);
            assert_eq!(within.as_ref(), sides.iter().filter(near).min());
        }
    }
}
