//! Calls of Windows that change files, for which the standard library has no words.

use std::fs::File;
use std::io;
use std::mem::size_of;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    FILE_BASIC_INFO, FileBasicInfo, MOVEFILE_WRITE_THROUGH, MoveFileExW, SetFileInformationByHandle,
};

use crate::files::windows::{Basic, WidePath, result};

/// Gives a file times and attributes; a zero leaves what it has.
pub(super) fn set_basic(file: &File, basic: Basic) -> io::Result<()> {
    let info = FILE_BASIC_INFO {
        CreationTime: basic.created,
        LastAccessTime: basic.accessed,
        LastWriteTime: basic.modified,
        ChangeTime: basic.changed,
        FileAttributes: basic.attributes,
    };
    // SAFETY: the handle is open as long as the file is borrowed; the structure belongs to the
    // class, lives until the call returns, and its size is told.
    let done = unsafe {
        SetFileInformationByHandle(
            file.as_raw_handle(),
            FileBasicInfo,
            (&raw const info).cast(),
            size_of::<FILE_BASIC_INFO>() as u32,
        )
    };
    result(done)
}

/// Renames on one volume, and waits until that is on the disk; `AlreadyExists` where anything has
/// the name.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (WidePath::new(from)?, WidePath::new(to)?);
    // SAFETY: both are strings that end with a zero, and live until the call returns.
    result(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn names_of_any_length_are_given_and_none_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("n".repeat(120)).join("m".repeat(120)).join("o".repeat(120));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("a"), "x").unwrap();
        rename_new(&deep.join("a"), &deep.join("b")).unwrap();
        assert_eq!(fs::read(deep.join("b")).unwrap(), b"x");
        fs::write(deep.join("taken"), "y").unwrap();
        let taken = rename_new(&deep.join("b"), &deep.join("taken")).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        let gone = rename_new(&deep.join("a"), &deep.join("c")).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }
}
