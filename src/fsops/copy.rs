//! Bytes from one file to another.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::record::ContentHash;

/// Large enough that a disk is kept busy, small enough for the caches.
const BUFFER: usize = 1 << 20;

fn hash_of(
    mut file: &File,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<ContentHash> {
    let length = file.metadata()?.len();
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(BUFFER).clamp(1, BUFFER)];
    let mut hasher = blake3::Hasher::new();
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok(ContentHash(*hasher.finalize().as_bytes())),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..read]);
        sink(&buffer[..read])?;
    }
}

/// BLAKE3 of all that is left to read.
pub(super) fn hash(file: &File) -> io::Result<ContentHash> {
    hash_of(file, |_| Ok(()))
}

fn create(path: &Path) -> io::Result<File> {
    // To be read too, so that the pages can be dropped and read again.
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

pub(super) fn copy_new(from: &File, to: &Path) -> io::Result<ContentHash> {
    let mut to = create(to)?;
    let content = hash_of(from, |bytes| to.write_all(bytes))?;
    to.sync_all()?;
    Ok(content)
}

/// Asks the system to drop what it remembers of a file's bytes. Only advice: what is not followed
/// costs the certainty that the disk was asked, nothing else.
pub(super) fn forget_pages(file: &File) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = file;
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn clone_new(original: &File, to: &Path) -> io::Result<()> {
    use rustix::io::Errno;
    let copy = create(to)?;
    let cloned = match rustix::fs::ioctl_ficlone(&copy, original) {
        Ok(()) => copy.sync_all(),
        Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::INVAL | Errno::NOSYS | Errno::XDEV) => {
            Err(no_reflinks())
        }
        Err(error) => Err(error.into()),
    };
    if cloned.is_err() {
        drop(copy);
        // The first error is the one to tell.
        let _ = std::fs::remove_file(to);
    }
    cloned
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn clone_new(_original: &File, _to: &Path) -> io::Result<()> {
    Err(no_reflinks())
}

fn no_reflinks() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "no reflinks here (Btrfs and XFS on Linux have them)",
    )
}
