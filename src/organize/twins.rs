//! Which incoming pictures the library needs: what it has, what looks like that, and what was
//! removed before.

use std::collections::HashMap;
use std::path::PathBuf;

use super::destination::DestinationIndex;
use super::memory::{Memory, Remembered};
use super::outcome::{RemovedBefore, WhyTaken};
use super::{FilingUnit, OrganizeOptions};
use crate::model::extensions::is_video;
use crate::model::media::FileStamp;

/// What was found by looking at pictures, by the paths of the incoming ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twins {
    /// The library's picture is as good or better.
    pub stay_out: HashMap<PathBuf, PathBuf>,
    /// The incoming one is better than the library's.
    pub better: HashMap<PathBuf, PathBuf>,
}

/// Whether a unit comes in.
pub(super) enum Need {
    /// It does, although it may have been removed before.
    Wanted(Option<(RemovedBefore, WhyTaken)>),
    /// The library has it; this is its first file there.
    Twin(PathBuf),
    /// It was removed in favour of what the library has.
    Removed(RemovedBefore),
}

/// A unit is superfluous when each of its media is in the library, or was removed in favour of what
/// is. Of a Live Photo that was removed the film counts too: no picture shows what it does.
pub(super) fn need(
    unit: &FilingUnit,
    options: &OrganizeOptions,
    mut there: Option<&mut DestinationIndex>,
    memory: &mut Memory<'_>,
    stamps: &HashMap<PathBuf, FileStamp>,
) -> Need {
    let (mut twin, mut removed, mut taken) = (None, None, None);
    for (at, (path, content)) in unit.shot.files.iter().zip(&unit.contents).enumerate() {
        let is_companion = at >= unit.shot.media;
        if is_companion && (removed.is_none() || !is_video(path)) {
            continue;
        }
        let size = stamps.get(path).map(|stamp| stamp.size);
        let identical =
            there.as_mut().zip(size).and_then(|(there, size)| there.find(path, size, *content));
        if let Some(identical) = identical {
            twin.get_or_insert(identical);
            continue;
        }
        match memory.of(*content, there.as_deref_mut()) {
            Remembered::LeaveOut(before) => {
                removed.get_or_insert(before);
                continue;
            }
            Remembered::Take(before, WhyTaken::Asked) => {
                return Need::Wanted(Some((before, WhyTaken::Asked)));
            }
            Remembered::Take(before, why) => {
                taken.get_or_insert((before, why));
            }
            Remembered::No => {}
        }
        match options.twins.stay_out.get(path) {
            Some(alike) => twin.get_or_insert(alike.clone()),
            None => return Need::Wanted(taken),
        };
    }
    match (removed, twin) {
        (Some(removed), _) => Need::Removed(removed),
        (None, Some(twin)) => Need::Twin(twin),
        (None, None) => Need::Wanted(taken),
    }
}

impl Twins {
    /// From groups that were found among the library's pictures and the incoming ones: what is
    /// incoming and no better than its group's picture in the library stays out.
    pub fn from_groups(
        groups: &[crate::model::findings::Group],
        acts_on: &dyn Fn(&crate::model::findings::Duplicate) -> bool,
    ) -> Self {
        let mut twins = Self::default();
        // The library's pictures are the references.
        for group in groups.iter().filter(|group| group.keeper.reference) {
            for duplicate in group.duplicates.iter().filter(|duplicate| acts_on(duplicate)) {
                let pixels = duplicate.picture.dimensions.pixels();
                let better = pixels > group.keeper.dimensions.pixels();
                let list = if better { &mut twins.better } else { &mut twins.stay_out };
                list.insert(duplicate.picture.path.clone(), group.keeper.path.clone());
            }
        }
        twins
    }
}
