//! What people have decided about pictures: kept for good, unlike the cache, in a database of its
//! own.
//!
//! Marks name pictures by their bytes, so that they hold wherever a file goes; choices name files
//! by path, size and time, and are forgotten once a file is another.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::catalogue::own_database::{DatabaseState, look};
use crate::files::atomic_file;
use crate::model::media::{Bytes, ModifiedNs};
use crate::model::path_text::{for_people, key_of_path, path_of_key};
use crate::model::record::{ContentHash, Mark, MarkedFile};

/// `PRAGMA application_id`: "ClBd".
const APPLICATION_ID: u32 = 0x436c_4264;
/// `PRAGMA user_version`: the form of the tables.
const VERSION: i64 = 1;
/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(20);

const TABLES: &str = "
CREATE TABLE apart (
    first BLOB NOT NULL,
    first_size INTEGER NOT NULL,
    second BLOB NOT NULL,
    second_size INTEGER NOT NULL,
    PRIMARY KEY (first, second)
) WITHOUT ROWID;
CREATE TABLE choice (
    path BLOB NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    verdict TEXT NOT NULL
) WITHOUT ROWID;
";

/// What somebody has chosen for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is the keeper of its group.
    Keep,
    /// It may go.
    Remove,
    /// It stays, beside its keeper.
    Spare,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Keep, Self::Remove, Self::Spare];

    fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
            Self::Spare => "spare",
        }
    }
}

/// A verdict on a file; it holds as long as size and time do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The file, as an absolute path.
    pub path: PathBuf,
    /// Its size when the choice was made.
    pub size: Bytes,
    /// Its modification time when the choice was made.
    pub modified: ModifiedNs,
    /// What was chosen; `None` withdraws a choice.
    pub verdict: Option<Verdict>,
}

/// Why decisions cannot be read or kept.
#[derive(Debug)]
pub enum DecisionsError {
    /// The folder or the file.
    Io {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: io::Error,
    },
    /// The database.
    Database {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: rusqlite::Error,
    },
    /// The file is no database of decisions that this version knows.
    Foreign(PathBuf),
}

impl fmt::Display for DecisionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", for_people(path)),
            Self::Database { path, source } => {
                write!(f, "the decisions in {}: {source}", for_people(path))
            }
            Self::Foreign(path) => {
                write!(f, "{} holds no decisions that this version knows", for_people(path))
            }
        }
    }
}

impl std::error::Error for DecisionsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Database { source, .. } => Some(source),
            Self::Foreign(_) => None,
        }
    }
}

/// The database of decisions.
#[derive(Debug)]
pub struct Decisions {
    connection: Connection,
    file: PathBuf,
}

impl Decisions {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// [`DecisionsError`]; nothing that is there is replaced.
    pub fn open(file: &Path) -> Result<Self, DecisionsError> {
        if let Some(folder) = file.parent() {
            let failed = |source| DecisionsError::Io { path: folder.to_owned(), source };
            atomic_file::make_private_folder(folder).map_err(failed)?;
        }
        Self::prepare(file, OpenFlags::default())
    }

    /// Opens the database where there is one.
    ///
    /// # Errors
    /// [`DecisionsError`]
    pub fn open_existing(file: &Path) -> Result<Option<Self>, DecisionsError> {
        match fs::metadata(file) {
            Ok(_) => {
                let flags = OpenFlags::default() & !OpenFlags::SQLITE_OPEN_CREATE;
                Self::prepare(file, flags).map(Some)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(DecisionsError::Io { path: file.to_owned(), source }),
        }
    }

    fn prepare(file: &Path, flags: OpenFlags) -> Result<Self, DecisionsError> {
        let failed = |source| DecisionsError::Io { path: file.to_owned(), source };
        if let DatabaseState::Foreign(_) = look(file, APPLICATION_ID).map_err(failed)? {
            return Err(DecisionsError::Foreign(file.to_owned()));
        }
        if flags.contains(OpenFlags::SQLITE_OPEN_CREATE) {
            atomic_file::make_private_file(file).map_err(failed)?;
        }
        let attempt = || -> rusqlite::Result<Option<Connection>> {
            let mut connection = Connection::open_with_flags(file, flags)?;
            connection.busy_timeout(BUSY)?;
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let ask = |what: &str| transaction.query_row(what, [], |row| row.get::<_, i64>(0));
            let mark = ask("PRAGMA application_id")?;
            let version = ask("PRAGMA user_version")?;
            if ask("SELECT count(*) FROM sqlite_schema")? == 0 && mark == 0 {
                transaction.execute_batch(TABLES)?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            } else if (mark, version) != (APPLICATION_ID.into(), VERSION) {
                return Ok(None);
            }
            transaction.commit()?;
            // A decision that was shown as kept is on the disk.
            connection.pragma_update(None, "synchronous", "full")?;
            Ok(Some(connection))
        };
        let file = file.to_owned();
        match attempt() {
            Ok(Some(connection)) => Ok(Self { connection, file }),
            Ok(None) => Err(DecisionsError::Foreign(file)),
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == rusqlite::ErrorCode::NotADatabase =>
            {
                Err(DecisionsError::Foreign(file))
            }
            Err(source) => Err(DecisionsError::Database { path: file, source }),
        }
    }

    /// All pairs that were called two pictures.
    ///
    /// # Errors
    /// [`DecisionsError::Database`]
    pub fn marks(&self) -> Result<Vec<Mark>, DecisionsError> {
        self.attempt(|connection| {
            let mut statement =
                connection.prepare("SELECT first, first_size, second, second_size FROM apart")?;
            let marked = |row: &rusqlite::Row<'_>, at: usize| -> rusqlite::Result<MarkedFile> {
                let size: i64 = row.get(at + 1)?;
                Ok(MarkedFile {
                    content: ContentHash(row.get(at)?),
                    size: u64::try_from(size).unwrap_or(0),
                })
            };
            let rows =
                statement.query_map([], |row| Ok(Mark::new(marked(row, 0)?, marked(row, 2)?)))?;
            rows.collect()
        })
    }

