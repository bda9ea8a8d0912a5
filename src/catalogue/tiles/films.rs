//! What is known of films, and frames of them.
//!
//! Films are long, and hardly ever read as a whole. So a row is keyed by the path, and holds while
//! size, modification time, change time, inode and volume are what they were; a film that moved is
//! looked at again. A row and its frames are sealed; a damaged one counts as none.

mod found;
mod rows;

use std::path::Path;

use rusqlite::{Row, params};

use super::{TileStore, TileStoreError, is_of_value};
use crate::model::media::MediaFile;
use crate::model::path_text::{key_of_path, path_of_key};
use crate::model::phash::HASH_VERSION;
use crate::model::record::ContentHash;
use crate::video::{Film, Frame};
pub use found::FilmPair;
use rows::{insert, insert_frame, read, read_frame};

/// Most frames that are kept of a film, beside those of its fingerprint.
pub const MOST_FRAMES: usize = 16;
/// Names how films are read: any change of the frames that are looked at, of how their time is told,
/// or of what their likeness proves changes it, and older rows count for nothing.
const FILM_VERSION: u32 = 1;

const TABLES: &str = "
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

/// Makes the tables of films where they are missing.
pub(super) fn create_tables(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    connection.execute_batch(found::TABLES)
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
            found::prune(&transaction)?;
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
