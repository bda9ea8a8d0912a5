//! From hashed pictures to groups: neighbours by both radii, stars around the best keepers, and
//! what kind of match each one is. Decides only; it changes no file.

mod classes;
mod neighbours;
mod report;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::event::{Event, Phase, Progress};
use crate::group::{self, Edge};
use crate::keeper::{self, Candidate, KeepRule};
use crate::media::{Bytes, FileKey, Orientation};
use crate::policy::Policy;
use crate::record::{ContentHash, Picture, Skip};
use crate::relation::{self, Relation};
use crate::units::{self, UnitRole};
use classes::Class;
use neighbours::Neighbours;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct DedupeOptions {
    /// The radii.
    pub policy: Policy,
    /// Look for turned and mirrored copies too.
    pub any_orientation: bool,
    /// Treat frames of a burst as duplicates.
    pub include_bursts: bool,
    /// What makes a keeper, before the usual order.
    pub keep: Vec<KeepRule>,
    /// Paths that [`KeepRule::Preferred`] prefers.
    pub prefer: Option<Prefer>,
    /// For each root of the scan, whether it is a reference folder.
    pub reference_roots: Vec<bool>,
}

/// Tells whether a path is preferred.
#[derive(Clone)]
pub struct Prefer(pub Arc<dyn Fn(&Path) -> bool + Send + Sync>);

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
    /// Near a duplicate, but not near the keeper: shown, never acted on.
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
}

impl Question<'_> {
    fn is_reference(&self, picture: &Picture) -> bool {
        self.options.reference_roots.get(picture.file.root as usize).copied().unwrap_or(false)
    }

    fn candidate(&self, index: u32) -> Candidate<'_> {
        let picture = &self.pictures[index as usize];
        Candidate {
            reference: self.is_reference(picture),
            complete_unit: self.roles[index as usize] != UnitRole::Single,
            preferred: self.options.prefer.as_ref().is_some_and(|p| (p.0)(&picture.file.path)),
            path: &picture.file.path,
            stamp: picture.file.stamp,
            record: &picture.record,
        }
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
        progress.on(Event::StageStarted { stage: Phase::Verify, total: Some(missing.len() as u64) });
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
                    stage: crate::record::Stage::Read,
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
/// match, and only when the hash is not known yet.
pub fn dedupe(
    pictures: &[Picture],
    options: &DedupeOptions,
    read: &(dyn Fn(&Picture) -> std::io::Result<ContentHash> + Sync),
    progress: &dyn Progress,
) -> Deduplicated {
    progress.on(Event::StageStarted { stage: Phase::Compare, total: None });
    let roles = units::roles(
        pictures.iter().map(|picture| (picture.file.path.as_path(), picture.record.format)),
    );
    let question = Question {
        pictures,
        roles,
        policy: options.policy,
        options,
    };
    let mut contents = Contents {
        pictures,
        read,
        known: HashMap::new(),
        computed: Vec::new(),
        skipped: Vec::new(),
    };

    // Rank all once; everything below compares ranks.
    let mut order: Vec<u32> = (0..pictures.len() as u32).collect();
    order.par_sort_unstable_by(|&a, &b| {
        keeper::compare(&question.candidate(a), &question.candidate(b), &options.keep).0
    });
    let mut rank = vec![0; pictures.len()];
    for (position, &index) in order.iter().enumerate() {
        rank[index as usize] = position as u32;
    }

    // Of several names of one file only the best counts.
    let mut seen: HashSet<FileKey> = HashSet::with_capacity(pictures.len());
    let counted: Vec<u32> =
        order.iter().copied().filter(|&i| seen.insert(pictures[i as usize].file.stamp.key)).collect();
    let hard_links = (pictures.len() - counted.len()) as u64;

    let classes = classes::classes(&question, &counted, &rank, &mut |index| contents.get(index));
    let neighbours = neighbours::find(&question, &classes, options.any_orientation);
    let mut groups = stars(&question, options, &classes, &neighbours);
    progress.on(Event::StageFinished { stage: Phase::Compare });

    confirm_identical(&question, options, &mut groups, &mut contents, progress);
    groups.sort_by(|a, b| {
        let path = |group: &Group| &pictures[group.keeper as usize].file.path;
        path(a).cmp(path(b))
    });
    contents.skipped.sort();
    contents.computed.sort_unstable_by_key(|(index, _)| *index);
    Deduplicated {
        groups,
        hard_links,
        skipped: contents.skipped,
        contents: contents.computed,
    }
}

