//! What is looked at right before an act.

use std::path::Path;

use super::files::Work;
use super::{Run, Stop};
use crate::fsops::{Kind, Look};
use crate::media::FileStamp;
use crate::path_text::for_people;
use crate::plan::{ActionKind, Expected};

impl Run<'_> {
    /// That a file is what the plan says, to the byte, and stays so while it is read.
    fn check(&self, expected: &Expected) -> Result<Look, String> {
        let path = self.plan.resolve(&expected.path);
        let files = self.world.files;
        let look = files
            .look(&path)
            .map_err(|error| error.to_string())?
            .ok_or_else(|| "is not there any more".to_owned())?;
        match look.kind {
            Kind::File => {}
            Kind::Link => return Err("is a symbolic link now".into()),
            Kind::Folder | Kind::Other => return Err("is no regular file any more".into()),
        }
        differs(look.stamp, expected.stamp)?;
        let content = files.hash(&path).map_err(|error| error.to_string())?;
        if Some(content) != expected.content {
            return Err(
                "has other bytes than planned, though its size and time are the same".into()
            );
        }
        match files.look(&path) {
            Ok(Some(again)) if again == look => Ok(look),
            _ => Err("is being changed".into()),
        }
    }

    /// The source, for any act that takes it away or puts something in its place.
    pub(super) fn check_source(&self, work: &Work<'_>) -> Result<Look, Stop> {
        let look = self.check(work.expected()).map_err(|why| refused(&work.source, &why))?;
        if work.kind != ActionKind::Copy {
            self.check_references(&work.source)?;
        }
        let takes_away = work.kind.removes_source() || work.kind.needs_identical();
        if !takes_away {
            return Ok(look);
        }
        if work.member.keeper.is_some() && look.names > 1 {
            let why = "has other names (hard links): it frees nothing, and is left alone";
            return Err(refused(&work.source, why));
        }
        // Under another path; those of the same path are no sound plan.
        if self.keepers.contains(&look.stamp.key) && look.names == 1 {
            return Err(refused(&work.source, "is a file that another act relies on"));
        }
        Ok(look)
    }

    /// What the act relies on.
    pub(super) fn check_keeper(&self, work: &Work<'_>) -> Result<Option<Look>, Stop> {
        let Some(keeper) = &work.member.keeper else { return Ok(None) };
        let path = self.plan.resolve(&keeper.path);
        let look = self.check(keeper).map_err(|why| {
            refused(&work.source, &format!("relies on {}, which {why}", for_people(&path)))
        })?;
        if look.stamp.key == work.expected().stamp.key && work.kind != ActionKind::Detach {
            return Err(refused(&work.source, "is its keeper under another name"));
        }
        Ok(Some(look))
    }

    /// That nothing in a reference folder is touched.
    pub(super) fn check_references(&self, path: &Path) -> Result<(), Stop> {
        if self.references.is_empty() {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(path);
        // What is not there yet lies in what is.
        let real = folder.ancestors().find_map(|folder| self.world.files.real_path(folder).ok());
        let real = real.as_deref().unwrap_or(folder);
        let inside = |reference: &&std::path::PathBuf| real.starts_with(reference);
        match self.references.iter().find(inside) {
            Some(reference) => Err(refused(
                path,
                &format!("lies in the reference folder {}", for_people(reference)),
            )),
            None => Ok(()),
        }
    }
}

pub(super) fn refused(path: &Path, why: &str) -> Stop {
    Stop::refused(format!("{} {why}", for_people(path)))
}

/// What of a stamp is not as expected.
fn differs(found: FileStamp, expected: FileStamp) -> Result<(), String> {
    // Without identities of files there is nothing to compare.
    let same_file = !cfg!(unix) || found.key == expected.key;
    match () {
        () if found.size != expected.size => {
            Err(format!("has {} bytes now, not {}", found.size.0, expected.size.0))
        }
        () if found.modified != expected.modified => {
            Err("was changed since (its modification time is another)".into())
        }
        () if !same_file => Err("was replaced by another file of the same size and time".into()),
        () => Ok(()),
    }
}
