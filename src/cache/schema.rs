//! The database file: its tables, its marks, and what happens to files that are not it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::rows::{COLUMNS, COLUMNS_BEFORE_3};
use super::{CacheError, ErrorCode, SetAside};

/// `PRAGMA application_id`: "ClBk".
const APPLICATION_ID: i32 = 0x436c_426b;
/// `PRAGMA user_version`: the form of the tables.
const SCHEMA_VERSION: i32 = 3;
/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(20);

const TABLES: &str = "
CREATE TABLE file (
    path BLOB NOT NULL PRIMARY KEY,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    hash_version INTEGER NOT NULL,
    format TEXT,
    width INTEGER,
    height INTEGER,
    quality INTEGER,
    views BLOB,
    orientation INTEGER,
    captured INTEGER,
    subsecond_ns INTEGER,
    offset_minutes INTEGER,
    has_position INTEGER,
    camera TEXT,
    marks INTEGER,
    content BLOB,
    stage TEXT,
    reason TEXT
) WITHOUT ROWID;
CREATE INDEX file_inode ON file (inode, device);
";
/// Since version 3: what tells a row's file from another in its place, and the seal that binds the
/// row to the bytes that were decoded. Earlier rows had a hash of the bytes that was computed later
/// than the picture was decoded, and so proves nothing.
const EVIDENCE: &str = "
ALTER TABLE file ADD COLUMN changed_ns INTEGER;
ALTER TABLE file ADD COLUMN volume INTEGER;
ALTER TABLE file ADD COLUMN seal BLOB;
UPDATE file SET content = NULL;
";
/// Since version 2: tells whether rows changed, for what is made of them. One row; the first number
/// tells this database from another one in its place.
const CHANGES: &str = "
CREATE TABLE change (epoch INTEGER NOT NULL, count INTEGER NOT NULL);
INSERT INTO change VALUES (random(), 0);
";

/// Opens or makes the database; says what was in the way.
pub(super) fn open(file: &Path) -> Result<(Connection, Option<SetAside>), CacheError> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)
            .map_err(|source| CacheError::Io { path: folder.to_owned(), source })?;
    }
    let why = match prepare(file) {
        Ok(Ready::Open(connection)) => return Ok((connection, None)),
        Ok(Ready::Foreign(why)) => why,
        Err(error) => match self::error(file, error) {
            CacheError::Damaged { source, .. } => format!("it is damaged ({source})"),
            other => return Err(other),
        },
    };
    let name = if why.starts_with("it is damaged") { "corrupt" } else { "foreign" };
    // Another process may have found the same and put a good one in its place meanwhile.
    if let Ok(Ready::Open(connection)) = prepare(file) {
        return Ok((connection, None));
    }
    let moved_to = set_aside(file, name)?;
    match prepare(file) {
        Ok(Ready::Open(connection)) => Ok((connection, Some(SetAside { moved_to, why }))),
        Ok(Ready::Foreign(_)) => Err(CacheError::Io {
            path: file.to_owned(),
            source: std::io::Error::other("another database took its place at once"),
        }),
        Err(error) => Err(self::error(file, error)),
    }
}

enum Ready {
    Open(Connection),
    Foreign(String),
}

