//! The folders that a plan may act in. Paths are compared as text: a plan holds real paths only,
//! and applying one follows no symbolic link.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{ExactPath, Origin, Plan, PlanError};

/// A plan's folders as absolute paths.
pub(super) struct Bounds {
    origin: Origin,
    roots: Vec<PathBuf>,
    destinations: Vec<PathBuf>,
    references: Vec<PathBuf>,
    elsewhere: HashSet<PathBuf>,
}

impl Bounds {
    /// Resolves and checks the folders themselves.
    ///
    /// # Errors
    /// [`PlanError::Folder`]
    pub(super) fn from_plan(plan: &Plan) -> Result<Self, PlanError> {
        plain("the base", &plan.base.0)?;
        let all = |role: &'static str, paths: &[ExactPath]| -> Result<Vec<PathBuf>, PlanError> {
            let resolved = |ExactPath(path): &ExactPath| {
                let path = plan.resolve(path);
                plain(role, &path).map(|()| path)
            };
            paths.iter().map(resolved).collect()
        };
        Ok(Self {
            origin: plan.origin,
            roots: all("a root", &plan.roots)?,
            destinations: all("a destination", &plan.destinations)?,
            references: all("a reference folder", &plan.references)?,
            elsewhere: all("a keeper elsewhere", &plan.elsewhere)?.into_iter().collect(),
        })
    }

    /// Whether a file may be taken away or changed here.
    pub(super) fn holds_source(&self, path: &Path) -> bool {
        is_plain(path) && self.roots.iter().any(|root| is_below(path, root))
    }

    /// Whether a file may be put here.
    pub(super) fn holds_destination(&self, path: &Path) -> bool {
        is_plain(path) && self.changed().any(|folder| is_below(path, folder))
    }

    /// Whether nothing may be changed here.
    pub(super) fn is_reference(&self, path: &Path) -> bool {
        self.references.iter().any(|folder| is_below(path, folder))
    }

    /// Whether a file here may be read and relied on.
    pub(super) fn holds_keeper(&self, path: &Path) -> bool {
        let known = || self.roots.iter().chain(&self.references).any(|root| is_below(path, root));
        is_plain(path) && (known() || self.elsewhere.contains(path))
    }

    /// Whether an empty folder may be removed here. Undoing a run also removes the folders that
    /// the run made for its destination, and above that.
    pub(super) fn holds_empty(&self, path: &Path) -> bool {
        let above = || self.origin == Origin::Undo && self.changed().any(|f| f.starts_with(path));
        is_plain(path) && (self.changed().any(|folder| is_below(path, folder)) || above())
    }

    fn changed(&self) -> impl Iterator<Item = &PathBuf> {
        self.roots.iter().chain(&self.destinations)
    }
}

fn is_below(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder) && path != folder
}

fn plain(role: &'static str, path: &Path) -> Result<(), PlanError> {
    let reason = match () {
        () if !path.is_absolute() => "is not an absolute path",
        () if !is_plain(path) => "holds `.` or `..`",
        () => return Ok(()),
    };
    Err(PlanError::Folder { role, path: path.to_owned(), reason })
}

/// Whether no part of a path is `.` or `..`. Those that `Path::components` leaves out count too.
pub(super) fn is_plain(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let separator = |byte: &u8| *byte == b'/' || cfg!(windows) && *byte == b'\\';
    !bytes.contains(&0) && !bytes.split(separator).any(|part| part == b"." || part == b"..")
}
