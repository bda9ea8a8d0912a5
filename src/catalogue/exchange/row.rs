//! A picture as the values of a row, in the order of the columns, and back.

use std::path::PathBuf;

use crate::model::media::{
    Bytes, CaptureTime, ChangedNs, Dimensions, Evidence, FileKey, FileStamp, Format, Marks,
    Metadata, ModifiedNs, Orientation, Volume,
};
use crate::model::path_text::{base64_unless_utf8, path_of, text_of_base64};
use crate::model::phash::{FineHash, HASH_VERSION, PerceptualHash, PictureHash, Quality, View};
use crate::model::record::KnownPicture;
use crate::model::record::{ContentHash, PictureRecord};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub optional: bool,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: false }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: true }
}

pub(super) const COLUMNS: [Column; 29] = [
    column("path", Kind::Text),
    optional("path_bytes", Kind::Text),
    column("device", Kind::Unsigned),
    column("inode", Kind::Unsigned),
    column("size", Kind::Unsigned),
    column("modified_ns", Kind::Signed),
    column("hash_version", Kind::Small),
    column("format", Kind::Text),
    column("width", Kind::Small),
    column("height", Kind::Small),
    column("quality", Kind::Small),
    column("phash", Kind::Hash),
    column("fine_0", Kind::Hash),
    column("fine_1", Kind::Hash),
    column("fine_2", Kind::Hash),
    column("fine_3", Kind::Hash),
    column("views", Kind::Binary),
    column("orientation", Kind::Small),
    optional("captured", Kind::Signed),
    optional("subsecond_ns", Kind::Small),
    optional("offset_minutes", Kind::Small),
    column("has_position", Kind::Small),
    optional("camera", Kind::Text),
    column("marks", Kind::Small),
    optional("content", Kind::Text),
    optional("changed_ns", Kind::Signed),
    optional("volume", Kind::Signed),
    optional("seal", Kind::Text),
    optional("camera_bytes", Kind::Text),
];

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Missing,
    Text(String),
    Unsigned(u64),
    Signed(i64),
    Binary(Vec<u8>),
}

/// Values by column.
pub(super) type Row = [Value; COLUMNS.len()];

pub(super) fn of_picture(picture: &KnownPicture) -> Row {
    let text = |text: Option<String>| text.map_or(Value::Missing, Value::Text);
    let signed = |number: Option<i64>| number.map_or(Value::Missing, Value::Signed);
    let KnownPicture { path, stamp, evidence, record, content } = picture;
    let (metadata, view) = (&record.metadata, record.hash.upright());
    let captured = metadata.captured;
    let views = record.hash.views.iter().flat_map(|view| view.to_bytes()).collect();
    let seal = content.map(|content| record.seal(stamp.size, content));
    [
        Value::Text(path.to_string_lossy().into_owned()),
        text(base64_unless_utf8(path)),
        Value::Unsigned(stamp.key.device),
        Value::Unsigned(stamp.key.inode),
        Value::Unsigned(stamp.size.0),
        Value::Signed(stamp.modified.0),
        Value::Signed(i64::from(HASH_VERSION)),
        Value::Text(record.format.name().to_owned()),
        Value::Signed(i64::from(record.dimensions.width)),
        Value::Signed(i64::from(record.dimensions.height)),
        Value::Signed(i64::from(record.hash.quality.0)),
        Value::Unsigned(view.phash.0),
        Value::Unsigned(view.fine.0[0]),
        Value::Unsigned(view.fine.0[1]),
        Value::Unsigned(view.fine.0[2]),
        Value::Unsigned(view.fine.0[3]),
        Value::Binary(views),
        Value::Signed(i64::from(metadata.orientation.exif_value())),
        signed(captured.map(|time| time.local_seconds)),
        signed(captured.and_then(|time| time.subsecond_ns).map(i64::from)),
        signed(captured.and_then(|time| time.offset_minutes).map(i64::from)),
        Value::Signed(i64::from(metadata.has_position)),
        text(metadata.camera.clone()),
        Value::Signed(i64::from(record.marks.bits())),
        text(content.map(ContentHash::to_hex)),
        signed(evidence.changed.map(|changed| changed.0)),
        signed(evidence.volume.map(|volume| volume.0 as i64)),
        text(seal.map(|seal| hex(&seal.0))),
        // Only where the table cannot have the camera as it is.
        Value::Missing,
    ]
}

/// The picture of a row, or what is wrong with it.
pub(super) fn to_picture(row: &Row) -> Result<KnownPicture, String> {
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name);
    let value = |name: &str| place(name).map_or(&Value::Missing, |at| &row[at]);
    let wrong = |name: &str| format!("{name} makes no sense");
    let text = |name: &str| match value(name) {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let signed = |name: &str| match value(name) {
        Value::Signed(number) => Some(*number),
        _ => None,
    };
    let unsigned = |name: &str| match value(name) {
        Value::Unsigned(number) => Ok(*number),
        _ => Err(wrong(name)),
    };
    fn fitting<T: TryFrom<i64>>(name: &str, number: Option<i64>) -> Result<T, String> {
        number.and_then(|n| T::try_from(n).ok()).ok_or_else(|| format!("{name} makes no sense"))
    }
    fn perhaps<T: TryFrom<i64>>(name: &str, number: Option<i64>) -> Result<Option<T>, String> {
        number.map(|n| fitting(name, Some(n))).transpose()
    }
    let number = |name: &str| fitting::<u32>(name, signed(name));
    if signed("hash_version") != Some(i64::from(HASH_VERSION)) {
        return Err(format!("its hashes are not of version {HASH_VERSION}"));
    }
    let path: PathBuf = text("path")
        .and_then(|path| path_of(path, text("path_bytes")))
        .filter(|path| path.is_absolute())
        .ok_or_else(|| wrong("path"))?;
    let Value::Binary(views) = value("views") else { return Err(wrong("views")) };
    let views: Option<Vec<View>> = views.chunks(40).map(View::from_bytes).collect();
    let views: [View; 4] =
        views.and_then(|views| views.try_into().ok()).ok_or_else(|| wrong("views"))?;
    let upright = [0, 1, 2, 3].map(|i| unsigned(["fine_0", "fine_1", "fine_2", "fine_3"][i]));
    let [a, b, c, d] = upright;
    let view = View { phash: PerceptualHash(unsigned("phash")?), fine: FineHash([a?, b?, c?, d?]) };
    if views[0] != view {
        return Err("phash, fine and views contradict each other".into());
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
        marks: Marks::from_bits(fitting("marks", signed("marks"))?),
    };
    let content = match text("content") {
        Some(text) => Some(ContentHash::from_hex(text).ok_or_else(|| wrong("content"))?),
        None => None,
    };
    // A hash of bytes that is not bound to the picture's hashes proves nothing of them.
    let sealed = |content: &ContentHash| {
        text("seal").and_then(of_hex).is_some_and(|seal| seal == record.seal(size, *content).0)
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

pub(super) fn of_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?));
    rest.is_empty().then(|| bytes.collect()).flatten()
}
