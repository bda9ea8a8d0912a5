//! Groups of pictures made up in memory: every rule of matching, keeping and showing.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use clean_backup::dedupe::prover::HashesAlone;
use clean_backup::dedupe::{DedupeOptions, Deduplicated, dedupe};
use clean_backup::index::CpuJoiner;
use clean_backup::model::findings::{Group, Matching, Relation};
use clean_backup::model::media::{
    Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, FileStamp, Format, MediaFile, Metadata,
    ModifiedNs, Orientation,
};
use clean_backup::model::policy::Policy;
use clean_backup::model::record::{ContentHash, Mark, MarkedFile, Picture, PictureRecord};
use clean_backup::picture::dct::hash_tile;
use clean_backup::picture::tile::Tile;
use proptest::prelude::*;

/// A tile of soft blobs, so that it hashes like a photograph; the same seed, the same tile.
fn scene(seed: u64) -> Tile {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |range: i64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as i64 % range
    };
    let blobs: Vec<(i64, i64, i64, i64)> =
        (0..14).map(|_| (next(32), next(32), 2 + next(9), next(220) - 110)).collect();
    Tile(std::array::from_fn(|i| {
        let (y, x) = ((i / 32) as i64, (i % 32) as i64);
        let sum: i64 = blobs
            .iter()
            .map(|(by, bx, r, height)| {
                let far = (y - by).pow(2) + (x - bx).pow(2);
                if far < r * r { height * (r * r - far) / (r * r) } else { 0 }
            })
            .sum();
        (128 + sum).clamp(0, 255) as u8
    }))
}

/// The same scene with a few cells changed: a few bits of difference.
fn nudged(tile: &Tile, amount: usize) -> Tile {
    let mut tile = tile.clone();
    for (i, cell) in tile.0.iter_mut().enumerate().step_by(7) {
        *cell = cell.wrapping_add((i * amount % 5) as u8).max(*cell);
    }
    tile
}

fn picture(path: &str, tile: &Tile) -> Picture {
    let inode = path.bytes().fold(17_u64, |hash, b| hash.wrapping_mul(31).wrapping_add(b.into()));
    Picture {
        file: MediaFile {
            path: PathBuf::from(path),
            stamp: FileStamp {
                key: FileKey { device: 1, inode },
                size: Bytes(1000 + inode % 1000),
                modified: ModifiedNs(0),
            },
            evidence: Default::default(),
            root: 0,
        },
        record: PictureRecord {
            format: Format::Jpeg,
            dimensions: Dimensions { width: 400, height: 300 },
            hash: hash_tile(tile),
            metadata: Metadata::default(),
            flags: DecodeFlags::default(),
            provenance: None,
        },
        content: None,
    }
}

fn taken(mut picture: Picture, second: i64, fraction: Option<u32>) -> Picture {
    picture.record.metadata.captured =
        Some(CaptureTime { local_seconds: second, subsecond_ns: fraction, offset_minutes: None });
    picture
}

fn with_bytes(mut picture: Picture, size: u64, content: u8) -> Picture {
    picture.file.stamp.size = Bytes(size);
    picture.content = Some(ContentHash([content; 32]));
    picture
}

fn run(pictures: &[Picture], options: &DedupeOptions) -> Deduplicated {
    let unread = |_: &Picture| Err(io::Error::other("not to be read"));
    dedupe(pictures, options, &unread, &CpuJoiner, &HashesAlone, &())
}

/// Bytes that acting on the first group frees.
fn freed(pictures: &[Picture], options: &DedupeOptions) -> Bytes {
    let groups = run(pictures, options).report_groups(pictures, options);
    let include_bursts = options.include_bursts;
    Bytes(groups[0].reclaimable_bytes(&Matching { include_bursts, ..Matching::default() }))
}

fn linked(group: &Group<u32>) -> Vec<u32> {
    group.linked.iter().map(|linked| linked.picture).collect()
}

fn paths(pictures: &[Picture], group: &Group<u32>) -> (String, Vec<String>) {
    let path = |index: u32| pictures[index as usize].file.path.display().to_string();
    (path(group.keeper), group.duplicates.iter().map(|d| path(d.picture)).collect())
}

