//! Open folders, and names in them.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::model::media::FileKey;

/// A folder that is held open, so that every act on a name in it stays in this very folder, even
/// when its path leads elsewhere in the meantime; on Windows so that its path cannot lead elsewhere.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    key: FileKey,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
    #[cfg(windows)]
    _pin: std::fs::File,
}

impl Folder {
    /// Of what opening it has given.
    pub(super) fn new(path: PathBuf, opened: OpenFolder) -> Arc<Self> {
        Arc::new(Self {
            path,
            key: opened.key,
            #[cfg(unix)]
            descriptor: opened.descriptor,
            #[cfg(windows)]
            _pin: opened.pin,
        })
    }

    /// The path that it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The identity of the folder.
    pub fn key(&self) -> FileKey {
        self.key
    }

    #[cfg(unix)]
    pub(super) fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.descriptor)
    }
}

/// What opening a folder gives.
pub(super) struct OpenFolder {
    pub key: FileKey,
    #[cfg(unix)]
    pub descriptor: std::os::fd::OwnedFd,
    #[cfg(windows)]
    pub pin: std::fs::File,
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

    /// The name in the folder.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Where it was when its folder was opened: for messages, and for what needs paths.
    pub fn path(&self) -> PathBuf {
        self.folder.path.join(&self.name)
    }
}
