//! A file system and a journal that fail, or end the process, at a step that is asked for.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use clean_backup::act::journal::Storage;
use clean_backup::files::fsops::{
    Disk, FileSystem, Folder, LockMode, Locked, Look, OpenFile, Place, Trashed,
};
use clean_backup::model::record::ContentHash;

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
    struck: Arc<Mutex<Option<&'static str>>>,
    at: usize,
    fault: Fault,
}

impl Steps {
    pub fn new(fault: Fault, at: usize) -> Self {
        Self { count: Arc::default(), struck: Arc::default(), at, fault }
    }

    pub fn taken(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The name of the step that failed.
    pub fn struck(&self) -> Option<&'static str> {
        *self.struck.lock().unwrap()
    }

    /// Whether this step is the one.
    fn is_it(&self) -> bool {
        self.count.fetch_add(1, Ordering::SeqCst) + 1 == self.at && self.fault != Fault::Never
    }

    fn strike(&self, name: &'static str) -> io::Error {
        if self.fault == Fault::Kill {
            // Past the test harness, which would keep it until the test is over.
            let told = format!("{KILLED_AT}{name}\n");
            io::stderr().write_all(told.as_bytes()).unwrap();
            kill();
        }
        *self.struck.lock().unwrap() = Some(name);
        io::Error::other("injected")
    }

    fn step(&self, name: &'static str) -> io::Result<()> {
        if self.is_it() { Err(self.strike(name)) } else { Ok(()) }
    }
}

/// What a process that is about to be killed tells on standard error, before the step's name.
pub const KILLED_AT: &str = "killed at: ";

/// The step that a killed process was at, by what it told.
pub fn killed_at(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    text.lines().find_map(|line| Some(line.split_once(KILLED_AT)?.1.to_owned()))
}

/// Faults by the step that they were at.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, usize>);

