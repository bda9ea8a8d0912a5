//! Files media by the date they were taken: reads dates, puts together what belongs together, finds
//! a place for each, and proposes a plan. Changes nothing itself.

mod dates;
mod destination;
mod memory;
mod outcome;
mod places;
mod torn;
mod twins;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::act::layout::Template;
use crate::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin, Plan};
use crate::act::removed::RemovedContents;
use crate::files::content::content_hash;
use crate::files::real_paths::RealPaths;
use crate::files::walk::{WalkOptions, Walked, walk};
use crate::metadata::capture::Judge;
use crate::model::event::{Event, Phase, Progress};
use crate::model::media::{FileStamp, MediaFile};
use crate::model::path_text::for_people;
use crate::model::photo_library::photo_library_of;
use crate::model::record::{ContentHash, Skip, Stage};
pub use dates::explain;
use dates::{DatedShot, shots_of};
use destination::DestinationIndex;
use memory::Memory;
pub use outcome::{Count, Fate, Figures, Filed, Organized, RemovedBefore, WhyTaken};
pub(crate) use places::Places;
use torn::leave_torn_units;
pub use twins::Twins;
use twins::{Need, need};

/// What is to be filed, and how.
#[derive(Clone)]
pub struct OrganizeOptions {
    /// Where the files are.
    pub source: PathBuf,
    /// Where they go: a real path.
    pub destination: PathBuf,
    /// [`ActionKind::Copy`] or [`ActionKind::Move`].
    pub action: ActionKind,
    /// Which files are read.
    pub walk: WalkOptions,
    /// Into which folders.
    pub template: Template,
    /// Whether files that the destination has, anywhere, stay out.
    pub exact: bool,
    /// Pictures that stay out, or come in though the destination has them: what was found by
    /// looking at them.
    pub twins: Twins,
    /// What was removed as a duplicate before: it stays out while what was kept is there.
    pub removed: RemovedContents,
    /// Whether that comes in all the same, even if it looks like what the destination has.
    pub include_removed: bool,
    /// Whether folders that a move leaves empty are removed.
    pub prune: bool,
    /// The folder that relative paths start at.
    pub base: PathBuf,
    /// Only units of which every file is among these; `None` for all.
    pub only: Option<HashSet<PathBuf>>,
}

/// The folder for what has no date.
const UNKNOWN: &str = "Unknown";

/// A shot with all that is needed to file it.
struct FilingUnit {
    shot: DatedShot,
    /// Hashes of its files.
    contents: Vec<ContentHash>,
}

/// Proposes where everything in the source goes.
pub fn organize(
    options: &OrganizeOptions,
    judge: Judge<'_>,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Organized {
    let mut real = RealPaths::new(&options.base);
    let mut organized = Organized::new(bounded(options, &real));
    let mut walked = walk_all(&options.source, &options.walk, progress, cancel);
    organized.interrupted = walked.interrupted;
    organized.skipped = walked.skipped;
    leave_torn_units(&mut walked.files, &mut organized.skipped);
    if let Some(only) = &options.only {
        // What belongs to a file lies in its folder.
        let folders: HashSet<&Path> = only.iter().filter_map(|path| path.parent()).collect();
        walked
            .files
            .retain(|file| file.path.parent().is_some_and(|folder| folders.contains(folder)));
    }
    let moves = options.action == ActionKind::Move;
    let written =
        written(&mut walked.files, moves, &organized.plan, &mut real, &mut organized.skipped);
    let stamps: HashMap<PathBuf, FileStamp> =
        walked.files.iter().map(|file| (file.path.clone(), file.stamp)).collect();
    let (mut shots, leftovers) = shots_of(&walked.files, judge, progress, cancel);
    if let Some(only) = &options.only {
        shots.retain(|shot| shot.files.iter().all(|path| only.contains(path)));
    }
    organized.leftovers = leftovers;
    let units = hashed(shots, &stamps, &mut organized.skipped, progress, cancel);
    let mut there = if options.exact { Some(DestinationIndex::new(options, cancel)) } else { None };
    organized.interrupted |= cancel.load(Ordering::Relaxed);

    let mut places = Places::default();
    let mut memory = Memory::new(options, &real);
    let best = best_of_identical(&units);
    for (at, unit) in units.iter().enumerate() {
        let fate = match best.get(&at) {
            Some(&other) => Fate::SameAs(units[other].shot.first().to_owned()),
            None => {
                let folder = folder_of(unit, options);
                match need(unit, options, there.as_mut(), &mut memory, &stamps) {
                    Need::Twin(twin) if twin.parent() == Some(&folder) => {
                        Fate::AlreadyThere(folder)
                    }
                    Need::Twin(twin) => Fate::Twin(twin),
                    Need::Removed(before) => Fate::Removed(before),
                    Need::Wanted(removed) => {
                        let plan = &mut organized.plan;
                        let found = FoundFiles { stamps: &stamps, written: &written };
                        match file(unit, &folder, options, found, &mut places, plan) {
                            true => {
                                Fate::Planned { better: better(unit, options), folder, removed }
                            }
                            false => Fate::AlreadyThere(folder),
                        }
                    }
                }
            }
        };
        organized.filed.push(filed(unit, fate, &stamps));
    }
    if options.prune && options.action == ActionKind::Move {
        organized.plan.prune = emptied(&organized.plan);
    }
    organized
}

