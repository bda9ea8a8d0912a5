//! Joins of hashes on the GPU against the CPU: the same pairs.

#![allow(clippy::unwrap_used, clippy::panic)]

mod device;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clean_backup::gpu::device::Gpu;
use clean_backup::gpu::hamming::{Compaction, GpuJoiner, HammingGpu};
use clean_backup::index::flat::{Backend, Flat};
use clean_backup::index::{
    CpuJoiner, Join as _, Joiner as _, Match, Members, Needles, Pair, Radii, Sink,
};
use clean_backup::model::phash::{FineHash, PerceptualHash};
use device::{Noise, clock, gpu};

fn gathered<T: Copy + Ord + Send>(join: impl FnOnce(&dyn Sink<T>)) -> Vec<T> {
    let pairs = Mutex::new(Vec::new());
    join(&|batch: &[T]| pairs.lock().unwrap().extend_from_slice(batch));
    let mut pairs = pairs.into_inner().unwrap();
    pairs.sort_unstable();
    pairs
}

/// Random ones, and of every fifth a near one or an equal one before it.
fn hashes(count: usize, seed: u64) -> Vec<PerceptualHash> {
    let mut noise = Noise(seed);
    let mut hashes: Vec<PerceptualHash> = Vec::with_capacity(count);
    for number in 0..count {
        let random = noise.next();
        let hash = if number % 5 == 4 {
            let near = hashes[random as usize % number].0;
            (0..random % 18).fold(near, |hash, bit| hash ^ 1 << ((noise.next() + bit) % 64))
        } else {
            random
        };
        hashes.push(PerceptualHash(hash));
    }
    hashes
}

fn flat(hashes: &[PerceptualHash]) -> Flat<'_> {
    Flat::new(hashes, Backend::fastest())
}

fn joins(gpu: Gpu) -> HammingGpu {
    HammingGpu::new(gpu, clock()).unwrap()
}

/// With every way of compaction that the device has; the plain one always.
fn each_compaction(check: impl Fn(HammingGpu)) {
    let Some(gpu) = gpu() else { return };
    check(HammingGpu::compacting(gpu.clone(), clock(), Compaction::Plain).unwrap());
    let subgroups = HammingGpu::compacting(gpu.clone(), clock(), Compaction::Subgroups);
    assert_eq!(subgroups.is_ok(), gpu.has_subgroups(), "{:?}", subgroups.err());
    println!("subgroups on {}: {}", gpu.name(), gpu.has_subgroups());
    if let Ok(joins) = subgroups {
        check(joins);
    }
}

#[test]
fn equal_the_scan() {
    each_compaction(|joins| equals_the_scan(&joins));
}

fn equals_the_scan(joins: &HammingGpu) {
    for count in [0, 1, 2, 255, 256, 257, 1023, 1025, 2047, 2048, 2049, 9001] {
        let hashes = hashes(count, 77);
        for radius in [0, 1, 6, 14] {
            let ours = gathered(|sink| joins.self_join(&hashes, radius, sink).unwrap());
            let expected = gathered(|sink| flat(&hashes).self_join(radius, sink));
            assert!(count < 300 || !expected.is_empty());
            assert_eq!(ours, expected, "{count} hashes within {radius}");
        }
    }
    let library = hashes(5003, 9);
    for count in [0, 1, 77, 2050] {
        let needles: Vec<_> =
            hashes(count, 5).into_iter().chain(library[..count / 2].to_vec()).collect();
        let ours = gathered(|sink| joins.cross_join(&needles, &library, 10, sink).unwrap());
        let expected = gathered(|sink| flat(&library).cross_join(&needles, 10, sink));
        assert_eq!(ours, expected, "{count} needles");
    }
}

#[test]
fn strips_and_parts_leave_nothing_out() {
    let Some(gpu) = gpu() else { return };
    // More than one strip of needles, and several dispatches each.
    let joins = joins(gpu).with_strip(4000);
    let hashes = hashes(20_000, 3);
    let ours = gathered(|sink| joins.self_join(&hashes, 5, sink).unwrap());
    let expected = gathered(|sink| flat(&hashes).self_join(5, sink));
    assert!(expected.len() > 1000);
    assert_eq!(ours, expected);
    let (needles, library) = hashes.split_at(9000);
    let ours = gathered(|sink| joins.cross_join(needles, library, 5, sink).unwrap());
    assert_eq!(ours, gathered(|sink| flat(library).cross_join(needles, 5, sink)));
}

