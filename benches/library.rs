//! A whole library's worth of cached pictures, made up: what each stage costs beyond decoding.
//!
//! `cargo bench --bench library -- 100000 1000000` names the numbers of pictures; with
//! `CLEAN_BACKUP_BENCH_AGGRESSIVE` the aggressive setting is measured too;
//! `CLEAN_BACKUP_BENCH_FOLDER` the folder that their caches are kept in (5 kB per picture), so
//! that a second run finds them. One line a stage: seconds on the clock, CPU seconds, peak memory
//! of the process in that stage.
#![allow(missing_docs, clippy::unwrap_used)]

mod scenes;
mod stages;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::similar::{Needle, SearchMode, Searcher, SimilarOptions};
use clean_backup::catalogue::tiles::TileId;
use clean_backup::decode::DecodeOptions;
use clean_backup::dedupe::prover::HashesAlone;
use clean_backup::dedupe::tile_prover::TileProver;
use clean_backup::dedupe::{DedupeOptions, Deduplicated, dedupe};
use clean_backup::index::CpuJoiner;
use clean_backup::library::tiles::{LibraryTiles, Reading, pair_rule};
use clean_backup::model::media::{
    Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, FileStamp, Format, MediaFile, Metadata,
    ModifiedNs, Orientation,
};
use clean_backup::model::policy::{Policy, Sensitivity};
use clean_backup::model::record::{ContentHash, Picture, PictureRecord, Record};
use clean_backup::picture::dct::hash_tile;
use clean_backup::picture::part::Part;
use clean_backup::picture::tile::{DetailTile, Tile, Tiles};
use clean_backup::picture::window::WindowSet;
use rayon::prelude::*;
use scenes::{Random, cropped, fine_scene, scene};
use stages::{CountingJoiner, CountingProver, Stages};

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    // utime and stime (proc(5)), by the tick of 10 ms.
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).unwrap_or("0");
    kib.parse::<f64>().unwrap_or(0.0) / 1024.0
}

