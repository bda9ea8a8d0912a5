//! Groups of films: which are worth a proof, the proof of each pair, stars around the best keepers.
//! Decides only. Films and pictures never stand in one group: a film's poster is not the film.

mod keeper;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use super::Prefer;
use crate::model::findings::{
    Alarm, Duplicate, Group, Likeness, Member, Region, Relation, Surroundings,
};
use crate::model::media::{FileKey, Orientation};
use crate::model::phash::{Distance, FineDistance};
use crate::model::policy::KeepRule;
use crate::model::record::ContentHash;
use crate::picture::part::Part;
use crate::picture::proof::{Prepared, surroundings};
use crate::video::{Film, FilmMatch, FilmStanding, Way};
use keeper::FilmCandidate;

/// Most films that one film is held against: the nearest by their first frames. Beyond, the first
/// frame is a title that half of a library begins with.
const MOST_PARTNERS: usize = 64;
/// A film that has more than this beside what both show, in microseconds, is more than a copy.
const LEFT_OUT_US: i64 = 500_000;
/// Dates of two cameras' own films that differ by more seconds are of two takes.
const ONE_TAKE_S: i64 = 2;

/// What is asked.
#[derive(Clone, Copy)]
pub struct FilmQuestion<'a> {
    /// The films, by path.
    pub films: &'a [Film],
    /// BLAKE3 of the bytes of each, where it is known. It must be known of films of one size, unless
    /// they cannot be read.
    pub contents: &'a [Option<ContentHash>],
    /// For each root of the scan, whether it is a reference folder.
    pub reference_roots: &'a [bool],
    /// What makes a keeper, before the usual order.
    pub keep: &'a [KeepRule],
    /// Paths that [`KeepRule::Prefer`] prefers.
    pub prefer: Option<&'a Prefer>,
    /// Whether two films were called no duplicates of each other.
    pub are_apart: &'a (dyn Fn(u32, u32) -> bool + Sync),
    /// Those that belong to pictures, and are no films of their own.
    pub left_out: &'a HashSet<u32>,
    /// Pairs that are worth a proof though their first frames are not near as they are: turned, cut,
    /// with bars.
    pub otherwise: &'a [(u32, u32)],
}

/// Holds two films against each other.
pub trait FilmProver: Sync {
    /// What is found of them, the first as it lies on the second; `None` where frames of one cannot
    /// be had.
    fn prove(&self, a: u32, b: u32) -> Option<FilmMatch>;
}

/// The groups, by the path of their keepers; films by index.
pub fn groups(question: &FilmQuestion<'_>, prover: &dyn FilmProver) -> Vec<Group<u32>> {
    let rank = question.rank();
    let classes = question.classes(&rank);
    let mut groups: BTreeMap<u32, Group<u32>> = BTreeMap::new();
    let mut superfluous: HashSet<u32> = HashSet::new();
    let mut alike: Vec<(u32, u32, FilmMatch)> = Vec::new();
    for class in &classes {
        let [keeper, others @ ..] = class.as_slice() else { continue };
        let twins = others.iter().filter(|&&film| !question.is_reference(film));
        let twins: Vec<_> = twins.map(|&film| question.identical(*keeper, film)).collect();
        if !twins.is_empty() {
            groups.insert(*keeper, lone(*keeper, twins));
        }
    }
    let twins: HashMap<u32, &[u32]> =
        classes.iter().filter_map(|class| Some((*class.first()?, class.get(1..)?))).collect();
    let found: Vec<Star> = question
        .components(&classes)
        .into_par_iter()
        .flat_map_iter(|component| question.stars(component, &rank, prover))
        .collect();
    for star in found {
        for (film, found) in star.copies {
            let group = groups.entry(star.keeper).or_insert_with(|| lone(star.keeper, Vec::new()));
            group.duplicates.push(question.duplicate(star.keeper, film, found));
            superfluous.insert(film);
            for &twin in twins.get(&film).copied().unwrap_or_default() {
                group.duplicates.push(question.duplicate(star.keeper, twin, found));
            }
        }
        alike.extend(star.alike.into_iter().map(|(film, found)| (star.keeper, film, found)));
    }
    // Twins of a duplicate are the duplicates of its keeper now.
    groups.retain(|keeper, _| !superfluous.contains(keeper));
    for (keeper, film, found) in alike {
        let is_free = !superfluous.contains(&film) && !groups.contains_key(&film);
        if is_free && !superfluous.contains(&keeper) {
            let group = groups.entry(keeper).or_insert_with(|| lone(keeper, Vec::new()));
            group.duplicates.push(question.duplicate(keeper, film, found));
            superfluous.insert(film);
        }
    }
    let mut groups: Vec<Group<u32>> = groups.into_values().collect();
    for group in &mut groups {
        group.duplicates.retain(|duplicate| !question.is_reference(duplicate.picture));
        group.duplicates.sort_by_key(|duplicate| rank[duplicate.picture as usize]);
        group.reason = question.reason(group);
    }
    groups.retain(|group| !group.duplicates.is_empty());
    groups.sort_by_key(|group| path(question, group.keeper));
    groups
}

