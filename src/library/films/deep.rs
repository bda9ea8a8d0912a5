//! Which films may show the same in another way than as they are, for the deep search.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::catalogue::tiles::KnownFilm;
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
}
