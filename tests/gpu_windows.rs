//! Windows on the GPU against the CPU, bit for bit.

#![allow(clippy::unwrap_used, clippy::panic)]

mod device;

use std::path::PathBuf;
use std::time::Duration;

use clean_backup::gpu::device::GpuError;
use clean_backup::gpu::rented::Rentable as _;
use clean_backup::gpu::windows::GpuWindowHasher;
use clean_backup::model::media::Orientation;
use clean_backup::picture::tile::{FINE_SIDE, FineTile};
use clean_backup::picture::window::{BatchWindowHasher as _, CpuWindowHasher, Window, WindowSet};
use device::{Noise, clock, gpu, pictures};

const CELLS: usize = FINE_SIDE * FINE_SIDE;

fn hasher() -> Option<GpuWindowHasher> {
    Some(GpuWindowHasher::on(gpu()?, clock()).unwrap())
}

fn noise(noise: &mut Noise) -> FineTile {
    FineTile(std::array::from_fn(|_| (noise.next() >> 56) as u8))
}

/// Of 32×32 cells, each four of them.
fn blown_up(cells: &[u8]) -> FineTile {
    FineTile(std::array::from_fn(|at| cells[at / FINE_SIDE / 2 * 32 + at % FINE_SIDE / 2]))
}

/// Real pictures.
fn golden() -> Vec<FineTile> {
    include_bytes!("../fixtures/golden/tiles.bin").chunks_exact(1024).map(blown_up).collect()
}

/// Ties, extremes and every symmetry.
fn hard() -> Vec<FineTile> {
    let mut tiles: Vec<FineTile> = [0, 1, 127, 254, 255].map(|v| FineTile([v; CELLS])).into();
    for size in [1, 2, 3, 5, 16] {
        let check = |at: usize| (at / FINE_SIDE / size + at % FINE_SIDE / size) % 2;
        tiles.push(FineTile(std::array::from_fn(|at| [0, 255][check(at)])));
        tiles.push(FineTile(std::array::from_fn(|at| [127, 128][check(at)])));
    }
    let mut state = Noise(7);
    for _ in 0..4 {
        let random = noise(&mut state);
        for orientation in Orientation::ALL {
            let other = random.oriented(orientation);
            let symmetric = |at: usize| random.0[at] / 2 + other.0[at] / 2;
            tiles.push(FineTile(std::array::from_fn(symmetric)));
        }
        let mut spot = FineTile([100; CELLS]);
        spot.0[state.next() as usize % CELLS] = 101;
        tiles.extend([spot, FineTile(random.0.map(|value| value & 1)), random]);
    }
    tiles
}

/// Compares both kinds of results; gives how many there were.
fn assert_same(
    hasher: &GpuWindowHasher,
    tiles: &[&FineTile],
    upright: &[Window],
    turned: &[Window],
) -> usize {
    let place = |number: usize, windows: &[Window]| {
        format!(
            "tile {} of {}, {:?}",
            number / windows.len(),
            tiles.len(),
            windows[number % windows.len()]
        )
    };
    let (ours, expected) =
        (hasher.upright(tiles, upright), CpuWindowHasher.upright(tiles, upright));
    assert_eq!(ours.len(), expected.len());
    for (number, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
        assert_eq!(ours, expected, "{}", place(number, upright));
    }
    let (ours, expected) = (hasher.turned(tiles, turned), CpuWindowHasher.turned(tiles, turned));
    assert_eq!(ours.len(), expected.len());
    for (number, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
        assert_eq!(ours, expected, "{} and turned", place(number, turned));
    }
    assert_eq!(hasher.failure(), None);
    tiles.len() * (upright.len() + turned.len())
}

#[test]
fn windows_of_every_kind_of_tile_hash_alike() {
    let Some(hasher) = hasher() else { return };
    let (few, many) = (WindowSet::Few.kept(), WindowSet::Many.kept());
    let (golden, hard) = (golden(), hard());
    let all: Vec<&FineTile> = golden.iter().chain(&hard).collect();
    let hard: Vec<&FineTile> = hard.iter().collect();
    let compared = assert_same(&hasher, &all, &few, &few)
        + assert_same(&hasher, &hard, &many, &many)
        + assert_same(&hasher, &all[..golden.len().min(24)], &many, &few);
    println!("{compared} windows on {}: 0 bits differ", hasher.adapter());
}