#[test]
fn copies_are_grouped_and_others_are_not() {
    let (a, b) = (scene(1), scene(2));
    let mut large = picture("z/large.jpg", &a);
    large.record.dimensions.width = 4000;
    let pictures =
        [picture("a.jpg", &a), picture("b.jpg", &b), large, picture("c.jpg", &nudged(&a, 1))];
    let found = run(&pictures, &DedupeOptions::default());
    assert_eq!(found.groups.len(), 1);
    let (keeper, duplicates) = paths(&pictures, &found.groups[0]);
    assert_eq!((keeper.as_str(), duplicates.len()), ("z/large.jpg", 2));
    assert_eq!(found.groups[0].reason, "more pixels");
    assert!(found.groups[0].duplicates.iter().all(|d| d.relation == Relation::Copy));
    let expected = pictures[0].file.stamp.size.0 + pictures[3].file.stamp.size.0;
    assert_eq!(freed(&pictures, &DedupeOptions::default()), Bytes(expected));
}

#[test]
fn near_by_one_hash_alone_is_not_near() {
    let a = scene(12);
    let policy = Policy::from_threshold(6);
    for (fine_bits, grouped) in [(policy.fine_radius.0, true), (policy.fine_radius.0 + 1, false)] {
        let mut other = picture("b.jpg", &a);
        for bit in 0..fine_bits as usize {
            other.record.hash.views[0].fine.0[bit / 64] ^= 1 << (bit % 64);
        }
        let found = run(&[picture("a.jpg", &a), other], &DedupeOptions::default());
        assert_eq!(found.groups.len() == 1, grouped, "{fine_bits} of 256");
    }
}

#[test]
fn same_bytes_are_identical_and_a_failed_comparison_is_told() {
    let a = scene(3);
    let pictures = [
        with_bytes(picture("a.jpg", &a), 500, 1),
        with_bytes(picture("b.jpg", &a), 500, 1),
        with_bytes(picture("c.jpg", &a), 500, 2),
    ];
    let found = run(&pictures, &DedupeOptions::default());
    let relations: Vec<_> = found.groups[0].duplicates.iter().map(|d| d.relation).collect();
    assert_eq!(relations, [Relation::Identical, Relation::Copy]);
    let mut unread = pictures.clone();
    unread[1].content = None;
    let found = run(&unread, &DedupeOptions::default());
    assert_eq!(found.groups[0].duplicates[0].relation, Relation::Copy);
    assert_eq!(found.skipped.len(), 1);
    assert_eq!(found.skipped[0].reason, "its bytes could not be compared: not to be read");
}

#[test]
fn a_burst_is_shown_but_frees_nothing() {
    let a = scene(4);
    let pictures = [
        taken(picture("IMG_1.jpg", &a), 10, Some(100)),
        taken(picture("IMG_2.jpg", &nudged(&a, 2)), 10, Some(600)),
    ];
    let found = run(&pictures, &DedupeOptions::default());
    assert_eq!(found.groups.len(), 1);
    assert_eq!(found.groups[0].duplicates[0].relation, Relation::Burst);
    assert_eq!(freed(&pictures, &DedupeOptions::default()), Bytes(0));
    let include_bursts = DedupeOptions { include_bursts: true, ..Default::default() };
    let included = run(&pictures, &include_bursts);
    assert_eq!(included.groups[0].duplicates[0].relation, Relation::Burst);
    assert_ne!(freed(&pictures, &include_bursts), Bytes(0));
}

#[test]
fn each_frame_of_a_burst_keeps_its_own_copies() {
    // Whether the frames differ by a few bits or by none.
    own_copies(&scene(5), &nudged(&scene(5), 2));
    own_copies(&scene(5), &scene(5));
}

fn own_copies(a: &Tile, b: &Tile) {
    let pictures = [
        taken(picture("copies/1.jpg", a), 10, Some(1)),
        taken(picture("copies/2.jpg", b), 10, Some(2)),
        taken(picture("in/1.jpg", a), 10, Some(1)),
        taken(picture("in/2.jpg", b), 10, Some(2)),
    ];
    let found = run(&pictures, &DedupeOptions::default());
    assert_eq!(found.groups.len(), 2);
    for group in &found.groups {
        let (keeper, duplicates) = paths(&pictures, group);
        assert_eq!(duplicates.len(), 1, "{keeper}: {duplicates:?}");
        assert_eq!(keeper.chars().rev().nth(4), duplicates[0].chars().rev().nth(4));
    }
}

