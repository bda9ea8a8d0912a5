//! A file system and a journal that fail, or end the process, at a step that is asked for.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clean_backup::fsops::{Disk, FileSystem, Look, Trashed};
use clean_backup::journal::Storage;
use clean_backup::record::ContentHash;

/// What happens at the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing ever.
    Never,
    /// The step fails, without effect, except that half of a copy is there.
    Error,
    /// The process is killed before the step; in the middle of it where it writes.
    Kill,
}

/// Steps are counted over the file system and the journal together, from 1.
#[derive(Clone, Debug)]
pub struct Steps {
    count: Arc<AtomicUsize>,
    at: usize,
    fault: Fault,
}

impl Steps {
    pub fn new(fault: Fault, at: usize) -> Self {
        Self { count: Arc::default(), at, fault }
    }

    pub fn taken(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether this step is the one.
    fn is_it(&self) -> bool {
        self.count.fetch_add(1, Ordering::SeqCst) + 1 == self.at && self.fault != Fault::Never
    }

    fn strike(&self) -> io::Error {
        if self.fault == Fault::Kill {
            kill();
        }
        io::Error::other("injected")
    }

    fn step(&self) -> io::Result<()> {
        if self.is_it() { Err(self.strike()) } else { Ok(()) }
    }
}

#[cfg(unix)]
fn kill() -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    kill_process(getpid(), Signal::KILL).unwrap();
    loop {
        std::thread::park();
    }
}

#[cfg(not(unix))]
fn kill() -> ! {
    std::process::abort();
}

/// The real file system, with a trash of its own, perhaps with a border in it, and faults.
pub struct Faulty {
    pub disk: Disk,
    pub steps: Steps,
    /// The folder of the trash.
    pub trash: PathBuf,
    /// Renaming between different folders fails, as between file systems.
    pub border: bool,
    /// Reflinks are made by copying, since few file systems have them.
    pub clones: bool,
}

impl FileSystem for Faulty {
    fn look(&self, path: &Path) -> io::Result<Option<Look>> {
        self.steps.step()?;
        self.disk.look(path)
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        self.steps.step()?;
        self.disk.hash(path)
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        self.steps.step()?;
        self.disk.real_path(path)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.steps.step()?;
        self.disk.make_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.steps.step()?;
        self.disk.remove_folder(path)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.steps.step()?;
        if self.border && from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        self.disk.rename_new(from, to)
    }

    fn link_new(&self, original: &Path, name: &Path) -> io::Result<()> {
        self.steps.step()?;
        self.disk.link_new(original, name)
    }

    fn clone_new(&self, original: &Path, copy: &Path) -> io::Result<()> {
        self.steps.step()?;
        if self.clones {
            self.disk.copy_new(original, copy).map(|_| ())
        } else {
            self.disk.clone_new(original, copy)
        }
    }

    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<ContentHash> {
        if self.steps.is_it() {
            let bytes = fs::read(from)?;
            File::create_new(to)?.write_all(&bytes[..bytes.len() / 2])?;
            return Err(self.steps.strike());
        }
        self.disk.copy_new(from, to)
    }

    fn hash_from_disk(&self, path: &Path) -> io::Result<ContentHash> {
        self.steps.step()?;
        self.disk.hash_from_disk(path)
    }

    fn copy_attributes(&self, from: &Path, to: &Path, modified_ns: Option<i64>) -> Vec<String> {
        match self.steps.step() {
            Ok(()) => self.disk.copy_attributes(from, to, modified_ns),
            Err(error) => vec![error.to_string()],
        }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.steps.step()?;
        self.disk.sync_folder(folder)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.steps.step()?;
        self.disk.remove_file(path)
    }

    fn trash(&self, path: &Path) -> io::Result<()> {
        self.steps.step()?;
        let number = fs::read_dir(&self.trash)?.count();
        let file = self.trash.join(format!("{number}.file"));
        fs::write(self.trash.join(format!("{number}.note")), path.as_os_str().as_encoded_bytes())?;
        fs::rename(path, file)
    }

    fn trashed(&self, path: &Path) -> io::Result<Vec<Trashed>> {
        self.steps.step()?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.trash)? {
            let note = entry?.path();
            let file = note.with_extension("file");
            if note.extension().is_some_and(|e| e == "note")
                && fs::read(&note)? == path.as_os_str().as_encoded_bytes()
                && file.exists()
            {
                found.push(Trashed { file, note });
            }
        }
        // The last one first.
        found.sort_by(|a, b| b.note.cmp(&a.note));
        Ok(found)
    }

    fn forget_trashed(&self, trashed: &Trashed) -> io::Result<()> {
        self.steps.step()?;
        fs::remove_file(&trashed.note)
    }
}

/// A journal that goes through the same steps.
pub struct FaultyStorage {
    pub inner: Box<dyn Storage>,
    pub steps: Steps,
}

impl Storage for FaultyStorage {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.steps.is_it() {
            // Torn.
            self.inner.append(&bytes[..bytes.len() / 2])?;
            return Err(self.steps.strike());
        }
        self.inner.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.steps.step()?;
        self.inner.sync()
    }
}
