//! The cache of hashes: an SQLite database that may be thrown away at any time.
//!
//! A row is keyed by the absolute path, as raw bytes. It holds while the file's size, modification
//! time, change time, inode and volume are what they were. A file of the same size of which any of
//! the others changed, or that moved (found again by device and inode), is read again, and its row
//! holds when the bytes are those that were decoded: their BLAKE3 is part of the row. A seal binds
//! the values of a row together. Failures are rows too, so that a damaged file is not tried at
//! every run.

mod all;
mod error;
mod lookup;
mod maintenance;
mod packed;
mod pages;
mod rows;
mod schema;
mod tiles;
mod write;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

pub use crate::catalogue::own_database::Foreign;
use crate::catalogue::tiles::TileStore;
use crate::model::path_text::key_of_path;
pub use error::CacheError;
pub use lookup::CachedRow;
pub use maintenance::{Stats, Verified};
pub use packed::Packed;
pub use pages::PicturePage;
use rows::COLUMNS;
pub use write::Moved;

/// An open cache.
#[derive(Debug)]
pub struct Cache {
    connection: Connection,
    file: PathBuf,
    /// What relative paths are relative to.
    base: PathBuf,
    /// How rows are selected from a table of this form.
    columns: &'static str,
    /// What is written is kept; otherwise it is forgotten at once.
    kept: bool,
    /// The tiles that belong to it, once they were asked for.
    tiles: Option<TileStore>,
}

/// A cache, and what had to be done to open it.
#[derive(Debug)]
pub struct OpenedCache {
    /// The cache.
    pub cache: Cache,
    /// Where a database that could not be used was put, and why (human-readable).
    pub set_aside: Option<SetAside>,
}

/// A database that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub moved_to: PathBuf,
    /// The reason (human-readable).
    pub why: String,
}

/// Run in every transaction that changes what is known of pictures.
const CHANGED: &str = "UPDATE change SET count = count + 1";

impl Cache {
    /// Opens the cache in `file`, making it and its folder if need be. Relative paths of files are
    /// taken from `base`.
    ///
    /// A database of this program that is damaged is renamed, never overwritten, and a new one
    /// begun. The user alone can read a new one.
    ///
    /// # Errors
    /// [`CacheError::Foreign`] and [`CacheError::Newer`] for a file that must stay as it is; any
    /// other when there is no way to have a cache there.
    pub fn open(file: &Path, base: &Path) -> Result<OpenedCache, CacheError> {
        let (connection, set_aside) = schema::open(file)?;
        let (file, base) = (file.to_owned(), base.to_owned());
        let cache = Self { connection, file, base, columns: COLUMNS, kept: true, tiles: None };
        Ok(OpenedCache { cache, set_aside })
    }

    /// Opens a cache for reading only: another library's catalogue, whose
    /// drive may not even be there.
    ///
    /// # Errors
    /// [`CacheError`] when there is none, or none of this program's version.
    pub fn open_read_only(file: &Path, base: &Path) -> Result<Self, CacheError> {
        let (connection, columns) = schema::open_read_only(file)?;
        let (file, base) = (file.to_owned(), base.to_owned());
        Ok(Self { connection, file, base, columns, kept: true, tiles: None })
    }

    /// A cache that knows nothing and keeps nothing, for where none can be opened.
    ///
    /// # Errors
    /// [`CacheError::Database`] when there is no memory for it.
    pub fn none(base: &Path) -> Result<Self, CacheError> {
        let file = PathBuf::new();
        let connection = schema::none().map_err(|source| schema::error(&file, source))?;
        let base = base.to_owned();
        Ok(Self { connection, file, base, columns: COLUMNS, kept: false, tiles: None })
    }

    /// Whether it lasts beyond this run.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Where it is; empty where it is not kept.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where relative paths start.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Moves the database aside, for when it turns out to be damaged in use. The cache must not be
    /// used any more: it knows nothing and keeps nothing.
    ///
    /// # Errors
    /// [`CacheError::Io`] when it cannot be moved.
    pub fn set_aside(&mut self) -> Result<PathBuf, CacheError> {
        self.tiles = None;
        self.kept = false;
        // Windows renames no file that is open. The log stays as it is: written into a damaged
        // database it would be lost.
        self.attempt_mut(|cache| {
            let open = std::mem::replace(&mut cache.connection, schema::none()?);
            open.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            open.close().map_err(|(_, error)| error)
        })?;
        schema::set_aside(&self.file)
    }

    fn key(&self, path: &Path) -> Vec<u8> {
        key_of_path(&self.base.join(path))
    }

    fn attempt<T>(&self, work: impl FnOnce(&Self) -> rusqlite::Result<T>) -> Result<T, CacheError> {
        work(self).map_err(|source| schema::error(&self.file, source))
    }

    fn attempt_mut<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> Result<T, CacheError> {
        work(self).map_err(|source| schema::error(&self.file, source))
    }
}
