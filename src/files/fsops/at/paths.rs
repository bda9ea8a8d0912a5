//! Everything by paths, for systems without descriptors of folders.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::{OpenFolder, look_of};
use crate::files::fsops::{Folder, Look, Place};
use crate::files::stamp::stamp_of;

pub(in crate::files::fsops) fn open_folder(path: &Path, _whole: bool) -> io::Result<OpenFolder> {
    for folder in path.ancestors() {
        if !fs::symlink_metadata(folder)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
    }
    Ok(OpenFolder { key: stamp_of(path, &fs::symlink_metadata(path)?).key })
}

pub(in crate::files::fsops) fn open_folder_in(place: &Place) -> io::Result<OpenFolder> {
    let path = place.path();
    let metadata = fs::symlink_metadata(&path)?;
    if !metadata.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(OpenFolder { key: stamp_of(&path, &metadata).key })
}

pub(in crate::files::fsops) fn look(place: &Place) -> io::Result<Option<Look>> {
    let path = place.path();
    match fs::symlink_metadata(&path) {
        Ok(metadata) => Ok(Some(look_of(&path, &metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in crate::files::fsops) fn open_file(place: &Place) -> io::Result<File> {
    let path = place.path();
    if fs::symlink_metadata(&path)?.is_symlink() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "a symbolic link"));
    }
    File::open(path)
}

pub(in crate::files::fsops) fn create_file(place: &Place) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(place.path())
}

pub(in crate::files::fsops) fn make_folder(place: &Place) -> io::Result<()> {
    fs::create_dir(place.path())
}

pub(in crate::files::fsops) fn remove_folder(place: &Place) -> io::Result<()> {
    fs::remove_dir(place.path())
}

pub(in crate::files::fsops) fn remove_file(place: &Place) -> io::Result<()> {
    fs::remove_file(place.path())
}

pub(in crate::files::fsops) fn link(original: &Place, name: &Place) -> io::Result<()> {
    fs::hard_link(original.path(), name.path())
}

/// Renames, and replaces what is there.
pub(in crate::files::fsops) fn rename(from: &Place, to: &Place) -> io::Result<()> {
    fs::rename(from.path(), to.path())
}

pub(in crate::files::fsops) fn rename_flagged(_from: &Place, _to: &Place) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Here the system syncs the names in a folder by itself.
pub(in crate::files::fsops) fn sync_folder(_folder: &Folder) -> io::Result<()> {
    Ok(())
}
