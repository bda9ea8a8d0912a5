//! Identity, size and times of a file: the validity key of cache rows and planned actions.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

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
    let evidence =
        || Evidence { changed: changed(&metadata), volume: volumes.volume(path, &metadata) };
    metadata.is_file().then(|| (stamp_of(path, &metadata), evidence()))
}

/// The stamp that these metadata of `path` give.
#[cfg(unix)]
pub fn stamp_of(_path: &Path, metadata: &Metadata) -> FileStamp {
    use std::os::unix::fs::MetadataExt as _;
    FileStamp {
        key: FileKey { device: metadata.dev(), inode: metadata.ino() },
        size: Bytes(metadata.len()),
        modified: ModifiedNs(nanoseconds(metadata.mtime(), metadata.mtime_nsec())),
    }
}

/// The stamp that these metadata of `path` give.
#[cfg(not(unix))]
pub fn stamp_of(path: &Path, metadata: &Metadata) -> FileStamp {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    // Without file identities every path is a file of its own.
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let modified = metadata.modified().ok();
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    FileStamp {
        key: FileKey { device: 0, inode: hasher.finish() },
        size: Bytes(metadata.len()),
        modified: ModifiedNs(since.map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))),
    }
}

/// When a file last changed in any way, where the system records that.
#[cfg(unix)]
pub fn changed(metadata: &Metadata) -> Option<ChangedNs> {
    use std::os::unix::fs::MetadataExt as _;
    Some(ChangedNs(nanoseconds(metadata.ctime(), metadata.ctime_nsec())))
}

/// When a file last changed in any way, where the system records that.
#[cfg(not(unix))]
pub fn changed(_metadata: &Metadata) -> Option<ChangedNs> {
    None
}

#[cfg(unix)]
fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// The file systems that were met, each asked for its identity once.
#[derive(Debug, Default)]
pub struct Volumes(Mutex<HashMap<u64, Option<Volume>>>);

impl Volumes {
    /// The file system that a file is on, if it can be identified.
    #[cfg(unix)]
    pub fn volume(&self, path: &Path, metadata: &Metadata) -> Option<Volume> {
        use std::os::unix::fs::MetadataExt as _;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(metadata.dev()).or_insert_with(|| identity(path, metadata.dev()))
    }

    /// The file system that a file is on, if it can be identified.
    #[cfg(not(unix))]
    pub fn volume(&self, _path: &Path, _metadata: &Metadata) -> Option<Volume> {
        None
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
            std::fs::File::open(&path).unwrap().set_modified(modified).unwrap();
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
