//! Finds files below folders: in parallel, each once, and never what no one wants looked at.

use std::collections::HashSet;
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::files::globs::Globs;
use crate::files::hidden;
use crate::files::leftover::Leftover;
use crate::files::online_only;
use crate::files::real_paths::real_path;
use crate::files::stamp::{Volumes, known, stamp_of};
use crate::model::extensions::{is_film, is_video, may_be_a_picture};
use crate::model::media::{FileKey, MediaFile};
use crate::model::record::{Skip, Stage};

/// Which files are read.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Only files that match one of these, if there are any.
    pub include: Globs,
    /// No files or folders that match one of these.
    pub exclude: Globs,
    /// Hidden files and folders too. System junk stays out.
    pub hidden: bool,
    /// Follow symbolic links, each target once.
    pub follow_links: bool,
    /// Stay on each root's file system.
    pub one_file_system: bool,
    /// Every regular file, whatever its name says that it is.
    pub all: bool,
    /// Nothing is passed over unless a glob says so: hidden files, system junk, trash and what
    /// interrupted runs left are files like others, and what is no regular file is listed.
    pub census: bool,
    /// Online-only files too, which reading downloads. Else they are skipped.
    pub download_placeholders: bool,
    /// Folders that are not entered, as where the files found are to go.
    pub skip_dirs: Vec<PathBuf>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Files that may be pictures, in the order of their paths' bytes.
    pub files: Vec<MediaFile>,
    /// What could not be looked at.
    pub skipped: Vec<Skip>,
    /// Films by their names, in the order of their paths' bytes; among `files` where all are.
    pub videos: Vec<MediaFile>,
    /// Regular files that are neither by their names.
    pub other: u64,
    /// The films among those that may belong to Live Photos.
    pub films: Vec<PathBuf>,
    /// In a census: symbolic links that are not followed, sockets, pipes and devices.
    pub irregular: Vec<PathBuf>,
    /// What interrupted runs left behind, by its names: no pictures.
    pub unsettled: Vec<PathBuf>,
    /// It was cancelled before its end.
    pub interrupted: bool,
}

/// Folders and files that systems and programs leave behind; nobody's photographs.
const JUNK: &[&str] = &[
    "@eadir",
    "#recycle",
    "@recycle",
    "@recently-snapshot",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    ".ds_store",
    ".thumbnails",
    ".thumb",
    ".trash",
    ".trashes",
    ".fseventsd",
    ".spotlight-v100",
    ".documentrevisions-v100",
    ".temporaryitems",
    ".appledouble",
    "__macosx",
    // Where this program moves duplicates to.
    ".clean-backup",
];

/// Walks `roots`; `found` receives the number of files found since the last call.
///
/// A file or folder reached through several roots counts once, for the innermost of them. Several
/// names of one file (hard links) are several files. Nothing but regular files is ever listed, and
/// nothing is opened.
pub fn walk(
    roots: &[PathBuf],
    options: &WalkOptions,
    found: &(dyn Fn(u64) + Sync),
    cancel: &AtomicBool,
) -> Walked {
    let online_only = if options.download_placeholders { None } else { online_only::JUDGE };
    walk_judged(roots, options, online_only, found, cancel)
}

fn walk_judged(
    roots: &[PathBuf],
    options: &WalkOptions,
    online_only: online_only::Judge,
    found: &(dyn Fn(u64) + Sync),
    cancel: &AtomicBool,
) -> Walked {
    let walked = Mutex::new(Walked::default());
    let unsettled = Arc::new(Mutex::new(Vec::new()));
    let mut seen_roots: HashSet<PathBuf> = HashSet::new();
    let root_keys: Arc<HashSet<FileKey>> =
        Arc::new(roots.iter().filter_map(|root| folder_key(root)).collect());
    let closed: Arc<HashSet<FileKey>> =
        Arc::new(options.skip_dirs.iter().filter_map(|folder| folder_key(folder)).collect());
    for (number, root) in (0..).zip(roots) {
        match real_path(root) {
            Ok(real) => {
                if seen_roots.insert(real) {
                    let asides = Asides {
                        root_keys: Arc::clone(&root_keys),
                        closed: Arc::clone(&closed),
                        online_only,
                        unsettled: Arc::clone(&unsettled),
                    };
                    walk_root(root, number, options, asides, found, cancel, &walked);
                }
            }
            Err(error) => lock(&walked).skipped.push(skip(root, &error)),
        }
    }
    let mut walked = walked.into_inner().unwrap_or_else(PoisonError::into_inner);
    walked.interrupted = cancel.load(Ordering::Relaxed);
    once_each(&mut walked.files, roots, options);
    once_each(&mut walked.videos, roots, options);
    walked.skipped.sort();
    walked.skipped.dedup();
    walked.irregular.sort();
    walked.unsettled = std::mem::take(&mut *lock(&unsettled));
    walked.unsettled.sort();
    walked.unsettled.dedup();
    walked
}

