//! Pictures that are near when one of them is turned: found from both sides, grouped by the
//! definition, and never missing from the report.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::similar::{Needle, SearchMode, Searcher, SimilarOptions};
use clean_backup::dedupe::prover::HashesAlone;
use clean_backup::dedupe::{DedupeOptions, Deduplicated, dedupe};
use clean_backup::index::CpuJoiner;
use clean_backup::model::findings::Relation;
use clean_backup::model::media::{
    Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, FileStamp, Format, MediaFile, Metadata,
    ModifiedNs, Orientation,
};
use clean_backup::model::phash::{FineHash, Nearness, PerceptualHash, PictureHash, Quality, View};
use clean_backup::model::policy::Policy;
use clean_backup::model::record::{Picture, PictureRecord, Record};
use proptest::prelude::*;

/// Numbers that look random; the same seed, the same numbers.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn view(&mut self) -> View {
        let mut word = || self.next() << 32 ^ self.next();
        View { phash: PerceptualHash(word()), fine: FineHash([word(), word(), word(), word()]) }
    }

    /// A few bits changed.
    fn nudged(&mut self, mut view: View, coarse: u64, fine: u64) -> View {
        for _ in 0..self.below(coarse + 1) {
            view.phash.0 ^= 1 << self.below(64);
        }
        for _ in 0..self.below(fine + 1) {
            let bit = self.below(256) as usize;
            view.fine.0[bit / 64] ^= 1 << (bit % 64);
        }
        view
    }
}

/// Views that nothing relates to each other: what turns to one is not what turns back from it. In
/// real pictures only some bits are so; here all are.
fn unrelated(dice: &mut Dice) -> PictureHash {
    PictureHash { views: std::array::from_fn(|_| dice.view()), quality: Quality(80) }
}

/// A picture that is near `other` turned by `orientation`, by one side alone or by both.
fn turned(dice: &mut Dice, other: &PictureHash, orientation: Orientation) -> PictureHash {
    let mut hash = unrelated(dice);
    let sides = 1 + dice.below(3);
    if sides & 1 != 0 {
        hash.views[0] = dice.nudged(other.oriented(orientation), 5, 30);
    }
    if sides & 2 != 0 {
        // Turned back, it has to look like the other.
        let (view, transposed) = stored(orientation.inverse());
        let upright = dice.nudged(other.upright(), 5, 30);
        hash.views[view] = if transposed { upright.transposed() } else { upright };
    }
    hash
}

/// Which stored view shows an orientation, and whether transposed: told by trying.
fn stored(orientation: Orientation) -> (usize, bool) {
    let mut dice = Dice(12345);
    let hash = unrelated(&mut dice);
    let shown = hash.oriented(orientation);
    let found =
        (0..4).flat_map(|view| [(view, false), (view, true)]).find(|&(view, transposed)| {
            shown == if transposed { hash.views[view].transposed() } else { hash.views[view] }
        });
    found.unwrap()
}

fn picture(number: usize, hash: PictureHash, width: u32) -> Picture {
    Picture {
        file: MediaFile {
            path: PathBuf::from(format!("/p/{number:05}.jpg")),
            stamp: FileStamp {
                key: FileKey { device: 1, inode: number as u64 + 1 },
                size: Bytes(1000 + number as u64),
                modified: ModifiedNs(0),
            },
            evidence: Default::default(),
            root: 0,
        },
        record: PictureRecord {
            format: Format::Jpeg,
            dimensions: Dimensions { width, height: 300 },
            hash,
            metadata: Metadata::default(),
            flags: DecodeFlags::default(),
            provenance: None,
        },
        content: None,
    }
}

/// `count` pictures in some families of turned relations; no two are equally wide.
fn family(seed: u64, count: usize) -> Vec<Picture> {
    let mut dice = Dice(seed | 1);
    let mut hashes: Vec<PictureHash> = Vec::new();
    for number in 0..count {
        let hash = if number == 0 || dice.below(4) == 0 {
            unrelated(&mut dice)
        } else {
            let other = hashes[dice.below(number as u64) as usize];
            let orientation = Orientation::ALL[dice.below(8) as usize];
            turned(&mut dice, &other, orientation)
        };
        hashes.push(hash);
    }
    let mut pictures: Vec<Picture> = (0..count)
        .map(|number| picture(number, hashes[number], 400 + (number * 7919 % 10_007) as u32))
        .collect();
    for picture in &mut pictures {
        picture.record.flags.damaged_tail = dice.below(6) == 0;
        picture.file.root = u32::from(dice.below(5) == 0);
        picture.record.metadata.captured = (dice.below(3) == 0).then(|| CaptureTime {
            local_seconds: dice.below(3) as i64,
            subsecond_ns: Some(1),
            offset_minutes: None,
        });
    }
    pictures
}

