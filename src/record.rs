//! What is kept of a file between runs: its hashes, or why it has none.

use std::path::PathBuf;

use crate::media::{Dimensions, FileStamp, Format, Marks, MediaFile, Metadata};
use crate::phash::PictureHash;

/// What reading a file once has told.
#[derive(Clone, Debug, PartialEq, Eq)]
// Nearly all are pictures: a box would cost an allocation each and save nothing.
#[allow(clippy::large_enum_variant)]
pub enum Record {
    /// It is a picture.
    Picture(PictureRecord),
    /// It could not be read; kept so that it is not tried again until it changes.
    Unreadable(Unreadable),
}

/// A picture that was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRecord {
    /// Format by content.
    pub format: Format,
    /// Dimensions as shown, orientation applied.
    pub dimensions: Dimensions,
    /// Hashes of the picture as shown.
    pub hash: PictureHash,
    /// What its metadata say.
    pub metadata: Metadata,
    /// Flaws and short cuts.
    pub marks: Marks,
}

/// Why a file has no hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it failed.
    pub stage: Stage,
    /// What went wrong, for people.
    pub reason: String,
}

/// A step of the flow, as reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Finding files.
    Walk,
    /// Reading bytes from disk.
    Read,
    /// Telling the format by the content.
    Identify,
    /// From bytes to a tile.
    Decode,
    /// From tiles to hashes.
    Hash,
}

impl Stage {
    /// All stages, in the order of the flow.
    pub const ALL: [Self; 5] = [Self::Walk, Self::Read, Self::Identify, Self::Decode, Self::Hash];

    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Read => "read",
            Self::Identify => "identify",
            Self::Decode => "decode",
            Self::Hash => "hash",
        }
    }

    /// The stage of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// A file or folder that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// Which.
    pub path: PathBuf,
    /// Where it failed.
    pub stage: Stage,
    /// What went wrong, for people.
    pub reason: String,
}

/// One picture of a pair that was called two pictures, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marked {
    /// Hash of its bytes.
    pub content: ContentHash,
    /// How many they are: what has another size need not be read to be told apart.
    pub size: u64,
}

/// Two pictures that somebody has called no duplicates of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Apart {
    /// The smaller of both.
    pub first: Marked,
    /// The other.
    pub second: Marked,
}

impl Apart {
    /// In any order.
    pub fn new(a: Marked, b: Marked) -> Self {
        Self { first: a.min(b), second: a.max(b) }
    }
}

/// BLAKE3 of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What [`ContentHash::to_hex`] wrote, in either letter case.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// A picture as a cache knows it: with its path and the stamp that its record holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPicture {
    /// Where the file was.
    pub path: PathBuf,
    /// What it was then.
    pub stamp: FileStamp,
    /// What reading it told.
    pub record: PictureRecord,
    /// Hash of its bytes, where it was ever computed.
    pub content: Option<ContentHash>,
}

/// A picture of the library with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it is, and the stamp its record holds for.
    pub file: MediaFile,
    /// What reading it has told.
    pub record: PictureRecord,
    /// Hash of its bytes, where that was ever needed.
    pub content: Option<ContentHash>,
}
