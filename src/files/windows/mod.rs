//! What Windows says of files: identities, number of names, times, attributes, streams.

mod calls;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf, Prefix};

use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_NO_RECALL, FILE_FLAG_OPEN_REPARSE_POINT,
};

pub(in crate::files) use calls::{Basic, basic, result, streams};

use crate::model::media::{FileKey, ModifiedNs};

/// The device of keys that stand for a path, as where files have no identity that stays.
pub(in crate::files) const BY_PATH: u64 = 0;

/// From 1601-01-01 to 1970-01-01, in units of 100 ns.
const EPOCH: i64 = 116_444_736_000_000_000;

/// What the system says of a file.
#[derive(Clone, Copy, Debug)]
pub(in crate::files) struct FileFacts {
    /// Where the file has an identity that stays when it is renamed.
    pub key: Option<FileKey>,
    /// The serial number of its volume, where that is known.
    pub volume: Option<u64>,
    pub size: u64,
    pub modified: ModifiedNs,
    pub changed: i64,
    pub names: u32,
}

impl FileFacts {
    /// Of the file at a path, or of the link that is there.
    pub(in crate::files) fn at(path: &Path, follow: bool) -> io::Result<Self> {
        Self::of(&open_for_facts(path, follow)?)
    }

    /// Of an open file.
    pub(in crate::files) fn of(file: &File) -> io::Result<Self> {
        let (basic, standard) = (basic(file)?, calls::standard(file)?);
        let id = calls::id(file).ok();
        let key = id.and_then(|id| key_of(file, id.volume, u128::from_le_bytes(id.file)));
        Ok(Self {
            key,
            volume: id.map(|id| id.volume).filter(|&volume| volume != 0),
            size: standard.size,
            modified: ModifiedNs(nanoseconds(basic.modified)),
            changed: nanoseconds(basic.changed),
            names: standard.names,
        })
    }
}

/// FAT and exFAT number files by the places of their names, which change when they are renamed.
fn key_of(file: &File, volume: u64, id: u128) -> Option<FileKey> {
    let is_fat = |name: String| name.to_ascii_lowercase().contains("fat");
    if volume == BY_PATH || id == 0 || id == u128::MAX || calls::file_system(file).is_ok_and(is_fat)
    {
        return None;
    }
    let inode = match u64::try_from(id) {
        Ok(id) => id,
        // ReFS numbers files in their folders.
        Err(_) => {
            let hash = blake3::hash(&id.to_le_bytes());
            u64::from_le_bytes(*hash.as_bytes().first_chunk()?)
        }
    };
    Some(FileKey { device: volume, inode })
}

/// Opens what is at a path without the right to read it: no virus scanner looks at it, and nothing
/// is downloaded.
fn open_for_facts(path: &Path, follow: bool) -> io::Result<File> {
    let link = if follow { 0 } else { FILE_FLAG_OPEN_REPARSE_POINT };
    OpenOptions::new()
        .access_mode(0)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_NO_RECALL | link)
        .open(path)
}

/// A path for calls of the system, of any length, with a zero at its end and nowhere else.
pub(in crate::files) struct WidePath(Vec<u16>);

impl WidePath {
    pub(in crate::files) fn new(path: &Path) -> io::Result<Self> {
        let mut units: Vec<u16> = verbatim(path)?.as_os_str().encode_wide().collect();
        if units.contains(&0) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        units.push(0);
        Ok(Self(units))
    }

    pub(in crate::files) fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

/// The path as `\\?\…`, which may have more than 260 characters.
fn verbatim(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let Some(Component::Prefix(prefix)) = path.components().next() else { return Ok(path) };
    let mut whole = std::ffi::OsString::new();
    match prefix.kind() {
        Prefix::Disk(_) => whole.push(r"\\?\"),
        Prefix::UNC(..) => {
            whole.push(r"\\?\UNC\");
            let units: Vec<u16> = path.as_os_str().encode_wide().skip(2).collect();
            whole.push(<std::ffi::OsString as std::os::windows::ffi::OsStringExt>::from_wide(
                &units,
            ));
            return Ok(whole.into());
        }
        _ => return Ok(path),
    }
    whole.push(&path);
    Ok(whole.into())
}

/// Nanoseconds since 1970-01-01 UTC.
fn nanoseconds(filetime: i64) -> i64 {
    filetime.saturating_sub(EPOCH).saturating_mul(100)
}

/// Units of 100 ns since 1601-01-01 UTC.
pub(in crate::files) fn filetime(nanoseconds: i64) -> i64 {
    (nanoseconds / 100).saturating_add(EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn two_names_of_a_file_are_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "bytes").unwrap();
        fs::hard_link(at("a"), at("b")).unwrap();
        fs::write(at("c"), "bytes").unwrap();
        let facts = |name: &str| FileFacts::at(&at(name), true).unwrap();
        assert!(facts("a").key.is_some());
        assert_eq!(facts("a").key, facts("b").key);
        assert_ne!(facts("a").key, facts("c").key);
        assert_eq!((facts("a").names, facts("c").names), (2, 1));
        assert_eq!(facts("a").size, 5);
        let before = facts("c").key;
        fs::rename(at("c"), at("d")).unwrap();
        assert_eq!(facts("d").key, before);
        let folders = FileFacts::at(folder.path(), true).unwrap();
        assert_eq!(folders.volume, facts("a").volume);
    }

    #[test]
    fn times_are_those_of_the_standard_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "").unwrap();
        let modified = path.metadata().unwrap().modified().unwrap();
        let since = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let ModifiedNs(told) = FileFacts::at(&path, true).unwrap().modified;
        assert_eq!(u128::try_from(told).unwrap(), since);
        assert_eq!(nanoseconds(filetime(told)), told);
        assert_eq!(nanoseconds(filetime(-1_500)), -1_500);
    }

    #[test]
    fn paths_of_any_length() {
        let text = |path: &str| verbatim(Path::new(path)).unwrap().to_string_lossy().into_owned();
        assert_eq!(text(r"C:\a\b.jpg"), r"\\?\C:\a\b.jpg");
        assert_eq!(text(r"C:/a/../b.jpg"), r"\\?\C:\b.jpg");
        assert_eq!(text(r"\\nas\photos\b.jpg"), r"\\?\UNC\nas\photos\b.jpg");
        assert_eq!(text(r"\\?\C:\a"), r"\\?\C:\a");
    }
}
