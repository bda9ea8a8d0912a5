//! The file systems of this machine.

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::{FileSystem, Kind, Look, Trashed, attributes, copy, rename, trash_can};
use crate::own_file;
use crate::record::ContentHash;
use crate::stamp::stamp_of;

/// The real one.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// Whether renaming without replacing is asked of the system before other ways.
    pub(super) flagged_rename: bool,
    /// Whether hard links are tried.
    pub(super) links: bool,
}

impl Default for Disk {
    fn default() -> Self {
        Self { flagged_rename: true, links: true }
    }
}

impl FileSystem for Disk {
    fn look(&self, path: &Path) -> io::Result<Option<Look>> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(look_of(path, &metadata))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        copy::hash(&open_file(path)?)
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        rename::rename_new(*self, from, to)
    }

    fn link_new(&self, original: &Path, name: &Path) -> io::Result<()> {
        fs::hard_link(original, name)
    }

    fn clone_new(&self, original: &Path, to: &Path) -> io::Result<()> {
        copy::clone_new(&open_file(original)?, to)
    }

    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<ContentHash> {
        copy::copy_new(&open_file(from)?, to)
    }

    fn hash_from_disk(&self, path: &Path) -> io::Result<ContentHash> {
        let file = open_file(path)?;
        copy::forget_pages(&file);
        copy::hash(&file)
    }

    fn copy_attributes(&self, from: &Path, to: &Path, modified_ns: Option<i64>) -> Vec<String> {
        match (open_file(from), open_file(to)) {
            (Ok(from), Ok(to)) => attributes::copy(&from, &to, modified_ns),
            (Err(error), _) | (_, Err(error)) => vec![error.to_string()],
        }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        own_file::sync_folder(folder)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn trash(&self, path: &Path) -> io::Result<()> {
        trash_can::put(path)
    }

    fn trashed(&self, path: &Path) -> io::Result<Vec<Trashed>> {
        trash_can::of(path)
    }

    fn forget_trashed(&self, trashed: &Trashed) -> io::Result<()> {
        fs::remove_file(&trashed.note)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn look_of(path: &Path, metadata: &Metadata) -> Look {
    let of_type = |kind: FileType| match kind {
        _ if kind.is_symlink() => Kind::Link,
        _ if kind.is_dir() => Kind::Folder,
        _ if kind.is_file() => Kind::File,
        _ => Kind::Other,
    };
    Look {
        kind: of_type(metadata.file_type()),
        stamp: stamp_of(path, metadata),
        names: names(metadata),
    }
}

#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_metadata: &Metadata) -> u64 {
    1
}

/// Opens a regular file for reading, without following a link at the end of the path, and without
/// waiting for somebody to write into what turns out to be a pipe.
fn open_file(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a symbolic link"));
    }
    File::open(path)
}
