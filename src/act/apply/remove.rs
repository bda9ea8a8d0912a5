//! Files that are removed for good, in two steps: each is set aside first, and is removed only when
//! what it relies on was found again at its path, with its bytes. Of two runs that each rely on
//! what the other removes, the later one finds its keeper gone.

use super::checks::KeeperProof;
use super::files::FileTask;
use super::held::{HeldSource, Keeper};
use super::stop::failed;
use super::{ActOutcome, Execution, Stop};
use crate::files::fsops::{FileKind, Place};
use crate::model::path_text::for_people;

/// A file that is to be removed.
struct Doomed<'w, 'a> {
    work: &'w FileTask<'a>,
    held: HeldSource,
    keeper: Option<Keeper<'a>>,
}

impl Execution<'_> {
    /// Removes all files for good; the picture, which is the first, last.
    pub(super) fn delete(&self, files: &[FileTask<'_>]) -> Result<ActOutcome, Stop> {
        let mut gone = Vec::new();
        self.delete_unless_gone(files, &mut gone).map_err(|mut stop| {
            stop.stuck.extend(gone);
            stop
        })
    }

    /// `gone` are files that an interrupted run had removed.
    fn delete_unless_gone(
        &self,
        files: &[FileTask<'_>],
        gone: &mut Vec<usize>,
    ) -> Result<ActOutcome, Stop> {
        let mut doomed = Vec::new();
        for work in files {
            if work.begun && self.is_gone(work)? {
                gone.push(work.place);
                continue;
            }
            let mut held = self.check_source(work)?;
            let keeper = self
                .hold_keeper(work, KeeperProof::Stamp)
                .map_err(|stop| self.put_back(&mut held, stop))?;
            doomed.push(Doomed { work, held, keeper });
        }
        let set_aside = doomed.iter_mut().try_for_each(|d| self.set_aside(d.work, &mut d.held));
        let relied_on = set_aside.and_then(|()| doomed.iter().try_for_each(|d| self.may_go(d)));
        if let Err(mut stop) = relied_on {
            for one in &mut doomed {
                stop = self.put_back(&mut one.held, stop);
            }
            return Err(stop);
        }
        let mut removed: Vec<Doomed<'_, '_>> = Vec::new();
        while let Some(mut one) = doomed.pop() {
            if let Err(mut stop) = self.remove_aside(&one.held) {
                stop = self.put_back(&mut one.held, stop);
                for one in &mut doomed {
                    stop = self.put_back(&mut one.held, stop);
                }
                return Err(self.bring_back(&removed, stop));
            }
            removed.push(one);
        }
        Ok(ActOutcome::Done { effects: Vec::new(), remarks: Vec::new() })
    }

    fn may_go(&self, doomed: &Doomed<'_, '_>) -> Result<(), Stop> {
        let Some(keeper) = &doomed.keeper else {
            // No plan may ask for that.
            return Err(Stop::refused("it relies on no file that stays"));
        };
        self.keeper_stays(doomed.work, &doomed.held, keeper, KeeperProof::Bytes)?;
        self.make_keeper_last(keeper)
    }

    /// Whether the file exists neither under its own name nor under the one it has while set aside.
    pub(super) fn is_gone(&self, work: &FileTask<'_>) -> Result<bool, Stop> {
        let home = match self.place(&work.source) {
            Ok(home) => home,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
            Err(error) => {
                return Err(failed("opening the folder of", &work.source)(error));
            }
        };
        let looked =
            self.where_left(work, &home).and_then(|place| self.world.files.look_at(&place));
        Ok(looked.map_err(failed("looking at", &work.source))?.is_none())
    }

    /// Copies what was removed from the files with the same bytes that they relied on.
    fn bring_back(&self, removed: &[Doomed<'_, '_>], mut stop: Stop) -> Stop {
        for one in removed {
            let identical = |k: &&Keeper<'_>| k.expected.content == one.work.expected().content;
            let copied = one.keeper.as_ref().filter(identical).map(|keeper| {
                let part = part_of(one.work, &one.held.home)?;
                let look = self.copy_whole(one.work, &keeper.opened, &part, &mut Vec::new())?;
                self.rename_checked(&part, &one.held.home, look)
            });
            if !matches!(copied, Some(Ok(()))) {
                let path = for_people(&one.work.source);
                stop.reason += &format!("; {path} is deleted already");
                stop.stuck.push(one.work.place);
            }
        }
        stop
    }

    /// Removes a file of this run that is not whole, if there is one.
    pub(super) fn clear(&self, part: &Place) -> std::io::Result<()> {
        match self.world.files.look_at(part)? {
            Some(look) if look.kind == FileKind::File => self.world.files.remove_file(part),
            _ => Ok(()),
        }
    }
}

/// The place beside `place` where an act puts what is not whole yet.
pub(super) fn part_of(work: &FileTask<'_>, place: &Place) -> Result<Place, Stop> {
    place.beside(&work.part_name()).map_err(failed("naming a part of", &work.source))
}
