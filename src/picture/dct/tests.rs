use super::*;
use crate::model::media::Orientation;

fn noise_tile(seed: u64) -> Tile {
    let mut state = seed | 1;
    Tile(std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    }))
}

/// Every transform that this processor can run.
fn backends() -> Vec<fn(&Tile) -> Coefficients> {
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_mut))]
    let mut backends: Vec<fn(&Tile) -> Coefficients> = vec![portable::transform];
    #[cfg(target_arch = "x86_64")]
    if avx2::transform(&Tile([0; 1024])).is_some() {
        backends.push(|tile| avx2::transform(tile).unwrap());
    }
    backends
}

/// The definition in 128-bit integers.
fn oracle(tile: &Tile) -> Vec<i128> {
    let mut block = Vec::new();
    for cosines_y in &COSINES {
        for cosines_x in &COSINES {
            let mut sum = 0_i128;
            for (row, &cy) in tile.0.chunks_exact(TILE_SIDE).zip(cosines_y) {
                for (&x, &cx) in row.iter().zip(cosines_x) {
                    sum += i128::from(x) * i128::from(cy) * i128::from(cx);
                }
            }
            block.push(sum);
        }
    }
    block
}

#[test]
fn limbs_never_overflow_and_equal_the_definition() {
    let extremes = [
        Tile([255; 1024]),
        Tile([0; 1024]),
        Tile(std::array::from_fn(|i| if (i / 32 + i) % 2 == 0 { 255 } else { 0 })),
        // The signs of the steepest cosine rows, which make the largest sums.
        Tile(std::array::from_fn(|i| if COSINES[15][i % 32] > 0 { 255 } else { 0 })),
        Tile(std::array::from_fn(|i| if COSINES[1][i / 32] > 0 { 255 } else { 0 })),
    ];
    for tile in extremes.into_iter().chain((0..50).map(noise_tile)) {
        let exact = oracle(&tile);
        let plain = picture_hash(&portable::transform(&tile), &tile, portable::greater);
        assert_eq!(hash_tile(&tile), plain);
        assert_eq!(hash_upright(&tile), (hash_tile(&tile).upright(), quality(&tile)));
        for transform in backends() {
            let ours: Vec<_> = transform(&tile).0.iter().map(|&v| i128::from(v)).collect();
            assert_eq!(ours, exact);
        }
    }
}

/// The rule as it is written: a bit where at least half are strictly smaller.
fn counted(values: &[i64]) -> Vec<bool> {
    let smaller = |value: i64| values.iter().filter(|&&other| other < value).count();
    values.iter().map(|&value| smaller(value) >= values.len() / 2).collect()
}

#[test]
fn hundredths_are_rounded_down() {
    assert!((0..=255).all(|step| hundredths(step) == u16::from(step) * 100 / 255));
}

#[test]
fn ranking_counts_the_strictly_smaller() {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 20) as i64
    };
    // From all equal over many ties, in the keys or in the whole values, to none; one-sided too.
    for (range, offset) in [
        (1, 0),
        (2, 0),
        (5, 2),
        (9000, 4500),
        (20_000, 0),
        (1 << 20, 1 << 19),
        (1 << 40, 1 << 39),
        (1 << 44, 0),
        (1 << 43, 1 << 43),
        (3, 1 << 43),
        (1 << 24, -(1 << 42)),
    ] {
        for _ in 0..20 {
            let values: [i64; 256] = std::array::from_fn(|_| next() % range - offset);
            let mut words = [0; 4];
            rank_bits(&values, &mut words, &portable::greater);
            let bits: Vec<bool> =
                (0..256).map(|i| words[i / 64] >> (63 - i % 64) & 1 == 1).collect();
            assert_eq!(bits, counted(&values), "range {range}, offset {offset}");
        }
    }
}

#[test]
fn the_self_test_is_good() {
    assert_eq!(self_test(), Ok(()));
}

#[test]
fn oriented_hashes_equal_hashes_of_the_oriented_tile() {
    for seed in 1..40 {
        let tile = noise_tile(seed * 0x9e37_79b9);
        let hash = hash_tile(&tile);
        for orientation in Orientation::ALL {
            let turned = hash_tile(&tile.oriented(orientation));
            assert_eq!(turned.upright(), hash.oriented(orientation), "{orientation:?}");
            assert_eq!(turned.quality, hash.quality);
        }
    }
}

#[test]
fn a_flat_tile_has_only_its_dc_bit_and_no_quality() {
    let hash = hash_tile(&Tile([200; 1024]));
    assert_eq!(hash.upright().phash, PerceptualHash(1 << 63));
    assert_eq!(hash.quality, Quality(0));
    assert_eq!(hash_tile(&Tile([0; 1024])).upright().phash, PerceptualHash(0));
}
