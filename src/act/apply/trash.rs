//! Files into the desktop's trash, and out of it. The trash takes paths: that a path leads to the
//! file that was checked is looked at before, and that it did, afterwards.

use std::io::ErrorKind;

use super::checks::KeeperProof;
use super::files::FileTask;
use super::held::{HeldSource, Keeper};
use super::stop::{failed, refused};
use super::{ActOutcome, Effect, Execution, Stop};
use crate::files::fsops::Place;
use crate::model::path_text::for_people;

impl Execution<'_> {
    /// All files into the desktop's trash, or none.
    pub(super) fn put_into_trash(&self, files: &[FileTask<'_>]) -> Result<ActOutcome, Stop> {
        let mut waiting = Vec::new();
        for work in files {
            if work.begun && self.is_gone(work)? {
                match self.world.files.trashed(&work.source) {
                    Ok(found) if found.is_empty() => {
                        return Err(refused(&work.source, "is gone, and not in the trash"));
                    }
                    _ => continue,
                }
            }
            let mut held = self.check_source(work)?;
            let keeper = self
                .hold_keeper(work, KeeperProof::Bytes)
                .map_err(|stop| self.put_back(&mut held, stop))?;
            waiting.push((work, held, keeper));
        }
        let mut done: Vec<&FileTask<'_>> = Vec::new();
        for (work, mut held, keeper) in waiting {
            if let Err(mut stop) = self.trash_one(work, &mut held, keeper.as_ref()) {
                for work in done.into_iter().rev() {
                    stop = self.untrash_again(work, stop);
                }
                return Err(stop);
            }
            done.push(work);
        }
        Ok(ActOutcome::Done { effects: Vec::new(), remarks: Vec::new() })
    }

    fn trash_one(
        &self,
        work: &FileTask<'_>,
        held: &mut HeldSource,
        keeper: Option<&Keeper<'_>>,
    ) -> Result<(), Stop> {
        let files = self.world.files;
        self.is_not_its_keeper(work, held, keeper)?;
        // The trash is to know it by its own name.
        self.go_home(held).map_err(|stranded| Stop::failed(stranded.to_string()))?;
        self.is_at_its_path(&held.home, held.look())?;
        files.trash(&work.source).map_err(failed("trashing", &work.source))?;
        match files.look_at(&held.home) {
            Ok(Some(there)) if there.is_same_file(&held.look()) => {
                return Err(self.give_back_the_other(work));
            }
            Ok(_) => {}
            Err(error) => {
                let stop = failed("looking at", &work.source)(error);
                return Err(self.untrash_again(work, stop));
            }
        }
        self.keeper_is_left(work, held, keeper).map_err(|stop| self.untrash_again(work, stop))
    }

    /// The path led elsewhere at the very moment: what was trashed is another's file.
    fn give_back_the_other(&self, work: &FileTask<'_>) -> Stop {
        let files = self.world.files;
        let give_back = || -> std::io::Result<()> {
            let trashed = files.trashed(&work.source)?;
            let last = trashed.first().ok_or(ErrorKind::NotFound)?;
            let from = self.place(&files.real_path(&last.file)?)?;
            // The trash follows links on the way to a file, and so does whatever restores it.
            let (folder, name) = (work.source.parent(), work.source.file_name());
            let (Some(folder), Some(name)) = (folder, name) else {
                return Err(ErrorKind::InvalidInput.into());
            };
            let folder = files.open_folder(&files.real_path(folder)?)?;
            files.rename_new(&from, &Place::new(&folder, name)?)?;
            files.forget_trashed(last)
        };
        let stop = refused(&work.source, "is in a folder that was replaced in the meantime");
        match give_back() {
            Ok(()) => stop,
            Err(error) => {
                let why = format!("; another file of that path is in the trash now: {error}");
                Stop { reason: stop.reason + &why, ..stop }
            }
        }
    }

    fn untrash_again(&self, work: &FileTask<'_>, mut stop: Stop) -> Stop {
        if let Err(why) = self.untrash(work) {
            let (path, why) = (for_people(&work.source), why.reason);
            stop.reason += &format!("; {path} stays in the trash: {why}");
            stop.stuck.push(work.place);
        }
        stop
    }

    /// All files out of the desktop's trash.
    pub(super) fn take_out_of_trash(&self, files: &[FileTask<'_>]) -> Result<ActOutcome, Stop> {
        let mut effects = Vec::new();
        for work in files {
            let there = self.world.files.look(&work.source).ok().flatten();
            let back = work.begun
                && there.is_some()
                && self.place(&work.source).ok().and_then(|place| self.content_at(&place))
                    == work.expected().content;
            if there.is_some() && !back {
                return Err(refused(
                    &work.source,
                    "cannot be restored: something else is in its place",
                ));
            }
            if !back {
                self.untrash(work)?;
            }
            if let Ok(Some(look)) = self.world.files.look(&work.source) {
                let (from, to) = (work.source.clone(), work.source.clone());
                let before = work.expected().stamp;
                effects.push(Effect { from, to, before, stamp: look.stamp, kept: false });
            }
        }
        Ok(ActOutcome::Done { effects, remarks: Vec::new() })
    }

    /// BLAKE3 of the file at a place, if it is one that can be read.
    pub(super) fn content_at(&self, place: &Place) -> Option<crate::model::record::ContentHash> {
        let files = self.world.files;
        files.open(place).and_then(|file| files.hash(&file)).ok()
    }

    /// Takes the file with the right bytes out of the trash.
    fn untrash(&self, work: &FileTask<'_>) -> Result<(), Stop> {
        let files = self.world.files;
        let failed = |error| failed("taking out of the trash", &work.source)(error);
        for trashed in files.trashed(&work.source).map_err(failed)? {
            // The trash may well lie behind a link.
            let Ok(place) = files.real_path(&trashed.file).and_then(|path| self.place(&path))
            else {
                continue;
            };
            let Ok(opened) = files.open(&place) else { continue };
            if files.hash(&opened).ok() != work.expected().content {
                continue;
            }
            let to = self.place_to_fill(&work.source).map_err(failed)?;
            let held = HeldSource { home: place.clone(), now: place, opened };
            self.move_to(work, held, None, &to, &mut Vec::new())?;
            // Without its file the note means nothing.
            let _ = files.forget_trashed(&trashed);
            return Ok(());
        }
        let why = "is not in the trash any more";
        Err(Stop::failed(refused(&work.source, why).reason))
    }
}
