//! One file in the place of another with the same bytes: links, and files that were links.

use std::io;

use super::checks::KeeperProof;
use super::files::FileTask;
use super::held::{HeldSource, Keeper};
use super::remove::part_of;
use super::stop::{failed, refused};
use super::transfer::Remarks;
use super::{ActOutcome, Effect, Execution, Stop};
use crate::act::plan::ActionKind;
use crate::files::fsops::{Look, Place};
use crate::files::stamp::may_be_one;
use crate::model::path_text::for_people;

impl Execution<'_> {
    /// Puts a link, a clone or a copy in the place of each file. The file itself is set aside, in
    /// its own folder, until what takes its place is there.
    pub(super) fn replace(&self, files: &[FileTask<'_>]) -> Result<ActOutcome, Stop> {
        let mut effects = Vec::new();
        let mut remarks = Vec::new();
        for work in files {
            let look = match self.replace_one(work, &mut remarks) {
                Ok(look) => look,
                // Those before are whole, and a link is no harm.
                Err(stop) => return Err(Stop { stuck: (0..work.place).collect(), ..stop }),
            };
            let (from, to) = (work.source.clone(), work.source.clone());
            let before = work.expected().stamp;
            effects.push(Effect { from, to, before, stamp: look.stamp, kept: false });
        }
        Ok(ActOutcome::Done { effects, remarks })
    }

    fn replace_one(&self, work: &FileTask<'_>, remarks: &mut Remarks) -> Result<Look, Stop> {
        if work.begun
            && let Some(look) = self.settle(work)?
        {
            return Ok(look);
        }
        let mut held = self.check_source(work)?;
        let keeper = self
            .hold_keeper(work, KeeperProof::Stamp)
            .map_err(|stop| self.put_back(&mut held, stop))?;
        let part = part_of(work, &held.home)?;
        let made = match self.make(work, &held, keeper.as_ref(), &part, remarks) {
            Ok(made) => made,
            Err(stop) => {
                // The first error is the one to report; a part that stays is removed when resuming.
                let _ = self.clear(&part);
                return Err(stop);
            }
        };
        let placed = self
            .set_aside(work, &mut held)
            .and_then(|()| self.rename_checked(&part, &held.home, made));
        if let Err(stop) = placed {
            let stop = self.put_back(&mut held, stop);
            let _ = self.clear(&part);
            return Err(stop);
        }
        let finished =
            self.stands(work, &held, keeper.as_ref(), made).and_then(|()| self.remove_aside(&held));
        if let Err(mut stop) = finished {
            if let Err(why) = self.rename_checked(&held.home, &part, made) {
                stop.reason += &format!("; {}", why.reason);
            }
            let stop = self.put_back(&mut held, stop);
            let _ = self.clear(&part);
            return Err(stop);
        }
        Ok(made)
    }

    /// Makes what is to take the file's place, under a name of this run, and proves its bytes,
    /// except those of a link: they are the keeper's.
    fn make(
        &self,
        work: &FileTask<'_>,
        held: &HeldSource,
        keeper: Option<&Keeper<'_>>,
        part: &Place,
        remarks: &mut Remarks,
    ) -> Result<Look, Stop> {
        let files = self.world.files;
        let source = &work.source;
        let failing = || failed("replacing", source);
        let Some(keeper) = keeper else {
            return self.copy_whole(work, &held.opened, part, remarks);
        };
        if work.kind == ActionKind::Hardlink {
            let devices = (keeper.opened.look().stamp.key.device, held.look().stamp.key.device);
            if devices.0 != devices.1 {
                let why = "cannot be a hard link: its keeper is on another file system";
                return Err(refused(source, why));
            }
            files.link_new(&keeper.place, part).map_err(failing())?;
            return match files.look_at(part).map_err(failing())? {
                Some(made) if made.is_same_file(&keeper.opened.look()) => Ok(made),
                _ => Err(refused(source, "relies on a file that was replaced in the meantime")),
            };
        }
        files.clone_new(&keeper.opened, part).map_err(failing())?;
        let clone = files.open(part).map_err(failing())?;
        let warnings = files.copy_attributes(&held.opened, &clone, None);
        remarks.extend(warnings.into_iter().map(|warning| (source.clone(), warning)));
        // The keeper's bytes too: the clone shares them.
        if Some(files.hash_from_disk(&clone).map_err(failing())?) != keeper.expected.content {
            let keeper = for_people(&keeper.path);
            let why = format!(
                "relies on {keeper}, which has other bytes than planned, though its size and time \
                 are the same"
            );
            return Err(refused(source, &why));
        }
        match files.look_at(part).map_err(failing())? {
            Some(made) if may_be_one(made.stamp.key, clone.look().stamp.key) => Ok(made),
            _ => Err(refused(source, "was replaced in the meantime")),
        }
    }

    /// Checks that what took the file's place is there to stay, and so is what it relies on.
    fn stands(
        &self,
        work: &FileTask<'_>,
        held: &HeldSource,
        keeper: Option<&Keeper<'_>>,
        made: Look,
    ) -> Result<(), Stop> {
        let folder = held.home.folder();
        self.world.files.sync_folder(folder).map_err(failed("syncing", folder.path()))?;
        self.is_at_its_path(&held.home, made)?;
        let Some(keeper) = keeper else { return Ok(()) };
        // The bytes of a clone were read when it was made.
        let link = work.kind == ActionKind::Hardlink;
        let proof = if link { KeeperProof::Bytes } else { KeeperProof::Stamp };
        self.keeper_stays(work, held, keeper, proof)?;
        self.make_keeper_last(keeper)
    }

    /// Brings what an interrupted run left to one of two ends: the file is replaced, by what is
    /// told, or is as it was before.
    fn settle(&self, work: &FileTask<'_>) -> Result<Option<Look>, Stop> {
        let files = self.world.files;
        let looking = || failed("looking at", &work.source);
        let home = match self.place(&work.source) {
            Ok(home) => home,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(looking()(error)),
        };
        let part = part_of(work, &home)?;
        let now = self.where_left(work, &home).map_err(looking())?;
        let there = files.look_at(&home).map_err(looking())?;
        let right = |place: &Place| self.content_at(place) == work.expected().content;
        if now.name() != home.name() {
            if !right(&home) || !right(&now) {
                let (path, now) = (&work.source, for_people(&now.path()));
                let why = format!("was changed in the meantime; the one before is {now}");
                return Err(refused(path, &why));
            }
            // Both have the bytes, and are not one file: `where_left` looked.
            files.remove_file(&now).map_err(looking())?;
            self.clear(&part).map_err(looking())?;
            return Ok(there);
        }
        self.clear(&part).map_err(looking())?;
        let replaced =
            there.filter(|there| there.stamp.key != work.expected().stamp.key && right(&home));
        Ok(replaced)
    }
}
