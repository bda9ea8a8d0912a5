//! What a GPU does beside this machine's CPU: `cargo bench --bench gpu`. Any adapter will do, a
//! real one first; numbers of hashes can be named: `cargo bench --bench gpu -- 100000 1000000`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clean_backup::gpu::{Gpu, Wanted};
use clean_backup::hamming_gpu::HammingGpu;
use clean_backup::hash::TileHasher;
use clean_backup::hash::cpu::CpuHasher;
use clean_backup::hash::gpu::GpuHasher;
use clean_backup::index::{self, Pair};
use clean_backup::phash::PerceptualHash;
use clean_backup::tile::{Plane, Tile};
use rayon::prelude::*;

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Median of three.
fn seconds(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..3)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[1]
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let start = Instant::now();
    let gpu = match Gpu::open(Wanted::Real).or_else(|_| Gpu::open(Wanted::Any)) {
        Ok(gpu) => gpu,
        Err(error) => {
            println!("nothing was measured: {error}");
            return;
        }
    };
    println!("{}", gpu.name());
    println!("beside {} threads, {}", rayon::current_num_threads(), clean_backup::dct::backend());
    let hasher = GpuHasher::on(gpu.clone()).unwrap();
    println!("opened, compiled and checked in {:.3} s", start.elapsed().as_secs_f64());
    hashing(&hasher);
    joining(gpu, &sizes);
}

fn hashing(hasher: &GpuHasher) {
    let mut noise = Noise(1);
    let tiles: Vec<Tile> =
        (0..65_536).map(|_| Tile(std::array::from_fn(|_| noise.next() as u8))).collect();
    // A first round shows how much a slow adapter can take.
    let start = Instant::now();
    assert_eq!(hasher.hash(&tiles[..4096]), CpuHasher.hash(&tiles[..4096]));
    let rounds = if start.elapsed() > Duration::from_millis(100) { 1 } else { 16 };
    let count = (tiles.len() * rounds) as f64;
    let resident = seconds(|| hasher.rehash(4096, rounds).unwrap());
    let resident = (4096 * rounds) as f64 / resident / 1e6;
    println!("tiles, four views each, resident: GPU {resident:.3} M/s");
    let gpu = seconds(|| (0..rounds).for_each(|_| drop(hasher.hash(&tiles))));
    let cpu = seconds(|| (0..rounds).for_each(|_| drop(CpuHasher.hash(&tiles))));
    let (gpu, cpu) = (count / gpu / 1e6, count / cpu / 1e6);
    println!("tiles, four views each, end to end: GPU {gpu:.3} M/s, CPU {cpu:.3} M/s");

    let side = 512_u32;
    let samples: Vec<u8> = (0..side * side).map(|_| noise.next() as u8).collect();
    let planes = vec![Plane::new(side, side, 1, &samples).unwrap(); 512];
    let gpu = 512.0 / seconds(|| drop(hasher.hash_planes(&planes)));
    let cpu = 512.0
        / seconds(|| {
            planes.par_iter().for_each(|plane| {
                std::hint::black_box(clean_backup::dct::hash_tile(&plane.tile().unwrap()));
            });
        });
    println!("planes of 512×512, averaged and hashed: GPU {gpu:.0} /s, CPU {cpu:.0} /s");
    assert_eq!(hasher.failure(), None);
}

/// Hashes as of a library: a tenth near an earlier one.
fn hashes(count: usize) -> Vec<PerceptualHash> {
    let mut noise = Noise(99);
    let mut hashes: Vec<PerceptualHash> = Vec::with_capacity(count);
    for number in 0..count {
        let random = noise.next();
        let hash = if number % 10 == 9 {
            let near = hashes[random as usize % number].0;
            (0..random % 12).fold(near, |hash, _| hash ^ 1 << (noise.next() % 64))
        } else {
            random
        };
        hashes.push(PerceptualHash(hash));
    }
    hashes
}

/// Runs a join into the sink that it is given.
type Counting<'a> = &'a dyn Fn(&(dyn Fn(&[Pair]) + Sync));

fn joining(gpu: Gpu, sizes: &[usize]) {
    let start = Instant::now();
    let joins = HammingGpu::new(gpu, Arc::new(move || start.elapsed())).unwrap();
    let counted = |join: Counting<'_>| {
        let (count, sum) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = Instant::now();
        join(&|batch| {
            count.fetch_add(batch.len() as u64, Ordering::Relaxed);
            let part: u64 = batch.iter().map(|p| (u64::from(p.a) * 31) ^ u64::from(p.b)).sum();
            sum.fetch_add(part, Ordering::Relaxed);
        });
        (start.elapsed().as_secs_f64(), count.into_inner(), sum.into_inner())
    };
    println!("self-joins: seconds on the GPU, pairs a second; seconds on the CPU's index");
    let sizes = if sizes.is_empty() { &[100_000, 1_000_000, 10_000_000][..] } else { sizes };
    for &size in sizes {
        // What would take minutes is left out.
        let expected = size as f64 * size as f64 / 2.0 / joins.pairs_per_ns() / 1e9;
        if expected > 200.0 {
            println!("{size:>9}: not measured, {expected:.0} s to be expected for each radius");
            continue;
        }
        let hashes = hashes(size);
        for radius in [7, 10, 12, 14] {
            let (gpu, found, sum) =
                counted(&|sink| joins.self_join(&hashes, radius, &sink).unwrap());
            let pairs = size as f64 * size as f64 / 2.0;
            let (cpu, expected, check) = counted(&|sink| index::self_join(&hashes, radius, &sink));
            assert_eq!((found, sum), (expected, check), "the GPU and the CPU differ");
            let rate = pairs / gpu;
            println!(
                "{size:>9} r={radius:<2} GPU {gpu:.3} ({rate:.2e}/s)  CPU {cpu:.3}  {found} pairs"
            );
        }
    }
}
