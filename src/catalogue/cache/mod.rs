//! The cache of hashes: an SQLite database that may be thrown away at any time.
//!
//! A row is keyed by the absolute path, as raw bytes. It holds while the file's size, modification
//! time, change time, inode and volume are what they were. A file of the same size of which any of
//! the others changed, or that moved (found again by device and inode), is read again, and its row
//! holds when the bytes are those that were decoded: their BLAKE3 is part of the row. A seal binds
//! the values of a row together. Failures are rows too, so that a damaged file is not tried at
//! every run.

mod packed;
mod rows;
mod schema;

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, params};

pub use crate::catalogue::own_database::Foreign;
use crate::model::media::{Evidence, FileStamp, MediaFile};
use crate::model::path_text::{key_of_path, path_of_key};
use crate::model::phash::HASH_VERSION;
use crate::model::policy::QUALITY_FLOOR;
use crate::model::record::{ContentHash, KnownPicture, Record};
pub use packed::Packed;
use packed::{Mark, Packing};
use rows::{COLUMNS, RowMatch};

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
}

/// A cache, and what had to be done to open it.
#[derive(Debug)]
pub struct OpenedCache {
    /// The cache.
    pub cache: Cache,
    /// Where a database that could not be used was put, and why, for people.
    pub set_aside: Option<SetAside>,
}

/// A database that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub moved_to: PathBuf,
    /// Why, for people.
    pub why: String,
}

/// A row that still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedRow {
    /// What reading the file told.
    pub record: Record,
    /// BLAKE3 of the bytes that the record was made from, where that was recorded.
    pub content: Option<ContentHash>,
    /// The row was found by the inode, or the file's times or inode are not what they were: the row
    /// counts only when the file still has the bytes of `content`, and is then to be written again.
    pub unconfirmed: bool,
}

/// A file that was moved, copied or relinked.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'a> {
    /// Where they were.
    pub from: &'a Path,
    /// Where they are.
    pub to: &'a Path,
    /// The file that they were.
    pub before: FileStamp,
    /// The file that they are.
    pub now: FileStamp,
    /// What tells that file from another.
    pub evidence: Evidence,
    /// They are still at `from` too.
    pub kept: bool,
}

/// What a cache holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows.
    pub rows: u64,
    /// Rows of pictures.
    pub pictures: u64,
    /// Rows of files that could not be read.
    pub failures: u64,
    /// Rows of another [`HASH_VERSION`], which count for nothing.
    pub outdated: u64,
    /// Rows with a hash of the bytes.
    pub with_content: u64,
    /// Pictures by format, most first.
    pub formats: Vec<(String, u64)>,
    /// Size of the database with its log.
    pub bytes_on_disk: u64,
}

/// What a check of the cache found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows looked at.
    pub rows: u64,
    /// Rows that no record can be made of.
    pub unreadable: u64,
    /// Rows whose file has changed or is gone.
    pub stale: u64,
    /// What SQLite says of the file, unless it is `ok`.
    pub damage: Vec<String>,
}

/// Why the cache cannot be used.
#[derive(Debug)]
pub enum CacheError {
    /// The file cannot be opened, made or moved.
    Io {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: std::io::Error,
    },
    /// The database is damaged or is none.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Any other refusal of SQLite.
    Database {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: rusqlite::Error,
    },
    /// The file is not this program's, and is left as it is.
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        why: Foreign,
    },
    /// A newer version of this program made the database, which is left as it is.
    Newer(PathBuf),
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, why): (_, &dyn fmt::Display) = match self {
            Self::Io { path, source } => (path, source),
            Self::Damaged { path, source } | Self::Database { path, source } => (path, source),
            Self::Foreign { path, why } => (path, why),
            Self::Newer(path) => (path, &"a newer version of clean-backup made it"),
        };
        write!(f, "cache {}: {why}", crate::model::path_text::for_people(path))
    }
}

