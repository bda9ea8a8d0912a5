//! The desktop's trash.

use std::io;
use std::path::Path;
#[cfg(any(windows, all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
use std::path::PathBuf;

use super::Trashed;

/// Puts a file into it.
pub(super) fn put(path: &Path) -> io::Result<()> {
    trash::delete(path).map_err(|error| {
        io::Error::other(format!("it cannot be put into the trash: {}", told(&error)))
    })
}

fn told(error: &trash::Error) -> String {
    match error {
        #[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
        trash::Error::FileSystem { path, source } => format!("{}: {source}", path.display()),
        trash::Error::Unknown { description } | trash::Error::Os { description, .. } => {
            description.clone()
        }
        other => other.to_string(),
    }
}

/// Looks through the trash for files that were at `path`.
#[cfg(any(windows, all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
pub(super) fn list(path: &Path) -> io::Result<Vec<Trashed>> {
    let mut items = trash::os_limited::list().map_err(|error| io::Error::other(told(&error)))?;
    items.retain(|item| item.original_path() == path);
    items.sort_by_key(|item| std::cmp::Reverse(item.time_deleted));
    Ok(items.into_iter().filter_map(|item| place(PathBuf::from(item.id))).collect())
}

/// `…/Trash/info/NAME.trashinfo` tells of `…/Trash/files/NAME` (Trash specification 1.0).
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn place(note: PathBuf) -> Option<Trashed> {
    let file = note.parent()?.parent()?.join("files").join(note.file_stem()?);
    Some(Trashed { file, note })
}

/// `…\$Recycle.Bin\USER\$IX.jpg` tells of `$RX.jpg` beside it.
#[cfg(windows)]
fn place(file: PathBuf) -> Option<Trashed> {
    let name = file.file_name()?.to_str()?.strip_prefix("$R")?;
    let note = file.with_file_name(format!("$I{name}"));
    Some(Trashed { file, note })
}

#[cfg(not(any(windows, all(unix, not(target_vendor = "apple"), not(target_os = "android")))))]
pub(super) fn list(_path: &Path) -> io::Result<Vec<Trashed>> {
    let message = "it can only be taken out of the trash by hand here";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}
