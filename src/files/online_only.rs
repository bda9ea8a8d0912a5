//! Online-only files: their names, sizes and times are here, their bytes lie with a cloud service
//! (iCloud Drive, OneDrive and others), and whoever reads them downloads them.

#[cfg(target_vendor = "apple")]
mod macos;

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

#[cfg(target_vendor = "apple")]
use macos::is_online_only;

/// Asks the system to fail whatever would download bytes in this process, where it can do that: for
/// what is read without a walk, as sidecars are and what a plan names.
pub fn forbid_downloads() {
    #[cfg(target_vendor = "apple")]
    macos::forbid_downloads();
}

/// `FILE_ATTRIBUTE_OFFLINE`, `_RECALL_ON_OPEN` and `_RECALL_ON_DATA_ACCESS`.
#[cfg(windows)]
fn is_online_only(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt as _;
    const ELSEWHERE: u32 = 0x1000 | 0x4_0000 | 0x40_0000;
    metadata.file_attributes() & ELSEWHERE != 0
}
