//! What a GPU does beside this machine's CPU: `cargo bench --bench gpu`. Any adapter will do, a
//! real one first; numbers of hashes can be named: `cargo bench --bench gpu -- 100000 1000000`.
//!
//! `benches/device.sh` runs it on a machine that is lent for minutes: `--out DIR` writes what was
//! measured so far after every step (`bench.md`, `bench.json`), `--budget SECONDS` leaves out what
//! would take longer, and `--library DIR COUNT` only makes a library of small pictures.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clean_backup::gpu::align::{GpuAligner, probe};
use clean_backup::gpu::device::{AdapterChoice, AdapterKind, Gpu, adapters};
use clean_backup::gpu::hamming::HammingGpu;
use clean_backup::gpu::hash::GpuHasher;
use clean_backup::gpu::rented::Rentable as _;
use clean_backup::gpu::windows::GpuWindowHasher;
use clean_backup::index::{self, CpuJoiner, Joiner as _, Match, Members, Needles, Pair, Radii};
use clean_backup::model::phash::{FineHash, PerceptualHash};
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::picture::hasher::TileHasher;
use clean_backup::picture::proof::{Aligner as _, CpuAligner};
use clean_backup::picture::tile::{FineTile, Tile};
use clean_backup::picture::window::{BatchWindowHasher as _, CpuWindowHasher, WindowSet};
use serde_json::{Map, Value, json};

/// Population counts a second of cards whose data sheet and instruction table are public: 16 a
/// clock and multiprocessor for compute capability 9.0 (CUDA C++ Programming Guide, throughput of
/// native arithmetic instructions), 132 multiprocessors, 1.98 GHz boost. A pair takes two.
const POPCOUNTS: &[(&str, f64)] =
    &[("H100", 132.0 * 16.0 * 1.98e9), ("H200", 132.0 * 16.0 * 1.98e9)];

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

/// What was measured, written down as soon as it is known.
struct Notes {
    out: Option<PathBuf>,
    lines: String,
    values: Map<String, Value>,
    start: Instant,
    budget: Duration,
}

impl Notes {
    fn line(&mut self, line: &str) {
        println!("{line}");
        self.lines += line;
        self.lines.push('\n');
        self.write();
    }

    fn value(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
        self.write();
    }

    fn append(&mut self, list: &str, value: Value) {
        let entry = self.values.entry(list).or_insert_with(|| json!([]));
        if let Some(list) = entry.as_array_mut() {
            list.push(value);
        }
        self.write();
    }

    fn write(&self) {
        let Some(out) = &self.out else { return };
        fs::write(out.join("bench.md"), &self.lines).unwrap();
        let json = serde_json::to_string_pretty(&self.values).unwrap();
        fs::write(out.join("bench.json"), json + "\n").unwrap();
    }

    /// Whether there is time for something that takes so many seconds.
    fn has_time_for(&self, seconds: f64) -> bool {
        self.start.elapsed().as_secs_f64() + seconds < self.budget.as_secs_f64()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str, place: usize| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + place).cloned()
    };
    if let (Some(folder), Some(count)) = (after("--library", 1), after("--library", 2)) {
        return make_library(Path::new(&folder), count.parse().unwrap());
    }
    let named = ["--out", "--budget"].map(|name| arguments.iter().position(|a| a == name));
    let is_value = |at: usize| named.iter().flatten().any(|name| name + 1 == at);
    let numbers = arguments.iter().enumerate().filter(|(at, _)| !is_value(*at));
    let sizes: Vec<usize> = numbers.filter_map(|(_, text)| text.parse().ok()).collect();
    let budget = after("--budget", 1).map_or(3600, |seconds| seconds.parse().unwrap());
    let mut notes = Notes {
        out: after("--out", 1).map(PathBuf::from),
        lines: String::new(),
        values: Map::new(),
        start: Instant::now(),
        budget: Duration::from_secs(budget),
    };

    let start = Instant::now();
    let gpu = match Gpu::open(AdapterChoice::Real).or_else(|_| Gpu::open(AdapterChoice::Any)) {
        Ok(gpu) => gpu,
        Err(error) => {
            notes.line(&format!("Nothing was measured: {error}"));
            return;
        }
    };
    let name = gpu.name().to_owned();
    let software = !adapters().iter().any(|adapter| adapter.kind() != AdapterKind::Software);
    let hasher = GpuHasher::on(gpu.clone()).unwrap();
    let opened = start.elapsed().as_secs_f64();
    let threads = rayon::current_num_threads();
    notes.value("adapter", name.as_str());
    notes.value("software", software);
    notes.value("cpu_threads", threads);
    notes.value("cpu_dct", clean_backup::picture::dct::backend());
    notes.value("start_up_s", opened);
    notes.line(&format!("Adapter: {name}. Beside it: {threads} CPU threads.\n"));
    notes.line(&format!("Opened, compiled and checked in {opened:.3} s.\n"));
    hashing(&hasher, &mut notes);
    windows(gpu.clone(), software, &mut notes);
    let sizes = match (sizes.is_empty(), software) {
        (false, _) => sizes,
        (true, false) => vec![100_000, 1_000_000, 10_000_000],
        (true, true) => vec![20_000, 100_000],
    };
    let (needles, members) = if software { (4_000, 20_000) } else { (1_000_000, 1_000_000) };
    proving(gpu.clone(), if software { 1_000 } else { 100_000 }, &mut notes);
    joining_both(gpu.clone(), needles, members, &mut notes);
    joining(gpu, &sizes, &mut notes);
}

