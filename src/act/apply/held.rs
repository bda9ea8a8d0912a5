//! Files that are held open, and locked where that is possible, from the check to the end of an
//! act; and setting them aside, so that what is removed in the end was removed from its name first.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::files::FileTask;
use super::mismatch::Mismatch;
use super::stop::{failed, refused};
use super::{Execution, Stop, about, lock};
use crate::act::plan::Expected;
use crate::files::fsops::{LockMode, Locked, Look, OpenFile, Place};
use crate::model::path_text::for_people;

/// A file that is acted on.
pub(super) struct HeldSource {
    /// Where the plan has it.
    pub(super) home: Place,
    /// Where it is now: at home, set aside in the same folder, or where it was moved to.
    pub(super) now: Place,
    pub(super) opened: OpenFile,
}

impl HeldSource {
    pub(super) fn look(&self) -> Look {
        self.opened.look()
    }

    fn is_at_home(&self) -> bool {
        self.now.name() == self.home.name() && self.now.folder().key() == self.home.folder().key()
    }

    /// Whether it has a name that only its act uses.
    pub(super) fn is_aside(&self, work: &FileTask<'_>) -> bool {
        let name = self.now.name();
        name == work.aside_name(self.home.name()) || name == work.short_aside_name()
    }
}

/// A file that an act relies on.
pub(super) struct Keeper<'a> {
    pub(super) expected: &'a Expected,
    pub(super) path: PathBuf,
    pub(super) place: Place,
    pub(super) opened: OpenFile,
}

/// A file that could not get its own name back.
#[derive(Debug)]
pub(super) struct Stranded {
    home: PathBuf,
    now: PathBuf,
    error: io::Error,
}

impl fmt::Display for Stranded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is at {}: ", for_people(&self.home), for_people(&self.now))?;
        match self.error.kind() {
            ErrorKind::AlreadyExists => f.write_str("another file has taken its name"),
            _ => self.error.fmt(f),
        }
    }
}

impl Execution<'_> {
    /// Locks a file that is held. Where there are no locks, that is remembered, once per device.
    pub(super) fn lock_file(
        &self,
        place: &Place,
        file: &OpenFile,
        kind: LockMode,
    ) -> Result<(), Mismatch> {
        match self.world.files.lock(file, kind)? {
            Locked::Yes => Ok(()),
            Locked::ByAnother => Err(Mismatch::Locked),
            Locked::Unsupported => {
                let folder = place.folder();
                lock(&self.unlocked)
                    .entry(folder.key().device)
                    .or_insert_with(|| folder.path().to_owned());
                Ok(())
            }
        }
    }

    /// Where the file of an act is that an interrupted run had announced. What that had set aside
    /// gets its name back; where something else has the name, it is still set aside.
    pub(super) fn where_left(&self, work: &FileTask<'_>, home: &Place) -> io::Result<Place> {
        if !work.begun {
            return Ok(home.clone());
        }
        let files = self.world.files;
        for name in [work.aside_name(home.name()), work.short_aside_name()] {
            let aside = home.beside(&name)?;
            let Some(set_aside) = files.look_at(&aside)? else { continue };
            match files.look_at(home)? {
                // A rename by a second name that was interrupted: both are one file.
                Some(there) if there == set_aside && there.names > 1 => {
                    files.remove_file(&aside)?;
                }
                Some(_) => return Ok(aside),
                None => files.rename_new(&aside, home)?,
            }
            break;
        }
        Ok(home.clone())
    }

    /// Gives what an interrupted run had set aside its names back, as far as that can be done.
    pub(super) fn bring_home(&self, files: &[FileTask<'_>]) {
        for work in files.iter().filter(|work| work.begun) {
            // What stays aside is found by its name.
            let _ = self.place(&work.source).and_then(|home| self.where_left(work, &home));
        }
    }

    /// Renames a file, and checks that it is the one that was examined: where another has come to
    /// its name in between, that one gets its name back.
    pub(super) fn rename_checked(&self, from: &Place, to: &Place, look: Look) -> Result<(), Stop> {
        let files = self.world.files;
        let renaming = about_renaming(from, to);
        files.rename_new(from, to).map_err(|error| Stop::failed(renaming(&error)))?;
        self.check_renamed(from, to, look)
    }

    /// The second half of [`Execution::rename_checked`].
    pub(super) fn check_renamed(&self, from: &Place, to: &Place, look: Look) -> Result<(), Stop> {
        let files = self.world.files;
        let mut stop = match files.look_at(to) {
            Ok(Some(now)) if now.is_same_file(&look) => return Ok(()),
            Ok(_) => refused(&from.path(), "was changed or replaced in the meantime"),
            Err(error) => Stop::failed(about("looking at", &to.path(), &error)),
        };
        if let Err(error) = files.rename_new(to, from) {
            let to = for_people(&to.path());
            stop.reason += &format!("; it is at {to} and could not be put back: {error}");
        }
        Err(stop)
    }

    /// Gives a file a name in its own folder that only this act uses.
    pub(super) fn set_aside(&self, work: &FileTask<'_>, held: &mut HeldSource) -> Result<(), Stop> {
        if held.is_aside(work) {
            return Ok(());
        }
        let name = work.aside_name(held.home.name());
        let aside = held.home.beside(&name).map_err(failed("setting aside", &held.home.path()))?;
        self.rename_checked(&held.home, &aside, held.look())?;
        held.now = aside;
        Ok(())
    }

    /// Gives a file its own name back, wherever it is now.
    pub(super) fn go_home(&self, held: &mut HeldSource) -> Result<(), Stranded> {
        if held.is_at_home() {
            return Ok(());
        }
        match self.world.files.rename_new(&held.now, &held.home) {
            Ok(()) => {
                held.now = held.home.clone();
                Ok(())
            }
            Err(error) => Err(Stranded { home: held.home.path(), now: held.now.path(), error }),
        }
    }

    /// The same when an act stops; adds to `stop` where the file is if it cannot go home.
    pub(super) fn put_back(&self, held: &mut HeldSource, stop: Stop) -> Stop {
        match self.go_home(held) {
            Ok(()) => stop,
            Err(why) => Stop { reason: format!("{}; {why}", stop.reason), ..stop },
        }
    }

    /// Takes steps; when they stop, the file gets its own name back.
    pub(super) fn or_put_back<T>(
        &self,
        held: &mut HeldSource,
        steps: impl FnOnce(&mut HeldSource) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        steps(held).map_err(|stop| self.put_back(held, stop))
    }

    /// Removes a file that was set aside, if it is still what was checked.
    pub(super) fn remove_aside(&self, held: &HeldSource) -> Result<(), Stop> {
        let files = self.world.files;
        let path = held.home.path();
        match files.look_at(&held.now).map_err(failed("looking at", &path))? {
            Some(now) if now.is_same_file(&held.look()) => {
                files.remove_file(&held.now).map_err(failed("removing", &path))
            }
            _ => Err(refused(&path, "was changed in the meantime")),
        }
    }
}

fn about_renaming(from: &Place, to: &Place) -> impl Fn(&io::Error) -> String {
    let (from, to) = (from.path(), to.path());
    move |error| format!("renaming {} to {}: {error}", for_people(&from), for_people(&to))
}