/// The smaller distance of both sides, over the orientations that are asked for, written out.
fn nearness(a: &Picture, b: &Picture, options: &DedupeOptions) -> Option<Nearness> {
    let turns = if options.any_orientation { 8 } else { 1 };
    let (a, b) = (&a.record.hash, &b.record.hash);
    let sides = Orientation::ALL.into_iter().take(turns).flat_map(|orientation| {
        let turned = (a.oriented(orientation), b.upright());
        let back = (a.upright(), b.oriented(orientation.inverse()));
        [turned, back].map(|(a, b)| Nearness {
            fine_distance: a.fine.distance(b.fine),
            distance: a.phash.distance(b.phash),
            orientation,
        })
    });
    let policy = options.policy;
    sides
        .filter(|near| options.fine_only || near.distance <= policy.radius)
        .filter(|near| near.fine_distance <= policy.fine_radius)
        .min()
}

fn is_reference(picture: &Picture, options: &DedupeOptions) -> bool {
    options.reference_roots.get(picture.file.root as usize).copied().unwrap_or(false)
}

fn is_burst(a: &Picture, b: &Picture) -> bool {
    let time = |picture: &Picture| picture.record.metadata.captured;
    matches!((time(a), time(b)), (Some(a), Some(b)) if a != b)
}

fn run(pictures: &[Picture], options: &DedupeOptions) -> Deduplicated {
    let unread = |_: &Picture| Err(io::Error::other("not to be read"));
    dedupe(pictures, options, &unread, &CpuJoiner, &HashesAlone, &())
}

/// Greedy stars by the definition, every picture against every other: the best that is left takes
/// all copies that are left and near it. Keepers are references first, then whole pictures, then
/// wide ones.
fn stars_by_definition(
    pictures: &[Picture],
    options: &DedupeOptions,
) -> BTreeMap<u32, BTreeSet<u32>> {
    let at = |index: u32| &pictures[index as usize];
    let mut order: Vec<u32> = (0..pictures.len() as u32).collect();
    order.sort_by_key(|&index| {
        let picture = at(index);
        let record = &picture.record;
        let wide = std::cmp::Reverse(record.dimensions.width);
        (!is_reference(picture, options), record.flags.damaged_tail, wide)
    });
    let mut taken = vec![false; pictures.len()];
    let mut stars = BTreeMap::new();
    for (place, &keeper) in order.iter().enumerate() {
        if taken[keeper as usize] {
            continue;
        }
        let duplicates: BTreeSet<u32> = order[place + 1..]
            .iter()
            .copied()
            .filter(|&other| !taken[other as usize] && !is_reference(at(other), options))
            .filter(|&other| options.include_bursts || !is_burst(at(keeper), at(other)))
            .filter(|&other| nearness(at(keeper), at(other), options).is_some())
            .collect();
        if !duplicates.is_empty() {
            duplicates.iter().for_each(|&other| taken[other as usize] = true);
            stars.insert(keeper, duplicates);
        }
    }
    stars
}

/// Holds what was found against the definition.
fn check(pictures: &[Picture], options: &DedupeOptions) -> Result<(), TestCaseError> {
    let found = run(pictures, options);
    let at = |index: u32| &pictures[index as usize];
    let mut copies: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let (mut members, mut listed) = (BTreeSet::<u32>::new(), BTreeSet::<u32>::new());
    for group in &found.groups {
        prop_assert!(members.insert(group.keeper), "{} is in two groups", group.keeper);
        listed.extend(group.linked.iter().map(|linked| linked.picture));
        for duplicate in &group.duplicates {
            prop_assert!(members.insert(duplicate.picture), "{} twice", duplicate.picture);
            let near = nearness(at(group.keeper), at(duplicate.picture), options);
            let told = Nearness {
                fine_distance: duplicate.fine_distance,
                distance: duplicate.distance,
                orientation: duplicate.orientation,
            };
            prop_assert_eq!(near, Some(told));
            if options.include_bursts || !is_burst(at(group.keeper), at(duplicate.picture)) {
                copies.entry(group.keeper).or_default().insert(duplicate.picture);
            }
        }
    }
    prop_assert_eq!(copies, stars_by_definition(pictures, options));
    listed.extend(&members);
    for a in 0..pictures.len() as u32 {
        for b in a + 1..pictures.len() as u32 {
            let both_kept = is_reference(at(a), options) && is_reference(at(b), options);
            if both_kept || nearness(at(a), at(b), options).is_none() {
                continue;
            }
            for one in [a, b] {
                prop_assert!(listed.contains(&one), "{one} of the near pair {a}, {b} is lost");
            }
            prop_assert!(members.contains(&a) || members.contains(&b), "{a}, {b}: only linked");
        }
    }
    // The report tells the same distances, also of what is linked.
    for group in found.report_groups(pictures, options) {
        for linked in &group.linked {
            let open = DedupeOptions {
                policy: Policy::from_threshold(16).with_fine_radius(256),
                fine_only: true,
                any_orientation: options.any_orientation,
                ..DedupeOptions::default()
            };
            let number = |path: &Path| pictures.iter().position(|p| p.file.path == path).unwrap();
            let (keeper, other) = (number(&group.keeper.path), number(&linked.picture.path));
            let near = nearness(&pictures[keeper], &pictures[other], &open).unwrap();
            prop_assert_eq!(
                (linked.distance, linked.fine_distance),
                (near.distance, near.fine_distance)
            );
        }
    }
    Ok(())
}

