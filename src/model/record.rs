//! What is kept of a file between runs: its hashes, or why it has none.

use std::path::PathBuf;

use crate::model::media::{
    Bytes, DecodeFlags, Dimensions, Evidence, FileStamp, Format, MediaFile, Metadata,
};
use crate::model::phash::{HASH_VERSION, PictureHash};
use crate::model::provenance::Provenance;

/// The result of reading a file once.
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
    pub flags: DecodeFlags,
    /// Traces of where it comes from; `None` where they were not looked for.
    pub provenance: Option<Provenance>,
}

/// Binds the values of a stored record to the bytes that they were made from, so that a row whose
/// values were damaged, mixed up or edited is noticed. It is a checksum, not a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal(pub [u8; 16]);

impl PictureRecord {
    /// The seal of this record of a file of `size` bytes with the hash `content`.
    pub fn seal(&self, size: Bytes, content: ContentHash) -> Seal {
        let Self { format, dimensions, hash, metadata, flags, provenance } = self;
        let time = metadata.captured;
        let mut hasher = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            // With the length before each, no two records give the same bytes.
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        };
        add(b"picture record");
        add(&HASH_VERSION.to_le_bytes());
        add(&content.0);
        add(&size.0.to_le_bytes());
        add(format.name().as_bytes());
        add(&dimensions.width.to_le_bytes());
        add(&dimensions.height.to_le_bytes());
        add(&[hash.quality.0, flags.bits()]);
        for view in &hash.views {
            add(&view.to_bytes());
        }
        add(&metadata.orientation.exif_value().to_le_bytes());
        add(&time.map_or(i64::MIN, |time| time.local_seconds).to_le_bytes());
        let subsecond = time.and_then(|time| time.subsecond_ns);
        add(&subsecond.map_or(-1, i64::from).to_le_bytes());
        let offset = time.and_then(|time| time.offset_minutes);
        add(&offset.map_or(i64::MIN, i64::from).to_le_bytes());
        add(&[u8::from(metadata.has_position), u8::from(metadata.camera.is_some())]);
        add(metadata.camera.as_deref().unwrap_or_default().as_bytes());
        // Records from before traces were looked for keep the seal that they had.
        if let Some(provenance) = provenance {
            add(&provenance.to_bytes());
        }
        let mut seal = [0; 16];
        hasher.finalize_xof().fill(&mut seal);
        Seal(seal)
    }
}

/// Why a file has no hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The stage at which it failed.
    pub stage: Stage,
    /// What went wrong (human-readable).
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
    /// The file or folder.
    pub path: PathBuf,
    /// The stage at which it failed.
    pub stage: Stage,
    /// What went wrong (human-readable).
    pub reason: String,
}

/// One picture of a pair that was called two pictures, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MarkedFile {
    /// Hash of its bytes.
    pub content: ContentHash,
    /// Its size: a file of another size need not be read to be told apart.
    pub size: u64,
}

/// Two pictures that somebody has called no duplicates of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    /// The smaller of both.
    pub first: MarkedFile,
    /// The other.
    pub second: MarkedFile,
}

impl Mark {
    /// In any order.
    pub fn new(a: MarkedFile, b: MarkedFile) -> Self {
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
    /// What else identified the file then.
    pub evidence: Evidence,
    /// The result of reading it.
    pub record: PictureRecord,
    /// BLAKE3 of the bytes that the record was made from; `None` where that was not recorded, and
    /// then the record must be confirmed before anything is done because of it.
    pub content: Option<ContentHash>,
}

/// A picture of the library with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it is, and the stamp its record holds for.
    pub file: MediaFile,
    /// The result of reading it.
    pub record: PictureRecord,
    /// BLAKE3 of the bytes that the record was made from; `None` where that was not recorded, and
    /// then the record must be confirmed before anything is done because of it.
    pub content: Option<ContentHash>,
}
