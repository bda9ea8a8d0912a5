//! One writer per library, whoever runs the program, with whatever state folder, on whichever
//! machine that shares the files.
//!
//! A run locks `FOLDER/.clean-backup/lock` in each folder of its plan that it changes, for itself
//! alone, and only then looks for the locks of others: in every folder that a file of its plan lies
//! in, and in every folder above. Of two runs of which one works inside the other's folder, the
//! later one therefore meets the earlier one's lock, on its way up or on its way down. Where a run
//! only reads, it shares a lock that is there, and makes none. Locks are only ever tried, never
//! waited for: two runs can refuse each other, but not wait for each other.
//!
//! The locks are advisory (`flock`), and end with the process that holds them. The files are
//! removed at the end, and by whoever meets one that nobody holds: whoever has locked one looks
//! whether it is still the one in the folder.

mod reach;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::collections::HashSet;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::act::plan::Plan;
use crate::files::real_paths::real_path;
use crate::files::stamp::{FileFacts, stamp_of};
use crate::model::media::FileKey;
use crate::model::path_text::{for_people, one_line};
use reach::LibraryReach;
use system::LockFolder;

/// Where the library keeps what is the program's; walks pass it over.
const FOLDER: &str = ".clean-backup";
const FILE: &str = "lock";

/// How a lock file begins. Nothing else is ever written to.
const MARK: &str = "clean-backup lock\n";

/// How often a lock is tried that is replaced at the same moment.
const TRIES: u32 = 100;

/// Locks on the libraries of a plan. Released when dropped, or when the process ends in any way.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct LibraryLock {
    own: Vec<Own>,
    _shared: Vec<File>,
    /// Folders that the plan removes when they are empty, and that hold a lock until then.
    prune: Vec<PathBuf>,
    /// Folders that others are not kept out of.
    pub unlocked: Vec<Unlocked>,
}

/// A folder that could not be locked.
#[derive(Debug)]
pub struct Unlocked {
    /// The folder that cannot be locked.
    pub folder: PathBuf,
    /// Why: it may not be written to, or its file system has no locks.
    pub why: io::Error,
}

/// Why there are no locks.
#[derive(Debug)]
pub enum LibraryLockError {
    /// Another run is changing files there.
    Held {
        /// The folder that is locked.
        folder: PathBuf,
        /// What it wrote of itself.
        by: String,
    },
    /// A folder of the plan leads elsewhere now.
    Moved(PathBuf),
}

impl fmt::Display for LibraryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { folder, by } => {
                write!(f, "another run is changing files in {}: {by}", for_people(folder))
            }
            Self::Moved(folder) => {
                let folder = for_people(folder);
                write!(f, "{folder} has become a symbolic link, or leads through one")
            }
        }
    }
}

impl std::error::Error for LibraryLockError {}

/// A lock that nobody shares.
#[derive(Debug)]
struct Own {
    place: LockFolder,
    /// There until it is dropped.
    file: Option<File>,
    key: FileKey,
}

impl Drop for Own {
    fn drop(&mut self) {
        // While it is held: whoever waits to try it sees that it is gone.
        if let Some(file) = self.file.take() {
            self.place.remove(file);
        }
    }
}

