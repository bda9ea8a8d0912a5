//! The only code that changes a user's files.
//!
//! [`FileSystem`] is the smallest set of steps that acting needs; each either happens or does not,
//! and none replaces anything that is there already. [`Disk`] carries them out. What a step may be
//! followed by is up to [`crate::act::apply`]; tests put a file system in between that fails, or
//! kills the process, at any step they like.

mod at;
mod attributes;
mod copy;
mod disk;
mod lock;
#[cfg(target_vendor = "apple")]
mod macos;
mod open;
mod place;
mod rename;
mod sync;
mod trash_can;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use disk::Disk;
pub use open::OpenFile;
pub use place::{Folder, Place};

use crate::files::stamp::may_be_one;
use crate::model::media::FileStamp;
use crate::model::record::ContentHash;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, to whatever.
    Link,
    /// A device, a socket.
    Other,
}

/// A path as it is now, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// File, folder, link or something else.
    pub kind: FileKind,
    /// Identity, size and time.
    pub stamp: FileStamp,
    /// How many names the file has.
    pub names: u64,
}

impl Look {
    /// Whether both are one regular file, with the same size and time, by whichever name each was
    /// looked at.
    pub fn is_same_file(&self, other: &Self) -> bool {
        let key = |look: &Self| look.stamp.key;
        // Where files have no identity, a key stands for a path.
        may_be_one(key(self), key(other))
            && self.kind == FileKind::File
            && other.kind == FileKind::File
            && self.stamp.size == other.stamp.size
            && self.stamp.modified == other.stamp.modified
    }
}

/// How a file is locked against other programs that ask too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Others may lock it so too: it is only relied on.
    Shared,
    /// Nobody else may have a lock: it is to be taken away or replaced.
    Exclusive,
}

/// What became of locking a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It is locked until it is closed.
    Yes,
    /// Another program, or another run of this one, has a lock on it.
    ByAnother,
    /// The file system, or the system, has no such locks.
    Unsupported,
}

/// Steps on files. They act on names in open folders ([`Place`]) and on open files ([`OpenFile`]),
/// so that what was checked is what is acted on. No step follows a symbolic link, and none replaces
/// what is there. [`FileSystem::look`] and [`FileSystem::real_path`] take paths, for whoever only
/// plans; the trash takes paths because the desktop's does.
pub trait FileSystem: Sync {
    /// What lies at `path`; `None` when nothing does.
    ///
    /// # Errors
    /// What the system says.
    fn look(&self, path: &Path) -> io::Result<Option<Look>>;

    /// The path without any symbolic link in it.
    ///
    /// # Errors
    /// What the system says; `NotFound` when nothing is there.
    fn real_path(&self, path: &Path) -> io::Result<PathBuf>;

    /// Opens a folder by an absolute path, without following any symbolic link in it.
    ///
    /// # Errors
    /// `NotFound` when it is not there; `NotADirectory`, with a message that names what is in the
    /// way, when that is a symbolic link or anything else; or what the system says.
    fn open_folder(&self, path: &Path) -> io::Result<Arc<Folder>>;

    /// Opens the folder that lies at a place.
    ///
    /// # Errors
    /// As [`FileSystem::open_folder`].
    fn open_folder_in(&self, place: &Place) -> io::Result<Arc<Folder>>;

    /// Makes one folder.
    ///
    /// # Errors
    /// `AlreadyExists` when anything is there, or what the system says.
    fn make_folder(&self, place: &Place) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// What the system says; `DirectoryNotEmpty` when it is not empty.
    fn remove_folder(&self, place: &Place) -> io::Result<()>;

    /// Syncs the names in a folder to disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync_folder(&self, folder: &Folder) -> io::Result<()>;

    /// What lies at a place; `None` when nothing does.
    ///
    /// # Errors
    /// What the system says.
    fn look_at(&self, place: &Place) -> io::Result<Option<Look>>;

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for anything but a regular file.
    fn open(&self, place: &Place) -> io::Result<OpenFile>;

