//! Folders that files are put into.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{Run, lock};
use crate::fsops::Kind;
use crate::journal::Line;
use crate::plan::ExactPath;

/// Folders that are known to be there.
#[derive(Default)]
pub(super) struct Folders(Mutex<HashSet<PathBuf>>);

impl Run<'_> {
    /// Makes a folder and those above it, as far as they are missing. None may be a symbolic link:
    /// plans name real folders, so that a link has come since, and would lead elsewhere.
    pub(super) fn ensure_folder(&self, folder: &Path) -> io::Result<()> {
        let files = self.world.files;
        // Held while folders are made, so that each is made, and noted, once.
        let mut known = lock(&self.folders.0);
        if known.contains(folder) {
            return Ok(());
        }
        let mut missing = Vec::new();
        let mut at = folder;
        loop {
            match files.look(at)? {
                Some(look) if look.kind == Kind::Folder => break,
                Some(_) => return Err(in_the_way(at)),
                None => missing.push(at),
            }
            at = at.parent().ok_or(ErrorKind::NotFound)?;
        }
        if files.real_path(at)? != at {
            return Err(in_the_way(at));
        }
        for folder in missing.into_iter().rev() {
            match files.make_folder(folder) {
                Ok(()) => {
                    self.note(Line::Folder { path: ExactPath(folder.to_owned()) });
                    if let Some(above) = folder.parent() {
                        files.sync_folder(above)?;
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let look = files.look(folder)?;
                    if look.is_none_or(|look| look.kind != Kind::Folder) {
                        return Err(in_the_way(folder));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        known.insert(folder.to_owned());
        Ok(())
    }
}

fn in_the_way(path: &Path) -> io::Error {
    let path = crate::path_text::for_people(path);
    io::Error::new(
        ErrorKind::NotADirectory,
        format!("{path} is no folder, or leads through a symbolic link"),
    )
}