#[test]
fn an_undated_keeper_does_not_swallow_two_frames() {
    let a = scene(11);
    let mut export = picture("export.jpg", &a);
    export.record.dimensions.width = 9000;
    let pictures = [
        export,
        taken(picture("IMG_1.jpg", &nudged(&a, 1)), 10, Some(1)),
        taken(picture("IMG_2.jpg", &nudged(&a, 2)), 10, Some(2)),
    ];
    let found = run(&pictures, &DedupeOptions::default());
    let mut relations: Vec<_> = found.groups[0].duplicates.iter().map(|d| d.relation).collect();
    relations.sort();
    assert_eq!(relations, [Relation::Copy, Relation::Burst]);
}

#[test]
fn a_frame_that_is_shown_with_its_burst_is_not_linked_as_well() {
    let tile = scene(3);
    let mut best = taken(picture("a", &tile), 5, None);
    best.record.dimensions.width = 500;
    // An undated copy of both.
    let pictures = [best, picture("b", &tile), taken(picture("c", &nudged(&tile, 1)), 6, None)];
    let groups = run(&pictures, &DedupeOptions::default()).groups;
    assert_eq!(groups.len(), 1);
    let shown: Vec<(u32, Relation)> =
        groups[0].duplicates.iter().map(|d| (d.picture, d.relation)).collect();
    assert_eq!((groups[0].keeper, shown), (0, vec![(1, Relation::Copy), (2, Relation::Burst)]));
    assert_eq!(linked(&groups[0]), [0_u32; 0]);
}

#[test]
fn flat_pictures_match_only_byte_for_byte() {
    let sky = Tile(std::array::from_fn(|i| 120 + (i / 512) as u8));
    let pictures = [
        with_bytes(picture("a.jpg", &sky), 700, 1),
        with_bytes(picture("b.jpg", &sky), 700, 2),
        with_bytes(picture("c.jpg", &sky), 701, 1),
        with_bytes(picture("d.jpg", &sky), 700, 1),
    ];
    let found = run(&pictures, &DedupeOptions::default());
    assert_eq!(found.groups.len(), 1);
    assert_eq!(paths(&pictures, &found.groups[0]), ("a.jpg".into(), vec!["d.jpg".into()]));
    assert_eq!(found.groups[0].duplicates[0].relation, Relation::Identical);
}

#[test]
fn turned_copies_only_when_asked_with_the_turn_told() {
    let a = scene(6);
    for orientation in Orientation::ALL.into_iter().skip(1) {
        let mut large = picture("a.jpg", &a);
        large.record.dimensions.width = 800;
        let pictures = [large, picture("b.jpg", &a.oriented(orientation))];
        assert!(run(&pictures, &DedupeOptions::default()).groups.is_empty(), "{orientation:?}");
        let asked = DedupeOptions { any_orientation: true, ..Default::default() };
        let found = run(&pictures, &asked);
        assert_eq!(found.groups[0].duplicates[0].orientation, orientation);
        // The same when the keeper is the turned one.
        let mut swapped = pictures.clone();
        swapped[0].record.dimensions.width = 100;
        let found = run(&swapped, &asked);
        assert_eq!(found.groups[0].keeper, 1);
        assert_eq!(found.groups[0].duplicates[0].orientation, orientation.inverse());
    }
}

#[test]
fn references_are_keepers_and_never_duplicates() {
    let a = scene(7);
    let mut small = picture("library/a.jpg", &a);
    small.file.root = 1;
    small.record.dimensions.width = 10;
    let mut other = picture("library/b.jpg", &nudged(&a, 1));
    other.file.root = 1;
    let pictures = [picture("import/a.jpg", &a), small, other];
    let options = DedupeOptions { reference_roots: vec![false, true], ..Default::default() };
    let found = run(&pictures, &options);
    assert_eq!(found.groups.len(), 1);
    let (keeper, duplicates) = paths(&pictures, &found.groups[0]);
    assert_eq!(keeper, "library/b.jpg");
    assert_eq!(duplicates, ["import/a.jpg"]);
    let only_references = DedupeOptions { reference_roots: vec![true, true], ..Default::default() };
    assert!(run(&pictures, &only_references).groups.is_empty());
}

