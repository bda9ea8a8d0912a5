//! A film as a scan knows it.

use super::Fingerprint;
use crate::model::film::FilmFacts;
use crate::model::media::{CaptureTime, Dimensions, Format, MediaFile};
use crate::model::record::ContentHash;

/// What was read of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilmRecord {
    /// Its container.
    pub format: Format,
    /// Dimensions as shown; 0 × 0 where they are not known.
    pub dimensions: Dimensions,
    /// How it is stored.
    pub facts: FilmFacts,
    /// When it was taken, as its container says.
    pub captured: Option<CaptureTime>,
    /// Make and model, where the container names them: what a camera wrote and no messenger keeps.
    pub camera: Option<String>,
    /// The file ends before its last frame.
    pub is_cut: bool,
    /// What it is compared by.
    pub fingerprint: Fingerprint,
    /// Why it is compared by nothing but its bytes, if it is (human-readable).
    pub undecoded: Option<String>,
}

/// A film of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// Where it is, and the stamp its record holds for.
    pub file: MediaFile,
    /// What was read of it.
    pub record: FilmRecord,
    /// BLAKE3 of its bytes, where they were read: a film is long, and only films of one length need
    /// to be told apart by it.
    pub content: Option<ContentHash>,
}

impl Film {
    /// Whether it may be held against others by what it shows.
    pub fn is_decoded(&self) -> bool {
        self.record.undecoded.is_none() && !self.record.fingerprint.frames.is_empty()
    }
}
