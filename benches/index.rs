//! The Hamming index on synthetic hashes that behave like those of a library.
//!
//! `cargo bench --features approximate --bench index` runs the criterion benches; `cargo bench
//! --bench index -- table` prints one line for each self-join of 100,000 and 1,000,000 hashes
//! (`table 10000000`: of so many) with the CPU time of the whole program, the number of pairs and a
//! checksum; those at 100,000 are compared with the plain scan. `-- peers` sets bk-tree and hnsw_rs
//! beside it on the same hashes (`peers 1000000`: so many; the graph takes a millisecond of CPU
//! time per hash), and joins 256-bit hashes; `benches/peers/hamming.py` does so for faiss and
//! usearch.
#![allow(missing_docs)]

mod scenes;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bk_tree::{BKTree, Metric};
use clean_backup::catalogue::approximate::Approximate;
use clean_backup::index::banded::{Banded, MultiIndex};
use clean_backup::index::fine::{self, FinePair};
use clean_backup::index::flat::{Backend, Flat, Span};
use clean_backup::index::{Collapsed, CpuJoiner, Join, Pair, Query, Sink, cross_join, self_join};
use clean_backup::model::phash::{FineHash, PerceptualHash};
use clean_backup::picture::dct::{Coefficients, hash_upright};
use clean_backup::picture::tile::Tile;
use criterion::{Criterion, criterion_group};
use rayon::prelude::*;
use scenes::{Random, scene};

fn hash(seed: u64) -> PerceptualHash {
    let coefficients = Coefficients::from_tile(&scene(seed)).0;
    let low: [i64; 64] = std::array::from_fn(|i| coefficients[i / 8 * 16 + i % 8]);
    let mut sorted = low;
    sorted.sort_unstable();
    PerceptualHash(low.iter().fold(0, |hash, &c| hash << 1 | u64::from(c > sorted[31])))
}

/// `count` hashes: 1 % equal another one, 9 % are a few swapped bits away from another one (a set
/// and an unset bit change, as a median does it), the rest are scenes of their own.
fn library(count: usize) -> Vec<PerceptualHash> {
    let scenes: Vec<_> = (0..count as u64 * 9 / 10).into_par_iter().map(hash).collect();
    let mut random = Random(1);
    let mut all = scenes;
    while all.len() < count {
        let mut hash = all[random.below(all.len() as u64) as usize].0;
        if random.below(10) > 0 {
            for _ in 0..1 + random.below(4) {
                let (up, down) = (random.below(64), random.below(64));
                if hash >> up & 1 == 0 && hash >> down & 1 == 1 {
                    hash ^= 1 << up | 1 << down;
                }
            }
        }
        all.push(PerceptualHash(hash));
    }
    for i in (1..all.len()).rev() {
        all.swap(i, random.below(i as u64 + 1) as usize);
    }
    all
}

/// Number of pairs, and a sum that depends on each of them.
#[derive(Default)]
struct Tally {
    pairs: AtomicU64,
    checksum: AtomicU64,
}

impl Sink<Pair> for Tally {
    fn accept(&self, batch: &[Pair]) {
        let sum = batch.iter().fold(0, |sum: u64, pair| {
            let id = u64::from(pair.a) << 32 | u64::from(pair.b);
            sum.wrapping_add(Random(id ^ u64::from(pair.distance) << 56).next())
        });
        self.pairs.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.checksum.fetch_add(sum, Ordering::Relaxed);
    }
}

impl Tally {
    fn totals(&self) -> (u64, u64) {
        (self.pairs.load(Ordering::Relaxed), self.checksum.load(Ordering::Relaxed))
    }
}

/// CPU time of all threads, where the system tells it; else the time on the clock.
fn cpu_time(start: Instant) -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds: u64 = threads
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
        .sum();
    if nanoseconds == 0 { start.elapsed() } else { Duration::from_nanos(nanoseconds) }
}

