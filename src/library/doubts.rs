//! Folders that are not what they were: a drive that is not mounted leaves nothing, or an empty
//! folder, and acting then would rest on half the truth.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::LibraryError;
use crate::catalogue::cache::Cache;
use crate::model::path_text::for_people;
use crate::model::readable::count;
use crate::scan::Scan;

/// Reasons not to act.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// One sentence for each folder.
    pub warnings: Vec<String>,
    /// A folder is not there at all, or cannot be read: that is never allowed.
    pub missing: bool,
}

impl Doubts {
    /// Compares what a scan found below `roots` and `references`, in the order in which they were
    /// scanned, with what the cache knows of them. Relative paths start at `base`.
    pub fn new(
        base: &Path,
        roots: &[PathBuf],
        references: &[PathBuf],
        scan: &Scan,
        cache: &Cache,
    ) -> Self {
        let mut doubts = Self::default();
        for (number, folder) in (0..).zip(roots.iter().chain(references)) {
            let below = |number: u32| scan.pictures.iter().filter(move |p| p.file.root == number);
            let failed = scan.skipped.iter().find(|skip| skip.path == *folder);
            if let Some(skip) = failed {
                let reason = &skip.reason;
                doubts.missing = true;
                doubts.warnings.push(format!("{} cannot be read: {reason}", for_people(folder)));
            } else if below(number).next().is_none() {
                doubts.warnings.extend(emptied(base, folder, cache));
            } else if number as usize >= roots.len() {
                let found: HashSet<&Path> =
                    below(number).map(|picture| picture.file.path.as_path()).collect();
                doubts.warnings.extend(vanished(base, folder, &found, cache));
            }
        }
        doubts
    }

    /// Of one folder that is empty now.
    pub fn from_empty(base: &Path, folder: &Path, cache: &Cache) -> Self {
        Self { warnings: emptied(base, folder, cache).into_iter().collect(), missing: false }
    }

    /// Refuses to act on half the truth, or says it where nothing is acted on.
    ///
    /// # Errors
    /// [`LibraryError::Doubtful`]
    pub fn check(&self, acts: bool, allowed: bool) -> Result<(), LibraryError> {
        if acts && !self.warnings.is_empty() && (self.missing || !allowed) {
            return Err(LibraryError::Doubtful(self.warnings.clone()));
        }
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
        Ok(())
    }
}
/// A folder in which pictures were known, of which none is there any more. Those that are there,
/// but were not looked at now, are no reason to doubt.
fn emptied(base: &Path, folder: &Path, cache: &Cache) -> Option<String> {
    let (mut number, mut there) = (0_u64, false);
    let note = &mut |path: PathBuf| {
        number += 1;
        there = there || path.exists();
    };
    // A cache that cannot be read is no evidence.
    cache.each_path_below(&base.join(folder), note).ok()?;
    (number > 0 && !there).then(|| {
        format!(
            "{} has no pictures now; {} were known there",
            for_people(folder),
            count(number, "picture")
        )
    })
}

/// Folders in a reference folder that are empty now, as mount points are, but had pictures. Folders
/// that were deleted, or that still hold anything, are no reason to doubt.
fn vanished(base: &Path, folder: &Path, found: &HashSet<&Path>, cache: &Cache) -> Vec<String> {
    let absolute = base.join(folder);
    let found: HashSet<PathBuf> = found.iter().map(|path| base.join(path)).collect();
    let mut gone: Vec<(PathBuf, u64)> = Vec::new();
    let note = &mut |path: PathBuf| {
        if found.contains(&path) {
            return;
        }
        let above = path.ancestors().skip(1).take_while(|above| above.starts_with(&absolute));
        if let Some(there) = above.into_iter().find(|above| above.exists()) {
            match gone.last_mut() {
                Some((last, number)) if last == there => *number += 1,
                _ => gone.push((there.to_owned(), 1)),
            }
        }
    };
    if cache.each_path_below(&absolute, note).is_err() {
        return Vec::new();
    }
    let is_empty =
        |folder: &Path| folder.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    gone.into_iter()
        .filter(|(folder, _)| is_empty(folder))
        .map(|(folder, number)| {
            let pictures = count(number, "picture");
            format!("{} is empty now; {pictures} were known there", for_people(&folder))
        })
        .collect()
}
