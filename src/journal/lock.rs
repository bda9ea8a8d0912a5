//! One writer at a time.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Held while files are changed; let go of when dropped, or when the process ends in any way.
#[derive(Debug)]
#[must_use = "what is not held locks nothing"]
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
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { by } => write!(f, "another run is changing files: {by}"),
            Self::Io { path, source } => {
                write!(f, "lock {}: {source}", crate::path_text::for_people(path))
            }
        }
    }
}

impl std::error::Error for LockError {}

impl Lock {
    /// Takes the lock of the state in `folder`; `me` tells others who holds it.
    ///
    /// # Errors
    /// [`LockError::Held`] at once when another process has it.
    pub fn take(folder: &Path, me: &str) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let failed = |source| LockError::Io { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new()
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
                // Only to be told; whoever holds it may be writing it just now.
                let _ = file.take(200).read_to_string(&mut by);
                return Err(LockError::Held { by: by.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let told = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(me.as_bytes()));
        told.map_err(failed)?;
        Ok(Self { _file: file })
    }
}
