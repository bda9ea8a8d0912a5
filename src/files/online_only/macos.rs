//! iCloud Drive, and whatever else is a file provider.

use std::ffi::c_int;
use std::fs::Metadata;
use std::os::macos::fs::MetadataExt as _;

/// `SF_DATALESS` of `sys/stat.h`: the file provider fetches the bytes when they are asked for.
const SF_DATALESS: u32 = 0x4000_0000;

pub(super) fn is_online_only(metadata: &Metadata) -> bool {
    metadata.st_flags() & SF_DATALESS != 0
}

// `sys/resource.h`.
const IOPOL_TYPE_VFS_MATERIALIZE_DATALESS_FILES: c_int = 3;
const IOPOL_SCOPE_PROCESS: c_int = 0;
const IOPOL_MATERIALIZE_DATALESS_FILES_OFF: c_int = 1;

// SAFETY: as `getiopolicy_np(3)` declares it.
unsafe extern "C" {
    safe fn setiopolicy_np(iotype: c_int, scope: c_int, policy: c_int) -> c_int;
}

/// Reading such a file fails with `EDEADLK` from now on. Before macOS 10.15 there is no such policy,
/// nor are there such files.
pub(super) fn forbid_downloads() {
    let refused = setiopolicy_np(
        IOPOL_TYPE_VFS_MATERIALIZE_DATALESS_FILES,
        IOPOL_SCOPE_PROCESS,
        IOPOL_MATERIALIZE_DATALESS_FILES_OFF,
    );
    if refused != 0 {
        tracing::debug!("online-only files: the system does not know how to leave them alone");
    }
}
