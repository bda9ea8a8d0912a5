//! From hashed pictures to groups: neighbours by both radii, stars around the best keepers, and
//! what kind of match each one is. Decides only; it changes no file.

mod apart;
mod classes;
mod dense;
pub mod keeper;
mod neighbours;
mod nodes;
pub mod partition;
pub mod regroup;
pub mod relation;
mod report;
mod stars;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::dedupe::keeper::Candidate;
use crate::dedupe::relation::Relation;
use crate::index::Joiner;
use crate::model::event::{Event, Phase, Progress};
use crate::model::findings::Alarm;
use crate::model::media::{Bytes, FileKey, Orientation};
use crate::model::phash::View;
use crate::model::policy::{KeepRule, Policy};
use crate::model::record::{Apart, ContentHash, Picture, Skip};
use crate::units::{self, UnitRole};
use apart::Marked;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct DedupeOptions {
    /// The radii.
    pub policy: Policy,
    /// Match by the 256-bit hash alone.
    pub fine_only: bool,
    /// Look for turned and mirrored copies too.
    pub any_orientation: bool,
    /// Treat frames of a burst as duplicates.
    pub include_bursts: bool,
    /// What makes a keeper, before the usual order.
    pub keep: Vec<KeepRule>,
    /// Paths that [`KeepRule::Prefer`] prefers.
    pub prefer: Option<Prefer>,
    /// Films beside pictures: a picture with its film is more than one without.
    pub films: Vec<PathBuf>,
    /// Pairs that are no duplicates of each other, though they look so.
    pub apart: Vec<Apart>,
    /// For each root of the scan, whether it is a reference folder.
    pub reference_roots: Vec<bool>,
}

/// Tells whether the rule at a place of [`DedupeOptions::keep`] prefers a path.
pub type Preference = dyn Fn(usize, &Path) -> bool + Send + Sync;

/// A shared [`Preference`].
#[derive(Clone)]
pub struct Prefer(pub Arc<Preference>);

impl std::fmt::Debug for Prefer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prefer")
    }
}

/// A picture in a group, beside its keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Index into the pictures.
    pub picture: u32,
    /// 64-bit distance to the keeper.
    pub distance: u32,
    /// 256-bit distance to the keeper.
    pub fine_distance: u32,
    /// What kind of match it is.
    pub relation: Relation,
    /// What turns the keeper into the duplicate.
    pub orientation: Orientation,
    /// Why it, or the keeper, may be damaged.
    pub alarm: Option<Alarm>,
}

/// A keeper and what it makes superfluous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Index into the pictures.
    pub keeper: u32,
    /// The first difference that made it the keeper, against the best of the others.
    pub reason: String,
    /// Each within the policy of the keeper; best first.
    pub duplicates: Vec<Duplicate>,
    /// Near one of the group, but no duplicate of the keeper: shown, never acted on.
    pub linked: Vec<u32>,
    /// Bytes that acting on the duplicates would free.
    pub reclaimable: Bytes,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Deduplicated {
    /// By the path of their keepers.
    pub groups: Vec<Group>,
    /// Names that were left out because they are hard links to a picture that is listed.
    pub hard_links: u64,
    /// Files whose bytes could not be compared.
    pub skipped: Vec<Skip>,
    /// Byte hashes that were computed on the way, by picture, for the cache.
    pub contents: Vec<(u32, ContentHash)>,
}

/// The pictures and what is asked of them.
struct Question<'a> {
    pictures: &'a [Picture],
    roles: Vec<UnitRole>,
    policy: Policy,
    options: &'a DedupeOptions,
    marked: Marked,
    /// Place among the pictures that matter, best keeper first.
    rank: Vec<u32>,
}

impl Question<'_> {
    fn is_reference(&self, picture: &Picture) -> bool {
        self.options.reference_roots.get(picture.file.root as usize).copied().unwrap_or(false)
    }

    fn is_reference_index(&self, index: u32) -> bool {
        self.is_reference(&self.pictures[index as usize])
    }

    /// The hashes as shown.
    fn view(&self, index: u32) -> View {
        self.pictures[index as usize].record.hash.upright()
    }

    fn candidate(&self, index: u32) -> Candidate<'_> {
        let picture = &self.pictures[index as usize];
        Candidate {
            reference: self.is_reference(picture),
            complete_unit: self.roles[index as usize] != UnitRole::Single,
            preferred: self.preferred(&picture.file.path),
            path: &picture.file.path,
            stamp: picture.file.stamp,
            record: &picture.record,
        }
    }

    fn preferred(&self, path: &Path) -> u64 {
        let Some(prefer) = &self.options.prefer else { return 0 };
        let rules = self.options.keep.iter().enumerate().take(u64::BITS as usize);
        rules
            .filter(|(place, rule)| matches!(rule, KeepRule::Prefer(_)) && (prefer.0)(*place, path))
            .fold(0, |bits, (place, _)| bits | 1 << place)
    }

    fn relation(&self, a: u32, b: u32, identical: bool) -> Relation {
        let side = |index: u32| {
            let picture = &self.pictures[index as usize];
            relation::Side { metadata: &picture.record.metadata, path: &picture.file.path }
        };
        relation::relate(side(a), side(b), identical)
    }
}