fn options() -> impl Strategy<Value = DedupeOptions> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (flags, 0..17_u32, any::<bool>()).prop_map(|(flags, radius, kept)| DedupeOptions {
        policy: Policy::from_threshold(radius),
        any_orientation: flags.0 || radius % 2 == 0,
        fine_only: flags.1 && radius % 3 == 0,
        include_bursts: flags.2,
        reference_roots: vec![false, kept],
        ..DedupeOptions::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]
    #[test]
    fn groups_are_those_of_the_definition(seed in any::<u64>(), count in 2..60_usize, options in options()) {
        check(&family(seed, count), &options)?;
    }
}

/// Hundreds of neighbours each, which are looked up instead of being written down.
#[test]
fn dense_families_are_those_of_the_definition() {
    let mut dice = Dice(99);
    let first = unrelated(&mut dice);
    for (kept, fine_only) in [(false, false), (true, false), (true, true)] {
        let mut pictures = family(5, 40);
        for number in 40..700 {
            let orientation = Orientation::ALL[number % 8];
            let hash = turned(&mut dice, &first, orientation);
            let mut picture = picture(number, hash, 400 + (number * 7919 % 10_007) as u32);
            picture.file.root = u32::from(number % 7 == 0);
            picture.record.metadata.captured = (number % 3 == 0).then_some(CaptureTime {
                local_seconds: (number / 40) as i64,
                subsecond_ns: Some(1),
                offset_minutes: None,
            });
            pictures.push(picture);
        }
        let options = DedupeOptions {
            policy: Policy::from_threshold(10),
            any_orientation: true,
            fine_only,
            reference_roots: vec![false, kept],
            ..DedupeOptions::default()
        };
        check(&pictures, &options).unwrap();
    }
}

/// Of one upright hash, and so in one class, but not alike once they are turned.
#[test]
fn what_hashes_alike_upright_may_not_do_so_turned() {
    let mut dice = Dice(7);
    let other = unrelated(&mut dice);
    let alike = dice.view();
    // Only the second, the worse of both, is near the other one, and only when turned back.
    let mut hashes = [unrelated(&mut dice), unrelated(&mut dice)];
    hashes.iter_mut().for_each(|hash| hash.views[0] = alike);
    hashes[1].views[1] = other.upright();
    let pictures = [
        picture(0, hashes[0], 900),
        picture(1, hashes[1], 800),
        picture(2, other, 1000),
        // An upright copy of the first two.
        picture(3, PictureHash { views: [alike; 4], quality: Quality(80) }, 100),
    ];
    let options = DedupeOptions { any_orientation: true, ..DedupeOptions::default() };
    check(&pictures, &options).unwrap();
    let found = run(&pictures, &options);
    let group = found.groups.iter().find(|group| group.keeper == 2).unwrap();
    let pairs: Vec<_> = group.duplicates.iter().map(|d| (d.picture, d.orientation)).collect();
    assert_eq!(pairs, [(1, Orientation::MirrorHorizontal)]);
}

