//! What the page asks for and gets, as JSON.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::changes::Change;
use super::filter::Filter;
use super::rules::Wish;
use super::session::{Role, Session};
use crate::dedupe::carry::KnownConflict;
use crate::model::film::FilmFacts;
use crate::model::findings::{Alarm, FoundPicture, Group};
use crate::model::path_text::{for_people, one_line};
use crate::model::readable::iso_time;

/// Most groups, or files, that are given at once.
const MOST: usize = 200;

/// Groups by their numbers, parted by commas.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Numbers {
    ids: String,
}

/// Which groups fit a filter. Numbers alone, so that the page can go through many thousands.
#[derive(Serialize)]
pub(super) struct Fitting {
    ids: Vec<usize>,
}

#[derive(Serialize)]
pub(super) struct Listed {
    groups: Vec<GroupJson>,
}

#[derive(Serialize)]
pub(super) struct GroupJson {
    id: usize,
    state: &'static str,
    run: Option<String>,
    reason: String,
    keeper: usize,
    /// What applying it would free.
    bytes: u64,
    /// How many open groups have their pictures in the same folders, with the same relations.
    alike: usize,
    members: Vec<MemberJson>,
}

#[derive(Serialize)]
struct MemberJson {
    id: usize,
    role: &'static str,
    /// `false`: not near enough to be chosen as the keeper.
    candidate: bool,
    name: String,
    folder: String,
    bytes: u64,
    width: u32,
    height: u32,
    format: &'static str,
    captured: Option<String>,
    camera: Option<String>,
    /// Of a film: how long it is, how it is coded, and bits a second (human-readable).
    #[serde(skip_serializing_if = "Option::is_none")]
    film: Option<String>,
    modified_ms: i64,
    quality: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<&'static str>,
    /// Why it is not sure which of it and the keeper is the original (human-readable).
    #[serde(skip_serializing_if = "Option::is_none")]
    unsure: Option<&'static str>,
    /// Why it or the keeper may be damaged (human-readable).
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fine_distance: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    likeness: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<String>,
    /// How the keeper has to be turned to look like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    orientation: Option<&'static str>,
    other_names: Vec<String>,
    /// What it knows and the keeper does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<String>,
    /// What contradicts the keeper.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<String>,
}

/// A rule for keepers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleJson {
    /// The number of a folder.
    pub folder: usize,
    pub wish: WishJson,
    /// Which groups it is for.
    #[serde(default)]
    pub filter: Filter,
    /// Count only.
    #[serde(default)]
    pub dry: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WishJson {
    Prefer,
    Avoid,
}

impl From<WishJson> for Wish {
    fn from(wish: WishJson) -> Self {
        match wish {
            WishJson::Prefer => Self::Prefer,
            WishJson::Avoid => Self::Avoid,
        }
    }
}

/// A change of one group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ChangeJson {
    Keeper(usize),
    Spare {
        member: usize,
        value: bool,
    },
    Apart {
        member: Option<usize>,
        value: bool,
    },
    Accepted(bool),
    /// As it was found.
    Reset {},
}

impl From<ChangeJson> for Change {
    fn from(change: ChangeJson) -> Self {
        match change {
            ChangeJson::Keeper(member) => Self::Keeper(member),
            ChangeJson::Spare { member, value } => Self::Spare(member, value),
            ChangeJson::Apart { member, value } => Self::Apart(member, value),
            ChangeJson::Accepted(accepted) => Self::Accept(accepted),
            ChangeJson::Reset {} => Self::Reset,
        }
    }
}

impl Session {
    pub(super) fn state(&self, number: usize) -> &'static str {
        match self.decided.get(number) {
            Some(decided) if decided.run.is_some() => "applied",
            Some(decided) if decided.accepted => "accepted",
            _ => "open",
        }
    }

    pub(super) fn fitting(&self, filter: &Filter) -> Fitting {
        Fitting { ids: self.filtered(filter) }
    }

    pub(super) fn listed(&mut self, numbers: &Numbers) -> Listed {
        let numbers = numbers.ids.split(',').filter_map(|number| number.parse().ok()).take(MOST);
        Listed { groups: numbers.filter_map(|number| self.group(number)).collect() }
    }

    pub(super) fn group(&mut self, number: usize) -> Option<GroupJson> {
        let (_, bytes) = self.freed(number);
        let (group, decided) = (self.report.groups.get(number)?, self.decided.get(number)?);
        let arranged = self.arranged(number)?;
        let candidates = 1 + group.duplicates.len();
        let carries = self.report.carries(&arranged);
        let carry = |picture: &FoundPicture| carries.get(picture.path.as_path());
        let conflict = |conflict: &KnownConflict| {
            let KnownConflict { field, keeper, duplicate } = conflict;
            one_line(&format!("{} {duplicate}, not {keeper}", field.name()))
        };
        let members = group.members().zip(self.roles(number)).enumerate();
        Some(GroupJson {
            id: number,
            state: self.state(number),
            run: decided.run.clone(),
            reason: arranged.reason.clone(),
            keeper: decided.keeper,
            bytes,
            alike: self.alike(number).len(),
            members: members
                .map(|(member, (picture, role))| MemberJson {
                    candidate: member < candidates,
                    only: carry(picture)
                        .filter(|c| !c.only.is_empty())
                        .map(|c| one_line(&c.words())),
                    conflicts: carry(picture)
                        .map(|carry| carry.conflicts.iter().map(conflict).collect())
                        .unwrap_or_default(),
                    ..member_json(member, picture, role, &arranged)
                })
                .collect(),
        })
    }
}

fn member_json(id: usize, picture: &FoundPicture, role: Role, arranged: &Group) -> MemberJson {
    let duplicate = arranged.duplicates.iter().find(|d| d.picture.path == picture.path);
    let linked = arranged.linked.iter().find(|linked| linked.picture.path == picture.path);
    let distance = duplicate.map(|d| d.distance).or(linked.map(|linked| linked.distance));
    let fine = duplicate.map(|d| d.fine_distance).or(linked.map(|linked| linked.fine_distance));
    let part = |part: Option<&Path>| part.map(for_people).unwrap_or_default();
    MemberJson {
        id,
        role: role.name(),
        candidate: true,
        name: part(picture.path.file_name().map(Path::new)),
        folder: part(picture.path.parent()),
        bytes: picture.stamp.size.0,
        width: picture.dimensions.width,
        height: picture.dimensions.height,
        format: picture.format.name(),
        captured: picture.captured.map(iso_time),
        camera: picture.camera.clone(),
        film: picture.film.as_ref().map(FilmFacts::words),
        modified_ms: picture.stamp.modified.0 / 1_000_000,
        quality: picture.hash.quality.0,
        relation: duplicate.map(|d| d.relation.name()),
        unsure: duplicate.and_then(|d| d.unsure),
        alarm: duplicate.and_then(|d| d.alarm.as_ref()).map(Alarm::sentence),
        distance: distance.map(|distance| distance.0),
        fine_distance: fine.map(|distance| distance.0),
        likeness: duplicate.and_then(|d| d.likeness).map(|likeness| likeness.per_cent),
        difference: duplicate.and_then(|d| d.likeness).and_then(|likeness| likeness.words()),
        orientation: duplicate.map(|d| d.orientation.name()),
        other_names: picture.other_names.iter().map(|name| for_people(name)).collect(),
        only: None,
        conflicts: Vec::new(),
    }
}