/// Those below `../shared/samples`, where that is; `CLEAN_BACKUP_CORPUS=FOLDER` names another folder.
#[test]
fn windows_of_real_pictures_hash_alike() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples");
    let corpus = std::env::var_os("CLEAN_BACKUP_CORPUS").map_or(samples.into(), PathBuf::from);
    if !corpus.is_dir() {
        return;
    }
    let Some(hasher) = hasher() else { return };
    let pictures = pictures(&corpus);
    assert!(!pictures.is_empty());
    let tiles: Vec<&FineTile> = pictures.iter().map(|tiles| &*tiles.fine).collect();
    let (few, many) = (WindowSet::Few.kept(), WindowSet::Many.kept());
    let compared = assert_same(&hasher, &tiles, &many, &few);
    println!("{compared} windows of {} pictures: 0 bits differ", tiles.len());
}

#[test]
fn batches_of_every_size_keep_their_order() {
    let Some(hasher) = hasher() else { return };
    let mut state = Noise(3);
    let tiles: Vec<FineTile> = (0..4097).map(|_| noise(&mut state)).collect();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let few = WindowSet::Few.kept();
    for count in [0, 1, 63, 64, 65] {
        assert_same(&hasher, &tiles[..count], &few, &few[3..5]);
    }
    // Around what is on the device at once; windows in an order of their own, one of them twice.
    let windows = [few[7], few[2], few[7]];
    for count in [4095, 4096, 4097] {
        assert_same(&hasher, &tiles[..count], &windows, &windows[..1]);
    }
}

#[test]
fn any_number_of_windows_is_hashed() {
    let Some(hasher) = hasher() else { return };
    let mut state = Noise(4);
    let tiles: Vec<FineTile> = (0..3).map(|_| noise(&mut state)).collect();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let many = WindowSet::Many.windows();
    for count in [0, 1, 1024, 1025] {
        let windows: Vec<Window> = many.iter().copied().cycle().take(count).collect();
        assert_same(&hasher, &tiles, &windows, &windows);
    }
}

#[test]
fn a_device_that_is_gone_loses_nothing() {
    let Some(gpu) = gpu() else { return };
    let hasher = GpuWindowHasher::on(gpu.clone(), clock()).unwrap();
    gpu.destroy();
    let tiles = hard();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let few = WindowSet::Few.kept();
    assert_eq!(hasher.upright(&tiles, &few), CpuWindowHasher.upright(&tiles, &few));
    assert!(hasher.failure().is_some(), "the device was not seen to be gone");
    assert_eq!(hasher.turned(&tiles, &few), CpuWindowHasher.turned(&tiles, &few));
}

#[test]
fn a_device_that_dies_loses_nothing() {
    let mut state = Noise(5);
    let tiles: Vec<FineTile> = (0..6000).map(|_| noise(&mut state)).collect();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let few = WindowSet::Few.kept();
    let expected = CpuWindowHasher.upright(&tiles, &few);
    for milliseconds in [5, 300] {
        let Some(gpu) = gpu() else { return };
        let hasher = GpuWindowHasher::on(gpu.clone(), clock()).unwrap();
        let hashes = std::thread::scope(|scope| {
            let running = scope.spawn(|| hasher.upright(&tiles, &few));
            // Once it is at work.
            std::thread::sleep(Duration::from_millis(milliseconds));
            gpu.destroy();
            running.join().unwrap()
        });
        assert!(hashes == expected, "a result is missing, doubled or wrong");
        // A fast device may have been done by then; it is gone for what comes next.
        assert_eq!(hasher.upright(&tiles[..9], &few), expected[..9 * few.len()]);
        assert!(hasher.failure().is_some(), "the device was not seen to be gone");
    }
}

#[test]
fn a_device_that_does_not_answer_is_an_error() {
    let Some(gpu) = gpu() else { return };
    let error = GpuWindowHasher::on(gpu.with_patience(Duration::ZERO), clock()).unwrap_err();
    assert_eq!(error, GpuError::Timeout(Duration::ZERO));
}
