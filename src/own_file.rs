//! Files that the program writes for itself: configuration, reports, plans. Never a user's media.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file that must not exist yet, and waits until it is on the disk.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`], or whatever creating and writing give; a half-written file
/// is removed.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_by(path, &|file| file.write_all(bytes))
}

/// As [`create`], for what is written part by part.
///
/// # Errors
/// As [`create`].
pub fn create_by(path: &Path, write: &Write<'_>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(file);
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    written?;
    sync_folder_of(path)
}

/// Puts `bytes` in the place of a file in one step, existing or not: a reader sees the old content
/// or the new, also after a power cut. A symbolic link stays one, and its target is replaced;
/// permissions are kept. Missing folders are made.
///
/// # Errors
/// Whatever the steps give; the old file is then untouched.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_by(path, &|file| file.write_all(bytes))
}

/// What fills a new file.
pub type Write<'a> = dyn Fn(&mut File) -> io::Result<()> + 'a;

/// As [`replace`], for what is written part by part.
///
/// # Errors
/// As [`replace`].
pub fn replace_by(path: &Path, write: &Write<'_>) -> io::Result<()> {
    let path = &match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    create_by(&part, write)?;
    let published = match fs::metadata(path) {
        Ok(old) => fs::set_permissions(&part, old.permissions()),
        Err(_) => Ok(()),
    }
    .and_then(|()| fs::rename(&part, path));
    if published.is_err() {
        let _ = fs::remove_file(&part);
    }
    published?;
    sync_folder_of(path)
}

/// Makes a new name last (POSIX: a folder is a file of its own to be synced).
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creates_once_and_replaces_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/file.toml");
        assert_eq!(create(&path, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        replace(&path, b"first").unwrap();
        assert_eq!(create(&path, b"x").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        replace(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        let names = fs::read_dir(folder.path().join("new")).unwrap().count();
        assert_eq!(names, 1, "nothing else is left in the folder");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&target, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