fn hashing(hasher: &GpuHasher, notes: &mut Notes) {
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
    let gpu = seconds(|| (0..rounds).for_each(|_| drop(hasher.hash(&tiles))));
    let cpu = seconds(|| (0..rounds).for_each(|_| drop(CpuHasher.hash(&tiles))));
    let (gpu, cpu) = (count / gpu / 1e6, count / cpu / 1e6);
    notes.line("| tiles a second, four views each | millions |\n|---|---|");
    notes.line(&format!("| GPU, tiles resident | {resident:.3} |"));
    notes.line(&format!("| GPU, end to end | {gpu:.3} |"));
    notes.line(&format!("| CPU, all threads | {cpu:.3} |"));
    notes.value("tiles_resident_m_s", resident);
    notes.value("tiles_end_to_end_m_s", gpu);
    notes.value("tiles_cpu_m_s", cpu);
    assert_eq!(hasher.failure(), None);
}

fn windows(gpu: Gpu, software: bool, notes: &mut Notes) {
    let start = Instant::now();
    let hasher = GpuWindowHasher::on(gpu, Arc::new(move || start.elapsed())).unwrap();
    let mut noise = Noise(2);
    let count = if software { 64 } else { 8192 };
    let tiles: Vec<FineTile> =
        (0..count).map(|_| FineTile(std::array::from_fn(|_| noise.next() as u8))).collect();
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    let few_tiles = &tiles[..count / 8];
    let many = WindowSet::Many.kept();
    let hashed = (count * many.len()) as f64;
    // The first round finds the pace.
    assert_eq!(hasher.upright(few_tiles, &many), CpuWindowHasher.upright(few_tiles, &many));
    let gpu = hashed / seconds(|| drop(hasher.upright(&tiles, &many))) / 1e6;
    let cpu = hashed / seconds(|| drop(CpuWindowHasher.upright(&tiles, &many))) / 1e6;
    let of_few = hashed / 8.0;
    let turned = of_few / seconds(|| drop(hasher.turned(few_tiles, &many))) / 1e6;
    let cpu_turned = of_few / seconds(|| drop(CpuWindowHasher.turned(few_tiles, &many))) / 1e6;
    notes.line(&format!("\n| windows a second, {} a tile, end to end | millions |", many.len()));
    notes.line("|---|---|");
    for (what, rate) in [
        ("GPU, upright", gpu),
        ("CPU, all threads, upright", cpu),
        ("GPU, four views", turned),
        ("CPU, all threads, four views", cpu_turned),
    ] {
        notes.line(&format!("| {what} | {rate:.3} |"));
    }
    notes.line("");
    notes.value("windows_upright_m_s", gpu);
    notes.value("windows_upright_cpu_m_s", cpu);
    notes.value("windows_turned_m_s", turned);
    notes.value("windows_turned_cpu_m_s", cpu_turned);
    assert_eq!(hasher.failure(), None);
}

/// Pairs of tiles laid over each other, in the proportions of a run.
fn proving(gpu: Gpu, count: usize, notes: &mut Notes) {
    let start = Instant::now();
    let aligner = GpuAligner::on(gpu, Arc::new(move || start.elapsed())).unwrap();
    let (tiles, pairs) = probe(count);
    let tiles: Vec<&FineTile> = tiles.iter().collect();
    // The first round finds the pace.
    assert!(aligner.align(&tiles, &pairs) == CpuAligner.align(&tiles, &pairs));
    let gpu = count as f64 / seconds(|| drop(aligner.align(&tiles, &pairs)));
    let cpu = count as f64 / seconds(|| drop(CpuAligner.align(&tiles, &pairs)));
    notes.line("\n| proofs a second, one of 26 aligned, end to end | thousands |\n|---|---|");
    notes.line(&format!("| GPU | {:.1} |", gpu / 1e3));
    notes.line(&format!("| CPU, all threads | {:.1} |\n", cpu / 1e3));
    notes.value("proofs_s", gpu);
    notes.value("proofs_cpu_s", cpu);
    assert_eq!(aligner.failure(), None);
}

