//! The database file: its tables, its identity, and what happens when it is damaged or somebody
//! else's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, ffi};

use super::rows::{COLUMNS, COLUMNS_BEFORE_3, COLUMNS_BEFORE_4};
use super::{CacheError, SetAside};
pub(super) use crate::catalogue::own_database::with_suffix;
use crate::catalogue::own_database::{BESIDE, DatabaseState, Foreign, Identity, identity_of, look};
use crate::files::atomic_file;
use crate::files::real_paths::real_path;

/// `PRAGMA application_id`: "ClBk".
const APPLICATION_ID: u32 = 0x436c_426b;
/// `PRAGMA user_version`: the form of the tables.
const SCHEMA_VERSION: i32 = 4;
/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(20);
/// How many times to try again when two create the database at the same time and one finds the
/// journal deleted by the other. Seen under Wine.
const RETRIES: u32 = 10;

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
/// Since version 4: the traces that tell originals from copies. Rows without them hold, and the
/// traces are looked for when they are needed.
const PROVENANCE: &str = "ALTER TABLE file ADD COLUMN provenance BLOB;";
/// Since version 2: tells whether rows changed, for what is made of them. One row; the first number
/// tells this database from another one in its place.
const CHANGES: &str = "
CREATE TABLE change (epoch INTEGER NOT NULL, count INTEGER NOT NULL);
INSERT INTO change VALUES (random(), 0);
";

/// Opens or makes the database; says where a damaged one was put. What is not this program's own
/// is left as it is.
pub(super) fn open(file: &Path) -> Result<(Connection, Option<SetAside>), CacheError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CacheError::Io { path, source }
    };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        atomic_file::make_private_folder(folder).map_err(failed(folder))?;
    }
    check_own(file)?;
    // SQLite would let others read it; what it makes beside it has the same permissions.
    atomic_file::make_private_file(file).map_err(failed(file))?;
    let damaged = match prepare(file) {
        Ok(ready) => return Ok((own(file, ready)?, None)),
        Err(error) => match self::error(file, error) {
            CacheError::Damaged { source, .. } => source,
            other => return Err(other),
        },
    };
    // Another process may have found the same and put a good one in its place meanwhile.
    if let Ok(ready) = prepare(file) {
        return Ok((own(file, ready)?, None));
    }
    let moved_to = set_aside(file)?;
    atomic_file::make_private_file(file).map_err(failed(file))?;
    let ready = prepare(file).map_err(|error| self::error(file, error))?;
    let why = format!("it is damaged ({damaged})");
    Ok((own(file, ready)?, Some(SetAside { moved_to, why })))
}

/// Checks that a database of this program and of a known version lies here, or nothing; returns
/// which file it is.
fn check_own(file: &Path) -> Result<Option<Identity>, CacheError> {
    let path = || file.to_owned();
    match look(file, APPLICATION_ID) {
        Ok(DatabaseState::Free) => Ok(None),
        Ok(DatabaseState::Own { version, .. })
            if i64::from(version) > i64::from(SCHEMA_VERSION) =>
        {
            Err(CacheError::Newer(path()))
        }
        Ok(DatabaseState::Own { identity, .. }) => Ok(Some(identity)),
        Ok(DatabaseState::Foreign(why)) => Err(CacheError::Foreign { path: path(), why }),
        Err(source) => Err(CacheError::Io { path: path(), source }),
    }
}

fn own(file: &Path, ready: Ready) -> Result<Connection, CacheError> {
    let path = file.to_owned();
    match ready {
        Ready::Open(connection) => Ok(connection),
        Ready::OtherProgram => Err(CacheError::Foreign { path, why: Foreign::OtherProgram }),
        Ready::Newer => Err(CacheError::Newer(path)),
    }
}

/// What SQLite says of a database.
enum Ready {
    Open(Connection),
    OtherProgram,
    Newer,
}

fn prepare(file: &Path) -> rusqlite::Result<Ready> {
    for _ in 0..RETRIES {
        match prepare_once(file) {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.extended_code == ffi::SQLITE_IOERR_DELETE_NOENT => {}
            other => return other,
        }
    }
    prepare_once(file)
}

