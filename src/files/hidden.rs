//! Files and folders that the system's file manager does not show.

use std::fs::Metadata;

/// Whether this system hides files by a flag, so that [`is_flagged`] has to be asked.
pub const HAS_FLAG: bool = cfg!(any(target_vendor = "apple", windows));

/// `UF_HIDDEN` of `sys/stat.h`, which `~/Library` has.
#[cfg(target_vendor = "apple")]
pub fn is_flagged(metadata: &Metadata) -> bool {
    use std::os::macos::fs::MetadataExt as _;
    const UF_HIDDEN: u32 = 0x8000;
    metadata.st_flags() & UF_HIDDEN != 0
}

/// `FILE_ATTRIBUTE_HIDDEN`, which `AppData` has.
#[cfg(windows)]
pub fn is_flagged(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt as _;
    metadata.file_attributes() & 0x2 != 0
}

/// Names alone hide files here.
#[cfg(not(any(target_vendor = "apple", windows)))]
pub fn is_flagged(_metadata: &Metadata) -> bool {
    false
}