/// A plan without acts that says where it may act. Its first root is the source.
fn bounded(options: &OrganizeOptions, real: &RealPaths) -> Plan {
    let mut plan = Plan::new(Origin::Organize, real.base());
    let destination = ExactPath(real.place(&options.destination));
    plan.roots.extend(real.folder(&options.source).map(ExactPath));
    if !plan.roots.contains(&destination) {
        plan.roots.push(destination.clone());
    }
    plan.destinations = vec![destination];
    plan
}

/// How the plan writes the path of each file, by the path that it was found by. What a symbolic
/// link leads to outside the source is skipped, and so is what would be moved out of a photo library.
fn written(
    files: &mut Vec<MediaFile>,
    moves: bool,
    plan: &Plan,
    real: &mut RealPaths,
    skipped: &mut Vec<Skip>,
) -> HashMap<PathBuf, PathBuf> {
    let reach = plan.reach().ok();
    let mut written = HashMap::with_capacity(files.len());
    files.retain(|file| {
        let reason = match real.real(&file.path) {
            Ok(path) => {
                let whole = real.base().join(&path);
                let is_link = whole.symlink_metadata().is_ok_and(|found| found.is_symlink());
                if let Some(library) = photo_library_of(&whole).filter(|_| moves) {
                    let library = for_people(library);
                    let reason =
                        format!("lies in the photo library {library}: it can be copied, not moved");
                    skipped.push(Skip { path: file.path.clone(), stage: Stage::Walk, reason });
                    return false;
                }
                let inside = reach.as_ref().is_some_and(|reach| reach.acts_on(&whole));
                if inside && !is_link {
                    written.insert(file.path.clone(), path);
                    return true;
                }
                "a symbolic link leads to it: only files of the source itself are filed".to_owned()
            }
            Err(error) => error.to_string(),
        };
        skipped.push(Skip { path: file.path.clone(), stage: Stage::Walk, reason });
        false
    });
    written
}

/// What is known of the files that were found, by the paths that they were found by.
#[derive(Clone, Copy)]
struct FoundFiles<'a> {
    stamps: &'a HashMap<PathBuf, FileStamp>,
    /// Their paths as the plan writes them.
    written: &'a HashMap<PathBuf, PathBuf>,
}

