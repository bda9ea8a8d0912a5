//! One writer at a time.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::files::atomic_file;

/// How the file of a lock begins; what its holder says of itself follows.
const BEGINNING: &str = "clean-backup: ";
/// How it began in earlier versions.
const EARLIER: &str = "process ";

/// Whether the first bytes of a file are those of a lock, whole or torn by a crash.
fn is_own(head: &[u8]) -> bool {
    BEGINNING.as_bytes().starts_with(head)
        || [BEGINNING, EARLIER].iter().any(|text| head.starts_with(text.as_bytes()))
        || head.iter().all(|&byte| byte == 0)
}

/// A file of this name that holds anything else is left as it is.
fn foreign() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "it is not a lock file of clean-backup")
}

/// Held while files are changed; released when dropped, or when the process ends in any way.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it.
    Held {
        /// What it wrote of itself.
        by: String,
    },
    /// The file system says no.
    Io {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: io::Error,
    },
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { by } => write!(f, "another run is changing files: {by}"),
            Self::Io { path, source } => {
                write!(f, "lock {}: {source}", crate::model::path_text::for_people(path))
            }
        }
    }
}

impl std::error::Error for LockError {}

impl Lock {
    /// Takes the lock of the state in `folder`; `me` tells others who holds it.
    ///
    /// # Errors
    /// [`LockError::Held`] at once when another process has it; [`LockError::Io`] also when a file
    /// that is no lock has its name.
    pub fn take(folder: &Path, me: &str) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let failed = |source| LockError::Io { path: path.clone(), source };
        atomic_file::make_private_folder(folder).map_err(failed)?;
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(failed(foreign()));
        }
        let mut file = atomic_file::private_options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                // For the message only; the holder may be writing it just now.
                let _ = file.take(200).read_to_string(&mut by);
                let by = by.strip_prefix(BEGINNING).unwrap_or(&by);
                return Err(LockError::Held { by: by.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut head = Vec::new();
        (&file).take(BEGINNING.len() as u64).read_to_end(&mut head).map_err(failed)?;
        if !is_own(&head) {
            return Err(failed(foreign()));
        }
        let told = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(format!("{BEGINNING}{me}").as_bytes()));
        told.map_err(failed)?;
        Ok(Self { _file: file })
    }
}
