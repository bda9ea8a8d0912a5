//! The system's calls on names in open folders.

#[cfg(not(unix))]
mod paths;
#[cfg(unix)]
mod unix;

use std::fs::{FileType, Metadata};
use std::path::Path;

#[cfg(not(unix))]
pub(super) use paths::*;
#[cfg(unix)]
pub(super) use unix::*;

pub(super) use super::place::OpenFolder;
use super::{FileKind, Look};
use crate::files::stamp::stamp_of;

/// What the metadata of `path`, links not followed, say.
pub(super) fn look_of(path: &Path, metadata: &Metadata) -> Look {
    let of_type = |kind: FileType| match kind {
        _ if kind.is_symlink() => FileKind::Link,
        _ if kind.is_dir() => FileKind::Folder,
        _ if kind.is_file() => FileKind::File,
        _ => FileKind::Other,
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
