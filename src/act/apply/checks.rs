//! Checks right before an act, and again before anything is removed for good.

use std::io::ErrorKind;
use std::path::Path;

use super::files::FileTask;
use super::held::{HeldSource, Keeper};
use super::mismatch::Mismatch;
use super::stop::{failed, refused};
use super::{Execution, Stop, lock};
use crate::act::plan::{ActionKind, Expected};
use crate::files::fsops::{FileKind, LockMode, Look, OpenFile, Place};
use crate::files::stamp::may_be_one;
use crate::model::media::FileStamp;
use crate::model::path_text::for_people;

/// Whether a keeper's bytes are read, or only its identity, size and time looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeeperProof {
    Bytes,
    Stamp,
}

impl Execution<'_> {
    /// The place of a file that a plan tells of.
    pub(super) fn place_of(&self, path: &Path) -> Result<Place, Mismatch> {
        self.place(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Mismatch::Gone,
            _ => Mismatch::Io(error),
        })
    }

    /// Opens a file that is what the plan says, except for its bytes, which are not read yet.
    pub(super) fn open_expected(
        &self,
        place: &Place,
        expected: &Expected,
    ) -> Result<OpenFile, Mismatch> {
        let files = self.world.files;
        let look = files.look_at(place)?.ok_or(Mismatch::Gone)?;
        match look.kind {
            FileKind::File => {}
            FileKind::Link => return Err(Mismatch::SymbolicLink),
            FileKind::Folder | FileKind::Other => return Err(Mismatch::NotRegular),
        }
        check_stamp(look.stamp, expected.stamp)?;
        let opened = files.open(place)?;
        if opened.look().is_same_file(&look) { Ok(opened) } else { Err(Mismatch::BeingChanged) }
    }

    /// Checks that an open file has the bytes that the plan says, and stays what it is while it is
    /// read.
    fn read(&self, place: &Place, opened: &OpenFile, expected: &Expected) -> Result<(), Mismatch> {
        let files = self.world.files;
        if Some(files.hash(opened)?) != expected.content {
            return Err(Mismatch::Bytes);
        }
        match files.look_at(place) {
            Ok(Some(again)) if again.is_same_file(&opened.look()) => Ok(()),
            _ => Err(Mismatch::BeingChanged),
        }
    }

    /// Checks that the file at `path` is what the plan says, to the byte.
    pub(super) fn is_there(&self, path: &Path, expected: &Expected) -> Result<(), Stop> {
        let check = || {
            let place = self.place_of(path)?;
            self.read(&place, &self.open_expected(&place, expected)?, expected)
        };
        check().map_err(|why: Mismatch| refused(path, &why))
    }

    /// The source: open, locked and read.
    pub(super) fn check_source(&self, work: &FileTask<'_>) -> Result<HeldSource, Stop> {
        let source = &work.source;
        let home = self.place_of(source).map_err(|why| refused(source, &why))?;
        let now = self.where_left(work, &home).map_err(failed("looking at", source))?;
        let opened = self.check_source_at(work, &now).map_err(|mut stop| {
            if now.name() != home.name() {
                stop.reason += &format!("; an earlier run left it at {}", for_people(&now.path()));
            }
            stop
        })?;
        Ok(HeldSource { home, now, opened })
    }

    fn check_source_at(&self, work: &FileTask<'_>, now: &Place) -> Result<OpenFile, Stop> {
        let source = &work.source;
        let opened =
            self.open_expected(now, work.expected()).map_err(|why| refused(source, &why))?;
        if work.kind != ActionKind::Copy {
            self.check_references(source)?;
        }
        let look = opened.look();
        let takes_away = work.kind.removes_source() || work.kind.needs_identical();
        if takes_away && work.member.keeper.is_some() && look.names > 1 {
            let why = "has other names (hard links): it frees nothing, and is left alone";
            return Err(refused(source, why));
        }
        let own_keeper = work.member.keeper.as_ref().map(|keeper| keeper.stamp.key);
        if own_keeper == Some(look.stamp.key) && work.kind != ActionKind::Detach {
            return Err(refused(source, "is its keeper under another name"));
        }
        // Under another path; those of the same path are no sound plan.
        if takes_away && self.keepers.contains(&look.stamp.key) && look.names == 1 {
            return Err(refused(source, "is a file that another act relies on"));
        }
        // Other acts of this run may be about other names of the same file.
        let kind =
            if takes_away && look.names == 1 { LockMode::Exclusive } else { LockMode::Shared };
        self.lock_file(now, &opened, kind)
            .and_then(|()| self.read(now, &opened, work.expected()))
            .map_err(|why| refused(source, &why))?;
        Ok(opened)
    }

    /// What the act relies on: open and locked. Its bytes are read now, or, where its proof is only
    /// its stamp, when the source was set aside.
    pub(super) fn hold_keeper<'a>(
        &self,
        work: &FileTask<'a>,
        proof: KeeperProof,
    ) -> Result<Option<Keeper<'a>>, Stop> {
        let Some(expected) = &work.member.keeper else { return Ok(None) };
        let path = self.plan.resolve(&expected.path);
        let relies = |why: Mismatch| relies(work, &path, &why);
        let place = self.place_of(&path).map_err(relies)?;
        let opened = self.open_expected(&place, expected).map_err(relies)?;
        self.lock_file(&place, &opened, LockMode::Shared).map_err(relies)?;
        if proof == KeeperProof::Bytes {
            self.read(&place, &opened, expected).map_err(relies)?;
        }
        Ok(Some(Keeper { expected, path, place, opened }))
    }

    /// Checks that the keeper is still what it was, found again by its path. Where the source was
    /// set aside, also that this cannot be seen in the keeper's folder: source and keeper would be
    /// one file, reached through two mounts with device numbers of their own, and some of these
    /// (overlayfs) go on answering under a name that is gone.
    pub(super) fn keeper_stays(
        &self,
        work: &FileTask<'_>,
        source: &HeldSource,
        keeper: &Keeper<'_>,
        proof: KeeperProof,
    ) -> Result<(), Stop> {
        let files = self.world.files;
        let relies = |why: Mismatch| relies(work, &keeper.path, &why);
        let place = self.place_of(&keeper.path).map_err(relies)?;
        if source.is_aside(work) && place.folder().key() != source.home.folder().key() {
            let seen = place.beside(source.now.name()).and_then(|place| files.look_at(&place));
            if seen.map_err(failed("looking beside", &keeper.path))?.is_some() {
                let is = if place.name() == source.home.name() { "is" } else { "lies beside" };
                let keeper = for_people(&keeper.path);
                let why = format!("{is} its keeper {keeper}, seen through another mount");
                return Err(refused(&work.source, &why));
            }
        }
        let opened = self.open_expected(&place, keeper.expected).map_err(relies)?;
        let same_folder = place.folder().key() == keeper.place.folder().key();
        if !same_folder || !opened.look().is_same_file(&keeper.opened.look()) {
            return Err(relies(Mismatch::Replaced));
        }
        if proof == KeeperProof::Bytes {
            self.read(&place, &opened, keeper.expected).map_err(relies)?;
        }
        Ok(())
    }

    /// Waits until the keeper and its name are on the disk, once per run.
    pub(super) fn make_keeper_last(&self, keeper: &Keeper<'_>) -> Result<(), Stop> {
        let files = self.world.files;
        let (file, folder) = (keeper.opened.look().stamp.key, keeper.place.folder());
        if !lock(&self.lasting).contains(&file) {
            files.sync_file(&keeper.opened).map_err(failed("syncing", &keeper.path))?;
            lock(&self.lasting).insert(file);
        }
        if !lock(&self.lasting).contains(&folder.key()) {
            files.sync_folder(folder).map_err(failed("syncing", folder.path()))?;
            lock(&self.lasting).insert(folder.key());
        }
        Ok(())
    }

    /// Checks that an open folder is still at its path, and a file in it: what came to a folder
    /// that was moved away in the meantime is not where it was to be.
    pub(super) fn is_at_its_path(&self, place: &Place, look: Look) -> Result<(), Stop> {
        let path = place.path();
        let replaced = || refused(&path, "is in a folder that was replaced in the meantime");
        let anew = self.place(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => replaced(),
            _ => failed("opening the folder of", &path)(error),
        })?;
        let found = self.world.files.look_at(&anew).map_err(failed("looking at", &path))?;
        let same = anew.folder().key() == place.folder().key()
            && found.is_some_and(|found| found.is_same_file(&look));
        if same { Ok(()) } else { Err(replaced()) }
    }

    /// Checks that nothing in a reference folder is touched.
    pub(super) fn check_references(&self, path: &Path) -> Result<(), Stop> {
        if self.references.is_empty() {
            return Ok(());
        }
        let files = self.world.files;
        for folder in path.ancestors().skip(1) {
            // A reference may have another spelling where letter case does not count, and is the
            // same folder when it is mounted a second time.
            let key = files.look(folder).ok().flatten().map(|look| look.stamp.key);
            let is_it = |(reference, same): &&(std::path::PathBuf, Option<_>)| {
                folder == reference || key.is_some() && key == *same
            };
            if let Some((reference, _)) = self.references.iter().find(is_it) {
                let reference = for_people(reference);
                return Err(refused(path, &format!("lies in the reference folder {reference}")));
            }
        }
        Ok(())
    }
}

fn relies(work: &FileTask<'_>, keeper: &Path, why: &Mismatch) -> Stop {
    refused(&work.source, &format!("relies on {}, which {why}", for_people(keeper)))
}

/// Checks that a stamp is as expected.
fn check_stamp(found: FileStamp, expected: FileStamp) -> Result<(), Mismatch> {
    match () {
        () if found.size != expected.size => {
            Err(Mismatch::Size { found: found.size.0, expected: expected.size.0 })
        }
        () if found.modified != expected.modified => Err(Mismatch::ModificationTime),
        () if !may_be_one(found.key, expected.key) => Err(Mismatch::ReplacedAlike),
        () => Ok(()),
    }
}
