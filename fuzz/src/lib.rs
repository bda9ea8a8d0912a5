//! What the targets share.

use clean_backup::container::film;
use clean_backup::decode::film::{FrameBudget, TOLERANCE, frame_at, frames_at};
use clean_backup::decode::preview::preview;
use clean_backup::decode::{DecodeError, DecodeOptions, Limits, decode, sniff};
use clean_backup::model::media::{Format, Orientation};

/// A small file has no business with more than this.
fn options(exact: bool) -> DecodeOptions {
    DecodeOptions { limits: Limits::new(2_000_000, 64 << 20, 64 << 20), exact }
}

/// Decodes a file for its hash and for the eye. An error is a good answer; a panic is not, even
/// one that the library catches.
pub fn check_picture(bytes: &[u8]) {
    for exact in [false, true] {
        if let Err(DecodeError::Panicked(message)) = decode(&bytes, &options(exact)) {
            panic!("decode: {message}");
        }
    }
    if let Err(DecodeError::Panicked(message)) =
        preview(&bytes, 64, Orientation::Rotate90, &options(false))
    {
        panic!("preview: {message}");
    }
}

/// The same, of files of these formats alone; whether it was one.
pub fn check_picture_of(bytes: &[u8], wanted: impl Fn(Format) -> bool) -> bool {
    match sniff(&bytes) {
        Ok(Some(format)) if wanted(format) => {
            check_picture(bytes);
            true
        }
        _ => false,
    }
}

/// Decodes the frames of a film by which it is found and compared; whether it was one. No more may
/// be decoded than is granted, and each time has one answer.
pub fn check_film(bytes: &[u8]) -> bool {
    let Ok(track) = film::read(&bytes) else { return false };
    let mut budget = FrameBudget { pixels: 2_000_000 };
    if let Err(DecodeError::Panicked(message)) =
        frame_at(&bytes, &track, 0, &mut budget, &options(false))
    {
        panic!("first frame: {message}");
    }
    let times = [1, 3, 5, 7].map(|eighth| track.duration / 8 * eighth);
    let mut told = [0; 4];
    let options = options(false);
    let mut each = |index: usize, shown: Result<_, DecodeError>| {
        told[index] += 1;
        if let Err(DecodeError::Panicked(message)) = shown {
            panic!("frame {index}: {message}");
        }
        true
    };
    let answer = frames_at(&bytes, &track, &times, TOLERANCE, &mut budget, &options, &mut each);
    assert!(answer.is_err() || told == [1; 4], "{told:?}");
    true
}
