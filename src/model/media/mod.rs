//! What is known of a file before and after it is read: identity, format, dimensions, orientation.

mod format;
mod orientation;

use std::path::PathBuf;

pub use format::Format;
pub use orientation::{Dimensions, Orientation};

/// Device and inode: the same forevery name of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey {
    /// Device number (`st_dev`), or the volume's serial number.
    pub device: u64,
    /// Inode number (`st_ino`), or the file index.
    pub inode: u64,
}

/// A length in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// Modification time in nanoseconds since 1970-01-01 UTC; negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModifiedNs(pub i64);

/// What a cached row is valid for: the same stamp, the same content (until a check of the bytes
/// says otherwise).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// Device and inode.
    pub key: FileKey,
    /// Length.
    pub size: Bytes,
    /// Modification time.
    pub modified: ModifiedNs,
}

/// Status change time (`ctime`) in nanoseconds since 1970-01-01 UTC. The system sets it whenever
/// the bytes, the name or the attributes of a file change; programs cannot set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangedNs(pub i64);

/// Identifies a file system across mounts and machines, as far as the system tells: device numbers
/// are given to one removable drive after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Volume(pub u64);

/// What tells a file from another one that took its path, its inode number, its size and its
/// modification time. `None` where the system does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// When the file last changed in any way.
    pub changed: Option<ChangedNs>,
    /// The file system that it lies on.
    pub volume: Option<Volume>,
}

impl Evidence {
    /// Whether nothing that both sides know contradicts that they describe one file.
    pub fn agrees(self, other: Self) -> bool {
        fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        same(self.changed, other.changed) && same(self.volume, other.volume)
    }
}

/// A file that the walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    /// The path as it was reached: the root as given, then the names below it.
    pub path: PathBuf,
    /// Identity, size and time.
    pub stamp: FileStamp,
    /// What else tells it from another file.
    pub evidence: Evidence,
    /// Which of the roots, in the order given, it was reached through.
    pub root: u32,
}

/// A capture time as the camera's clock showed it, where the picture was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaptureTime {
    /// Seconds since 1970-01-01 00:00:00 on the wall clock there (no zone applied).
    pub local_seconds: i64,
    /// Nanoseconds within the second, if the camera wrote them.
    pub subsecond_ns: Option<u32>,
    /// Minutes east of UTC, if the camera wrote them.
    pub offset_minutes: Option<i16>,
}

/// What the metadata of a picture say that grouping and filing need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// When it was taken.
    pub captured: Option<CaptureTime>,
    /// Whether it says where.
    pub has_position: bool,
    /// Make and model, trimmed, joined by a space.
    pub camera: Option<String>,
    /// How to turn the stored picture.
    pub orientation: Orientation,
}

/// Flaws and short cuts of a decoded picture, kept in the cache row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeFlags {
    /// The end of the file is missing or damaged; at least half of the rows were read.
    pub damaged_tail: bool,
    /// The tile came from an embedded thumbnail that was made with the picture.
    pub thumbnail: bool,
}

impl DecodeFlags {
    /// As the cache and tables write them: one bit per flag.
    pub fn bits(self) -> u8 {
        u8::from(self.damaged_tail) | u8::from(self.thumbnail) << 1
    }

    /// What is wrong with the file, in words; `None` for a sound one.
    pub fn flaw(self) -> Option<&'static str> {
        self.damaged_tail.then_some("its end is missing or damaged")
    }

    /// What [`DecodeFlags::bits`] wrote.
    pub fn from_bits(bits: u8) -> Self {
        Self { damaged_tail: bits & 1 != 0, thumbnail: bits & 2 != 0 }
    }
}
