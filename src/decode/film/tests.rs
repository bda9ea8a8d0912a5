use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::container::film::{self, Codec, FilmTrack};
use crate::picture::dct;
use crate::picture::tile::{TILE_SIDE, Tile};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/films").join(name)).unwrap()
}

/// Frames as ffmpeg decodes them: when they are shown, and their luma averaged to 32×32.
fn expected() -> BTreeMap<String, Vec<(i64, Tile)>> {
    let tiles = bytes("frames.bin");
    let (tiles, rest) = tiles.as_chunks::<{ TILE_SIDE * TILE_SIDE }>();
    let rows = String::from_utf8(bytes("frames.tsv")).unwrap();
    assert!(rest.is_empty() && tiles.len() == rows.lines().count());
    let mut films = BTreeMap::<String, Vec<(i64, Tile)>>::new();
    for (row, tile) in rows.lines().zip(tiles) {
        let (name, time) = row.split_once('\t').unwrap();
        films.entry(name.into()).or_default().push((time.parse().unwrap(), Tile(*tile)));
    }
    films
}

/// Holds a tile against that of ffmpeg's frame.
fn compare(name: &str, found: &Tile, expected: &Tile) {
    let most = found.0.iter().zip(&expected.0).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(most <= 2, "{name}: {most}");
    assert!(!is_flat(expected), "{name}");
    let view = |tile: &Tile| dct::hash_tile(tile).upright();
    let (found, expected) = (view(found), view(expected));
    let coarse = found.phash.distance(expected.phash).0;
    let fine = found.fine.distance(expected.fine).0;
    assert!(coarse <= 2 && fine <= 8, "{name}: {coarse} and {fine} bits");
}

#[test]
fn keyframes_hash_as_those_of_ffmpeg() {
    for (name, frames) in expected() {
        let file = bytes(&name);
        let track = film::read(&file).unwrap();
        for sample in track.samples.iter().filter(|sample| sample.is_key) {
            let found = keyframe(&file, &track, sample, &DecodeOptions::default());
            let found = found.unwrap_or_else(|error| panic!("{name}: {error}")).coarse;
            if let Some((_, expected)) = frames.iter().find(|frame| Some(frame.0) == sample.time) {
                compare(&name, &found, expected);
            }
        }
    }
}

type Answer = Vec<(usize, Result<Shown, DecodeError>)>;

fn ask(file: &Vec<u8>, track: &FilmTrack, times: &[i64], tolerance: i64) -> Answer {
    let mut answer = Vec::new();
    let options = DecodeOptions::default();
    let mut budget = FrameBudget::default();
    frames_at(file, track, times, tolerance, &mut budget, &options, &mut |index, shown| {
        answer.push((index, shown));
        true
    })
    .unwrap();
    answer
}

#[test]
fn frames_hash_as_those_of_ffmpeg() {
    let mut compared = 0;
    for (name, frames) in expected() {
        let file = bytes(&name);
        let track = film::read(&file).unwrap();
        let times: Vec<i64> = frames.iter().map(|frame| frame.0).collect();
        let answer = ask(&file, &track, &times, 0);
        let mut indices: Vec<usize> = answer.iter().map(|(index, _)| *index).collect();
        indices.sort_unstable();
        assert_eq!(indices, (0..times.len()).collect::<Vec<_>>(), "{name}");
        for (index, shown) in answer {
            let needed = frames_needed(&track, times[index], 0);
            if track.codec == Some(Codec::Vp8) && needed != Some(1) {
                let error = shown.unwrap_err().to_string();
                assert_eq!(error, "not supported: frames between the keyframes of V_VP8");
                assert_eq!(needed, None);
                continue;
            }
            let shown = shown.unwrap_or_else(|error| panic!("{name} {index}: {error}"));
            assert_eq!(shown.time, times[index], "{name}");
            compare(&format!("{name} at {}", shown.time), &shown.tiles.coarse, &frames[index].1);
            compared += 1;
        }
    }
    assert_eq!(compared, 111);
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
    for name in expected().into_keys() {
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
