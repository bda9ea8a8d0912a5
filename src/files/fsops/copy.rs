//! Bytes from one file to another.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use super::sync::sync;
use super::{Place, at};
use crate::model::record::ContentHash;

/// Large enough that a disk is kept busy, small enough for the caches.
const BUFFER: usize = 1 << 20;

/// Hashes all of a file, wherever it was read to before.
fn hash_of(
    mut file: &File,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<ContentHash> {
    file.rewind()?;
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

/// BLAKE3 of a file.
pub(super) fn hash(file: &File) -> io::Result<ContentHash> {
    hash_of(file, |_| Ok(()))
}

pub(super) fn copy_new(from: &File, to: &Place) -> io::Result<ContentHash> {
    let mut to = at::create_file(to)?;
    let content = hash_of(from, |bytes| to.write_all(bytes))?;
    sync(&to)?;
    Ok(content)
}

pub(super) fn write_new(to: &Place, bytes: &[u8]) -> io::Result<()> {
    let mut to = at::create_file(to)?;
    to.write_all(bytes)?;
    sync(&to)
}

/// Asks the system to drop what it remembers of a file's bytes. Only advice: what is not followed
/// costs the certainty that the disk was asked, nothing else.
pub(super) fn forget_pages(file: &File) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(target_vendor = "apple")]
    super::macos::forget_pages(file);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    let _ = file;
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn clone_new(original: &File, to: &Place) -> io::Result<()> {
    use rustix::io::Errno;
    let copy = at::create_file(to)?;
    let cloned = match rustix::fs::ioctl_ficlone(&copy, original) {
        Ok(()) => copy.sync_all(),
        Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::INVAL | Errno::NOSYS | Errno::XDEV) => {
            Err(no_reflinks())
        }
        Err(error) => Err(error.into()),
    };
    if cloned.is_err() {
        drop(copy);
        // The first error is the one to report.
        let _ = at::remove_file(to);
    }
    cloned
}

#[cfg(target_vendor = "apple")]
pub(super) fn clone_new(original: &File, to: &Place) -> io::Result<()> {
    match super::macos::clone_new(original, to)? {
        true => Ok(()),
        false => Err(no_reflinks()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn clone_new(_original: &File, _to: &Place) -> io::Result<()> {
    Err(no_reflinks())
}

fn no_reflinks() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "no reflinks here (Btrfs and XFS on Linux have them, APFS on macOS)",
    )
}