fn path<'a>(question: &FilmQuestion<'a>, film: u32) -> &'a Path {
    &question.films[film as usize].file.path
}

fn lone(keeper: u32, duplicates: Vec<Duplicate<u32>>) -> Group<u32> {
    Group { keeper, reason: String::new(), duplicates, linked: Vec::new() }
}

/// A keeper, and what was proven against it.
struct Star {
    keeper: u32,
    copies: Vec<(u32, FilmMatch)>,
    alike: Vec<(u32, FilmMatch)>,
}

impl FilmQuestion<'_> {
    fn film(&self, index: u32) -> &Film {
        &self.films[index as usize]
    }

    fn is_reference(&self, index: u32) -> bool {
        let root = self.film(index).file.root as usize;
        self.reference_roots.get(root).copied().unwrap_or(false)
    }

    fn candidate(&self, index: u32) -> FilmCandidate<'_> {
        let film = self.film(index);
        let rules = self.keep.iter().enumerate().take(u64::BITS as usize);
        let preferred = rules
            .filter(|(place, rule)| {
                let prefers = |prefer: &Prefer| (prefer.0)(*place, &film.file.path);
                matches!(rule, KeepRule::Prefer(_)) && self.prefer.is_some_and(prefers)
            })
            .fold(0, |bits, (place, _)| bits | 1 << place);
        FilmCandidate { reference: self.is_reference(index), preferred, film }
    }

    /// The place of each film, best keeper first.
    fn rank(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.films.len() as u32).collect();
        order
            .sort_by(|&a, &b| keeper::compare(&self.candidate(a), &self.candidate(b), self.keep).0);
        let mut rank = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(&film, place)| rank[film as usize] = place);
        rank
    }

    /// Films of the same bytes, the best first; every film that counts is in one. Of several names
    /// of one file the best counts.
    fn classes(&self, rank: &[u32]) -> Vec<Vec<u32>> {
        let mut order: Vec<u32> = (0..self.films.len() as u32).collect();
        order.retain(|film| !self.left_out.contains(film));
        order.sort_by_key(|&film| rank[film as usize]);
        let mut seen: HashSet<FileKey> = HashSet::new();
        order.retain(|&film| seen.insert(self.film(film).file.stamp.key));
        let mut of_bytes: HashMap<(u64, ContentHash), usize> = HashMap::new();
        let mut classes: Vec<Vec<u32>> = Vec::new();
        for film in order {
            let size = self.film(film).file.stamp.size.0;
            let known = self.contents.get(film as usize).copied().flatten();
            let class = known.map_or(classes.len(), |content| {
                *of_bytes.entry((size, content)).or_insert(classes.len())
            });
            match classes.get_mut(class) {
                Some(members) => members.push(film),
                None => classes.push(vec![film]),
            }
        }
        classes
    }

    /// Whether two films may be held against each other.
    fn may_be_one(&self, a: u32, b: u32) -> bool {
        !((self.are_apart)(a, b) || self.is_reference(a) && self.is_reference(b))
    }

    /// Films of classes that hang together by what is worth a proof, with those pairs.
    fn components(&self, classes: &[Vec<u32>]) -> Vec<BTreeMap<u32, Vec<u32>>> {
        let mut films: Vec<u32> = classes
            .iter()
            .filter_map(|class| class.first().copied())
            .filter(|&film| self.film(film).is_decoded())
            .collect();
        let print = |film: u32| &self.film(film).record.fingerprint;
        let place = |film: u32| (print(film).duration_us, film);
        films.sort_by_key(|&film| place(film));
        let near: Vec<(u32, Vec<(Distance, u32)>)> = films
            .par_iter()
            .enumerate()
            .map(|(at, &film)| {
                let longest = print(film).longest_partner();
                let longer = films[at + 1..].iter();
                let mut partners: Vec<(Distance, u32)> = longer
                    .take_while(|&&other| print(other).duration_us <= longest)
                    .filter(|&&other| self.may_be_one(film, other))
                    .filter_map(|&other| Some((print(film).nearness(print(other))?, other)))
                    .collect();
                partners.sort_unstable();
                partners.truncate(MOST_PARTNERS);
                (film, partners)
            })
            .collect();
        let mut partners: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let near = near
            .into_iter()
            .flat_map(|(film, others)| others.into_iter().map(move |(_, other)| (film, other)));
        let is_asked = |film: u32| films.binary_search_by_key(&place(film), |&f| place(f)).is_ok();
        let is_wanted = |&(a, b): &(u32, u32)| is_asked(a) && is_asked(b) && self.may_be_one(a, b);
        let otherwise = self.otherwise.iter().copied();
        for (film, other) in near.chain(otherwise.filter(is_wanted)) {
            partners.entry(film).or_default().push(other);
            partners.entry(other).or_default().push(film);
        }
        for others in partners.values_mut() {
            others.sort_unstable();
            others.dedup();
        }
        let mut components = Vec::new();
        let mut left: Vec<u32> = partners.keys().copied().collect();
        while let Some(film) = left.pop() {
            let mut component = BTreeMap::new();
            let mut open = vec![film];
            while let Some(film) = open.pop() {
                if let Some(others) = partners.remove(&film) {
                    open.extend(&others);
                    component.insert(film, others);
                }
            }
            if !component.is_empty() {
                components.push(component);
            }
        }
        components
    }

    /// The best film takes those that are proven to be it; so does the best of what is left.
    fn stars(
        &self,
        partners: BTreeMap<u32, Vec<u32>>,
        rank: &[u32],
        prover: &dyn FilmProver,
    ) -> Vec<Star> {
        let mut order: Vec<u32> = partners.keys().copied().collect();
        order.sort_by_key(|&film| rank[film as usize]);
        let mut taken: HashSet<u32> = HashSet::new();
        let mut stars = Vec::new();
        for keeper in order {
            if !taken.insert(keeper) {
                continue;
            }
            let mut others = partners.get(&keeper).cloned().unwrap_or_default();
            others.retain(|film| !taken.contains(film));
            let found: Vec<(u32, FilmMatch)> = others
                .into_par_iter()
                .filter_map(|film| Some((film, prover.prove(keeper, film)?)))
                .collect();
            let mut star = Star { keeper, copies: Vec::new(), alike: Vec::new() };
            for (film, found) in found {
                match found.agreement.standing {
                    FilmStanding::Same => {
                        taken.insert(film);
                        star.copies.push((film, found));
                    }
                    FilmStanding::Still => star.alike.push((film, found)),
                    FilmStanding::Different | FilmStanding::Unknown => {}
                }
            }
            stars.push(star);
        }
        stars
    }

    fn identical(&self, keeper: u32, film: u32) -> Duplicate<u32> {
        Duplicate {
            relation: Relation::Identical,
            likeness: Some(Likeness::FULL),
            ..self.beside(keeper, film, Distance(0), FineDistance(0))
        }
    }

    fn duplicate(&self, keeper: u32, film: u32, found: FilmMatch) -> Duplicate<u32> {
        let FilmMatch { agreement, way } = found;
        let (kept, other) = (self.film(keeper), self.film(film));
        let is_still = agreement.standing == FilmStanding::Still;
        let more = [lasts_longer(kept, 0, way), lasts_longer(other, 1, way)];
        let is_part = !way.part.is_whole() || more.contains(&true);
        let relation = match is_part {
            _ if is_still || are_two_takes(kept, other) => Relation::Alike,
            true => Relation::Part,
            false => Relation::Copy,
        };
        let region = region(kept, other, way);
        let distance = kept.record.fingerprint.nearness(&other.record.fingerprint);
        let per_cent = agreement.per_cent();
        let content = |film: u32| self.contents.get(film as usize).copied().flatten();
        let as_long = kept.file.stamp.size == other.file.stamp.size;
        let other_bytes = matches!((content(keeper), content(film)), (Some(a), Some(b)) if a != b);
        Duplicate {
            relation,
            orientation: way.orientation,
            likeness: (!is_still).then_some(Likeness { per_cent, region }),
            shows_more: more[1]
                || region.is_some_and(|region| {
                    region.of == Member::Duplicate && region.surroundings == Surroundings::Picture
                }),
            unsure: keeper::doubt(kept, other),
            alarm: (as_long && other_bytes).then(Alarm::unexamined),
            ..self.beside(keeper, film, distance.unwrap_or_default(), agreement.median)
        }
    }

    fn beside(
        &self,
        keeper: u32,
        film: u32,
        distance: Distance,
        fine_distance: FineDistance,
    ) -> Duplicate<u32> {
        Duplicate {
            picture: film,
            distance,
            fine_distance,
            relation: Relation::Copy,
            orientation: Default::default(),
            likeness: None,
            shows_more: false,
            whole_beside_damaged: self.film(keeper).record.is_cut && !self.film(film).record.is_cut,
            unsure: None,
            alarm: None,
        }
    }

    /// The first difference that made the keeper the keeper, against the best of the others.
    fn reason(&self, group: &Group<u32>) -> String {
        let best = group.duplicates.first().map(|duplicate| duplicate.picture);
        best.map_or_else(String::new, |best| {
            let (keeper, best) = (self.candidate(group.keeper), self.candidate(best));
            keeper::compare(&keeper, &best, self.keep).1.to_owned()
        })
    }
}

