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

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
        _ => sync_folder(Path::new(".")),
    }
}

/// Adds to the end of a log. One that has grown beyond `limit` bytes is renamed first, to the same
/// name with `.1`, the one before to `.2`, and so on up to `kept`.
///
/// # Errors
/// Whatever the steps give.
pub fn append_rotating(path: &Path, bytes: &[u8], limit: u64, kept: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > limit) {
        let old = |number: u32| match number {
            0 => path.to_owned(),
            _ => {
                let mut name = path.as_os_str().to_owned();
                name.push(format!(".{number}"));
                name.into()
            }
        };
        for number in (0..kept).rev() {
            match fs::rename(old(number), old(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
}

/// Makes the names in a folder last (POSIX: a folder is a file of its own to be synced).
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems (FUSE, SMB) cannot sync a folder, and need not.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Makes the names in a folder last; here the system does it by itself.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
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

    #[test]
    fn logs_rotate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/audit.log");
        for line in ["one\n", "two\n", "three\n", "four\n", "five\n"] {
            append_rotating(&path, line.as_bytes(), 5, 2).unwrap();
        }
        let text = |name: &str| fs::read_to_string(folder.path().join("logs").join(name)).unwrap();
        assert_eq!(text("audit.log"), "four\nfive\n");
        assert_eq!(text("audit.log.1"), "three\n");
        assert_eq!(text("audit.log.2"), "one\ntwo\n");
        append_rotating(&path, b"six\n", 4, 2).unwrap();
        append_rotating(&path, b"seven\n", 4, 2).unwrap();
        let names = fs::read_dir(folder.path().join("logs")).unwrap().count();
        assert_eq!((names, text("audit.log.2")), (3, "three\n".into()));
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
