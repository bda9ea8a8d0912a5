//! Lock files by their paths, for systems without folders that can be held open.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{FILE, FOLDER};

/// Where a lock file lies.
#[derive(Debug)]
pub(super) struct LockFolder {
    folder: PathBuf,
}

impl LockFolder {
    /// Makes the program's folder in a library where it is missing.
    pub(super) fn make(library: &Path) -> io::Result<Self> {
        match fs::create_dir(library.join(FOLDER)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Self::find(library),
        }
    }

    /// The program's folder in a library.
    pub(super) fn find(library: &Path) -> io::Result<Self> {
        let folder = library.join(FOLDER);
        if fs::symlink_metadata(&folder)?.is_dir() {
            Ok(Self { folder })
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    /// Opens the lock file, and tells whether it was made.
    pub(super) fn open(&self) -> io::Result<(File, bool)> {
        let path = self.folder.join(FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        match options.clone().create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => return Ok((other?, true)),
        }
        if fs::symlink_metadata(&path)?.is_symlink() {
            return Err(super::foreign());
        }
        Ok((options.open(&path)?, false))
    }

    /// Whether a file is there. An open file cannot be replaced here.
    pub(super) fn holds(&self, _file: &File) -> bool {
        self.folder.join(FILE).is_file()
    }

    /// Removes the file, and the folder if nothing else is in it.
    pub(super) fn remove(&self, _file: &File) {
        if fs::remove_file(self.folder.join(FILE)).is_ok() {
            // It stays when a quarantine is in it.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Opens the lock file of a library for reading.
pub(super) fn open_existing(library: &Path) -> io::Result<File> {
    let path = library.join(FOLDER).join(FILE);
    if fs::symlink_metadata(&path)?.is_symlink() {
        return Err(ErrorKind::NotFound.into());
    }
    File::open(path)
}

/// Whether a file is still there.
pub(super) fn is_there(library: &Path, _file: &File) -> bool {
    library.join(FOLDER).join(FILE).is_file()
}

/// How many names a file has.
pub(super) fn names(_metadata: &Metadata) -> u64 {
    1
}
