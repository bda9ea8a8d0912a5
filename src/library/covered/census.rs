//! Every file of the old folders and of the library, and which of them are one file.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::CoveredOptions;
use crate::files::globs::Globs;
use crate::files::leftover::Leftover;
use crate::files::real_paths::real_path;
use crate::files::stamp::stamp_of;
use crate::files::walk::{WalkOptions, Walked, walk};
use crate::library::LibraryError;
use crate::model::coverage::FileSum;
use crate::model::event::{Event, Phase, Progress};
use crate::model::findings::Skipped;
use crate::model::media::{FileKey, MediaFile};
use crate::model::record::Skip;

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// Regular files of the old folders, by path; their roots count from 0.
    pub old: Vec<MediaFile>,
    /// What else is there.
    pub irregular: Vec<PathBuf>,
    /// What of the old folders cannot be looked at.
    pub unreadable: Vec<Skip>,
    /// What was to be ignored.
    pub ignored: FileSum,
    /// Regular files of the library that count, by path; their roots follow those of the old ones.
    pub library: Vec<MediaFile>,
    /// What of the library cannot be looked at.
    pub unread: Vec<Skipped>,
    /// By its place among the old files: the library's name of the very same file.
    pub same_files: HashMap<usize, PathBuf>,
    /// Both lie, at least in part, on one file system.
    pub one_file_system: bool,
}

impl Census {
    /// # Errors
    /// [`LibraryError::NothingChecked`] where a folder is missing or an old one has nothing to be
    /// checked; [`LibraryError::Overlap`]; [`LibraryError::Interrupted`].
    pub fn take(
        options: &CoveredOptions,
        walking: &WalkOptions,
        progress: &dyn Progress,
        cancel: &AtomicBool,
    ) -> Result<Self, LibraryError> {
        let ignore = Globs::new(&options.ignore)
            .map_err(|reason| LibraryError::Glob { option: "ignore", reason })?;
        check_apart(&options.old, &options.library)?;
        progress.on(Event::StageStarted { stage: Phase::Walk, total: None });
        let download_placeholders = walking.download_placeholders;
        let all = WalkOptions {
            all: true,
            census: true,
            download_placeholders,
            ..WalkOptions::default()
        };
        let found = |files| progress.on(Event::Found { files });
        let old = walk(&options.old, &all, &found, cancel);
        let library = walk(&options.library, &all, &found, cancel);
        progress.on(Event::StageFinished { stage: Phase::Walk });
        if cancel.load(Ordering::Relaxed) {
            return Err(LibraryError::Interrupted { while_scanning: false });
        }
        let mut census = Self::default();
        census.add_old(old, options, &ignore)?;
        census.add_library(library, options)?;
        Ok(census)
    }

    fn add_old(
        &mut self,
        walked: Walked,
        options: &CoveredOptions,
        ignore: &Globs,
    ) -> Result<(), LibraryError> {
        let Walked { files, irregular, skipped, .. } = walked;
        readable(&options.old, &skipped)?;
        let is_ignored = |path: &Path| {
            let below = options.old.iter().find_map(|root| path.strip_prefix(root).ok());
            let named = || path.file_name().map(Path::new);
            let below = below.filter(|below| !below.as_os_str().is_empty()).or_else(named);
            let mut above = below.into_iter().flat_map(Path::ancestors);
            above.any(|part| !part.as_os_str().is_empty() && ignore.matches(part))
        };
        for file in files {
            match is_ignored(&file.path) {
                true => self.ignored = self.ignored.plus(file.stamp.size.0),
                false => self.old.push(file),
            }
        }
        for path in irregular {
            match is_ignored(&path) {
                true => self.ignored = self.ignored.plus(0),
                false => self.irregular.push(path),
            }
        }
        self.unreadable = skipped;
        for (number, root) in (0..).zip(&options.old) {
            let files = self.old.iter().filter(|file| file.root == number);
            let files = files.map(|file| file.path.as_path());
            let others = self.irregular.iter().map(PathBuf::as_path);
            let skipped = self.unreadable.iter().map(|skip| skip.path.as_path());
            // A folder inside another one that is checked has its files for itself.
            let in_others = self.old.iter().map(|file| file.path.as_path());
            let rest = others.chain(skipped).chain(in_others).filter(|path| path.starts_with(root));
            if files.chain(rest).next().is_none() {
                let reason = match self.ignored.files {
                    0 => "there is no file in it".to_owned(),
                    _ => "there is no file in it that is not to be ignored".to_owned(),
                };
                return Err(LibraryError::NothingChecked { path: root.clone(), reason });
            }
        }
        Ok(())
    }