/// Needles against a library within two radii: one window of many pictures against the whole of
/// others.
fn joining_both(gpu: Gpu, needles: usize, members: usize, notes: &mut Notes) {
    let start = Instant::now();
    let joins = HammingGpu::new(gpu, Arc::new(move || start.elapsed())).unwrap();
    let fine = |hash: &PerceptualHash| FineHash([1, 2, 3, 5].map(|turn| hash.0.rotate_left(turn)));
    let mut distinct = hashes(members);
    let needles = distinct.split_off(members - members.min(needles) / 2);
    let needles: Vec<PerceptualHash> =
        needles.iter().cycle().take(needles.len() * 2).copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let starts: Vec<u32> = (0..=distinct.len() as u32).collect();
    let [fines, needle_fines] =
        [&distinct, &needles].map(|hashes| hashes.iter().map(fine).collect::<Vec<FineHash>>());
    let library = Members { distinct: &distinct, starts: &starts, fines: &fines };
    let needles = Needles { hashes: &needles, fines: &needle_fines };
    let pairs = needles.hashes.len() as f64 * distinct.len() as f64;
    notes.line("Windows against whole pictures, both distances:\n");
    notes.line("| needles × hashes | radii | GPU s | GPU pairs/s | CPU s | matches |");
    notes.line("|---|---|---|---|---|---|");
    for (coarse, fine) in [(6, 40), (10, 72), (14, 84)] {
        let radii = Radii { coarse, fine };
        let expected = pairs / joins.pairs_per_ns() / 1e9;
        if !notes.has_time_for(expected * 1.5) {
            continue;
        }
        let gpu = counted_both(&|sink| {
            joins.cross_join_both(needles, library, radii, &sink).unwrap();
        });
        let expected = index::cross_join_ns(needles.hashes, &distinct, coarse)
            / rayon::current_num_threads() as f64
            / 1e9;
        let cpu = notes.has_time_for(expected * 1.5).then(|| {
            counted_both(&|sink| CpuJoiner.cross_join_both(needles, library, radii, &sink))
        });
        if let Some(cpu) = cpu {
            assert_eq!((gpu.1, gpu.2), (cpu.1, cpu.2), "the GPU and the CPU differ");
        }
        let cpu_s = cpu.map_or_else(|| format!("(≈{expected:.0})"), |cpu| format!("{:.3}", cpu.0));
        notes.line(&format!(
            "| {} × {} | {coarse}, {fine} | {:.3} | {:.2e} | {cpu_s} | {} |",
            needles.hashes.len(),
            distinct.len(),
            gpu.0,
            pairs / gpu.0,
            gpu.1
        ));
        notes.append(
            "joins_of_both",
            json!({
                "needles": needles.hashes.len(), "hashes": distinct.len(), "radius": coarse,
                "fine_radius": fine, "gpu_s": gpu.0, "gpu_pairs_s": pairs / gpu.0,
                "cpu_s": cpu.map(|joined| joined.0), "matches": gpu.1,
            }),
        );
    }
    notes.line("");
}

/// Runs a join of both hashes into the sink that it is given.
type JoinBoth<'a> = &'a dyn Fn(&(dyn Fn(&[Match]) + Sync));

