//! Identity, size and times of a file: the validity key of cache rows and planned actions.

#[cfg(unix)]
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

#[cfg(windows)]
use crate::files::windows;
use crate::model::media::{Bytes, ChangedNs, Evidence, FileKey, FileStamp, ModifiedNs, Volume};

/// The stamp of a file now, links followed; `None` when it is not there or no regular file.
pub fn stamp(path: &Path) -> Option<FileStamp> {
    let metadata = path.metadata().ok()?;
    metadata.is_file().then(|| stamp_of(path, &metadata))
}

/// The stamp and the evidence of a file now, links followed; `None` when it is not there or no
/// regular file.
pub fn stamp_and_evidence(path: &Path, volumes: &Volumes) -> Option<(FileStamp, Evidence)> {
    let metadata = path.metadata().ok()?;
    metadata.is_file().then(|| known(path, &metadata, volumes))
}

/// The stamp and the evidence that these metadata of `path` give.
#[cfg(unix)]
pub fn known(path: &Path, metadata: &Metadata, volumes: &Volumes) -> (FileStamp, Evidence) {
    let facts = FileFacts::at(path, metadata);
    (facts.stamp, Evidence { changed: facts.changed, volume: volumes.volume(path, metadata) })
}

/// The stamp and the evidence of the file at `path`; its metadata serve where that is not told.
#[cfg(not(unix))]
pub fn known(path: &Path, metadata: &Metadata, _volumes: &Volumes) -> (FileStamp, Evidence) {
    let facts = FileFacts::at(path, metadata);
    (facts.stamp, Evidence { changed: facts.changed, volume: facts.volume })
}

/// The stamp that these metadata of `path` give.
pub fn stamp_of(path: &Path, metadata: &Metadata) -> FileStamp {
    FileFacts::at(path, metadata).stamp
}

/// What the system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Identity, size and time.
    pub stamp: FileStamp,
    /// When it last changed in any way, where the system records that.
    pub changed: Option<ChangedNs>,
    /// How many names it has.
    pub names: u64,
    /// The volume that it is on, where a file tells that.
    #[cfg(not(unix))]
    volume: Option<Volume>,
}

#[cfg(unix)]
impl FileFacts {
    /// What these metadata of `path` say.
    pub fn at(_path: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let stamp = FileStamp {
            key: FileKey { device: metadata.dev(), inode: metadata.ino() },
            size: Bytes(metadata.len()),
            modified: ModifiedNs(nanoseconds(metadata.mtime(), metadata.mtime_nsec())),
        };
        let changed = ChangedNs(nanoseconds(metadata.ctime(), metadata.ctime_nsec()));
        Self { stamp, changed: Some(changed), names: metadata.nlink() }
    }

    /// Of an open file, which has this path.
    ///
    /// # Errors
    /// What the system says.
    pub fn of_open(path: &Path, file: &File) -> io::Result<Self> {
        Ok(Self::at(path, &file.metadata()?))
    }
}

#[cfg(windows)]
impl FileFacts {
    /// What is said of the file at `path`, or of the link that is there if the metadata are a
    /// link's.
    pub fn at(path: &Path, metadata: &Metadata) -> Self {
        match windows::FileFacts::at(path, !metadata.is_symlink()) {
            Ok(facts) => Self::new(path, facts),
            // Whoever may list a folder may not always open what is in it.
            Err(_) => {
                let since = |time: std::time::SystemTime| {
                    time.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_nanos())
                };
                let modified = metadata.modified().ok().and_then(since);
                let modified = modified.and_then(|since| i64::try_from(since).ok());
                let stamp = FileStamp {
                    key: key_by_path(path),
                    size: Bytes(metadata.len()),
                    modified: ModifiedNs(modified.unwrap_or(0)),
                };
                Self { stamp, changed: None, names: 1, volume: None }
            }
        }
    }

    /// Of an open file, which has this path.
    ///
    /// # Errors
    /// What the system says.
    pub fn of_open(path: &Path, file: &File) -> io::Result<Self> {
        Ok(Self::new(path, windows::FileFacts::of(file)?))
    }

    fn new(path: &Path, facts: windows::FileFacts) -> Self {
        let stamp = FileStamp {
            key: facts.key.unwrap_or_else(|| key_by_path(path)),
            size: Bytes(facts.size),
            modified: facts.modified,
        };
        Self {
            stamp,
            changed: Some(ChangedNs(facts.changed)),
            names: facts.names.into(),
            volume: facts.volume.map(Volume),
        }
    }
}