/// Whether a film (the keeper for 0) has more than the stretch that both show.
fn lasts_longer(film: &Film, at: usize, way: Way) -> bool {
    let duration = film.record.facts.duration_us;
    way.stretch.is_some_and(|stretch| duration - stretch.lasts[at] > LEFT_OUT_US)
}

/// The part of the keeper or of the duplicate that the other one shows.
fn region(keeper: &Film, duplicate: &Film, way: Way) -> Option<Region> {
    if way.part.is_whole() {
        return None;
    }
    let (of, film) = way.whose.of((Member::Keeper, keeper), (Member::Duplicate, duplicate));
    let turn = way.whose.of(way.orientation, Orientation::Upright);
    let clear = film.record.fingerprint.clear();
    let surroundings =
        clear.map(|frame| surroundings(&Prepared::new(&frame.tile.oriented(turn)), way.part));
    let Part { top, left, bottom, right } = way.part;
    let edges = [top, left, bottom, right].map(|edge| edge as u16);
    Some(Region { of, edges, surroundings: surroundings.unwrap_or_default() })
}

/// Whether two cameras' own films say that they were taken at different times.
fn are_two_takes(a: &Film, b: &Film) -> bool {
    let own = |film: &Film| film.record.captured.filter(|_| film.record.camera.is_some());
    match (own(a), own(b)) {
        (Some(a), Some(b)) if a.offset_minutes == b.offset_minutes => {
            a.local_seconds.abs_diff(b.local_seconds) > ONE_TAKE_S as u64
        }
        _ => false,
    }
}
