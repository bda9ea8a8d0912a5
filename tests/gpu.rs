//! The GPU against the CPU, bit for bit.

#![allow(clippy::unwrap_used, clippy::panic)]

mod device;

use std::time::Duration;

use clean_backup::gpu::device::{AdapterChoice, Gpu, GpuError, adapters};
use clean_backup::gpu::hash::GpuHasher;
use clean_backup::model::media::Orientation;
use clean_backup::picture::dct;
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::picture::hasher::TileHasher as _;
use clean_backup::picture::tile::{TILE_SIDE, Tile};
use device::{Noise, gpu, pictures};

fn hasher() -> Option<GpuHasher> {
    Some(GpuHasher::on(gpu()?).unwrap())
}

fn noise(noise: &mut Noise) -> Tile {
    Tile(std::array::from_fn(|_| (noise.next() >> 56) as u8))
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
    let mut state = Noise(7);
    for _ in 0..300 {
        let random = noise(&mut state);
        // Symmetric at an axis, at both, at the diagonal: whole rows of coefficients are 0.
        let mirrored = |orientation| {
            let other = random.oriented(orientation);
            Tile(std::array::from_fn(|i| random.0[i] / 2 + other.0[i] / 2))
        };
        tiles.extend(Orientation::ALL.into_iter().map(mirrored));
        // One cell apart from flat, and two values only: many coefficients tie in their high half.
        let mut spot = Tile([100; 1024]);
        spot.0[state.next() as usize % 1024] = 101;
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
    let tiles = pictures(corpus.as_ref()).into_iter().map(|tiles| tiles.coarse);
    let tiles: Vec<Tile> = tiles.collect();
    assert!(!tiles.is_empty());
    assert_same(&hasher, &tiles);
    println!("{} pictures on {}: 0 bits differ", tiles.len(), hasher.adapter());
}

#[test]
fn batches_of_every_size_keep_their_order() {
    let Some(hasher) = hasher() else { return };
    let mut state = Noise(3);
    let tiles: Vec<Tile> = (0..4097).map(|_| noise(&mut state)).collect();
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
    let mut state = Noise(5);
    let tiles: Vec<Tile> = (0..60_000).map(|_| noise(&mut state)).collect();
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

    use clean_backup::gpu::hamming::{Compaction, sources};

    fn validate(wgsl: &str, name: &str, capabilities: Capabilities) -> naga::Module {
        let module = naga::front::wgsl::parse_str(wgsl).unwrap_or_else(|error| {
            panic!("{name}: {}", error.emit_to_string(wgsl));
        });
        Validator::new(ValidationFlags::all(), capabilities)
            .validate(&module)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(module.entry_points.len(), 1);
        assert_eq!(module.entry_points[0].name, name);
        module
    }

    #[test]
    fn are_valid() {
        let none = Capabilities::empty();
        let dct = include_str!("../shaders/dct.wgsl");
        validate(&[dct, include_str!("../shaders/phash.wgsl")].concat(), "phash", none);
        validate(&[dct, include_str!("../shaders/windows.wgsl")].concat(), "windows", none);
        for (compaction, capabilities) in
            [(Compaction::Plain, none), (Compaction::Subgroups, Capabilities::SUBGROUP)]
        {
            for wgsl in sources(compaction) {
                let hamming = validate(&wgsl, "hamming", capabilities);
                assert_eq!(hamming.entry_points[0].workgroup_size, [256, 1, 1]);
            }
        }
    }
}