/// Where files have no identity that stays, a path stands for one.
#[cfg(windows)]
fn key_by_path(path: &Path) -> FileKey {
    let hash = blake3::hash(path.as_os_str().as_encoded_bytes());
    let inode = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    FileKey { device: windows::BY_PATH, inode }
}

/// Whether keys of both are of files that may be one: identities that are equal, or none.
pub fn may_be_one(a: FileKey, b: FileKey) -> bool {
    #[cfg(windows)]
    if (a.device, b.device) == (windows::BY_PATH, windows::BY_PATH) {
        return true;
    }
    a == b
}

#[cfg(unix)]
fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// The file systems that were met, each asked for its identity once.
#[derive(Debug, Default)]
pub struct Volumes(#[cfg(unix)] Mutex<HashMap<u64, Option<Volume>>>);

#[cfg(unix)]
impl Volumes {
    /// The file system that a file is on, if it can be identified.
    pub fn volume(&self, path: &Path, metadata: &Metadata) -> Option<Volume> {
        use std::os::unix::fs::MetadataExt as _;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(metadata.dev()).or_insert_with(|| identity(path, metadata.dev()))
    }
}

/// A UUID or label that names the block device; else the file system's own identifier (`f_fsid`),
/// unless that is made of the device number, as FAT and XFS do.
#[cfg(unix)]
fn identity(path: &Path, device: u64) -> Option<Volume> {
    let named = ["/dev/disk/by-uuid", "/dev/disk/by-partuuid"];
    if let Some(name) = named.iter().find_map(|folder| name_of_device(Path::new(folder), device)) {
        let hash = blake3::hash(name.as_encoded_bytes());
        return hash.as_bytes().first_chunk().map(|bytes| Volume(u64::from_le_bytes(*bytes)));
    }
    let fsid = rustix::fs::statvfs(path).ok()?.f_fsid;
    let made_of_device = fsid & 0xffff_ffff == device & 0xffff_ffff;
    (fsid != 0 && !made_of_device).then_some(Volume(fsid))
}

/// The link in `folder` that leads to the block device of that number.
#[cfg(unix)]
fn name_of_device(folder: &Path, device: u64) -> Option<std::ffi::OsString> {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let entries = folder.read_dir().ok()?.filter_map(Result::ok);
    let leads_there = |entry: &std::fs::DirEntry| {
        let target = entry.path().metadata();
        target.is_ok_and(|target| target.file_type().is_block_device() && target.rdev() == device)
    };
    entries.filter(leads_there).map(|entry| entry.file_name()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_change_that_keeps_size_and_time_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "first").unwrap();
        let volumes = Volumes::default();
        let (stamp, evidence) = stamp_and_evidence(&path, &volumes).unwrap();
        let modified = path.metadata().unwrap().modified().unwrap();
        // Until the clock that the file system reads has moved on.
        let later = loop {
            std::fs::write(&path, "other").unwrap();
            File::open(&path).unwrap().set_modified(modified).unwrap();
            let (again, later) = stamp_and_evidence(&path, &volumes).unwrap();
            assert_eq!(again, stamp);
            if later != evidence {
                break later;
            }
        };
        assert!(later.changed > evidence.changed);
        assert_eq!(later.volume, evidence.volume);
        assert!(!later.agrees(evidence));
        assert!(later.agrees(Evidence::default()));
    }
}
