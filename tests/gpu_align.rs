//! Pictures laid over each other on a GPU, against the CPU, to the bit.

#![allow(clippy::unwrap_used, clippy::panic)]

mod device;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clean_backup::gpu::align::GpuAligner;
use clean_backup::gpu::device::{AdapterChoice, Gpu};
use clean_backup::gpu::pace::Clock;
use clean_backup::gpu::rented::{Rentable as _, WhenFaster};
use clean_backup::picture::part::Part;
use clean_backup::picture::proof::{Aligner as _, Alignment, CpuAligner, Start, TilePair, Whose};
use clean_backup::picture::tile::{FINE_SIDE, FineTile};
use clean_backup::picture::window::WindowSet;
use device::{Noise, clock, gpu, pictures};

const CELLS: usize = FINE_SIDE * FINE_SIDE;

/// A picture of soft-edged discs, 512 pixels wide: shrunk, parts of it correlate.
fn scene(noise: &mut Noise) -> Vec<u8> {
    let mut plane = vec![120_i32; 512 * 512];
    for _ in 0..300 {
        let (y, x, radius) = (noise.below(512), noise.below(512), 6 + noise.below(40));
        let level = noise.below(140) as i32 - 70;
        for row in y.saturating_sub(radius)..(y + radius).min(512) {
            for column in x.saturating_sub(radius)..(x + radius).min(512) {
                if row.abs_diff(y).pow(2) + column.abs_diff(x).pow(2) < radius * radius {
                    plane[row * 512 + column] += level;
                }
            }
        }
    }
    plane.into_iter().map(|level| level.clamp(0, 255) as u8).collect()
}

/// What rows and columns of a scene show.
fn cut(scene: &[u8], (top, bottom): (usize, usize), (left, right): (usize, usize)) -> FineTile {
    FineTile(std::array::from_fn(|at| {
        let (y, x) = (at / FINE_SIDE, at % FINE_SIDE);
        let row = |y: usize| top + (bottom - top) * y / FINE_SIDE;
        let column = |x: usize| left + (right - left) * x / FINE_SIDE;
        let (mut sum, mut count) = (0, 0);
        for y in row(y)..row(y + 1).max(row(y) + 1) {
            for x in column(x)..column(x + 1).max(column(x) + 1) {
                sum += usize::from(scene[y * 512 + x]);
                count += 1;
            }
        }
        (sum / count) as u8
    }))
}

/// Scenes, their parts, the same framed, darkened and noisy; flat ones, extremes, noise and stripes.
fn tiles() -> Vec<FineTile> {
    let mut noise = Noise(11);
    let mut tiles = Vec::new();
    for _ in 0..12 {
        let scene = scene(&mut noise);
        let whole = cut(&scene, (0, 512), (0, 512));
        tiles.push(cut(&scene, (26, 486), (20, 490)));
        tiles.push(cut(&scene, (0, 512), (77, 512)));
        tiles.push(cut(&scene, (100, 420), (90, 410)));
        tiles.push(cut(&scene, (205, 512), (0, 307)));
        let frame = 2 + noise.below(12);
        tiles.push(FineTile(std::array::from_fn(|at| {
            let inside = |place: usize| (frame..FINE_SIDE - frame).contains(&place);
            if inside(at / FINE_SIDE) && inside(at % FINE_SIDE) { whole.0[at] } else { 255 }
        })));
        tiles.push(FineTile(whole.0.map(|level| level / 3 + 100)));
        tiles.push(FineTile(whole.0.map(|level| 255 - level)));
        tiles.push(FineTile(whole.0.map(|level| level ^ noise.below(16) as u8)));
        tiles.push(whole);
    }
    tiles.extend([0, 1, 127, 255].map(|level| FineTile([level; CELLS])));
    for size in [1, 2, 3, 4, 8, 32] {
        for (dark, light) in [(0, 255), (255, 0), (127, 128)] {
            let is_dark =
                |at: usize| (at / FINE_SIDE / size + at % FINE_SIDE / size).is_multiple_of(2);
            tiles.push(FineTile(std::array::from_fn(|at| if is_dark(at) { dark } else { light })));
            let is_dark = |at: usize| (at / FINE_SIDE / size).is_multiple_of(2);
            tiles.push(FineTile(std::array::from_fn(|at| if is_dark(at) { dark } else { light })));
        }
    }
    for _ in 0..8 {
        let random = FineTile(std::array::from_fn(|_| (noise.next() >> 20) as u8));
        tiles.push(FineTile(random.0.map(|level| level & 1)));
        let mut spot = FineTile([100; CELLS]);
        spot.0[noise.below(CELLS)] = 255;
        tiles.push(spot);
        tiles.push(random);
    }
    tiles
}