/// The least CPU and clock time of three calls.
fn measure<T>(mut call: impl FnMut() -> T) -> (T, Duration, Duration) {
    let mut best: Option<(T, Duration, Duration)> = None;
    for _ in 0..3 {
        let start = Instant::now();
        let before = cpu_time(start);
        let answer = call();
        let clock = start.elapsed();
        // The system counts a running thread's time by the tick; sleeping ones are up to date.
        std::thread::sleep(Duration::from_millis(20));
        let cpu = cpu_time(start).saturating_sub(before);
        if best.as_ref().is_none_or(|(_, least, _)| cpu < *least) {
            best = Some((answer, cpu, clock));
        }
        if clock > Duration::from_secs(5) {
            break;
        }
    }
    best.unwrap_or_else(|| unreachable!("three calls were made"))
}

fn tally(join: impl Fn(&Tally)) -> (u64, u64) {
    let tally = Tally::default();
    join(&tally);
    tally.totals()
}

fn print_table(counts: &[usize]) {
    let hashes = library(49_152);
    // One pool for all: a thread that ends takes its time out of the account.
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    for backend in Backend::available() {
        let (_, cpu, _) = measure(|| match &single {
            Ok(pool) => {
                pool.install(|| tally(|sink| Flat::new(&hashes, backend).self_join(6, sink)))
            }
            Err(_) => (0, 0),
        });
        let pairs = (hashes.len() * hashes.len() / 2) as f64;
        println!(
            "kernel {:18} {:6.1} Gpairs/s a core",
            backend.name(),
            pairs / 1e9 / cpu.as_secs_f64()
        );
    }
    for &count in counts {
        let all = library(count);
        let (collapsed, cpu, _) = measure(|| Collapsed::new(&all));
        let hashes = collapsed.distinct;
        println!("\n{count} hashes, {} distinct (collapsed in {cpu:.3?} CPU)", hashes.len());
        println!("radius  CPU s  clock s      pairs  checksum          bands (bits:radius)");
        for radius in [2, 5, 7, 10, 12] {
            let banded = Banded::new(&hashes, Backend::fastest());
            let (totals, cpu, clock) = measure(|| tally(|sink| banded.self_join(radius, sink)));
            let plan = banded.plan_self(radius).map_or_else(
                || "flat".to_string(),
                |plan| {
                    let band = |b: &clean_backup::index::banded::Band| {
                        format!("{}:{}", b.mask.count_ones(), b.radius)
                    };
                    let bands: Vec<_> = plan.bands.iter().map(band).collect();
                    format!("{} (reckoned {:.2} s)", bands.join(" "), plan.cost_ns / 1e9)
                },
            );
            let (cpu, clock) = (cpu.as_secs_f64(), clock.as_secs_f64());
            println!("{radius:6} {cpu:6.3} {clock:8.3} {:10}  {:016x}  {plan}", totals.0, totals.1);
            if count == 100_000 {
                let flat = Flat::new(&hashes, Backend::PORTABLE);
                assert_eq!(totals, tally(|sink| flat.self_join(radius, sink)), "not as the scan");
            }
        }
        let needles = library(10_000);
        let (totals, cpu, _) = measure(|| tally(|sink| cross_join(&needles, &hashes, 7, sink)));
        println!(
            "10,000 × {} at 7: {:.3} s CPU, {} pairs",
            hashes.len(),
            cpu.as_secs_f64(),
            totals.0
        );
        let (index, cpu, _) = measure(|| MultiIndex::new(&hashes, 10, Backend::fastest()));
        println!("tables for queries: {:.3} s CPU", cpu.as_secs_f64());
        let flat = Flat::new(&hashes, Backend::fastest());
        for radius in [2, 5, 7, 10] {
            let ask = |query: &dyn Query, step: usize| {
                let start = Instant::now();
                let asked = hashes.iter().step_by(step);
                let found: usize = asked.map(|&hash| query.within(hash, radius).len()).sum();
                (start.elapsed() / hashes.len().div_ceil(step) as u32, found)
            };
            let (tables, scan) = (ask(&index, 97), ask(&flat, 1009 * 9));
            println!("one needle at {radius}: {:?} by tables, {:?} by scan", tables.0, scan.0);
        }
        // A fifth of all agree in 16 neighbouring bits.
        let mut skewed = hashes.clone();
        for hash in skewed.iter_mut().step_by(5) {
            hash.0 = hash.0 & !0xffff_0000 | 0x1234_0000;
        }
        let (totals, cpu, _) = measure(|| tally(|sink| self_join(&skewed, 7, sink)));
        println!("skewed at 7: {:.3} s CPU, {} pairs", cpu.as_secs_f64(), totals.0);
        if count == 100_000 {
            let flat = Flat::new(&skewed, Backend::PORTABLE);
            assert_eq!(totals, tally(|sink| flat.self_join(7, sink)), "not as the scan");
        }
    }
}

