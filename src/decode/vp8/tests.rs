use std::fs;
use std::path::Path;

use super::*;
use crate::container::film;

fn bytes(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

/// The frames of a film in the order of decoding.
fn frames(name: &str) -> Vec<Vec<u8>> {
    let file = bytes(name);
    let track = film::read(&file).unwrap();
    track.samples.iter().map(|sample| track.frame(&file, sample, u32::MAX).unwrap()).collect()
}

/// RFC 1950, 8.2.
fn adler32<'a>(rows: impl Iterator<Item = &'a [u8]>) -> u32 {
    let (a, b) = rows.flatten().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

const FILMS: [&str; 5] =
    ["hidden.webm", "odd.webm", "bilinear.webm", "plain.webm", "realtime.webm"];

#[test]
fn frames_are_those_of_ffmpeg_byte_by_byte() {
    let expected = String::from_utf8(bytes("vp8/frames.tsv")).unwrap();
    let (mut hidden, mut compared) = (0, 0);
    for name in FILMS {
        let mut reader = SequenceReader::default();
        let mut expected = expected
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(|row| row.0 == name)
            .map(|row| row.1.parse::<u32>().unwrap());
        for (number, frame) in frames(&format!("vp8/{name}")).iter().enumerate() {
            reader.decode(frame).unwrap();
            if FrameTag::read(frame).unwrap().is_shown {
                let found = adler32(reader.rows().1);
                assert_eq!(Some(found), expected.next(), "{name} {number}");
                compared += 1;
            } else {
                hidden += 1;
            }
        }
        assert_eq!(expected.next(), None, "{name}");
    }
    assert_eq!((hidden, compared), (1, 100));
}

/// The picture in a WebP file without anything else.
fn lossy() -> Vec<u8> {
    let file = bytes("raster/lossy-q90.webp");
    let at = memchr::memmem::find(&file, b"VP8 ").unwrap() + 8;
    file[at..].to_vec()
}

fn still(frame: &[u8], with_filter: bool) -> Result<Vec<Vec<u8>>, Vp8Error> {
    let mut reader = StillReader::new(frame, with_filter)?;
    let mut rows = Vec::new();
    while let Some(next) = reader.next_rows()? {
        rows.extend(next.map(<[u8]>::to_vec));
    }
    Ok(rows)
}

#[test]
fn a_still_by_rows_is_the_same_picture() {
    let mut filtered = 0;
    let mut pictures = FILMS.map(|name| frames(&format!("vp8/{name}")).remove(0)).to_vec();
    pictures.push(lossy());
    for frame in &pictures {
        let mut reader = SequenceReader::default();
        reader.decode(frame).unwrap();
        let rows: Vec<Vec<u8>> = reader.rows().1.map(<[u8]>::to_vec).collect();
        assert!(still(frame, true).unwrap() == rows);
        // The filter changes little, and nothing else depends on it.
        let bare = still(frame, false).unwrap();
        filtered += u32::from(bare != rows);
        let changes = bare.iter().flatten().zip(rows.iter().flatten());
        let sum: u64 = changes.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let pixels = rows.iter().flatten().count() as u64;
        assert!(sum < 3 * pixels, "{sum} of {pixels}");
    }
    assert!(filtered >= 4, "{filtered}");
}

#[test]
fn what_a_frame_lacks_is_told() {
    let frame = lossy();
    assert_eq!(still(&frame[..9], false), Err(Vp8Error::Truncated));
    assert_eq!(still(&frame[..40], false), Err(Vp8Error::Truncated));
    assert_eq!(still(&frame[..frame.len() - 300], false), Err(Vp8Error::Truncated));
    let mut wrong = frame.clone();
    wrong[3] = 0;
    let message = still(&wrong, false).unwrap_err().to_string();
    assert_eq!(message, "VP8: a keyframe without its start code");
    let mut empty = frame;
    empty[6..8].fill(0);
    assert_eq!(still(&empty, false), Err(Vp8Error::Damaged("a frame without pixels")));
    let second = frames("vp8/hidden.webm").remove(1);
    assert_eq!(still(&second, false), Err(Vp8Error::NeedsKeyframe));
    assert_eq!(SequenceReader::default().decode(&second), Err(Vp8Error::NeedsKeyframe));
}

/// Bits that are wrong give other pictures, and never a panic.
#[test]
fn damaged_frames_are_survived() {
    let mut random = 1_u64;
    let mut next = |range: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (random >> 33) as usize % range
    };
    let (mut decoded, mut refused) = (0, 0);
    for name in FILMS {
        let frames = frames(&format!("vp8/{name}"));
        for _ in 0..20 {
            let mut reader = SequenceReader::default();
            for frame in frames.iter().take(6) {
                let mut frame = frame.clone();
                for _ in 0..next(3) {
                    // The size stays.
                    let at = if next(2) == 0 { 10 + next(20) } else { 10 + next(frame.len()) };
                    if let Some(byte) = frame.get_mut(at) {
                        *byte ^= 1 << next(8);
                    }
                }
                match reader.decode(&frame) {
                    Ok(()) => decoded += 1,
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(decoded > 200 && refused > 10, "{decoded} {refused}");
}