/// Byte hashes by picture: those known from before, and those that had to be computed.
struct Contents<'a> {
    pictures: &'a [Picture],
    read: &'a (dyn Fn(&Picture) -> std::io::Result<ContentHash> + Sync),
    known: HashMap<u32, Option<ContentHash>>,
    computed: Vec<(u32, ContentHash)>,
    skipped: Vec<Skip>,
}

impl Contents<'_> {
    fn get(&mut self, index: u32) -> Option<ContentHash> {
        let picture = self.pictures.get(index as usize)?;
        if picture.content.is_some() {
            return picture.content;
        }
        if let Some(known) = self.known.get(&index) {
            return *known;
        }
        let read = (self.read)(picture);
        self.keep(index, read)
    }

    /// Reads many files at once, so that later [`Self::get`]s find them.
    fn prefetch(&mut self, wanted: &[u32], progress: &dyn Progress) {
        let missing: Vec<u32> = wanted
            .iter()
            .copied()
            .filter(|&index| {
                self.pictures[index as usize].content.is_none() && !self.known.contains_key(&index)
            })
            .collect();
        progress
            .on(Event::StageStarted { stage: Phase::Verify, total: Some(missing.len() as u64) });
        let (pictures, read) = (self.pictures, self.read);
        let results: Vec<_> = missing
            .par_iter()
            .map(|&index| {
                let picture = &pictures[index as usize];
                let result = read(picture);
                let bytes = picture.file.stamp.size.0;
                progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
                result
            })
            .collect();
        for (index, result) in missing.into_iter().zip(results) {
            self.keep(index, result);
        }
        progress.on(Event::StageFinished { stage: Phase::Verify });
    }

    fn keep(&mut self, index: u32, result: std::io::Result<ContentHash>) -> Option<ContentHash> {
        let content = match result {
            Ok(content) => {
                self.computed.push((index, content));
                Some(content)
            }
            Err(error) => {
                self.skipped.push(Skip {
                    path: self.pictures[index as usize].file.path.clone(),
                    stage: crate::model::record::Stage::Read,
                    reason: format!("its bytes could not be compared: {error}"),
                });
                None
            }
        };
        self.known.insert(index, content);
        content
    }
}

/// Finds the groups among `pictures` (sorted by path, as a scan gives them).
///
/// `read` computes the hash of a picture's bytes; it is asked only for pictures of equal size that
/// match, and only when the hash is not known yet. `joiner` finds the candidates.
pub fn dedupe(
    pictures: &[Picture],
    options: &DedupeOptions,
    read: &(dyn Fn(&Picture) -> std::io::Result<ContentHash> + Sync),
    joiner: &dyn Joiner,
    progress: &dyn Progress,
) -> Deduplicated {
    progress.on(Event::StageStarted { stage: Phase::Compare, total: None });
    let roles = units::roles(
        pictures.iter().map(|picture| (picture.file.path.as_path(), picture.record.format)),
        &options.films,
    );
    let mut contents = Contents {
        pictures,
        read,
        known: HashMap::new(),
        computed: Vec::new(),
        skipped: Vec::new(),
    };
    let marked = Marked::new(&options.apart, pictures, &mut contents, progress);
    let policy = options.policy;
    let mut question = Question { pictures, roles, policy, options, marked, rank: Vec::new() };

    let counted = counted(&question);
    let hard_links = (pictures.len() - counted.len()) as u64;
    let classes = classes::classes(&question, &counted, &mut |index| contents.get(index));
    drop(counted);
    let neighbours = neighbours::find(&question, &classes, joiner);
    let nodes = nodes::nodes(&mut question, &classes, neighbours);
    drop(classes);
    let mut groups = stars::groups(&question, &nodes);
    progress.on(Event::StageFinished { stage: Phase::Compare });

    confirm_identical(&question, options, &mut groups, &mut contents, progress);
    groups.sort_by(|a, b| {
        let path = |group: &Group| &pictures[group.keeper as usize].file.path;
        path(a).cmp(path(b))
    });
    contents.skipped.sort();
    contents.computed.sort_unstable_by_key(|(index, _)| *index);
    Deduplicated { groups, hard_links, skipped: contents.skipped, contents: contents.computed }
}

