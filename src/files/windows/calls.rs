//! Calls of Windows that tell about files, for which the standard library has no words.

use std::fs::File;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_HANDLE_EOF, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_BASIC_INFO, FILE_ID_INFO, FILE_INFO_BY_HANDLE_CLASS, FILE_STANDARD_INFO, FileBasicInfo,
    FileIdInfo, FileStandardInfo, FindClose, FindFirstStreamW, FindNextStreamW,
    FindStreamInfoStandard, GetFileInformationByHandleEx, GetVolumeInformationByHandleW,
    WIN32_FIND_STREAM_DATA,
};

use super::WidePath;

/// Times, in units of 100 ns since 1601-01-01 UTC, and attributes.
#[derive(Clone, Copy, Debug)]
pub(in crate::files) struct Basic {
    pub created: i64,
    pub accessed: i64,
    pub modified: i64,
    /// When anything about the file changed last, its name included.
    pub changed: i64,
    pub attributes: u32,
}

/// Size in bytes, and number of names.
#[derive(Clone, Copy, Debug)]
pub(in crate::files) struct Standard {
    pub size: u64,
    pub names: u32,
}

/// The serial number of the volume, and what the file is called on it.
#[derive(Clone, Copy, Debug)]
pub(in crate::files) struct Id {
    pub volume: u64,
    pub file: [u8; 16],
}

pub(in crate::files) fn basic(file: &File) -> io::Result<Basic> {
    // SAFETY: the structure is the one that belongs to the class.
    let info: FILE_BASIC_INFO = unsafe { query(file, FileBasicInfo) }?;
    Ok(Basic {
        created: info.CreationTime,
        accessed: info.LastAccessTime,
        modified: info.LastWriteTime,
        changed: info.ChangeTime,
        attributes: info.FileAttributes,
    })
}

pub(in crate::files) fn standard(file: &File) -> io::Result<Standard> {
    // SAFETY: the structure is the one that belongs to the class.
    let info: FILE_STANDARD_INFO = unsafe { query(file, FileStandardInfo) }?;
    Ok(Standard { size: u64::try_from(info.EndOfFile).unwrap_or(0), names: info.NumberOfLinks })
}

pub(in crate::files) fn id(file: &File) -> io::Result<Id> {
    // SAFETY: the structure is the one that belongs to the class.
    let info: FILE_ID_INFO = unsafe { query(file, FileIdInfo) }?;
    Ok(Id { volume: info.VolumeSerialNumber, file: info.FileId.Identifier })
}

/// # Safety
/// `T` is the structure that `GetFileInformationByHandleEx` writes for that class; all of them are
/// plain numbers, for which zeros are valid.
unsafe fn query<T>(file: &File, class: FILE_INFO_BY_HANDLE_CLASS) -> io::Result<T> {
    let mut info = MaybeUninit::<T>::zeroed();
    // SAFETY: the handle is open as long as the file is borrowed; the buffer has the size that is
    // told.
    let done = unsafe {
        GetFileInformationByHandleEx(
            file.as_raw_handle(),
            class,
            info.as_mut_ptr().cast(),
            size_of::<T>() as u32,
        )
    };
    result(done)?;
    // SAFETY: zeros are valid, and so is what the call wrote, by the promise of the caller.
    Ok(unsafe { info.assume_init() })
}

/// The name of the file system that a file is on, such as `NTFS` or `exFAT`.
pub(in crate::files) fn file_system(file: &File) -> io::Result<String> {
    let mut name = [0_u16; 64];
    // SAFETY: the handle is open as long as the file is borrowed; the buffer has the length that
    // is told; what is not wanted may be null.
    let done = unsafe {
        GetVolumeInformationByHandleW(
            file.as_raw_handle(),
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            name.as_mut_ptr(),
            name.len() as u32,
        )
    };
    result(done)?;
    Ok(until_zero(&name))
}

/// The streams of a file as they are written after its path, such as `:Zone.Identifier:$DATA`; that
/// of its bytes is `::$DATA`.
pub(in crate::files) fn streams(path: &Path) -> io::Result<Vec<Vec<u16>>> {
    let path = WidePath::new(path)?;
    let mut data = MaybeUninit::<WIN32_FIND_STREAM_DATA>::zeroed();
    // SAFETY: the path ends with a zero; the structure is the one that belongs to the level.
    let search = unsafe {
        FindFirstStreamW(path.as_ptr(), FindStreamInfoStandard, data.as_mut_ptr().cast(), 0)
    };
    if search == INVALID_HANDLE_VALUE {
        return none_left(io::Error::last_os_error()).map(|()| Vec::new());
    }
    let mut found = Vec::new();
    let end = loop {
        // SAFETY: the structure is plain numbers, for which zeros are valid; the call wrote it.
        let name = unsafe { data.assume_init_ref() }.cStreamName;
        found.push(name.iter().copied().take_while(|&unit| unit != 0).collect());
        // SAFETY: the search is open until it is closed below.
        if unsafe { FindNextStreamW(search, data.as_mut_ptr().cast()) } == 0 {
            break io::Error::last_os_error();
        }
    };
    // SAFETY: it is open, and not used again.
    unsafe { FindClose(search) };
    none_left(end).map(|()| found)
}

fn none_left(error: io::Error) -> io::Result<()> {
    let ended = i32::try_from(ERROR_HANDLE_EOF).ok();
    if error.raw_os_error() == ended { Ok(()) } else { Err(error) }
}

pub(in crate::files) fn result(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn until_zero(text: &[u16]) -> String {
    let end = text.iter().position(|&unit| unit == 0).unwrap_or(text.len());
    String::from_utf16_lossy(&text[..end])
}
