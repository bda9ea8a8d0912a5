//! Lock files by their paths, for systems without folders that can be held open.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{FILE, FOLDER};
use crate::files::stamp::{FileFacts, may_be_one};

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

    /// Whether this file is the one that is there.
    pub(super) fn holds(&self, file: &File) -> bool {
        is_at(&self.folder.join(FILE), file)
    }

    /// Removes this file, and the folder if nothing else is in it.
    pub(super) fn remove(&self, file: File) {
        if self.holds(&file) && fs::remove_file(self.folder.join(FILE)).is_ok() {
            // On some systems and volumes a name is gone only when the file is closed.
            drop(file);
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

/// Whether this file is still the lock file of a library.
pub(super) fn is_there(library: &Path, file: &File) -> bool {
    is_at(&library.join(FOLDER).join(FILE), file)
}

fn is_at(path: &Path, file: &File) -> bool {
    let there = path.symlink_metadata().map(|found| FileFacts::at(path, &found).stamp.key);
    let here = FileFacts::of_open(path, file).map(|facts| facts.stamp.key);
    matches!((there, here), (Ok(there), Ok(here)) if may_be_one(there, here))
}
