use std::fs;
use std::path::Path;

use super::*;
use crate::container::film;
use crate::picture::dct;
use crate::picture::tile::{TILE_SIDE, Tile};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/films").join(name)).unwrap()
}

fn names() -> Vec<String> {
    String::from_utf8(bytes("tiles.txt")).unwrap().lines().map(str::to_owned).collect()
}

/// The hash of ffmpeg's decode of the first frame, and of its luma averaged to 32×32.
#[test]
fn keyframes_hash_as_those_of_ffmpeg() {
    let tiles = bytes("tiles.bin");
    let (tiles, rest) = tiles.as_chunks::<{ TILE_SIDE * TILE_SIDE }>();
    assert!(rest.is_empty());
    assert_eq!(tiles.len(), names().len());
    for (name, expected) in names().iter().zip(tiles) {
        let file = bytes(name);
        let track = film::read(&file).unwrap();
        let first = track.samples.iter().find(|sample| sample.is_key).unwrap();
        let found = keyframe(&file, &track, first, &DecodeOptions::default());
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}")).coarse;
        let most = found.0.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(most <= 2, "{name}: {most}");
        let view = |tile: &Tile| dct::hash_tile(tile).upright();
        let (found, expected) = (view(&found), view(&Tile(*expected)));
        let (coarse, fine) =
            (found.phash.distance(expected.phash).0, found.fine.distance(expected.fine).0);
        assert!(coarse <= 2 && fine <= 8, "{name}: {coarse} and {fine} bits");
    }
}

#[test]
fn what_is_not_decoded_is_named() {
    let says = |name: &str, index: usize| {
        let file = bytes(name);
        let track = film::read(&file).unwrap();
        keyframe(&file, &track, &track.samples[index], &DecodeOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(says("prores.mov", 0), "not supported: films coded as apco");
    assert_eq!(says("h264.mp4", 1), "not supported: a frame that needs others");
    assert!(Room::of(8192, 4352).is_ok());
    assert!(Room::of(8192, 4353).is_err());
    assert!(Room::of(0, 1).is_err());
}

/// Whatever the bytes: an answer.
#[test]
fn damaged_keyframes_are_survived() {
    let mut random = 1_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (random >> 33) as usize
    };
    for name in names() {
        let whole = bytes(&name);
        let track = film::read(&whole).unwrap();
        let first = track.samples.iter().find(|sample| sample.is_key).unwrap();
        for round in 0..40 {
            let mut file = whole.clone();
            for _ in 0..=round % 5 {
                let at = first.offset as usize + next() % first.size as usize;
                file[at] ^= 1 << (next() % 8);
            }
            let mut damaged = track.clone();
            if round % 4 == 0 && !damaged.config.is_empty() {
                let at = next() % damaged.config.len();
                damaged.config[at] ^= 1 << (next() % 8);
            }
            let _ = keyframe(&file, &damaged, first, &DecodeOptions::default());
        }
    }
}
