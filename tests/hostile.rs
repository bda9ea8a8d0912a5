//! Every fixture, cut at many lengths and with bytes flipped: an error or a picture, never a panic,
//! and never more memory or time than a small file deserves.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use clean_backup::decode::preview::preview;
use clean_backup::decode::{DecodeError, DecodeOptions, Limits, decode};
use clean_backup::model::media::Orientation;

fn fixtures() -> Vec<PathBuf> {
    fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, out);
            } else if !path.extension().is_some_and(|e| e == "py" || e == "txt" || e == "bin") {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut out);
    out.sort();
    out
}

/// A picture of a few kilobytes has no business with more than this.
fn options() -> DecodeOptions {
    DecodeOptions { limits: Limits::new(40_000_000, 256 << 20, 256 << 20), exact: false }
}

fn check(bytes: &[u8], what: &dyn Fn() -> String) -> bool {
    match decode(&bytes, &options()) {
        Err(DecodeError::Panicked(message)) => panic!("{}: {message}", what()),
        other => other.is_ok(),
    }
}

/// The same of what is shown, small and whole in turn.
fn check_preview(bytes: &[u8], side: u32, what: &dyn Fn() -> String) -> bool {
    match preview(&bytes, side, Orientation::Upright, &options()) {
        Err(DecodeError::Panicked(message)) => panic!("preview of {}: {message}", what()),
        other => other.is_ok(),
    }
}

#[test]
fn damaged_fixtures_never_panic() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 60, "only {} fixtures", fixtures.len());
    let (mut tried, mut read, mut shown) = (0_u32, 0_u32, 0_u32);
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = |range: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % range.max(1)
    };
    for path in &fixtures {
        let whole = fs::read(path).unwrap();
        // Slow formats get fewer tries; their decoders are tried harder by themselves.
        let tries = if whole.len() > 40_000 { 12 } else { 48 };
        for n in 0..tries {
            let len = if n < tries / 2 { whole.len() * n / (tries / 2) } else { next(whole.len()) };
            let what = || format!("{} cut to {len}", path.display());
            tried += 1;
            read += u32::from(check(&whole[..len], &what));
            if n % 3 == 0 {
                let side = if n % 2 == 0 { 60 } else { 4000 };
                shown += u32::from(check_preview(&whole[..len], side, &what));
            }
        }
        for n in 0..tries {
            let mut bytes = whole.clone();
            let flips: Vec<(usize, u8)> =
                (0..1 + next(4)).map(|_| (next(bytes.len()), 1 + next(255) as u8)).collect();
            for &(at, flip) in &flips {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= flip;
                }
            }
            let what = || format!("{} with {flips:?}", path.display());
            tried += 1;
            read += u32::from(check(&bytes, &what));
            if n % 3 == 0 {
                let side = if n % 2 == 0 { 60 } else { 4000 };
                shown += u32::from(check_preview(&bytes, side, &what));
            }
        }
    }
    println!("{tried} damaged files, {read} of them still pictures, {shown} previews");
    assert!(tried > 5_000 && read > 0 && shown > 0);
}

#[test]
fn no_bytes_are_no_picture() {
    assert!(matches!(decode(&&b""[..], &options()), Err(DecodeError::NotAPicture)));
    assert!(matches!(decode(&&[0_u8; 5000][..], &options()), Err(DecodeError::NotAPicture)));
}

#[test]
fn metadata_of_damaged_files_never_panic() {
    use clean_backup::metadata::{embedded, knowledge, of_picture, sidecar};
    use clean_backup::model::knowledge::{Knowledge, same_text};
    use clean_backup::model::media::Dimensions;
    let mut wholes: Vec<Vec<u8>> = fixtures().iter().map(|path| fs::read(path).unwrap()).collect();
    wholes.push(b"<x:xmpmeta><a e:DateTimeOriginal='2019-02-03T12:34:56.05+01:00'/>".to_vec());
    wholes.push(br#"{"photoTakenTime":{"timestamp":"1549197296"}}"#.to_vec());
    let gained = Knowledge {
        title: Some("A title".into()),
        keywords: vec!["Rome".into()],
        ..Knowledge::default()
    };
    let (own, stored) = (Knowledge::default(), Dimensions { width: 4, height: 3 });
    let addition = knowledge::Addition { own: &own, gained: &gained, stored };
    let sidecar_text = addition.new_sidecar().unwrap();
    wholes.push(sidecar_text.into_bytes());
    let mut added = 0;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    for folder in ["video", "raw", "photos/jpg/invalid", "photos/jpg/xmp", "heif"] {
        for entry in fs::read_dir(samples.join(folder)).into_iter().flatten() {
            let mut bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes.truncate(200_000);
            wholes.push(bytes);
        }
    }
    let mut state = 0x0bad_5eed_u64;
    let mut next = |range: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % range.max(1)
    };
    let mut dates = 0;
    for whole in &wholes {
        for n in 0..200 {
            let mut bytes = whole.clone();
            if n % 2 == 0 {
                bytes.truncate(next(whole.len()));
            }
            for _ in 0..next(5) {
                // Where the structure is.
                let at = next(bytes.len().min(if n % 3 == 0 { usize::MAX } else { 4096 }));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 + next(255) as u8;
                }
            }
            of_picture(&bytes, Some(&bytes), None);
            dates += embedded(&bytes).dates.len();
            dates += sidecar::from_xmp(&bytes).len() + sidecar::from_takeout(&bytes).len();
            knowledge::of_file(&bytes);
            knowledge::from_xmp(&bytes);
            knowledge::from_takeout(&bytes);
            knowledge::album_title(&bytes);
            // Whatever is added to says what was added.
            if let Ok(Ok(text)) = std::str::from_utf8(&bytes).map(|text| addition.added_to(text)) {
                let says = knowledge::from_xmp(text.as_bytes());
                let rome = says.keywords.iter().any(|keyword| same_text(keyword, "Rome"));
                assert!(says.title == gained.title && rome, "{text}");
                added += 1;
            }
        }
    }
    assert!(added > 5, "{added}");
    assert!(dates > 1000, "{dates}");
}