    fn add_library(
        &mut self,
        walked: Walked,
        options: &CoveredOptions,
    ) -> Result<(), LibraryError> {
        readable(&options.library, &walked.skipped)?;
        let first = options.old.len() as u32;
        let same = SameFiles::new(&self.old);
        for mut file in walked.files {
            let root = options.library.get(file.root as usize);
            let below = root.and_then(|root| file.path.strip_prefix(root).ok());
            let leftover = file.path.file_name().is_some_and(|n| Leftover::from_name(n).is_some());
            if leftover || is_discarded(below.unwrap_or(&file.path)) {
                continue;
            }
            let twins = same.find(&file);
            for &twin in &twins {
                self.same_files.entry(twin).or_insert_with(|| file.path.clone());
            }
            if twins.is_empty() {
                file.root += first;
                self.library.push(file);
            }
        }
        self.unread = walked.skipped.into_iter().map(skipped).collect();
        let devices = self.old.iter().map(|file| file.stamp.key.device);
        // Zero is where files have no identity.
        let devices: HashSet<u64> = devices.filter(|&device| device != 0).collect();
        self.one_file_system =
            self.library.iter().any(|file| devices.contains(&file.stamp.key.device));
        Ok(())
    }
}

/// As reports have it.
pub(super) fn skipped(skip: Skip) -> Skipped {
    Skipped { path: skip.path, stage: skip.stage, reason: skip.reason }
}

/// None of the folders themselves was passed over.
fn readable(roots: &[PathBuf], skips: &[Skip]) -> Result<(), LibraryError> {
    match skips.iter().find(|skip| roots.contains(&skip.path)) {
        None => Ok(()),
        Some(skip) => Err(LibraryError::NothingChecked {
            path: skip.path.clone(),
            reason: skip.reason.clone(),
        }),
    }
}

/// Whether a place, which need not be there yet, is a folder or lies in it, by whatever path.
pub(super) fn lies_in(place: &Path, folder: &Path) -> bool {
    let key = |path: &Path| path.metadata().map(|metadata| stamp_of(path, &metadata).key).ok();
    let outer = real_path(folder).ok().and_then(|folder| key(&folder));
    outer.is_some() && place.ancestors().any(|above| key(above) == outer)
}

/// No old folder lies in a folder of the library, or the other way round, by whatever path or
/// mount: a file would count as its own copy.
fn check_apart(old: &[PathBuf], library: &[PathBuf]) -> Result<(), LibraryError> {
    let real = |path: &PathBuf| -> Result<Vec<FileKey>, LibraryError> {
        let failed = |error: std::io::Error| LibraryError::NothingChecked {
            path: path.clone(),
            reason: error.to_string(),
        };
        let real = real_path(path).map_err(failed)?;
        let keys = real
            .ancestors()
            .map(|above| above.metadata().map(|metadata| stamp_of(above, &metadata).key));
        keys.collect::<Result<_, _>>().map_err(failed)
    };
    let library: Vec<(&PathBuf, Vec<FileKey>)> =
        library.iter().map(|path| Ok((path, real(path)?))).collect::<Result<_, LibraryError>>()?;
    for path in old {
        let keys = real(path)?;
        for (other, other_keys) in &library {
            let inside = |inner: &[FileKey], outer: &[FileKey]| {
                outer.first().is_some_and(|outer| inner.contains(outer))
            };
            if inside(&keys, other_keys) || inside(other_keys, &keys) {
                let (old, library) = (path.clone(), (*other).clone());
                return Err(LibraryError::Overlap { old, library });
            }
        }
    }
    Ok(())
}

/// Folders from which files vanish by and by: trash cans of systems and file servers, and where
/// this program moves duplicates to. What lies there is no copy to rely on.
const DISCARDED: [&str; 6] =
    [".trash", ".trashes", "$recycle.bin", "#recycle", "@recycle", ".clean-backup"];

