//! Whether a file may be used as a database of this program, decided before SQLite opens it: SQLite
//! writes to what it opens, and makes and removes files beside it.
//!
//! The first 100 bytes of a database hold its application id and its version (SQLite file format,
//! 1.3). What does not carry this program's id belongs to somebody else, damaged or not.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::files::real_paths::real_path;
use crate::files::stamp::stamp_of;
use crate::model::path_text::for_people;

/// How a database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Length of the header; `user_version` lies at 60, `application_id` at 68, high byte first.
const HEADER: usize = 100;
/// How a write-ahead log begins, without its last bit (file format, 4.1).
const WAL_MAGIC: u32 = 0x377f_0682;
/// How a rollback journal begins (file format, 3).
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/// What SQLite keeps beside a database.
pub const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What lies where a database is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseState {
    /// Nothing, or an empty file.
    Free,
    /// A database with the wanted application id, whole or damaged.
    Own {
        /// Its `user_version`.
        version: u32,
        /// The identity of the file.
        identity: Identity,
    },
    /// Something else, which must stay as it is.
    Foreign(Foreign),
}

/// Which file it is, as long as it exists; the same for all files where the system does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(u64, u64);

/// Why a file is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A folder, a pipe, a device.
    NotAFile,
    /// No SQLite database.
    NotADatabase,
    /// A database without this program's id.
    OtherProgram,
    /// A file that SQLite would overwrite or remove lies beside it.
    Beside(PathBuf),
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile => f.write_str("it is no regular file"),
            Self::NotADatabase => f.write_str("it is no database of clean-backup"),
            Self::OtherProgram => f.write_str("it is the database of another program"),
            Self::Beside(path) => {
                write!(f, "{} lies beside it and would be overwritten", for_people(path))
            }
        }
    }
}

/// Looks at what lies at `path`, without changing anything.
///
/// # Errors
/// What the system says; that nothing is there is no error.
pub fn look(path: &Path, application_id: u32) -> io::Result<DatabaseState> {
    let standing = look_at_header(path, application_id)?;
    if matches!(standing, DatabaseState::Foreign(_)) {
        return Ok(standing);
    }
    let real = real_path(path).unwrap_or_else(|_| path.to_owned());
    for suffix in BESIDE {
        let beside = with_suffix(&real, suffix);
        let fits = fits(&beside, suffix, standing == DatabaseState::Free)?;
        // Another process may have made both since.
        if !fits && look_at_header(path, application_id)? == standing {
            return Ok(DatabaseState::Foreign(Foreign::Beside(beside)));
        }
    }
    Ok(standing)
}

fn look_at_header(path: &Path, application_id: u32) -> io::Result<DatabaseState> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DatabaseState::Free),
        Err(error) => return Err(error),
    };
    // Opening a pipe would wait for somebody to write into it.
    if !found.is_file() {
        return Ok(DatabaseState::Foreign(Foreign::NotAFile));
    }
    let file = File::open(path)?;
    let identity = identity(path, &file.metadata()?);
    let mut header = Vec::with_capacity(HEADER);
    file.take(HEADER as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(DatabaseState::Free);
    }
    let (Some(version), Some(id)) = (number(&header, 60), number(&header, 68)) else {
        return Ok(DatabaseState::Foreign(Foreign::NotADatabase));
    };
    Ok(match () {
        () if !header.starts_with(MAGIC) => DatabaseState::Foreign(Foreign::NotADatabase),
        () if id != application_id => DatabaseState::Foreign(Foreign::OtherProgram),
        () => DatabaseState::Own { version, identity },
    })
}

