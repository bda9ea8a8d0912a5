use std::collections::BTreeSet;

use super::*;

fn noise(seed: u64) -> FineTile {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    FineTile(std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    }))
}

/// The definition, cell by cell: edges in twentieths of a source cell.
fn oracle(tile: &FineTile, window: Window) -> Tile {
    let overlap = |a: (u64, u64), b: (u64, u64)| a.1.min(b.1).saturating_sub(a.0.max(b.0));
    let [top, left, bottom, right] = window.edges().map(u64::from);
    let (height, width) = (bottom - top, right - left);
    Tile(std::array::from_fn(|index| {
        let (y, x) = ((index / TILE_SIDE) as u64, (index % TILE_SIDE) as u64);
        let rows = (32 * top + y * height, 32 * top + (y + 1) * height);
        let columns = (32 * left + x * width, 32 * left + (x + 1) * width);
        let mut sum = 0;
        for (at, &cell) in tile.0.iter().enumerate() {
            let (v, u) = ((at / FINE_SIDE) as u64, (at % FINE_SIDE) as u64);
            sum += u64::from(cell)
                * overlap(rows, (20 * v, 20 * v + 20))
                * overlap(columns, (20 * u, 20 * u + 20));
        }
        ((sum + height * width / 2) / (height * width)) as u8
    }))
}

#[test]
fn every_window_is_its_area_average_on_every_processor() {
    for seed in 0..2 {
        let tile = noise(seed);
        let (mut hasher, mut plain) = (WindowHasher::new(&tile), WindowHasher::new(&tile));
        for window in WindowSet::Many.windows().into_iter().chain(HALVES) {
            let expected = oracle(&tile, window);
            assert_eq!(hasher.tile(window), expected, "{window:?}");
            assert_eq!(plain.reduce(window), expected, "{window:?}, plain code");
            assert_eq!(hasher.hash(window), hash_upright(&expected), "{window:?}");
        }
    }
}

#[test]
fn extremes_do_not_overflow() {
    for value in [0, 255] {
        let mut hasher = WindowHasher::new(&FineTile([value; FINE_SIDE * FINE_SIDE]));
        for window in WindowSet::Many.windows() {
            assert_eq!(hasher.tile(window).0, [value; TILE_SIDE * TILE_SIDE], "{window:?}");
        }
    }
}

#[test]
fn no_window_is_there_twice_and_the_whole_comes_first() {
    for (set, count) in [(WindowSet::Whole, 1), (WindowSet::Few, 14), (WindowSet::Many, 200)] {
        let windows = set.windows();
        assert_eq!(windows.len(), count, "{set:?}");
        assert!(windows[0].is_whole());
        assert_eq!(windows.iter().collect::<BTreeSet<_>>().len(), count, "{set:?}");
    }
}

#[test]
fn mirrored_pictures_have_mirrored_windows() {
    // What is found of a picture must be found of its mirror image too.
    for set in [WindowSet::Few, WindowSet::Many] {
        let windows: BTreeSet<Window> = set.windows().into_iter().collect();
        let mirrored = |Interval(from, to)| Interval(40 - to, 40 - from);
        let is_frame = |window: &Window| FRAMES.contains(&(window.vertical, window.horizontal));
        for window in windows.iter().filter(|window| !is_frame(window)) {
            let across = Window::new(window.vertical, mirrored(window.horizontal));
            let down = Window::new(mirrored(window.vertical), window.horizontal);
            assert!(windows.contains(&across) && windows.contains(&down), "{window:?}");
        }
    }
}
