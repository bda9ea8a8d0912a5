//! A picture as the values of a row, in the order of the columns, and back.

use std::fmt;
use std::path::PathBuf;

use crate::model::media::{
    Bytes, CaptureTime, ChangedNs, DecodeFlags, Dimensions, Evidence, FileKey, FileStamp, Format,
    Metadata, ModifiedNs, Orientation, Volume,
};
use crate::model::path_text::{base64_unless_utf8, path_of, text_of_base64};
use crate::model::phash::{FineHash, HASH_VERSION, PerceptualHash, PictureHash, Quality, View};
use crate::model::provenance::Provenance;
use crate::model::record::KnownPicture;
use crate::model::record::{ContentHash, PictureRecord};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// UTF-8.
    Text,
    /// A number from 0 to 2⁶⁴−1.
    Unsigned,
    /// The same, written in hexadecimal digits where numbers are text.
    Hash,
    /// 64 bits with a sign.
    Signed,
    /// 32 bits with a sign.
    Small,
    /// Bytes, in hexadecimal digits where they must be text.
    Binary,
}

/// Name, what it holds, whether it may be missing.
pub(crate) struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
    pub optional: bool,
}

const fn column(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, optional: false }
}

const fn optional(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, optional: true }
}

pub(crate) const COLUMNS: [Column; 30] = [
    column("path", ColumnKind::Text),
    optional("path_bytes", ColumnKind::Text),
    column("device", ColumnKind::Unsigned),
    column("inode", ColumnKind::Unsigned),
    column("size", ColumnKind::Unsigned),
    column("modified_ns", ColumnKind::Signed),
    column("hash_version", ColumnKind::Small),
    column("format", ColumnKind::Text),
    column("width", ColumnKind::Small),
    column("height", ColumnKind::Small),
    column("quality", ColumnKind::Small),
    column("phash", ColumnKind::Hash),
    column("fine_0", ColumnKind::Hash),
    column("fine_1", ColumnKind::Hash),
    column("fine_2", ColumnKind::Hash),
    column("fine_3", ColumnKind::Hash),
    column("views", ColumnKind::Binary),
    column("orientation", ColumnKind::Small),
    optional("captured", ColumnKind::Signed),
    optional("subsecond_ns", ColumnKind::Small),
    optional("offset_minutes", ColumnKind::Small),
    column("has_position", ColumnKind::Small),
    optional("camera", ColumnKind::Text),
    column("marks", ColumnKind::Small),
    optional("content", ColumnKind::Text),
    optional("changed_ns", ColumnKind::Signed),
    optional("volume", ColumnKind::Signed),
    optional("seal", ColumnKind::Text),
    optional("camera_bytes", ColumnKind::Text),
    optional("provenance", ColumnKind::Text),
];

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Missing,
    Text(String),
    Unsigned(u64),
    Signed(i64),
    Binary(Vec<u8>),
}

/// Values by column.
pub(crate) type Row = [Cell; COLUMNS.len()];

pub(crate) fn from_picture(picture: &KnownPicture) -> Row {
    let text = |text: Option<String>| text.map_or(Cell::Missing, Cell::Text);
    let signed = |number: Option<i64>| number.map_or(Cell::Missing, Cell::Signed);
    let KnownPicture { path, stamp, evidence, record, content } = picture;
    let (metadata, view) = (&record.metadata, record.hash.upright());
    let captured = metadata.captured;
    let views = record.hash.views.iter().flat_map(|view| view.to_bytes()).collect();
    let seal = content.map(|content| record.seal(stamp.size, content));
    [
        Cell::Text(path.to_string_lossy().into_owned()),
        text(base64_unless_utf8(path)),
        Cell::Unsigned(stamp.key.device),
        Cell::Unsigned(stamp.key.inode),
        Cell::Unsigned(stamp.size.0),
        Cell::Signed(stamp.modified.0),
        Cell::Signed(i64::from(HASH_VERSION)),
        Cell::Text(record.format.name().to_owned()),
        Cell::Signed(i64::from(record.dimensions.width)),
        Cell::Signed(i64::from(record.dimensions.height)),
        Cell::Signed(i64::from(record.hash.quality.0)),
        Cell::Unsigned(view.phash.0),
        Cell::Unsigned(view.fine.0[0]),
        Cell::Unsigned(view.fine.0[1]),
        Cell::Unsigned(view.fine.0[2]),
        Cell::Unsigned(view.fine.0[3]),
        Cell::Binary(views),
        Cell::Signed(i64::from(metadata.orientation.exif_value())),
        signed(captured.map(|time| time.local_seconds)),
        signed(captured.and_then(|time| time.subsecond_ns).map(i64::from)),
        signed(captured.and_then(|time| time.offset_minutes).map(i64::from)),
        Cell::Signed(i64::from(metadata.has_position)),
        text(metadata.camera.clone()),
        Cell::Signed(i64::from(record.flags.bits())),
        text(content.map(ContentHash::to_hex)),
        signed(evidence.changed.map(|changed| changed.0)),
        signed(evidence.volume.map(|volume| volume.0 as i64)),
        text(seal.map(|seal| hex(&seal.0))),
        // Only where the table cannot have the camera as it is.
        Cell::Missing,
        text(record.provenance.map(|provenance| hex(&provenance.to_bytes()))),
    ]
}

