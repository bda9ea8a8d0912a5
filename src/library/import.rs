//! Planning an import: what of a source goes where, and what the destination has already.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::compare::{Against, Others};
use super::doubts::Doubts;
use super::{Library, LibraryError, Monitor};
use crate::act::journal::JournalError;
use crate::act::layout::Template;
use crate::act::plan::ActionKind;
use crate::act::removed::RemovedContents;
use crate::files::real_paths::real_path;
use crate::files::walk::walk;
use crate::metadata::capture::Judge;
use crate::model::findings::Matching;
use crate::model::path_text::{for_people, one_line};
use crate::model::photo_library::photo_library_of;
use crate::model::policy::Policy;
use crate::organize::{self, Organized, Twins, organize};
use crate::scan::Confirm;

/// A destination with at most so many pictures that are not in the cache is compared without
/// being asked: that takes minutes at most.
const SMALL: usize = 5_000;

/// How to decide what the destination already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// By comparing pictures.
    Visual,
    /// By comparing bytes.
    Exact,
    /// Not at all.
    Off,
}

/// What is imported, and how.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Where the files are.
    pub source: PathBuf,
    /// Where they go: a real path, whether it is there yet or not.
    pub destination: PathBuf,
    /// [`ActionKind::Copy`] or [`ActionKind::Move`].
    pub action: ActionKind,
    /// Into which folders.
    pub template: Template,
    /// `None`: visual, where the destination is cached or small; else exact.
    pub preflight: Option<Preflight>,
    /// Whether folders that a move leaves empty are removed.
    pub prune: bool,
    /// The two radii of the visual pre-flight.
    pub policy: Policy,
    /// Whether it finds turned and mirrored pictures too.
    pub any_orientation: bool,
    /// Leave films out of which the destination has one that shows the same, though its bytes are
    /// others.
    pub include_films: bool,
    /// Import although the destination is empty where pictures were known before.
    pub allow_empty: bool,
    /// The folder of the journals: what those runs removed as duplicates stays out while what was
    /// kept is in the destination. `None` knows of none.
    pub journals: Option<PathBuf>,
    /// Import it all the same.
    pub include_removed: bool,
    /// Only what belongs together and is all among these files; `None` for everything.
    pub only: Option<HashSet<PathBuf>>,
}

impl ImportOptions {
    /// Copies into `{year}/{month}` by the standard policy.
    pub fn new(source: impl Into<PathBuf>, destination: impl Into<PathBuf>) -> Self {
        Self {
            source: source.into(),
            destination: destination.into(),
            action: ActionKind::Copy,
            template: Template::default(),
            preflight: None,
            prune: false,
            policy: Policy::default(),
            any_orientation: false,
            include_films: false,
            allow_empty: false,
            journals: None,
            include_removed: false,
            only: None,
        }
    }
}

/// What the runs of these journals removed. What cannot be read is not remembered, so that it comes
/// in.
fn removed_by(journals: &Path) -> RemovedContents {
    let warn = |error: &JournalError| {
        tracing::warn!("what this run removed is not remembered: {}", one_line(&error.to_string()));
    };
    match RemovedContents::read(journals) {
        Ok((removed, unreadable)) => {
            unreadable.iter().for_each(warn);
            removed
        }
        Err(error) => {
            warn(&error);
            RemovedContents::default()
        }
    }
}

impl Library {
    /// Plans an import; changes nothing.
    ///
    /// # Errors
    /// [`LibraryError`]; files that cannot be filed are in [`Organized::skipped`].
    pub fn import(
        &mut self,
        options: &ImportOptions,
        judge: Judge<'_>,
        monitor: Monitor<'_>,
    ) -> Result<Organized, LibraryError> {
        let ImportOptions { source, destination, action, .. } = options;
        let real_source = real_path(source).map_err(|error| LibraryError::Root {
            path: source.clone(),
            reason: error.to_string(),
        })?;
        if let Some(library) = photo_library_of(destination) {
            return Err(LibraryError::IntoPhotoLibrary(library.to_owned()));
        }
        let in_place = real_source == *destination;
        if in_place && *action == ActionKind::Copy {
            return Err(LibraryError::OneFolder);
        }
        if destination.read_dir().is_ok_and(|mut entries| entries.next().is_none()) {
            let doubts = Doubts::from_empty(&self.options.base, destination, &self.cache);
            doubts.check(true, options.allow_empty)?;
        }
        let preflight = match in_place {
            true => Preflight::Off,
            false => self.preflight(options)?,
        };
        let twins = match preflight {
            Preflight::Visual if destination.is_dir() => self.twins(options, monitor)?,
            _ => Twins::default(),
        };
        let mut walk = self.options.scan.walk.clone();
        let mut removed = RemovedContents::default();
        if !in_place {
            walk.skip_dirs = vec![destination.clone()];
            removed = options.journals.as_deref().map(removed_by).unwrap_or_default();
        }
        let organized = organize(
            &organize::OrganizeOptions {
                source: source.clone(),
                destination: destination.clone(),
                action: *action,
                walk,
                template: options.template.clone(),
                exact: preflight != Preflight::Off,
                twins,
                removed,
                include_removed: options.include_removed,
                prune: options.prune,
                base: self.options.base.clone(),
                only: options.only.clone(),
            },
            judge,
            monitor.progress,
            monitor.cancel,
        );
        match organized.interrupted {
            true => Err(LibraryError::Interrupted { while_scanning: false }),
            false => Ok(organized),
        }
    }

    /// What was asked for; else a look at the destination where that costs little.
    fn preflight(&self, options: &ImportOptions) -> Result<Preflight, LibraryError> {
        let destination = &options.destination;
        if let Some(preflight) = options.preflight {
            return Ok(preflight);
        }
        if !destination.is_dir() {
            return Ok(Preflight::Exact);
        }
        let never = AtomicBool::new(false);
        let roots = [destination.clone()];
        let walked = walk(&roots, &self.options.scan.walk, &|_| {}, &never);
        let known = self.cache.lookup(&walked.files)?;
        let unknown = known.iter().filter(|row| row.is_none()).count();
        if unknown <= SMALL {
            return Ok(Preflight::Visual);
        }
        tracing::warn!(
            "only files with the same bytes stay out: {unknown} pictures of {0} are not in the \
             cache; clean-backup scan {0} changes that, or --preflight visual",
            for_people(destination)
        );
        Ok(Preflight::Exact)
    }

    /// Finds which incoming pictures the destination has, and which of them are better.
    fn twins(
        &mut self,
        options: &ImportOptions,
        monitor: Monitor<'_>,
    ) -> Result<Twins, LibraryError> {
        let roots = [options.source.clone(), options.destination.clone()];
        let mut scan = self.scan(&roots, &[], monitor)?;
        let against = Against {
            policy: options.policy,
            any_orientation: options.any_orientation,
            library_roots: vec![false, true],
            // People empty the card afterwards because of what is said here, so all bytes are read.
            confirm: Confirm::All,
        };
        let (found, matching) =
            self.compare_incoming(&mut scan, Others::default(), &against, monitor)?;
        let mut groups = found.report_groups(&scan.pictures, &matching);
        let confirm = options.include_films;
        groups.extend(self.compare_films(&scan, &[], &matching, confirm, monitor)?.groups);
        let rule = Matching {
            policy: options.policy,
            include_films: options.include_films,
            deep: false,
            ..Matching::default()
        };
        Ok(Twins::from_groups(&groups, &|duplicate| rule.acts_on(duplicate)))
    }
}
