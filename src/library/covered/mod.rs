//! Whether an old drive may be wiped: whether a library has every file of it.

mod bytes;
mod census;
mod facts;
mod judge;
mod missing;
mod pictures;

use std::fs::File;
use std::path::PathBuf;

use super::doubts::Doubts;
use super::{Library, LibraryError, Monitor};
use crate::model::coverage::{Cover, Coverage, OldFile};
use crate::model::policy::Policy;
use census::Census;
pub use missing::CopyMissing;

/// What is checked, and against what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredOptions {
    /// The folders or files that are to be wiped.
    pub old: Vec<PathBuf>,
    /// The folders that should have everything.
    pub library: Vec<PathBuf>,
    /// Caches of other libraries. What only they know is told, and covers nothing.
    pub with_cache: Vec<PathBuf>,
    /// Globs of what need not be covered: names, or paths below an old folder.
    pub ignore: Vec<String>,
    /// The two radii within which pictures are compared.
    pub policy: Policy,
    /// Turned and mirrored pictures cover one another.
    pub any_orientation: bool,
}

impl CoveredOptions {
    /// Checks `old` against `library` by the standard policy.
    pub fn new(
        old: impl IntoIterator<Item = impl Into<PathBuf>>,
        library: impl IntoIterator<Item = impl Into<PathBuf>>,
    ) -> Self {
        Self {
            old: old.into_iter().map(Into::into).collect(),
            library: library.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

impl Library {
    /// Checks every regular file of the old folders, hidden ones and those in trash cans too. A
    /// file is covered where the library has the same bytes, or the same picture, undamaged, in the
    /// same or a better form and with all that its metadata say. Everything that this rests on is
    /// read now. The seconds are left for the caller to fill in.
    ///
    /// # Errors
    /// [`LibraryError::NothingChecked`], [`LibraryError::Overlap`], and as [`Library::duplicates`].
    /// What cannot be read is part of the answer.
    pub fn covered(
        &mut self,
        options: &CoveredOptions,
        monitor: Monitor<'_>,
    ) -> Result<Coverage, LibraryError> {
        let mut census =
            Census::take(options, self.walk_options(), monitor.progress, monitor.cancel)?;
        self.check_library(&census, options)?;
        let mut covers: Vec<Option<Cover>> = vec![None; census.old.len()];
        bytes::compare(&mut census, &mut covers, monitor)?;
        pictures::compare(self, &mut census, &mut covers, options, monitor)?;
        Ok(summed_up(census, covers, options))
    }

    /// A folder of the library that is empty now, but held pictures: its drive is not mounted.
    fn check_library(&self, census: &Census, options: &CoveredOptions) -> Result<(), LibraryError> {
        for (number, folder) in (options.old.len() as u32..).zip(&options.library) {
            if !census.library.iter().any(|file| file.root == number) {
                let doubts = Doubts::from_empty(&self.options.base, folder, &self.cache);
                if let Some(reason) = doubts.warnings.into_iter().next() {
                    return Err(LibraryError::Doubtful(vec![reason]));
                }
            }
        }
        Ok(())
    }
}

fn summed_up(census: Census, covers: Vec<Option<Cover>>, options: &CoveredOptions) -> Coverage {
    let mut warnings = Vec::new();
    if census.one_file_system {
        warnings.push(
            "both are on one file system: the old files may be deleted, but formatting the drive \
             would take the library with them"
                .to_owned(),
        );
    }
    let same_files = census.same_files;
    let regular = census.old.into_iter().zip(covers).enumerate().map(|(at, (file, cover))| {
        let cover = match (cover, same_files.get(&at)) {
            (Some(cover), None) => cover,
            (Some(cover), Some(_)) if cover.is_covered() => cover,
            (_, Some(by)) => Cover::SameFile { by: by.clone() },
            // What nothing was compared with was not read so far.
            (None, None) => match File::open(&file.path) {
                Ok(_) => Cover::Missing,
                Err(error) => Cover::Unreadable { reason: error.to_string() },
            },
        };
        OldFile { path: file.path, bytes: file.stamp.size.0, cover }
    });
    let mut files: Vec<OldFile> = regular.collect();
    files.extend(census.irregular.into_iter().map(|path| OldFile {
        path,
        bytes: 0,
        cover: Cover::Irregular,
    }));
    files.extend(census.unreadable.into_iter().map(|skip| OldFile {
        path: skip.path,
        bytes: 0,
        cover: Cover::Unreadable { reason: skip.reason },
    }));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Coverage {
        old: options.old.clone(),
        library: options.library.clone(),
        files,
        ignored: census.ignored,
        library_files: census.library.len() as u64,
        unread: census.unread,
        warnings,
        seconds: 0.0,
    }
}
