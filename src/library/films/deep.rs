//! Which films may show the same in another way than as they are, for the deep search.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::catalogue::tiles::KnownFilm;
use crate::model::findings::Group;
use crate::model::media::Orientation;
use crate::video::glimpses::{Glimpse, common_stretch};
use crate::video::{Faces, Film, Way};

/// The ways in which pairs of films may show the same, beside as they are.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// By index, the smaller first: that film is the first of the ways.
    by_pair: HashMap<(u32, u32), Vec<Way>>,
}

impl Ways {
    /// Of all these films, but for those that are left out.
    pub fn of(films: &[Film], left_out: &HashSet<u32>) -> Self {
        let wanted: Vec<(u32, &Film)> = (0..)
            .zip(films)
            .filter(|(index, film)| film.is_decoded() && !left_out.contains(index))
            .collect();
        let mut faces: Vec<(u32, Faces)> =
            wanted.into_par_iter().map(|(index, film)| (index, Faces::new(film))).collect();
        faces.sort_by_key(|(index, faces)| (faces.duration_us(), *index));
        let by_pair = faces
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, (a, mine))| {
                let longer = faces.get(at + 1..).unwrap_or_default();
                let longer = longer.iter().take_while(|(_, theirs)| mine.may_be_as_long(theirs));
                longer.filter_map(move |(b, theirs)| {
                    let (pair, ways) = match a < b {
                        true => ((*a, *b), mine.ways(theirs)),
                        false => ((*b, *a), theirs.ways(mine)),
                    };
                    (!ways.is_empty()).then_some((pair, ways))
                })
            })
            .collect();
        Self { by_pair }
    }

    /// The pairs, in order.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs: Vec<(u32, u32)> = self.by_pair.keys().copied().collect();
        pairs.sort_unstable();
        pairs
    }

    /// All ways in which `a` may show what `b` shows, as they are among them.
    pub fn between(&self, known: &[KnownFilm], a: u32, b: u32) -> Vec<Way> {
        let print = |index: u32| known.get(index as usize).map(|k| &k.film.record.fingerprint);
        let is_near = matches!((print(a), print(b)), (Some(a), Some(b)) if a.nearness(b).is_some());
        let ways = self.by_pair.get(&(a.min(b), a.max(b))).into_iter().flatten();
        let turned = ways.map(|way| if a < b { *way } else { way.inverse() });
        is_near.then_some(Way::UPRIGHT).into_iter().chain(turned).collect()
    }

    /// Adds the stretches that films have in common, by glimpses of those that are in no group or
    /// keep one. What was found of a keeper holds for its copies.
    pub fn add_stretches(
        &mut self,
        films: &[Film],
        glimpses: &HashMap<u32, Vec<Glimpse>>,
        groups: &[Group<u32>],
    ) {
        let mut order: Vec<u32> = glimpses.keys().copied().collect();
        order.sort_unstable();
        let duration = |film: u32| films[film as usize].record.facts.duration_us;
        let found: Vec<(u32, u32, Way)> = order
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, &a)| {
                let others = order.get(at + 1..).unwrap_or_default().iter();
                others.filter_map(move |&b| {
                    let durations = [duration(a), duration(b)];
                    let stretch = common_stretch(&glimpses[&a], &glimpses[&b], durations)?;
                    Some((a, b, Way { stretch: Some(stretch), ..Way::UPRIGHT }))
                })
            })
            .collect();
        let copies = |keeper: u32| {
            let group = groups.iter().find(|group| group.keeper == keeper);
            let all = group.into_iter().flat_map(|group| &group.duplicates);
            let upright = all.filter(|d| d.orientation == Orientation::Upright);
            let whole =
                upright.filter(|d| d.likeness.is_none_or(|likeness| likeness.region.is_none()));
            std::iter::once(keeper).chain(whole.map(|duplicate| duplicate.picture))
        };
        for (a, b, way) in found {
            let from_a = copies(b).map(|copy| (a, copy));
            for (a, b) in from_a.chain(copies(a).skip(1).map(|copy| (copy, b))) {
                let (pair, way) = if a < b { ((a, b), way) } else { ((b, a), way.inverse()) };
                self.by_pair.entry(pair).or_default().push(way);
            }
        }
    }
}
