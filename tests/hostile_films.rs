//! Films cut and with bytes changed: an error or frames, never a panic, and no more work than was
//! granted.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use clean_backup::container::film;
use clean_backup::decode::film::{FrameBudget, TOLERANCE, frame_at, frames_at};
use clean_backup::decode::{DecodeError, DecodeOptions, Limits};

/// What the mutants came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    no_films: usize,
    frames: usize,
    refused: usize,
    /// What a foreign decoder threw.
    caught: usize,
    spent: usize,
}

struct Random(u64);

impl Random {
    fn next(&mut self, range: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % range.max(1)
    }
}

fn films() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/films");
    let names = fs::read_to_string(folder.join("films.tsv")).unwrap();
    let names = names.lines().filter_map(|line| line.split('\t').next());
    let vp8 = ["../vp8/hidden.webm", "../vp8/odd.webm", "../vp8/bilinear.webm"];
    let names = names.chain(vp8);
    names.map(|name| (name.to_owned(), fs::read(folder.join(name)).unwrap())).collect()
}

/// A film with something wrong: cut, or with bytes changed where its frames lie, or anywhere.
fn mutant(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    if random.next(12) == 0 {
        bytes.truncate(random.next(whole.len()));
    }
    let frames = film::read(&whole).map(|track| track.samples).unwrap_or_default();
    for _ in 0..=random.next(6) {
        let frame = frames.get(random.next(frames.len()));
        let (start, end) = match (random.next(4), frame) {
            (0, _) | (_, None) => (0, bytes.len()),
            // Headers are at the start of a frame.
            (1, Some(frame)) => (frame.offset as usize, frame.offset as usize + 24),
            (_, Some(frame)) => {
                (frame.offset as usize, frame.offset as usize + frame.size as usize)
            }
        };
        let at = start + random.next(end - start);
        let value = random.next(256) as u8;
        let change = random.next(4);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = [0, 255, value, *byte ^ 1 << (value & 7)][change];
        }
    }
    bytes
}

/// A film of two seconds has no business with more than this.
fn try_film(bytes: &[u8], tally: &mut Tally) {
    let options =
        DecodeOptions { limits: Limits::new(40_000_000, 256 << 20, 256 << 20), exact: false };
    let Ok(track) = film::read(&bytes) else {
        tally.no_films += 1;
        return;
    };
    let mut budget = FrameBudget { pixels: 2_000_000 };
    let mut count = |answer: &Result<(), DecodeError>| match answer {
        Ok(()) => tally.frames += 1,
        Err(DecodeError::Panicked(_)) => tally.caught += 1,
        Err(DecodeError::TooMuchWork) => tally.spent += 1,
        Err(_) => tally.refused += 1,
    };
    count(&frame_at(&bytes, &track, 0, &mut budget, &options).map(drop));
    let times = [1, 3, 5, 7].map(|eighth| track.duration / 8 * eighth);
    let mut told = [0; 4];
    let answer =
        frames_at(&bytes, &track, &times, TOLERANCE, &mut budget, &options, &mut |index, shown| {
            told[index] += 1;
            count(&shown.map(drop));
            true
        });
    // Each time is told of once, unless the search ends early.
    let expected = if answer.is_ok() { 1..=1 } else { 0..=1 };
    assert!(told.iter().all(|times| expected.contains(times)), "{told:?} {answer:?}");
    if answer.is_err() {
        count(&answer);
    }
}

fn try_mutants(each: usize, seed: u64) -> Tally {
    let (mut tally, mut random) = (Tally::default(), Random(seed));
    for (name, whole) in films() {
        for number in 0..each {
            let bytes = mutant(&whole, &mut random);
            let before = tally;
            try_film(&bytes, &mut tally);
            assert_ne!(tally, before, "{name} {number}: no answer");
        }
    }
    tally
}

#[test]
fn damaged_films_are_survived() {
    let tally = try_mutants(12, 0x5eed_f11a);
    assert!(tally.frames > 100 && tally.refused > 100 && tally.no_films > 10, "{tally:?}");
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_damaged_films_are_survived() {
    let tally = try_mutants(350, 0x0bad_f11a);
    println!("{tally:?}");
    // The memory that was in use at most, where the system tells it.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    println!("{kib:?} KiB of memory");
    assert!(kib.is_none_or(|kib| kib < 1 << 20), "{kib:?} KiB");
    assert!(tally.frames > 10_000 && tally.refused > 1000, "{tally:?}");
}