/// The pictures without the worse names of files that have several, by index.
fn counted(question: &Question<'_>) -> Vec<u32> {
    let key = |index: u32| question.pictures[index as usize].file.stamp.key;
    let mut names: Vec<(FileKey, u32)> =
        (0..question.pictures.len() as u32).map(|index| (key(index), index)).collect();
    names.par_sort_unstable();
    let mut counted: Vec<u32> = names
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|names| {
            let indices = names.iter().map(|(_, index)| *index);
            indices.min_by(|&a, &b| {
                let keep = &question.options.keep;
                keeper::compare(&question.candidate(a), &question.candidate(b), keep).0
            })
        })
        .collect();
    counted.sort_unstable();
    counted
}

/// Compares the bytes of duplicates that are as long as their keepers, then fills in what follows
/// from that: relation, reason, bytes to free.
fn confirm_identical(
    question: &Question<'_>,
    options: &DedupeOptions,
    groups: &mut [Group],
    contents: &mut Contents<'_>,
    progress: &dyn Progress,
) {
    let size = |index: u32| question.pictures[index as usize].file.stamp.size;
    let damaged = |index: u32| question.pictures[index as usize].record.marks.damaged_tail;
    let mut wanted = Vec::new();
    for group in groups.iter() {
        let before = wanted.len();
        let same_size = group.duplicates.iter().map(|d| d.picture);
        wanted.extend(same_size.filter(|&index| size(index) == size(group.keeper)));
        if wanted.len() > before {
            wanted.push(group.keeper);
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    contents.prefetch(&wanted, progress);
    let mut outline = |index: u32| {
        let picture = &question.pictures[index as usize];
        let (size, format) = (picture.file.stamp.size, picture.record.format);
        relation::Outline { size, format, content: contents.get(index) }
    };
    for group in groups {
        let keeper = group.keeper;
        // An undated keeper may be near two frames of one burst: the first dated duplicate speaks
        // for the shot, and frames taken apart from it are shown, not acted on.
        let dated =
            |index: u32| question.pictures[index as usize].record.metadata.captured.is_some();
        let witness = std::iter::once(keeper)
            .chain(group.duplicates.iter().map(|d| d.picture))
            .find(|&index| dated(index));
        for duplicate in &mut group.duplicates {
            let identical = size(duplicate.picture) == size(keeper) && {
                let content = outline(keeper).content;
                content.is_some() && outline(duplicate.picture).content == content
            };
            let apart = witness.is_some_and(|witness| {
                question.relation(witness, duplicate.picture, false) == Relation::Burst
            });
            duplicate.relation = match (identical, apart) {
                (true, _) => Relation::Identical,
                (false, true) => Relation::Burst,
                (false, false) => Relation::Copy,
            };
        }
        for duplicate in &mut group.duplicates {
            let distances = (duplicate.distance, duplicate.fine_distance);
            // Only files of one length are read.
            if size(duplicate.picture) != size(keeper) {
                continue;
            }
            let (kept, other) = (outline(keeper), outline(duplicate.picture));
            if relation::may_be_damaged(kept, other, distances, duplicate.relation) {
                duplicate.alarm = Some(Alarm::unexamined());
            }
        }
        let rank = |d: &Duplicate| (d.relation, d.distance, d.fine_distance, d.picture);
        group.duplicates.sort_by_key(rank);
        group.linked.sort_unstable();
        group.reclaimable = Bytes(
            group
                .duplicates
                .iter()
                .filter(|d| d.relation != Relation::Burst || options.include_bursts)
                .filter(|d| d.alarm.is_none())
                .filter(|d| !damaged(keeper) || damaged(d.picture))
                .map(|d| size(d.picture).0)
                .sum(),
        );
        let best =
            group.duplicates.iter().map(|d| d.picture).reduce(|a, b| {
                match keeper::compare(&question.candidate(a), &question.candidate(b), &options.keep)
                    .0
                {
                    Ordering::Greater => b,
                    _ => a,
                }
            });
        if let Some(best) = best {
            let (_, reason) = keeper::compare(
                &question.candidate(keeper),
                &question.candidate(best),
                &options.keep,
            );
            group.reason = reason.to_owned();
        }
    }
}