#[test]
fn more_pairs_than_the_list_holds() {
    let Some(gpu) = gpu() else { return };
    let hashes = hashes(2500, 1);
    // All of them: three million.
    let ours = gathered(|sink| joins(gpu).self_join(&hashes, 64, sink).unwrap());
    assert_eq!(ours.len(), 2500 * 2499 / 2);
    assert_eq!(ours, gathered(|sink| flat(&hashes).self_join(64, sink)));
}

#[test]
fn a_device_that_dies_leaves_the_rest_to_the_cpu() {
    let hashes = hashes(30_000, 21);
    let expected = gathered(|sink| flat(&hashes).self_join(8, sink));
    // In the first strip, in a later one, near the end.
    for share in [0.0, 0.5, 0.9] {
        let Some(gpu) = gpu() else { return };
        let joins = HammingGpu::new(gpu.clone(), clock()).unwrap().with_strip(6000);
        let joiner = GpuJoiner::over(joins, clock());
        let limit = (expected.len() as f64 * share) as usize;
        let seen = AtomicUsize::new(0);
        let ours = gathered(|sink| {
            joiner.self_join(&hashes, 8, &|batch: &[Pair]| {
                sink.accept(batch);
                if seen.fetch_add(batch.len(), Ordering::Relaxed) >= limit {
                    gpu.destroy();
                }
            });
        });
        assert_eq!(ours.len(), expected.len());
        assert!(ours == expected, "a pair is missing or there twice");
        assert!(joiner.failed(), "the device was not seen to be gone");
        // From now on the CPU does all.
        assert!(expected == gathered(|sink| joiner.self_join(&hashes, 8, sink)));
    }
}

#[test]
fn a_device_that_does_not_answer_is_an_error() {
    let Some(gpu) = gpu() else { return };
    assert!(HammingGpu::new(gpu.with_patience(Duration::ZERO), clock()).is_err());
}

/// Hashes that decide together, and what they belong to.
struct BothSides {
    needles: Vec<PerceptualHash>,
    needle_fines: Vec<FineHash>,
    distinct: Vec<PerceptualHash>,
    starts: Vec<u32>,
    fines: Vec<FineHash>,
}

impl BothSides {
    /// So many needles, two of three near a hash of the library, which has one to four members for
    /// each of so many hashes.
    fn new(needles: usize, distinct: usize) -> Self {
        let mut noise = Noise(31);
        let mut hashes = hashes(distinct, 12);
        hashes.sort_unstable();
        hashes.dedup();
        // A fine hash goes with the coarse one, but for some bits.
        let near = |hash: PerceptualHash, noise: &mut Noise, flips: u64| {
            let words = [0, 17, 31, 45].map(|turn| hash.0.rotate_left(turn));
            FineHash((0..noise.next() % (flips + 1)).fold(words, |mut words, _| {
                let bit = noise.next() % 256;
                words[bit as usize / 64] ^= 1 << (bit % 64);
                words
            }))
        };
        let (mut starts, mut fines) = (vec![0], Vec::new());
        for &hash in &hashes {
            for _ in 0..=noise.next() % 4 {
                fines.push(near(hash, &mut noise, 60));
            }
            starts.push(fines.len() as u32);
        }
        let (mut coarse, mut needle_fines) = (Vec::new(), Vec::new());
        for number in 0..needles {
            let random = noise.next();
            let hash = match hashes.get(random as usize % distinct.max(1)) {
                Some(hash) if number % 3 > 0 => {
                    (0..random % 9).fold(hash.0, |hash, _| hash ^ 1 << (noise.next() % 64))
                }
                _ => random,
            };
            coarse.push(PerceptualHash(hash));
            needle_fines.push(near(PerceptualHash(hash), &mut noise, 60));
        }
        Self { needles: coarse, needle_fines, distinct: hashes, starts, fines }
    }

    fn needles(&self) -> Needles<'_> {
        Needles { hashes: &self.needles, fines: &self.needle_fines }
    }

    fn library(&self) -> Members<'_> {
        Members { distinct: &self.distinct, starts: &self.starts, fines: &self.fines }
    }

    /// By the definition.
    fn matches(&self, radii: Radii) -> Vec<Match> {
        let mut found = Vec::new();
        for (a, (needle, fine)) in (0..).zip(self.needles.iter().zip(&self.needle_fines)) {
            for (hash, members) in self.distinct.iter().zip(self.starts.windows(2)) {
                let distance = needle.distance(*hash).0;
                for b in members[0]..members[1] {
                    let fine_distance = fine.distance(self.fines[b as usize]).0;
                    if distance <= radii.coarse && fine_distance <= radii.fine {
                        let (distance, fine_distance) = (distance as u8, fine_distance as u16);
                        found.push(Match { a, b, distance, fine_distance });
                    }
                }
            }
        }
        found
    }

    fn on(&self, joins: &HammingGpu, radii: Radii) -> Vec<Match> {
        gathered(|sink| {
            joins.cross_join_both(self.needles(), self.library(), radii, sink).unwrap();
        })
    }
}

