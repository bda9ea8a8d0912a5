//! What the file system says of a file, as the stamp that its cached hashes and planned acts hold
//! for.

use std::fs::Metadata;
use std::path::Path;

use crate::media::{Bytes, FileKey, FileStamp, ModifiedNs};

/// The stamp of a file now, links followed; `None` when it is not there or no regular file.
pub fn stamp(path: &Path) -> Option<FileStamp> {
    let metadata = path.metadata().ok()?;
    metadata.is_file().then(|| stamp_of(path, &metadata))
}

/// The stamp that these metadata of `path` give.
#[cfg(unix)]
pub fn stamp_of(_path: &Path, metadata: &Metadata) -> FileStamp {
    use std::os::unix::fs::MetadataExt as _;
    let modified = metadata.mtime().saturating_mul(1_000_000_000);
    FileStamp {
        key: FileKey { device: metadata.dev(), inode: metadata.ino() },
        size: Bytes(metadata.len()),
        modified: ModifiedNs(modified.saturating_add(metadata.mtime_nsec())),
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
