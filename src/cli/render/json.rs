//! The JSON form: the project's stable interface for programs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::evidence::{EvidenceJson, evidence};
use clean_backup::dedupe::carry::Carry;
use clean_backup::model::film::FilmFacts;
use clean_backup::model::findings::{
    Damaged, Duplicate, Findings, FoundPicture, Group, Linked, Member, REPORT_VERSION, Region,
    Skipped,
};
use clean_backup::model::path_form::PathForm;
use clean_backup::model::path_text::{base64_unless_utf8, harmless_json};
use clean_backup::model::policy::Sensitivity;
use clean_backup::model::readable::iso_time;

use super::text::edited;

#[derive(Serialize)]
struct ReportJson<'a> {
    version: u32,
    command: &'static str,
    roots: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roots_bytes: Option<Vec<Option<String>>>,
    references: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    references_bytes: Option<Vec<Option<String>>>,
    policy: PolicyJson,
    groups: Vec<GroupJson<'a>>,
    skipped: Vec<SkippedJson<'a>>,
    damaged: Vec<DamagedPictureJson<'a>>,
    /// Films that are compared by nothing but their bytes, and why.
    films_by_bytes: Vec<SkippedJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    summary: SummaryJson<'a>,
}

#[derive(Serialize)]
struct PolicyJson {
    threshold: u32,
    fine_threshold: u32,
    sensitivity: Option<&'static str>,
    any_orientation: bool,
    include_bursts: bool,
    include_alike: bool,
    include_unsure: bool,
    include_films: bool,
    deep: bool,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    id: usize,
    keeper: PictureJson,
    reason: &'a str,
    duplicates: Vec<DuplicateJson>,
    linked: Vec<LinkedJson>,
    reclaimable_bytes: u64,
}

#[derive(Serialize)]
pub(super) struct PictureJson {
    #[serde(flatten)]
    path: PathForm,
    bytes: u64,
    width: u32,
    height: u32,
    format: &'static str,
    phash: String,
    fine: String,
    quality: u8,
    captured: Option<String>,
    reference: bool,
    #[serde(skip_serializing_if = "is_false")]
    damaged: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_names: Vec<PathForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    film: Option<FilmJson>,
}

/// How a film is stored.
#[derive(Serialize)]
struct FilmJson {
    codec: String,
    seconds: f64,
    frames: u32,
    keyframes: u32,
    /// Of the frames, without sound.
    bits_per_second: u64,
}

