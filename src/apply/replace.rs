//! One file in the place of another with the same bytes: links, and files that were links.

use std::io;
use std::path::Path;

use super::files::Work;
use super::{Effect, Outcome, Run, Stop, about};
use crate::path_text::for_people;
use crate::plan::ActionKind;

impl Run<'_> {
    /// Puts a link, a clone or a copy in the place of each file. The file itself goes aside, in its
    /// own folder, until what takes its place is there.
    pub(super) fn replace(&self, files: &[Work<'_>]) -> Result<Outcome, Stop> {
        let mut effects = Vec::new();
        let mut remarks = Vec::new();
        for work in files {
            let replaced = self.replace_one(work, &mut remarks);
            if let Err(stop) = replaced {
                // Those before are whole, and a link is no harm.
                return Err(Stop { stuck: (0..work.place).collect(), ..stop });
            }
            if let Ok(Some(look)) = self.world.files.look(&work.source) {
                let (from, to) = (work.source.clone(), work.source.clone());
                let before = work.expected().stamp;
                effects.push(Effect { from, to, before, stamp: look.stamp, kept: false });
            }
        }
        Ok(Outcome::Done { effects, remarks })
    }

    fn replace_one(
        &self,
        work: &Work<'_>,
        remarks: &mut Vec<(std::path::PathBuf, String)>,
    ) -> Result<(), Stop> {
        let files = self.world.files;
        let (source, aside, part) = (&work.source, work.aside(), work.part(&work.source));
        let failed = |step: &str, path: &Path| {
            let (step, path) = (step.to_owned(), path.to_owned());
            move |error: io::Error| Stop::failed(about(&step, &path, &error))
        };
        if work.begun && self.settle(work).map_err(failed("looking at", source))? {
            return Ok(());
        }
        let look = self.check_source(work)?;
        let keeper = self.check_keeper(work)?;
        let original = match &work.member.keeper {
            Some(keeper) => self.plan.resolve(&keeper.path),
            None => source.clone(),
        };
        let made = match work.kind {
            ActionKind::Hardlink => {
                if keeper.is_some_and(|keeper| keeper.stamp.key.device != look.stamp.key.device) {
                    let why = "cannot be a hard link: its keeper is on another file system";
                    return Err(super::checks::refused(source, why));
                }
                files.link_new(&original, &part)
            }
            ActionKind::Reflink => files.clone_new(&original, &part).map(|()| {
                let warnings = files.copy_attributes(source, &part, None);
                remarks.extend(warnings.into_iter().map(|warning| (source.clone(), warning)));
            }),
            _ => self.copy_whole(work, source, &part, remarks),
        };
        let put = made.and_then(|()| {
            files.rename_new(source, &aside)?;
            let placed = files.rename_new(&part, source);
            // Renaming leaves everything but the name as it was.
            let unchanged = matches!(files.look(&aside), Ok(Some(now)) if now == look);
            match placed {
                Ok(()) if unchanged => Ok(()),
                Ok(()) => {
                    // Somebody wrote into it at the last moment: it keeps its place.
                    files.rename_new(source, &part)?;
                    files.rename_new(&aside, source)?;
                    Err(io::Error::other("it was changed in the meantime"))
                }
                Err(error) => {
                    files.rename_new(&aside, source)?;
                    Err(error)
                }
            }
        });
        if let Err(error) = put {
            // The first error is the one to tell; a part that stays is removed when resuming.
            let _ = self.clear(&part);
            let mut stop = failed("replacing", source)(error);
            if let Ok(Some(_)) = files.look(&aside) {
                stop.reason += &format!("; it is at {}", for_people(&aside));
            }
            return Err(stop);
        }
        let folder = source.parent().unwrap_or(source);
        let finished = files.sync_folder(folder).and_then(|()| files.remove_file(&aside));
        if let Err(error) = finished {
            let back = files
                .rename_new(source, &part)
                .and_then(|()| files.rename_new(&aside, source))
                .and_then(|()| self.clear(&part));
            let mut stop = failed("replacing", source)(error);
            if let Err(error) = back {
                stop.reason += &format!("; it is at {}: {error}", for_people(&aside));
            }
            return Err(stop);
        }
        Ok(())
    }

    /// Brings what an interrupted run left to one of two ends: `true` when the file is replaced,
    /// `false` when it is as it was before.
    fn settle(&self, work: &Work<'_>) -> io::Result<bool> {
        let files = self.world.files;
        let (source, aside, part) = (&work.source, work.aside(), work.part(&work.source));
        if files.look(&aside)?.is_some() {
            let same = |path: &Path| files.hash(path).ok() == work.expected().content;
            match files.look(source)? {
                None => files.rename_new(&aside, source)?,
                Some(_) if same(source) && same(&aside) => {
                    files.remove_file(&aside)?;
                    self.clear(&part)?;
                    return Ok(true);
                }
                Some(_) => {
                    let aside = for_people(&aside);
                    let why = format!("it was changed in the meantime; the one before is {aside}");
                    return Err(io::Error::other(why));
                }
            }
        }
        self.clear(&part)?;
        let Some(now) = files.look(source)? else { return Ok(false) };
        Ok(now.stamp.key != work.expected().stamp.key
            && files.hash(source).ok() == work.expected().content)
    }
}
