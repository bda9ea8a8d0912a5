//! What files lie on: whether it is slow to read here and there at once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How a drive likes to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DriveKind {
    /// Reads anywhere cost the same, many at once are best.
    Quick,
    /// A head has to move: one read after the other, in the order of the places.
    Rotating,
    /// Each read waits for an answer: a few at once.
    Network,
}

impl DriveKind {
    /// How many files of such a drive are read at once, if that is for anybody but the decoders to
    /// say.
    pub fn readers(self) -> Option<usize> {
        match self {
            Self::Quick => None,
            Self::Rotating => Some(1),
            Self::Network => Some(4),
        }
    }
}

/// The drives that were met, each asked once.
#[derive(Debug, Default)]
pub struct Drives(Mutex<HashMap<u64, DriveKind>>);

impl Drives {
    /// What a file lies on; `device` is the number in its stamp. Where the system does not tell, a
    /// drive counts as quick.
    pub fn kind(&self, path: &Path, device: u64) -> DriveKind {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(device).or_insert_with(|| kind_of(path, device))
    }
}

#[cfg(target_os = "linux")]
fn kind_of(path: &Path, device: u64) -> DriveKind {
    let numbers = (rustix::fs::major(device), rustix::fs::minor(device));
    if let Some(rotates) = rotates(numbers) {
        return if rotates { DriveKind::Rotating } else { DriveKind::Quick };
    }
    // Without a block device of its own: Btrfs, FUSE, or the network.
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(source) = source_of(&mounts, numbers) {
        use std::os::unix::fs::MetadataExt as _;
        let lies_on = Path::new(source).metadata().map(|metadata| metadata.rdev());
        let numbers = lies_on.map(|number| (rustix::fs::major(number), rustix::fs::minor(number)));
        match numbers.ok().and_then(rotates) {
            Some(true) => return DriveKind::Rotating,
            Some(false) => return DriveKind::Quick,
            None => {}
        }
    }
    /// From `linux/magic.h` and the file systems' own headers: NFS, SMB (three drivers), FUSE,
    /// Ceph, AFS, 9P.
    const REMOTE: [u32; 8] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x6573_5546,
        0x00c3_6400,
        0x5346_414f,
        0x0102_1997,
    ];
    let magic = rustix::fs::statfs(path).map(|found| found.f_type as u32);
    match magic {
        Ok(magic) if REMOTE.contains(&magic) => DriveKind::Network,
        _ => DriveKind::Quick,
    }
}

/// Elsewhere the system is not asked.
#[cfg(not(target_os = "linux"))]
fn kind_of(_path: &Path, _device: u64) -> DriveKind {
    DriveKind::Quick
}

/// Whether a block device rotates, as its driver says.
#[cfg(target_os = "linux")]
fn rotates((major, minor): (u32, u32)) -> Option<bool> {
    let device = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    // A disk of a virtual machine says that it rotates, whatever it lies on.
    if device.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"virtio")) {
        return Some(false);
    }
    // A partition has no queue of its own.
    [Some(device.as_path()), device.parent()]
        .into_iter()
        .flatten()
        .find_map(|device| std::fs::read_to_string(device.join("queue/rotational")).ok())
        .map(|text| text.trim() == "1")
}

/// What is mounted as the device of these numbers (proc(5), `/proc/[pid]/mountinfo`).
#[cfg(target_os = "linux")]
fn source_of(mounts: &str, (major, minor): (u32, u32)) -> Option<&str> {
    let wanted = format!("{major}:{minor}");
    mounts.lines().find_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        (mount.split(' ').nth(2)? == wanted).then(|| system.split(' ').nth(1))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn sources_of_mounts() {
        let mounts = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
                      41 27 0:52 /@home /home rw shared:5 master:1 - btrfs /dev/sdb1 rw,subvol=/@home\n\
                      broken\n";
        assert_eq!(source_of(mounts, (0, 52)), Some("/dev/sdb1"));
        assert_eq!(source_of(mounts, (254, 0)), Some("/dev/vda"));
        assert_eq!(source_of(mounts, (0, 5)), None);
        assert_eq!(source_of("", (0, 5)), None);
    }

    #[test]
    fn the_place_of_the_tests_can_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        let drives = Drives::default();
        let first = drives.kind(folder.path(), u64::MAX);
        assert_eq!(drives.kind(folder.path(), u64::MAX), first);
        assert_eq!(DriveKind::Quick.readers(), None);
        assert_eq!(DriveKind::Rotating.readers(), Some(1));
    }
}
