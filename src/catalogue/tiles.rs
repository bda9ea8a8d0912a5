//! What the proof needs of pictures, beside the cache of hashes: their 64×64 tiles, the hashes of
//! their windows, and what was found of pairs. And what is known of films.
//!
//! A database of its own, so that reading hashes does not become slower; as disposable as the
//! cache. Everything is keyed by the bytes of the files (BLAKE3), and so holds wherever a file
//! goes. A tile carries a checksum; a damaged one counts as none.

mod error;
mod films;
mod pairs;
mod windows;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

pub use error::TileStoreError;
pub use films::{FilmPair, KnownFilm, MOST_FRAMES};
pub use pairs::{PairRule, StoredPair};

use crate::catalogue::own_database::{BESIDE, DatabaseState, look, with_suffix};
use crate::files::atomic_file;
use crate::model::phash::HASH_VERSION;
use crate::model::record::ContentHash;
use crate::picture::part::Part;
use crate::picture::tile::{FineTile, StoredTile};

/// `PRAGMA application_id`: "ClBt".
const APPLICATION_ID: u32 = 0x436c_4274;
/// `PRAGMA user_version`: the form of the tables.
const VERSION: i64 = 1;
/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(20);
/// From this share of the tiles on, reading all of them in order is faster than looking them up.
const SCAN_FROM_SHARE: usize = 4;

const TABLES: &str = "
CREATE TABLE tile (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content BLOB NOT NULL,
    hash_version INTEGER NOT NULL,
    intact BLOB,
    seal INTEGER NOT NULL,
    cells BLOB NOT NULL
);
CREATE UNIQUE INDEX tile_content ON tile (content, hash_version);
CREATE TABLE window (
    id INTEGER NOT NULL,
    windows INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (windows, id)
) WITHOUT ROWID;
CREATE TABLE pair (
    rule INTEGER NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    verdict BLOB NOT NULL,
    PRIMARY KEY (rule, first, second)
) WITHOUT ROWID;
CREATE TABLE compared (
    rule INTEGER NOT NULL,
    number INTEGER NOT NULL,
    tiles BLOB NOT NULL,
    PRIMARY KEY (rule, number)
) WITHOUT ROWID;
";

/// Names a stored tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId(pub u32);

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TileStats {
    /// Tiles.
    pub tiles: u64,
    /// Pairs of which it is known whether they show the same.
    pub pairs: u64,
    /// Films.
    pub films: u64,
    /// Size of the database with its log.
    pub bytes_on_disk: u64,
}

/// The database of tiles.
#[derive(Debug)]
pub struct TileStore {
    connection: Connection,
    file: PathBuf,
}

/// Where the tiles of a cache are kept.
pub fn beside(cache: &Path) -> PathBuf {
    with_suffix(cache, "-tiles")
}

impl TileStore {
    /// Opens the database in `file`, making it if need be.
    ///
    /// # Errors
    /// [`TileStoreError`]; nothing that is there is replaced.
    pub fn open(file: &Path) -> Result<Self, TileStoreError> {
        let failed = |source| TileStoreError::Io { path: file.to_owned(), source };
        check_own(file)?;
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            atomic_file::make_private_folder(folder).map_err(failed)?;
        }
        atomic_file::make_private_file(file).map_err(failed)?;
        let opened = (|| {
            let mut connection = Connection::open(file)?;
            connection.busy_timeout(BUSY)?;
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let tables: i64 =
                transaction
                    .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables == 0 {
                transaction.execute_batch(TABLES)?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
            // They came later; an earlier version of the program leaves them alone.
            films::create_tables(&transaction)?;
            transaction.commit()?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.pragma_update(None, "cache_size", -64_000)?;
            // A table that lacks a column of ours shows here, not in the middle of a run.
            connection.prepare("SELECT content, hash_version, intact, seal, cells FROM tile")?;
            connection.prepare("SELECT hashes FROM window WHERE windows = 0 AND id = 0")?;
            connection.prepare("SELECT rule, first, second, verdict FROM pair")?;
            connection.prepare("SELECT rule, number, tiles FROM compared")?;
            Ok(connection)
        })();
        let connection = opened.map_err(|error| self::error(file, error))?;
        Ok(Self { connection, file: file.to_owned() })
    }

