use super::*;
use crate::picture::tile::{DETAIL_SIDE, DetailTile, FineTile, Plane};
use crate::picture::window::WindowSet;

const SIDE: usize = 512;

/// A picture of many soft discs: detail everywhere, and no two seeds alike.
fn scene(seed: u64) -> Vec<u8> {
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let mut plane = vec![120_i32; SIDE * SIDE];
    for _ in 0..400 {
        let (cy, cx, radius) = (next(SIDE) as i32, next(SIDE) as i32, 6 + next(40) as i32);
        let level = next(140) as i32 - 70;
        for y in (cy - radius).max(0)..(cy + radius).min(SIDE as i32) {
            for x in (cx - radius).max(0)..(cx + radius).min(SIDE as i32) {
                if (y - cy) * (y - cy) + (x - cx) * (x - cx) < radius * radius {
                    plane[y as usize * SIDE + x as usize] += level;
                }
            }
        }
    }
    plane.into_iter().map(|level| level.clamp(0, 255) as u8).collect()
}

/// Rows and columns of a picture.
fn cut(plane: &[u8], rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Picture {
    let cells = rows.clone().flat_map(|y| plane[y * SIDE..][columns.clone()].to_vec()).collect();
    Picture { pixels: (rows.len() as u32, columns.len() as u32), cells }
}

/// The picture with `above` and `below` rows and `beside` columns on either side of one level.
fn framed(plane: &[u8], above: usize, below: usize, beside: usize, level: u8) -> Picture {
    let width = SIDE + 2 * beside;
    let mut cells = vec![level; above * width];
    for row in plane.chunks_exact(SIDE) {
        cells.extend(std::iter::repeat_n(level, beside));
        cells.extend_from_slice(row);
        cells.extend(std::iter::repeat_n(level, beside));
    }
    cells.extend(std::iter::repeat_n(level, below * width));
    Picture { pixels: ((SIDE + above + below) as u32, width as u32), cells }
}

struct Picture {
    pixels: (u32, u32),
    cells: Vec<u8>,
}

impl Picture {
    fn shown(&self) -> Shown {
        let (height, width) = self.pixels;
        let tiles = Plane::new(width, height, 1, &self.cells).unwrap().tiles().unwrap();
        Shown { prepared: Prepared::new(&tiles.fine), pixels: self.pixels }
    }

    fn detail(&self) -> DetailTile {
        let (height, width) = self.pixels;
        DetailTile::average(width, height, self.cells.chunks_exact(width as usize)).unwrap()
    }
}

fn starts() -> Vec<Start> {
    let windows = WindowSet::Many.windows();
    let both = |window| {
        [Whose::First, Whose::Second].map(|whose| Start { whose, part: Part::from(window) })
    };
    windows.into_iter().flat_map(both).collect()
}

fn proven(a: &Picture, b: &Picture) -> Option<Alignment> {
    let (a, b) = (a.shown(), b.shown());
    let (there, back) = (prove(&a, &b, &starts()), prove(&b, &a, &starts()));
    let alignment = |proof| match proof {
        Proof::Accepted(alignment) | Proof::DetailNeeded(alignment) => Some(alignment),
        Proof::Refused => None,
    };
    assert_eq!(alignment(there).is_some(), alignment(back).is_some(), "the order does not matter");
    alignment(there)
}

#[test]
fn a_part_is_found_where_it_was_cut() {
    for seed in 0..4 {
        let plane = scene(seed);
        let whole = cut(&plane, 0..SIDE, 0..SIDE);
        for (rows, columns) in
            [(26..486, 26..486), (0..512, 77..512), (60..430, 100..470), (205..512, 0..307)]
        {
            let part = cut(&plane, rows.clone(), columns.clone());
            let found = proven(&whole, &part).unwrap_or_else(|| panic!("{rows:?} {columns:?}"));
            assert_eq!(found.whose, Whose::First, "{rows:?} {columns:?}");
            let expected = [rows.start, columns.start, rows.end, columns.end];
            let Part { top, left, bottom, right } = found.part;
            for (found, pixels) in [top, left, bottom, right].into_iter().zip(expected) {
                let expected = (pixels / 2) as u32;
                assert!(found.abs_diff(expected) <= 2, "{:?} is not {expected:?}", found);
            }
            assert!(found.likeness() >= 80, "{}", found.likeness());
        }
    }
}

#[test]
fn what_was_added_around_a_picture_is_left_out() {
    let plane = scene(7);
    let whole = cut(&plane, 0..SIDE, 0..SIDE);
    for (above, below, beside, level) in
        [(0, 90, 0, 0), (90, 0, 0, 255), (80, 80, 0, 0), (0, 0, 80, 0), (30, 30, 30, 255)]
    {
        let with = framed(&plane, above, below, beside, level);
        let found = proven(&whole, &with).unwrap();
        assert_eq!(found.whose, Whose::Second, "{above} {below} {beside}");
        let (height, width) = found.part.sides();
        let share = |of: usize| (SIDE * 256 / of) as u32;
        assert!(height.abs_diff(share(SIDE + above + below)) <= 3, "{height}");
        assert!(width.abs_diff(share(SIDE + 2 * beside)) <= 3, "{width}");
    }
}

#[test]
fn different_pictures_are_refused() {
    let pictures: Vec<Picture> = (20..32).map(|seed| cut(&scene(seed), 0..SIDE, 0..SIDE)).collect();
    for (at, a) in pictures.iter().enumerate() {
        for b in &pictures[..at] {
            assert_eq!(proven(a, b), None);
        }
    }
}

#[test]
fn shapes_that_no_crop_explains_are_refused() {
    let plane = scene(3);
    let (whole, mut squeezed) = (cut(&plane, 0..SIDE, 0..SIDE), cut(&plane, 0..SIDE, 0..SIDE));
    squeezed.pixels = (512, 512);
    assert!(proven(&whole, &squeezed).is_some());
    let (a, mut b) = (whole.shown(), squeezed.shown());
    for (height, expected) in [(512, true), (384, true), (300, false), (700, true), (900, false)] {
        b.pixels = (height, 512);
        assert_eq!(prove(&a, &b, &[]) != Proof::Refused, expected, "{height}");
    }
}

#[test]
fn every_processor_comes_to_the_same_verdict() {
    let plane = scene(11);
    let whole = cut(&plane, 0..SIDE, 0..SIDE).shown().prepared;
    for rows in [0..512, 20..500, 100..420, 0..300] {
        let part = cut(&plane, rows.clone(), 30..480).shown().prepared;
        let plain = best_alignment(&whole, &part, &starts());
        assert_eq!(align(&whole, &part, &starts()), plain, "{rows:?}");
    }
    // The very numbers, so that a machine that rounds otherwise is noticed.
    let part = cut(&plane, 20..500, 30..480).shown().prepared;
    let found = align(&whole, &part, &starts()).unwrap();
    let Agreement { coarse, fine } = found.agreement;
    assert_eq!(
        (found.part.to_bytes(), coarse.good, coarse.median, fine.good, fine.median),
        ([10, 15, 6, 16], 49, 65_359, 225, 63_872)
    );
}

/// A page: lines of dark blocks on white, `changed` of which are others.
fn page(changed: usize) -> Picture {
    let mut cells = vec![255; SIDE * SIDE];
    let mut word = 0;
    for line in 0..8 {
        for at in 0..16 {
            word += 1;
            let seed = if word <= changed { word * 31 + 7 } else { word };
            for stroke in 0..4 {
                let height = 3 + (seed * (stroke + 3) * 7 / 5) % 9;
                let (y, x) = (40 + line * 27, 40 + at * 21 + stroke * 4);
                for row in y..y + height {
                    cells[row * SIDE + x..][..2].fill(20);
                }
            }
        }
    }
    Picture { pixels: (SIDE as u32, SIDE as u32), cells }
}

#[test]
fn pages_of_one_layout_are_settled_by_their_detail() {
    let original = page(0);
    let settled = |other: &Picture| {
        let (a, b) = (original.shown(), other.shown());
        let alignment = match prove(&a, &b, &[]) {
            Proof::DetailNeeded(alignment) => alignment,
            other => panic!("a page is mostly background: {other:?}"),
        };
        let (first, second) = (original.detail(), other.detail());
        let detailed = |tile, pixels| Detailed { tile, pixels };
        let (of, with) = (detailed(&first, original.pixels), detailed(&second, other.pixels));
        let part = alignment.part;
        let found = differences(alignment.whose.of(of, with), alignment.whose.of(with, of), part);
        (settle(alignment, &a, &b, Some(found)), settle(alignment, &a, &b, None))
    };
    let mut darker = page(0);
    darker.cells.iter_mut().for_each(|cell| *cell = *cell / 4 * 3);
    assert!(matches!(settled(&darker), (Verdict::Same(_), Verdict::Alike(_))));
    assert!(matches!(settled(&page(8)).0, Verdict::Alike(_)), "a few words changed");
    assert!(matches!(settled(&page(100)).0, Verdict::Different), "another page");
}

#[test]
fn a_part_that_is_a_little_off_is_mended_by_the_detail() {
    let plane = scene(5);
    let (whole, inner) = (cut(&plane, 0..SIDE, 0..SIDE), cut(&plane, 20..492, 30..482));
    let (whole_tile, inner_tile) = (whole.detail(), inner.detail());
    let of = Detailed { tile: &whole_tile, pixels: whole.pixels };
    let other = Detailed { tile: &inner_tile, pixels: inner.pixels };
    let off = Part { top: 12, left: 13, bottom: 244, right: 242 };
    let before = differences(of, other, off);
    let (part, after) = refined(of, other, off, before);
    let edges = |part: Part| [part.top, part.left, part.bottom, part.right];
    let is_near = |(found, cut): (u32, u32)| found.abs_diff(cut) <= 1;
    assert!(edges(part).into_iter().zip([10, 15, 246, 241]).all(is_near), "{part:?}");
    assert_eq!(after, differences(of, other, part));
    assert!(before.missing > 40 && after.missing == 0, "{before:?} {after:?}");
    // Near the edges of the picture, the edges themselves are tried.
    let (part, _) = refined(of, of, Part { top: 3, left: 2, bottom: 253, right: 254 }, before);
    assert_eq!(part, Part::WHOLE);
}

#[test]
fn flat_tiles_prove_nothing() {
    let flat =
        |level| Shown { prepared: Prepared::new(&FineTile([level; 64 * 64])), pixels: (64, 64) };
    assert_eq!(prove(&flat(0), &flat(0), &[]), Proof::Refused);
    assert_eq!(prove(&flat(0), &flat(255), &[]), Proof::Refused);
    assert_eq!(flat(9).prepared.flat_share(), 1 << 16);
    let noise = FineTile(std::array::from_fn(|i| (i * 97 % 256) as u8));
    let noise = Shown { prepared: Prepared::new(&noise), pixels: (64, 64) };
    assert_eq!(prove(&flat(0), &noise, &[]), Proof::Refused);
    assert_eq!(DETAIL_SIDE, Part::SIDE as usize);
}

#[test]
fn a_region_is_what_the_part_shows() {
    let tile = FineTile(std::array::from_fn(|i| if i % 64 < 32 { 10 } else { 200 }));
    let right = Part { left: 128, ..Part::WHOLE };
    assert_eq!(Prepared::region(&tile, right).0, [200; 64 * 64]);
    assert_eq!(Prepared::region(&tile, Part::WHOLE), tile);
}