#[test]
fn raw_and_jpeg_of_one_shot_are_not_copies_of_each_other() {
    let a = scene(8);
    let raw = |path: &str| {
        let mut picture = picture(path, &a);
        picture.record.format = Format::Raf;
        picture
    };
    let pictures = [
        raw("card/DSCF1.RAF"),
        picture("card/DSCF1.jpg", &a),
        raw("old/DSCF1.RAF"),
        picture("old/DSCF1.jpg", &a),
    ];
    let found = run(&pictures, &DedupeOptions::default());
    let groups: Vec<_> = found.groups.iter().map(|group| paths(&pictures, group)).collect();
    assert_eq!(groups.len(), 2);
    for (keeper, duplicates) in groups {
        assert_eq!(duplicates.len(), 1);
        assert_eq!(keeper.rsplit('.').next(), duplicates[0].rsplit('.').next());
    }
}

#[test]
fn hard_links_are_one_picture() {
    let a = scene(9);
    let mut second = picture("b.jpg", &a);
    second.file.stamp = picture("a.jpg", &a).file.stamp;
    let pictures = [picture("a.jpg", &a), second, picture("c.jpg", &a)];
    let found = run(&pictures, &DedupeOptions::default());
    assert_eq!((found.groups.len(), found.hard_links), (1, 1));
    assert_eq!(found.groups[0].duplicates.len(), 1);
    let groups = found.report_groups(&pictures, &DedupeOptions::default());
    let names: usize = std::iter::once(&groups[0].keeper)
        .chain(groups[0].duplicates.iter().map(|d| &d.picture))
        .map(|picture| picture.other_names.len())
        .sum();
    assert_eq!(names, 1);
}

#[test]
fn ten_thousand_identical_frames_are_one_group() {
    let a = scene(10);
    let pictures: Vec<Picture> =
        (0..10_000).map(|i| with_bytes(picture(&format!("{i:05}.jpg"), &a), 9, 9)).collect();
    let found = run(&pictures, &DedupeOptions { any_orientation: true, ..Default::default() });
    assert_eq!(found.groups.len(), 1);
    assert_eq!(found.groups[0].duplicates.len(), 9_999);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_duplicate_is_within_the_policy_of_its_keeper(
        seeds in proptest::collection::vec((0..6_u64, 0..4_usize, 0..3_usize), 2..30),
        threshold in 0..=16_u32,
    ) {
        let pictures: Vec<Picture> = seeds.iter().enumerate().map(|(i, &(seed, amount, size))| {
            let mut picture = picture(&format!("{i}.jpg"), &nudged(&scene(seed), amount));
            picture.record.dimensions.width = 100 + size as u32;
            picture.file.stamp.size = Bytes(i as u64);
            picture
        }).collect();
        let policy = Policy::from_threshold(threshold);
        let options = DedupeOptions { policy, ..Default::default() };
        let found = run(&pictures, &options);
        let mut seen: HashMap<u32, u32> = HashMap::new();
        for group in &found.groups {
            *seen.entry(group.keeper).or_default() += 1;
            let keeper = pictures[group.keeper as usize].record.hash.upright();
            for duplicate in &group.duplicates {
                *seen.entry(duplicate.picture).or_default() += 1;
                let view = pictures[duplicate.picture as usize].record.hash.upright();
                prop_assert_eq!(duplicate.distance, keeper.phash.distance(view.phash));
                prop_assert_eq!(duplicate.fine_distance, keeper.fine.distance(view.fine));
                prop_assert!(duplicate.distance <= policy.radius);
                prop_assert!(duplicate.fine_distance <= policy.fine_radius);
            }
        }
        prop_assert!(seen.values().all(|&times| times == 1), "{seen:?}");
        // The order of the pictures decides nothing but their numbers.
        let mut reversed = pictures.clone();
        reversed.reverse();
        let names = |pictures: &[Picture], found: &Deduplicated| -> Vec<_> {
            found.groups.iter().map(|group| {
                let (keeper, mut duplicates) = paths(pictures, group);
                duplicates.sort();
                (keeper, duplicates)
            }).collect()
        };
        let again = run(&reversed, &options);
        prop_assert_eq!(names(&pictures, &found), names(&reversed, &again));
    }
}