fn starts(noise: &mut Noise, most: usize) -> Vec<Start> {
    let windows = WindowSet::Many.windows();
    let count = noise.below(most + 1);
    let start = |_| {
        let part = match noise.below(4) {
            // Any part at all, not only windows; too small ones too.
            0 => {
                let interval = |noise: &mut Noise| {
                    let from = noise.below(255) as u32;
                    (from, from + 1 + noise.below(256 - from as usize) as u32)
                };
                let ((top, bottom), (left, right)) = (interval(noise), interval(noise));
                Part { top, left, bottom, right }
            }
            _ => Part::from(windows[noise.below(windows.len())]),
        };
        let whose = if noise.below(2) == 0 { Whose::First } else { Whose::Second };
        Start { whose, part }
    };
    (0..count).map(start).collect()
}

/// Pairs of neighbours, which are often of one scene, and of any two.
fn pairs(tiles: usize, count: usize, seed: u64) -> Vec<TilePair> {
    let mut noise = Noise(seed);
    let pair = |number: usize| {
        let first = noise.below(tiles);
        let second = match number % 3 {
            0 => noise.below(tiles),
            _ => (first + noise.below(9)).min(tiles - 1),
        };
        let starts = starts(&mut noise, if number.is_multiple_of(50) { 300 } else { 5 });
        TilePair { first: first as u32, second: second as u32, starts }
    };
    (0..count).map(pair).collect()
}

/// How many of the pairs correlate.
fn assert_same(aligner: &GpuAligner, tiles: &[FineTile], pairs: &[TilePair]) -> usize {
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let ours = aligner.align(&tiles, pairs);
    assert_eq!(aligner.failure(), None);
    let expected = CpuAligner.align(&tiles, pairs);
    assert_eq!(ours.len(), expected.len());
    for ((ours, expected), pair) in ours.iter().zip(&expected).zip(pairs) {
        assert_eq!(ours, expected, "{pair:?}");
    }
    expected.iter().flatten().count()
}

#[test]
fn every_kind_of_pair_is_aligned_alike() {
    let Some(gpu) = gpu() else { return };
    let aligner = GpuAligner::on(gpu, clock()).unwrap();
    let tiles = tiles();
    let pairs = pairs(tiles.len(), 1500, 3);
    let aligned = assert_same(&aligner, &tiles, &pairs);
    assert!(aligned > 200 && aligned < 1200, "{aligned}");
    println!("{} pairs of {} tiles, {aligned} aligned: 0 bits differ", pairs.len(), tiles.len());
}

/// Photographs beside the repository, and with `CLEAN_BACKUP_CORPUS=FOLDER` all that are there.
#[test]
fn pictures_are_aligned_alike() {
    let Some(gpu) = gpu() else { return };
    let mut folders: Vec<PathBuf> =
        ["fixtures/library", "../shared/samples/distinct"].map(PathBuf::from).to_vec();
    folders.extend(std::env::var_os("CLEAN_BACKUP_CORPUS").map(PathBuf::from));
    let pictures = folders.iter().flat_map(|folder| pictures(folder));
    let tiles: Vec<FineTile> = pictures.map(|tiles| *tiles.fine).collect();
    let count = tiles.len() * 5;
    let aligner = GpuAligner::on(gpu, clock()).unwrap();
    let aligned = assert_same(&aligner, &tiles, &pairs(tiles.len(), count, 17));
    assert!(aligned > 10, "{aligned}");
    println!("{count} pairs of {} pictures, {aligned} aligned: 0 bits differ", tiles.len());
}

