//! Incoming files whose bytes were removed as duplicates before.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::OrganizeOptions;
use super::destination::DestinationIndex;
use super::outcome::{RemovedBefore, WhyTaken};
use crate::act::plan::Expected;
use crate::act::removed::Removal;
use crate::files::content::content_hash;
use crate::files::real_paths::RealPaths;
use crate::files::real_paths::real_path;
use crate::files::stamp::stamp;
use crate::model::record::ContentHash;

/// What removed contents have to do with an import.
pub(super) struct Memory<'a> {
    options: &'a OrganizeOptions,
    /// Both folders as they really are.
    source: PathBuf,
    destination: PathBuf,
    /// Where keepers are in the library, by where they should be; those that are nowhere too.
    keepers: HashMap<(PathBuf, ContentHash), Option<PathBuf>>,
}

/// What is known of an incoming file.
pub(super) enum Remembered {
    /// Nothing.
    No,
    /// It was removed, and what was kept in its place is in the library.
    LeaveOut(RemovedBefore),
    /// It was removed, and comes in all the same.
    Take(RemovedBefore, WhyTaken),
}

impl<'a> Memory<'a> {
    pub(super) fn new(options: &'a OrganizeOptions, real: &RealPaths) -> Self {
        Self {
            options,
            source: real.place(&options.source),
            destination: real.place(&options.destination),
            keepers: HashMap::new(),
        }
    }

    /// What is known of a file with these bytes.
    pub(super) fn of(
        &mut self,
        content: ContentHash,
        mut there: Option<&mut DestinationIndex>,
    ) -> Remembered {
        let options = self.options;
        let mut lost = None;
        for removal in options.removed.of(content) {
            let before = |keeper: &Path| RemovedBefore {
                run: removal.run.clone(),
                time: removal.time.clone(),
                keeper: keeper.to_owned(),
            };
            if options.include_removed {
                return Remembered::Take(before(&removal.keeper.path), WhyTaken::Asked);
            }
            match self.keeper(removal, there.as_deref_mut()) {
                Some(keeper) => return Remembered::LeaveOut(before(&keeper)),
                None => lost = lost.or_else(|| Some(before(&removal.keeper.path))),
            }
        }
        lost.map_or(Remembered::No, |lost| Remembered::Take(lost, WhyTaken::KeeperMissing))
    }

    /// Where the keeper of a removal is in the library: where it was, or where runs or somebody
    /// else have moved it. Its bytes are read.
    fn keeper(
        &mut self,
        removal: &Removal,
        there: Option<&mut DestinationIndex>,
    ) -> Option<PathBuf> {
        let Removal { keeper, keeper_aside, .. } = removal;
        if *keeper_aside {
            return None;
        }
        let content = keeper.content?;
        let key = (keeper.path.clone(), content);
        if let Some(known) = self.keepers.get(&key) {
            return known.clone();
        }
        let in_place = self.stays(&keeper.path) && has(keeper, content);
        let found = match in_place {
            true => Some(keeper.path.clone()),
            false => there.and_then(|there| there.find(&keeper.path, keeper.stamp.size, content)),
        };
        self.keepers.insert(key, found.clone());
        found
    }

    /// Whether a file is in the library, and not among what is imported: people empty a card
    /// afterwards.
    fn stays(&self, path: &Path) -> bool {
        let incoming = self.source.starts_with(&self.destination) && path.starts_with(&self.source);
        path.starts_with(&self.destination) && !incoming
    }
}

/// Whether a file is there, by way of no symbolic link, and has these bytes.
fn has(expected: &Expected, content: ContentHash) -> bool {
    let path = &expected.path;
    real_path(path).is_ok_and(|real| real == *path)
        && stamp(path).is_some_and(|stamp| stamp.size == expected.stamp.size)
        && content_hash(path).ok() == Some(content)
}
