//! Opening folders and files without following a link.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Component, Path};
use std::sync::Arc;

use super::place::{Folder, Place};
use super::{FileKind, Look, at};
use crate::model::path_text::for_people;

impl Folder {
    /// Opens a folder by an absolute path without following any symbolic link in it.
    ///
    /// `whole` asks the system to resolve the path in one step, where it can.
    ///
    /// # Errors
    /// `NotFound` when it is not there; `NotADirectory`, with a message that names the obstacle,
    /// when a symbolic link or anything else is in the way; or what the system says.
    pub(super) fn open(path: &Path, whole: bool) -> io::Result<Arc<Self>> {
        let plain = path.is_absolute() && !path.components().any(|c| c == Component::ParentDir);
        if !plain {
            let message = format!("{} is not an absolute path without \"..\"", for_people(path));
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        let opened = at::open_folder(path, whole);
        opened
            .map(|opened| Self::new(path.to_owned(), opened))
            .map_err(|error| obstacle(path, error))
    }

    /// Opens the folder of that name.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub(super) fn open_in(place: &Place) -> io::Result<Arc<Self>> {
        let path = place.path();
        match at::open_folder_in(place) {
            Ok(opened) => Ok(Self::new(path, opened)),
            Err(error) => Err(obstacle(&path, error)),
        }
    }
}

/// Says what is in the way to a folder, when something is.
fn obstacle(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::NotFound {
        return error;
    }
    let mut above: Vec<&Path> = path.ancestors().collect();
    above.reverse();
    for folder in above {
        let Ok(metadata) = std::fs::symlink_metadata(folder) else { break };
        if metadata.is_dir() {
            continue;
        }
        let what = if metadata.is_symlink() { "a symbolic link" } else { "not a folder" };
        let message = format!("{} is {what}", for_people(folder));
        return io::Error::new(ErrorKind::NotADirectory, message);
    }
    error
}

/// A regular file that is open for reading.
#[derive(Debug)]
pub struct OpenFile {
    pub(super) file: File,
    look: Look,
    /// Windows knows some things of a file only by its path.
    #[cfg(windows)]
    pub(super) place: Place,
    /// A handle that keeps others from changing it.
    #[cfg(windows)]
    pub(super) lock: std::sync::OnceLock<File>,
}

impl OpenFile {
    /// Opens the file at a place, without following a symbolic link there, and without waiting for
    /// somebody to write into what turns out to be a pipe.
    ///
    /// # Errors
    /// `InvalidInput` for anything but a regular file, or what the system says.
    pub(super) fn open(place: &Place) -> io::Result<Self> {
        let file = at::open_file(place)?;
        let look = at::look_of_open(&place.path(), &file)?;
        if look.kind == FileKind::File {
            Ok(Self {
                file,
                look,
                #[cfg(windows)]
                place: place.clone(),
                #[cfg(windows)]
                lock: std::sync::OnceLock::new(),
            })
        } else {
            Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"))
        }
    }

    /// What it was when it was opened.
    pub fn look(&self) -> Look {
        self.look
    }
}
