//! Waiting for the disk.

use std::fs::File;
use std::io;

/// Waits until the bytes of a file, or the names in a folder, are on the disk.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Waits until the bytes of a file, or the names in a folder, are on the drive itself
/// (`F_FULLFSYNC`), or for what stands for that where it is unknown, as on network shares.
#[cfg(target_vendor = "apple")]
pub(super) fn sync(file: &File) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, Unsupported};
    use rustix::io::Errno;
    // The standard library has no kind for these two.
    let unknown = |error: &io::Error| {
        let code = error.raw_os_error();
        matches!(error.kind(), Unsupported | InvalidInput)
            || [Errno::NOTSUP, Errno::NOTTY].iter().any(|e| code == Some(e.raw_os_error()))
    };
    match file.sync_all() {
        Err(error) if unknown(&error) => {}
        other => return other,
    }
    match rustix::fs::fsync(file).map_err(io::Error::from) {
        Err(error) if unknown(&error) => Err(io::Error::new(Unsupported, error.to_string())),
        other => other,
    }
}