    /// Keeps marks, or with `apart` false removes them.
    ///
    /// # Errors
    /// [`DecisionsError::Database`]
    pub fn mark(&mut self, marks: &[Mark], apart: bool) -> Result<(), DecisionsError> {
        self.change(|transaction| {
            for Mark { first, second } in marks {
                let (a, b) = (first.content.0, second.content.0);
                if apart {
                    let sizes = [first.size, second.size].map(|s| i64::try_from(s).unwrap_or(0));
                    transaction.execute(
                        "INSERT OR REPLACE INTO apart VALUES (?1, ?2, ?3, ?4)",
                        params![a, sizes[0], b, sizes[1]],
                    )?;
                } else {
                    transaction
                        .execute("DELETE FROM apart WHERE first = ?1 AND second = ?2", [a, b])?;
                }
            }
            Ok(())
        })
    }

    /// What was chosen for a file that is still as it was.
    ///
    /// # Errors
    /// [`DecisionsError::Database`]
    pub fn choice(
        &self,
        path: &Path,
        size: Bytes,
        modified: ModifiedNs,
    ) -> Result<Option<Verdict>, DecisionsError> {
        self.attempt(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT verdict FROM choice WHERE path = ?1 AND size = ?2 AND modified_ns = ?3",
            )?;
            let size = i64::try_from(size.0).unwrap_or(i64::MAX);
            let key = params![key_of_path(path), size, modified.0];
            let name: Option<String> = statement.query_row(key, |row| row.get(0)).optional()?;
            Ok(name.and_then(|name| Verdict::ALL.into_iter().find(|v| v.name() == name)))
        })
    }

    /// All paths that something was chosen for.
    ///
    /// # Errors
    /// [`DecisionsError::Database`]
    pub fn chosen(&self) -> Result<Vec<PathBuf>, DecisionsError> {
        self.attempt(|connection| {
            let mut statement = connection.prepare("SELECT path FROM choice ORDER BY path")?;
            let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
            rows.map(|row| row.map(|bytes| path_of_key(&bytes))).collect()
        })
    }

    /// Keeps choices.
    ///
    /// # Errors
    /// [`DecisionsError::Database`]
    pub fn choose(&mut self, choices: &[Choice]) -> Result<(), DecisionsError> {
        self.change(|transaction| {
            let mut choose =
                transaction.prepare("INSERT OR REPLACE INTO choice VALUES (?1, ?2, ?3, ?4)")?;
            let mut forget = transaction.prepare("DELETE FROM choice WHERE path = ?1")?;
            for choice in choices {
                let path = key_of_path(&choice.path);
                match choice.verdict {
                    Some(verdict) => choose.execute(params![
                        path,
                        i64::try_from(choice.size.0).unwrap_or(i64::MAX),
                        choice.modified.0,
                        verdict.name()
                    ])?,
                    None => forget.execute([path])?,
                };
            }
            Ok(())
        })
    }

    fn attempt<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DecisionsError> {
        work(&self.connection)
            .map_err(|source| DecisionsError::Database { path: self.file.clone(), source })
    }

    fn change(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), DecisionsError> {
        let attempt = || {
            let transaction = self
                .connection
                .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            work(&transaction)?;
            transaction.commit()
        };
        attempt().map_err(|source| DecisionsError::Database { path: self.file.clone(), source })
    }
}

#[cfg(test)]
mod tests;
