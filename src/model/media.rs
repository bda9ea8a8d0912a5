//! What is known of a file before and after it is read: identity, format, dimensions, orientation.

use std::fmt;
use std::path::PathBuf;

/// Device and inode: the same for every name of one file.
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

/// A picture format, told by the content of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
    Tiff,
    Bmp,
    Tga,
    Qoi,
    Pnm,
    Ico,
    Avif,
    Jxl,
    Heic,
    Raf,
    Cr2,
    Cr3,
    Nef,
    Arw,
    Dng,
    Orf,
    Rw2,
    Pef,
    Srw,
}

impl Format {
    /// Every format, in a fixed order.
    pub const ALL: [Self; 23] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Tiff,
        Self::Bmp,
        Self::Tga,
        Self::Qoi,
        Self::Pnm,
        Self::Ico,
        Self::Avif,
        Self::Jxl,
        Self::Heic,
        Self::Raf,
        Self::Cr2,
        Self::Cr3,
        Self::Nef,
        Self::Arw,
        Self::Dng,
        Self::Orf,
        Self::Rw2,
        Self::Pef,
        Self::Srw,
    ];

    /// Lower-case name, as reports and the cache write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
            Self::Tga => "tga",
            Self::Qoi => "qoi",
            Self::Pnm => "pnm",
            Self::Ico => "ico",
            Self::Avif => "avif",
            Self::Jxl => "jxl",
            Self::Heic => "heic",
            Self::Raf => "raf",
            Self::Cr2 => "cr2",
            Self::Cr3 => "cr3",
            Self::Nef => "nef",
            Self::Arw => "arw",
            Self::Dng => "dng",
            Self::Orf => "orf",
            Self::Rw2 => "rw2",
            Self::Pef => "pef",
            Self::Srw => "srw",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether pixels are stored compressed, so that the length of a file depends on what it shows.
    pub fn compresses(self) -> bool {
        matches!(
            self,
            Self::Jpeg | Self::Png | Self::Gif | Self::WebP | Self::Avif | Self::Jxl | Self::Heic
        )
    }

    /// Whether the file holds a sensor's own values.
    pub fn is_raw(self) -> bool {
        matches!(
            self,
            Self::Raf
                | Self::Cr2
                | Self::Cr3
                | Self::Nef
                | Self::Arw
                | Self::Dng
                | Self::Orf
                | Self::Rw2
                | Self::Pef
                | Self::Srw
        )
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dimensions {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Dimensions {
    /// Number of pixels.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// What has to be done to the stored picture to show it, or to one picture to get the other. The
/// eight values of the EXIF tag 0x0112 (Exif 3.0, 4.6.5.1.6), with the operation each asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Orientation {
    /// EXIF 1: as stored.
    #[default]
    Upright,
    /// EXIF 2: mirrored left–right.
    MirrorHorizontal,
    /// EXIF 3: turned by 180°.
    Rotate180,
    /// EXIF 4: mirrored top–bottom.
    MirrorVertical,
    /// EXIF 5: mirrored at the main diagonal.
    Transpose,
    /// EXIF 6: turned by 90° clockwise.
    Rotate90,
    /// EXIF 7: mirrored at the other diagonal.
    Transverse,
    /// EXIF 8: turned by 270° clockwise.
    Rotate270,
}

impl Orientation {
    /// All eight, in the order of the EXIF values 1–8.
    pub const ALL: [Self; 8] = [
        Self::Upright,
        Self::MirrorHorizontal,
        Self::Rotate180,
        Self::MirrorVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// The value of EXIF tag 0x0112, 1–8.
    pub fn exif_value(self) -> u32 {
        (1..).zip(Self::ALL).find(|(_, other)| *other == self).map_or(1, |(value, _)| value)
    }

    /// The orientation of an EXIF value; anything but 1–8 means upright, as viewers take it.
    pub fn from_exif(value: u32) -> Self {
        value
            .checked_sub(1)
            .and_then(|index| Self::ALL.get(index as usize).copied())
            .unwrap_or_default()
    }

    /// Whether rows become columns.
    pub fn swaps_axes(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// The dimensions of a picture of `stored` dimensions once it is shown.
    pub fn shown(self, stored: Dimensions) -> Dimensions {
        if self.swaps_axes() {
            Dimensions { width: stored.height, height: stored.width }
        } else {
            stored
        }
    }

    /// The orientation that takes this one back.
    pub fn inverse(self) -> Self {
        match self {
            Self::Rotate90 => Self::Rotate270,
            Self::Rotate270 => Self::Rotate90,
            other => other,
        }
    }

    /// Name as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upright => "none",
            Self::MirrorHorizontal => "mirror-horizontal",
            Self::Rotate180 => "rotate180",
            Self::MirrorVertical => "mirror-vertical",
            Self::Transpose => "transpose",
            Self::Rotate90 => "rotate90",
            Self::Transverse => "transverse",
            Self::Rotate270 => "rotate270",
        }
    }
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
    /// As the cache and tables write them: one bit a mark.
    pub fn bits(self) -> u8 {
        u8::from(self.damaged_tail) | u8::from(self.thumbnail) << 1
    }

    /// What [`DecodeFlags::bits`] wrote.
    pub fn from_bits(bits: u8) -> Self {
        Self { damaged_tail: bits & 1 != 0, thumbnail: bits & 2 != 0 }
    }
}
