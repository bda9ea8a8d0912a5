use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::decoder::{FrameDecoder, NO_KEYFRAME, Pictures};
use super::frames::Run;
use super::opened::Opened;
use super::wanted::Stretch;
use super::*;
use crate::container::film::{self, FilmTrack, Sample};
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
    let (low, high) = (expected.0.iter().min().unwrap(), expected.0.iter().max().unwrap());
    assert!(high - low > 60, "{name}: flat frames hash like noise");
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

fn ask(file: &[u8], track: &FilmTrack, times: &[i64], tolerance: i64) -> Answer {
    let mut answer = Vec::new();
    let options = DecodeOptions::default();
    let mut budget = FrameBudget::default();
    frames_at(&file, track, times, tolerance, &mut budget, &options, &mut |index, shown| {
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
            let shown = shown.unwrap_or_else(|error| panic!("{name} {index}: {error}"));
            assert_eq!(shown.time, times[index], "{name}");
            compare(&format!("{name} at {}", shown.time), &shown.tiles.coarse, &frames[index].1);
            compared += 1;
        }
    }
    assert_eq!(compared, 134);
}

/// The second packet is a frame that is not shown, at the time of the third one.
#[test]
fn a_hidden_frame_is_never_the_one_at_a_time() {
    let file = bytes("../vp8/hidden.webm");
    let track = film::read(&file).unwrap();
    assert_eq!(track.samples[1].time, track.samples[2].time);
    assert_eq!(frames_needed(&track, 100_000, 0), Some(3));
    let shown = ask(&file, &track, &[100_000], 0).remove(0).1.unwrap();
    assert_eq!(shown.time, 100_000);
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
    assert_eq!(says("h264_encrypted.mp4", 0), "not supported: films coded as encv");
    assert_eq!(says("h264_444.mp4", 0), "not supported: H.264: 4:4:4 chroma (avc1)");
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
    let (mut decoded, mut refused) = (0, 0);
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
            match keyframe(&file, &damaged, first, &DecodeOptions::default()) {
                Ok(_) => decoded += 1,
                Err(error) => {
                    assert!(!matches!(error, DecodeError::Io(_)), "{name}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(decoded > 300 && refused > 100, "{decoded} {refused}");
}

/// Gives the first frame, and fails at the third.
struct Failing(fn() -> Result<(), DecodeError>);

impl FrameDecoder for Failing {
    fn decode(
        &mut self,
        number: usize,
        _bytes: &[u8],
        out: &mut Pictures<'_>,
    ) -> Result<(), DecodeError> {
        if number == 2 {
            self.0()?;
        }
        let luma = Luma { width: 2, height: 2, samples: vec![number as u8; 4] };
        out.give(number, || luma.tiles())
    }
}

fn run_failing(fails: fn() -> Result<(), DecodeError>) -> Vec<(usize, Result<u8, String>)> {
    let file = bytes("h264.mp4");
    let track = film::read(&file).unwrap();
    let frames = BTreeMap::from([(0, vec![2]), (2, vec![0]), (3, vec![1])]);
    let stretch = Stretch { start: 0, last: 3, frames };
    let run = Run::new(&file, &track, &stretch);
    let opened = Ok(Opened::of(Box::new(Failing(fails))));
    let mut told = Vec::new();
    let done = run.decode(opened, &mut FrameBudget::default(), &mut |index, shown| {
        told.push((
            index,
            shown.map(|shown| shown.tiles.coarse.0[0]).map_err(|error| error.to_string()),
        ));
        true
    });
    assert!(done.unwrap());
    told
}

#[test]
#[allow(clippy::panic)]
fn what_a_decoder_throws_is_the_reason_for_every_frame_after_it() {
    let all = |text: &str| vec![(2, Ok(0)), (0, Err(text.to_owned())), (1, Err(text.to_owned()))];
    assert_eq!(run_failing(|| panic!("thrown")), all("the decoder failed: thrown"));
    let damaged = || Err(DecodeError::Damaged("bits".into()));
    assert_eq!(run_failing(damaged), all("damaged: bits"));
    assert_eq!(run_failing(|| Ok(())), [(2, Ok(0)), (0, Ok(2)), (1, Ok(3))]);
}

#[test]
fn no_more_is_decoded_than_was_granted() {
    let file = bytes("h264.mp4");
    let track = film::read(&file).unwrap();
    // Frames 0, 3, 1 in the order of decoding, of 12,288 pixels; their bytes weigh as well.
    let cost: u64 = track.samples[..3].iter().map(|s| 128 * 96 + 4 * u64::from(s.size)).sum();
    let options = DecodeOptions::default();
    for (pixels, expected) in [(cost, vec![1, 0]), (cost - 1, vec![1])] {
        let mut budget = FrameBudget { pixels };
        let mut told = Vec::new();
        let times = [100_000, 300_000];
        let done =
            frames_at(&file, &track, &times, 0, &mut budget, &options, &mut |index, shown| {
                shown.unwrap();
                told.push(index);
                true
            });
        assert_eq!(told, expected);
        assert_eq!(budget.pixels, 0);
        let is_spent = matches!(done, Err(DecodeError::TooMuchWork));
        assert_eq!(is_spent, expected.len() == 1);
    }
}

#[test]
fn a_film_without_a_table_of_keyframes_is_refused_where_it_needs_one() {
    for name in ["h264.mp4", "hevc.mp4", "vp9.mp4", "mpeg4.mp4"] {
        let mut file = bytes(name);
        let at = memchr::memmem::find(&file, b"stss").unwrap();
        file[at..at + 4].copy_from_slice(b"free");
        let track = film::read(&file).unwrap();
        assert!(track.samples.iter().all(|sample| sample.is_key));
        let answer = ask(&file, &track, &[0, 300_000], 0);
        assert!(answer[0].1.is_ok(), "{name}");
        let error = answer[1].1.as_ref().unwrap_err().to_string();
        let expected = match name {
            "mpeg4.mp4" => {
                "damaged: MPEG-4: stream decode: VOP references a missing anchor frame".into()
            }
            _ => format!("not supported: {} ({})", NO_KEYFRAME, track.coding),
        };
        assert_eq!(error, expected, "{name}");
    }
}

/// The bytes of a keyframe over and over again, as those of one frame.
#[test]
fn many_frames_in_one_cost_as_many() {
    for name in ["h264.mp4", "hevc.mp4", "vp9.mp4", "mpeg4.mp4", "av1.mp4"] {
        let file = bytes(name);
        let mut track = film::read(&file).unwrap();
        let sample = track.samples[0];
        let mut frame = track.frame(&file, &sample, u32::MAX).unwrap();
        if name == "vp9.mp4" {
            // Eight in one, and an index of their sizes in two bytes each.
            let size = (frame.len() as u16).to_le_bytes();
            frame = frame.repeat(8);
            frame.push(0xcf);
            frame.extend(size.repeat(8));
            frame.push(0xcf);
        } else {
            frame = frame.repeat(20);
        }
        track.samples = vec![Sample { offset: 0, size: frame.len() as u32, ..sample }];
        let mut budget = FrameBudget { pixels: 7 * 128 * 96 + 4 * frame.len() as u64 };
        let options = DecodeOptions::default();
        let done = frames_at(&frame, &track, &[0], 0, &mut budget, &options, &mut |_, _| true);
        assert!(matches!(done, Err(DecodeError::TooMuchWork)), "{name}: {done:?}");
        let alone = keyframe(&frame, &track, &track.samples[0], &options);
        assert_eq!(matches!(alone, Err(DecodeError::TooMuchWork)), name != "vp9.mp4", "{name}");
    }
}

#[test]
fn frames_that_no_other_one_needs_are_left_out() {
    for name in ["h264.mp4", "hevc.mp4", "mpeg4.mp4"] {
        let file = bytes(name);
        let track = film::read(&file).unwrap();
        // Shown last of the first group.
        let needed = frames_needed(&track, 700_000, 0).unwrap();
        let mut budget = FrameBudget::default();
        let options = DecodeOptions::default();
        let mut found = None;
        frames_at(&file, &track, &[700_000], 0, &mut budget, &options, &mut |_, shown| {
            found = Some(shown);
            true
        })
        .unwrap();
        assert_eq!(found.unwrap().unwrap().time, 700_000, "{name}");
        let decoded = (FrameBudget::default().pixels - budget.pixels) / (128 * 96);
        assert!(needed > 3 && decoded < u64::from(needed), "{name}: {decoded} of {needed}");
    }
}

/// A film of frames at these times, in the order of decoding; keyframes have a `true`.
fn film_of(frames: &[(Option<i64>, bool)], duration: i64) -> FilmTrack {
    let mut track = film::read(&bytes("h264.mp4")).unwrap();
    let sample = track.samples[0];
    let of = |&(time, is_key): &_| Sample { time, is_key, ..sample };
    track.samples = frames.iter().map(of).collect();
    track.duration = duration;
    track
}

#[test]
fn the_frame_at_a_time_is_the_nearest_one_or_the_one_on_the_screen() {
    let frames = [(0, true), (40, false), (20, false), (60, false), (1000, true)];
    let mut frames = frames.map(|(time, is_key)| (Some(time), is_key)).to_vec();
    frames.push((None, false));
    let track = film_of(&frames, 1020);
    let at = |time, tolerance| wanted::shown_at(&track, time, tolerance);
    assert_eq!(at(31, 10), Some(1));
    // Of two the earlier one.
    assert_eq!(at(30, 10), Some(2));
    assert_eq!(at(-5, 5), Some(0));
    assert_eq!(at(-5, 4), None);
    // Nothing begins near by.
    assert_eq!(at(900, 99), Some(3));
    assert_eq!(at(901, 99), Some(4));
    assert_eq!(at(1019, 0), Some(4));
    assert_eq!(at(1020, 10), None);
    assert_eq!(at(1020, 20), Some(4));
    let needed = |time| frames_needed(&track, time, 5);
    assert_eq!([0, 40, 20, 60, 1000].map(needed), [1, 2, 3, 4, 1].map(Some));
    assert_eq!(needed(2000), None);
}

#[test]
fn frames_before_the_keyframe_that_they_follow_need_the_one_before() {
    let frames = [(0, true), (40, false), (120, true), (80, false), (160, false)];
    let track = film_of(&frames.map(|(time, is_key)| (Some(time), is_key)), 200);
    let needed = |time| frames_needed(&track, time, 5);
    assert_eq!([120, 80, 160].map(needed), [1, 4, 3].map(Some));
    let (missing, stretches) = wanted::stretches(&track, &[160, 500, 80, 0, 160], 5);
    assert_eq!(missing, [1]);
    // One run from the first keyframe serves what would else need two.
    let frames = BTreeMap::from([(0, vec![3]), (3, vec![2]), (4, vec![0, 4])]);
    assert_eq!(stretches, [Stretch { start: 0, last: 4, frames }]);
    let (_, stretches) = wanted::stretches(&track, &[160, 40], 5);
    let one =
        |start, last, index| Stretch { start, last, frames: BTreeMap::from([(last, vec![index])]) };
    assert_eq!(stretches, [one(2, 4, 0), one(0, 1, 1)]);
}
