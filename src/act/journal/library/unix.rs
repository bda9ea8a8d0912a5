//! Lock files by way of open folders, without following a symbolic link.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, statat, unlinkat};
use rustix::io::Errno;

use super::{FILE, FOLDER};

const OPEN_FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Somebody may have put a pipe there.
const OPEN_FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// Where a lock file lies.
#[derive(Debug)]
pub(super) struct LockFolder {
    library: File,
    folder: File,
}

impl LockFolder {
    /// Opens the program's folder in a library, and makes it where it is missing.
    pub(super) fn make(library: &Path) -> io::Result<Self> {
        let library = File::from(open(library, OPEN_FOLDER, Mode::empty())?);
        let made = match mkdirat(&library, FOLDER, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        let folder = File::from(openat(&library, FOLDER, OPEN_FOLDER, Mode::empty())?);
        if made {
            open_to_the_librarys_users(&library, &folder, 0o700);
        }
        Ok(Self { library, folder })
    }

    /// Opens the program's folder in a library.
    pub(super) fn find(library: &Path) -> io::Result<Self> {
        let library = File::from(open(library, OPEN_FOLDER, Mode::empty())?);
        let folder = File::from(openat(&library, FOLDER, OPEN_FOLDER, Mode::empty())?);
        Ok(Self { library, folder })
    }

    /// Opens the lock file, and tells whether it was made.
    pub(super) fn open(&self) -> io::Result<(File, bool)> {
        let (read, both) = (OPEN_FILE.union(OFlags::RDONLY), OPEN_FILE.union(OFlags::RDWR));
        let new = both.union(OFlags::CREATE).union(OFlags::EXCL);
        let refused = match openat(&self.folder, FILE, new, Mode::RUSR | Mode::WUSR) {
            Ok(file) => {
                let file = File::from(file);
                open_to_the_librarys_users(&self.library, &file, 0o600);
                return Ok((file, true));
            }
            Err(Errno::EXIST) => None,
            // One that is there may be locked all the same.
            Err(error @ (Errno::ROFS | Errno::ACCESS | Errno::PERM)) => Some(error),
            Err(error) => return Err(error.into()),
        };
        let opened = match openat(&self.folder, FILE, both, Mode::empty()) {
            Err(Errno::ROFS | Errno::ACCESS | Errno::PERM) => {
                openat(&self.folder, FILE, read, Mode::empty())
            }
            other => other,
        };
        match (opened, refused) {
            (Ok(file), _) => Ok((File::from(file), false)),
            (Err(Errno::NOENT), Some(refused)) => Err(refused.into()),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Whether this file is the one that is there.
    pub(super) fn holds(&self, file: &File) -> bool {
        let there = statat(&self.folder, FILE, AtFlags::SYMLINK_NOFOLLOW);
        let here = rustix::fs::fstat(file);
        matches!((there, here), (Ok(a), Ok(b)) if (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
    }

    /// Removes this file, and the folder if nothing else is in it.
    pub(super) fn remove(&self, file: File) {
        if self.holds(&file) && unlinkat(&self.folder, FILE, AtFlags::empty()).is_ok() {
            // It stays when a quarantine is in it.
            let _ = unlinkat(&self.library, FOLDER, AtFlags::REMOVEDIR);
        }
    }
}

/// Whoever may change the library must be able to lock it: what is made belongs to the library's
/// owner and group, and its group and others may do with it what they may do with the library.
/// What cannot be set is left as it is: a lock that others cannot read is reported to them.
fn open_to_the_librarys_users(library: &File, made: &File, owner: u32) {
    let Ok(metadata) = library.metadata() else { return };
    let (mode, folder) = (metadata.mode(), owner == 0o700);
    let group = if mode & 0o020 == 0 { 0 } else { owner >> 3 };
    let others = if mode & 0o002 == 0 { 0 } else { owner >> 6 };
    // Mode bits: files belong to the folder's group, and only their owner may remove them.
    let special = if folder { mode & 0o3000 } else { 0 };
    let _ = fchown(made, None, Some(metadata.gid()));
    let _ = fchown(made, Some(metadata.uid()), None);
    let _ = made.set_permissions(Permissions::from_mode(owner | group | others | special));
}

/// Opens the lock file of a library for reading.
pub(super) fn open_existing(library: &Path) -> io::Result<File> {
    let path = library.join(FOLDER).join(FILE);
    let flags = OPEN_FILE.union(OFlags::RDONLY);
    match open(path, flags, Mode::empty()) {
        // A symbolic link is no lock.
        Err(Errno::LOOP) => Err(io::ErrorKind::NotFound.into()),
        other => Ok(File::from(other?)),
    }
}

/// Whether this file is still the lock file of a library.
pub(super) fn is_there(library: &Path, file: &File) -> bool {
    let there = library.join(FOLDER).join(FILE).symlink_metadata();
    matches!((there, file.metadata()),
        (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()))
}