/// Frames of a burst that are near only what went to a better keeper are linked there.
#[test]
fn a_chain_of_frames_is_linked_to_its_end() {
    let mut dice = Dice(3);
    let mut hash = unrelated(&mut dice);
    let mut pictures = Vec::new();
    for number in 0..7 {
        let mut frame = picture(number, hash, 900 - number as u32);
        frame.record.metadata.captured = Some(CaptureTime {
            local_seconds: number as i64,
            subsecond_ns: Some(1),
            offset_minutes: None,
        });
        pictures.push(frame);
        // Four bits further each time: the next one is near, the one after it is not.
        hash.views[0].phash.0 ^= 0b1111 << (4 * number);
    }
    let options = DedupeOptions::default();
    check(&pictures, &options).unwrap();
    let found = run(&pictures, &options);
    let linked: Vec<_> =
        found.groups.iter().flat_map(|g| &g.linked).map(|linked| linked.picture).collect();
    assert_eq!(linked, [6], "{:?}", found.groups);
    assert!(found.groups.iter().all(|group| group.duplicates.len() == 1));
}

/// What a damaged reference keeps beside it is shown, not acted on; and nothing damaged is a keeper
/// over anything whole.
#[test]
fn a_whole_picture_beside_a_damaged_reference_stays() {
    let mut dice = Dice(11);
    let hash = unrelated(&mut dice);
    let mut pictures = [picture(0, hash, 900), picture(1, hash, 4000), picture(2, hash, 10)];
    pictures[1].record.flags.damaged_tail = true;
    pictures[2].record.flags.damaged_tail = true;
    let run_with = |pictures: &[Picture], kept: bool| {
        let options =
            DedupeOptions { reference_roots: vec![false, kept], ..DedupeOptions::default() };
        let found = run(pictures, &options);
        let matching = clean_backup::model::findings::Matching {
            policy: options.policy,
            ..Default::default()
        };
        let groups = found.report_groups(pictures, &options);
        assert_eq!(groups.len(), 1);
        let acted_on: Vec<u32> = groups[0]
            .duplicates
            .iter()
            .filter(|duplicate| matching.acts_on(duplicate))
            .map(|duplicate| duplicate.picture.dimensions.width)
            .collect();
        let freed = groups[0].duplicates.iter().filter(|duplicate| matching.acts_on(duplicate));
        let freed: u64 = freed.map(|duplicate| duplicate.picture.stamp.size.0).sum();
        assert_eq!(groups[0].reclaimable_bytes(&matching), freed);
        (found.groups[0].keeper, acted_on)
    };
    // The large damaged one is no keeper, though it has more pixels.
    assert_eq!(run_with(&pictures, false), (0, vec![4000, 10]));
    // As a reference it comes first; only the other damaged one is superfluous beside it.
    pictures[1].file.root = 1;
    assert_eq!(run_with(&pictures, true), (1, vec![10]));
    // Chosen by hand, it is as little a reason to remove the whole one.
    pictures[1].file.root = 0;
    let options = DedupeOptions::default();
    let groups = run(&pictures, &options).report_groups(&pictures, &options);
    let matching =
        clean_backup::model::findings::Matching { policy: options.policy, ..Default::default() };
    let member =
        1 + groups[0].duplicates.iter().position(|d| d.picture.dimensions.width == 4000).unwrap();
    let around = groups[0].around(member, &matching).unwrap();
    let whole = around.duplicates.iter().find(|d| d.picture.dimensions.width == 900).unwrap();
    assert!(whole.whole_beside_damaged && !matching.acts_on(whole));
    assert_eq!(whole.relation, Relation::Copy);
    let other = around.duplicates.iter().find(|d| d.picture.dimensions.width == 10).unwrap();
    assert!(matching.acts_on(other));
}

/// A group around another keeper is by the same definition.
#[test]
fn a_keeper_chosen_by_hand_has_the_same_neighbours() {
    let mut near_by_one_side = 0;
    for seed in 1..60 {
        let pictures = family(seed, 30);
        let options = DedupeOptions {
            policy: Policy::from_threshold(10),
            any_orientation: true,
            include_bursts: true,
            ..DedupeOptions::default()
        };
        let matching = clean_backup::model::findings::Matching {
            policy: options.policy,
            any_orientation: true,
            include_bursts: true,
            ..Default::default()
        };
        let number = |path: &Path| pictures.iter().position(|p| p.file.path == path).unwrap();
        for group in run(&pictures, &options).report_groups(&pictures, &options) {
            for member in 1..=group.duplicates.len() {
                let around = group.around(member, &matching).unwrap();
                assert_eq!(around.members().count(), group.members().count());
                let keeper = &pictures[number(&around.keeper.path)];
                for duplicate in &around.duplicates {
                    let other = &pictures[number(&duplicate.picture.path)];
                    let near = nearness(keeper, other, &options).unwrap();
                    assert_eq!(
                        (near.distance, near.fine_distance, near.orientation),
                        (duplicate.distance, duplicate.fine_distance, duplicate.orientation)
                    );
                    let turned = keeper.record.hash.oriented(near.orientation);
                    let upright = other.record.hash.upright();
                    if turned.fine.distance(upright.fine) > options.policy.fine_radius {
                        near_by_one_side += 1;
                    }
                }
                let linked_before: BTreeSet<&Path> =
                    group.linked.iter().map(|linked| linked.picture.path.as_path()).collect();
                for linked in &around.linked {
                    let other = &pictures[number(&linked.picture.path)];
                    let was_linked = linked_before.contains(linked.picture.path.as_path());
                    assert!(was_linked || nearness(keeper, other, &options).is_none());
                }
            }
        }
    }
    assert!(near_by_one_side > 50, "{near_by_one_side}");
}