    /// Locks a file until it is closed, without waiting for others.
    ///
    /// # Errors
    /// What the system says, except that it has no locks: that is [`Locked::Unsupported`].
    fn lock(&self, file: &OpenFile, lock: LockMode) -> io::Result<Locked>;

    /// BLAKE3 of the bytes of a file.
    ///
    /// # Errors
    /// What the system says.
    fn hash(&self, file: &OpenFile) -> io::Result<ContentHash>;

    /// BLAKE3 of what the disk has of a file, as far as the system can be made not to answer from
    /// memory.
    ///
    /// # Errors
    /// As [`FileSystem::hash`].
    fn hash_from_disk(&self, file: &OpenFile) -> io::Result<ContentHash>;

    /// Syncs the bytes of a file to disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync_file(&self, file: &OpenFile) -> io::Result<()>;

    /// Gives a file another name on the same file system.
    ///
    /// # Errors
    /// `AlreadyExists` when anything is at `to`, `CrossesDevices` when it is on another file
    /// system, or what the system says. The file is then still at `from`.
    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()>;

    /// Gives a file a second name on the same file system.
    ///
    /// # Errors
    /// As [`FileSystem::rename_new`].
    fn link_new(&self, original: &Place, name: &Place) -> io::Result<()>;

    /// Makes a file that shares its blocks with `original` until either is written to.
    ///
    /// # Errors
    /// `AlreadyExists`, `Unsupported` where the file system has no such thing, or what the system
    /// says. Nothing is then left at `copy`.
    fn clone_new(&self, original: &OpenFile, copy: &Place) -> io::Result<()>;

    /// Copies the bytes of a file into a new one, waits until they are on the disk, and hashes
    /// them on the way.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the system says; part of the bytes may then be left at `to`.
    fn copy_new(&self, from: &OpenFile, to: &Place) -> io::Result<ContentHash>;

    /// Writes a new file, and waits until its bytes are on the disk.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the system says; part of the bytes may then be left at `to`.
    fn write_new(&self, to: &Place, bytes: &[u8]) -> io::Result<()>;

    /// Gives `to` the times, permissions and extended attributes of `from`, with `modified_ns` in
    /// the place of its modification time if that is given. Reports what could not be preserved:
    /// many file systems keep only a part.
    fn copy_attributes(
        &self,
        from: &OpenFile,
        to: &OpenFile,
        modified_ns: Option<i64>,
    ) -> Vec<String>;

    /// Removes a name of a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove_file(&self, place: &Place) -> io::Result<()>;

    /// Puts a file into the desktop's trash.
    ///
    /// # Errors
    /// `Unsupported`, or what the system says; the file is then still there.
    fn trash(&self, path: &Path) -> io::Result<()>;

    /// Files in the desktop's trash that were at `path`, the last one first.
    ///
    /// # Errors
    /// `Unsupported` where the trash cannot be read, or what the system says.
    fn trashed(&self, path: &Path) -> io::Result<Vec<Trashed>>;

    /// Removes what the trash knows of a file that was taken out of it.
    ///
    /// # Errors
    /// What the system says.
    fn forget_trashed(&self, trashed: &Trashed) -> io::Result<()>;
}

/// A place, whether anything is there or not, with the symbolic links in its folder followed as far
/// as that is there: acts name real folders, so that a link that comes later is noticed.
pub fn real_place(files: &dyn FileSystem, path: &Path) -> PathBuf {
    for above in path.ancestors().skip(1) {
        if let (Ok(real), Ok(below)) = (files.real_path(above), path.strip_prefix(above)) {
            return real.join(below);
        }
    }
    path.to_owned()
}

/// A file in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// Where it lies now.
    pub file: PathBuf,
    /// The trash's note of where it was.
    pub note: PathBuf,
}

#[cfg(test)]
mod tests;