fn prepare_once(file: &Path) -> rusqlite::Result<Ready> {
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    // Immediate: of two processes that find an empty file one makes the tables, and the other sees
    // them whole.
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let ask = |question: &str| transaction.query_row(question, [], |row| row.get::<_, i64>(0));
    let id = ask("PRAGMA application_id")?;
    let version = ask("PRAGMA user_version")?;
    let tables = ask("SELECT count(*) FROM sqlite_schema")?;
    if id != i64::from(APPLICATION_ID) && (id != 0 || tables > 0) {
        return Ok(Ready::OtherProgram);
    }
    if version > i64::from(SCHEMA_VERSION) {
        return Ok(Ready::Newer);
    }
    if tables == 0 {
        make_tables(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    } else if version < i64::from(SCHEMA_VERSION) {
        if version < 2 {
            transaction.execute_batch(CHANGES)?;
        }
        if version < 3 {
            transaction.execute_batch(EVIDENCE)?;
        }
        transaction.execute_batch(PROVENANCE)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    match connection.pragma_update(None, "journal_mode", "wal") {
        // Another process is doing it, and then it has done this too.
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

fn make_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    connection.execute_batch(CHANGES)?;
    connection.execute_batch(EVIDENCE)?;
    connection.execute_batch(PROVENANCE)
}

/// A database in memory, which nothing is written to: for runs without a cache.
pub(super) fn none() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    make_tables(&connection)?;
    Ok(connection)
}

/// Opens a database that is not to be changed, perhaps on a drive that cannot be written to.
pub(super) fn open_read_only(file: &Path) -> Result<(Connection, &'static str), CacheError> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    fs::metadata(file).map_err(|source| CacheError::Io { path: file.to_owned(), source })?;
    // Even for reading SQLite makes files beside a database.
    check_own(file)?;
    let attempt = |connection: rusqlite::Result<Connection>| {
        let connection = connection?;
        connection.busy_timeout(BUSY)?;
        let ask =
            |what: &str| connection.pragma_query_value(None, what, |row| row.get::<_, i64>(0));
        let ours = ask("application_id")? == i64::from(APPLICATION_ID);
        let columns = match ask("user_version")? {
            1 | 2 => Some(COLUMNS_BEFORE_3),
            3 => Some(COLUMNS_BEFORE_4),
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
            source: io::Error::other("it is no cache of this version of the program"),
        }),
        Err(error) => Err(self::error(file, error)),
    }
}

/// A path as SQLite's URIs have it.
fn uri_path(file: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    crate::model::path_text::key_of_path(file)
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
pub(super) fn parts(file: &Path) -> Vec<PathBuf> {
    let suffixes = std::iter::once("").chain(BESIDE);
    suffixes.map(|suffix| with_suffix(file, suffix)).collect()
}

/// Renames a damaged database of this program to `NAME.corrupt-N`, N the first that is free, with
/// what lies beside it; where to. The logs go first: a new database must never meet an old log,
/// which SQLite would write into it.
pub(super) fn set_aside(file: &Path) -> Result<PathBuf, CacheError> {
    let failed = |source| CacheError::Io { path: file.to_owned(), source };
    // SQLite keeps its files beside the target of a link.
    let real = real_path(file).map_err(failed)?;
    let Some(identity) = check_own(&real)? else {
        return Err(failed(io::ErrorKind::NotFound.into()));
    };
    for n in 1..1000 {
        let target = with_suffix(&real, &format!(".corrupt-{n}"));
        // Makes the name ours first, so that nothing is replaced but our own empty file.
        match atomic_file::private_options().write(true).create_new(true).open(&target) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(failed(error)),
        }
        let moved = BESIDE
            .into_iter()
            .try_for_each(|end| move_new(&with_suffix(&real, end), &with_suffix(&target, end)))
            .and_then(|()| match identity_of(&real)? == identity {
                true => fs::rename(&real, &target),
                false => Err(io::Error::other("another file took its place")),
            });
        if let Err(error) = moved {
            // The name was only held; the first error is the one to tell.
            let _ = fs::remove_file(&target);
            return Err(failed(error));
        }
        // Between looking and renaming another file may have come: it goes back.
        if identity_of(&target).map_err(failed)? != identity {
            fs::hard_link(&target, &real).map_err(failed)?;
            fs::remove_file(&target).map_err(failed)?;
            return Err(failed(io::Error::other("another file took its place")));
        }
        return Ok(target);
    }
    Err(failed(io::Error::other("too many databases were set aside here")))
}

/// Renames a file, if it is there, to a name that nothing has.
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    if matches!(fs::symlink_metadata(from), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    atomic_file::private_options().write(true).create_new(true).open(to)?;
    match fs::rename(from, to) {
        Err(error) => {
            // The name was only held; the first error is the one to tell.
            let _ = fs::remove_file(to);
            if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
        }
        Ok(()) => Ok(()),
    }
}
