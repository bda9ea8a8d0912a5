//! `group`: groups, keepers and reasons among the pictures of whole components.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::ipc::{Input, Output};
use super::pictures::{Pictures, Rows, Whereabouts};
use super::table::{COMPONENT, Cell, Column, ID, Kind, PATH, PATH_BYTES, VOLUME_NAME, path_cells};
use super::tiles::CarriedTiles;
use super::{KernelError, MatchingRule, handed, marks};
use crate::decode::DecodeOptions;
use crate::dedupe::prover::{HashesAlone, Prover};
use crate::dedupe::tile_prover::TileProver;
use crate::dedupe::{self, DedupeOptions, Deduplicated, Prefer, Units};
use crate::files::content::content_hash;
use crate::index::CpuJoiner;
use crate::model::findings::{Findings, Group, Matching};
use crate::model::policy::KeepRule;
use crate::model::record::{Mark, Picture};
use crate::picture::tile::DetailTile;
use crate::scan::damage;
use crate::scan::read_detail;

/// Most times that groups are found again because a file turned out to be damaged.
const ROUNDS: u32 = 8;

/// Pairs that are no duplicates of each other, though they look so.
const MARKS_KEY: &str = "clean_backup.marks";

/// How groups are made.
#[derive(Clone, Debug, Default)]
pub struct GroupOptions {
    /// When two pictures are the same.
    pub rule: MatchingRule,
    /// Treat frames of a burst as duplicates.
    pub include_bursts: bool,
    /// Treat pictures that are only alike as duplicates.
    pub include_alike: bool,
    /// Act on copies although it is not sure which one is the original.
    pub include_unsure: bool,
    /// Rules for the keeper, before the usual order.
    pub keep: Vec<KeepRule>,
    /// Paths that `prefer` rules prefer.
    pub prefer: Option<Prefer>,
    /// Write paths with the names of their volumes.
    pub name_volumes: bool,
    /// Open files where more has to be known of them: all volumes are at their paths here.
    pub files: Option<DecodeOptions>,
}

/// Renders groups as reports have them, each as a JSON object.
pub type RenderGroups<'a> = &'a dyn Fn(&Findings) -> serde_json::Result<Vec<Value>>;

const KIND: Column = Column { name: "kind", kind: Kind::Text };
const GROUP: Column = Column { name: "group", kind: Kind::Text };
const DUPLICATES: Column = Column { name: "duplicates", kind: Kind::Int32 };
const ACTED_ON: Column = Column { name: "acted_on", kind: Kind::Int32 };
const RECLAIMABLE: Column = Column { name: "reclaimable_bytes", kind: Kind::Int64 };
const PLAN: Column = Column { name: "plan", kind: Kind::Text };

/// Finds the groups among the pictures of whole components.
///
/// # Errors
/// [`KernelError`]
pub fn group(
    input: &mut dyn Read,
    output: &mut dyn Write,
    options: &GroupOptions,
    render: RenderGroups<'_>,
) -> Result<(), KernelError> {
    let mut input = Input::open(input, Some(options.rule))?;
    let marks = match input.metadata(MARKS_KEY) {
        Some(text) => marks::from_json(text)
            .ok_or_else(|| KernelError::Refused(format!("{MARKS_KEY} cannot be understood")))?,
        None => Vec::new(),
    };
    let columns = vec![
        KIND,
        COMPONENT,
        ID,
        VOLUME_NAME,
        PATH,
        PATH_BYTES,
        GROUP,
        DUPLICATES,
        ACTED_ON,
        RECLAIMABLE,
        PLAN,
    ];
    let mut output = Output::open(output, columns, Some(options.rule))?;
    let mut rows = Rows::new(options.name_volumes);
    while let Some(batch) = input.next()? {
        rows.take(&batch)?;
    }
    let mut all = rows.finish()?;
    let deduped = options.deduped(std::mem::take(&mut all.units), marks);
    let (found, wanted) = settled(&mut all, &deduped, options);
    let undecided: BTreeSet<i64> =
        wanted.iter().map(|&index| all.whereabouts[index as usize].component).collect();
    for index in wanted {
        let place = &all.whereabouts[index as usize];
        output.push(row("detail", place, [const { Cell::Missing }; 5]))?;
    }
    let mut findings = Findings {
        matching: options.matching(),
        groups: found.report_groups(&all.pictures, &deduped),
        ..Findings::default()
    };
    // A component of which one pair is open is asked of again.
    let places: HashMap<&Path, &Whereabouts> =
        all.pictures.iter().map(|p| p.file.path.as_path()).zip(&all.whereabouts).collect();
    findings.groups.retain(|group| {
        let place = places.get(group.keeper.path.as_path());
        place.is_some_and(|place| !undecided.contains(&place.component))
    });
    if options.files.is_some() {
        findings.learn();
    }
    let rendered = render(&findings).map_err(|error| KernelError::Output(error.into()))?;
    for (group, mut json) in findings.groups.iter().zip(rendered) {
        name_volumes(&mut json, group, &places);
        let Some(place) = places.get(group.keeper.path.as_path()) else { continue };
        let acted_on = group.duplicates.iter().filter(|d| findings.matching.acts_on(d)).count();
        let told = [
            Cell::Text(json.to_string()),
            Cell::Signed(group.duplicates.len() as i64),
            Cell::Signed(acted_on as i64),
            Cell::Unsigned(group.reclaimable_bytes(&findings.matching)),
            handed::group_json(group, &findings.matching, &|path| {
                places.get(path).copied().cloned()
            })
            .map_or(Cell::Missing, Cell::Text),
        ];
        output.push(row("group", place, told))?;
    }
    output.finish()
}