impl From<&FilmFacts> for FilmJson {
    fn from(facts: &FilmFacts) -> Self {
        Self {
            codec: facts.codec.clone(),
            seconds: facts.duration_us as f64 / 1e6,
            frames: facts.frames,
            keyframes: facts.keyframes,
            bits_per_second: facts.bit_rate(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct DuplicateJson {
    #[serde(flatten)]
    picture: PictureJson,
    distance: u32,
    fine_distance: u32,
    relation: &'static str,
    orientation: &'static str,
    /// How much of the details agrees, in per cent; null where only hashes were compared.
    likeness: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<RegionJson>,
    /// Which of the two is an edit of the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<&'static str>,
    acted_on: bool,
    #[serde(skip_serializing_if = "is_false")]
    shows_more: bool,
    #[serde(skip_serializing_if = "is_false")]
    whole_beside_damaged: bool,
    /// Why it is not sure which of it and the keeper is the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsure: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<AlarmJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carry: Option<CarryJson>,
}

/// What a duplicate knows and its keeper does not.
#[derive(Serialize)]
struct CarryJson {
    /// By field, as people read it.
    only: BTreeMap<&'static str, Vec<String>>,
    conflicts: Vec<ConflictJson>,
    /// `only` would be written beside the keeper.
    written: bool,
}

#[derive(Serialize)]
struct ConflictJson {
    field: &'static str,
    keeper: String,
    duplicate: String,
}

impl CarryJson {
    fn new(group: &Group, carry: &Carry) -> Self {
        let conflicts = carry.conflicts.iter().map(|conflict| ConflictJson {
            field: conflict.field.name(),
            keeper: conflict.keeper.clone(),
            duplicate: conflict.duplicate.clone(),
        });
        Self {
            only: carry.only.iter().map(|(field, values)| (field.name(), values.clone())).collect(),
            conflicts: conflicts.collect(),
            written: !carry.only.is_empty() && !group.keeper.reference,
        }
    }
}

/// The part of one of both pictures that the other one shows, in fractions of its sides.
#[derive(Serialize)]
pub(super) struct RegionJson {
    of: &'static str,
    top: f64,
    left: f64,
    bottom: f64,
    right: f64,
    /// Its share of the picture's area, in per cent.
    share: u32,
    surroundings: &'static str,
}

impl From<Region> for RegionJson {
    fn from(region: Region) -> Self {
        let [top, left, bottom, right] = region.edges.map(|edge| f64::from(edge) / 256.0);
        let (share, surroundings) = (region.per_cent(), region.surroundings.name());
        Self { of: region.of.name(), top, left, bottom, right, share, surroundings }
    }
}

impl RegionJson {
    /// The same of a needle and a picture of the library.
    pub(super) fn for_needle(region: Region) -> Self {
        let of = match region.of {
            Member::Keeper => "needle",
            Member::Duplicate => "picture",
        };
        Self { of, ..Self::from(region) }
    }
}

#[derive(Serialize)]
struct AlarmJson {
    /// `keeper`, `duplicate`, or null where it cannot be told.
    damaged: Option<&'static str>,
    why: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize)]
struct LinkedJson {
    #[serde(flatten)]
    picture: PictureJson,
    distance: u32,
    fine_distance: u32,
    near: Option<PathForm>,
}

#[derive(Serialize)]
pub(super) struct SkippedJson<'a> {
    #[serde(flatten)]
    path: PathForm,
    stage: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct DamagedPictureJson<'a> {
    #[serde(flatten)]
    path: PathForm,
    what: &'a str,
}

#[derive(Serialize)]
struct SummaryJson<'a> {
    files: u64,
    not_pictures: u64,
    images: u64,
    hashed: u64,
    from_cache: u64,
    films: u64,
    films_hashed: u64,
    films_from_cache: u64,
    films_by_bytes: u64,
    skipped: u64,
    damaged: u64,
    groups: u64,
    duplicates: u64,
    actionable: u64,
    bursts: u64,
    alike: u64,
    unsure: u64,
    other_films: u64,
    linked: u64,
    alarms: u64,
    reclaimable_bytes: u64,
    seconds: f64,
    backend: &'a str,
}

/// The report as JSON, indented, with a closing line break.
///
/// A path that is not UTF-8 stands lossily in `path` and exactly, base64, in `path_bytes`; for the
/// roots `roots_bytes` has one entry per root, null where the root is UTF-8.
///
/// # Errors
/// None that a report can cause; the signature is the serialiser's.
pub fn to_json(report: &Findings) -> serde_json::Result<String> {
    let summary = report.summary();
    let counts = &report.counts;
    let form = ReportJson {
        version: REPORT_VERSION,
        command: "dedupe",
        roots: lossy(&report.roots),
        roots_bytes: exact(&report.roots),
        references: lossy(&report.references),
        references_bytes: exact(&report.references),
        policy: PolicyJson {
            threshold: report.matching.policy.radius.0,
            fine_threshold: report.matching.policy.fine_radius.0,
            sensitivity: Sensitivity::from_threshold(report.matching.policy.radius.0)
                .map(Sensitivity::name),
            any_orientation: report.matching.any_orientation,
            include_bursts: report.matching.include_bursts,
            include_alike: report.matching.include_alike,
            include_unsure: report.matching.include_unsure,
            include_films: report.matching.include_films,
            deep: report.matching.deep,
        },
        groups: groups(report).collect(),
        skipped: report.skipped.iter().map(skipped).collect(),
        damaged: report
            .damaged
            .iter()
            .map(|damaged| DamagedPictureJson {
                path: PathForm::of(&damaged.path),
                what: &damaged.what,
            })
            .collect(),
        films_by_bytes: report.undecoded.iter().map(skipped).collect(),
        warnings: &report.warnings,
        summary: SummaryJson {
            files: counts.files,
            not_pictures: counts.not_pictures,
            images: counts.images,
            hashed: counts.hashed,
            from_cache: counts.from_cache,
            films: counts.films.films,
            films_hashed: counts.films.hashed,
            films_from_cache: counts.films.from_cache,
            films_by_bytes: counts.films.by_bytes,
            skipped: summary.skipped,
            damaged: summary.damaged,
            groups: summary.groups,
            duplicates: summary.duplicates,
            actionable: summary.actionable,
            bursts: summary.bursts,
            alike: summary.alike,
            unsure: summary.unsure,
            other_films: summary.other_films,
            linked: summary.linked,
            alarms: summary.alarms,
            reclaimable_bytes: summary.reclaimable_bytes,
            seconds: counts.seconds,
            backend: &counts.backend,
        },
    };
    let mut text = harmless_json(&serde_json::to_string_pretty(&form)?);
    text.push('\n');
    Ok(text)
}

fn groups(report: &Findings) -> impl Iterator<Item = GroupJson<'_>> {
    (1..).zip(&report.groups).map(|(id, group)| GroupJson {
        id,
        keeper: picture(&group.keeper),
        reason: &group.reason,
        duplicates: duplicates(report, group),
        linked: group.linked.iter().map(linked).collect(),
        reclaimable_bytes: group.reclaimable_bytes(&report.matching),
    })
}

