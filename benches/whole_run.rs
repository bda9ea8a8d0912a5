//! CPU time and peak memory of a whole run over camera JPEGs, against the usual ways.
//!
//! usage: CLEAN_BACKUP_BENCH_JPEGS=DIR cargo bench --bench whole_run
//!
//! Each way runs as a process of its own, in turn, three rounds; medians are printed. `ours` is the
//! library's scan with an empty cache of hashes, and the grouping; `full decode` decodes every
//! pixel with the
//! `image` crate and goes on as we do; `common` is what the usual Rust hashers do: `image`, grey,
//! `resize_exact` with Lanczos3, then the same DCT.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use clean_backup::catalogue::cache::Cache;
use clean_backup::dedupe::prover::HashesAlone;
use clean_backup::dedupe::{DedupeOptions, dedupe};
use clean_backup::files::content::content_hash;
use clean_backup::index::CpuJoiner;
use clean_backup::model::record::Picture;
use clean_backup::picture::dct::hash_tile;
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::picture::tile::{AreaAverage, Tile};
use clean_backup::scan::{ScanOptions, scan};
use image::imageops::FilterType;
use rayon::prelude::*;

const ROUNDS: usize = 3;
const WAYS: [&str; 4] = ["ours", "full decode", "common", "ours again"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn ours(folder: &Path, cache: &Path) -> u64 {
    let mut cache = Cache::open(cache, Path::new("/")).unwrap().cache;
    let roots = [folder.to_owned()];
    let cancel = AtomicBool::new(false);
    let found =
        scan(&roots, &ScanOptions::default(), Some(&mut cache), &CpuHasher, &(), &cancel).unwrap();
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
    assert_eq!(found.pictures.len(), files(folder).len());
    let read = |picture: &Picture| content_hash(&picture.file.path);
    dedupe(&found.pictures, &DedupeOptions::default(), &read, &CpuJoiner, &HashesAlone, &());
    found.pictures.iter().map(|p| p.record.dimensions.pixels()).sum()
}

fn full_decode(folder: &Path) -> u64 {
    let hash = |path: &PathBuf| {
        let grey = image::open(path).unwrap().to_luma8();
        let (width, height) = grey.dimensions();
        let mut average = AreaAverage::new(width, height, 1).unwrap();
        grey.as_raw().chunks_exact(width as usize).for_each(|row| assert!(average.push_row(row)));
        std::hint::black_box(hash_tile(&average.finish().unwrap().coarse));
        u64::from(width) * u64::from(height)
    };
    files(folder).par_iter().with_max_len(1).map(hash).sum()
}

fn common(folder: &Path) -> u64 {
    let hash = |path: &PathBuf| {
        let picture = image::open(path).unwrap();
        let pixels = u64::from(picture.width()) * u64::from(picture.height());
        let small = picture.grayscale().resize_exact(32, 32, FilterType::Lanczos3).to_luma8();
        let tile = Tile(small.as_raw().as_slice().try_into().unwrap());
        std::hint::black_box(hash_tile(&tile));
        pixels
    };
    files(folder).par_iter().with_max_len(1).map(hash).sum()
}

/// CPU seconds of this process, and its peak memory in MiB.
fn cost() -> (f64, f64) {
    let read = |path: &Path| std::fs::read_to_string(path).expect("measured on Linux only");
    let stat = read(Path::new("/proc/self/stat"));
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    // All threads, but in hundredths; what the living ones took, to the nanosecond, is at least so
    // much.
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let living: f64 = tasks
        .map(|task| read(&task.unwrap().path().join("schedstat")))
        .map(|text| text.split_whitespace().next().unwrap().parse::<f64>().unwrap())
        .sum();
    let status = read(Path::new("/proc/self/status"));
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    ((ticks / 100.0).max(living / 1e9), peak / 1024.0)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, way, folder, cache] = &arguments[..] {
        let folder = Path::new(folder);
        let pixels = match way.as_str() {
            "full decode" => full_decode(folder),
            "common" => common(folder),
            _ => ours(folder, Path::new(cache)),
        };
        let (cpu, peak) = cost();
        println!("{cpu} {peak} {pixels}");
        return;
    }
    let Some(folder) = std::env::var_os("CLEAN_BACKUP_BENCH_JPEGS") else {
        println!("whole_run: skipped, CLEAN_BACKUP_BENCH_JPEGS names no folder");
        return;
    };
    let mut costs: Vec<Vec<(f64, f64)>> = vec![Vec::new(); WAYS.len()];
    let mut megapixels = 0.0;
    for _ in 0..ROUNDS {
        let temporary = tempfile::tempdir().unwrap();
        let cache = temporary.path().join("hashes.db");
        for (way, costs) in WAYS.iter().zip(&mut costs) {
            let mut child = Command::new(std::env::current_exe().unwrap());
            let output = child.arg(way).arg(&folder).arg(&cache).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
            costs.push((numbers[0], numbers[1]));
            megapixels = numbers[2] / 1e6;
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("{} files, {megapixels:.0} megapixels", files(Path::new(&folder)).len());
    println!("{:<12} {:>8} {:>9} {:>7} {:>9}", "way", "CPU s", "ms per MP", "ratio", "peak MiB");
    let first = median(costs[0].iter().map(|c| c.0).collect());
    for (way, costs) in WAYS.iter().zip(&costs) {
        let ratios = costs.iter().map(|c| c.0 / first).collect();
        let cpu = median(costs.iter().map(|c| c.0).collect());
        let peak = median(costs.iter().map(|c| c.1).collect());
        println!(
            "{way:<12} {cpu:>8.3} {:>9.3} {:>7.3} {peak:>9.0}",
            cpu * 1000.0 / megapixels,
            median(ratios)
        );
    }
}
