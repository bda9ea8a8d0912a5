//! Renaming that never replaces: never by looking first, since somebody may come in between.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::Disk;

/// By the system's own rename without replacing; where it has none, by a second name and removing
/// the first; where there are no second names, by claiming the name with an empty file.
pub(super) fn rename_new(disk: Disk, from: &Path, to: &Path) -> io::Result<()> {
    if disk.flagged_rename {
        match flagged(from, to) {
            Err(error) if cannot(&error) => {}
            other => return other,
        }
    }
    if disk.links {
        match fs::hard_link(from, to) {
            Ok(()) => {
                let removed = fs::remove_file(from);
                if removed.is_err() {
                    // The first error is the one to tell.
                    let _ = fs::remove_file(to);
                }
                return removed;
            }
            // exFAT says `PermissionDenied`, as other file systems do for other reasons.
            Err(error) if cannot(&error) || error.kind() == ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    claimed(from, to)
}

/// Whether the system says that it, or the file system, has no such thing.
fn cannot(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput)
}

/// `renameat2` with `RENAME_NOREPLACE`, `renameatx_np` with `RENAME_EXCL`.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn flagged(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::NOSYS) => Err(ErrorKind::Unsupported.into()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn flagged(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Takes the name by an empty file that must not be there yet, and renames over that. Should the
/// process end in between, the empty file is left, and the other is still where it was.
fn claimed(from: &Path, to: &Path) -> io::Result<()> {
    // Before a name is claimed in vain.
    fs::symlink_metadata(from)?;
    drop(OpenOptions::new().write(true).create_new(true).open(to)?);
    let renamed = match fs::symlink_metadata(to) {
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => fs::rename(from, to),
        _ => return Err(ErrorKind::AlreadyExists.into()),
    };
    if renamed.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(to);
    }
    renamed
}
