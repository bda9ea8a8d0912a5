//! In which order files are read, and by whom.
//!
//! Where reads anywhere cost the same, each decoder opens its own file. A rotating disk would spend
//! its time moving the head between them: there one thread reads whole files, in the order of
//! their places, and the decoders get them from memory. A network share gets a few such threads.
//! Nothing is read twice, and no more than [`AHEAD`] bytes wait.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::Scope;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::files::content::FileSource;
use crate::files::drive::{DriveKind, Drives};
use crate::model::media::MediaFile;

/// Most bytes that were read and are not decoded yet.
const AHEAD: u64 = 256 << 20;
/// A larger file is read by its decoder.
const LARGEST: u64 = 64 << 20;

/// In which order files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReadOrder {
    /// As they lie, where the system says that a drive is slow.
    #[default]
    Auto,
    /// As they lie, one after the other, on every drive.
    ByPlace,
    /// As they were found, by as many threads as decode.
    AsFound,
}

/// A file whose turn it is.
pub(super) struct Turn {
    /// Its place among the files.
    pub index: usize,
    /// The file with its bytes, where they were read.
    pub read: Option<FileRead>,
}

/// A file that was read, or why it was not; its bytes count as waiting until it is dropped.
pub(super) struct FileRead {
    pub source: std::io::Result<FileSource>,
    pub room: Room,
}

/// Files of slow drives by the drive, each in the order of the places; and the others as they were.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    slow: Vec<(usize, Vec<usize>)>,
    quick: Vec<usize>,
}

impl Orders {
    /// Of the files of these indices.
    pub fn new(files: &[MediaFile], indices: &[usize], order: ReadOrder, drives: &Drives) -> Self {
        let readers = |file: &MediaFile| match order {
            ReadOrder::Auto => drives.kind(&file.path, file.stamp.key.device).readers(),
            ReadOrder::ByPlace => DriveKind::Rotating.readers(),
            ReadOrder::AsFound => None,
        };
        let mut quick = Vec::new();
        let mut slow: BTreeMap<u64, (usize, Vec<usize>)> = BTreeMap::new();
        for &index in indices {
            let file = &files[index];
            match readers(file) {
                None => quick.push(index),
                Some(readers) => {
                    let drive = slow.entry(file.stamp.key.device);
                    drive.or_insert((readers, Vec::new())).1.push(index);
                }
            }
        }
        // File systems give inodes out where the files' bytes go, about.
        for (_, indices) in slow.values_mut() {
            indices.sort_by_key(|&index| files[index].stamp.key);
        }
        Self { slow: slow.into_values().collect(), quick }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.slow.is_empty() && self.quick.is_empty()
    }

    /// Starts the reading threads; gives the files as their turn comes, the read ones first.
    pub fn turns<'scope, 'env>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        files: &'env [MediaFile],
        cancel: &'env AtomicBool,
    ) -> Turns {
        let (to_decoders, read) = unbounded();
        let waiting = Arc::new(Waiting::default());
        for (readers, indices) in self.slow {
            let indices = Arc::new((indices, AtomicUsize::new(0)));
            for _ in 0..readers {
                let (indices, to_decoders) = (Arc::clone(&indices), to_decoders.clone());
                let waiting = Arc::clone(&waiting);
                scope.spawn(move || {
                    let (indices, next) = &*indices;
                    while let Some(&index) = indices.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if cancel.load(Ordering::Relaxed)
                            || !pass(files, index, &waiting, &to_decoders)
                        {
                            return;
                        }
                    }
                });
            }
        }
        Turns { read, quick: self.quick.into_iter() }
    }
}

/// Reads a file and passes it on; `false` when nobody takes it any more.
fn pass(files: &[MediaFile], index: usize, waiting: &Arc<Waiting>, to: &Sender<Turn>) -> bool {
    let file = &files[index];
    let bytes = file.stamp.size.0;
    let read = (bytes <= LARGEST).then(|| {
        let room = waiting.enter(bytes);
        FileRead { source: FileSource::read_ahead(&file.path, LARGEST), room }
    });
    to.send(Turn { index, read }).is_ok()
}

/// Files as their turn comes.
pub(super) struct Turns {
    read: Receiver<Turn>,
    quick: std::vec::IntoIter<usize>,
}

impl Iterator for Turns {
    type Item = Turn;

    fn next(&mut self) -> Option<Turn> {
        if let Ok(turn) = self.read.try_recv() {
            return Some(turn);
        }
        match self.quick.next() {
            Some(index) => Some(Turn { index, read: None }),
            None => self.read.recv().ok(),
        }
    }
}

/// Counts the bytes that wait.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Mutex<u64>,
    left: Condvar,
}

