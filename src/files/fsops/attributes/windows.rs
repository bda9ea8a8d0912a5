//! Times, attributes and alternate data streams.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::ffi::OsStringExt as _;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_NOT_CONTENT_INDEXED, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_SYSTEM,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES,
};

use crate::files::fsops::OpenFile;
use crate::files::fsops::at::look_of_open;
use crate::files::fsops::windows::set_basic;
use crate::files::stamp::may_be_one;
use crate::files::windows::{Basic, basic, filetime, streams};

/// What a user sets. Others say how the file system stores the file.
const CARRIED: u32 = FILE_ATTRIBUTE_READONLY
    | FILE_ATTRIBUTE_HIDDEN
    | FILE_ATTRIBUTE_SYSTEM
    | FILE_ATTRIBUTE_ARCHIVE
    | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

/// The stream of a file's bytes.
const BYTES: &str = "::$DATA";

/// Gives `to` what `from` has; reports what could not be preserved.
pub(in crate::files::fsops) fn copy(
    from: &OpenFile,
    to: &OpenFile,
    modified_ns: Option<i64>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    copy_streams(&from.place.path(), &to.place.path(), &mut warnings);
    if let Err(error) = copy_basic(from, to, modified_ns) {
        warnings.push(format!("times and attributes: {error}"));
    }
    warnings
}

fn copy_streams(from: &Path, to: &Path, warnings: &mut Vec<String>) {
    let found = streams(from);
    // FAT, and many servers, have none, each with an error of its own.
    for name in found.unwrap_or_default() {
        let name = OsString::from_wide(&name);
        if name == BYTES {
            continue;
        }
        let path = |file: &Path| {
            let mut path = file.as_os_str().to_owned();
            path.push(&name);
            PathBuf::from(path)
        };
        let copied = File::open(path(from)).and_then(|mut stream| {
            let mut made =
                OpenOptions::new().write(true).create(true).truncate(true).open(path(to))?;
            io::copy(&mut stream, &mut made)?;
            made.sync_all()
        });
        if let Err(error) = copied {
            warnings.push(format!("data stream {}: {error}", name.to_string_lossy()));
        }
    }
}

fn copy_basic(from: &OpenFile, to: &OpenFile, modified_ns: Option<i64>) -> io::Result<()> {
    let had = basic(&from.file)?;
    let attributes = had.attributes & CARRIED;
    let wanted = Basic {
        modified: modified_ns.map_or(had.modified, filetime),
        // Zero leaves what is there, for times and for attributes.
        changed: 0,
        attributes: if attributes == 0 { FILE_ATTRIBUTE_NORMAL } else { attributes },
        ..had
    };
    // Last, with all at once: what came before is a change too, and a file that may only be read
    // takes no more.
    let open = |options: &mut OpenOptions| {
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(to.place.path())
    };
    let writable = match open(OpenOptions::new().read(true).write(true)) {
        Ok(file) => file,
        Err(_) => {
            open(OpenOptions::new().access_mode(FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES))?
        }
    };
    // Its time is that of the last stream by now.
    let key = look_of_open(&to.place.path(), &writable)?.stamp.key;
    if !may_be_one(key, to.look().stamp.key) {
        return Err(io::Error::new(ErrorKind::ResourceBusy, "it was replaced"));
    }
    set_basic(&writable, wanted)?;
    // Should the power fail now, the time is worth as much as the bytes. A handle that may only
    // change attributes cannot be synced, and the system keeps a journal of them.
    let _ = writable.sync_all();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::fsops::{Disk, FileSystem as _, Place};
    use std::fs;

    /// Streams are not tried: Wine has none.
    #[test]
    fn a_copy_has_times_and_attributes() {
        let disk = Disk::default();
        let folder = tempfile::tempdir().unwrap();
        let root = crate::files::real_paths::real_path(folder.path()).unwrap();
        let place =
            |name: &str| Place::new(&disk.open_folder(&root).unwrap(), name.as_ref()).unwrap();
        fs::write(root.join("a"), "x").unwrap();
        let given = Basic {
            created: filetime(1_000_000_000_000_000_000),
            accessed: filetime(1_100_000_000_000_000_000),
            modified: filetime(1_200_000_000_000_000_000),
            changed: 0,
            attributes: FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN,
        };
        let file = OpenOptions::new().read(true).write(true).open(root.join("a")).unwrap();
        set_basic(&file, given).unwrap();
        drop(file);
        let from = disk.open(&place("a")).unwrap();
        disk.copy_new(&from, &place("b")).unwrap();
        let to = disk.open(&place("b")).unwrap();
        assert_eq!(disk.copy_attributes(&from, &to, None), Vec::<String>::new());
        let has = basic(&File::open(root.join("b")).unwrap()).unwrap();
        assert_eq!(has.modified, given.modified);
        // Wine says of every file that it is to be archived.
        assert_eq!(has.attributes & given.attributes, given.attributes);
        // Some systems (Wine on Linux) have no time of creation that can be set.
        assert!(has.created == given.created || has.created >= given.modified);
        disk.copy_new(&from, &place("c")).unwrap();
        let to = disk.open(&place("c")).unwrap();
        let modified = 1_300_000_000_123_456_700;
        assert_eq!(disk.copy_attributes(&from, &to, Some(modified)), Vec::<String>::new());
        let has = basic(&File::open(root.join("c")).unwrap()).unwrap();
        assert_eq!(has.modified, filetime(modified));
    }
}
