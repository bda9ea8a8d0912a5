//! Times, permissions and extended attributes.

use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files::fsops::{OpenFile, sync};

/// Gives `to` what `from` has; reports what could not be preserved.
pub(in crate::files::fsops) fn copy(
    from: &OpenFile,
    to: &OpenFile,
    modified_ns: Option<i64>,
) -> Vec<String> {
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
            #[cfg(target_vendor = "apple")]
            let times = crate::files::fsops::macos::with_created(times, &metadata);
            // Last: what came before is a change too.
            if let Err(error) = to.set_times(times) {
                warnings.push(format!("times: {error}"));
            }
        }
        Err(error) => warnings.push(format!("permissions and times: {error}")),
    }
    // Should the power fail now, the time is worth as much as the bytes.
    if let Err(error) = sync::sync(to) {
        warnings.push(error.to_string());
    }
    warnings
}

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
    use rustix::fs::{
        XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fsetxattr,
    };
    let names = whole(|| flistxattr_query(from), |buffer| flistxattr(from, buffer));
    let names = match names {
        Ok(names) => names,
        Err(error) if is_unknown(error) => return,
        Err(error) => return warnings.push(format!("extended attributes: {error}")),
    };
    for name in names.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        if is_the_systems(name) {
            continue;
        }
        let value = whole(|| fgetxattr_query(from, name), |buffer| fgetxattr(from, name, buffer));
        let given = value.and_then(|value| fsetxattr(to, name, &value, XattrFlags::empty()));
        if let Err(error) = given {
            let name = String::from_utf8_lossy(name);
            warnings.push(format!("extended attribute {name}: {error}"));
        }
    }
}

/// The file system has no such attributes. On Linux the two are one number.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn is_unknown(error: rustix::io::Errno) -> bool {
    [rustix::io::Errno::OPNOTSUPP, rustix::io::Errno::NOTSUP].contains(&error)
}

/// All of what `read` puts into a buffer of the size that `size` tells, should it grow meanwhile
/// too. A resource fork of macOS has megabytes.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn whole(
    size: impl Fn() -> rustix::io::Result<usize>,
    read: impl Fn(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut attempts = 0;
    loop {
        let mut buffer = vec![0; size()?];
        if buffer.is_empty() {
            return Ok(buffer);
        }
        match read(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(rustix::io::Errno::RANGE) if attempts < 3 => attempts += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The system's own (SELinux, capabilities, ACLs that follow the folder; on macOS what it allows
/// and remembers of programs) are not a user's.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn is_the_systems(name: &[u8]) -> bool {
    const PREFIXES: &[&[u8]] = match cfg!(target_vendor = "apple") {
        true => &[
            b"com.apple.system.",
            b"com.apple.provenance",
            b"com.apple.macl",
            b"com.apple.rootless",
        ],
        false => &[b"security.", b"system."],
    };
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn extended(_from: &File, _to: &File, _warnings: &mut Vec<String>) {}