fn counted_both(join: JoinBoth<'_>) -> Joined {
    counted(&|sink| {
        join(&|batch: &[Match]| {
            let pair = |near: &Match| Pair { a: near.a, b: near.b, distance: near.distance };
            sink(&batch.iter().map(pair).collect::<Vec<_>>());
        });
    })
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

/// Seconds, pairs, and a sum that tells one list of pairs from another.
type Joined = (f64, u64, u64);

/// Runs a join into the sink that it is given.
type Join<'a> = &'a dyn Fn(&(dyn Fn(&[Pair]) + Sync));

fn counted(join: Join<'_>) -> Joined {
    let (count, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    let start = Instant::now();
    join(&|batch| {
        count.fetch_add(batch.len() as u64, Ordering::Relaxed);
        let part: u64 = batch.iter().map(|p| (u64::from(p.a) * 31) ^ u64::from(p.b)).sum();
        sum.fetch_add(part, Ordering::Relaxed);
    });
    (start.elapsed().as_secs_f64(), count.into_inner(), sum.into_inner())
}

fn joining(gpu: Gpu, sizes: &[usize], notes: &mut Notes) {
    let start = Instant::now();
    let name = gpu.name().to_owned();
    let joins = HammingGpu::new(gpu, Arc::new(move || start.elapsed())).unwrap();
    let threads = rayon::current_num_threads() as f64;
    notes.value("pace_at_opening_pairs_s", joins.pairs_per_ns() * 1e9);
    notes.line("Self-joins within a radius of 64 bits, the CPU by the index's own plan:\n");
    notes.line("| hashes | radius | GPU s | GPU pairs/s | CPU s | pairs found |");
    notes.line("|---|---|---|---|---|---|");
    let mut best = 0.0_f64;
    for &size in sizes {
        let hashes = hashes(size);
        let pairs = size as f64 * size as f64 / 2.0;
        let expected_gpu = pairs / joins.pairs_per_ns() / 1e9;
        let mut crossover = None;
        for radius in (2..=16).step_by(2) {
            let expected_cpu = index::self_join_ns(&hashes, radius) / threads / 1e9;
            let gpu = notes
                .has_time_for(expected_gpu * 1.5)
                .then(|| counted(&|sink| joins.self_join(&hashes, radius, &sink).unwrap()));
            let cpu = notes
                .has_time_for(expected_cpu * 1.5)
                .then(|| counted(&|sink| index::self_join(&hashes, radius, &sink)));
            if let (Some((_, found, sum)), Some((_, expected, check))) = (gpu, cpu) {
                assert_eq!((found, sum), (expected, check), "the GPU and the CPU differ");
            }
            let rate = gpu.map(|(seconds, ..)| pairs / seconds);
            best = best.max(rate.unwrap_or_default());
            let time = |joined: Option<Joined>, expected: f64| match joined {
                Some((seconds, ..)) => format!("{seconds:.3}"),
                None => format!("(≈{expected:.0})"),
            };
            let rate = rate.map_or_else(|| "—".to_owned(), |rate| format!("{rate:.2e}"));
            let found = gpu.or(cpu).map_or_else(|| "—".to_owned(), |(_, n, _)| n.to_string());
            notes.line(&format!(
                "| {size} | {radius} | {} | {rate} | {} | {found} |",
                time(gpu, expected_gpu),
                time(cpu, expected_cpu)
            ));
            notes.append(
                "joins",
                json!({
                    "hashes": size, "radius": radius,
                    "gpu_s": gpu.map(|joined| joined.0), "cpu_s": cpu.map(|joined| joined.0),
                    "cpu_reckoned_s": expected_cpu, "gpu_reckoned_s": expected_gpu,
                    "pairs": gpu.or(cpu).map(|joined| joined.1),
                }),
            );
            if let (Some(gpu), Some(cpu)) = (gpu, cpu)
                && gpu.0 < cpu.0
            {
                crossover.get_or_insert(radius);
            }
        }
        notes.append("crossovers", json!({ "hashes": size, "radius": crossover }));
    }
    notes.line("");
    for entry in notes.values["crossovers"].as_array().cloned().unwrap_or_default() {
        let found = match &entry["radius"] {
            Value::Null => "at no radius that was measured".to_owned(),
            radius => format!("from radius {radius} on"),
        };
        notes.line(&format!("- {} hashes: the GPU is faster {found}.", entry["hashes"]));
    }
    notes.line(&format!("- Best rate: {best:.2e} pairs/s."));
    notes.value("best_pairs_s", best);
    if let Some((_, popcounts)) = POPCOUNTS.iter().find(|(card, _)| name.contains(card)) {
        let limit = popcounts / 2.0;
        let share = 100.0 * best / limit;
        notes.line(&format!(
            "- Limit by population counts: {limit:.2e} pairs/s; reached {share:.0} %."
        ));
        notes.value("popcount_limit_pairs_s", limit);
    }
}

/// A library of small grey pictures, a tenth of them near another, for one whole run.
fn make_library(folder: &Path, count: u64) {
    fs::create_dir_all(folder).unwrap();
    let mut noise = Noise(5);
    let mut scene = [0; 64];
    for number in 0..count {
        if number % 10 != 9 {
            scene = std::array::from_fn(|_| noise.next() as u8);
        }
        let mut pixels: Vec<u8> = Vec::with_capacity(4096);
        for y in 0..64_usize {
            for x in 0..64_usize {
                // A coarse pattern, smooth between its corners; the last of ten is a little darker.
                let at = |x: usize, y: usize| u32::from(scene[y % 8 * 8 + x % 8]);
                let (column, row, dx, dy) = (x / 8, y / 8, x as u32 % 8, y as u32 % 8);
                let top = at(column, row) * (8 - dx) + at(column + 1, row) * dx;
                let bottom = at(column, row + 1) * (8 - dx) + at(column + 1, row + 1) * dx;
                let value = (top * (8 - dy) + bottom * dy) / 64;
                pixels.push((value * if number % 10 == 9 { 240 } else { 255 } / 255) as u8);
            }
        }
        let mut file = b"P5\n64 64\n255\n".to_vec();
        file.extend(pixels);
        fs::write(folder.join(format!("{number:06}.pgm")), file).unwrap();
    }
}
