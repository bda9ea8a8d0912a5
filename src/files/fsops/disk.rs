//! The file systems of this machine.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::rename::Ways;
use super::{
    FileSystem, Folder, LockMode, Locked, Look, OpenFile, Place, Trashed, at, attributes, copy,
    lock, rename, trash_can,
};
use crate::files::real_paths::real_path;
use crate::model::record::ContentHash;

/// The real one.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// Whether the system is asked to open a folder's whole path in one step before other ways.
    pub(super) whole_paths: bool,
    /// Whether renaming without replacing is asked of the system before other ways.
    pub(super) flagged_rename: bool,
    /// Whether hard links are tried.
    pub(super) links: bool,
}

impl Default for Disk {
    fn default() -> Self {
        Self { whole_paths: true, flagged_rename: true, links: true }
    }
}

impl FileSystem for Disk {
    fn look(&self, path: &Path) -> io::Result<Option<Look>> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(at::look_of(path, &metadata))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        real_path(path)
    }

    fn open_folder(&self, path: &Path) -> io::Result<Arc<Folder>> {
        Folder::open(path, self.whole_paths)
    }

    fn open_folder_in(&self, place: &Place) -> io::Result<Arc<Folder>> {
        Folder::open_in(place)
    }

    fn make_folder(&self, place: &Place) -> io::Result<()> {
        at::make_folder(place)
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        at::remove_folder(place)
    }

    fn sync_folder(&self, folder: &Folder) -> io::Result<()> {
        needless(at::sync_folder(folder))
    }

    fn look_at(&self, place: &Place) -> io::Result<Option<Look>> {
        at::look(place)
    }

    fn open(&self, place: &Place) -> io::Result<OpenFile> {
        OpenFile::open(place)
    }

    fn lock(&self, file: &OpenFile, lock: LockMode) -> io::Result<Locked> {
        lock::try_lock(file, lock)
    }

    fn hash(&self, file: &OpenFile) -> io::Result<ContentHash> {
        copy::hash(&file.file)
    }

    fn hash_from_disk(&self, file: &OpenFile) -> io::Result<ContentHash> {
        copy::forget_pages(&file.file);
        copy::hash(&file.file)
    }

    fn sync_file(&self, file: &OpenFile) -> io::Result<()> {
        needless(lock::sync(file))
    }

    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()> {
        let ways = Ways { flagged: self.flagged_rename, links: self.links };
        rename::rename_new(ways, from, to)
    }

    fn link_new(&self, original: &Place, name: &Place) -> io::Result<()> {
        at::link(original, name)
    }

    fn clone_new(&self, original: &OpenFile, copy: &Place) -> io::Result<()> {
        copy::clone_new(&original.file, copy)
    }

    fn copy_new(&self, from: &OpenFile, to: &Place) -> io::Result<ContentHash> {
        copy::copy_new(&from.file, to)
    }

    fn write_new(&self, to: &Place, bytes: &[u8]) -> io::Result<()> {
        copy::write_new(to, bytes)
    }

    fn copy_attributes(
        &self,
        from: &OpenFile,
        to: &OpenFile,
        modified_ns: Option<i64>,
    ) -> Vec<String> {
        attributes::copy(from, to, modified_ns)
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        at::remove_file(place)
    }

    fn trash(&self, path: &Path) -> io::Result<()> {
        trash_can::put(path)
    }

    fn trashed(&self, path: &Path) -> io::Result<Vec<Trashed>> {
        trash_can::list(path)
    }

    fn forget_trashed(&self, trashed: &Trashed) -> io::Result<()> {
        fs::remove_file(&trashed.note)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Some file systems (FUSE, SMB) cannot sync a folder, and need not; what is mounted read-only is
/// on the disk already.
fn needless(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}
