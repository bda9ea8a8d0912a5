//! Rows ↔ records.

use rusqlite::{Row, Statement, params};

use super::CachedRow;
use crate::media::{
    Bytes, CaptureTime, Dimensions, FileKey, FileStamp, Format, Marks, Metadata, ModifiedNs,
    Orientation,
};
use crate::path_text::path_of_key;
use crate::phash::{HASH_VERSION, PictureHash, Quality, View};
use crate::record::{ContentHash, KnownPicture, PictureRecord, Record, Stage, Unreadable};

/// All columns, in the order that [`read`] takes them in.
pub(super) const COLUMNS: &str = "path, device, inode, size, modified_ns, hash_version, \
     format, width, height, quality, views, orientation, captured, subsecond_ns, \
     offset_minutes, has_position, camera, marks, content, stage, reason";

pub(super) const INSERT: &str = "INSERT OR REPLACE INTO file (path, device, inode, size, \
     modified_ns, hash_version, format, width, height, quality, views, orientation, captured, \
     subsecond_ns, offset_minutes, has_position, camera, marks, stage, reason) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
     ?19, ?20)";

/// The row of one path for another path and file, where it holds.
pub(super) const FOLLOW: &str = "INSERT OR REPLACE INTO file (path, device, inode, size, \
     modified_ns, hash_version, format, width, height, quality, views, orientation, captured, \
     subsecond_ns, offset_minutes, has_position, camera, marks, content, stage, reason) \
     SELECT ?2, ?3, ?4, ?5, ?6, hash_version, format, width, height, quality, views, orientation, \
     captured, subsecond_ns, offset_minutes, has_position, camera, marks, content, stage, reason \
     FROM file WHERE path = ?1 AND inode = ?7 AND size = ?8 AND modified_ns = ?9";

/// Whether there was such a row.
pub(super) fn follow(
    statement: &mut Statement<'_>,
    from: &[u8],
    to: &[u8],
    before: FileStamp,
    now: FileStamp,
) -> rusqlite::Result<bool> {
    let rows = statement.execute(params![
        from,
        to,
        now.key.device as i64,
        now.key.inode as i64,
        now.size.0 as i64,
        now.modified.0,
        before.key.inode as i64,
        before.size.0 as i64,
        before.modified.0,
    ])?;
    Ok(rows > 0)
}

/// Bytes of one view: the 64-bit hash, then the 256-bit one.
const VIEW_BYTES: usize = 8 + 32;

/// Whether the row still tells the truth about a file of this stamp. The device is not compared:
/// it changes when a drive is plugged in again.
pub(super) fn holds(row: &Row<'_>, stamp: FileStamp) -> rusqlite::Result<bool> {
    Ok(row.get::<_, i64>(2)? as u64 == stamp.key.inode
        && row.get::<_, i64>(3)? as u64 == stamp.size.0
        && row.get::<_, i64>(4)? == stamp.modified.0
        && row.get::<_, i64>(5)? == i64::from(HASH_VERSION))
}

/// The row, if it still holds and makes sense.
pub(super) fn read_if_holding(
    row: &Row<'_>,
    stamp: FileStamp,
) -> rusqlite::Result<Option<CachedRow>> {
    match holds(row, stamp) {
        Ok(true) => read(row),
        Err(error) if !is_of_value(&error) => Err(error),
        _ => Ok(None),
    }
}

/// Whether an error is about a value, not about the database.
fn is_of_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
    )
}

