//! Pictures of the library that incoming ones look like.

use std::collections::HashMap;
use std::path::PathBuf;

use super::destination::DestinationIndex;
use super::{FilingUnit, OrganizeOptions};
use crate::model::media::FileStamp;

/// What was found by looking at pictures, by the paths of the incoming ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twins {
    /// The library's picture is as good or better.
    pub stay_out: HashMap<PathBuf, PathBuf>,
    /// The incoming one is better than the library's.
    pub better: HashMap<PathBuf, PathBuf>,
}

/// The file in the library that makes a unit superfluous: one for each of its media.
pub(super) fn twin(
    unit: &FilingUnit,
    options: &OrganizeOptions,
    mut there: Option<&mut DestinationIndex>,
    stamps: &HashMap<PathBuf, FileStamp>,
) -> Option<PathBuf> {
    let mut first = None;
    for (path, content) in unit.shot.files.iter().zip(&unit.contents).take(unit.shot.media) {
        let size = stamps.get(path)?.size;
        let identical = there.as_mut().and_then(|there| there.find(path, size, *content));
        let twin = identical.or_else(|| options.twins.stay_out.get(path).cloned())?;
        first.get_or_insert(twin);
    }
    first
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