/// Whether two pictures are near when either of them is turned.
fn near_by_definition(a: &Picture, b: &Picture, options: &DedupeOptions) -> bool {
    let turns = if options.any_orientation { 8 } else { 1 };
    let (a, b) = (&a.record.hash, &b.record.hash);
    Orientation::ALL.into_iter().take(turns).any(|orientation| {
        let turned = (a.oriented(orientation), b.upright());
        let back = (a.upright(), b.oriented(orientation.inverse()));
        [turned, back].into_iter().any(|(a, b)| {
            (options.fine_only || a.phash.distance(b.phash) <= options.policy.radius)
                && a.fine.distance(b.fine) <= options.policy.fine_radius
        })
    })
}

/// Greedy stars by their definition, every picture against every other: the best that is left
/// takes all copies that are left and near it.
fn stars_by_definition(pictures: &[Picture], options: &DedupeOptions) -> Vec<(u32, Vec<u32>)> {
    let near =
        |a: u32, b: u32| near_by_definition(&pictures[a as usize], &pictures[b as usize], options);
    let burst = |a: u32, b: u32| {
        let time = |i: u32| pictures[i as usize].record.metadata.captured;
        !options.include_bursts && matches!((time(a), time(b)), (Some(a), Some(b)) if a != b)
    };
    let mut order: Vec<u32> = (0..pictures.len() as u32).collect();
    // What `frames` makes differ in nothing but pixels.
    order.sort_by_key(|&i| std::cmp::Reverse(pictures[i as usize].record.dimensions.width));
    let mut taken = vec![false; pictures.len()];
    let mut stars = Vec::new();
    for (place, &keeper) in order.iter().enumerate() {
        if taken[keeper as usize] {
            continue;
        }
        let mut duplicates: Vec<u32> = order[place + 1..]
            .iter()
            .copied()
            .filter(|&other| !taken[other as usize] && near(keeper, other) && !burst(keeper, other))
            .collect();
        if !duplicates.is_empty() {
            duplicates.iter().for_each(|&other| taken[other as usize] = true);
            taken[keeper as usize] = true;
            duplicates.sort_unstable();
            stars.push((keeper, duplicates));
        }
    }
    stars.sort_unstable();
    stars
}

/// Frames of one scene that drifts, some of them dated, each a little unlike the one before: all
/// have hundreds of neighbours. Ranked by their widths.
fn frames(count: usize, dated: impl Fn(usize) -> Option<i64>, turn: bool) -> Vec<Picture> {
    let mut tile = scene(77);
    (0..count)
        .map(|number| {
            if number % 3 == 0 {
                let at = number * 7 % 1024;
                tile.0[at] = tile.0[at].wrapping_add(9);
            }
            let shown = if turn && number % 5 == 0 {
                tile.oriented(Orientation::Rotate90)
            } else {
                tile.clone()
            };
            let mut frame = picture(&format!("{number:05}.jpg"), &shown);
            frame.record.dimensions.width = 400 + (number * 7919 % count) as u32;
            match dated(number) {
                Some(second) => taken(frame, second, Some(1)),
                None => frame,
            }
        })
        .collect()
}

