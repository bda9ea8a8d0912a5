//! Open folders, names in them, and open files.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Kind, Look, at};
use crate::model::media::FileKey;
use crate::model::path_text::for_people;

/// A folder that is held open, so that every act on a name in it stays in this very folder, even
/// when its path leads elsewhere in the meantime. Elsewhere than on Unix it is only its path.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    key: FileKey,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
}

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
            .map(|opened| Self::of(path.to_owned(), opened))
            .map_err(|error| obstacle(path, error))
    }

    /// Opens the folder of that name.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub(super) fn open_in(place: &Place) -> io::Result<Arc<Self>> {
        let path = place.path();
        match at::open_folder_in(place) {
            Ok(opened) => Ok(Self::of(path, opened)),
            Err(error) => Err(obstacle(&path, error)),
        }
    }

    fn of(path: PathBuf, opened: at::OpenFolder) -> Arc<Self> {
        Arc::new(Self {
            path,
            key: opened.key,
            #[cfg(unix)]
            descriptor: opened.descriptor,
        })
    }

    /// The path that it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which folder it is.
    pub fn key(&self) -> FileKey {
        self.key
    }

    #[cfg(unix)]
    pub(super) fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.descriptor)
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

/// A name in an open folder, whether anything is there or not.
#[derive(Clone, Debug)]
pub struct Place {
    folder: Arc<Folder>,
    name: OsString,
}

impl Place {
    /// The place of this name, which must be a single one.
    ///
    /// # Errors
    /// `InvalidInput` when it is a path of more or less than one name.
    pub fn new(folder: &Arc<Folder>, name: &OsStr) -> io::Result<Self> {
        let mut parts = Path::new(name).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(part)), None) if part == name => {
                Ok(Self { folder: Arc::clone(folder), name: name.to_owned() })
            }
            _ => Err(ErrorKind::InvalidInput.into()),
        }
    }

    /// The place of another name in the same folder.
    ///
    /// # Errors
    /// As [`Place::new`].
    pub fn beside(&self, name: &OsStr) -> io::Result<Self> {
        Self::new(&self.folder, name)
    }

    /// Its folder.
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// Its name.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Where it was when its folder was opened: for messages, and for what needs paths.
    pub fn path(&self) -> PathBuf {
        self.folder.path.join(&self.name)
    }
}

/// A regular file that is open for reading.
#[derive(Debug)]
pub struct Opened {
    pub(super) file: File,
    look: Look,
}

impl Opened {
    /// Opens the file at a place, without following a symbolic link there, and without waiting for
    /// somebody to write into what turns out to be a pipe.
    ///
    /// # Errors
    /// `InvalidInput` for anything but a regular file, or what the system says.
    pub(super) fn open(place: &Place) -> io::Result<Self> {
        let file = at::open_file(place)?;
        let look = at::look_of(&place.path(), &file.metadata()?);
        if look.kind == Kind::File {
            Ok(Self { file, look })
        } else {
            Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"))
        }
    }

    /// What it was when it was opened.
    pub fn look(&self) -> Look {
        self.look
    }
}
