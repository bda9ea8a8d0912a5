//! What macOS does in its own way.

use std::fs::{File, FileTimes, Metadata};
use std::io;
use std::os::macos::fs::FileTimesExt as _;

use rustix::fs::CloneFlags;
use rustix::io::Errno;

use super::sync::sync;
use super::{Place, at};

/// A clone on APFS: one step, which makes the name, and fails where it is taken. False where there
/// are no clones.
pub(super) fn clone_new(original: &File, to: &Place) -> io::Result<bool> {
    let (folder, flags) = (to.folder().descriptor(), CloneFlags::NOFOLLOW);
    match rustix::fs::fclonefileat(original, folder, to.name(), flags) {
        Ok(()) => {}
        Err(Errno::NOTSUP | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::XDEV) => {
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    }
    let synced = at::open_file(to).and_then(|clone| sync(&clone));
    if synced.is_err() {
        // The first error is the one to report.
        let _ = at::remove_file(to);
    }
    synced.map(|()| true)
}

/// Asks for what is read from now on to come from the drive.
pub(super) fn forget_pages(file: &File) {
    let _ = rustix::fs::fcntl_nocache(file, true);
}

/// The Finder shows when a file was made: a copy of it was made then too.
pub(super) fn with_created(times: FileTimes, metadata: &Metadata) -> FileTimes {
    match metadata.created() {
        Ok(created) => times.set_created(created),
        Err(_) => times,
    }
}
