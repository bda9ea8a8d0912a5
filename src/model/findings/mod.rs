//! What was found, as a value.

mod group;
mod likeness;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub use group::{Duplicate, Group, Linked};
pub use likeness::{Likeness, Member, Region, Surroundings};

use crate::model::film::FilmFacts;
use crate::model::knowledge::Knowledge;
use crate::model::media::{CaptureTime, Dimensions, FileStamp, Format};
use crate::model::phash::PictureHash;
use crate::model::policy::Policy;
use crate::model::provenance::Provenance;
use crate::model::record::Stage;

/// Version of the JSON form. Fields may be added under one version; none changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// What kind of match a duplicate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// The same bytes as the keeper.
    Identical,
    /// The same picture: the same capture, or nothing that says otherwise.
    Copy,
    /// One of both shows a part of the other: a crop, or a picture with something around it.
    Part,
    /// Another capture of the same scene: both have a capture time, and it differs.
    Burst,
    /// Near, but not proven to be one capture.
    Alike,
}

impl Relation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Identical, Self::Copy, Self::Part, Self::Burst, Self::Alike];

    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Copy => "copy",
            Self::Part => "part",
            Self::Burst => "burst",
            Self::Alike => "alike",
        }
    }

    /// The relation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relation| relation.name() == name)
    }
}

/// One picture of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPicture {
    /// The path that it was reached by.
    pub path: PathBuf,
    /// Identity, size and time when it was hashed.
    pub stamp: FileStamp,
    /// BLAKE3 of its bytes, where it was computed.
    pub content: Option<[u8; 32]>,
    /// Format by content.
    pub format: Format,
    /// Dimensions as shown.
    pub dimensions: Dimensions,
    /// Hashes of the picture, and how much structure it has.
    pub hash: PictureHash,
    /// When it was taken, where its metadata say.
    pub captured: Option<CaptureTime>,
    /// What it was taken with, where its metadata say.
    pub camera: Option<String>,
    /// Traces of where it comes from; `None` where they were not looked for.
    pub provenance: Option<Provenance>,
    /// How it is stored, if it is a film; the hashes are those of the first frame that is not flat.
    pub film: Option<FilmFacts>,
    /// It lies in a reference folder: never touched.
    pub reference: bool,
    /// A part of it is missing or does not decode.
    pub damaged: bool,
    /// Other names of the same file (hard links, overlapping roots) that the walk saw. Removing
    /// one of several names frees nothing.
    pub other_names: Vec<PathBuf>,
}

/// Two files that should have the same bytes, but do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The damaged one, where that can be told.
    pub damaged: Option<Damaged>,
    /// What was seen (human-readable).
    pub why: String,
}

/// Which picture of a pair is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// The one that was to be kept.
    Keeper,
    /// The other one.
    Duplicate,
}

impl Alarm {
    /// What is known before anybody has looked at the bytes.
    pub fn unexamined() -> Self {
        let why = "the files are equally long, but their bytes differ";
        Self { damaged: None, why: why.into() }
    }

    /// A sentence for people.
    pub fn sentence(&self) -> String {
        let which = match self.damaged {
            Some(Damaged::Keeper) => "the kept picture may be damaged",
            Some(Damaged::Duplicate) => "this picture may be damaged",
            None => "one of these two may be damaged",
        };
        format!("{which}: {}; neither is acted on", self.why)
    }
}

/// A file or folder that could not be taken into account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file or folder.
    pub path: PathBuf,
    /// The stage at which it failed.
    pub stage: Stage,
    /// Why it was skipped (human-readable).
    pub reason: String,
}

/// A picture that can be read, but of which something is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DamagedPicture {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it (human-readable).
    pub what: String,
}

/// By what rule pictures were matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// The two radii.
    pub policy: Policy,
    /// The 256-bit hash alone decided.
    pub fine_only: bool,
    /// Turned and mirrored copies were asked for.
    pub any_orientation: bool,
    /// Bursts are acted on like copies.
    pub include_bursts: bool,
    /// Pictures that are only alike are acted on like copies.
    pub include_alike: bool,
    /// Duplicates of which it is not sure that they are the copies are acted on like others.
    pub include_unsure: bool,
    /// Films of other bytes that show the same are acted on like pictures.
    pub include_films: bool,
    /// Films that were changed were looked for too.
    pub deep: bool,
}

/// What the run counted of films.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilmCounts {
    /// Films.
    pub films: u64,
    /// Films among them that were read in this run.
    pub hashed: u64,
    /// Films among them that were known.
    pub from_cache: u64,
    /// Films among them that are compared by nothing but their bytes.
    pub by_bytes: u64,
}