/// Why a row is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowError {
    /// The text of this column is no value of its kind.
    Unreadable(&'static str),
    /// The value of this column makes no sense.
    Value(&'static str),
    /// The hashes are of another version than this program's.
    HashVersion,
    /// Columns that tell the same tell it differently.
    Contradiction,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(column) => write!(f, "{column} is wrong"),
            Self::Value(column) => write!(f, "{column} makes no sense"),
            Self::HashVersion => write!(f, "its hashes are not of version {HASH_VERSION}"),
            Self::Contradiction => f.write_str("phash, fine and views contradict each other"),
        }
    }
}

/// The picture of a row, or what is wrong with it.
pub(crate) fn to_picture(row: &Row) -> Result<KnownPicture, RowError> {
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name);
    let value = |name: &str| place(name).map_or(&Cell::Missing, |at| &row[at]);
    let wrong = RowError::Value;
    let text = |name: &str| match value(name) {
        Cell::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let signed = |name: &str| match value(name) {
        Cell::Signed(number) => Some(*number),
        _ => None,
    };
    let unsigned = |name: &'static str| match value(name) {
        Cell::Unsigned(number) => Ok(*number),
        _ => Err(wrong(name)),
    };
    fn fitting<T: TryFrom<i64>>(name: &'static str, number: Option<i64>) -> Result<T, RowError> {
        number.and_then(|n| T::try_from(n).ok()).ok_or(RowError::Value(name))
    }
    fn perhaps<T: TryFrom<i64>>(
        name: &'static str,
        number: Option<i64>,
    ) -> Result<Option<T>, RowError> {
        number.map(|n| fitting(name, Some(n))).transpose()
    }
    let number = |name: &'static str| fitting::<u32>(name, signed(name));
    if signed("hash_version") != Some(i64::from(HASH_VERSION)) {
        return Err(RowError::HashVersion);
    }
    let path: PathBuf = text("path")
        .and_then(|path| path_of(path, text("path_bytes")))
        .filter(|path| path.is_absolute())
        .ok_or_else(|| wrong("path"))?;
    let Cell::Binary(views) = value("views") else { return Err(wrong("views")) };
    let views: Option<Vec<View>> = views.chunks(40).map(View::from_bytes).collect();
    let views: [View; 4] =
        views.and_then(|views| views.try_into().ok()).ok_or_else(|| wrong("views"))?;
    let upright = [0, 1, 2, 3].map(|i| unsigned(["fine_0", "fine_1", "fine_2", "fine_3"][i]));
    let [a, b, c, d] = upright;
    let view = View { phash: PerceptualHash(unsigned("phash")?), fine: FineHash([a?, b?, c?, d?]) };
    if views[0] != view {
        return Err(RowError::Contradiction);
    }
    let quality = fitting::<u8>("quality", signed("quality"))?;
    let captured = match signed("captured") {
        Some(local_seconds) => Some(CaptureTime {
            local_seconds,
            subsecond_ns: perhaps("subsecond_ns", signed("subsecond_ns"))?,
            offset_minutes: perhaps("offset_minutes", signed("offset_minutes"))?,
        }),
        None => None,
    };
    let size = Bytes(unsigned("size")?);
    let record = PictureRecord {
        format: text("format").and_then(Format::from_name).ok_or_else(|| wrong("format"))?,
        dimensions: Dimensions { width: number("width")?, height: number("height")? },
        hash: PictureHash { views, quality: Quality(quality.min(100)) },
        metadata: Metadata {
            captured,
            has_position: signed("has_position") == Some(1),
            camera: match text("camera_bytes") {
                Some(base64) => Some(text_of_base64(base64).ok_or_else(|| wrong("camera_bytes"))?),
                None => text("camera").map(str::to_owned),
            },
            orientation: Orientation::from_exif(number("orientation")?),
        },
        flags: DecodeFlags::from_bits(fitting("marks", signed("marks"))?),
        provenance: text("provenance")
            .map(|text| {
                let bytes = from_hex(text).unwrap_or_default();
                Provenance::from_bytes(&bytes).ok_or_else(|| wrong("provenance"))
            })
            .transpose()?,
    };
    let content = match text("content") {
        Some(text) => Some(ContentHash::from_hex(text).ok_or_else(|| wrong("content"))?),
        None => None,
    };
    // A hash of bytes that is not bound to the picture's hashes proves nothing of them.
    let sealed = |content: &ContentHash| {
        text("seal").and_then(from_hex).is_some_and(|seal| seal == record.seal(size, *content).0)
    };
    Ok(KnownPicture {
        path,
        stamp: FileStamp {
            key: FileKey { device: unsigned("device")?, inode: unsigned("inode")? },
            size,
            modified: ModifiedNs(signed("modified_ns").ok_or_else(|| wrong("modified_ns"))?),
        },
        evidence: Evidence {
            changed: signed("changed_ns").map(ChangedNs),
            volume: signed("volume").map(|volume| Volume(volume as u64)),
        },
        content: content.filter(sealed),
        record,
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?));
    rest.is_empty().then(|| bytes.collect()).flatten()
}
