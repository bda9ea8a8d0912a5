//! From hashed pictures to groups: candidates by hashes, the proof of each pair, stars around the
//! best keepers, and what kind of match each one is. Decides only; it changes no file.

pub mod carry;
mod classes;
pub(crate) mod components;
mod confirm;
mod contents;
pub mod criterion;
mod dense;
pub mod evidence;
pub mod films;
#[cfg(feature = "kernel")]
pub mod forest;
pub mod keeper;
mod marks;
mod neighbours;
mod nodes;
mod origins;
pub mod partition;
pub(crate) mod proofs;
pub mod prover;
pub mod regroup;
pub mod relation;
pub mod report;
mod stars;
pub mod tile_prover;
pub mod unsure;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::dedupe::evidence::Evidence;
use crate::dedupe::keeper::KeeperCandidate;
use crate::dedupe::relation::Shot;
use crate::index::Joiner;
use crate::model::event::{Event, Phase, Progress};
use crate::model::findings::{Group, Relation};
use crate::model::media::{FileKey, Format};
use crate::model::phash::View;
use crate::model::policy::{KeepRule, Policy};
use crate::model::record::{ContentHash, Mark, Picture, Skip};
use crate::units::{self, UnitRole};
use contents::{ContentHashes, ReadContent};
use marks::MarkedPairs;
use origins::Origins;
use proofs::Proofs;
use prover::{Prover, Standing};

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct DedupeOptions {
    /// The radii.
    pub policy: Policy,
    /// Match by the 256-bit hash alone.
    pub fine_only: bool,
    /// Look for turned and mirrored copies too.
    pub any_orientation: bool,
    /// Look for films that were cut, turned, cropped, or have bars.
    pub deep: bool,
    /// Treat frames of a burst as duplicates.
    pub include_bursts: bool,
    /// Treat pictures that are only alike as duplicates.
    pub include_alike: bool,
    /// What makes a keeper, before the usual order.
    pub keep: Vec<KeepRule>,
    /// Paths that [`KeepRule::Prefer`] prefers.
    pub prefer: Option<Prefer>,
    /// Films beside pictures: a picture with its film is more than one without.
    pub films: Vec<PathBuf>,
    /// What the pictures are within their units, where whole folders have told it; else the names of
    /// the pictures and films at hand tell.
    pub units: Option<Units>,
    /// Pairs that are no duplicates of each other, though they look so.
    pub marks: Vec<Mark>,
    /// For each root of the scan, whether it is a reference folder.
    pub reference_roots: Vec<bool>,
}

/// What pictures are within their units, in the order of the pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// The role of each.
    pub roles: Vec<UnitRole>,
    /// Whether each is an edit whose original lies beside it.
    pub edited: Vec<bool>,
}

impl Units {
    /// By the names of `pictures`, which are all of their folders, and of the films beside them.
    pub fn of<'a>(
        pictures: impl Iterator<Item = (&'a Path, Format)> + Clone,
        films: &[PathBuf],
    ) -> Self {
        let roles = units::roles(pictures.clone(), films);
        let paths: Vec<&Path> = pictures.map(|(path, _)| path).collect();
        Self { roles, edited: units::edited(paths.par_iter().copied()) }
    }
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

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Deduplicated {
    /// By the path of their keepers; pictures by index.
    pub groups: Vec<Group<u32>>,
    /// Names that were left out because they are hard links to a picture that is listed.
    pub hard_links: u64,
    /// Files whose bytes could not be compared.
    pub skipped: Vec<Skip>,
    /// Byte hashes that were computed on the way, by picture, for the cache.
    pub contents: Vec<(u32, ContentHash)>,
}

/// The pictures, the options, and what is derived from them.
struct Question<'a> {
    pictures: &'a [Picture],
    roles: Vec<UnitRole>,
    /// Whether each picture is an edit whose original lies beside it.
    edited: Vec<bool>,
    policy: Policy,
    options: &'a DedupeOptions,
    marked: MarkedPairs,
    /// What was found of pairs.
    proofs: Proofs<'a>,
    /// Pictures that show no more than a part of another one, or the same with something around it.
    lesser: HashSet<u32>,
    /// Pictures that were made from others.
    origins: Origins,
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