/// Whether a folder of this name, in a folder of the other name, holds what was thrown away.
pub(super) fn discards(name: &Path, above: Option<&Path>) -> bool {
    let lower = |path: &Path| path.to_string_lossy().to_lowercase();
    let name = lower(name);
    // The desktop's own is ~/.local/share/Trash.
    DISCARDED.contains(&name.as_str())
        || name.starts_with(".trash-")
        || name == "trash" && above.map(lower).as_deref() == Some("share")
}

/// Whether a file lies in such a folder; its path starts below its root.
fn is_discarded(below: &Path) -> bool {
    let mut above: Option<&Path> = None;
    let folders = below.parent().into_iter().flat_map(Path::components);
    folders.filter(|part| matches!(part, Component::Normal(_))).any(|part| {
        let name = Path::new(part.as_os_str());
        let discarded = discards(name, above);
        above = Some(name);
        discarded
    })
}

/// Old files by inode number.
struct SameFiles<'a> {
    old: &'a [MediaFile],
    by_inode: HashMap<u64, Vec<usize>>,
}

impl<'a> SameFiles<'a> {
    fn new(old: &'a [MediaFile]) -> Self {
        let mut by_inode: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, file) in old.iter().enumerate() {
            by_inode.entry(file.stamp.key.inode).or_default().push(at);
        }
        Self { old, by_inode }
    }

    /// Which of them this file is.
    fn find(&self, file: &MediaFile) -> Vec<usize> {
        let candidates = self.by_inode.get(&file.stamp.key.inode).into_iter().flatten();
        candidates.copied().filter(|&at| are_one(&self.old[at], file)).collect()
    }
}

/// Whether two paths lead to one file. Through an overlay or a network mount a file has another
/// device number, but its inode number and its times, of which no copy gets the change time.
fn are_one(a: &MediaFile, b: &MediaFile) -> bool {
    if a.stamp.key == b.stamp.key {
        return true;
    }
    let changed = a.evidence.changed;
    // FAT and exFAT have no inode numbers and no change times: both are made up, and may agree by
    // chance. Their times are multiples of 10 ms.
    let made_up = |file: &MediaFile| {
        let modified = file.stamp.modified.0;
        file.evidence.changed.is_some_and(|changed| changed.0 == modified)
            && modified % 10_000_000 == 0
    };
    a.stamp.key.inode == b.stamp.key.inode
        && a.stamp.size == b.stamp.size
        && a.stamp.modified == b.stamp.modified
        && changed.is_some()
        && changed == b.evidence.changed
        && !made_up(a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{Bytes, ChangedNs, Evidence, FileStamp, ModifiedNs};

    #[test]
    fn what_was_thrown_away_covers_nothing() {
        for (path, discarded) in [
            ("a/b.jpg", false),
            (".Trash-1000/files/b.jpg", true),
            ("x/$RECYCLE.BIN/b.jpg", true),
            (".clean-backup/quarantine/b.jpg", true),
            (".local/share/Trash/files/b.jpg", true),
            ("Trash/b.jpg", false),
            (".trash", false),
        ] {
            assert_eq!(is_discarded(Path::new(path)), discarded, "{path}");
        }
    }

    #[test]
    fn one_file_through_two_mounts() {
        let file = |device, inode, modified, changed| MediaFile {
            path: "a".into(),
            stamp: FileStamp {
                key: FileKey { device, inode },
                size: Bytes(5),
                modified: ModifiedNs(modified),
            },
            evidence: Evidence { changed: Some(ChangedNs(changed)), volume: None },
            root: 0,
        };
        let one = file(1, 7, 123_456_789, 223_456_789);
        assert!(are_one(&one, &file(1, 7, 0, 0)), "a hard link");
        assert!(are_one(&one, &file(2, 7, 123_456_789, 223_456_789)), "an overlay");
        assert!(!are_one(&one, &file(2, 7, 123_456_789, 323_456_789)), "a copy");
        assert!(!are_one(&one, &file(2, 8, 123_456_789, 223_456_789)), "a copy");
        let fat = |device| file(device, 7, 20_000_000, 20_000_000);
        assert!(!are_one(&fat(1), &fat(2)), "numbers that mean nothing");
    }
}