    /// Opens the tiles of another cache for reading; `None` where there are none.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn open_read_only(file: &Path) -> Result<Option<Self>, TileStoreError> {
        if !file.exists() {
            return Ok(None);
        }
        check_own(file)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(file, flags).and_then(|connection| {
            connection.busy_timeout(BUSY)?;
            connection.prepare("SELECT content, hash_version, intact, seal, cells FROM tile")?;
            Ok(connection)
        });
        let connection = opened.map_err(|error| self::error(file, error))?;
        Ok(Some(Self { connection, file: file.to_owned() }))
    }

    /// Tiles for one run only, in a file that the system removes with it.
    ///
    /// # Errors
    /// [`TileStoreError`] when there is no room for it.
    pub fn none() -> Result<Self, TileStoreError> {
        let file = PathBuf::new();
        let made = Connection::open("").and_then(|connection| {
            // An empty name stands for a temporary file (SQLite, "In-Memory Databases").
            connection.execute_batch(TABLES)?;
            films::create_tables(&connection)?;
            Ok(connection)
        });
        let connection = made.map_err(|error| self::error(&file, error))?;
        Ok(Self { connection, file })
    }

    /// Writes tiles in one transaction; what is there of the same bytes stays.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write<'a>(
        &mut self,
        tiles: impl IntoIterator<Item = (ContentHash, &'a FineTile, Part)>,
    ) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR IGNORE INTO tile (content, hash_version, intact, seal, cells)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?;
                for (content, tile, intact) in tiles {
                    insert.execute(params![
                        content.0,
                        HASH_VERSION,
                        (!intact.is_whole()).then(|| intact.to_bytes()),
                        seal(content, &tile.0, intact),
                        tile.0,
                    ])?;
                }
            }
            transaction.commit()
        })
    }

    /// All tiles that are there, by the bytes of their files.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn ids(&self) -> Result<HashMap<ContentHash, TileId>, TileStoreError> {
        self.attempt(|store| {
            let sql =
                "SELECT content, id FROM tile INDEXED BY tile_content WHERE hash_version = ?1";
            let mut statement = store.connection.prepare(sql)?;
            let rows = statement.query_map([HASH_VERSION], |row| {
                Ok((ContentHash(row.get(0)?), TileId(row.get(1)?)))
            })?;
            rows.collect()
        })
    }

    /// The tile of a file of these bytes.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn id_of(&self, content: ContentHash) -> Result<Option<TileId>, TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT id FROM tile WHERE content = ?1 AND hash_version = ?2";
            let mut statement = store.connection.prepare_cached(sql)?;
            statement
                .query_row(params![content.0, HASH_VERSION], |row| Ok(TileId(row.get(0)?)))
                .optional()
        })
    }

    /// The greatest id, which is no less than the number of tiles: ids are given only once.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn last_id(&self) -> Result<Option<TileId>, TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT max(id) FROM tile";
            store.connection.query_row(sql, [], |row| Ok(row.get::<_, Option<u32>>(0)?.map(TileId)))
        })
    }

    /// Reads tiles, given in ascending order, and hands them on in that order. One that is damaged
    /// is left out.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn each(
        &self,
        wanted: &[TileId],
        take: &mut dyn FnMut(TileId, StoredTile),
    ) -> Result<(), TileStoreError> {
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(()) };
        self.attempt(|store| {
            let between = (last.0 - first.0) as usize + 1;
            if wanted.len().saturating_mul(SCAN_FROM_SHARE) >= between {
                let sql = "SELECT id, content, intact, seal, cells FROM tile
                           WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
                let mut statement = store.connection.prepare_cached(sql)?;
                let mut rows = statement.query([first.0, last.0])?;
                let mut wanted = wanted.iter().peekable();
                while let Some(row) = rows.next()? {
                    let id = TileId(row.get(0)?);
                    while wanted.next_if(|wanted| **wanted < id).is_some() {}
                    if wanted.next_if(|wanted| **wanted == id).is_some()
                        && let Some(tile) = stored_tile(row)?
                    {
                        take(id, tile);
                    }
                }
                return Ok(());
            }
            let sql = "SELECT id, content, intact, seal, cells FROM tile WHERE id = ?1";
            let mut statement = store.connection.prepare_cached(sql)?;
            for &id in wanted {
                let mut rows = statement.query([id.0])?;
                if let Some(row) = rows.next()?
                    && let Some(tile) = stored_tile(row)?
                {
                    take(id, tile);
                }
            }
            Ok(())
        })
    }

    /// How much is kept.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn stats(&self) -> Result<TileStats, TileStoreError> {
        self.attempt(|store| {
            let count = |table: &str| {
                let sql = format!("SELECT count(*) FROM {table}");
                store.connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
            };
            let parts = std::iter::once("").chain(BESIDE);
            let parts = parts.filter_map(|end| with_suffix(&store.file, end).metadata().ok());
            Ok(TileStats {
                tiles: count("tile")? as u64,
                pairs: count("pair")? as u64,
                films: store.film_count()?,
                bytes_on_disk: parts.map(|metadata| metadata.len()).sum(),
            })
        })
    }

    /// Removes the tiles of which `wanted` says that they are not, and all that was found with
    /// them; how many.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn retain(&mut self, wanted: &dyn Fn(ContentHash) -> bool) -> Result<u64, TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            let mut superfluous = Vec::new();
            {
                let mut statement = transaction.prepare("SELECT content, id FROM tile")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    if !wanted(ContentHash(row.get(0)?)) {
                        superfluous.push(row.get::<_, i64>(1)?);
                    }
                }
                for id in &superfluous {
                    transaction.prepare_cached("DELETE FROM tile WHERE id = ?1")?.execute([id])?;
                }
            }
            // Numbers are given only once, so that what was compared stays true of the others.
            transaction.execute_batch(
                "DELETE FROM window WHERE id NOT IN (SELECT id FROM tile);
                 DELETE FROM pair WHERE first NOT IN (SELECT id FROM tile)
                     OR second NOT IN (SELECT id FROM tile);",
            )?;
            transaction.commit()?;
            Ok(superfluous.len() as u64)
        })
    }

    /// Removes everything.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn clear(&mut self) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            store.connection.execute_batch(
                "DELETE FROM tile; DELETE FROM window; DELETE FROM pair; DELETE FROM compared;
                 DELETE FROM film; DELETE FROM film_frame;
                 VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
            )
        })
    }

    fn attempt<T>(
        &self,
        work: impl FnOnce(&Self) -> rusqlite::Result<T>,
    ) -> Result<T, TileStoreError> {
        work(self).map_err(|source| error(&self.file, source))
    }

    fn attempt_mut<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> Result<T, TileStoreError> {
        work(self).map_err(|source| error(&self.file, source))
    }
}

