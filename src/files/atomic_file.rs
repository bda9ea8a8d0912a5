//! Files that the program writes for itself: configuration, reports, plans. Never a user's media.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::files::real_paths::real_path;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    /// The user alone: it tells which pictures somebody has.
    User,
    /// Whom the user's umask lets: a result that was asked for.
    ByUmask,
}

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
    create_for(Readers::ByUmask, path, write)
}

/// As [`create`], readable by the user alone.
///
/// # Errors
/// As [`create`].
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_for(Readers::User, path, &|file| file.write_all(bytes))
}

/// Options to open a file so that the user alone can read it, should it be made.
pub fn private_options() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes from everybody but the user what another library's code let them have of a file.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Takes from everybody but the user what another library's code let them have of a file; here
/// the folder of the user's profile does that.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes an empty file that the user alone can read, unless anything is there.
///
/// # Errors
/// What the system says.
pub fn make_private_file(path: &Path) -> io::Result<()> {
    match private_options().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder and those above it as far as they are missing, for the user alone. Folders that
/// are there keep their permissions.
///
/// # Errors
/// What the system says.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    folder_builder().recursive(true).create(path)
}

/// Makes one folder for the user alone.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`], or what the system says.
pub fn make_new_private_folder(path: &Path) -> io::Result<()> {
    folder_builder().create(path)
}

fn folder_builder() -> fs::DirBuilder {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn create_for(readers: Readers, path: &Path, write: &Write<'_>) -> io::Result<()> {
    let mut options = match readers {
        Readers::User => private_options(),
        Readers::ByUmask => OpenOptions::new(),
    };
    let mut file = options.write(true).create_new(true).open(path)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(file);
        // The first error is the one to report.
        let _ = fs::remove_file(path);
    }
    written?;
    sync_folder_of(path)
}

/// Puts `bytes` in the place of a file in one step, existing or not: a reader sees the old content
/// or the new, also after a power cut. A symbolic link stays one, and its target is replaced;
/// permissions are kept. What was not there before, the user alone can read. Missing folders are
/// made.
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
    let path = &match real_path(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    create_for(Readers::User, &part, write)?;
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
/// Whatever the steps give; [`io::ErrorKind::AlreadyExists`] when something that is no log of this
/// program, recognised by its first bytes, has that name.
pub fn append_rotating(path: &Path, bytes: &[u8], limit: u64, kept: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    let length = length_of_log(path)?;
    if length.is_some_and(|length| length > limit) {
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
    private_options().append(true).create(true).open(path)?.write_all(bytes)
}

/// The length of a log, whose lines begin with a year; `None` when there is none yet.
fn length_of_log(path: &Path) -> io::Result<Option<u64>> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut head = Vec::new();
    if found.is_file() {
        File::open(path)?.take(5).read_to_end(&mut head)?;
    }
    let own = match head.as_slice() {
        [] => found.is_file() && found.len() == 0,
        [year @ .., b'-'] => year.len() == 4 && year.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if own { Ok(Some(found.len())) } else { Err(io::ErrorKind::AlreadyExists.into()) }
}

/// Syncs the names in a folder to disk (POSIX: a folder is a file of its own to be synced).
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

/// Syncs the names in a folder; here the system does it by itself.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
