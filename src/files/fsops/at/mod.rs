//! The system's calls on names in open folders.

#[cfg(windows)]
mod paths;
#[cfg(unix)]
mod unix;

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

#[cfg(windows)]
pub(super) use paths::*;
#[cfg(unix)]
pub(super) use unix::*;

pub(super) use super::place::OpenFolder;
use super::{FileKind, Look};
use crate::files::stamp::FileFacts;

/// What the metadata of `path`, links not followed, say.
pub(super) fn look_of(path: &Path, metadata: &Metadata) -> Look {
    look_by(metadata, FileFacts::at(path, metadata))
}

/// What an open file says of itself.
pub(super) fn look_of_open(path: &Path, file: &File) -> io::Result<Look> {
    Ok(look_by(&file.metadata()?, FileFacts::of_open(path, file)?))
}

fn look_by(metadata: &Metadata, facts: FileFacts) -> Look {
    let kind = match metadata.file_type() {
        kind if kind.is_symlink() => FileKind::Link,
        kind if kind.is_dir() => FileKind::Folder,
        kind if kind.is_file() => FileKind::File,
        _ => FileKind::Other,
    };
    Look { kind, stamp: facts.stamp, names: facts.names }
}