/// 256-bit hashes of scenes, a tenth of them re-encoded ones.
fn fine_library(count: usize) -> Vec<FineHash> {
    let upright = |tile: &Tile| hash_upright(tile).0.fine;
    (0..count as u64)
        .into_par_iter()
        .map(|number| {
            let mut random = Random(number);
            if number % 10 < 9 {
                return upright(&scene(number));
            }
            let mut tile = scene(random.below(number / 10 + 1) * 10);
            for _ in 0..150 {
                let cell = &mut tile.0[random.below(1024) as usize];
                *cell = cell.wrapping_add(random.below(7) as u8).wrapping_sub(3).clamp(3, 250);
            }
            upright(&tile)
        })
        .collect()
}

/// Bits that differ.
struct Bits;

impl Metric<u64> for Bits {
    fn distance(&self, a: &u64, b: &u64) -> u32 {
        (a ^ b).count_ones()
    }

    fn threshold_distance(&self, a: &u64, b: &u64, threshold: u32) -> Option<u32> {
        Some(self.distance(a, b)).filter(|&distance| distance <= threshold)
    }
}

fn print_peers(count: usize) {
    let hashes = Collapsed::new(&library(count)).distinct;
    println!("{count} hashes, {} distinct; CPU seconds or time a needle", hashes.len());
    let index = MultiIndex::new(&hashes, 10, Backend::fastest());
    let flat = Flat::new(&hashes, Backend::fastest());
    let mut tree = BKTree::new(Bits);
    let (_, cpu, _) = measure_once(|| tree.extend(hashes.iter().map(|hash| hash.0)));
    println!("bk-tree 0.5: built in {:.2} s", cpu.as_secs_f64());
    for radius in [2, 5, 7, 10] {
        let ask = |step: usize, found: &dyn Fn(PerceptualHash) -> usize| {
            let asked: Vec<_> = hashes.iter().copied().step_by(step).collect();
            let start = Instant::now();
            let found: usize = asked.iter().map(|&hash| found(hash)).sum();
            (start.elapsed().as_secs_f64() * 1e6 / asked.len() as f64, found)
        };
        let few = count / 200;
        let (by_tree, trees) = ask(few, &|hash| tree.find(&hash.0, radius).count());
        let (by_tables, tables) = ask(few, &|hash| index.within(hash, radius).len());
        let (by_scan, scans) = ask(few, &|hash| flat.within(hash, radius).len());
        assert_eq!((trees, tables), (scans, scans), "the answers differ");
        let (many, _) = ask(97, &|hash| index.within(hash, radius).len());
        println!(
            "within {radius:2}: bk-tree {by_tree:9.1} µs, scan {by_scan:7.1}, tables {by_tables:6.1} \
             (warm {many:.1}); all by trees {:.0} CPU-s, ours {:.2}",
            by_tree * hashes.len() as f64 / 2e6,
            measure(|| tally(|sink| self_join(&hashes, radius, sink))).1.as_secs_f64(),
        );
    }
    let fine = fine_library(count);
    for radius in [31, 56] {
        let pairs = AtomicU64::new(0);
        let (_, cpu, clock) = measure_once(|| {
            fine::self_join(&CpuJoiner, &fine, radius, &|batch: &[FinePair]| {
                pairs.fetch_add(batch.len() as u64, Ordering::Relaxed);
            });
        });
        println!(
            "256 bits within {radius}: {:.2} CPU-s, {:.2} s on the clock, {} pairs",
            cpu.as_secs_f64(),
            clock.as_secs_f64(),
            pairs.into_inner()
        );
    }
    let folder = std::env::temp_dir().join(format!("clean-backup-bench-{}", std::process::id()));
    let (opened, cpu, _) = measure_once(|| Approximate::open(&folder, &fine));
    let _ = std::fs::remove_dir_all(&folder);
    println!("hnsw_rs: built in {:.1} CPU-s", cpu.as_secs_f64());
    let needles: Vec<FineHash> = fine.iter().copied().step_by(count / 500).collect();
    let (mut exact, start) = (Vec::new(), Instant::now());
    exact.extend(needles.iter().map(|&needle| fine::nearest(needle, &fine, 10)));
    let by_scan = start.elapsed().as_secs_f64() * 1e6 / needles.len() as f64;
    for effort in [16, 64, 256] {
        let start = Instant::now();
        let answers: Vec<Vec<FineHash>> =
            needles.iter().map(|&needle| opened.index.nearest(needle, 10, effort)).collect();
        let took = start.elapsed().as_secs_f64() * 1e6 / needles.len() as f64;
        let good: usize = answers
            .iter()
            .zip(&exact)
            .zip(&needles)
            .map(|((answer, exact), needle)| {
                let last = exact.last().map_or(0, |neighbour| u32::from(neighbour.distance));
                answer.iter().filter(|hash| needle.distance(**hash).0 <= last).count().min(10)
            })
            .sum();
        println!(
            "ten nearest of 256 bits: hnsw_rs ef {effort} {took:.0} µs, recall {:.3}; scan {by_scan:.0} µs",
            good as f64 / (10 * needles.len()) as f64
        );
    }
}

