//! Files from one place to another.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::checks::KeeperProof;
use super::files::FileTask;
use super::held::{HeldSource, Keeper};
use super::remove::part_of;
use super::stop::{failed, refused};
use super::{ActOutcome, Effect, Execution, Stop, about};
use crate::act::plan::ActionKind;
use crate::files::fsops::{FileKind, Look, OpenFile, Place};
use crate::files::stamp::may_be_one;
use crate::model::path_text::for_people;
use crate::model::record::ContentHash;

/// How far a file of an act is, which an interrupted run may have begun.
enum FileProgress<'a> {
    /// Everything is still to be done.
    Waiting(HeldSource, Option<Keeper<'a>>),
    /// It is where it is to be, and no more where it was, unless it is copied.
    Arrived(Look),
    /// It is where it is to be, and still where it was, or beside that, set aside.
    Both(HeldSource),
}

pub(super) type Remarks = Vec<(PathBuf, String)>;

impl Execution<'_> {
    /// Moves or copies all files, or none.
    pub(super) fn transfer_all(&self, files: &[FileTask<'_>]) -> Result<ActOutcome, Stop> {
        let mut standings = Vec::with_capacity(files.len());
        for work in files {
            standings.push(self.standing(work)?);
        }
        let mut remarks = Vec::new();
        let mut landed = Vec::new();
        for (work, standing) in files.iter().zip(standings) {
            match self.transfer_one(work, standing, &mut remarks) {
                Ok(look) => landed.push((work, look)),
                Err(stop) => return Err(self.take_back(&landed, stop)),
            }
        }
        let effects = landed.into_iter().map(|(work, look)| Effect {
            from: work.source.clone(),
            to: work.destination.clone(),
            before: work.expected().stamp,
            stamp: look.stamp,
            kept: work.kind == ActionKind::Copy,
        });
        Ok(ActOutcome::Done { effects: effects.collect(), remarks })
    }

    fn standing<'a>(&self, work: &FileTask<'a>) -> Result<FileProgress<'a>, Stop> {
        let files = self.world.files;
        self.check_references(&work.destination)?;
        let taken = || {
            let to = for_people(&work.destination);
            refused(&work.source, &format!("cannot go to {to}: something else is there"))
        };
        let to = match self.place(&work.destination) {
            Ok(to) => Some(to),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(self.cannot_go(work, &error)),
        };
        let looked = to.as_ref().map(|to| files.look_at(to)).transpose();
        let there = looked.map_err(failed("looking at", &work.destination))?.flatten();
        let (Some(to), Some(there)) = (to, there) else {
            let mut held = self.check_source(work)?;
            let keeper = self
                .hold_keeper(work, KeeperProof::Bytes)
                .map_err(|stop| self.put_back(&mut held, stop))?;
            return Ok(FileProgress::Waiting(held, keeper));
        };
        let arrived = work.begun
            && there.kind == FileKind::File
            && files.open(&to).and_then(|file| files.hash(&file)).ok() == work.expected().content;
        if !arrived {
            return Err(taken());
        }
        if work.kind == ActionKind::Copy || self.is_gone(work)? {
            return Ok(FileProgress::Arrived(there));
        }
        let home = self.place(&work.source).map_err(failed("looking at", &work.source))?;
        let now = self.where_left(work, &home).map_err(failed("looking at", &work.source))?;
        let look = files.look_at(&now).map_err(failed("looking at", &work.source))?;
        match look {
            // One file under two names, when the system renames by linking; `check_source` would
            // take the second name for a stranger. With one name it is at both places because
            // they are one, and removing it would be the end of it.
            Some(look) if look.stamp.key == there.stamp.key => {
                if there.names < 2 {
                    return Err(taken());
                }
                let opened = files.open(&now).map_err(failed("opening", &work.source))?;
                Ok(FileProgress::Both(HeldSource { home, now, opened }))
            }
            _ => self.check_source(work).map(FileProgress::Both),
        }
    }

    /// A folder on the way to the destination is not what the plan says.
    fn cannot_go(&self, work: &FileTask<'_>, error: &io::Error) -> Stop {
        let reason = about("moving to", &work.destination, error);
        match error.kind() {
            ErrorKind::NotADirectory | ErrorKind::InvalidInput => Stop::refused(reason),
            _ => Stop::failed(reason),
        }
    }

    fn transfer_one(
        &self,
        work: &FileTask<'_>,
        standing: FileProgress<'_>,
        remarks: &mut Remarks,
    ) -> Result<Look, Stop> {
        let destination = &work.destination;
        if let FileProgress::Arrived(look) = standing {
            return Ok(look);
        }
        let to = self.place_to_fill(destination).map_err(|error| self.cannot_go(work, &error))?;
        if work.begun {
            let part = part_of(work, &to)?;
            self.clear(&part).map_err(failed("removing", &part.path()))?;
        }
        match standing {
            FileProgress::Arrived(look) => Ok(look),
            FileProgress::Both(held) => self.finish_move(work, held, &to),
            FileProgress::Waiting(held, _) if work.kind == ActionKind::Copy => {
                self.copy_to(work, &held.opened, &to, remarks)
            }
            FileProgress::Waiting(held, keeper) => {
                self.move_to(work, held, keeper.as_ref(), &to, remarks)
            }
        }
    }

    /// Removes what is still where it was, since it is where it is to be too.
    fn finish_move(
        &self,
        work: &FileTask<'_>,
        mut held: HeldSource,
        to: &Place,
    ) -> Result<Look, Stop> {
        let files = self.world.files;
        files.sync_folder(to.folder()).map_err(failed("syncing", to.folder().path()))?;
        self.or_put_back(&mut held, |held| {
            self.set_aside(work, held)?;
            let there = files.open(to).map_err(failed("opening", &work.destination))?;
            let content = files.hash(&there).map_err(failed("reading", &work.destination))?;
            if Some(content) != work.expected().content {
                return Err(refused(&work.destination, "was changed in the meantime"));
            }
            self.is_at_its_path(to, there.look())?;
            self.remove_aside(held)?;
            Ok(there.look())
        })
    }

    /// Moves one file. After an error it is where it was, and nowhere else.
    pub(super) fn move_to(
        &self,
        work: &FileTask<'_>,
        mut held: HeldSource,
        keeper: Option<&Keeper<'_>>,
        to: &Place,
        remarks: &mut Remarks,
    ) -> Result<Look, Stop> {
        let files = self.world.files;
        self.is_not_its_keeper(work, &mut held, keeper)?;
        let renamed = match files.rename_new(&held.now, to) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                return self.move_by_copy(work, held, keeper, to, remarks);
            }
            renamed => renamed.map_err(failed("moving to", &work.destination)),
        };
        self.or_put_back(&mut held, |held| {
            let look = held.look();
            renamed?;
            self.check_renamed(&held.now, to, look)?;
            held.now = to.clone();
            self.is_at_its_path(to, look)?;
            self.keeper_is_left(work, held, keeper)?;
            Ok(look)
        })
    }

    /// Sets a file aside for a moment when its keeper is on another device: were the two one file,
    /// seen through two mounts, it would show in the keeper's folder. It stays aside.
    pub(super) fn is_not_its_keeper(
        &self,
        work: &FileTask<'_>,
        held: &mut HeldSource,
        keeper: Option<&Keeper<'_>>,
    ) -> Result<(), Stop> {
        let Some(keeper) = keeper else { return Ok(()) };
        if keeper.place.folder().key().device == held.home.folder().key().device {
            return Ok(());
        }
        self.set_aside(work, held)?;
        self.keeper_stays(work, held, keeper, KeeperProof::Stamp)
            .map_err(|stop| self.put_back(held, stop))
    }

    /// Checks that the keeper, if there is one, did not go with the file.
    pub(super) fn keeper_is_left(
        &self,
        work: &FileTask<'_>,
        held: &HeldSource,
        keeper: Option<&Keeper<'_>>,
    ) -> Result<(), Stop> {
        keeper.map_or(Ok(()), |keeper| self.keeper_stays(work, held, keeper, KeeperProof::Stamp))
    }

    /// To another file system: the source is removed when the copy was read back, and is at its
    /// path.
    fn move_by_copy(
        &self,
        work: &FileTask<'_>,
        mut held: HeldSource,
        keeper: Option<&Keeper<'_>>,
        to: &Place,
        remarks: &mut Remarks,
    ) -> Result<Look, Stop> {
        let there =
            self.or_put_back(&mut held, |held| self.copy_to(work, &held.opened, to, remarks))?;
        let removed = self.or_put_back(&mut held, |held| {
            self.set_aside(work, held)?;
            self.keeper_is_left(work, held, keeper)?;
            self.is_at_its_path(to, there)?;
            self.remove_aside(held)
        });
        removed.map(|()| there).map_err(|stop| self.discard(work, to, there, &held.home, stop))
    }

    /// Copies one file, and publishes the copy when it was read back. After an error nothing is
    /// left of it.
    fn copy_to(
        &self,
        work: &FileTask<'_>,
        from: &OpenFile,
        to: &Place,
        remarks: &mut Remarks,
    ) -> Result<Look, Stop> {
        let files = self.world.files;
        let part = part_of(work, to)?;
        let look = match self.copy_whole(work, from, &part, remarks) {
            Ok(look) => look,
            Err(stop) => {
                // The first error is the one to report; a part that stays is removed when resuming.
                let _ = self.clear(&part);
                return Err(stop);
            }
        };
        let published = self.rename_checked(&part, to, look).and_then(|()| {
            let last = files.sync_folder(to.folder());
            let last = last.map_err(failed("syncing", to.folder().path()));
            last.and_then(|()| self.is_at_its_path(to, look)).inspect_err(|_| {
                let _ = files.rename_new(to, &part);
            })
        });
        published.map(|()| look).inspect_err(|_| {
            let _ = self.clear(&part);
        })
    }

    /// Bytes, then attributes, then once more what the disk has of them.
    pub(super) fn copy_whole(
        &self,
        work: &FileTask<'_>,
        from: &OpenFile,
        part: &Place,
        remarks: &mut Remarks,
    ) -> Result<Look, Stop> {
        let files = self.world.files;
        let expected = work.expected().content;
        let right = |content: ContentHash, why: &str| {
            if Some(content) == expected { Ok(()) } else { Err(refused(&work.source, why)) }
        };
        let copying = || failed("copying to", &work.destination);
        let content = files.copy_new(from, part).map_err(copying())?;
        right(content, "changed while it was copied")?;
        let copy = files.open(part).map_err(copying())?;
        for warning in files.copy_attributes(from, &copy, work.member.modified_ns) {
            remarks.push((work.destination.clone(), warning));
        }
        let content = files.hash_from_disk(&copy).map_err(copying())?;
        right(content, "was copied, but the copy does not read back as it was written")?;
        match files.look_at(part).map_err(copying())? {
            Some(look) if may_be_one(look.stamp.key, copy.look().stamp.key) => Ok(look),
            _ => Err(refused(&part.path(), "was replaced in the meantime")),
        }
    }

    /// Removes a copy that is not wanted any more, if its original is at its path with its bytes.
    fn discard(
        &self,
        work: &FileTask<'_>,
        copy: &Place,
        look: Look,
        home: &Place,
        stop: Stop,
    ) -> Stop {
        let discarded = part_of(work, copy).and_then(|part| {
            self.rename_checked(copy, &part, look)?;
            let removed = self.is_there(&home.path(), work.expected()).and_then(|()| {
                let removed = self.world.files.remove_file(&part);
                removed.map_err(failed("removing", &part.path()))
            });
            removed.inspect_err(|_| {
                // It stays, then; the error that led here is the one to report.
                let _ = self.world.files.rename_new(&part, copy);
            })
        });
        match discarded {
            Ok(()) => stop,
            Err(why) => {
                let (copy, why) = (for_people(&copy.path()), why.reason);
                let reason = format!("{}; the copy {copy} stays: {why}", stop.reason);
                Stop { reason, ..stop }
            }
        }
    }

    /// Undoes what was done to the first files of an action of which a later one failed.
    fn take_back(&self, landed: &[(&FileTask<'_>, Look)], mut stop: Stop) -> Stop {
        for (work, look) in landed.iter().rev() {
            if let Err(why) = self.take_one_back(work, *look) {
                let (from, to) = (for_people(&work.source), for_people(&work.destination));
                let why = why.reason;
                stop.reason += &format!("; {from} is at {to} and could not be put back: {why}");
                stop.stuck.push(work.place);
            }
        }
        stop
    }

    fn take_one_back(&self, work: &FileTask<'_>, look: Look) -> Result<(), Stop> {
        let destination = &work.destination;
        let to = self.place(destination).map_err(failed("opening the folder of", destination))?;
        let home = self.place_to_fill(&work.source).map_err(failed("opening", &work.source))?;
        if work.kind == ActionKind::Copy {
            let nothing = Stop::refused("");
            let left = self.discard(work, &to, look, &home, nothing).reason;
            return if left.is_empty() { Ok(()) } else { Err(Stop::refused(left)) };
        }
        let opened = self.world.files.open(&to).map_err(failed("opening", destination))?;
        if !opened.look().is_same_file(&look) {
            return Err(refused(destination, "was changed in the meantime"));
        }
        let held = HeldSource { home: to.clone(), now: to, opened };
        self.move_to(work, held, None, &home, &mut Vec::new()).map(drop)
    }
}