/// `similar` asks by the same definition, within the radii and for the nearest.
#[test]
fn similar_pictures_are_found_from_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = family(21, 300);
    let opened = Cache::open(&folder.path().join("hashes.db"), Path::new("/base")).unwrap();
    let mut cache = opened.cache;
    let records: Vec<Record> =
        pictures.iter().map(|picture| Record::Picture(picture.record.clone())).collect();
    let rows = pictures.iter().map(|picture| &picture.file).zip(&records);
    let rows: Vec<_> = rows.map(|(file, record)| (file, record, None)).collect();
    cache.write_batch(&rows).unwrap();
    let mut dice = Dice(77);
    let mut by_one_side = 0;
    // Packed from the rows first, then from the file.
    for round in 0..2 {
        let mut library = Searcher::new(&cache).unwrap();
        for number in 0..60 {
            let orientation = Orientation::ALL[dice.below(8) as usize];
            let needle = turned(&mut dice, &pictures[number].record.hash, orientation);
            let needle_picture = picture(0, needle, 1);
            for any_orientation in [false, true] {
                let options = DedupeOptions {
                    policy: Policy::from_threshold(10),
                    any_orientation,
                    ..DedupeOptions::default()
                };
                let mut expected: Vec<(Nearness, &Path)> = pictures
                    .iter()
                    .filter_map(|p| {
                        let near = nearness(&needle_picture, p, &options)?;
                        Some((near, p.file.path.as_path()))
                    })
                    .collect();
                expected.sort();
                let ask = |library: &mut Searcher<'_>, wanted| {
                    let asked = SimilarOptions {
                        wanted,
                        any_orientation,
                        within: Vec::new(),
                        except: Vec::new(),
                    };
                    library.similar(&Needle::Picture(needle), &asked).unwrap()
                };
                let found = ask(&mut library, SearchMode::Within(options.policy));
                let told = |found: &[clean_backup::catalogue::similar::Similar]| -> Vec<(Nearness, PathBuf)> {
                    let nearness = |s: &clean_backup::catalogue::similar::Similar| Nearness {
                        fine_distance: s.fine_distance.unwrap(),
                        distance: s.distance.unwrap(),
                        orientation: s.orientation,
                    };
                    found.iter().map(|s| (nearness(s), s.picture.path.clone())).collect()
                };
                let expected_paths: Vec<(Nearness, PathBuf)> =
                    expected.iter().map(|&(near, path)| (near, path.to_owned())).collect();
                assert_eq!(told(&found), expected_paths, "round {round}, {number}");
                by_one_side += expected
                    .iter()
                    .filter(|(near, path)| {
                        let other = pictures.iter().find(|p| p.file.path == *path).unwrap();
                        let turned = needle.oriented(near.orientation);
                        let upright = other.record.hash.upright();
                        turned.fine.distance(upright.fine) > options.policy.fine_radius
                    })
                    .count();
                let open = DedupeOptions {
                    policy: Policy::from_threshold(16).with_fine_radius(256),
                    fine_only: true,
                    ..options
                };
                let mut all: Vec<(Nearness, PathBuf)> = pictures
                    .iter()
                    .map(|p| (nearness(&needle_picture, p, &open).unwrap(), p.file.path.clone()))
                    .collect();
                all.sort();
                // Which of equals is the last one is not fixed, but how near they are is.
                let nearest = told(&ask(&mut library, SearchMode::Nearest(7)));
                let bits = |places: &[(Nearness, PathBuf)]| -> Vec<u32> {
                    places.iter().map(|(near, _)| near.fine_distance.0).collect()
                };
                assert_eq!(bits(&nearest), bits(&all[..7]));
                assert!(nearest.iter().all(|place| all.contains(place)), "{nearest:?}");
            }
        }
    }
    assert!(by_one_side > 20, "{by_one_side}");
}