fn number(header: &[u8], at: usize) -> Option<u32> {
    let bytes = header.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// Whether a file beside a database may be SQLite's own. A log without its database would be
/// removed by SQLite, and is therefore left to its owner.
fn fits(beside: &Path, suffix: &str, without_database: bool) -> io::Result<bool> {
    let found = match fs::symlink_metadata(beside) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    if !found.is_file() {
        return Ok(false);
    }
    if suffix == "-shm" {
        // It grows by pages, from the three bytes that it is cut to.
        return Ok(!without_database && (found.len() == 3 || found.len().is_multiple_of(4096)));
    }
    let mut head = Vec::with_capacity(8);
    match File::open(beside) {
        Ok(file) => file.take(8).read_to_end(&mut head)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    // Zeros: before the first bytes are on the disk, which is after all others, or never since the
    // power went.
    let blank = head.iter().all(|&byte| byte == 0);
    Ok(match suffix {
        "-wal" if without_database => false,
        "-wal" => blank || number(&head, 0).is_some_and(|n| n & !1 == WAL_MAGIC),
        _ => blank || head == JOURNAL_MAGIC,
    })
}

/// Which file is at `path` now, a symbolic link not followed.
///
/// # Errors
/// What the system says.
pub fn identity_of(path: &Path) -> io::Result<Identity> {
    fs::symlink_metadata(path).map(|found| identity(path, &found))
}

fn identity(path: &Path, found: &Metadata) -> Identity {
    let key = stamp_of(path, found).key;
    Identity(key.device, key.inode)
}

/// The path with something added to its last name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: u32 = 0x436c_426b;

    fn header(id: u32, version: u32) -> Vec<u8> {
        let mut header = vec![0; HEADER];
        header[..16].copy_from_slice(MAGIC);
        header[60..64].copy_from_slice(&version.to_be_bytes());
        header[68..72].copy_from_slice(&id.to_be_bytes());
        header
    }

    #[test]
    fn only_what_carries_the_id_is_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let standing = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            look(&path, ID).unwrap()
        };
        assert_eq!(look(&path, ID).unwrap(), DatabaseState::Free);
        assert_eq!(standing(b""), DatabaseState::Free);
        let own = standing(&header(ID, 7));
        assert!(matches!(own, DatabaseState::Own { version: 7, .. }), "{own:?}");
        // Damage after the header changes nothing.
        let damaged = [header(ID, 7), vec![0x5a; 5000]].concat();
        assert!(matches!(standing(&damaged), DatabaseState::Own { .. }));
        let foreign = |what| DatabaseState::Foreign(what);
        assert_eq!(standing(&header(0, 0)), foreign(Foreign::OtherProgram));
        assert_eq!(standing(&header(ID + 1, 7)), foreign(Foreign::OtherProgram));
        assert_eq!(standing(&header(ID, 7)[..99]), standing(&header(ID, 7)));
        assert_eq!(standing(&header(ID, 7)[..71]), foreign(Foreign::NotADatabase));
        assert_eq!(standing(b"\xff\xd8\xff"), foreign(Foreign::NotADatabase));
        assert_eq!(standing(&[0; 4096]), foreign(Foreign::NotADatabase));
        assert_eq!(look(folder.path(), ID).unwrap(), foreign(Foreign::NotAFile));
        // Below a file: Windows says that nothing is there, others that this is no folder.
        let below = look(&path.join("below"), ID);
        assert_eq!(below.ok(), cfg!(windows).then_some(DatabaseState::Free));
    }

    #[test]
    fn files_beside_that_sqlite_would_take_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let wal = [&0x377f_0683_u32.to_be_bytes()[..], &[0; 28]].concat();
        let cases: [(&str, &[u8], bool, bool); 10] = [
            ("-wal", &wal, true, false),
            ("-wal", b"", true, false),
            ("-wal", &[0; 4096], true, false),
            ("-wal", b"\xff\xd8\xff\xe0 a photograph", false, false),
            ("-shm", &[0; 32768], true, false),
            ("-shm", b"a photograph", false, false),
            ("-journal", b"", true, true),
            ("-journal", &JOURNAL_MAGIC, true, true),
            ("-journal", &[0; 512], true, true),
            ("-journal", b"my journal", false, false),
        ];
        for (suffix, bytes, with_own, without) in cases {
            let beside = with_suffix(&path, suffix);
            fs::write(&beside, bytes).unwrap();
            let foreign = DatabaseState::Foreign(Foreign::Beside(beside.clone()));
            let free = look(&path, ID).unwrap();
            assert_eq!(free == DatabaseState::Free, without, "{suffix} {bytes:?}: {free:?}");
            fs::write(&path, header(ID, 1)).unwrap();
            let own = look(&path, ID).unwrap();
            assert_eq!(own != foreign, with_own, "{suffix} {bytes:?}: {own:?}");
            fs::remove_file(&path).unwrap();
            fs::remove_file(&beside).unwrap();
        }
    }
}