fn stage<T>(name: &str, work: impl FnOnce() -> T) -> T {
    // Forgets the peak so far (proc(5)).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let value = work();
    let (clock, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("  {name:42} {clock:8.3} s {cpu:8.2} CPU-s {:8.0} MiB", peak_mib());
    value
}

/// Changes a few cells: a re-encoding, or a frame a moment later.
fn nudged(tile: &Tile, seed: u64, cells: u64) -> Tile {
    let mut random = Random(seed);
    let mut tile = tile.clone();
    for _ in 0..cells {
        let cell = &mut tile.0[random.below(1024) as usize];
        *cell = cell.wrapping_add(random.below(7) as u8).wrapping_sub(3).clamp(3, 250);
    }
    tile
}

/// Of a hundred pictures ninety are scenes of their own, nine are others' re-encodings and one is a
/// crop of another, by 10 % along each side.
fn tiles(number: u64) -> Tiles {
    let mut random = Random(number);
    if number % 10 != 9 {
        return cropped(&fine_scene(number), 0, 0, 64);
    }
    let of = random.below(number / 10 + 1) * 10;
    let mut tile = fine_scene(of);
    if number % 100 == 99 {
        let (top, left) = (random.below(7) as usize, random.below(7) as usize);
        return cropped(&tile, top, left, 58);
    }
    for cell in &mut tile.0 {
        *cell = cell.saturating_add(random.below(5) as u8).saturating_sub(2);
    }
    cropped(&tile, 0, 0, 64)
}

fn content(number: u64) -> ContentHash {
    ContentHash(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

fn record(number: u64, tile: &Tile) -> PictureRecord {
    let width = 1000 + Random(number).below(5000) as u32;
    PictureRecord {
        format: Format::Jpeg,
        dimensions: Dimensions { width, height: width * 3 / 4 },
        hash: hash_tile(tile),
        metadata: Metadata::default(),
        flags: DecodeFlags::default(),
        provenance: None,
    }
}

fn file(number: u64) -> MediaFile {
    let path = format!("/library/{:04}/{:02}/IMG_{number:08}.jpg", number / 9000, number % 12);
    MediaFile {
        path: PathBuf::from(path),
        stamp: FileStamp {
            key: FileKey { device: 1, inode: number + 1 },
            size: Bytes(1_000_000 + number),
            modified: ModifiedNs(0),
        },
        evidence: Default::default(),
        root: 0,
    }
}

fn cache_of(folder: &Path, count: u64) -> Cache {
    let path = folder.join(format!("library-{count}.db"));
    let mut cache = Cache::open(&path, Path::new("/")).unwrap().cache;
    if cache.stats().unwrap().pictures == count {
        return cache;
    }
    stage("made up, hashed and written", || {
        for start in (0..count).step_by(50_000) {
            let numbers: Vec<u64> = (start..count.min(start + 50_000)).collect();
            let made: Vec<(MediaFile, Record, ContentHash, Tiles)> = numbers
                .par_iter()
                .map(|&n| {
                    let tiles = tiles(n);
                    (file(n), Record::Picture(record(n, &tiles.coarse)), content(n), tiles)
                })
                .collect();
            let tiles = made.iter().map(|(.., c, tiles)| (*c, &*tiles.fine, Part::WHOLE));
            let store = cache.tiles().unwrap();
            store.write(tiles).unwrap();
            let row = |(.., tiles): &(_, _, _, Tiles)| WindowSet::Few.row(&tiles.fine);
            let rows: Vec<Vec<u64>> = made.par_iter().map(row).collect();
            let id = |(_, _, content, _): &(_, _, ContentHash, _)| store.id_of(*content).unwrap();
            let ids: Vec<TileId> = made.iter().filter_map(id).collect();
            let rows: Vec<(TileId, Vec<u64>)> = ids.into_iter().zip(rows).collect();
            store.write_windows(WindowSet::Few, &rows).unwrap();
            let rows: Vec<_> = made.iter().map(|(f, r, c, _)| (f, r, Some(*c))).collect();
            cache.write_batch(&rows).unwrap();
        }
    });
    cache
}

fn unread(_: &Picture) -> std::io::Result<ContentHash> {
    Err(std::io::Error::other("there are no files"))
}

/// What a file would show in detail: there are none, so that it is made up again.
fn detail(picture: &Picture) -> Option<DetailTile> {
    let tile = tiles(picture.file.stamp.key.inode - 1).fine;
    DetailTile::average(64, 64, tile.0.chunks_exact(64))
}

/// Groups with the proof, as the program makes them.
fn proven(cache: &mut Cache, pictures: &[Picture], options: &DedupeOptions) -> Deduplicated {
    let decode = DecodeOptions::default();
    let store = cache.tiles().unwrap();
    let rule = pair_rule(options);
    let never = AtomicBool::new(false);
    let reading = Reading { options: &decode, progress: &(), cancel: &never };
    let mut tiles = LibraryTiles::new(pictures, store, &mut [], reading, rule).unwrap();
    let (stages, before) = (Stages::default(), cpu_seconds());
    let prover = CountingProver(TileProver::new(pictures, &mut tiles, &detail, &never), &stages);
    let joiner = CountingJoiner(CpuJoiner, &stages);
    let found = dedupe(pictures, options, &unread, &joiner, &prover, &());
    stages.print(cpu_seconds() - before);
    drop(prover);
    tiles.finish().unwrap();
    found
}

fn library(folder: &Path, count: u64) {
    println!("{count} pictures, {} threads", rayon::current_num_threads());
    let mut cache = cache_of(folder, count);
    let mut pictures = Vec::new();
    stage("rows read from the cache", || {
        cache
            .each_picture(&mut |known| {
                let (path, stamp, evidence) = (known.path, known.stamp, known.evidence);
                let file = MediaFile { path, stamp, evidence, root: 0 };
                pictures.push(Picture { file, record: known.record, content: known.content });
            })
            .unwrap();
    });
    assert_eq!(pictures.len() as u64, count);
    let sensitivities: &[Sensitivity] = match std::env::var_os("CLEAN_BACKUP_BENCH_AGGRESSIVE") {
        Some(_) => &[Sensitivity::Standard, Sensitivity::Aggressive],
        None => &[Sensitivity::Standard],
    };
    for &sensitivity in sensitivities {
        let options = DedupeOptions { policy: sensitivity.into(), ..DedupeOptions::default() };
        let (old, all) = (count as usize - count as usize / 2000, count as usize);
        for (name, shown) in [
            ("all but a two-thousandth, for the first time", old),
            ("with the new pictures", all),
            ("again, nothing changed", all),
        ] {
            let name = format!("{sensitivity}: {name}");
            let found = stage(&name, || proven(&mut cache, &pictures[..shown], &options));
            let duplicates: usize = found.groups.iter().map(|group| group.duplicates.len()).sum();
            println!("    {} groups, {duplicates} duplicates", found.groups.len());
        }
    }
    let stats = cache.stats().unwrap();
    println!(
        "  {:.0} bytes a picture in the cache, {:.0} in the tiles, {} pairs remembered",
        stats.bytes_on_disk as f64 / count as f64,
        stats.tiles.bytes_on_disk as f64 / count as f64,
        stats.tiles.pairs
    );
    for (name, threshold, fine_only) in [
        ("hashes alone within 6", 6, false),
        ("hashes alone within 10", 10, false),
        ("fine hashes alone within 32", 2, true),
    ] {
        if fine_only && count > 1_000_000 {
            continue;
        }
        let options = DedupeOptions {
            policy: Policy::from_threshold(threshold),
            fine_only,
            ..DedupeOptions::default()
        };
        let found =
            stage(name, || dedupe(&pictures, &options, &unread, &CpuJoiner, &HashesAlone, &()));
        let duplicates: usize = found.groups.iter().map(|group| group.duplicates.len()).sum();
        println!("    {} groups, {duplicates} duplicates", found.groups.len());
    }
    let needle = Needle::Picture(pictures[pictures.len() / 2].record.hash);
    drop(pictures);
    let _ = std::fs::remove_file(folder.join(format!("library-{count}.db-packed")));
    stage("similar: packed anew", || cache.packed().unwrap());
    drop(cache);
    let path = folder.join(format!("library-{count}.db"));
    let asked = |wanted| SimilarOptions {
        wanted,
        any_orientation: false,
        within: Vec::new(),
        except: Vec::new(),
    };
    let within = asked(SearchMode::Within(Policy::from_threshold(6)));
    stage("similar: from opening to the answer", || {
        let cache = Cache::open(&path, Path::new("/")).unwrap().cache;
        let mut library = Searcher::new(&cache).unwrap();
        assert!(!library.similar(&needle, &within).unwrap().is_empty());
    });
    let nearest = asked(SearchMode::Nearest(10));
    stage("similar -k 10: from opening to the answer", || {
        let cache = Cache::open(&path, Path::new("/")).unwrap().cache;
        let mut library = Searcher::new(&cache).unwrap();
        assert_eq!(library.similar(&needle, &nearest).unwrap().len(), 10);
    });
}

/// Frames of one scene that hardly changes, a second apart.
fn time_lapse(count: u64) {
    println!("a time-lapse of {count} frames, {} threads", rayon::current_num_threads());
    let tile = scene(4);
    for (name, dated) in [("dated: a burst", true), ("undated: copies", false)] {
        let mut pictures: Vec<Picture> = (0..count)
            .into_par_iter()
            .map(|number| {
                let mut record = record(0, &tile);
                record.hash = hash_tile(&nudged(&tile, number, 30));
                record.metadata.captured = dated.then_some(CaptureTime {
                    local_seconds: number as i64,
                    subsecond_ns: None,
                    offset_minutes: None,
                });
                record.metadata.orientation = Orientation::Upright;
                Picture { file: file(number), record, content: None }
            })
            .collect();
        pictures.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        let options = DedupeOptions::default();
        let found =
            stage(name, || dedupe(&pictures, &options, &unread, &CpuJoiner, &HashesAlone, &()));
        let duplicates: usize = found.groups.iter().map(|group| group.duplicates.len()).sum();
        println!("    {} groups, {duplicates} shown with them", found.groups.len());
    }
}

fn main() {
    let counts: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let counts = if counts.is_empty() { vec![100_000] } else { counts };
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("CLEAN_BACKUP_BENCH_FOLDER")
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    for count in counts {
        library(&folder, count);
    }
    time_lapse(100_000);
}
