//! Folders that files are in, or are put into. None is reached through a symbolic link: plans name
//! real folders, so a link has come since, and would lead elsewhere.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::{Execution, lock};
use crate::act::journal::Line;
use crate::act::plan::ExactPath;
use crate::files::fsops::{Folder, Place};

impl Execution<'_> {
    /// The place that a path names, its folder reopened.
    pub(super) fn place(&self, path: &Path) -> io::Result<Place> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        Place::new(&self.world.files.open_folder(folder)?, name)
    }

    /// The place that a path names, its folder, and those above it, made as far as they are
    /// missing.
    pub(super) fn place_to_fill(&self, path: &Path) -> io::Result<Place> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        let opened = match self.world.files.open_folder(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Held while folders are made, so that each is made, and noted, once.
                let _making = lock(&self.making_folders);
                self.make_folders(folder)?
            }
            other => other?,
        };
        Place::new(&opened, name)
    }

    fn make_folders(&self, folder: &Path) -> io::Result<Arc<Folder>> {
        let files = self.world.files;
        // The lowest that is there.
        let mut missing = Vec::new();
        let mut at = folder;
        let mut opened = loop {
            match files.open_folder(at) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => break other?,
            }
            missing.push(at.file_name().ok_or(ErrorKind::NotFound)?);
            at = at.parent().ok_or(ErrorKind::NotFound)?;
        };
        for name in missing.into_iter().rev() {
            let place = Place::new(&opened, name)?;
            match files.make_folder(&place) {
                Ok(()) => {
                    self.note(Line::Folder { path: ExactPath(place.path()) });
                    files.sync_folder(&opened)?;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            opened = files.open_folder_in(&place)?;
        }
        Ok(opened)
    }
}