fn walk_all(
    root: &Path,
    options: &WalkOptions,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Walked {
    progress.on(Event::StageStarted { stage: Phase::Walk, total: None });
    let options = WalkOptions { all: true, ..options.clone() };
    let found = |files| progress.on(Event::Found { files });
    let walked = walk(&[root.to_owned()], &options, &found, cancel);
    progress.on(Event::StageFinished { stage: Phase::Walk });
    walked
}

/// Hashes the files of every shot; one that cannot be read leaves its shot out.
fn hashed(
    shots: Vec<DatedShot>,
    stamps: &HashMap<PathBuf, FileStamp>,
    skipped: &mut Vec<Skip>,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Vec<FilingUnit> {
    let files: u64 = shots.iter().map(|shot| shot.files.len() as u64).sum();
    progress.on(Event::StageStarted { stage: Phase::Verify, total: Some(files) });
    let read = |shot: DatedShot| -> Result<FilingUnit, Skip> {
        let mut contents = Vec::with_capacity(shot.files.len());
        for path in &shot.files {
            if cancel.load(Ordering::Relaxed) {
                break;
            }
            let skip = |reason: String| Skip { path: path.clone(), stage: Stage::Read, reason };
            contents.push(content_hash(path).map_err(|error| skip(error.to_string()))?);
            let bytes = stamps.get(path).map_or(0, |stamp| stamp.size.0);
            progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
        }
        Ok(FilingUnit { shot, contents })
    };
    let results: Vec<Result<FilingUnit, Skip>> = shots.into_par_iter().map(read).collect();
    progress.on(Event::StageFinished { stage: Phase::Verify });
    let mut units = Vec::new();
    for result in results {
        match result {
            // After an interruption.
            Ok(unit) if unit.contents.len() < unit.shot.files.len() => {}
            Ok(unit) => units.push(unit),
            Err(skip) => skipped.push(skip),
        }
    }
    skipped.sort();
    units
}

/// For each unit whose media are byte for byte those of another, which one comes in: the one with
/// the most beside it, then the one with the shortest path.
fn best_of_identical(units: &[FilingUnit]) -> HashMap<usize, usize> {
    let mut by_content: HashMap<&[ContentHash], Vec<usize>> = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        by_content.entry(&unit.contents[..unit.shot.media]).or_default().push(at);
    }
    let mut best = HashMap::new();
    for group in by_content.into_values().filter(|group| group.len() > 1) {
        let key = |&at: &usize| {
            let unit = &units[at];
            let path = unit.shot.first();
            let firm = unit.shot.decision.time().is_some_and(|(_, source)| source.is_firm());
            (
                !firm,
                std::cmp::Reverse(unit.shot.files.len()),
                path.as_os_str().len(),
                path.to_owned(),
            )
        };
        if let Some(&keeper) = group.iter().min_by_key(|at| key(at)) {
            best.extend(group.iter().filter(|&&at| at != keeper).map(|&at| (at, keeper)));
        }
    }
    best
}

/// The folder that a unit belongs in.
fn folder_of(unit: &FilingUnit, options: &OrganizeOptions) -> PathBuf {
    let (time, camera) = unit.shot.filed_by();
    options.destination.join(match time {
        Some(time) => options.template.folder(time, camera),
        None => PathBuf::from(UNKNOWN),
    })
}

/// The library's picture that one of the unit is better than.
fn better(unit: &FilingUnit, options: &OrganizeOptions) -> Option<PathBuf> {
    unit.shot.files.iter().find_map(|path| options.twins.better.get(path)).cloned()
}

/// Finds a place for a unit, and adds it to the plan; false where all of it is there already.
fn file(
    unit: &FilingUnit,
    folder: &Path,
    options: &OrganizeOptions,
    known: FoundFiles<'_>,
    places: &mut Places,
    plan: &mut Plan,
) -> bool {
    let found = places.find(folder, &unit.shot.files, &unit.contents);
    let mut members = Vec::new();
    for ((path, content), place) in unit.shot.files.iter().zip(&unit.contents).zip(&found) {
        let (Some(place), Some(stamp), Some(written)) =
            (place, known.stamps.get(path), known.written.get(path))
        else {
            continue;
        };
        let source = Expected { path: written.clone(), stamp: *stamp, content: Some(*content) };
        members.push(Member::alone(source).going_to(place.clone()));
    }
    if members.is_empty() {
        return false;
    }
    plan.actions.push(Action {
        group: 0,
        action: options.action,
        files: members,
        why: match unit.shot.taken() {
            Some((time, source)) => {
                format!("taken {} ({})", crate::model::readable::iso_time(time), source.name())
            }
            None => "no date is known".to_owned(),
        },
    });
    true
}

fn filed(unit: &FilingUnit, fate: Fate, stamps: &HashMap<PathBuf, FileStamp>) -> Filed {
    let decision = &unit.shot.decision;
    let bytes = unit.shot.files.iter().filter_map(|path| stamps.get(path)).map(|s| s.size.0).sum();
    let conflicts = decision.conflicts.iter().filter_map(|&at| {
        let judged = decision.judged.get(at)?;
        let time = crate::model::readable::iso_time(judged.time.ok()?);
        Some(format!("{} says {time}", judged.candidate.source.name()))
    });
    Filed {
        files: unit.shot.files.clone(),
        bytes,
        taken: unit.shot.taken(),
        conflicts: conflicts.collect(),
        fate,
    }
}

/// Folders of the source that lose files, the innermost first; not the source itself.
fn emptied(plan: &Plan) -> Vec<ExactPath> {
    let Some(ExactPath(source)) = plan.roots.first() else { return Vec::new() };
    let mut folders: BTreeSet<(std::cmp::Reverse<usize>, PathBuf)> = BTreeSet::new();
    let moved = plan.actions.iter().flat_map(|action| &action.files);
    for member in moved {
        let above = member.source.path.ancestors().skip(1);
        let inside = above.take_while(|folder| {
            let whole = plan.resolve(folder);
            whole.starts_with(source) && whole != *source
        });
        for folder in inside {
            folders.insert((std::cmp::Reverse(folder.components().count()), folder.to_owned()));
        }
    }
    folders.into_iter().map(|(_, folder)| ExactPath(folder)).collect()
}