    fn candidate(&self, index: u32) -> KeeperCandidate<'_> {
        let picture = &self.pictures[index as usize];
        KeeperCandidate {
            reference: self.is_reference(picture),
            lesser: self.lesser.contains(&index),
            made_from_another: self.origins.made.contains(&index),
            named_after_another: self.origins.named.contains(&index),
            complete_unit: self.roles[index as usize] != UnitRole::Single,
            preferred: self.preferred(&picture.file.path),
            path: &picture.file.path,
            stamp: picture.file.stamp,
            record: &picture.record,
            evidence: self.evidence(index),
        }
    }

    fn evidence(&self, index: u32) -> Evidence {
        Evidence::from(&self.pictures[index as usize].record)
    }

    fn preferred(&self, path: &Path) -> u64 {
        let Some(prefer) = &self.options.prefer else { return 0 };
        let rules = self.options.keep.iter().enumerate().take(u64::BITS as usize);
        rules
            .filter(|(place, rule)| matches!(rule, KeepRule::Prefer(_)) && (prefer.0)(*place, path))
            .fold(0, |bits, (place, _)| bits | 1 << place)
    }

    fn shot(&self, index: u32) -> Shot<'_> {
        let picture = &self.pictures[index as usize];
        Shot::new(&picture.record.metadata, &picture.file.path)
    }

    /// How two pictures of different bytes that were held against each other are related.
    fn relation(&self, a: u32, b: u32) -> Relation {
        let relation = relation::relate(self.shot(a), self.shot(b));
        if relation == Relation::Burst {
            return relation;
        }
        // Its name says that somebody has worked on one of them. The proof compares grey cells, and
        // forgives brightness and contrast: it cannot say that this has changed nothing.
        if self.edited[a as usize] != self.edited[b as usize] {
            return Relation::Alike;
        }
        match self.proofs.get(a, b).map(|proven| (proven.standing, proven.is_part())) {
            Some((Standing::Alike | Standing::Different, _)) => Relation::Alike,
            Some((Standing::Shots, _)) if !relation::is_one_capture(self.shot(a), self.shot(b)) => {
                Relation::Alike
            }
            Some((_, true)) => Relation::Part,
            _ => Relation::Copy,
        }
    }

    /// Whether pictures that are so related take each other's place.
    fn acts_on(&self, relation: Relation) -> bool {
        match relation {
            Relation::Identical | Relation::Copy | Relation::Part => true,
            Relation::Burst => self.options.include_bursts,
            Relation::Alike => self.options.include_alike,
        }
    }
}

/// Finds the groups among `pictures` (sorted by path, as a scan gives them).
///
/// `read` computes the hash of a picture's bytes; it is asked only for pictures of equal size that
/// match, and only when the hash is not known yet. `joiner` finds the candidates, `prover` proves
/// them.
pub fn dedupe(
    pictures: &[Picture],
    options: &DedupeOptions,
    read: &ReadContent,
    joiner: &dyn Joiner,
    prover: &dyn Prover,
    progress: &dyn Progress,
) -> Deduplicated {
    progress.on(Event::StageStarted { stage: Phase::Compare, total: None });
    let named = pictures.iter().map(|picture| (picture.file.path.as_path(), picture.record.format));
    let Units { roles, edited } =
        options.units.clone().unwrap_or_else(|| Units::of(named, &options.films));
    let mut contents = ContentHashes::new(pictures, read);
    let marked = MarkedPairs::new(&options.marks, pictures, &mut contents, progress);
    let policy = options.policy;
    let mut question = Question {
        pictures,
        roles,
        edited,
        policy,
        options,
        marked,
        proofs: Proofs::new(prover),
        lesser: HashSet::new(),
        origins: Origins::default(),
        rank: Vec::new(),
    };

    let counted = counted(&question);
    let hard_links = (pictures.len() - counted.len()) as u64;
    let classes = classes::classes(&question, &counted, &mut |index| contents.get(index));
    drop(counted);
    let neighbours = neighbours::find(&question, &classes, joiner);
    let nodes = nodes::nodes(&mut question, &classes, neighbours);
    drop(classes);
    let mut groups = stars::groups(&question, &nodes);
    progress.on(Event::StageFinished { stage: Phase::Compare });

    confirm::complete(&question, &mut groups, &mut contents, progress);
    groups.sort_by(|a, b| {
        let path = |group: &Group<u32>| &pictures[group.keeper as usize].file.path;
        path(a).cmp(path(b))
    });
    let (contents, skipped) = contents.into_parts();
    Deduplicated { groups, hard_links, skipped, contents }
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
