//! Folders that an act left empty.

use std::io;
use std::path::Path;

use crate::act::journal::Line;
use crate::act::plan::{ExactPath, Plan};
use crate::files::fsops::{FileSystem, Place};

/// Removes those of the plan's folders that are empty.
pub(super) fn prune(plan: &Plan, files: &dyn FileSystem) -> Vec<Line> {
    let empty = plan.prune.iter().map(|folder| plan.resolve(&folder.0));
    empty
        .filter(|folder| remove_empty(folder, files).is_ok())
        .map(|folder| Line::Pruned { path: ExactPath(folder) })
        .collect()
}

fn remove_empty(folder: &Path, files: &dyn FileSystem) -> io::Result<()> {
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    files.remove_folder(&Place::new(&files.open_folder(above)?, name)?)
}
