//! stub
use crate::media::*;
use crate::record::*;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {}
pub struct Walked {
    pub files: Vec<MediaFile>,
    pub skipped: Vec<Skip>,
    pub other: u64,
    pub interrupted: bool,
}
pub fn walk(
    roots: &[PathBuf],
    _o: &WalkOptions,
    _p: &(dyn Fn(u64) + Sync),
    _c: &AtomicBool,
) -> Walked {
    use std::os::unix::fs::MetadataExt;
    let mut files = vec![];
    for (r, root) in roots.iter().enumerate() {
        for e in ignore::WalkBuilder::new(root).standard_filters(false).build().flatten() {
            let m = e.metadata().unwrap();
            if !m.is_file() {
                continue;
            }
            files.push(MediaFile {
                path: e.path().to_owned(),
                stamp: FileStamp {
                    key: FileKey { device: m.dev(), inode: m.ino() },
                    size: Bytes(m.len()),
                    modified: ModifiedNs(m.mtime() * 1_000_000_000 + m.mtime_nsec()),
                },
                root: r as u32,
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Walked { files, skipped: vec![], other: 0, interrupted: false }
}