#[test]
fn dense_clusters_make_the_same_stars() {
    let cases: [(&str, Vec<Picture>); 4] = [
        ("undated", frames(900, |_| None, false)),
        ("a time-lapse, each frame twice", frames(900, |n| Some((n / 2) as i64), false)),
        ("some dated", frames(900, |n| (n % 4 > 0).then_some((n / 3) as i64), false)),
        ("turned", frames(600, |n| (n % 2 > 0).then_some((n / 4) as i64), true)),
    ];
    for (name, pictures) in cases {
        for (radius, include_bursts, fine_only) in
            [(2, false, false), (6, false, false), (6, true, false), (2, false, true)]
        {
            let options = DedupeOptions {
                policy: Policy::from_threshold(radius),
                fine_only,
                any_orientation: name == "turned",
                include_bursts,
                ..DedupeOptions::default()
            };
            let found = run(&pictures, &options);
            let copies = |group: &Group<u32>| {
                let copies = group
                    .duplicates
                    .iter()
                    .filter(|d| d.relation != Relation::Burst || include_bursts);
                let mut copies: Vec<u32> = copies.map(|d| d.picture).collect();
                copies.sort_unstable();
                (group.keeper, copies)
            };
            let mut stars: Vec<_> =
                found.groups.iter().map(copies).filter(|(_, copies)| !copies.is_empty()).collect();
            stars.sort_unstable();
            let expected = stars_by_definition(&pictures, &options);
            assert!(!expected.is_empty());
            if name != "some dated" {
                assert_eq!(stars, expected, "{name} within {radius}");
            }
            // Nobody is lost: who is near another is in a group or linked.
            let mut seen: Vec<u32> = found
                .groups
                .iter()
                .flat_map(|g| g.members().copied().collect::<Vec<_>>())
                .collect();
            seen.sort_unstable();
            seen.dedup();
            for i in 0..pictures.len() {
                let has_copy = (0..pictures.len())
                    .any(|j| i != j && near_by_definition(&pictures[i], &pictures[j], &options));
                let lost = has_copy && seen.binary_search(&(i as u32)).is_err();
                assert!(!lost, "{name} within {radius}: {i} is lost");
            }
        }
    }
}

/// A mark on two pictures of [`with_bytes`].
fn mark(a: &Picture, b: &Picture) -> Mark {
    let marked = |picture: &Picture| MarkedFile {
        content: picture.content.unwrap(),
        size: picture.file.stamp.size.0,
    };
    Mark::new(marked(a), marked(b))
}

#[test]
fn what_was_called_two_pictures_is_no_duplicate() {
    let tile = scene(3);
    let near = nudged(&tile, 1);
    let mut large = with_bytes(picture("a.png", &tile), 1000, 1);
    large.record.dimensions = Dimensions { width: 4000, height: 3000 };
    let second = with_bytes(picture("b.jpg", &near), 1000, 2);
    let third = with_bytes(picture("c.jpg", &near), 1000, 3);
    let pictures = [large.clone(), second.clone(), third.clone()];
    let groups = |marks: Vec<Mark>| {
        let found = run(&pictures, &DedupeOptions { marks, ..Default::default() });
        let group = |g: &Group<u32>| {
            let mut duplicates: Vec<u32> = g.duplicates.iter().map(|d| d.picture).collect();
            duplicates.sort_unstable();
            (g.keeper, duplicates, linked(g))
        };
        found.groups.iter().map(group).collect::<Vec<_>>()
    };
    assert_eq!(groups(vec![]), [(0, vec![1, 2], vec![])]);
    // The third is like the second still, which is the first one's duplicate.
    assert_eq!(groups(vec![mark(&large, &third)]), [(0, vec![1], vec![2])]);
    let both = vec![mark(&large, &third), mark(&second, &third)];
    assert_eq!(groups(both.clone()), [(0, vec![1], vec![])]);
    // Pictures of the same hashes are told marks too.
    let all = [both, vec![mark(&large, &second)]].concat();
    assert_eq!(groups(all), []);
    // A mark is about bytes: other ones of the same size are not concerned.
    let other = with_bytes(third.clone(), 1000, 9);
    assert_eq!(groups(vec![mark(&large, &other)]), [(0, vec![1, 2], vec![])]);
}

#[test]
fn marks_hold_among_hundreds_of_frames_alike() {
    let tile = scene(5);
    let name = |n: u32| format!("{n:04}.jpg");
    let mut pictures: Vec<Picture> = (0..400).map(|n| picture(&name(n), &tile)).collect();
    for (n, picture) in (0..).zip(&mut pictures) {
        picture.file.stamp.size = Bytes(5000 + n);
        picture.content = Some(ContentHash(std::array::from_fn(|i| (n >> (8 * (i % 2))) as u8)));
        // Each in a class of its own.
        picture.record.metadata.camera = Some(format!("Pinhole {n}"));
    }
    // The largest file is the keeper.
    let marks = vec![mark(&pictures[399], &pictures[7])];
    let found = run(&pictures, &DedupeOptions { marks, ..Default::default() });
    let group = &found.groups[0];
    assert_eq!((found.groups.len(), group.keeper, group.duplicates.len()), (1, 399, 398));
    assert!(group.duplicates.iter().all(|d| d.picture != 7));
    assert_eq!(linked(group), [7]);
}