impl std::error::Error for CacheError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Damaged { source, .. } | Self::Database { source, .. } => Some(source),
            Self::Foreign { .. } | Self::Newer(_) => None,
        }
    }
}

/// A query of this many files is answered by one pass over the table rather than by as many
/// look-ups, when it is at least this share of the rows: a row costs about a tenth of a look-up.
const SCAN_FROM_SHARE: usize = 10;

/// Said in every transaction that changes what is known of pictures.
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
        let cache = Self { connection, file, base, columns: COLUMNS, kept: true };
        Ok(OpenedCache { cache, set_aside })
    }

    /// Opens a cache that is only asked, and never written to: another library's catalogue, whose
    /// drive may not even be there.
    ///
    /// # Errors
    /// [`CacheError`] when there is none, or none of this program's version.
    pub fn open_read_only(file: &Path, base: &Path) -> Result<Self, CacheError> {
        let (connection, columns) = schema::open_read_only(file)?;
        Ok(Self { connection, file: file.to_owned(), base: base.to_owned(), columns, kept: true })
    }

    /// A cache that knows nothing and forgets what it is told, for where none can be had.
    ///
    /// # Errors
    /// [`CacheError::Database`] when there is no memory for it.
    pub fn none(base: &Path) -> Result<Self, CacheError> {
        let file = PathBuf::new();
        let connection = schema::none().map_err(|source| schema::error(&file, source))?;
        Ok(Self { connection, file, base: base.to_owned(), columns: COLUMNS, kept: false })
    }

    /// Whether it lasts beyond this run.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Where it is; empty where it is not kept.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Moves the database aside, for when it turns out to be damaged in use. The cache must not be
    /// used any more.
    ///
    /// # Errors
    /// [`CacheError::Io`] when it cannot be moved.
    pub fn set_aside(&self) -> Result<PathBuf, CacheError> {
        schema::set_aside(&self.file)
    }

    /// For each file the row that still holds, if there is one.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn lookup(&self, files: &[MediaFile]) -> Result<Vec<Option<CachedRow>>, CacheError> {
        self.attempt(|cache| cache.find(files))
    }

    fn find(&self, files: &[MediaFile]) -> rusqlite::Result<Vec<Option<CachedRow>>> {
        let rows: usize = self.connection.query_row("SELECT count(*) FROM file", [], |row| {
            row.get::<_, i64>(0).map(|count| usize::try_from(count).unwrap_or(0))
        })?;
        let mut found: Vec<Option<CachedRow>> = vec![None; files.len()];
        if rows == 0 {
            return Ok(found);
        }
        if files.len().saturating_mul(SCAN_FROM_SHARE) >= rows {
            self.find_in_one_pass(files, &mut found)?;
        } else {
            let sql = format!("SELECT {COLUMNS} FROM file WHERE path = ?1");
            let mut statement = self.connection.prepare(&sql)?;
            for (file, found) in files.iter().zip(&mut found) {
                let mut rows = statement.query([self.key(&file.path)])?;
                if let Some(row) = rows.next()? {
                    *found = rows::read_for(row, file.stamp, file.evidence)?;
                }
            }
        }
        self.find_moved(files, &mut found)?;
        Ok(found)
    }

    /// Both sides in the order of their paths, side by side.
    fn find_in_one_pass(
        &self,
        files: &[MediaFile],
        found: &mut [Option<CachedRow>],
    ) -> rusqlite::Result<()> {
        let mut wanted: Vec<(Vec<u8>, usize)> =
            files.iter().enumerate().map(|(i, file)| (self.key(&file.path), i)).collect();
        wanted.sort_unstable();
        let mut statement =
            self.connection.prepare(&format!("SELECT {COLUMNS} FROM file ORDER BY path"))?;
        let mut rows = statement.query([])?;
        let mut wanted = wanted.into_iter().peekable();
        while let Some(row) = rows.next()? {
            let path = row.get_ref(0)?.as_blob()?;
            while wanted.next_if(|(key, _)| key.as_slice() < path).is_some() {}
            while let Some((_, index)) = wanted.next_if(|(key, _)| key == path) {
                found[index] = rows::read_for(row, files[index].stamp, files[index].evidence)?;
            }
            if wanted.peek().is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Files that are not known by path: perhaps by inode.
    fn find_moved(
        &self,
        files: &[MediaFile],
        found: &mut [Option<CachedRow>],
    ) -> rusqlite::Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM file WHERE inode = ?1 AND device = ?2");
        let mut statement = self.connection.prepare(&sql)?;
        for (file, found) in files.iter().zip(found).filter(|(_, found)| found.is_none()) {
            let key = file.stamp.key;
            let mut rows = statement.query([key.inode as i64, key.device as i64])?;
            while let Some(row) = rows.next()? {
                // Another drive may have the numbers of the one that the row is of.
                let row = rows::read_for(row, file.stamp, file.evidence)?;
                if let Some(row) = row.filter(|row| row.content.is_some()) {
                    *found = Some(CachedRow { unconfirmed: true, ..row });
                    break;
                }
            }
        }
        Ok(())
    }

    /// Writes records in one transaction: all of them last, or none. Each comes with the BLAKE3 of
    /// the bytes that it was made from, where that is known.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn write_batch(
        &mut self,
        batch: &[(&MediaFile, &Record, Option<ContentHash>)],
    ) -> Result<(), CacheError> {
        if !self.kept {
            return Ok(());
        }
        self.attempt_mut(|cache| {
            let keys: Vec<_> = batch.iter().map(|(file, ..)| cache.key(&file.path)).collect();
            let transaction = cache.connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(rows::INSERT)?;
                for ((file, record, content), key) in batch.iter().zip(keys) {
                    rows::insert(&mut statement, &key, file, record, *content)?;
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()
        })
    }

    /// Writes pictures that are known from elsewhere, in the place of what is known of their paths.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn write_known(&mut self, pictures: &[KnownPicture]) -> Result<(), CacheError> {
        let files: Vec<MediaFile> = pictures
            .iter()
            .map(|known| MediaFile {
                path: known.path.clone(),
                stamp: known.stamp,
                evidence: known.evidence,
                root: 0,
            })
            .collect();
        let records: Vec<Record> =
            pictures.iter().map(|known| Record::Picture(known.record.clone())).collect();
        let contents = pictures.iter().map(|known| known.content);
        let batch = files.iter().zip(&records).zip(contents);
        self.write_batch(&batch.map(|((file, record), c)| (file, record, c)).collect::<Vec<_>>())
    }

    /// Removes the rows of these files, so that they are read again.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn forget(&mut self, paths: &[&Path]) -> Result<(), CacheError> {
        self.attempt_mut(|cache| {
            let keys: Vec<_> = paths.iter().map(|path| cache.key(path)).collect();
            let transaction = cache.connection.transaction()?;
            {
                let mut remove = transaction.prepare_cached("DELETE FROM file WHERE path = ?1")?;
                for key in keys {
                    remove.execute([key])?;
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()
        })
    }

    /// Takes note that bytes are somewhere else now, so that they need not be read again. What does
    /// not hold for the file that was there is left as it is.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn follow(&mut self, moves: &[Moved<'_>]) -> Result<(), CacheError> {
        if !self.kept {
            return Ok(());
        }
        self.attempt_mut(|cache| {
            let keys: Vec<_> = moves.iter().map(|m| (cache.key(m.from), cache.key(m.to))).collect();
            let transaction = cache.connection.transaction()?;
            {
                let mut copy = transaction.prepare_cached(rows::FOLLOW)?;
                let mut remove = transaction.prepare_cached("DELETE FROM file WHERE path = ?1")?;
                for (moved, (from, to)) in moves.iter().zip(keys) {
                    let followed = rows::follow(&mut copy, &from, &to, moved)?;
                    if followed && !moved.kept && from != to {
                        remove.execute([&from])?;
                    }
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()
        })
    }

    /// Goes through all pictures of this [`HASH_VERSION`], by path, whether their files are still
    /// there or not.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn each_picture(&self, take: &mut dyn FnMut(KnownPicture)) -> Result<(), CacheError> {
        self.attempt(|cache| {
            let columns = cache.columns;
            let sql = format!("SELECT {columns} FROM file WHERE hash_version = ?1 ORDER BY path");
            let mut statement = cache.connection.prepare(&sql)?;
            let mut rows = statement.query([HASH_VERSION])?;
            while let Some(row) = rows.next()? {
                if let Some(picture) = rows::known_picture(row)? {
                    take(picture);
                }
            }
            Ok(())
        })
    }

    /// The picture that was at `path`.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn picture_at(&self, path: &Path) -> Result<Option<KnownPicture>, CacheError> {
        self.attempt(|cache| {
            let columns = cache.columns;
            let sql = format!("SELECT {columns} FROM file WHERE path = ?1 AND hash_version = ?2");
            let mut statement = cache.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![cache.key(path), HASH_VERSION])?;
            rows.next()?.map_or(Ok(None), rows::known_picture)
        })
    }

    /// The hashes of all pictures side by side, read from the file beside the database if that
    /// still holds; made of the rows, and written for the next time, if it does not. A file that
    /// cannot be written only costs time.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn packed(&self) -> Result<Packed, CacheError> {
        let mark = self.attempt(Self::mark)?;
        let path = schema::with_suffix(&self.file, "-packed");
        let kept = mark.filter(|_| self.kept);
        if let Some(packed) = kept.and_then(|mark| Packed::open(&path, mark)) {
            return Ok(packed);
        }
        let mut packing = Packing::default();
        self.attempt(|cache| {
            let sql = "SELECT path, views FROM file
                       WHERE hash_version = ?1 AND quality >= ?2 ORDER BY path";
            let mut statement = cache.connection.prepare(sql)?;
            let mut rows = statement.query(params![HASH_VERSION, QUALITY_FLOOR.0])?;
            while let Some(row) = rows.next()? {
                let views = row.get_ref(1)?.as_blob_or_null()?.and_then(rows::views_from_bytes);
                if let Some(views) = views {
                    packing.push(row.get_ref(0)?.as_blob()?, views);
                }
            }
            Ok(())
        })?;
        let packed = packing.finish();
        // Changes on the way are in the next mark, and then this file does not hold.
        if let Some(mark) = kept
            && let Err(error) = packed.write(&path, mark)
        {
            tracing::debug!(
                "{} is not written: {error}",
                crate::model::path_text::for_people(&path)
            );
        }
        Ok(packed)
    }

    /// `None` for a database from before there were marks.
    fn mark(&self) -> rusqlite::Result<Option<Mark>> {
        let asked = self.connection.query_row("SELECT epoch, count FROM change", [], |row| {
            Ok(Mark([row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64]))
        });
        match asked {
            Ok(mark) => Ok(Some(mark)),
            Err(rusqlite::Error::SqliteFailure(_, Some(text)))
            | Err(rusqlite::Error::SqlInputError { msg: text, .. })
                if text.starts_with("no such") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the rows of files that `gone` says are gone; how many.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn prune(&mut self, gone: &dyn Fn(&Path) -> bool) -> Result<u64, CacheError> {
        self.attempt_mut(|cache| {
            let mut removed = Vec::new();
            {
                let mut statement = cache.connection.prepare("SELECT path FROM file")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let bytes = row.get_ref(0)?.as_blob()?;
                    if gone(&path_of_key(bytes)) {
                        removed.push(bytes.to_vec());
                    }
                }
            }
            let transaction = cache.connection.transaction()?;
            {
                let mut statement = transaction.prepare("DELETE FROM file WHERE path = ?1")?;
                for path in &removed {
                    statement.execute([path])?;
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()?;
            Ok(removed.len() as u64)
        })
    }

    /// Goes through the paths of all pictures that are known below a folder, by path.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn each_path_below(
        &self,
        folder: &Path,
        take: &mut dyn FnMut(PathBuf),
    ) -> Result<(), CacheError> {
        self.attempt(|cache| {
            let mut from = cache.key(folder);
            from.push(std::path::MAIN_SEPARATOR as u8);
            let mut to = cache.key(folder);
            to.push(std::path::MAIN_SEPARATOR as u8 + 1);
            let sql = "SELECT path FROM file
                       WHERE path >= ?1 AND path < ?2 AND format IS NOT NULL ORDER BY path";
            let mut statement = cache.connection.prepare(sql)?;
            let mut rows = statement.query([from, to])?;
            while let Some(row) = rows.next()? {
                take(path_of_key(row.get_ref(0)?.as_blob()?));
            }
            Ok(())
        })
    }

    /// Removes every row; how many.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn clear(&mut self) -> Result<u64, CacheError> {
        self.attempt_mut(|cache| {
            let transaction = cache.connection.transaction()?;
            let removed = transaction.execute("DELETE FROM file", [])?;
            transaction.execute(CHANGED, [])?;
            transaction.commit()?;
            cache.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
            Ok(removed as u64)
        })
    }

    /// Counts what is in it.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn stats(&self) -> Result<Stats, CacheError> {
        self.attempt(|cache| {
            let mut stats = cache.connection.query_row(
                "SELECT count(*), count(format), count(stage), count(content),
                        coalesce(sum(hash_version <> ?1), 0) FROM file",
                [HASH_VERSION],
                |row| {
                    let count = |i| row.get::<_, i64>(i).map(|n| u64::try_from(n).unwrap_or(0));
                    Ok(Stats {
                        rows: count(0)?,
                        pictures: count(1)?,
                        failures: count(2)?,
                        with_content: count(3)?,
                        outdated: count(4)?,
                        ..Stats::default()
                    })
                },
            )?;
            let mut statement = cache.connection.prepare(
                "SELECT format, count(*) FROM file WHERE format IS NOT NULL
                 GROUP BY format ORDER BY count(*) DESC, format",
            )?;
            stats.formats = statement
                .query_map([], |row| {
                    Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
                })?
                .collect::<rusqlite::Result<_>>()?;
            stats.bytes_on_disk = schema::parts(&cache.file)
                .iter()
                .filter_map(|part| part.metadata().ok())
                .map(|metadata| metadata.len())
                .sum();
            Ok(stats)
        })
    }

    /// Checks the database and every row; `stamp` tells what a file is now, if it is there.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn verify(
        &self,
        stamp: &dyn Fn(&Path) -> Option<(FileStamp, Evidence)>,
    ) -> Result<Verified, CacheError> {
        self.attempt(|cache| {
            let mut verified = Verified::default();
            let mut check = cache.connection.prepare("PRAGMA integrity_check")?;
            let lines: Vec<String> =
                check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            verified.damage = lines.into_iter().filter(|line| line != "ok").collect();
            let mut statement = cache.connection.prepare(&format!("SELECT {COLUMNS} FROM file"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                verified.rows += 1;
                let path = path_of_key(row.get_ref(0)?.as_blob()?);
                let standing =
                    stamp(&path).map(|(now, evidence)| rows::standing(row, now, evidence));
                match (rows::read(row), standing.transpose()) {
                    (Ok(Some(_)), Ok(standing)) => {
                        verified.stale += u64::from(standing != Some(RowMatch::Holds));
                    }
                    _ => verified.unreadable += 1,
                }
            }
            Ok(verified)
        })
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