fn row(kind: &str, place: &Whereabouts, told: [Cell; 5]) -> Vec<Cell> {
    let [path, exact] = path_cells(&place.path);
    let mut row = vec![
        Cell::Text(kind.to_owned()),
        Cell::Signed(place.component),
        Cell::Signed(place.id),
        Cell::Text(place.volume_name.clone()),
        path,
        exact,
    ];
    row.extend(told);
    row
}

/// Each picture says on which volume it is.
fn name_volumes(json: &mut Value, group: &Group, places: &HashMap<&Path, &Whereabouts>) {
    let tell = |json: Option<&mut Value>, path: &Path| {
        if let (Some(Value::Object(picture)), Some(place)) = (json, places.get(path)) {
            picture.insert("volume".to_owned(), place.volume_name.clone().into());
        }
    };
    tell(json.get_mut("keeper"), &group.keeper.path);
    for (at, duplicate) in group.duplicates.iter().enumerate() {
        tell(json["duplicates"].get_mut(at), &duplicate.picture.path);
    }
    for (at, linked) in group.linked.iter().enumerate() {
        tell(json["linked"].get_mut(at), &linked.picture.path);
    }
}

impl GroupOptions {
    fn deduped(&self, units: Units, marks: Vec<Mark>) -> DedupeOptions {
        DedupeOptions {
            include_bursts: self.include_bursts,
            include_alike: self.include_alike,
            keep: self.keep.clone(),
            prefer: self.prefer.clone(),
            marks,
            units: Some(units),
            ..self.rule.options()
        }
    }

    fn matching(&self) -> Matching {
        Matching {
            policy: self.rule.policy,
            fine_only: self.rule.fine_only,
            any_orientation: self.rule.any_orientation,
            include_bursts: self.include_bursts,
            include_alike: self.include_alike,
            include_unsure: self.include_unsure,
            ..Matching::default()
        }
    }
}

/// The groups, and the pictures whose detail would have to be known.
fn settled(
    all: &mut Pictures,
    deduped: &DedupeOptions,
    options: &GroupOptions,
) -> (Deduplicated, BTreeSet<u32>) {
    let mut tiles = CarriedTiles(std::mem::take(&mut all.tiles));
    let places: BTreeMap<PathBuf, u32> =
        all.pictures.iter().map(|p| p.file.path.clone()).zip(0..).collect();
    let mut last = (Deduplicated::default(), BTreeSet::new());
    for _ in 0..ROUNDS {
        let wanted: Mutex<BTreeSet<u32>> = Mutex::default();
        let detail = |picture: &Picture| -> Option<DetailTile> {
            let path = &picture.file.path;
            if let Some(detail) = all.details.get(path) {
                return Some(detail.clone());
            }
            let place = *places.get(path)?;
            if let Some(decode) = &options.files {
                let real = &all.whereabouts[place as usize].path;
                return read_detail(real, picture.content, decode);
            }
            wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
            None
        };
        let found = {
            let cancel = AtomicBool::new(false);
            let sees_tiles = !tiles.are_none();
            let by_tiles = TileProver::new(&all.pictures, &mut tiles, &detail, &cancel);
            let prover: &dyn Prover = if sees_tiles { &by_tiles } else { &HashesAlone };
            let read = |picture: &Picture| content_hash(&picture.file.path);
            dedupe::dedupe(&all.pictures, deduped, &read, &CpuJoiner, prover, &())
        };
        last = (found, wanted.into_inner().unwrap_or_else(PoisonError::into_inner));
        let Some(decode) = &options.files else { break };
        if !damage::examine_alarms(&mut all.pictures, &mut last.0, decode) {
            break;
        }
    }
    last
}
