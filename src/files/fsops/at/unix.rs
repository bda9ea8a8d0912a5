//! Everything relative to descriptors of folders.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::OpenFolder;
use crate::files::fsops::{FileKind, Folder, Look, Place, sync};
use crate::model::media::{Bytes, FileKey, FileStamp, ModifiedNs};

/// A folder that is only to be gone on from needs no right to list it, where the system knows such
/// a way of opening.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

pub(in crate::files::fsops) fn open_folder(path: &Path, whole: bool) -> io::Result<OpenFolder> {
    let opened = if whole { resolved(path) } else { None };
    match opened {
        Some(opened) => from_descriptor(opened?),
        None => from_descriptor(one_by_one(path)?),
    }
}

/// In one step; `None` where the system has no such call, or a sandbox forbids it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn resolved(path: &Path) -> Option<io::Result<OwnedFd>> {
    use rustix::fs::{CWD, ResolveFlags, openat2};
    match openat2(CWD, path, FOLDER, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Err(Errno::NOSYS | Errno::PERM) => None,
        other => Some(other.map_err(io::Error::from)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn resolved(_path: &Path) -> Option<io::Result<OwnedFd>> {
    None
}

fn one_by_one(path: &Path) -> io::Result<OwnedFd> {
    let mut folder = rustix::fs::open("/", FOLDER, Mode::empty())?;
    for part in path.components() {
        match part {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => {
                folder =
                    rustix::fs::openat(&folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
            }
            Component::ParentDir | Component::Prefix(_) => {
                return Err(ErrorKind::InvalidInput.into());
            }
        }
    }
    Ok(folder)
}

pub(in crate::files::fsops) fn open_folder_in(place: &Place) -> io::Result<OpenFolder> {
    let flags = FOLDER | OFlags::NOFOLLOW;
    from_descriptor(rustix::fs::openat(
        place.folder().descriptor(),
        place.name(),
        flags,
        Mode::empty(),
    )?)
}

fn from_descriptor(descriptor: OwnedFd) -> io::Result<OpenFolder> {
    let key = look_of_stat(&rustix::fs::fstat(&descriptor)?).stamp.key;
    Ok(OpenFolder { key, descriptor })
}

pub(in crate::files::fsops) fn look(place: &Place) -> io::Result<Option<Look>> {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    match rustix::fs::statat(place.folder().descriptor(), place.name(), flags) {
        Ok(stat) => Ok(Some(look_of_stat(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

// The fields have other types on other systems; none loses anything by these conversions that the
// standard library's metadata keeps.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
fn look_of_stat(stat: &Stat) -> Look {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    };
    let modified = (stat.st_mtime as i64).saturating_mul(1_000_000_000);
    let stamp = FileStamp {
        key: FileKey { device: stat.st_dev as u64, inode: stat.st_ino as u64 },
        size: Bytes(stat.st_size as u64),
        modified: ModifiedNs(modified.saturating_add(stat.st_mtime_nsec as i64)),
    };
    Look { kind, stamp, names: stat.st_nlink as u64 }
}

pub(in crate::files::fsops) fn open_file(place: &Place) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let folder = place.folder().descriptor();
    Ok(File::from(rustix::fs::openat(folder, place.name(), flags, Mode::empty())?))
}

/// To be read too, so that the pages can be dropped and read again.
pub(in crate::files::fsops) fn create_file(place: &Place) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    Ok(File::from(rustix::fs::openat(place.folder().descriptor(), place.name(), flags, mode)?))
}

pub(in crate::files::fsops) fn make_folder(place: &Place) -> io::Result<()> {
    let mode = Mode::from_raw_mode(0o777);
    Ok(rustix::fs::mkdirat(place.folder().descriptor(), place.name(), mode)?)
}

pub(in crate::files::fsops) fn remove_folder(place: &Place) -> io::Result<()> {
    let folder = place.folder().descriptor();
    Ok(rustix::fs::unlinkat(folder, place.name(), AtFlags::REMOVEDIR)?)
}

pub(in crate::files::fsops) fn remove_file(place: &Place) -> io::Result<()> {
    let folder = place.folder().descriptor();
    Ok(rustix::fs::unlinkat(folder, place.name(), AtFlags::empty())?)
}

pub(in crate::files::fsops) fn link(original: &Place, name: &Place) -> io::Result<()> {
    let (from, to) = (original.folder().descriptor(), name.folder().descriptor());
    rustix::fs::linkat(from, original.name(), to, name.name(), AtFlags::empty()).map_err(told)
}

/// The error with the kind that says that the file system has no such thing: macOS has two numbers
/// for that, and the standard library knows one.
fn told(error: Errno) -> io::Error {
    let known = io::Error::from(error);
    match error == Errno::NOTSUP && known.kind() != ErrorKind::Unsupported {
        true => io::Error::new(ErrorKind::Unsupported, known.to_string()),
        false => known,
    }
}

/// Renames, and replaces what is there.
pub(in crate::files::fsops) fn rename(from: &Place, to: &Place) -> io::Result<()> {
    let (old, new) = (from.folder().descriptor(), to.folder().descriptor());
    Ok(rustix::fs::renameat(old, from.name(), new, to.name())?)
}

/// `renameat2` with `RENAME_NOREPLACE`, `renameatx_np` with `RENAME_EXCL`.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(in crate::files::fsops) fn rename_flagged(from: &Place, to: &Place) -> io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    let (old, new) = (from.folder().descriptor(), to.folder().descriptor());
    match renameat_with(old, from.name(), new, to.name(), RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::NOSYS) => Err(ErrorKind::Unsupported.into()),
        Err(error) => Err(told(error)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(in crate::files::fsops) fn rename_flagged(_from: &Place, _to: &Place) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Reopens the folder: one that was opened only to be gone on from cannot be synced.
pub(in crate::files::fsops) fn sync_folder(folder: &Folder) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(folder.descriptor(), ".", flags, Mode::empty())?;
    sync::sync(&File::from(opened))
}