/// Stars over classes, spelled out for their members.
fn stars(
    question: &Question<'_>,
    options: &DedupeOptions,
    classes: &[Class],
    neighbours: &Neighbours,
) -> Vec<Group> {
    // Classes are in the order of their ranks, so that a class's index is its rank.
    let references: Vec<bool> = classes.iter().map(|class| class.reference).collect();
    let (copies, bursts): (Vec<Edge>, Vec<Edge>) =
        neighbours.edges().partition(|edge| options.include_bursts || !neighbours.is_burst(edge));
    let mut groups = Vec::new();
    let mut superfluous = vec![false; classes.len()];
    let mut stars = group::stars(classes.len(), &references, &copies);

    // A frame of a burst that is nobody's duplicate is shown with the frame that is kept.
    for star in &stars {
        for &class in &star.duplicates {
            superfluous[class as usize] = true;
        }
    }
    let mut grouped: HashMap<u32, usize> =
        stars.iter().enumerate().map(|(index, star)| (star.keeper, index)).collect();
    let alone = |class: u32, grouped: &HashMap<u32, usize>| {
        !grouped.contains_key(&class) && !superfluous[class as usize]
    };
    let singles: Vec<Edge> = bursts
        .iter()
        .copied()
        .filter(|edge| !superfluous[edge.a as usize] && !superfluous[edge.b as usize])
        .filter(|edge| alone(edge.a, &grouped) || alone(edge.b, &grouped))
        .collect();
    let mut shown: HashMap<u32, Vec<u32>> = HashMap::new();
    for star in group::stars(classes.len(), &references, &singles) {
        for class in star.duplicates {
            // A keeper of its own group stays where it is; here it is only worth a mention.
            if alone(class, &grouped) {
                shown.entry(star.keeper).or_default().push(class);
            } else {
                shown.entry(star.keeper).or_default();
            }
        }
    }
    let mut keepers: Vec<u32> = shown.keys().copied().collect();
    keepers.sort_unstable();
    for keeper in keepers {
        grouped.entry(keeper).or_insert_with(|| {
            stars.push(group::Star { keeper, duplicates: Vec::new(), linked: Vec::new() });
            stars.len() - 1
        });
    }
    // Classes with several members and no neighbours are stars of their own.
    for (index, class) in classes.iter().enumerate() {
        let index = index as u32;
        if class.members.len() > 1 && !class.reference && !superfluous[index as usize] {
            grouped.entry(index).or_insert_with(|| {
                stars.push(group::Star {
                    keeper: index,
                    duplicates: Vec::new(),
                    linked: Vec::new(),
                });
                stars.len() - 1
            });
        }
    }

    for star in stars {
        let keeper_class = &classes[star.keeper as usize];
        let Some((&keeper, rest)) = keeper_class.members.split_first() else { continue };
        let mut duplicates = Vec::new();
        let mut linked: Vec<u32> = Vec::new();
        if keeper_class.reference {
            linked.extend(rest);
        } else {
            duplicates.extend(rest.iter().map(|&picture| Duplicate {
                picture,
                distance: 0,
                fine_distance: 0,
                relation: question.relation(keeper, picture, false),
                orientation: Orientation::Upright,
            }));
        }
        let burst = shown.get(&star.keeper).map_or(&[][..], Vec::as_slice);
        for &class in star.duplicates.iter().chain(burst) {
            let Some(near) = neighbours.between(star.keeper, class) else { continue };
            duplicates.extend(classes[class as usize].members.iter().map(|&picture| Duplicate {
                picture,
                distance: near.distance,
                fine_distance: near.fine_distance,
                relation: question.relation(keeper, picture, false),
                orientation: near.orientation,
            }));
        }
        linked.extend(star.linked.iter().flat_map(|&class| &classes[class as usize].members));
        if duplicates.is_empty() {
            continue;
        }
        groups.push(Group {
            keeper,
            reason: String::new(),
            duplicates,
            linked,
            reclaimable: Bytes(0),
        });
    }
    groups
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
    for group in groups {
        let keeper = group.keeper;
        for duplicate in &mut group.duplicates {
            let identical = size(duplicate.picture) == size(keeper)
                && contents
                    .get(keeper)
                    .is_some_and(|content| contents.get(duplicate.picture) == Some(content));
            duplicate.relation = question.relation(keeper, duplicate.picture, identical);
        }
        let rank = |d: &Duplicate| (d.relation, d.distance, d.fine_distance, d.picture);
        group.duplicates.sort_by_key(rank);
        group.linked.sort_unstable();
        group.reclaimable = Bytes(
            group
                .duplicates
                .iter()
                .filter(|d| d.relation != Relation::Burst || options.include_bursts)
                .map(|d| size(d.picture).0)
                .sum(),
        );
        let best = group.duplicates.iter().map(|d| d.picture).reduce(|a, b| {
            match keeper::compare(&question.candidate(a), &question.candidate(b), &options.keep).0 {
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
