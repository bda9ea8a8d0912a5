//! What a file has besides its bytes.

#[cfg(windows)]
mod windows;

#[cfg(unix)]
use std::fs::{File, FileTimes};
#[cfg(unix)]
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(windows)]
pub(super) use windows::copy;

#[cfg(unix)]
use super::OpenFile;

/// Gives `to` what `from` has; reports what could not be preserved.
#[cfg(unix)]
pub(super) fn copy(from: &OpenFile, to: &OpenFile, modified_ns: Option<i64>) -> Vec<String> {
    let (from, to) = (&from.file, &to.file);
    let mut warnings = Vec::new();
    extended(from, to, &mut warnings);
    match from.metadata() {
        Ok(metadata) => {
            if let Err(error) = to.set_permissions(metadata.permissions()) {
                warnings.push(format!("permissions: {error}"));
            }
            let modified = modified_ns.map_or_else(|| metadata.modified().ok(), from_ns);
            let mut times = FileTimes::new();
            if let Some(modified) = modified {
                times = times.set_modified(modified);
            }
            if let Ok(accessed) = metadata.accessed() {
                times = times.set_accessed(accessed);
            }
            // Last: what came before is a change too.
            if let Err(error) = to.set_times(times) {
                warnings.push(format!("times: {error}"));
            }
        }
        Err(error) => warnings.push(format!("permissions and times: {error}")),
    }
    // Should the power fail now, the time is worth as much as the bytes.
    if let Err(error) = to.sync_all() {
        warnings.push(error.to_string());
    }
    warnings
}

#[cfg(unix)]
fn from_ns(nanoseconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn extended(from: &File, to: &File, warnings: &mut Vec<String>) {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    // Names and values are at most 64 KiB on Linux; what is longer elsewhere is reported.
    let mut names = vec![0; 64 << 10];
    let length = match flistxattr(from, &mut names) {
        Ok(length) => length,
        Err(rustix::io::Errno::OPNOTSUPP) => return,
        Err(error) => return warnings.push(format!("extended attributes: {error}")),
    };
    let mut value = vec![0; 64 << 10];
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        // The system's own (SELinux, capabilities, ACLs that follow the folder) are not a user's.
        if name.starts_with(b"security.") || name.starts_with(b"system.") {
            continue;
        }
        let given = fgetxattr(from, name, &mut value)
            .and_then(|length| fsetxattr(to, name, &value[..length], XattrFlags::empty()));
        if let Err(error) = given {
            let name = String::from_utf8_lossy(name);
            warnings.push(format!("extended attribute {name}: {error}"));
        }
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android", target_vendor = "apple"))))]
fn extended(_from: &File, _to: &File, _warnings: &mut Vec<String>) {}
