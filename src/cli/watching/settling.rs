//! When files have come to rest: decided by looking twice, on a clock that only goes forward. Pure.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clean_backup::model::media::FileStamp;

/// What was seen of the files of a folder.
#[derive(Debug)]
pub struct Settling {
    /// So long a file must have been as it is.
    settle: Duration,
    seen: HashMap<PathBuf, Sighting>,
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    stamp: FileStamp,
    /// Since when it is so.
    since: Duration,
    /// Something was done about it, as it is.
    handled: bool,
}

impl Settling {
    /// A file is at rest when neither its size nor its time has changed for `settle`.
    pub fn new(settle: Duration) -> Self {
        Self { settle, seen: HashMap::new() }
    }

    /// Takes in what is in the folder at `now`; what is not there any more is forgotten.
    pub fn observe(&mut self, files: impl Iterator<Item = (PathBuf, FileStamp)>, now: Duration) {
        let mut seen = HashMap::new();
        for (path, stamp) in files {
            let known = self.seen.get(&path).filter(|sighting| sighting.stamp == stamp).copied();
            let fresh = Sighting { stamp, since: now, handled: false };
            seen.insert(path, known.unwrap_or(fresh));
        }
        self.seen = seen;
    }

    /// The files to be considered now: those that came to rest and were not handled yet, and those
    /// at rest in the same folders, which may belong to them. Empty where nothing is new.
    pub fn at_rest(&self, now: Duration) -> HashSet<PathBuf> {
        let folders: HashSet<&Path> =
            self.resting(now).filter(|(_, s)| !s.handled).filter_map(|(p, _)| p.parent()).collect();
        let beside = |path: &Path| path.parent().is_some_and(|folder| folders.contains(folder));
        let resting = self.resting(now).filter(|(path, _)| beside(path));
        resting.map(|(path, _)| path.clone()).collect()
    }

    /// These need not be considered again while they stay as they are.
    pub fn handled(&mut self, files: &HashSet<PathBuf>) {
        for path in files {
            if let Some(sighting) = self.seen.get_mut(path) {
                sighting.handled = true;
            }
        }
    }

    /// The same, for a file that was seen as it was in an earlier life.
    pub fn handled_as(&mut self, path: &Path, stamp: FileStamp) {
        if let Some(sighting) = self.seen.get_mut(path).filter(|sighting| sighting.stamp == stamp) {
            sighting.handled = true;
        }
    }

    /// Whether a file is as it was when it was looked at last.
    pub fn is_as_seen(&self, path: &Path, stamp: FileStamp) -> bool {
        self.seen.get(path).is_some_and(|sighting| sighting.stamp == stamp)
    }

    /// How long until the next file comes to rest, if all stay as they are.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        let waiting = self.seen.values().filter(|sighting| !sighting.handled);
        waiting.map(|sighting| (sighting.since + self.settle).saturating_sub(now)).min()
    }

    fn resting(&self, now: Duration) -> impl Iterator<Item = (&PathBuf, &Sighting)> {
        self.seen.iter().filter(move |(_, s)| s.since + self.settle <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clean_backup::model::media::{Bytes, FileKey, ModifiedNs};

    fn stamp(size: u64) -> FileStamp {
        FileStamp {
            key: FileKey { device: 1, inode: 1 },
            size: Bytes(size),
            modified: ModifiedNs(0),
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn observe(settling: &mut Settling, files: &[(&str, u64)], now: u64) {
        let files = files.iter().map(|&(path, size)| (PathBuf::from(path), stamp(size)));
        settling.observe(files, at(now));
    }

    fn resting(settling: &Settling, now: u64) -> Vec<String> {
        let found = settling.at_rest(at(now));
        let mut names: Vec<String> =
            found.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_growing_file_waits() {
        let mut settling = Settling::new(at(10));
        observe(&mut settling, &[("in/a", 1), ("in/b", 1)], 0);
        assert_eq!(settling.next(at(4)), Some(at(6)));
        observe(&mut settling, &[("in/a", 1), ("in/b", 2)], 9);
        assert_eq!(resting(&settling, 9), [""; 0]);
        observe(&mut settling, &[("in/a", 1), ("in/b", 2)], 10);
        assert_eq!(resting(&settling, 10), ["in/a"]);
        assert_eq!(resting(&settling, 19), ["in/a", "in/b"]);
        assert_eq!(settling.next(at(30)), Some(at(0)));
    }

    #[test]
    fn what_was_handled_comes_back_only_beside_something_new() {
        let mut settling = Settling::new(at(1));
        let all = [("in/a.jpg", 1), ("in/a.raf", 1), ("other/b.jpg", 1)];
        observe(&mut settling, &[all[0], all[2]], 0);
        settling.handled(&settling.at_rest(at(1)));
        assert_eq!((resting(&settling, 5), settling.next(at(5))), (Vec::new(), None));
        // Its RAW arrives later, and they belong together.
        observe(&mut settling, &all, 5);
        assert_eq!(resting(&settling, 6), ["in/a.jpg", "in/a.raf"]);
        settling.handled(&settling.at_rest(at(6)));
        // One that changes, or goes and comes back, is new.
        observe(&mut settling, &[("in/a.jpg", 2), all[2]], 7);
        assert_eq!(resting(&settling, 8), ["in/a.jpg"]);
        observe(&mut settling, &[], 9);
        observe(&mut settling, &all[..1], 10);
        assert_eq!(resting(&settling, 11), ["in/a.jpg"]);
    }

    #[test]
    fn what_an_earlier_life_saw_is_known_by_its_stamp() {
        let mut settling = Settling::new(at(0));
        observe(&mut settling, &[("a", 1), ("b", 1)], 0);
        settling.handled_as(Path::new("a"), stamp(1));
        settling.handled_as(Path::new("b"), stamp(2));
        settling.handled_as(Path::new("c"), stamp(1));
        assert_eq!(settling.next(at(0)), Some(at(0)));
        settling.handled_as(Path::new("b"), stamp(1));
        assert_eq!(settling.next(at(0)), None);
    }
}