#[test]
fn batches_of_every_size_keep_their_order() {
    let Some(gpu) = gpu() else { return };
    let aligner = GpuAligner::on(gpu, clock()).unwrap();
    // Mostly flat, so that most pairs are refused soon.
    let mut tiles = vec![FineTile([9; CELLS]); 40];
    tiles.extend(self::tiles().into_iter().take(9));
    let pairs = pairs(tiles.len(), 4097, 5);
    for count in [0, 1, 63, 64, 65, 4095, 4096, 4097] {
        assert_same(&aligner, &tiles, &pairs[..count]);
    }
    // More starts than a batch holds.
    let mut noise = Noise(8);
    let many: Vec<TilePair> = (0..120)
        .map(|_| {
            let one = starts(&mut noise, 5);
            let starts = one.iter().copied().cycle().take(if one.is_empty() { 0 } else { 700 });
            let (first, second) = (noise.below(49) as u32, noise.below(49) as u32);
            TilePair { first, second, starts: starts.collect() }
        })
        .collect();
    assert!(many.iter().map(|pair| pair.starts.len()).sum::<usize>() > 60_000);
    assert_same(&aligner, &tiles, &many);
}

#[test]
fn a_device_that_dies_leaves_the_rest_to_the_cpu() {
    let tiles = tiles();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let pairs = pairs(tiles.len(), 600, 23);
    let expected: Vec<Option<Alignment>> = CpuAligner.align(&tiles, &pairs);
    // Ahead of the first batch, and between later ones: a batch asks what time it is twice.
    for after in [1, 2, 4] {
        let Some(gpu) = gpu() else { return };
        let asked = Arc::new(AtomicUsize::new(0));
        let armed = Arc::new(AtomicUsize::new(usize::MAX));
        let (counter, limit, device) = (Arc::clone(&asked), Arc::clone(&armed), gpu.clone());
        // Each batch seems to take a second, so that batches are small.
        let clock: Clock = Arc::new(move || {
            let count = counter.fetch_add(1, Ordering::SeqCst);
            if count >= limit.load(Ordering::SeqCst) {
                device.destroy();
            }
            Duration::from_secs(count as u64)
        });
        let aligner = GpuAligner::on(gpu, clock).unwrap();
        armed.store(asked.load(Ordering::SeqCst) + after - 1, Ordering::SeqCst);
        assert!(aligner.align(&tiles, &pairs) == expected, "a pair is missing or wrong");
        assert!(aligner.failure().is_some(), "the device was not seen to be gone");
        // From now on the CPU does all.
        assert!(aligner.align(&tiles, &pairs) == expected);
    }
}

#[test]
fn a_device_is_opened_once_the_cpu_has_worked_as_long_as_that_takes() {
    let tiles = tiles();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let pairs = pairs(tiles.len(), 300, 29);
    let expected = CpuAligner.align(&tiles, &pairs);
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let half_seconds: Clock = Arc::new(move || {
        Duration::from_millis(500) * counter.fetch_add(1, Ordering::SeqCst) as u32
    });
    let aligner =
        WhenFaster::<GpuAligner>::new(half_seconds, Arc::new(|| Gpu::open(AdapterChoice::Real)));
    for batch in 0..2 {
        assert!(aligner.align(&tiles, &pairs) == expected);
        assert_eq!(asked.load(Ordering::SeqCst), 2 * (batch + 1), "the CPU's time is taken");
        assert!(aligner.may_open());
    }
    // A second has gone by.
    assert!(aligner.align(&tiles, &pairs) == expected);
    if Gpu::open(AdapterChoice::Real).is_err() {
        assert!(!aligner.may_open(), "programs that act as GPUs are not wanted");
    }
}

#[test]
fn a_device_that_does_not_answer_is_an_error() {
    let Some(gpu) = gpu() else { return };
    assert!(GpuAligner::on(gpu.with_patience(Duration::ZERO), clock()).is_err());
}

#[test]
fn the_shader_is_valid() {
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    let wgsl = include_str!("../shaders/proof.wgsl");
    let module = naga::front::wgsl::parse_str(wgsl)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string(wgsl)));
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{error:?}"));
    let mut names: Vec<&str> =
        module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["compare_parts", "compare_whole", "correlate", "refine"]);
}