impl Waiting {
    /// Waits until so many bytes may be read.
    fn enter(self: &Arc<Self>, bytes: u64) -> Room {
        let lock = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |waiting: &mut u64| *waiting > 0 && *waiting + bytes > AHEAD;
        let mut waiting =
            self.left.wait_while(lock, is_full).unwrap_or_else(PoisonError::into_inner);
        *waiting += bytes;
        Room { waiting: Arc::clone(self), bytes }
    }
}

/// Gives its bytes back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    waiting: Arc<Waiting>,
    bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        *self.waiting.bytes.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.waiting.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{Bytes, Evidence, FileKey, FileStamp, ModifiedNs};
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn file(path: PathBuf, device: u64, inode: u64, size: u64) -> MediaFile {
        let stamp = FileStamp {
            key: FileKey { device, inode },
            size: Bytes(size),
            modified: ModifiedNs(0),
        };
        MediaFile { path, stamp, evidence: Evidence::default(), root: 0 }
    }

    fn turns(files: &[MediaFile], orders: Orders, take: impl FnMut(Turn)) {
        let cancel = AtomicBool::new(false);
        std::thread::scope(|scope| orders.turns(scope, files, &cancel).for_each(take));
    }

    #[test]
    fn files_are_read_as_they_lie_on_each_drive() {
        let inodes = [(1, 9), (2, 5), (1, 3), (1, 7), (2, 4)];
        let files: Vec<MediaFile> =
            inodes.map(|(device, inode)| file("x".into(), device, inode, 1)).into();
        let drives = Drives::default();
        let orders = Orders::new(&files, &[0, 1, 2, 3], ReadOrder::ByPlace, &drives);
        assert_eq!(orders.slow, [(1, vec![2, 3, 0]), (1, vec![1])]);
        assert!(orders.quick.is_empty());
        let orders = Orders::new(&files, &[3, 0, 4], ReadOrder::AsFound, &drives);
        assert_eq!(orders, Orders { slow: vec![], quick: vec![3, 0, 4] });
        assert!(Orders::new(&files, &[], ReadOrder::ByPlace, &drives).is_empty());
    }

    #[test]
    fn each_file_is_read_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<MediaFile> = (0..50_u64)
            .map(|number| {
                let path = folder.path().join(number.to_string());
                std::fs::write(&path, vec![number as u8; number as usize]).unwrap();
                file(path, 1, 100 - number, number)
            })
            .chain([file("missing".into(), 1, 0, 3)])
            .collect();
        let all: Vec<usize> = (0..files.len()).collect();
        let orders = Orders::new(&files, &all, ReadOrder::ByPlace, &Drives::default());
        let mut seen = Vec::new();
        turns(&files, orders, |turn| {
            let source = turn.read.unwrap().source;
            match turn.index {
                50 => assert!(source.is_err()),
                number => {
                    let mut bytes = vec![0; number];
                    let source = source.unwrap();
                    // It is in memory: what becomes of the file does not matter.
                    std::fs::write(&files[number].path, "").unwrap();
                    crate::container::ReadAt::read_exact_at(&source, 0, &mut bytes).unwrap();
                    assert_eq!(bytes, vec![number as u8; number]);
                }
            }
            seen.push(turn.index);
        });
        assert_eq!(seen, [50].into_iter().chain((0..50).rev()).collect::<Vec<_>>());
        // Beside others, which are not held up.
        let orders = Orders { slow: vec![(4, vec![1, 2])], quick: vec![3, 4] };
        let mut seen = BTreeSet::new();
        turns(&files, orders, |turn| assert!(seen.insert((turn.index, turn.read.is_some()))));
        assert_eq!(seen, [(1, true), (2, true), (3, false), (4, false)].into());
    }

    #[test]
    fn what_waits_is_limited() {
        let waiting = Arc::new(Waiting::default());
        let first = waiting.enter(AHEAD - 1);
        let second = waiting.enter(1);
        std::thread::scope(|scope| {
            let third = scope.spawn(|| drop(waiting.enter(2)));
            // It waits for the second to go, and then still for the first.
            drop(second);
            assert!(!third.is_finished());
            drop(first);
        });
        assert_eq!(*waiting.bytes.lock().unwrap(), 0);
        // A file is read, however large, when nothing else waits.
        drop(waiting.enter(2 * AHEAD));
    }

    #[test]
    fn an_interrupted_run_reads_no_more() {
        let files: Vec<MediaFile> =
            (0..1000).map(|number| file(Path::new("missing").into(), 1, number, 1)).collect();
        let all: Vec<usize> = (0..files.len()).collect();
        let orders = Orders::new(&files, &all, ReadOrder::ByPlace, &Drives::default());
        let cancel = AtomicBool::new(true);
        let count = std::thread::scope(|scope| orders.turns(scope, &files, &cancel).count());
        assert_eq!(count, 0);
    }
}
