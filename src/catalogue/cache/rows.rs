//! Rows ↔ records.

use rusqlite::{Row, Statement, params};

use super::{CachedRow, Moved};
use crate::catalogue::tiles::is_of_value;
use crate::model::media::{
    Bytes, CaptureTime, ChangedNs, DecodeFlags, Dimensions, Evidence, FileKey, FileStamp, Format,
    MediaFile, Metadata, ModifiedNs, Orientation, Volume,
};
use crate::model::path_text::path_of_key;
use crate::model::phash::{HASH_VERSION, PictureHash, Quality, View};
use crate::model::provenance::Provenance;
use crate::model::record::{
    ContentHash, KnownPicture, PictureRecord, Record, Seal, Stage, Unreadable,
};

/// All columns, in the order that [`read`] takes them in.
pub(super) const COLUMNS: &str = "path, device, inode, size, modified_ns, hash_version, \
     format, width, height, quality, views, orientation, captured, subsecond_ns, \
     offset_minutes, has_position, camera, marks, content, stage, reason, changed_ns, volume, seal, \
     provenance";

/// The same of a database of version 3.
pub(super) const COLUMNS_BEFORE_4: &str = "path, device, inode, size, modified_ns, hash_version, \
     format, width, height, quality, views, orientation, captured, subsecond_ns, \
     offset_minutes, has_position, camera, marks, content, stage, reason, changed_ns, volume, seal, \
     NULL";

/// The same of a database of version 1 or 2.
pub(super) const COLUMNS_BEFORE_3: &str = "path, device, inode, size, modified_ns, hash_version, \
     format, width, height, quality, views, orientation, captured, subsecond_ns, \
     offset_minutes, has_position, camera, marks, NULL, stage, reason, NULL, NULL, NULL, \
     NULL";

pub(super) const INSERT: &str = "INSERT OR REPLACE INTO file (path, device, inode, size, \
     modified_ns, hash_version, format, width, height, quality, views, orientation, captured, \
     subsecond_ns, offset_minutes, has_position, camera, marks, stage, reason, content, \
     changed_ns, volume, seal, provenance) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
     ?19, ?20, ?21, ?22, ?23, ?24, ?25)";

/// The row of one path for another path and file, where it holds.
pub(super) const FOLLOW: &str = "INSERT OR REPLACE INTO file (path, device, inode, size, \
     modified_ns, changed_ns, volume, hash_version, format, width, height, quality, views, \
     orientation, captured, subsecond_ns, offset_minutes, has_position, camera, marks, content, \
     seal, provenance, stage, reason) \
     SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, hash_version, format, width, height, quality, views, \
     orientation, captured, subsecond_ns, offset_minutes, has_position, camera, marks, content, \
     seal, provenance, stage, reason \
     FROM file WHERE path = ?1 AND inode = ?9 AND size = ?10 AND modified_ns = ?11";

/// Whether there was such a row.
pub(super) fn follow(
    statement: &mut Statement<'_>,
    from: &[u8],
    to: &[u8],
    moved: &Moved<'_>,
) -> rusqlite::Result<bool> {
    let (before, now) = (moved.before, moved.now);
    let rows = statement.execute(params![
        from,
        to,
        now.key.device as i64,
        now.key.inode as i64,
        now.size.0 as i64,
        now.modified.0,
        moved.evidence.changed.map(|changed| changed.0),
        moved.evidence.volume.map(|volume| volume.0 as i64),
        before.key.inode as i64,
        before.size.0 as i64,
        before.modified.0,
    ])?;
    Ok(rows > 0)
}

/// Bytes of one view: the 64-bit hash, then the 256-bit one.
const VIEW_BYTES: usize = 8 + 32;

/// How a row stands to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowMatch {
    /// Nothing speaks against the row being of this file as it is now.
    Holds,
    /// The file has the size, but something else is not as it was, or not known.
    Unsure,
    /// The row is of other bytes.
    Stale,
}

/// How a row stands to a file of this stamp. The device is not compared: it changes when a drive
/// is plugged in again.
pub(super) fn standing(
    row: &Row<'_>,
    stamp: FileStamp,
    evidence: Evidence,
) -> rusqlite::Result<RowMatch> {
    let same_size = row.get::<_, i64>(3)? as u64 == stamp.size.0;
    if !same_size || row.get::<_, i64>(5)? != i64::from(HASH_VERSION) {
        return Ok(RowMatch::Stale);
    }
    let same_stamp = row.get::<_, i64>(2)? as u64 == stamp.key.inode
        && row.get::<_, i64>(4)? == stamp.modified.0;
    Ok(match same_stamp && read_evidence(row)?.agrees(evidence) {
        true => RowMatch::Holds,
        false => RowMatch::Unsure,
    })
}