/// The groups of a report, each as a JSON object without a number.
///
/// # Errors
/// None that a report can cause; the signature is the serialiser's.
#[cfg(feature = "kernel")]
pub fn group_values(report: &Findings) -> serde_json::Result<Vec<serde_json::Value>> {
    let values = groups(report).map(|group| {
        let mut value = serde_json::to_value(group)?;
        if let Some(object) = value.as_object_mut() {
            object.remove("id");
        }
        Ok(value)
    });
    values.collect()
}

fn lossy(paths: &[impl AsRef<Path>]) -> Vec<String> {
    paths.iter().map(|path| path.as_ref().to_string_lossy().into_owned()).collect()
}

fn exact(paths: &[impl AsRef<Path>]) -> Option<Vec<Option<String>>> {
    let exact: Vec<_> = paths.iter().map(|path| base64_unless_utf8(path.as_ref())).collect();
    exact.iter().any(Option::is_some).then_some(exact)
}

pub(super) fn skipped(skipped: &Skipped) -> SkippedJson<'_> {
    SkippedJson {
        path: PathForm::of(&skipped.path),
        stage: skipped.stage.name(),
        reason: &skipped.reason,
    }
}

pub(super) fn picture(picture: &FoundPicture) -> PictureJson {
    PictureJson {
        path: PathForm::of(&picture.path),
        bytes: picture.stamp.size.0,
        width: picture.dimensions.width,
        height: picture.dimensions.height,
        format: picture.format.name(),
        phash: picture.hash.upright().phash.to_string(),
        fine: picture.hash.upright().fine.to_string(),
        quality: picture.hash.quality.0,
        captured: picture.captured.map(iso_time),
        reference: picture.reference,
        damaged: picture.damaged,
        other_names: picture.other_names.iter().map(|name| PathForm::of(name)).collect(),
        evidence: evidence(picture),
        film: picture.film.as_ref().map(FilmJson::from),
    }
}

fn duplicates(report: &Findings, group: &Group) -> Vec<DuplicateJson> {
    let carries = report.carries(group);
    let carry = |duplicate: &Duplicate| {
        let carry = carries.get(duplicate.picture.path.as_path());
        carry.map(|carry| CarryJson::new(group, carry))
    };
    let duplicates = group.duplicates.iter();
    duplicates.map(|d| DuplicateJson { carry: carry(d), ..duplicate(report, group, d) }).collect()
}

pub(super) fn duplicate(report: &Findings, group: &Group, duplicate: &Duplicate) -> DuplicateJson {
    DuplicateJson {
        carry: None,
        picture: picture(&duplicate.picture),
        distance: duplicate.distance.0,
        fine_distance: duplicate.fine_distance.0,
        relation: duplicate.relation.name(),
        orientation: duplicate.orientation.name(),
        acted_on: report.matching.acts_on(duplicate),
        alarm: duplicate.alarm.as_ref().map(|alarm| AlarmJson {
            damaged: alarm.damaged.map(|damaged| match damaged {
                Damaged::Keeper => "keeper",
                Damaged::Duplicate => "duplicate",
            }),
            why: alarm.why.clone(),
        }),
        likeness: duplicate.likeness.map(|likeness| likeness.per_cent),
        region: duplicate.likeness.and_then(|likeness| likeness.region).map(RegionJson::from),
        edit: edited(group, duplicate).map(Member::name),
        shows_more: duplicate.shows_more,
        whole_beside_damaged: duplicate.whole_beside_damaged,
        unsure: duplicate.unsure,
    }
}

fn linked(linked: &Linked) -> LinkedJson {
    LinkedJson {
        picture: picture(&linked.picture),
        distance: linked.distance.0,
        fine_distance: linked.fine_distance.0,
        near: linked.near.as_deref().map(PathForm::of),
    }
}