/// What is not walked into, and where what is seen on the way is kept.
struct Asides {
    /// Folders that have walks of their own.
    root_keys: Arc<HashSet<FileKey>>,
    /// Folders that are not entered.
    closed: Arc<HashSet<FileKey>>,
    /// What tells online-only files and folders, where they are not to be read.
    online_only: online_only::Judge,
    /// What interrupted runs left behind.
    unsettled: Arc<Mutex<Vec<PathBuf>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn skip(path: &Path, reason: &dyn fmt::Display) -> Skip {
    Skip { path: path.to_owned(), stage: Stage::Walk, reason: reason.to_string() }
}

fn walk_root(
    root: &Path,
    number: u32,
    options: &WalkOptions,
    asides: Asides,
    found: &(dyn Fn(u64) + Sync),
    cancel: &AtomicBool,
    walked: &Mutex<Walked>,
) {
    let mut builder = WalkBuilder::new(root);
    builder
        .standard_filters(false)
        .follow_links(options.follow_links)
        .same_file_system(options.one_file_system)
        .threads(std::thread::available_parallelism().map_or(2, usize::from));
    let (wanted, root_path) = (options.clone(), root.to_owned());
    let Asides { root_keys, closed, online_only, unsettled } = asides;
    builder.filter_entry(move |entry| {
        // Hidden or not: somebody may miss the picture that it was.
        if !wanted.census && is_leftover(entry) {
            lock(&unsettled).push(entry.path().to_owned());
            return false;
        }
        entry.depth() == 0
            || enters(entry, &root_path, &wanted)
                // Another root has its own walk; alone, it is this one.
                && (root_keys.len() < 2 || !is_folder_among(entry, &root_keys))
                && (closed.is_empty() || !is_folder_among(entry, &closed))
    });
    builder.build_parallel().run(|| {
        let mut batch = Batch::new(walked, online_only, found);
        Box::new(move |entry| {
            if cancel.load(Ordering::Relaxed) {
                return WalkState::Quit;
            }
            match entry {
                Ok(entry) if batch.is_online_only_folder(&entry) => {
                    batch.skipped.push(skip(entry.path(), &online_only::REASON));
                    return WalkState::Skip;
                }
                Ok(entry) => batch.take(&entry, root, number, options),
                Err(error) => batch.fail(root, &error),
            }
            WalkState::Continue
        })
    });
}

fn is_leftover(entry: &DirEntry) -> bool {
    Leftover::from_name(entry.file_name()).is_some()
        && entry.file_type().is_some_and(|kind| kind.is_file())
}

/// Whether an entry below a root is looked at.
fn enters(entry: &DirEntry, root: &Path, options: &WalkOptions) -> bool {
    let name = entry.file_name().to_string_lossy().to_lowercase();
    let flagged = || entry.metadata().is_ok_and(|metadata| hidden::is_flagged(&metadata));
    let hidden = name.starts_with('.') || hidden::HAS_FLAG && !options.hidden && flagged();
    // `._IMG_1.JPG` is what macOS writes beside IMG_1.JPG on foreign disks, `.Trash-1000` the
    // trash of user 1000.
    let junk = JUNK.contains(&name.as_str())
        || name.starts_with("._")
        || name.starts_with(".trash-")
        || name.starts_with(".fuse_hidden");
    let below_root = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let shown = options.census || !junk && (options.hidden || !hidden);
    shown && !options.exclude.matches(below_root)
}

fn is_folder_among(entry: &DirEntry, keys: &HashSet<FileKey>) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
        && folder_key(entry.path()).is_some_and(|key| keys.contains(&key))
}

fn folder_key(path: &Path) -> Option<FileKey> {
    let metadata = path.metadata().ok().filter(Metadata::is_dir)?;
    Some(stamp_of(path, &metadata).key)
}

/// What one thread has found and not yet handed over.
struct Batch<'a> {
    files: Vec<MediaFile>,
    videos: Vec<MediaFile>,
    skipped: Vec<Skip>,
    other: u64,
    films: Vec<PathBuf>,
    irregular: Vec<PathBuf>,
    walked: &'a Mutex<Walked>,
    online_only: online_only::Judge,
    found: &'a (dyn Fn(u64) + Sync),
    volumes: Volumes,
}

impl<'a> Batch<'a> {
    fn new(
        walked: &'a Mutex<Walked>,
        online_only: online_only::Judge,
        found: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self {
            files: Vec::new(),
            videos: Vec::new(),
            skipped: Vec::new(),
            other: 0,
            films: Vec::new(),
            irregular: Vec::new(),
            walked,
            online_only,
            found,
            volumes: Volumes::default(),
        }
    }

    /// Files that a thread keeps before it takes the lock.
    const SIZE: usize = 512;

    fn is_online_only(&self, metadata: &Metadata) -> bool {
        self.online_only.is_some_and(|judge| judge(metadata))
    }