impl Tally {
    pub fn add(&mut self, step: &str) {
        *self.0.entry(step.to_owned()).or_default() += 1;
    }

    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// How many kinds of steps.
    pub fn kinds(&self) -> usize {
        self.0.len()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<String> = self.0.iter().map(|(step, n)| format!("{step} {n}")).collect();
        write!(f, "{} ({})", self.total(), kinds.join(", "))
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

/// What a test does between steps: it is told the step's name and its path.
pub type Hook = Box<dyn Fn(&'static str, &Path) + Send + Sync>;

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
    /// Nothing can be locked.
    pub lockless: bool,
    /// Called before each step.
    pub hook: Option<Hook>,
    pub trashing: Mutex<()>,
}

impl Faulty {
    /// Without faults.
    pub fn sound(trash: &Path) -> Self {
        Self {
            disk: Disk::default(),
            steps: Steps::new(Fault::Never, 0),
            trash: trash.to_owned(),
            border: false,
            clones: true,
            lockless: false,
            hook: None,
            trashing: Mutex::default(),
        }
    }

    fn told(&self, name: &'static str, path: &Path) {
        if let Some(hook) = &self.hook {
            hook(name, path);
        }
    }

    fn step(&self, name: &'static str, path: &Path) -> io::Result<()> {
        self.told(name, path);
        self.steps.step(name)
    }

    fn at(&self, name: &'static str, place: &Place) -> io::Result<()> {
        self.step(name, &place.path())
    }
}

impl FileSystem for Faulty {
    fn look(&self, path: &Path) -> io::Result<Option<Look>> {
        self.step("look by path", path)?;
        self.disk.look(path)
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        self.step("real path", path)?;
        self.disk.real_path(path)
    }

    fn open_folder(&self, path: &Path) -> io::Result<Arc<Folder>> {
        self.step("open folder", path)?;
        self.disk.open_folder(path)
    }

    fn open_folder_in(&self, place: &Place) -> io::Result<Arc<Folder>> {
        self.at("open folder", place)?;
        self.disk.open_folder_in(place)
    }

    fn make_folder(&self, place: &Place) -> io::Result<()> {
        self.at("make folder", place)?;
        self.disk.make_folder(place)
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        self.at("remove folder", place)?;
        self.disk.remove_folder(place)
    }

    fn sync_folder(&self, folder: &Folder) -> io::Result<()> {
        self.step("sync folder", folder.path())?;
        self.disk.sync_folder(folder)
    }

    fn look_at(&self, place: &Place) -> io::Result<Option<Look>> {
        self.at("look", place)?;
        self.disk.look_at(place)
    }

    fn open(&self, place: &Place) -> io::Result<OpenFile> {
        self.at("open", place)?;
        self.disk.open(place)
    }

    fn lock(&self, file: &OpenFile, lock: LockMode) -> io::Result<Locked> {
        self.step("lock", Path::new(""))?;
        if self.lockless { Ok(Locked::Unsupported) } else { self.disk.lock(file, lock) }
    }

    fn hash(&self, file: &OpenFile) -> io::Result<ContentHash> {
        self.step("read", Path::new(""))?;
        self.disk.hash(file)
    }

    fn hash_from_disk(&self, file: &OpenFile) -> io::Result<ContentHash> {
        self.step("read back", Path::new(""))?;
        self.disk.hash_from_disk(file)
    }

    fn sync_file(&self, file: &OpenFile) -> io::Result<()> {
        self.step("sync file", Path::new(""))?;
        self.disk.sync_file(file)
    }

    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.at("rename", from)?;
        if self.border && from.folder().key() != to.folder().key() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        self.disk.rename_new(from, to)
    }

    fn link_new(&self, original: &Place, name: &Place) -> io::Result<()> {
        self.at("link", original)?;
        self.disk.link_new(original, name)
    }

    fn clone_new(&self, original: &OpenFile, copy: &Place) -> io::Result<()> {
        self.at("clone", copy)?;
        if self.clones {
            self.disk.copy_new(original, copy).map(|_| ())
        } else {
            self.disk.clone_new(original, copy)
        }
    }

    fn copy_new(&self, from: &OpenFile, to: &Place) -> io::Result<ContentHash> {
        self.told("copy", &to.path());
        let content = self.disk.copy_new(from, to)?;
        if self.steps.is_it() {
            let file = File::options().write(true).open(to.path())?;
            file.set_len(file.metadata()?.len() / 2)?;
            return Err(self.steps.strike("copy"));
        }
        Ok(content)
    }

    fn write_new(&self, to: &Place, bytes: &[u8]) -> io::Result<()> {
        self.told("write", &to.path());
        if self.steps.is_it() {
            self.disk.write_new(to, &bytes[..bytes.len() / 2])?;
            return Err(self.steps.strike("write"));
        }
        self.disk.write_new(to, bytes)
    }

    fn copy_attributes(
        &self,
        from: &OpenFile,
        to: &OpenFile,
        modified_ns: Option<i64>,
    ) -> Vec<String> {
        match self.step("attributes", Path::new("")) {
            Ok(()) => self.disk.copy_attributes(from, to, modified_ns),
            Err(error) => vec![error.to_string()],
        }
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        self.at("remove file", place)?;
        self.disk.remove_file(place)
    }

    fn trash(&self, path: &Path) -> io::Result<()> {
        self.step("trash", path)?;
        let _one_at_a_time = self.trashing.lock().unwrap();
        // After the last one, so that none is replaced when some were taken out.
        let numbers = fs::read_dir(&self.trash)?
            .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str()?.parse::<usize>().ok());
        let number = numbers.max().map_or(0, |last| last + 1);
        let file = self.trash.join(format!("{number:06}.file"));
        let note = self.trash.join(format!("{number:06}.note"));
        fs::write(note, path.as_os_str().as_encoded_bytes())?;
        fs::rename(path, file)
    }

    fn trashed(&self, path: &Path) -> io::Result<Vec<Trashed>> {
        self.step("look into the trash", path)?;
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
        self.step("remove note", &trashed.note)?;
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
            return Err(self.steps.strike("write journal"));
        }
        self.inner.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.steps.step("sync journal")?;
        self.inner.sync()
    }
}