fn read_evidence(row: &Row<'_>) -> rusqlite::Result<Evidence> {
    Ok(Evidence {
        changed: row.get::<_, Option<i64>>(21)?.map(ChangedNs),
        volume: row.get::<_, Option<i64>>(22)?.map(|volume| Volume(volume as u64)),
    })
}

/// The row, if it makes sense and is of this file, or may be. Where it is not certain that the file
/// has the bytes that the row was made from, the row is `unconfirmed`; without a hash of those
/// bytes it could never be confirmed, and is of no use.
pub(super) fn read_for(
    row: &Row<'_>,
    stamp: FileStamp,
    evidence: Evidence,
) -> rusqlite::Result<Option<CachedRow>> {
    let (standing, dated) = match standing(row, stamp, evidence)
        .and_then(|standing| Ok((standing, read_evidence(row)?.changed.is_some())))
    {
        Ok(found) => found,
        Err(error) if is_of_value(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(found) = read(row)? else { return Ok(None) };
    // A row without a change time holds for less than this system could tell.
    let certain = dated || evidence.changed.is_none();
    Ok(match (standing, found.content) {
        (RowMatch::Stale, _) | (RowMatch::Unsure, None) => None,
        (RowMatch::Unsure, Some(_)) => Some(CachedRow { unconfirmed: true, ..found }),
        (RowMatch::Holds, content) => {
            Some(CachedRow { unconfirmed: content.is_some() && !certain, ..found })
        }
    })
}

/// The row as a picture; `None` when it is not one, or makes no sense.
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
    Ok(match (read(row)?, read_evidence(row)) {
        (Some(CachedRow { record: Record::Picture(record), content, .. }), Ok(evidence)) => {
            Some(KnownPicture { path, stamp, evidence, record, content })
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
    let size = Bytes(row.get::<_, i64>(3)? as u64);
    let content = row.get::<_, Option<[u8; 32]>>(18)?.map(ContentHash);
    let seal = row.get::<_, Option<[u8; 16]>>(23)?.map(Seal);
    let record = match row.get::<_, Option<String>>(6)? {
        Some(format) => picture(row, &format)?.map(Record::Picture),
        None => failure(row)?.map(Record::Unreadable),
    };
    let Some(record) = record else { return Ok(None) };
    let content = match (&record, content, seal) {
        (Record::Picture(picture), Some(content), Some(seal)) => {
            if picture.seal(size, content) != seal {
                return Ok(None);
            }
            Some(content)
        }
        // Not known to be the hash of the bytes that were decoded.
        _ => None,
    };
    Ok(Some(CachedRow { record, content, unconfirmed: false }))
}

fn picture(row: &Row<'_>, format: &str) -> rusqlite::Result<Option<PictureRecord>> {
    let views = row.get_ref(10)?.as_blob_or_null()?.and_then(views_from_bytes);
    let (Some(format), Some(views)) = (Format::from_name(format), views) else {
        return Ok(None);
    };
    let captured = row.get::<_, Option<i64>>(12)?;
    let (subsecond_ns, offset_minutes) = (row.get(13)?, row.get(14)?);
    let flags: u8 = row.get(17)?;
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
        flags: DecodeFlags::from_bits(flags),
        provenance: row.get_ref(24)?.as_blob_or_null()?.and_then(Provenance::from_bytes),
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
    file: &MediaFile,
    record: &Record,
    content: Option<ContentHash>,
) -> rusqlite::Result<()> {
    let stamp = file.stamp;
    let changed = file.evidence.changed.map(|changed| changed.0);
    let volume = file.evidence.volume.map(|volume| volume.0 as i64);
    let (device, inode) = (stamp.key.device as i64, stamp.key.inode as i64);
    let (size, modified) = (stamp.size.0 as i64, stamp.modified.0);
    match record {
        Record::Picture(picture) => {
            let metadata = &picture.metadata;
            let captured = metadata.captured;
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
                picture.flags.bits(),
                None::<String>,
                None::<String>,
                content.map(|content| content.0),
                changed,
                volume,
                content.map(|content| picture.seal(stamp.size, content).0),
                picture.provenance.map(Provenance::to_bytes),
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
                none,
                changed,
                volume,
                none,
                none,
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
