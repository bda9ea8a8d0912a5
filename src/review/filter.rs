//! Which groups are shown, and in which order.

use std::cmp::Reverse;

use serde::Deserialize;

use super::session::Session;
use crate::model::findings::{FoundPicture, Group, Relation};
use crate::model::media::Orientation;

/// Filters the groups.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// `identical`, `copy`, `part`, `burst`, `alike`, `unsure`, `turned`, `linked`.
    pub kind: Option<String>,
    /// `open`, `accepted`, `applied`.
    pub state: Option<String>,
    /// A format by its name: some picture of the group has it.
    pub format: Option<String>,
    /// Two numbers of folders, parted by a comma: the group has pictures in both.
    pub folders: Option<String>,
    /// Frees at least so many bytes.
    pub bytes: u64,
    /// A path holds it, in either letter case.
    pub path: String,
    /// `bytes`: what frees most comes first. `certainty`: what is surest comes first.
    pub order: Option<String>,
}

impl Filter {
    fn pair(&self) -> Option<(usize, usize)> {
        let (a, b) = self.folders.as_deref()?.split_once(',')?;
        Some((a.parse().ok()?, b.parse().ok()?))
    }
}

impl Session {
    fn fits(&self, number: usize, group: &Group, filter: &Filter, path: &str) -> bool {
        let has = |relation| group.duplicates.iter().any(|d| d.relation == relation);
        let kind = match filter.kind.as_deref() {
            Some("identical") => has(Relation::Identical),
            Some("copy") => has(Relation::Copy),
            Some("part") => has(Relation::Part),
            Some("burst") => has(Relation::Burst),
            Some("alike") => has(Relation::Alike),
            Some("turned") => {
                group.duplicates.iter().any(|d| d.orientation != Orientation::Upright)
            }
            Some("unsure") => group.duplicates.iter().any(|d| d.unsure.is_some()),
            Some("linked") => !group.linked.is_empty(),
            _ => true,
        };
        let state = filter.state.as_deref().is_none_or(|s| s.is_empty() || s == self.state(number));
        let format = filter.format.as_deref().is_none_or(|format| {
            format.is_empty() || group.members().any(|picture| picture.format.name() == format)
        });
        let holds =
            |picture: &FoundPicture| picture.path.to_string_lossy().to_lowercase().contains(path);
        kind && state
            && format
            && filter.pair().is_none_or(|(a, b)| self.folders.joins(number, a, b))
            && (filter.bytes == 0 || self.bytes_of(number) >= filter.bytes)
            && (path.is_empty() || group.members().any(holds))
    }

    /// The numbers of the groups that fit.
    pub(super) fn filtered(&self, filter: &Filter) -> Vec<usize> {
        let path = filter.path.to_lowercase();
        let groups = self.report.groups.iter().enumerate();
        let mut numbers: Vec<usize> = groups
            .filter(|(number, group)| self.fits(*number, group, filter, &path))
            .map(|(number, _)| number)
            .collect();
        match filter.order.as_deref() {
            Some("bytes") => {
                numbers.sort_by_key(|number| (Reverse(self.bytes_of(*number)), *number));
            }
            Some("certainty") => {
                numbers.sort_by_cached_key(|number| (Reverse(self.certainty(*number)), *number));
            }
            _ => {}
        }
        numbers
    }

    /// What a group frees as it was found.
    pub(super) fn bytes_of(&self, number: usize) -> u64 {
        self.found_bytes.get(number).copied().unwrap_or(0)
    }

    /// How sure the least sure duplicate that would be acted on is: 101 for the same bytes, else
    /// the likeness in per cent; 0 where nothing would be acted on.
    fn certainty(&self, number: usize) -> u8 {
        let Some(group) = self.report.groups.get(number) else { return 0 };
        let acted = group.duplicates.iter().filter(|d| self.report.matching.acts_on(d));
        let sure = acted.map(|duplicate| match duplicate.relation {
            Relation::Identical => 101,
            _ => duplicate.likeness.map_or(0, |likeness| likeness.per_cent),
        });
        sure.min().unwrap_or(0)
    }

    /// The formats of the pictures in the groups, by name.
    pub(super) fn formats(&self) -> Vec<&'static str> {
        let pictures = self.report.groups.iter().flat_map(Group::members);
        let mut names: Vec<_> = pictures.map(|picture| picture.format.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
