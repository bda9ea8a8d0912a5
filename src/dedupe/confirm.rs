//! What follows from the bytes of the pictures of a group: how they are related, which of them may
//! be damaged, and why the keeper is kept.

use std::cmp::Ordering;

use super::contents::ContentHashes;
use super::relation::{self, File, Shot};
use super::{Question, evidence, keeper, unsure};
use crate::model::event::Progress;
use crate::model::findings::{Duplicate, Group, Linked, Relation};
use crate::model::media::Orientation;

/// Reads the duplicates that are as long as their keepers, and completes the groups.
pub(super) fn complete(
    question: &Question<'_>,
    groups: &mut [Group<u32>],
    contents: &mut ContentHashes<'_>,
    progress: &dyn Progress,
) {
    contents.prefetch(&worth_reading(question, groups), progress);
    for group in groups {
        let describe = |&index: &u32| describe(question, contents, index);
        let witness = relation::witness(group.candidates().map(|index| describe(index).0));
        relation::judge(group, witness, describe);
        let keeper = group.keeper;
        for duplicate in &mut group.duplicates {
            duplicate.unsure = doubt(question, keeper, duplicate);
        }
        let rank = |d: &Duplicate<u32>| (d.relation, d.distance, d.fine_distance, d.picture);
        group.duplicates.sort_by_key(rank);
        group.reason = reason(question, group);
        group.linked.sort_unstable_by_key(|linked| linked.picture);
        let turns = Orientation::turns(question.options.any_orientation);
        let kept = &question.pictures[group.keeper as usize].record.hash;
        for linked in &mut group.linked {
            let hash = &question.pictures[linked.picture as usize].record.hash;
            *linked = Linked::new(linked.picture, kept.nearest(hash, turns, |_, _| true));
        }
    }
}

/// Duplicates that are as long as their keepers, and those keepers.
fn worth_reading(question: &Question<'_>, groups: &[Group<u32>]) -> Vec<u32> {
    let size = |index: u32| question.pictures[index as usize].file.stamp.size;
    let mut wanted = Vec::new();
    for group in groups {
        let before = wanted.len();
        let duplicates = group.duplicates.iter().map(|d| d.picture);
        wanted.extend(duplicates.filter(|&index| size(index) == size(group.keeper)));
        if wanted.len() > before {
            wanted.push(group.keeper);
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

fn describe<'a>(
    question: &Question<'a>,
    contents: &ContentHashes<'_>,
    index: u32,
) -> (Shot<'a>, File) {
    let picture = &question.pictures[index as usize];
    let file = File {
        size: picture.file.stamp.size,
        format: picture.record.format,
        content: contents.known(index),
        damaged: picture.record.flags.damaged_tail,
    };
    (Shot::new(&picture.record.metadata, &picture.file.path), file)
}

/// The first difference that made the keeper the keeper, against the best of the others.
fn reason(question: &Question<'_>, group: &Group<u32>) -> String {
    let compare = |a: u32, b: u32| {
        keeper::compare(&question.candidate(a), &question.candidate(b), &question.options.keep)
    };
    let others = group.duplicates.iter().map(|d| d.picture);
    let best = others.reduce(|a, b| if compare(a, b).0 == Ordering::Greater { b } else { a });
    let words = best.map(|best| {
        let (_, criterion) = compare(group.keeper, best);
        evidence::reason(criterion, &question.evidence(group.keeper), &question.evidence(best))
    });
    words.unwrap_or_default()
}

/// Why it is not sure that a duplicate is the copy, if it is not.
fn doubt(question: &Question<'_>, keeper: u32, duplicate: &Duplicate<u32>) -> Option<&'static str> {
    // Nothing is lost with one of two that have the same bytes, nor with a part of a whole; and
    // what is left alone anyway needs no second reason.
    let may_lose = match duplicate.relation {
        Relation::Identical | Relation::Part => false,
        relation => question.acts_on(relation),
    };
    if !may_lose {
        return None;
    }
    let other = duplicate.picture;
    let keep = &question.options.keep;
    let (_, criterion) =
        keeper::compare(&question.candidate(keeper), &question.candidate(other), keep);
    unsure::doubt(criterion, &question.evidence(keeper), &question.evidence(other))
}
