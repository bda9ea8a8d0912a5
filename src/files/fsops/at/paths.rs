//! Everything by paths, as Windows has it. A folder is opened so that nobody can rename or remove
//! it, nor a folder above it, as long as it is open: its path leads to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_LIST_DIRECTORY, FILE_SHARE_READ,
    FILE_SHARE_WRITE,
};

use super::{OpenFolder, look_of, look_of_open};
use crate::files::fsops::{Folder, Look, Place, windows};

pub(in crate::files::fsops) fn open_folder(path: &Path, _whole: bool) -> io::Result<OpenFolder> {
    // From the top, each held while the next one is opened. A link, or a junction, leads elsewhere.
    let mut above: Vec<&Path> = path.ancestors().collect();
    above.reverse();
    let mut held = None;
    for folder in above {
        held = Some(pin(folder)?);
    }
    of_pinned(path, held.ok_or(ErrorKind::InvalidInput)?)
}

pub(in crate::files::fsops) fn open_folder_in(place: &Place) -> io::Result<OpenFolder> {
    let path = place.path();
    let pinned = pin(&path)?;
    of_pinned(&path, pinned)
}

fn of_pinned(path: &Path, pin: File) -> io::Result<OpenFolder> {
    Ok(OpenFolder { key: look_of_open(path, &pin)?.stamp.key, pin })
}

/// Opens a folder that is no link.
fn pin(path: &Path) -> io::Result<File> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    let opened = |access: u32| {
        OpenOptions::new()
            .access_mode(access)
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
            .custom_flags(flags)
            .open(path)
    };
    let folder = match opened(FILE_LIST_DIRECTORY) {
        // What may be walked through but not listed: not held, as nobody is asked then.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => opened(0)?,
        other => other?,
    };
    if folder.metadata()?.is_dir() { Ok(folder) } else { Err(ErrorKind::NotADirectory.into()) }
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
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
        .open(place.path())?;
    if file.metadata()?.is_symlink() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "a symbolic link"));
    }
    Ok(file)
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

/// `MoveFileEx` without `MOVEFILE_REPLACE_EXISTING`.
pub(in crate::files::fsops) fn rename_flagged(from: &Place, to: &Place) -> io::Result<()> {
    windows::rename_new(&from.path(), &to.path())
}

/// Here the system keeps the names in a folder with a journal of its own.
pub(in crate::files::fsops) fn sync_folder(_folder: &Folder) -> io::Result<()> {
    Ok(())
}