/// The row as a picture; `None` when it is none, or makes no sense.
pub(super) fn known_picture(row: &Row<'_>) -> rusqlite::Result<Option<KnownPicture>> {
    let stamp = || -> rusqlite::Result<FileStamp> {
        Ok(FileStamp {
            key: FileKey {
                device: row.get::<_, i64>(1)? as u64,
                inode: row.get::<_, i64>(2)? as u64,
            },
            size: Bytes(row.get::<_, i64>(3)? as u64),
            modified: ModifiedNs(row.get(4)?),
        })
    };
    let stamp = match stamp() {
        Ok(stamp) => stamp,
        Err(error) if is_of_value(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let path = path_of_key(row.get_ref(0)?.as_blob()?);
    Ok(match read(row)? {
        Some(CachedRow { record: Record::Picture(record), content, .. }) => {
            Some(KnownPicture { path, stamp, record, content })
        }
        _ => None,
    })
}

/// The row as a record; `None` when it makes no sense, so that the file is read again.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<CachedRow>> {
    match read_values(row) {
        Err(error) if is_of_value(&error) => Ok(None),
        other => other,
    }
}

fn read_values(row: &Row<'_>) -> rusqlite::Result<Option<CachedRow>> {
    let content: Option<[u8; 32]> = row.get(18)?;
    let record = match row.get::<_, Option<String>>(6)? {
        Some(format) => picture(row, &format)?.map(Record::Picture),
        None => failure(row)?.map(Record::Unreadable),
    };
    Ok(record.map(|record| CachedRow { record, content: content.map(ContentHash), moved: false }))
}

fn picture(row: &Row<'_>, format: &str) -> rusqlite::Result<Option<PictureRecord>> {
    let views = row.get_ref(10)?.as_blob_or_null()?.and_then(views_from_bytes);
    let (Some(format), Some(views)) = (Format::from_name(format), views) else {
        return Ok(None);
    };
    let captured = row.get::<_, Option<i64>>(12)?;
    let (subsecond_ns, offset_minutes) = (row.get(13)?, row.get(14)?);
    let marks: u8 = row.get(17)?;
    Ok(Some(PictureRecord {
        format,
        dimensions: Dimensions { width: row.get(7)?, height: row.get(8)? },
        hash: PictureHash { views, quality: Quality(row.get(9)?) },
        metadata: Metadata {
            captured: captured.map(|local_seconds| CaptureTime {
                local_seconds,
                subsecond_ns,
                offset_minutes,
            }),
            has_position: row.get(15)?,
            camera: row.get(16)?,
            orientation: Orientation::from_exif(row.get(11)?),
        },
        marks: Marks { damaged_tail: marks & 1 != 0, thumbnail: marks & 2 != 0 },
    }))
}

fn failure(row: &Row<'_>) -> rusqlite::Result<Option<Unreadable>> {
    let (stage, reason): (Option<String>, Option<String>) = (row.get(19)?, row.get(20)?);
    let stage = stage.as_deref().and_then(Stage::from_name);
    Ok(stage.zip(reason).map(|(stage, reason)| Unreadable { stage, reason }))
}

/// Writes a record, replacing what was known under that path.
pub(super) fn insert(
    statement: &mut Statement<'_>,
    path: &[u8],
    stamp: FileStamp,
    record: &Record,
) -> rusqlite::Result<()> {
    let (device, inode) = (stamp.key.device as i64, stamp.key.inode as i64);
    let (size, modified) = (stamp.size.0 as i64, stamp.modified.0);
    match record {
        Record::Picture(picture) => {
            let metadata = &picture.metadata;
            let captured = metadata.captured;
            let marks =
                u8::from(picture.marks.damaged_tail) | u8::from(picture.marks.thumbnail) << 1;
            statement.execute(params![
                path,
                device,
                inode,
                size,
                modified,
                HASH_VERSION,
                picture.format.name(),
                picture.dimensions.width,
                picture.dimensions.height,
                picture.hash.quality.0,
                views_to_bytes(&picture.hash.views),
                metadata.orientation.exif_value(),
                captured.map(|time| time.local_seconds),
                captured.and_then(|time| time.subsecond_ns),
                captured.and_then(|time| time.offset_minutes),
                metadata.has_position,
                metadata.camera,
                marks,
                None::<String>,
                None::<String>,
            ])?;
        }
        Record::Unreadable(why) => {
            let none = None::<i64>;
            statement.execute(params![
                path,
                device,
                inode,
                size,
                modified,
                HASH_VERSION,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                why.stage.name(),
                why.reason,
            ])?;
        }
    }
    Ok(())
}

fn views_to_bytes(views: &[View; 4]) -> [u8; 4 * VIEW_BYTES] {
    let mut bytes = [0; 4 * VIEW_BYTES];
    for (view, bytes) in views.iter().zip(bytes.chunks_exact_mut(VIEW_BYTES)) {
        bytes.copy_from_slice(&view.to_bytes());
    }
    bytes
}

pub(super) fn views_from_bytes(bytes: &[u8]) -> Option<[View; 4]> {
    let bytes: &[u8; 4 * VIEW_BYTES] = bytes.try_into().ok()?;
    let mut views = [View::default(); 4];
    for (view, bytes) in views.iter_mut().zip(bytes.chunks_exact(VIEW_BYTES)) {
        *view = View::from_bytes(bytes)?;
    }
    Some(views)
}