/// A row of the columns id, content, intact, seal, cells; `None` where it makes no sense.
fn stored_tile(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<StoredTile>> {
    let content = ContentHash(row.get(1)?);
    let cells = row.get_ref(4)?.as_blob_or_null()?.and_then(FineTile::from_bytes);
    let intact = match row.get::<_, Option<[u8; 4]>>(2)? {
        Some(bytes) => Part::from_bytes(bytes),
        None => Some(Part::WHOLE),
    };
    let (Some(cells), Some(intact)) = (cells, intact) else { return Ok(None) };
    let good = row.get::<_, i64>(3)? == seal(content, &cells.0, intact);
    Ok(good.then_some(StoredTile { cells, intact }))
}

/// Binds a tile to the bytes that it was made from: a checksum, not a signature.
fn seal(content: ContentHash, cells: &[u8], intact: Part) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&content.0).update(&intact.to_bytes()).update(cells);
    first_word(&hasher)
}

/// The first eight bytes of a hash, as SQLite takes them.
pub fn first_word(hasher: &blake3::Hasher) -> i64 {
    let hash = hasher.finalize();
    let (words, _) = hash.as_bytes().as_chunks::<8>();
    i64::from_le_bytes(words[0])
}

/// Whether an error is about a value, not about the database.
pub(in crate::catalogue) fn is_of_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
    )
}

fn check_own(file: &Path) -> Result<(), TileStoreError> {
    match look(file, APPLICATION_ID) {
        Ok(DatabaseState::Free) => Ok(()),
        Ok(DatabaseState::Own { version, .. }) if i64::from(version) <= VERSION => Ok(()),
        Ok(_) => Err(TileStoreError::Foreign(file.to_owned())),
        Err(source) => Err(TileStoreError::Io { path: file.to_owned(), source }),
    }
}

fn error(file: &Path, source: rusqlite::Error) -> TileStoreError {
    TileStoreError::Database { path: file.to_owned(), source }
}

#[cfg(test)]
mod tests;
