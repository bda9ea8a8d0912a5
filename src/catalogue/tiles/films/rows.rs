//! How a film and its frames lie in their rows.

use std::path::PathBuf;

use rusqlite::{Row, params};

use super::super::first_word;
use super::version;
use crate::model::film::FilmFacts;
use crate::model::media::{
    Bytes, CaptureTime, ChangedNs, Dimensions, Evidence, FileKey, FileStamp, Format, MediaFile,
    ModifiedNs, Volume,
};
use crate::model::path_text::path_of_key;
use crate::model::phash::View;
use crate::model::record::ContentHash;
use crate::picture::tile::FineTile;
use crate::video::{Film, FilmRecord, Fingerprint, Frame};

pub(super) fn insert(
    connection: &rusqlite::Connection,
    key: &[u8],
    film: &Film,
) -> rusqlite::Result<()> {
    let Film { file, record, content } = film;
    let (stamp, facts) = (file.stamp, &record.facts);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO film (path, device, inode, size, modified_ns, changed_ns, \
             volume, version, format, width, height, codec, duration_us, frames, keyframes, \
             frame_bytes, captured, offset_minutes, camera, is_cut, undecoded, content, seal) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
             ?18, ?19, ?20, ?21, ?22, ?23)",
        )?
        .execute(params![
            key,
            stamp.key.device as i64,
            stamp.key.inode as i64,
            stamp.size.0 as i64,
            stamp.modified.0,
            file.evidence.changed.map(|changed| changed.0),
            file.evidence.volume.map(|volume| volume.0 as i64),
            version(),
            record.format.name(),
            record.dimensions.width,
            record.dimensions.height,
            facts.codec,
            facts.duration_us,
            facts.frames,
            facts.keyframes,
            facts.frame_bytes as i64,
            record.captured.map(|time| time.local_seconds),
            record.captured.and_then(|time| time.offset_minutes),
            record.camera,
            record.is_cut,
            record.undecoded,
            content.map(|content| content.0),
            seal(stamp.size, record),
        ])
        .map(drop)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<(i64, Film)>> {
    let stamp = FileStamp {
        key: FileKey { device: row.get::<_, i64>(2)? as u64, inode: row.get::<_, i64>(3)? as u64 },
        size: Bytes(row.get::<_, i64>(4)? as u64),
        modified: ModifiedNs(row.get(5)?),
    };
    let evidence = Evidence {
        changed: row.get::<_, Option<i64>>(6)?.map(ChangedNs),
        volume: row.get::<_, Option<i64>>(7)?.map(|volume| Volume(volume as u64)),
    };
    let path: PathBuf = path_of_key(row.get_ref(1)?.as_blob()?);
    let file = MediaFile { path, stamp, evidence, root: 0 };
    let Some(format) = Format::from_name(&row.get::<_, String>(8)?) else { return Ok(None) };
    let (captured, offset_minutes) = (row.get::<_, Option<i64>>(16)?, row.get(17)?);
    let facts = FilmFacts {
        codec: row.get(11)?,
        duration_us: row.get(12)?,
        frames: row.get(13)?,
        keyframes: row.get(14)?,
        frame_bytes: row.get::<_, i64>(15)? as u64,
    };
    let duration_us = facts.duration_us;
    let record = FilmRecord {
        format,
        dimensions: Dimensions { width: row.get(9)?, height: row.get(10)? },
        facts,
        captured: captured.map(|local_seconds| CaptureTime {
            local_seconds,
            subsecond_ns: None,
            offset_minutes,
        }),
        camera: row.get(18)?,
        is_cut: row.get(19)?,
        fingerprint: Fingerprint { duration_us, frames: Vec::new() },
        undecoded: row.get(20)?,
    };
    let content = row.get::<_, Option<[u8; 32]>>(21)?.map(ContentHash);
    let good = row.get::<_, i64>(22)? == seal(stamp.size, &record);
    let id = row.get(0)?;
    Ok(good.then_some((id, Film { file, record, content })))
}

/// Binds the values of a row together: a checksum, not a signature.
fn seal(size: Bytes, record: &FilmRecord) -> i64 {
    let FilmRecord { format, dimensions, facts, captured, camera, is_cut, undecoded, .. } = record;
    let mut hasher = blake3::Hasher::new();
    let values = format!(
        "{size:?} {format} {dimensions:?} {facts:?} {captured:?} {camera:?} {is_cut} {undecoded:?}"
    );
    hasher.update(values.as_bytes());
    first_word(&hasher)
}

pub(super) fn insert_frame(
    connection: &rusqlite::Connection,
    film: i64,
    probe: Option<u8>,
    frame: &Frame,
) -> rusqlite::Result<()> {
    let view = frame.view.to_bytes();
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO film_frame (film, time, probe, view, cells, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            film,
            frame.time,
            probe,
            view,
            frame.tile.0,
            frame_seal(film, frame.time, &view, &frame.tile.0),
        ])
        .map(drop)
}

pub(super) fn read_frame(
    row: &Row<'_>,
    film: i64,
) -> rusqlite::Result<Option<(Option<u8>, Frame)>> {
    let (time, probe) = (row.get(0)?, row.get(1)?);
    let (view, cells) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
    let good = row.get::<_, i64>(4)? == frame_seal(film, time, view, cells);
    let read = View::from_bytes(view).zip(FineTile::from_bytes(cells)).filter(|_| good);
    Ok(read.map(|(view, tile)| (probe, Frame { time, view, tile: Box::new(tile) })))
}

fn frame_seal(film: i64, time: i64, view: &[u8], cells: &[u8]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&film.to_le_bytes()).update(&time.to_le_bytes()).update(view).update(cells);
    first_word(&hasher)
}