    /// Whether to list a folder would ask a cloud service for its names.
    fn is_online_only_folder(&self, entry: &DirEntry) -> bool {
        self.online_only.is_some()
            && entry.file_type().is_some_and(|kind| kind.is_dir())
            && entry.metadata().is_ok_and(|metadata| self.is_online_only(&metadata))
    }

    fn take(&mut self, entry: &DirEntry, root: &Path, number: u32, options: &WalkOptions) {
        let path = entry.path();
        let kind = entry.file_type();
        let below_root = path.strip_prefix(root).ok().filter(|p| !p.as_os_str().is_empty());
        let below_root = below_root.unwrap_or_else(|| path.file_name().map_or(path, Path::new));
        // A link that is a root was named on purpose.
        let named_link = entry.depth() == 0 && kind.is_some_and(|kind| kind.is_symlink());
        if !named_link && !kind.is_some_and(|kind| kind.is_file()) {
            let is_folder = kind.is_some_and(|kind| kind.is_dir());
            if entry.depth() == 0 && !is_folder {
                self.skipped.push(skip(path, &"neither a folder nor a regular file"));
            } else if options.census && !is_folder {
                self.irregular.push(path.to_owned());
            }
            return;
        }
        if entry.depth() == 0 && options.exclude.matches(below_root) {
            return;
        }
        if !options.include.is_empty() && !options.include.matches(below_root) {
            return;
        }
        let is_video = !options.all && is_video(path);
        if is_video && is_film(path) {
            self.films.push(path.to_owned());
        }
        if !options.all && !may_be_a_picture(path) && !is_video {
            self.other += 1;
        } else {
            let metadata = if named_link {
                path.metadata()
            } else {
                entry.metadata().map_err(|error| {
                    error.into_io_error().unwrap_or_else(|| io::Error::other("no metadata"))
                })
            };
            match metadata {
                Ok(metadata) if metadata.is_file() && self.is_online_only(&metadata) => {
                    self.skipped.push(skip(path, &online_only::REASON));
                }
                Ok(metadata) if metadata.is_file() => {
                    let (stamp, evidence) = known(path, &metadata, &self.volumes);
                    let file = MediaFile { path: path.to_owned(), stamp, evidence, root: number };
                    if is_video { self.videos.push(file) } else { self.files.push(file) }
                }
                Ok(_) => {}
                Err(error) => self.skipped.push(skip(path, &error)),
            }
        }
        if self.files.len() + self.videos.len() + self.other as usize >= Self::SIZE {
            self.flush();
        }
    }

    fn fail(&mut self, root: &Path, error: &ignore::Error) {
        let path = path_of(error).unwrap_or(root).to_owned();
        let reason = match (error.io_error(), loops(error)) {
            (_, true) => "a symbolic link that leads back to a folder above it".to_owned(),
            (Some(error), _) => error.to_string(),
            (None, _) => error.to_string(),
        };
        self.skipped.push(skip(&path, &reason));
    }

    fn flush(&mut self) {
        let files = self.files.len() as u64 + self.videos.len() as u64 + self.other;
        if files == 0 && self.skipped.is_empty() && self.irregular.is_empty() {
            return;
        }
        (self.found)(files);
        let mut walked = lock(self.walked);
        walked.files.append(&mut self.files);
        walked.videos.append(&mut self.videos);
        walked.skipped.append(&mut self.skipped);
        walked.films.append(&mut self.films);
        walked.irregular.append(&mut self.irregular);
        walked.other += std::mem::take(&mut self.other);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

fn loops(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => loops(err),
        _ => false,
    }
}

/// Sorts, and drops what was reached twice.
fn once_each(files: &mut Vec<MediaFile>, roots: &[PathBuf], options: &WalkOptions) {
    files.sort_unstable_by(|a, b| {
        let (a_path, b_path) = (a.path.as_os_str(), b.path.as_os_str());
        a_path.as_encoded_bytes().cmp(b_path.as_encoded_bytes()).then(a.root.cmp(&b.root))
    });
    // Only links, and roots that are files, lead to one file by two ways now.
    if !options.follow_links && roots.iter().all(|root| root.is_dir()) {
        return;
    }
    let mut count = std::collections::HashMap::<FileKey, u32>::new();
    for file in &*files {
        *count.entry(file.stamp.key).or_default() += 1;
    }
    let mut first: Vec<usize> = (0..files.len()).collect();
    first.sort_by_key(|&index| files[index].root);
    let mut seen: HashSet<PathBuf> = HashSet::new();
    let mut keep = vec![true; files.len()];
    for index in first {
        let file = &files[index];
        if count.get(&file.stamp.key).is_some_and(|&count| count > 1) {
            let real = real_path(&file.path).unwrap_or_else(|_| file.path.clone());
            keep[index] = seen.insert(real);
        }
    }
    let mut keep = keep.into_iter();
    files.retain(|_| keep.next().unwrap_or(true));
}

// They mark a folder as read-only, which Wine cannot.
#[cfg(all(test, unix))]
mod tests;
