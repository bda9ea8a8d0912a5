//! Pictures made up: their hashes behave like those of a library.

#![allow(missing_docs, dead_code, clippy::expect_used)]

use image::RgbImage;
use image::imageops::{self, FilterType};

use clean_backup::picture::tile::{FineTile, Plane, Tile, Tiles};

/// A drawn scene of 12 megapixels with the noise of a sensor.
pub fn camera_picture() -> RgbImage {
    let scene = include_bytes!("../../fixtures/library/2024/garden.jpg");
    let scene = image::load_from_memory(scene).expect("a fixture").into_rgb8();
    let mut large = imageops::resize(&scene, 4000, 3000, FilterType::CatmullRom);
    let mut state = 1_u32;
    for sample in large.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = sample.saturating_add((state >> 28) as u8);
    }
    large
}

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A scene: a sky that brightens, a ground, a few boxes and discs, and some noise.
pub fn scene(seed: u64) -> Tile {
    let mut random = Random(seed);
    let horizon = 4 + random.below(26) as i32;
    let (sky, slope) = (100 + random.below(130) as i32, random.below(7) as i32 - 4);
    let (ground, across) = (20 + random.below(150) as i32, random.below(7) as i32 - 3);
    let mut cells = [0_i32; 1024];
    for (i, cell) in cells.iter_mut().enumerate() {
        let (y, x) = (i as i32 / 32, i as i32 % 32);
        *cell = if y < horizon { sky + slope * y } else { ground } + across * (x - 16);
    }
    for _ in 0..3 + random.below(6) {
        let (cx, cy) = (random.below(32) as i32, random.below(32) as i32);
        let (rx, ry) = (1 + random.below(12) as i32, 1 + random.below(12) as i32);
        let (value, disc) = (random.below(256) as i32, random.below(2) == 0);
        for (i, cell) in cells.iter_mut().enumerate() {
            let (dy, dx) = (i as i32 / 32 - cy, i as i32 % 32 - cx);
            let inside = if disc {
                dx * dx * ry * ry + dy * dy * rx * rx <= rx * rx * ry * ry
            } else {
                dx.abs() <= rx && dy.abs() <= ry
            };
            if inside {
                *cell = (*cell + 3 * value) / 4;
            }
        }
    }
    let mut tile = [0; 1024];
    for (to, from) in tile.iter_mut().zip(cells) {
        *to = (from + random.below(17) as i32 - 8).clamp(0, 255) as u8;
    }
    Tile(tile)
}

/// The same kind of scene with the detail that a photograph has at 64×64: many small things, and
/// texture that differs from place to place.
pub fn fine_scene(seed: u64) -> FineTile {
    let mut random = Random(seed ^ 0x0005_ce7e);
    let coarse = scene(seed);
    let mut cells = [0_i32; 4096];
    for (i, cell) in cells.iter_mut().enumerate() {
        *cell = i32::from(coarse.0[i / 128 * 32 + i % 64 / 2]);
    }
    for _ in 0..40 + random.below(80) {
        let (cy, cx) = (random.below(64) as i32, random.below(64) as i32);
        let (ry, rx) = (1 + random.below(5) as i32, 1 + random.below(5) as i32);
        let level = random.below(120) as i32 - 60;
        for y in (cy - ry).max(0)..(cy + ry).min(64) {
            for x in (cx - rx).max(0)..(cx + rx).min(64) {
                cells[(y * 64 + x) as usize] += level;
            }
        }
    }
    FineTile(cells.map(|cell| cell.clamp(0, 255) as u8))
}

/// What a part of a tile shows, as a picture of its own.
pub fn cropped(tile: &FineTile, top: usize, left: usize, side: usize) -> Tiles {
    let rows = tile.0.chunks_exact(64).skip(top).take(side);
    let cells: Vec<u8> = rows.flat_map(|row| row[left..left + side].to_vec()).collect();
    let plane = Plane::new(side as u32, side as u32, 1, &cells);
    plane.and_then(|plane| plane.tiles()).expect("a square of cells is a picture")
}
