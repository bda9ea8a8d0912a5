//! The GPU against the CPU, bit for bit. Any adapter will do, a program that acts as one too;
//! without one these tests say so and pass, unless `REQUIRE_GPU_TESTS` is set.

#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use clean_backup::gpu::device::{AdapterChoice, Gpu, GpuError, adapters};
use clean_backup::gpu::hash::GpuHasher;
use clean_backup::model::media::Orientation;
use clean_backup::picture::dct;
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::picture::hasher::TileHasher as _;
use clean_backup::picture::tile::{TILE_SIDE, Tile};

/// An open device, or `None` where there is none and that is allowed.
fn gpu() -> Option<Gpu> {
    match Gpu::open(AdapterChoice::Any) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("REQUIRE_GPU_TESTS").is_none() => {
            eprintln!(
                "\n*** SKIPPED, NOT TESTED: {error}. On Debian, mesa-vulkan-drivers has one.\n"
            );
            None
        }
        Err(error) => panic!("{error}, and REQUIRE_GPU_TESTS is set"),
    }
}

fn hasher() -> Option<GpuHasher> {
    Some(GpuHasher::on(gpu()?).unwrap())
}

/// The same numbers on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn tile(&mut self) -> Tile {
        Tile(std::array::from_fn(|_| (self.next() >> 56) as u8))
    }
}

/// Real pictures, and tiles that make ties, extremes and every symmetry.
fn tiles() -> Vec<Tile> {
    let golden = include_bytes!("../fixtures/golden/tiles.bin").chunks_exact(1024);
    let mut tiles: Vec<Tile> = golden.map(|b| Tile(std::array::from_fn(|i| b[i]))).collect();
    tiles.extend(dct::probe_tiles());
    tiles.extend((0..=255).map(|value| Tile([value; 1024])));
    for size in [1, 2, 3, 4, 8, 16] {
        for (dark, light) in [(0, 255), (255, 0), (127, 128)] {
            tiles.push(Tile(std::array::from_fn(|i| {
                if (i / TILE_SIDE / size + i % TILE_SIDE / size).is_multiple_of(2) {
                    dark
                } else {
                    light
                }
            })));
        }
    }
    // The steepest sums that the cosines allow, forevery frequency and both ways.
    for row in dct::COSINES {
        for column in dct::COSINES {
            tiles.push(Tile(std::array::from_fn(|i| {
                let sign = i32::from(row[i / TILE_SIDE]) * i32::from(column[i % TILE_SIDE]);
                if sign > 0 { 255 } else { 0 }
            })));
        }
    }
    let mut noise = Noise(7);
    for _ in 0..300 {
        let random = noise.tile();
        // Symmetric at an axis, at both, at the diagonal: whole rows of coefficients are 0.
        let mirrored = |orientation| {
            let other = random.oriented(orientation);
            Tile(std::array::from_fn(|i| random.0[i] / 2 + other.0[i] / 2))
        };
        tiles.extend(Orientation::ALL.into_iter().map(mirrored));
        // One cell apart from flat, and two values only: many coefficients tie in their high half.
        let mut spot = Tile([100; 1024]);
        spot.0[noise.next() as usize % 1024] = 101;
        tiles.push(spot);
        tiles.push(Tile(random.0.map(|value| value & 1)));
        tiles.push(random);
    }
    tiles
}

fn assert_same(hasher: &GpuHasher, tiles: &[Tile]) {
    let ours = hasher.hash(tiles);
    assert_eq!(hasher.failure(), None);
    let expected = CpuHasher.hash(tiles);
    assert_eq!(ours.len(), expected.len());
    for (number, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
        assert_eq!(ours, expected, "tile {number} of {}", tiles.len());
    }
}

#[test]
fn every_kind_of_tile_hashes_alike() {
    let Some(hasher) = hasher() else { return };
    let tiles = tiles();
    assert_same(&hasher, &tiles);
    println!("{} tiles on {}: 0 bits differ", tiles.len(), hasher.adapter());
}