fn prepare(file: &Path) -> rusqlite::Result<Ready> {
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    // Immediate: of two processes that find an empty file one makes the tables, and the other sees
    // them whole.
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let ask = |question: &str| transaction.query_row(question, [], |row| row.get::<_, i64>(0));
    let mark = ask("PRAGMA application_id")?;
    let version = ask("PRAGMA user_version")?;
    let tables = ask("SELECT count(*) FROM sqlite_schema")?;
    if mark != i64::from(APPLICATION_ID) && (mark != 0 || tables > 0) {
        return Ok(Ready::Foreign("it belongs to another program".into()));
    }
    if version > i64::from(SCHEMA_VERSION) {
        return Ok(Ready::Foreign("a newer version of this program made it".into()));
    }
    if tables == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(CHANGES)?;
        transaction.execute_batch(EVIDENCE)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    } else if version < i64::from(SCHEMA_VERSION) {
        if version < 2 {
            transaction.execute_batch(CHANGES)?;
        }
        transaction.execute_batch(EVIDENCE)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    match connection.pragma_update(None, "journal_mode", "wal") {
        // Another process is at it, and then it has seen to this too.
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::DatabaseBusy => {}
        other => other?,
    }
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -64_000)?;
    // A table that lacks a column of ours shows here, not in the middle of a run.
    connection.prepare(&format!("SELECT {COLUMNS} FROM file LIMIT 1"))?;
    connection.prepare("SELECT epoch, count FROM change")?;
    Ok(Ready::Open(connection))
}

/// Opens a database that is not to be changed, perhaps on a drive that cannot be written to.
pub(super) fn open_read_only(file: &Path) -> Result<(Connection, &'static str), CacheError> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    fs::metadata(file).map_err(|source| CacheError::Io { path: file.to_owned(), source })?;
    let attempt = |connection: rusqlite::Result<Connection>| {
        let connection = connection?;
        connection.busy_timeout(BUSY)?;
        let ask =
            |what: &str| connection.pragma_query_value(None, what, |row| row.get::<_, i64>(0));
        let ours = ask("application_id")? == i64::from(APPLICATION_ID);
        let columns = match ask("user_version")? {
            1 | 2 => Some(COLUMNS_BEFORE_3),
            version if version == i64::from(SCHEMA_VERSION) => Some(COLUMNS),
            _ => None,
        };
        Ok((connection, columns.filter(|_| ours)))
    };
    let opened = attempt(Connection::open_with_flags(file, flags)).or_else(|_| {
        // A log cannot be kept beside it; then nobody else writes to it either.
        let uri = format!("file:{}?immutable=1", uri_path(file));
        attempt(Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI))
    });
    match opened {
        Ok((connection, Some(columns))) => Ok((connection, columns)),
        Ok((_, None)) => Err(CacheError::Io {
            path: file.to_owned(),
            source: std::io::Error::other("it is no cache of this version of the program"),
        }),
        Err(error) => Err(self::error(file, error)),
    }
}

/// A path as SQLite's URIs have it.
fn uri_path(file: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    crate::path_text::key_of_path(file)
        .into_iter()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Tells damage from other failures.
pub(super) fn error(file: &Path, source: rusqlite::Error) -> CacheError {
    let damaged = match &source {
        rusqlite::Error::SqliteFailure(error, message) => {
            matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || message.as_deref().is_some_and(|text| text.starts_with("no such"))
        }
        rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..) => true,
        _ => false,
    };
    let path = file.to_owned();
    if damaged {
        CacheError::Damaged { path, source }
    } else {
        CacheError::Database { path, source }
    }
}

/// The database and the files that SQLite keeps beside it.
pub(super) fn parts(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| with_suffix(file, suffix))
}

pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Renames the database to `NAME.why-N`, N the first that is free; where to.
pub(super) fn set_aside(file: &Path, why: &str) -> Result<PathBuf, CacheError> {
    let failed = |source| CacheError::Io { path: file.to_owned(), source };
    for n in 1..1000 {
        let target = with_suffix(file, &format!(".{why}-{n}"));
        // Makes the name ours first, so that nothing is replaced but our own empty file.
        match fs::File::create_new(&target) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(failed(error)),
        }
        fs::rename(file, &target).map_err(failed)?;
        for suffix in ["-wal", "-shm"] {
            let part = with_suffix(file, suffix);
            match fs::rename(&part, with_suffix(&target, suffix)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed(error));
                }
                _ => {}
            }
        }
        return Ok(target);
    }
    Err(failed(std::io::Error::other("too many databases were set aside here")))
}
