//! Files from one place to another, into the trash, out of it, and away.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::checks::refused;
use super::files::Work;
use super::{Effect, Outcome, Run, Stop, about};
use crate::fsops::{Kind, Look};
use crate::path_text::for_people;
use crate::plan::ActionKind;
use crate::record::ContentHash;

/// How far a file of an act is, which an interrupted run may have begun.
enum Standing {
    /// Everything is still to be done.
    Waiting(Look),
    /// It is where it is to be, and no more where it was, unless it is copied.
    Arrived,
    /// It is where it is to be, and still where it was.
    Both(Look),
}

type Remarks = Vec<(PathBuf, String)>;

impl Run<'_> {
    /// Moves or copies all files, or none.
    pub(super) fn transfer_all(&self, files: &[Work<'_>]) -> Result<Outcome, Stop> {
        let mut standings = Vec::with_capacity(files.len());
        for work in files {
            standings.push(self.standing(work)?);
        }
        let mut remarks = Vec::new();
        let mut effects = Vec::new();
        for (work, standing) in files.iter().zip(standings) {
            if let Err(why) = self.transfer_one(work, standing, &mut remarks) {
                return Err(self.take_back(&files[..work.place], Stop::failed(why)));
            }
        }
        for work in files {
            if let Ok(Some(look)) = self.world.files.look(&work.destination) {
                effects.push(Effect {
                    from: work.source.clone(),
                    to: work.destination.clone(),
                    before: work.expected().stamp,
                    stamp: look.stamp,
                    kept: work.kind == ActionKind::Copy,
                });
            }
        }
        Ok(Outcome::Done { effects, remarks })
    }

    fn standing(&self, work: &Work<'_>) -> Result<Standing, Stop> {
        let files = self.world.files;
        self.check_references(&work.destination)?;
        let taken = || {
            let to = for_people(&work.destination);
            refused(&work.source, &format!("cannot go to {to}: something is there"))
        };
        let failed =
            |error: io::Error| Stop::failed(about("looking at", &work.destination, &error));
        if let Some(there) = files.look(&work.destination).map_err(failed)? {
            let arrived = work.begun
                && there.kind == Kind::File
                && files.hash(&work.destination).ok() == work.expected().content;
            if !arrived {
                return Err(taken());
            }
            let source = files.look(&work.source).map_err(failed)?;
            return match source {
                None => Ok(Standing::Arrived),
                Some(_) if work.kind == ActionKind::Copy => Ok(Standing::Arrived),
                // One file under two names, when the system renames by linking; `check_source`
                // would take the second name for a stranger. With one name it is at both places
                // because they are one, and removing it would be the end of it.
                Some(look) if look.stamp.key == there.stamp.key => {
                    if there.names > 1 {
                        Ok(Standing::Both(look))
                    } else {
                        Err(taken())
                    }
                }
                Some(_) => self.check_source(work).map(Standing::Both),
            };
        }
        let look = self.check_source(work)?;
        self.check_keeper(work)?;
        Ok(Standing::Waiting(look))
    }

    fn transfer_one(
        &self,
        work: &Work<'_>,
        standing: Standing,
        remarks: &mut Remarks,
    ) -> Result<(), String> {
        let (from, to) = (&work.source, &work.destination);
        let files = self.world.files;
        let folder = to.parent().unwrap_or(to);
        if work.begun {
            self.clear(&work.part(to))
                .map_err(|error| about("removing", &work.part(to), &error))?;
        }
        match standing {
            Standing::Arrived => Ok(()),
            Standing::Both(look) => {
                files.sync_folder(folder).map_err(|error| about("syncing", folder, &error))?;
                self.remove_unchanged(from, look).map_err(|error| about("removing", from, &error))
            }
            Standing::Waiting(look) => {
                self.ensure_folder(folder)
                    .map_err(|error| about("making the folder", folder, &error))?;
                self.transfer(work, from, to, look, remarks)
                    .map_err(|error| about("moving to", to, &error))
            }
        }
    }

    /// Removes a file of this run that is not whole, if there is one.
    pub(super) fn clear(&self, part: &Path) -> io::Result<()> {
        match self.world.files.look(part)? {
            Some(look) if look.kind == Kind::File => self.world.files.remove_file(part),
            _ => Ok(()),
        }
    }

    /// Moves or copies one file. After an error it is where it was, and nowhere else.
    fn transfer(
        &self,
        work: &Work<'_>,
        from: &Path,
        to: &Path,
        look: Look,
        remarks: &mut Remarks,
    ) -> io::Result<()> {
        let files = self.world.files;
        let keep = work.kind == ActionKind::Copy;
        if !keep {
            match files.rename_new(from, to) {
                Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
                other => return other,
            }
        }
        let part = work.part(to);
        let published =
            self.copy_whole(work, from, &part, remarks).and_then(|()| files.rename_new(&part, to));
        if let Err(error) = published {
            // The first error is the one to tell; a part that stays is removed when resuming.
            let _ = self.clear(&part);
            return Err(error);
        }
        let folder = to.parent().unwrap_or(to);
        let removed = files
            .sync_folder(folder)
            .and_then(|()| if keep { Ok(()) } else { self.remove_unchanged(from, look) });
        if removed.is_err() && files.look(from).ok().flatten() == Some(look) {
            // The source is untouched: what was made of it is not wanted.
            let _ = files.remove_file(to);
        }
        removed
    }

    /// Bytes, then attributes, then once more what the disk has of them.
    pub(super) fn copy_whole(
        &self,
        work: &Work<'_>,
        from: &Path,
        part: &Path,
        remarks: &mut Remarks,
    ) -> io::Result<()> {
        let files = self.world.files;
        let expected = work.expected().content;
        let right = |content: ContentHash, message: &str| {
            if Some(content) == expected { Ok(()) } else { Err(io::Error::other(message)) }
        };
        right(files.copy_new(from, part)?, "the file changed while it was copied")?;
        for warning in files.copy_attributes(from, part, work.member.modified_ns) {
            remarks.push((work.destination.clone(), warning));
        }
        right(files.hash_from_disk(part)?, "the copy does not read back as it was written")
    }

    /// Removes a file that is still what it was when it was checked.
    fn remove_unchanged(&self, path: &Path, look: Look) -> io::Result<()> {
        if self.world.files.look(path)? == Some(look) {
            self.world.files.remove_file(path)
        } else {
            Err(io::Error::other("it was changed in the meantime"))
        }
    }

    /// Takes back what was done to the first files of an action of which a later one failed.
    fn take_back(&self, done: &[Work<'_>], mut stop: Stop) -> Stop {
        for work in done.iter().rev() {
            if let Err(error) = self.take_one_back(work) {
                let (from, to) = (for_people(&work.source), for_people(&work.destination));
                stop.reason += &format!("; {from} is at {to} and could not be put back: {error}");
                stop.stuck.push(work.place);
            }
        }
        stop
    }

    fn take_one_back(&self, work: &Work<'_>) -> io::Result<()> {
        let files = self.world.files;
        let Some(look) = files.look(&work.destination)? else {
            return Err(ErrorKind::NotFound.into());
        };
        if work.kind == ActionKind::Copy {
            // The original is where it was: it was read a moment ago, and is looked at again.
            return match files.look(&work.source)? {
                Some(source) if source.stamp.size == look.stamp.size => {
                    self.remove_unchanged(&work.destination, look)
                }
                _ => Err(io::Error::other("the original is not there any more")),
            };
        }
        self.transfer(work, &work.destination, &work.source, look, &mut Vec::new())
    }

    /// All files into the desktop's trash, or none.
    pub(super) fn put_into_trash(&self, files: &[Work<'_>]) -> Result<Outcome, Stop> {
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
            self.check_source(work)?;
            self.check_keeper(work)?;
            waiting.push(work);
        }
        for (place, work) in waiting.iter().enumerate() {
            let Err(error) = self.world.files.trash(&work.source) else { continue };
            let mut stop = Stop::failed(about("trashing", &work.source, &error));
            for work in waiting[..place].iter().rev() {
                if let Err(error) = self.untrash(work) {
                    let path = for_people(&work.source);
                    stop.reason += &format!("; {path} stays in the trash: {error}");
                    stop.stuck.push(work.place);
                }
            }
            return Err(stop);
        }
        Ok(Outcome::Done { effects: Vec::new(), remarks: Vec::new() })
    }

    fn is_gone(&self, work: &Work<'_>) -> Result<bool, Stop> {
        let look = self.world.files.look(&work.source);
        let look = look.map_err(|error| Stop::failed(about("looking at", &work.source, &error)))?;
        Ok(look.is_none())
    }

    /// All files out of the desktop's trash.
    pub(super) fn take_out_of_trash(&self, files: &[Work<'_>]) -> Result<Outcome, Stop> {
        let mut effects = Vec::new();
        for work in files {
            let there = self.world.files.look(&work.source).ok().flatten();
            let back = work.begun
                && there.is_some()
                && self.world.files.hash(&work.source).ok() == work.expected().content;
            if there.is_some() && !back {
                return Err(refused(&work.source, "cannot come back: something is there"));
            }
            if !back {
                self.untrash(work).map_err(|error| {
                    Stop::failed(about("taking out of the trash", &work.source, &error))
                })?;
            }
            if let Ok(Some(look)) = self.world.files.look(&work.source) {
                let (from, to) = (work.source.clone(), work.source.clone());
                let before = work.expected().stamp;
                effects.push(Effect { from, to, before, stamp: look.stamp, kept: false });
            }
        }
        Ok(Outcome::Done { effects, remarks: Vec::new() })
    }

    /// Takes the file with the right bytes out of the trash.
    fn untrash(&self, work: &Work<'_>) -> io::Result<()> {
        let files = self.world.files;
        for trashed in files.trashed(&work.source)? {
            if files.hash(&trashed.file).ok() != work.expected().content {
                continue;
            }
            if let Some(folder) = work.source.parent() {
                self.ensure_folder(folder)?;
            }
            let Some(look) = files.look(&trashed.file)? else { continue };
            self.transfer(work, &trashed.file, &work.source, look, &mut Vec::new())?;
            // Without its file the note means nothing.
            let _ = files.forget_trashed(&trashed);
            return Ok(());
        }
        Err(io::Error::new(ErrorKind::NotFound, "it is not in the trash any more"))
    }

    /// Removes all files for good; the picture, which is the first, last.
    pub(super) fn delete(&self, files: &[Work<'_>]) -> Result<Outcome, Stop> {
        let mut waiting = Vec::new();
        for work in files {
            if work.begun && self.is_gone(work)? {
                continue;
            }
            let look = self.check_source(work)?;
            self.check_keeper(work)?;
            waiting.push((work, look));
        }
        let mut removed: Vec<&Work<'_>> = Vec::new();
        for (work, look) in waiting.into_iter().rev() {
            if let Err(error) = self.remove_unchanged(&work.source, look) {
                let stop = Stop::failed(about("removing", &work.source, &error));
                return Err(self.bring_back(&removed, stop));
            }
            removed.push(work);
        }
        Ok(Outcome::Done { effects: Vec::new(), remarks: Vec::new() })
    }

    /// Copies what was removed from the files with the same bytes that they relied on.
    fn bring_back(&self, removed: &[&Work<'_>], mut stop: Stop) -> Stop {
        for work in removed {
            let keeper = work.member.keeper.as_ref();
            let copied =
                keeper.filter(|keeper| keeper.content == work.expected().content).map(|k| {
                    let (from, part) = (self.plan.resolve(&k.path), work.part(&work.source));
                    self.copy_whole(work, &from, &part, &mut Vec::new())
                        .and_then(|()| self.world.files.rename_new(&part, &work.source))
                });
            if !matches!(copied, Some(Ok(()))) {
                stop.reason += &format!("; {} is deleted already", for_people(&work.source));
                stop.stuck.push(work.place);
            }
        }
        stop
    }
}