/// `CLEAN_BACKUP_CORPUS=FOLDER` adds all of its pictures.
#[test]
fn the_corpus_hashes_alike() {
    let Some(corpus) = std::env::var_os("CLEAN_BACKUP_CORPUS") else { return };
    let Some(hasher) = hasher() else { return };
    let mut tiles = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(corpus)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(read) = clean_backup::scan::read_picture(&path, &Default::default()) {
                tiles.push(read.tiles.coarse);
            }
        }
    }
    assert!(!tiles.is_empty());
    assert_same(&hasher, &tiles);
    println!("{} pictures on {}: 0 bits differ", tiles.len(), hasher.adapter());
}

#[test]
fn batches_of_every_size_keep_their_order() {
    let Some(hasher) = hasher() else { return };
    let mut noise = Noise(3);
    let tiles: Vec<Tile> = (0..4097).map(|_| noise.tile()).collect();
    for count in [0, 1, 63, 64, 65, 4096, 4097] {
        assert_same(&hasher, &tiles[..count]);
    }
    // More than the ring holds at once.
    let many: Vec<Tile> = tiles.iter().cycle().take(4 * 4096 + 5).cloned().collect();
    assert_same(&hasher, &many);
}

#[test]
fn a_device_that_dies_loses_nothing() {
    let Some(gpu) = gpu() else { return };
    let hasher = GpuHasher::on(gpu.clone()).unwrap();
    let mut noise = Noise(5);
    let tiles: Vec<Tile> = (0..60_000).map(|_| noise.tile()).collect();
    let hashes = std::thread::scope(|scope| {
        let running = scope.spawn(|| hasher.hash(&tiles));
        // Once it is at work.
        std::thread::sleep(Duration::from_millis(30));
        gpu.destroy();
        running.join().unwrap()
    });
    let after = hasher.hash(&tiles[..100]);
    assert!(hasher.failure().is_some(), "the device was not seen to be gone");
    assert_eq!(hashes, CpuHasher.hash(&tiles));
    assert_eq!(after, hashes[..100]);
}

#[test]
fn a_device_that_does_not_answer_loses_nothing() {
    let Some(gpu) = gpu() else { return };
    // The self-test is the first to wait in vain.
    let error = GpuHasher::on(gpu.with_patience(Duration::ZERO)).unwrap_err();
    assert_eq!(error, GpuError::Timeout(Duration::ZERO));
}

#[test]
fn software_is_no_gpu() {
    let software = adapters().iter().all(|adapter| !adapter.is(AdapterChoice::Real));
    if software {
        assert_eq!(
            Gpu::open(AdapterChoice::Real).unwrap_err(),
            GpuError::None(AdapterChoice::Real)
        );
    }
}

mod shaders {
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    fn validate(wgsl: &str, name: &str) -> naga::Module {
        let module = naga::front::wgsl::parse_str(wgsl).unwrap_or_else(|error| {
            panic!("{name}: {}", error.emit_to_string(wgsl));
        });
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(module.entry_points.len(), 1);
        assert_eq!(module.entry_points[0].name, name);
        module
    }

    #[test]
    fn are_valid() {
        let hamming = validate(include_str!("../shaders/hamming.wgsl"), "hamming");
        validate(include_str!("../shaders/phash.wgsl"), "phash");
        assert_eq!(hamming.entry_points[0].workgroup_size, [256, 1, 1]);
    }
}

mod joins {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use clean_backup::gpu::device::Gpu;
    use clean_backup::gpu::hamming::{Clock, GpuJoiner, HammingGpu};
    use clean_backup::index::flat::{Backend, Flat};
    use clean_backup::index::{Join as _, Joiner as _, Pair, Sink};
    use clean_backup::model::phash::PerceptualHash;

    use super::{Noise, gpu};

    fn clock() -> Clock {
        let start = Instant::now();
        Arc::new(move || start.elapsed())
    }

    fn gathered(join: impl FnOnce(&dyn Sink<Pair>)) -> Vec<Pair> {
        let pairs = Mutex::new(Vec::new());
        join(&|batch: &[Pair]| pairs.lock().unwrap().extend_from_slice(batch));
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

    #[test]
    fn equal_the_scan() {
        let Some(gpu) = gpu() else { return };
        let joins = joins(gpu);
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
}
