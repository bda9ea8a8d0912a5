//! What the targets share.

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