/// What the run counted besides what the groups tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Files that the walk found.
    pub files: u64,
    /// Files among them that are neither pictures (by content) nor films (by name).
    pub not_pictures: u64,
    /// The films among them.
    pub films: FilmCounts,
    /// Pictures with hashes.
    pub images: u64,
    /// Pictures among them that were read in this run.
    pub hashed: u64,
    /// Pictures among them whose hashes came from the cache.
    pub from_cache: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// What computed the hashes: `cpu`.
    pub backend: String,
    /// How many of the pictures lie in each folder, without the folders below it.
    pub by_folder: BTreeMap<PathBuf, u64>,
}

/// The closing figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// What the run counted.
    pub counts: Counts,
    /// Files passed over with a reason.
    pub skipped: u64,
    /// Damaged pictures, in a group or not.
    pub damaged: u64,
    /// Groups.
    pub groups: u64,
    /// Duplicates listed, bursts included.
    pub duplicates: u64,
    /// Duplicates among them that an action would touch.
    pub actionable: u64,
    /// Duplicates among them that are bursts.
    pub bursts: u64,
    /// Duplicates among them that are only alike.
    pub alike: u64,
    /// Duplicates among them of which it is not sure that they are the copies.
    pub unsure: u64,
    /// Duplicates among them that are films of other bytes.
    pub other_films: u64,
    /// Linked pictures.
    pub linked: u64,
    /// Duplicates of which they or their keepers may be damaged.
    pub alarms: u64,
    /// Bytes that removing every actionable duplicate would free.
    pub reclaimable_bytes: u64,
}

/// What `dedupe` found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The folders that were looked through, as given.
    pub roots: Vec<PathBuf>,
    /// The reference folders, as given.
    pub references: Vec<PathBuf>,
    /// The rule of the match.
    pub matching: Matching,
    /// In a fixed order; a group's number is its place, from 1.
    pub groups: Vec<Group>,
    /// In a fixed order.
    pub skipped: Vec<Skipped>,
    /// Damaged pictures, in a group or not, by path.
    pub damaged: Vec<DamagedPicture>,
    /// Films that are compared by nothing but their bytes, and why, by path.
    pub undecoded: Vec<Skipped>,
    /// What keepers and duplicates know, by their paths; empty where nobody asked.
    pub known: HashMap<PathBuf, Knowledge>,
    /// What makes the result doubtful as a whole (human-readable).
    pub warnings: Vec<String>,
    /// What the run counted.
    pub counts: Counts,
}

impl Matching {
    /// Whether an action would touch this duplicate: not what lies in a reference folder, not where
    /// it or its keeper may be damaged, not a whole picture whose keeper is damaged or shows less.
    /// Bursts, what is only alike, films of other bytes, and what may be the original just when
    /// asked.
    pub fn acts_on(&self, duplicate: &Duplicate) -> bool {
        !duplicate.picture.reference
            && duplicate.alarm.is_none()
            && !duplicate.whole_beside_damaged
            && !duplicate.shows_more
            && (self.include_unsure || duplicate.unsure.is_none())
            && !self.leaves_as_film(duplicate)
            && self.asks_for(duplicate.relation)
    }

    /// Whether nothing is done to it because it is a film of other bytes.
    pub fn leaves_as_film(&self, duplicate: &Duplicate) -> bool {
        !self.include_films && duplicate.is_other_film() && self.asks_for(duplicate.relation)
    }

    /// Whether pictures that are so related are to be acted on at all.
    pub fn asks_for(&self, relation: Relation) -> bool {
        match relation {
            Relation::Identical | Relation::Copy | Relation::Part => true,
            Relation::Burst => self.include_bursts,
            Relation::Alike => self.include_alike,
        }
    }
}

impl Findings {
    /// The closing figures.
    pub fn summary(&self) -> Summary {
        let duplicates = || self.groups.iter().flat_map(|group| &group.duplicates);
        Summary {
            counts: self.counts.clone(),
            skipped: self.skipped.len() as u64,
            damaged: self.damaged.len() as u64,
            groups: self.groups.len() as u64,
            duplicates: duplicates().count() as u64,
            actionable: duplicates().filter(|d| self.matching.acts_on(d)).count() as u64,
            bursts: duplicates().filter(|d| d.relation == Relation::Burst).count() as u64,
            alike: duplicates().filter(|d| d.relation == Relation::Alike).count() as u64,
            unsure: duplicates().filter(|d| d.unsure.is_some()).count() as u64,
            other_films: duplicates().filter(|d| d.is_other_film()).count() as u64,
            linked: self.groups.iter().map(|group| group.linked.len() as u64).sum(),
            alarms: duplicates().filter(|d| d.alarm.is_some()).count() as u64,
            reclaimable_bytes: self
                .groups
                .iter()
                .map(|group| group.reclaimable_bytes(&self.matching))
                .fold(0, u64::saturating_add),
        }
    }
}