/// For what is too long, or changes too much, to be done three times.
fn measure_once<T>(call: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let start = Instant::now();
    let before = cpu_time(start);
    let answer = call();
    let clock = start.elapsed();
    std::thread::sleep(Duration::from_millis(20));
    (answer, cpu_time(start).saturating_sub(before), clock)
}

fn joins(criterion: &mut Criterion) {
    let hashes = Collapsed::new(&library(200_000)).distinct;
    let mut group = criterion.benchmark_group("index");
    group.sample_size(10);
    for radius in [2, 7, 10] {
        group.bench_function(format!("self-join 200k r={radius}"), |bencher| {
            bencher.iter(|| tally(|sink| self_join(black_box(&hashes), radius, sink)));
        });
    }
    for backend in Backend::available() {
        let run = Span { start: 0, end: 2048 };
        let mut hits = Vec::new();
        group.bench_function(format!("scan 256 × 2048 {}", backend.name()), |bencher| {
            bencher.iter(|| {
                hits.clear();
                backend.scan(&hashes[..256], black_box(&hashes[4096..]), &[run], 6, &mut hits);
            });
        });
        let flat = Flat::new(&hashes, backend);
        group.bench_function(format!("query 200k r=7 {}", backend.name()), |bencher| {
            bencher.iter(|| flat.within(black_box(hashes[77]), 7));
        });
        group.bench_function(format!("top 10 of 200k {}", backend.name()), |bencher| {
            bencher.iter(|| flat.nearest(black_box(hashes[77]), 10, 64));
        });
    }
    group.finish();
}

criterion_group!(benches, joins);

fn main() {
    let asked = |name: &str| std::env::args().any(|argument| argument == name);
    let counts: Vec<_> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if asked("peers") {
        print_peers(counts.first().copied().unwrap_or(100_000));
    } else if asked("table") && !counts.is_empty() {
        print_table(&counts);
    } else if asked("table") {
        print_table(&[100_000, 1_000_000]);
    } else {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
}
