//! What is known of films, and frames of them.
//!
//! Films are long, and hardly ever read as a whole. So a row is keyed by the path, and holds while
//! size, modification time, change time, inode and volume are what they were; a film that moved is
//! looked at again. A row and its frames are sealed; a damaged one counts as none.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Row, params};

use super::{TileStore, TileStoreError, first_word, is_of_value};
use crate::model::film::FilmFacts;
use crate::model::media::{
    Bytes, CaptureTime, ChangedNs, Dimensions, Evidence, FileKey, FileStamp, Format, MediaFile,
    ModifiedNs, Volume,
};
use crate::model::path_text::{key_of_path, path_of_key};
use crate::model::phash::{FineDistance, HASH_VERSION, View};
use crate::model::record::ContentHash;
use crate::picture::tile::FineTile;
use crate::video::{Agreement, Film, FilmRecord, FilmStanding, Fingerprint, Frame};

/// Most frames that are kept of a film, beside those of its fingerprint.
pub const MOST_FRAMES: usize = 16;
/// Names how films are read: any change of the frames that are looked at, or of how their time is
/// told, changes it, and older rows count for nothing.
const FILM_VERSION: u32 = 1;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS film (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    changed_ns INTEGER,
    volume INTEGER,
    version INTEGER NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    codec TEXT NOT NULL,
    duration_us INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    keyframes INTEGER NOT NULL,
    frame_bytes INTEGER NOT NULL,
    captured INTEGER,
    offset_minutes INTEGER,
    camera TEXT,
    is_cut INTEGER NOT NULL,
    undecoded TEXT,
    content BLOB,
    seal INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS film_frame (
    film INTEGER NOT NULL,
    time INTEGER NOT NULL,
    probe INTEGER,
    view BLOB NOT NULL,
    cells BLOB NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (film, time)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS film_pair (
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    standing INTEGER NOT NULL,
    median INTEGER NOT NULL,
    motion INTEGER NOT NULL,
    moments INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (first, second)
) WITHOUT ROWID;
";

const COLUMNS: &str = "id, path, device, inode, size, modified_ns, changed_ns, volume, format, \
     width, height, codec, duration_us, frames, keyframes, frame_bytes, captured, \
     offset_minutes, camera, is_cut, undecoded, content, seal";

/// A film as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFilm {
    /// Names it among the films of the store.
    pub id: i64,
    /// The film; its root is 0.
    pub film: Film,
    /// Frames beside those of the fingerprint, by time.
    pub frames: Vec<Frame>,
}

fn version() -> u32 {
    HASH_VERSION << 16 | FILM_VERSION
}

impl TileStore {
    /// For each file what is known of it and still holds. Relative paths start at `base`.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn known_films(
        &self,
        files: &[MediaFile],
        base: &Path,
    ) -> Result<Vec<Option<KnownFilm>>, TileStoreError> {
        self.attempt(|store| {
            let sql = format!("SELECT {COLUMNS} FROM film WHERE path = ?1 AND version = ?2");
            let mut statement = store.connection.prepare(&sql)?;
            let mut known = Vec::with_capacity(files.len());
            for file in files {
                let key = key_of_path(&base.join(&file.path));
                let mut rows = statement.query(params![key, version()])?;
                let row = rows.next()?;
                let found = row.map_or(Ok(None), |row| store.film(row))?;
                let holds = |known: &KnownFilm| {
                    let before = &known.film.file;
                    let (was, is) = (before.stamp, file.stamp);
                    (was.size, was.modified, was.key.inode) == (is.size, is.modified, is.key.inode)
                        && before.evidence.agrees(file.evidence)
                };
                let found = found.filter(holds);
                known.push(found.map(|found| KnownFilm {
                    film: Film { file: file.clone(), ..found.film },
                    ..found
                }));
            }
            Ok(known)
        })
    }

    /// Goes through all films of this version, by path, whether their files are still there or not.
    /// A database from before there were films has none.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn each_film(&self, take: &mut dyn FnMut(KnownFilm)) -> Result<(), TileStoreError> {
        self.attempt(|store| {
            if !store.has_films()? {
                return Ok(());
            }
            let sql = format!("SELECT {COLUMNS} FROM film WHERE version = ?1 ORDER BY path");
            let mut statement = store.connection.prepare(&sql)?;
            let mut rows = statement.query([version()])?;
            while let Some(row) = rows.next()? {
                if let Some(film) = store.film(row)? {
                    take(film);
                }
            }
            Ok(())
        })
    }

    /// Writes films in one transaction, replacing what was known under their paths; gives their
    /// numbers in the same order.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_films(
        &mut self,
        films: &[&Film],
        base: &Path,
    ) -> Result<Vec<i64>, TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            let mut ids = Vec::with_capacity(films.len());
            for film in films {
                let key = key_of_path(&base.join(&film.file.path));
                transaction
                    .prepare_cached(
                        "DELETE FROM film_frame WHERE film IN (SELECT id FROM film WHERE path = ?1)",
                    )?
                    .execute([&key])?;
                insert(&transaction, &key, film)?;
                let id = transaction.last_insert_rowid();
                for (probe, frame) in &film.record.fingerprint.frames {
                    insert_frame(&transaction, id, Some(*probe), frame)?;
                }
                ids.push(id);
            }
            transaction.commit()?;
            Ok(ids)
        })
    }

    /// Keeps frames of a film that a proof asked for, [`MOST_FRAMES`] at most.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_frames(&mut self, film: i64, frames: &[Frame]) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            let sql = "SELECT count(*) FROM film_frame WHERE film = ?1 AND probe IS NULL";
            let there: i64 = transaction.query_row(sql, [film], |row| row.get(0))?;
            let room = MOST_FRAMES.saturating_sub(usize::try_from(there).unwrap_or(MOST_FRAMES));
            for frame in frames.iter().take(room) {
                insert_frame(&transaction, film, None, frame)?;
            }
            transaction.commit()
        })
    }

    /// Keeps what was found of pairs of films, by their numbers. A film that is read again gets
    /// another number, so that this holds as long as both do.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_film_pairs(
        &mut self,
        pairs: &[((i64, i64), Agreement)],
    ) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO film_pair
                     (first, second, standing, median, motion, moments, seal)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?;
                for &((a, b), found) in pairs {
                    let pair = (a.min(b), a.max(b));
                    insert.execute(params![
                        pair.0,
                        pair.1,
                        found.standing as u8,
                        found.median.0,
                        found.motion,
                        found.moments,
                        pair_seal(pair, found),
                    ])?;
                }
            }
            transaction.commit()
        })
    }

    /// What was found of all pairs, the smaller number first.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn film_pairs(&self) -> Result<HashMap<(i64, i64), Agreement>, TileStoreError> {
        self.attempt(|store| {
            let sql =
                "SELECT first, second, standing, median, motion, moments, seal FROM film_pair";
            let mut statement = store.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut pairs = HashMap::new();
            while let Some(row) = rows.next()? {
                match read_pair(row) {
                    Ok(found) => pairs.extend(found),
                    Err(error) if is_of_value(&error) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(pairs)
        })
    }

    /// Keeps the hash of a film's bytes.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_content(&mut self, film: i64, content: ContentHash) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let sql = "UPDATE film SET content = ?2 WHERE id = ?1";
            store.connection.execute(sql, params![film, content.0]).map(drop)
        })
    }

    /// Removes the films that `gone` says are gone; how many.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn prune_films(&mut self, gone: &dyn Fn(&Path) -> bool) -> Result<u64, TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            let mut removed: Vec<i64> = Vec::new();
            {
                let mut statement = transaction.prepare("SELECT id, path FROM film")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    if gone(&path_of_key(row.get_ref(1)?.as_blob()?)) {
                        removed.push(row.get(0)?);
                    }
                }
            }
            for id in &removed {
                transaction.execute("DELETE FROM film WHERE id = ?1", [id])?;
                transaction.execute("DELETE FROM film_frame WHERE film = ?1", [id])?;
            }
            transaction.execute_batch(
                "DELETE FROM film_pair WHERE first NOT IN (SELECT id FROM film)
                     OR second NOT IN (SELECT id FROM film);",
            )?;
            transaction.commit()?;
            Ok(removed.len() as u64)
        })
    }

    /// How many films are known.
    pub(super) fn film_count(&self) -> rusqlite::Result<u64> {
        if !self.has_films()? {
            return Ok(0);
        }
        let sql = "SELECT count(*) FROM film";
        self.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n as u64)
    }

    /// Databases from before there were films have no table of them.
    fn has_films(&self) -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'film'";
        self.connection.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? > 0))
    }

    /// The film of a row with its frames; `None` where they make no sense.
    fn film(&self, row: &Row<'_>) -> rusqlite::Result<Option<KnownFilm>> {
        let film = match read(row) {
            Err(error) if is_of_value(&error) => return Ok(None),
            read => read?,
        };
        let Some((id, mut film)) = film else { return Ok(None) };
        let mut frames = Vec::new();
        let sql = "SELECT time, probe, view, cells, seal FROM film_frame WHERE film = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            match read_frame(row, id) {
                Err(error) if is_of_value(&error) => return Ok(None),
                Ok(Some((Some(probe), frame))) => {
                    film.record.fingerprint.frames.push((probe, frame));
                }
                Ok(Some((None, frame))) => frames.push(frame),
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(KnownFilm { id, film, frames }))
    }
}

fn insert(connection: &rusqlite::Connection, key: &[u8], film: &Film) -> rusqlite::Result<()> {
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

fn read(row: &Row<'_>) -> rusqlite::Result<Option<(i64, Film)>> {
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

fn insert_frame(
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

fn read_frame(row: &Row<'_>, film: i64) -> rusqlite::Result<Option<(Option<u8>, Frame)>> {
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

fn read_pair(row: &Row<'_>) -> rusqlite::Result<Option<((i64, i64), Agreement)>> {
    let pair = (row.get(0)?, row.get(1)?);
    let standing = FilmStanding::ALL.get(usize::from(row.get::<_, u8>(2)?));
    let Some(&standing) = standing else { return Ok(None) };
    let found = Agreement {
        standing,
        median: FineDistance(row.get(3)?),
        motion: row.get(4)?,
        moments: row.get(5)?,
    };
    Ok((row.get::<_, i64>(6)? == pair_seal(pair, found)).then_some((pair, found)))
}

fn pair_seal((first, second): (i64, i64), found: Agreement) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&version().to_le_bytes());
    hasher.update(&first.to_le_bytes()).update(&second.to_le_bytes());
    hasher.update(format!("{found:?}").as_bytes());
    first_word(&hasher)
}