impl Drop for LibraryLock {
    fn drop(&mut self) {
        self.own.clear();
        for folder in &self.prune {
            // One that is not empty stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

impl LibraryLock {
    /// Takes the locks of all libraries that a plan changes or relies on; `me` tells others who
    /// holds them.
    ///
    /// # Errors
    /// [`LibraryLockError`], at once; nothing is locked then. What cannot be locked is no error,
    /// but stands in [`LibraryLock::unlocked`].
    pub fn take(plan: &Plan, me: &str) -> Result<Self, LibraryLockError> {
        let reach = LibraryReach::from_plan(plan);
        let mut lock =
            Self { own: Vec::new(), _shared: Vec::new(), prune: Vec::new(), unlocked: Vec::new() };
        for folder in in_order(&reach.own)? {
            match own(&folder, me) {
                Ok(Attempt::Taken(own)) => lock.own.push(own),
                Ok(Attempt::Held(by)) => return Err(LibraryLockError::Held { folder, by }),
                Ok(Attempt::Missed) => {
                    let why = io::Error::other("its lock file keeps being replaced");
                    lock.unlocked.push(Unlocked { folder, why });
                }
                Err(why) => lock.unlocked.push(Unlocked { folder, why }),
            }
        }
        let held: HashSet<FileKey> = lock.own.iter().map(|own| own.key).collect();
        for folder in reach.met {
            match share(&folder, &held) {
                Ok(Some(Attempt::Taken(file))) if reach.read.contains(&folder) => {
                    lock._shared.push(file);
                }
                Ok(Some(Attempt::Taken(file))) => clear(&folder, file),
                Ok(Some(Attempt::Held(by))) => return Err(LibraryLockError::Held { folder, by }),
                Ok(None | Some(Attempt::Missed)) => {}
                // It was noted already that its own lock cannot be used.
                Err(_) if lock.unlocked.iter().any(|known| known.folder == folder) => {}
                Err(why) => lock.unlocked.push(Unlocked { folder, why }),
            }
        }
        lock.prune = reach.prune;
        Ok(lock)
    }
}

/// The result of trying a lock.
enum Attempt<T> {
    Taken(T),
    /// Another process has it, which says this of itself.
    Held(String),
    /// It was removed at the same moment.
    Missed,
}

/// Each folder that is there once, in an order that every run goes by.
fn in_order(folders: &[PathBuf]) -> Result<Vec<PathBuf>, LibraryLockError> {
    let mut known: Vec<(FileKey, PathBuf)> = Vec::new();
    for folder in folders {
        let Ok(metadata) = folder.metadata() else { continue };
        if real_path(folder).is_ok_and(|real| real != *folder) {
            return Err(LibraryLockError::Moved(folder.clone()));
        }
        known.push((stamp_of(folder, &metadata).key, folder.clone()));
    }
    known.sort();
    known.dedup_by_key(|(key, _)| *key);
    Ok(known.into_iter().map(|(_, folder)| folder).collect())
}

fn own(folder: &Path, me: &str) -> io::Result<Attempt<Own>> {
    for _ in 0..TRIES {
        match try_own(folder, me) {
            // The folder of the lock was removed in between.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(Attempt::Missed) => {}
            other => return other,
        }
    }
    Ok(Attempt::Missed)
}

fn try_own(folder: &Path, me: &str) -> io::Result<Attempt<Own>> {
    let place = LockFolder::make(folder)?;
    let (mut file, fresh) = place.open()?;
    let facts = FileFacts::of_open(folder, &file)?;
    check_ours(&file, &facts)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempt::Held(holder(&mut file))),
        Err(TryLockError::Error(error)) => {
            if fresh {
                place.remove(file);
            }
            return Err(error);
        }
    }
    if !place.holds(&file) {
        return Ok(Attempt::Missed);
    }
    if !is_ours(&beginning(&mut file)) {
        return Err(foreign());
    }
    // Only for others to read: where the disk is full, or the file may only be read, it is locked
    // all the same.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(format!("{MARK}{}\n", one_line(me)).as_bytes()));
    Ok(Attempt::Taken(Own { place, file: Some(file), key: facts.stamp.key }))
}

/// Removes a lock that nobody holds: its run was killed.
fn clear(folder: &Path, mut file: File) {
    // Unless somebody takes it just now.
    if file.try_lock().is_ok()
        && is_ours(&beginning(&mut file))
        && let Ok(place) = LockFolder::find(folder)
    {
        place.remove(file);
    }
}

/// The lock of somebody else in a folder, shared; `None` where there is none, or it is held by this
/// run.
fn share(folder: &Path, held: &HashSet<FileKey>) -> io::Result<Option<Attempt<File>>> {
    for attempt in 1..=TRIES {
        let mut file = match system::open_existing(folder) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let facts = FileFacts::of_open(folder, &file)?;
        if check_ours(&file, &facts).is_err() || held.contains(&facts.stamp.key) {
            return Ok(None);
        }
        match file.try_lock_shared() {
            Ok(()) if system::is_there(folder, &file) => return Ok(Some(Attempt::Taken(file))),
            Ok(()) => {}
            // One that is cleared away is held for a moment only.
            Err(TryLockError::WouldBlock) if attempt < 3 => {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => {
                return Ok(Some(Attempt::Held(holder(&mut file))));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(Some(Attempt::Missed))
}

/// A hard link would be somebody's file, and what is written into it written into that.
fn check_ours(file: &File, facts: &FileFacts) -> io::Result<()> {
    if file.metadata()?.is_file() && facts.names <= 1 { Ok(()) } else { Err(foreign()) }
}

/// Whether a file that begins so is a lock: one that was just made is empty.
fn is_ours(beginning: &str) -> bool {
    beginning.is_empty() || beginning.starts_with(MARK)
}

fn foreign() -> io::Error {
    let message = format!("{FOLDER}/{FILE} is not a lock file of this program");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The first bytes of a lock file, as text.
fn beginning(file: &mut File) -> String {
    let mut bytes = Vec::new();
    // The holder may be writing it just now.
    let _ = file.rewind().and_then(|()| file.take(300).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the holder of a lock wrote of itself.
fn holder(file: &mut File) -> String {
    let text = beginning(file);
    match text.strip_prefix(MARK).map(str::trim) {
        Some(by) if !by.is_empty() => one_line(by),
        _ => "its owner is unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests;
