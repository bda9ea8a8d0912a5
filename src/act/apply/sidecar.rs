//! Sidecars: written under a name of the run, read back, and only then given their own name. What
//! is replaced is set aside in its folder until the new one is there; its bytes are in the plan.

use std::borrow::Cow;

use super::files::FileTask;
use super::held::HeldSource;
use super::remove::part_of;
use super::stop::{failed, refused};
use super::{ActOutcome, Execution, Stop};
use crate::act::plan::{Action, Expected, Member, Origin, SidecarChange};
use crate::files::fsops::{Look, Place};
use crate::model::path_text::for_people;

/// What is to be done with one sidecar.
struct SidecarTask<'w, 'a> {
    /// The picture and the sidecar.
    work: &'w FileTask<'a>,
    change: &'a SidecarChange,
}

impl Execution<'_> {
    /// Writes, replaces or removes the sidecars of an action.
    pub(super) fn change_sidecars(&self, files: &[FileTask<'_>]) -> Result<ActOutcome, Stop> {
        let mut remarks = Vec::new();
        for work in files {
            let Some(change) = work.member.sidecar.as_deref() else {
                return Err(Stop::refused("it does not say what to write"));
            };
            let task = SidecarTask { work, change };
            let warnings = self.change_sidecar(&task)?;
            remarks.extend(warnings.into_iter().map(|text| (work.destination.clone(), text)));
        }
        Ok(ActOutcome::Done { effects: Vec::new(), remarks })
    }

    fn change_sidecar(&self, task: &SidecarTask<'_, '_>) -> Result<Vec<String>, Stop> {
        let path = &task.work.destination;
        self.check_references(path)?;
        self.picture_stays(task.work)?;
        let home = self.place(path).map_err(failed("opening the folder of", path))?;
        if task.work.begun && self.is_settled(task, &home)? {
            return Ok(Vec::new());
        }
        let Some(before) = &task.change.before else {
            return self.create(task, &home).map(|()| Vec::new());
        };
        let member = Member::alone(before.file.clone());
        let replaced = task.work.at_destination(&member);
        let held = self.check_source(&replaced)?;
        if held.look().names > 1 {
            return Err(refused(path, "has other names (hard links), and is left alone"));
        }
        match &task.change.after {
            Some(_) => self.exchange(task, &replaced, held),
            None => self.withdraw(&replaced, held).map(|()| Vec::new()),
        }
    }

    /// The picture itself is only looked at: those that go in its favour compare its bytes.
    fn picture_stays(&self, work: &FileTask<'_>) -> Result<(), Stop> {
        let path = &work.source;
        let place = self.place_of(path).map_err(|why| refused(path, &why))?;
        self.open_expected(&place, work.expected()).map_err(|why| refused(path, &why)).map(drop)
    }

    fn create(&self, task: &SidecarTask<'_, '_>, home: &Place) -> Result<(), Stop> {
        let path = &task.work.destination;
        let there = self.world.files.look_at(home).map_err(failed("looking at", path))?;
        if there.is_some() {
            return Err(refused(path, "cannot be written: something else is there"));
        }
        let part = part_of(task.work, home)?;
        let written = self.write_part(task, &part).and_then(|look| {
            self.rename_checked(&part, home, look)?;
            self.lasts(home, look).inspect_err(|_| {
                let _ = self.world.files.rename_new(home, &part);
            })
        });
        written.inspect_err(|_| {
            // The first error is the one to report; a part that stays is removed when resuming.
            let _ = self.clear(&part);
        })
    }

    /// Puts the new sidecar in the place of the one before.
    fn exchange(
        &self,
        task: &SidecarTask<'_, '_>,
        replaced: &FileTask<'_>,
        mut held: HeldSource,
    ) -> Result<Vec<String>, Stop> {
        let files = self.world.files;
        let part = part_of(task.work, &held.home)?;
        let mut warnings = Vec::new();
        let exchanged = self.write_part(task, &part).and_then(|look| {
            let new = files.open(&part).map_err(failed("opening", &part.path()))?;
            // It is changed now, unless what was there before comes back.
            let modified = task.work.member.modified_ns.unwrap_or(look.stamp.modified.0);
            warnings = files.copy_attributes(&held.opened, &new, Some(modified));
            let look = files.look_at(&part).map_err(failed("looking at", &part.path()))?;
            let look = look.ok_or_else(|| refused(&part.path(), "is gone"))?;
            self.set_aside(replaced, &mut held)?;
            self.rename_checked(&part, &held.home, look)?;
            let last = self.lasts(&held.home, look).and_then(|()| self.remove_aside(&held));
            last.inspect_err(|_| {
                let _ = files.rename_new(&held.home, &part);
            })
        });
        match exchanged {
            Ok(()) => Ok(warnings),
            Err(stop) => {
                let stop = self.put_back(&mut held, stop);
                let _ = self.clear(&part);
                Err(stop)
            }
        }
    }

    /// Removes a sidecar that a run had written.
    fn withdraw(&self, replaced: &FileTask<'_>, mut held: HeldSource) -> Result<(), Stop> {
        self.or_put_back(&mut held, |held| {
            self.set_aside(replaced, held)?;
            self.remove_aside(held)
        })?;
        let folder = held.home.folder();
        self.world.files.sync_folder(folder).map_err(failed("syncing", folder.path()))
    }

    /// Writes the text under a name of the run, and reads it back.
    fn write_part(&self, task: &SidecarTask<'_, '_>, part: &Place) -> Result<Look, Stop> {
        let files = self.world.files;
        let path = &task.work.destination;
        let text = task.change.after.as_deref().unwrap_or_default();
        files.write_new(part, text.as_bytes()).map_err(failed("writing", path))?;
        let written = files.open(part).map_err(failed("opening", path))?;
        let content = files.hash_from_disk(&written).map_err(failed("reading", path))?;
        if Some(content) != task.change.content_after() {
            return Err(refused(path, "was written, but does not read back as it was written"));
        }
        match files.look_at(part).map_err(failed("looking at", path))? {
            Some(look) if look.is_same_file(&written.look()) => Ok(look),
            _ => Err(refused(&part.path(), "was replaced in the meantime")),
        }
    }

    fn lasts(&self, home: &Place, look: Look) -> Result<(), Stop> {
        let folder = home.folder();
        self.world.files.sync_folder(folder).map_err(failed("syncing", folder.path()))?;
        self.is_at_its_path(home, look)
    }

    /// Brings what an interrupted run left to one of two ends: all is done, or nothing.
    fn is_settled(&self, task: &SidecarTask<'_, '_>, home: &Place) -> Result<bool, Stop> {
        let files = self.world.files;
        let path = &task.work.destination;
        let looking = || failed("looking at", path);
        self.clear(&part_of(task.work, home)?).map_err(looking())?;
        let before = task.change.before.as_ref().map(|before| &before.file);
        let there = files.look_at(home).map_err(looking())?;
        let is_new = there.is_some() && self.content_at(home) == task.change.content_after();
        if is_new {
            for name in [task.work.aside_name(home.name()), task.work.short_aside_name()] {
                let aside = home.beside(&name).map_err(looking())?;
                let is_old = |old: &Expected| self.content_at(&aside) == old.content;
                if files.look_at(&aside).map_err(looking())?.is_some() && before.is_some_and(is_old)
                {
                    files.remove_file(&aside).map_err(looking())?;
                }
            }
            files.sync_folder(home.folder()).map_err(looking())?;
            return Ok(true);
        }
        let now = self.where_left(task.work, home).map_err(looking())?;
        let is_gone = files.look_at(&now).map_err(looking())?.is_none();
        Ok(is_gone && task.change.after.is_none())
    }

    /// Checks that what only the files of an action knew is written: their sidecars are acts of
    /// the same plan, and come first.
    pub(super) fn is_carried(&self, action: &Action) -> Result<(), Stop> {
        if self.plan.origin != Origin::Dedupe || !action.action.removes_source() {
            return Ok(());
        }
        let proofs = action.files.iter().filter_map(|member| member.proof);
        let groups: Vec<u64> =
            proofs.map(|proof| proof.group).filter(|group| *group != 0).collect();
        for (destination, member) in groups.iter().filter_map(|group| self.sidecars.get(group)) {
            let content = member.sidecar.as_ref().and_then(|change| change.content_after());
            let there = self.place(destination).ok().and_then(|place| self.content_at(&place));
            if there != content {
                let first =
                    action.files.first().map(|member| self.plan.resolve(&member.source.path));
                let first = first.map_or(Cow::Borrowed("it"), |path| for_people(&path).into());
                let sidecar = for_people(destination);
                return Err(Stop::refused(format!(
                    "{first} stays: what only it knows is not in {sidecar}"
                )));
            }
        }
        Ok(())
    }
}
