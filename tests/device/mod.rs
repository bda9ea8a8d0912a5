//! What the tests of the GPU share. Any adapter will do, a program that acts as one too; without
//! one these tests say so and pass, unless `REQUIRE_GPU_TESTS` is set.

#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clean_backup::gpu::device::{AdapterChoice, Gpu};
use clean_backup::gpu::pace::Clock;
use clean_backup::picture::tile::Tiles;

/// An open device, or `None` where there is none and that is allowed.
pub fn gpu() -> Option<Gpu> {
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

pub fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// The same numbers on every machine.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, below: usize) -> usize {
        (self.next() >> 20) as usize % below
    }
}

/// The tiles of all pictures below a folder, by path; none where there is no such folder.
pub fn pictures(folder: &Path) -> Vec<Tiles> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut tiles = Vec::new();
    for path in paths {
        if path.is_dir() {
            tiles.extend(pictures(&path));
        } else if let Ok(read) = clean_backup::scan::read_picture(&path, &Default::default()) {
            tiles.push(read.tiles);
        }
    }
    tiles
}
