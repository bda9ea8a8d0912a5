//! Locks on open files, and what of them is on the disk.

#[cfg(unix)]
pub(super) use unix::{sync, try_lock};
#[cfg(windows)]
pub(super) use windows::{sync, try_lock};

#[cfg(unix)]
mod unix {
    use std::fs::TryLockError;
    use std::io;

    use crate::files::fsops::{LockMode, Locked, OpenFile, sync};

    pub(in crate::files::fsops) fn try_lock(file: &OpenFile, mode: LockMode) -> io::Result<Locked> {
        let locked = match mode {
            LockMode::Shared => file.file.try_lock_shared(),
            LockMode::Exclusive => file.file.try_lock(),
        };
        Ok(match locked {
            Ok(()) => Locked::Yes,
            Err(TryLockError::WouldBlock) => Locked::ByAnother,
            // No locks here (`ENOLCK`, `EOPNOTSUPP`), or none of this kind on a file that is open
            // for reading only (`EBADF`, on NFS).
            Err(TryLockError::Error(_)) => Locked::Unsupported,
        })
    }

    pub(in crate::files::fsops) fn sync(file: &OpenFile) -> io::Result<()> {
        sync::sync(&file.file)
    }
}

/// A lock of Windows on a range of bytes would keep others from reading, even other handles of this
/// program. What keeps them from changing a file is a handle that does not share that.
#[cfg(windows)]
mod windows {
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind};
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::sync::{Mutex, PoisonError};

    use windows_sys::Win32::Foundation::{ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION};
    use windows_sys::Win32::Storage::FileSystem::{
        FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ,
    };

    use crate::files::fsops::at::look_of_open;
    use crate::files::fsops::{LockMode, Locked, OpenFile};

    /// A file that one thread has open for writing, only to sync it, is no other program's.
    static SYNCING: Mutex<()> = Mutex::new(());

    pub(in crate::files::fsops) fn try_lock(file: &OpenFile, mode: LockMode) -> io::Result<Locked> {
        let _alone = SYNCING.lock().unwrap_or_else(PoisonError::into_inner);
        if file.lock.get().is_some() {
            return Ok(Locked::Yes);
        }
        // Once nobody may write to it, it cannot be opened to be synced.
        if mode == LockMode::Shared {
            sync_alone(file)?;
        }
        // Whether its names may be renamed and removed is asked of the file, not of each name: to
        // forbid it would forbid this program what it does with another name.
        let held = OpenOptions::new()
            .read(true)
            .share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
            .open(file.place.path());
        match held {
            Ok(held) if is_same(file, &held)? => {
                let _ = file.lock.set(held);
                Ok(Locked::Yes)
            }
            Ok(_) => Err(io::Error::new(ErrorKind::ResourceBusy, "it was replaced")),
            Err(error) if is_held(&error) => Ok(Locked::ByAnother),
            Err(error) => Err(error),
        }
    }

    pub(in crate::files::fsops) fn sync(file: &OpenFile) -> io::Result<()> {
        let _alone = SYNCING.lock().unwrap_or_else(PoisonError::into_inner);
        sync_alone(file)
    }

    /// Only a file that is open for writing can be synced; where it may only be read, or others
    /// hold it, nobody here has written to it.
    fn sync_alone(file: &OpenFile) -> io::Result<()> {
        match OpenOptions::new().write(true).open(file.place.path()) {
            Ok(writable) if is_same(file, &writable)? => writable.sync_all(),
            Err(error) if error.kind() != ErrorKind::PermissionDenied && !is_held(&error) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn is_same(file: &OpenFile, other: &File) -> io::Result<bool> {
        Ok(look_of_open(&file.place.path(), other)?.is_same_file(&file.look()))
    }

    fn is_held(error: &io::Error) -> bool {
        let code = error.raw_os_error().and_then(|code| u32::try_from(code).ok());
        matches!(code, Some(ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION))
    }
}
