//! Online-only files: their names, sizes and times are here, their bytes lie with a cloud service
//! (iCloud Drive, OneDrive and others), and whoever reads them downloads them.

use std::fs::Metadata;

/// Why such a file or folder is passed over.
pub const REASON: &str =
    "online-only: reading it would download it (--download-placeholders allows that)";

/// Whether metadata are those of an online-only file or folder; `None` where the system knows no
/// such files.
pub type Judge = Option<fn(&Metadata) -> bool>;

/// The judge of this system.
#[cfg(any(target_vendor = "apple", windows))]
pub const JUDGE: Judge = Some(is_online_only);
/// The judge of this system.
#[cfg(not(any(target_vendor = "apple", windows)))]
pub const JUDGE: Judge = None;

/// `SF_DATALESS` of `sys/stat.h`: the file provider fetches the bytes when they are asked for.
#[cfg(target_vendor = "apple")]
fn is_online_only(metadata: &Metadata) -> bool {
    use std::os::macos::fs::MetadataExt as _;
    const SF_DATALESS: u32 = 0x4000_0000;
    metadata.st_flags() & SF_DATALESS != 0
}

/// `FILE_ATTRIBUTE_OFFLINE`, `_RECALL_ON_OPEN` and `_RECALL_ON_DATA_ACCESS`.
#[cfg(windows)]
fn is_online_only(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt as _;
    const ELSEWHERE: u32 = 0x1000 | 0x4_0000 | 0x40_0000;
    metadata.file_attributes() & ELSEWHERE != 0
}
