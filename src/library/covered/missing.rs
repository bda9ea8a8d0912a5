//! A plan that copies what the library does not have.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::census::{discards, lies_in};
use crate::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin, Plan};
use crate::files::content::settled_content_hash;
use crate::files::real_paths::RealPaths;
use crate::files::stamp::stamp;
use crate::library::{Library, LibraryError, Monitor};
use crate::model::coverage::{Cover, Coverage, OldFile};
use crate::model::event::{Event, Phase};
use crate::model::media::FileStamp;
use crate::model::record::{ContentHash, Skip, Stage};
use crate::organize::Places;

/// What is to be copied, and what cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyMissing {
    /// Copies every regular file that the library does not have, keeping the folders.
    pub plan: Plan,
    /// Files that cannot be copied.
    pub skipped: Vec<Skip>,
}

impl Library {
    /// Plans to copy what is not covered to `destination`, a real path that need not be there yet.
    /// Changes nothing.
    ///
    /// # Errors
    /// [`LibraryError::IntoOld`], [`LibraryError::Interrupted`].
    pub fn copy_missing(
        &self,
        coverage: &Coverage,
        destination: &Path,
        monitor: Monitor<'_>,
    ) -> Result<CopyMissing, LibraryError> {
        if let Some(old) = coverage.old.iter().find(|old| lies_in(destination, old)) {
            let (destination, old) = (destination.to_owned(), old.clone());
            return Err(LibraryError::IntoOld { destination, old });
        }
        let mut real = RealPaths::new(&self.options.base);
        let mut plan = Plan::new(Origin::Covered, real.base());
        // Nothing in the old folders is changed; not even a lock is made there.
        plan.references =
            coverage.old.iter().filter_map(|old| real.folder(old)).map(ExactPath).collect();
        plan.destinations = vec![ExactPath(destination.to_owned())];
        let mut skipped = Vec::new();
        let mut places = Places::default();
        for (file, read) in read(coverage, monitor)? {
            let skip =
                |reason: String| Skip { path: file.path.clone(), stage: Stage::Read, reason };
            let (stamp, content) = match read {
                Ok(read) => read,
                Err(reason) => {
                    skipped.push(skip(reason));
                    continue;
                }
            };
            let written = match real.real(&file.path) {
                Ok(path) => path,
                Err(error) => {
                    skipped.push(skip(error.to_string()));
                    continue;
                }
            };
            let folder = destination.join(folder_below(&file.path, &coverage.old));
            let found = places.find(&folder, std::slice::from_ref(&file.path), &[content]);
            // What is at its place already, to the byte, need not be copied.
            let Some(place) = found.into_iter().flatten().next() else { continue };
            let source = Expected { path: written, stamp, content: Some(content) };
            plan.actions.push(Action {
                group: 0,
                action: ActionKind::Copy,
                files: vec![Member::alone(source).going_to(place)],
                why: why(&file.cover),
            });
        }
        Ok(CopyMissing { plan, skipped })
    }
}

/// A file, and what it is now or why that cannot be told.
type Reading<'a> = (&'a OldFile, Result<(FileStamp, ContentHash), String>);

/// Reads what is to be copied.
fn read<'a>(
    coverage: &'a Coverage,
    monitor: Monitor<'_>,
) -> Result<Vec<Reading<'a>>, LibraryError> {
    let Monitor { progress, cancel, .. } = monitor;
    let mut files: Vec<&OldFile> = coverage.uncovered().collect();
    files.retain(|file| !matches!(file.cover, Cover::Irregular | Cover::Unreadable { .. }));
    let total = Some(files.len() as u64);
    progress.on(Event::StageStarted { stage: Phase::Verify, total });
    let one = |file: &'a OldFile| -> Option<Reading<'a>> {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        // Taken first: what changes while it is read does not hold afterwards.
        let stamp = stamp(&file.path).ok_or_else(|| "it is no longer there".to_owned());
        let read = stamp.and_then(|stamp| {
            let content = settled_content_hash(&file.path).map_err(|error| error.to_string())?;
            Ok((stamp, content))
        });
        progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes: file.bytes });
        Some((file, read))
    };
    let read: Vec<_> = files.into_par_iter().filter_map(one).collect();
    progress.on(Event::StageFinished { stage: Phase::Verify });
    match cancel.load(Ordering::Relaxed) {
        true => Err(LibraryError::Interrupted { while_scanning: false }),
        false => Ok(read),
    }
}

/// The folder that a file lies in, below that of the old ones that it is in; with the name of that
/// one where there are several. A trash can becomes an ordinary folder.
fn folder_below(path: &Path, old: &[PathBuf]) -> PathBuf {
    let root = old.iter().filter(|root| path.starts_with(root));
    let root = root.max_by_key(|root| root.as_os_str().len());
    let below = root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(Path::new(""));
    let name = root.filter(|_| old.len() > 1).and_then(|root| root.file_name());
    let mut folder: PathBuf = name.into_iter().collect();
    let parts = below.parent().into_iter().flat_map(Path::components);
    let mut above: Option<&Path> = None;
    for part in parts.filter(|part| matches!(part, Component::Normal(_))) {
        let part = Path::new(part.as_os_str());
        match discards(part, above) {
            true => {
                let mut name = OsString::from("from ");
                name.push(part);
                folder.push(name);
            }
            false => folder.push(part),
        }
        above = Some(part);
    }
    folder
}

fn why(cover: &Cover) -> String {
    match cover {
        Cover::LacksMetadata { missing, .. } => {
            format!("the library's picture lacks its {}", missing.join(", "))
        }
        Cover::Worse { why, .. } => format!("the library's picture is worse: {why}"),
        Cover::Damaged { why, .. } => format!("the library's picture may be damaged: {why}"),
        Cover::LooksAlike { .. } => "the library has only look-alikes".to_owned(),
        Cover::Unverified { .. } => "only another cache knows it".to_owned(),
        Cover::SameFile { .. } => "the library has only the same file".to_owned(),
        _ => "the library does not have it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_kept_but_no_trash_can() {
        let one = [PathBuf::from("old")];
        let two = [PathBuf::from("old"), PathBuf::from("disks/usb")];
        for (path, old, folder) in [
            ("old/a.jpg", &one[..], ""),
            ("old/x/y/a.jpg", &one, "x/y"),
            ("old/x/a.jpg", &two, "old/x"),
            ("disks/usb/.Trash-1000/files/a.jpg", &two, "usb/from .Trash-1000/files"),
            ("disks/usb/.local/share/Trash/a.jpg", &two, "usb/.local/share/from Trash"),
        ] {
            assert_eq!(folder_below(Path::new(path), old), Path::new(folder), "{path}");
        }
    }
}