#[test]
fn both_hashes_decide() {
    each_compaction(|joins| {
        for (needles, distinct) in [(0, 9), (9, 0), (1, 1), (300, 700), (2049, 1025)] {
            let sides = BothSides::new(needles, distinct);
            for (coarse, fine) in
                [(0, 256), (0, 0), (6, 40), (14, 0), (14, 72), (14, 256), (64, 100)]
            {
                let radii = Radii { coarse, fine };
                let expected = sides.matches(radii);
                assert!(needles < 300 || fine == 0 || !expected.is_empty(), "{radii:?}");
                assert!(sides.on(&joins, radii) == expected, "{needles}, {distinct}, {radii:?}");
            }
        }
    });
}

#[test]
fn all_of_both_are_near_all() {
    let sides = BothSides::new(60, 40);
    each_compaction(|joins| {
        let all = Radii { coarse: 64, fine: 256 };
        assert_eq!(sides.on(&joins, all).len(), 60 * sides.fines.len());
    });
}

#[test]
fn strips_and_segments_of_both_leave_nothing_out() {
    let sides = BothSides::new(3001, 1500);
    let radii = Radii { coarse: 10, fine: 72 };
    let expected = sides.matches(radii);
    assert!(expected.len() > 1000);
    each_compaction(|joins| {
        // Some segments stay, others are uploaded for every strip; most begin at an odd hash.
        let joins = joins.with_strip(997).with_segment(333);
        assert!(sides.fines.len() > 6 * 333);
        assert_eq!(sides.on(&joins, radii), expected);
        let ours = gathered(|sink| joins.self_join(&sides.needles, 10, sink).unwrap());
        assert_eq!(ours, gathered(|sink| flat(&sides.needles).self_join(10, sink)));
    });
}

#[test]
fn more_matches_than_the_list_holds() {
    // One hash, and everybody has it: each of 1300 needles matches three of four of 1300 members.
    let mut sides = BothSides::new(1300, 1);
    sides.needles.fill(PerceptualHash(5));
    sides.needle_fines.fill(FineHash([1, 2, 3, 4]));
    sides.distinct = vec![PerceptualHash(7)];
    sides.starts = vec![0, 1300];
    sides.fines =
        (0..1300).map(|at| FineHash([1, 2, 3, if at % 4 == 0 { !0 } else { 5 }])).collect();
    let radii = Radii { coarse: 1, fine: 1 };
    let expected = sides.matches(radii);
    assert!(expected.len() == 1300 * 975 && expected.len() > 1 << 20);
    each_compaction(|joins| assert!(sides.on(&joins, radii) == expected));
}

#[test]
fn a_device_that_dies_leaves_the_rest_of_both_to_the_cpu() {
    let sides = BothSides::new(9000, 3000);
    let radii = Radii { coarse: 10, fine: 72 };
    let expected = sides.matches(radii);
    let cpu = gathered(|sink| {
        CpuJoiner.cross_join_both(sides.needles(), sides.library(), radii, sink);
    });
    assert!(cpu == expected);
    // Before it begins, in the first strip, in a later one, near the end.
    for share in [-1.0, 0.0, 0.5, 0.9] {
        let Some(gpu) = gpu() else { return };
        let joins = joins(gpu.clone()).with_strip(1500).with_segment(1001);
        let joiner = GpuJoiner::over(joins, clock());
        if share < 0.0 {
            gpu.destroy();
        }
        let limit = (expected.len() as f64 * share) as usize;
        let seen = AtomicUsize::new(0);
        let joined = || {
            gathered(|sink| {
                let watching = |batch: &[Match]| {
                    sink.accept(batch);
                    if seen.fetch_add(batch.len(), Ordering::Relaxed) >= limit {
                        gpu.destroy();
                    }
                };
                joiner.cross_join_both(sides.needles(), sides.library(), radii, &watching);
            })
        };
        assert!(joined() == expected, "a match is missing or there twice");
        assert!(joiner.failed(), "the device was not seen to be gone");
        assert!(joined() == expected);
    }
}
