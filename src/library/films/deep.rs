//! Which films may show the same in another way than as they are, for the deep search.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use crate::catalogue::tiles::KnownFilm;
use crate::model::findings::Group;
use crate::model::phash::FineDistance;
use crate::picture::part::Part;
use crate::video::glimpses::{Glimpse, common_stretch};
use crate::video::{Agreement, Faces, Film, FilmStanding, Way};

/// A stretch is the best of many that were tried: the motion has to agree better, in thousandths …
const SEARCHED_MOTION: i32 = 930;
/// … or still better than otherwise, where half of the frames are at least so near. Of different
/// films, recordings of one program come nearest: to .90, half of their frames 34 bits apart.
const SEARCHED_NEAR: (FineDistance, i32) = (FineDistance(20), 900);

/// Most ways of a pair that are tried, beside upright.
const MOST_WAYS: usize = 8;

/// How two films may lie on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WayTried {
    pub way: Way,
    /// It is the best of many stretches: it has to be proven better.
    pub is_searched: bool,
}

impl WayTried {
    /// What a proof in this way says.
    pub fn standing(self, found: Agreement) -> FilmStanding {
        let (near, motion) = SEARCHED_NEAR;
        let is_enough = !self.is_searched
            || found.motion >= SEARCHED_MOTION
            || found.motion >= motion && found.median <= near;
        match found.standing {
            FilmStanding::Same if !is_enough => FilmStanding::Different,
            // Where nothing moves, every moment is like every other.
            FilmStanding::Still if self.way.stretch.is_some() => FilmStanding::Different,
            standing => standing,
        }
    }
}

/// The ways in which pairs of films may show the same, beside as they are.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// By index, the smaller first: that film is the first of the ways.
    by_pair: BTreeMap<(u32, u32), Vec<WayTried>>,
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
        let found: Vec<(u32, u32, Vec<Way>)> = faces
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, (a, mine))| {
                let longer = faces.get(at + 1..).unwrap_or_default();
                let longer = longer.iter().take_while(|(_, theirs)| mine.may_be_as_long(theirs));
                longer.map(move |(b, theirs)| (*a, *b, mine.ways(theirs)))
            })
            .collect();
        let mut ways = Self::default();
        for (a, b, found) in found {
            found.into_iter().for_each(|way| ways.add(a, b, way, false));
        }
        ways
    }

    fn add(&mut self, a: u32, b: u32, way: Way, is_searched: bool) {
        let (pair, way) = if a < b { ((a, b), way) } else { ((b, a), way.inverse()) };
        self.by_pair.entry(pair).or_default().push(WayTried { way, is_searched });
    }

    /// The pairs, in order.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        self.by_pair.keys().copied().collect()
    }

    fn beside_upright(&self, a: u32, b: u32) -> impl Iterator<Item = WayTried> {
        let ways = self.by_pair.get(&(a.min(b), a.max(b))).into_iter().flatten();
        ways.map(move |tried| match a < b {
            true => *tried,
            false => WayTried { way: tried.way.inverse(), ..*tried },
        })
    }

    /// All ways in which `a` may show what `b` shows, as they are among them.
    pub fn between(&self, known: &[KnownFilm], a: u32, b: u32) -> Vec<WayTried> {
        let print = |index: u32| known.get(index as usize).map(|k| &k.film.record.fingerprint);
        let is_near = matches!((print(a), print(b)), (Some(a), Some(b)) if a.nearness(b).is_some());
        let upright = WayTried { way: Way::UPRIGHT, is_searched: false };
        is_near.then_some(upright).into_iter().chain(self.beside_upright(a, b)).collect()
    }

    /// Adds the stretches that films have in common, by glimpses, unless they are in one group.
    pub fn add_stretches(
        &mut self,
        films: &[Film],
        glimpses: &BTreeMap<u32, Vec<Glimpse>>,
        groups: &[Group<u32>],
    ) {
        let home = &homes(groups);
        let order: Vec<(u32, &Vec<Glimpse>)> =
            glimpses.iter().map(|(&f, seen)| (f, seen)).collect();
        let duration = |film: u32| films[film as usize].record.facts.duration_us;
        let found: Vec<(u32, u32, Way)> = order
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, &(a, mine))| {
                let others = order.get(at + 1..).unwrap_or_default().iter();
                let are_one = move |b: u32| home.contains_key(&a) && home.get(&a) == home.get(&b);
                others.filter(move |(b, _)| !are_one(*b)).filter_map(move |&(b, theirs)| {
                    let stretch = common_stretch(mine, theirs, [duration(a), duration(b)])?;
                    Some((a, b, Way { stretch: Some(stretch), ..Way::UPRIGHT }))
                })
            })
            .collect();
        found.into_iter().for_each(|(a, b, way)| self.add(a, b, way, true));
    }

    /// Adds ways from the keepers of groups over their duplicates to what those were found to be, or
    /// may be, of others: the film with an intro to the mirrored one, over the film itself. `proven`
    /// tells how films of a group lie on each other. Whether there were any.
    pub fn add_composed(
        &mut self,
        earlier: &[Group<u32>],
        groups: &[Group<u32>],
        proven: &dyn Fn(u32, u32) -> Option<Way>,
    ) -> bool {
        let home = homes(earlier);
        let mut partners: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &(a, b) in self.by_pair.keys() {
            partners.entry(a).or_default().push(b);
            partners.entry(b).or_default().push(a);
        }
        let mut found: Vec<(u32, u32, Way)> = Vec::new();
        for group in groups {
            let members: HashSet<u32> = group.candidates().copied().collect();
            for duplicate in &group.duplicates {
                let over = duplicate.picture;
                let Some(first) = proven(group.keeper, over) else { continue };
                let mut add = |film: u32, next: Way| {
                    let way = first.then(next).filter(|_| !members.contains(&film));
                    found.extend(way.map(|way| (group.keeper, film, way)));
                };
                for &film in partners.get(&over).into_iter().flatten() {
                    self.beside_upright(over, film).for_each(|tried| add(film, tried.way));
                }
                let Some(known) = home.get(&over).and_then(|&at| earlier.get(at)) else { continue };
                let to_keeper = match known.keeper == over {
                    true => Some(Way::UPRIGHT),
                    false => proven(known.keeper, over).map(Way::inverse),
                };
                for &film in known.candidates() {
                    let on = match film == known.keeper {
                        true => Some(Way::UPRIGHT),
                        false => proven(known.keeper, film),
                    };
                    let next = to_keeper.zip(on).and_then(|(back, on)| back.then(on));
                    next.into_iter().for_each(|next| add(film, next));
                }
            }
        }
        let mut is_new = false;
        for (a, b, way) in found {
            let there: Vec<WayTried> = self.beside_upright(a, b).collect();
            let is_it = |tried: &WayTried| !tried.is_searched && is_about(tried.way, way);
            if way != Way::UPRIGHT && there.len() < MOST_WAYS && !there.iter().any(is_it) {
                self.add(a, b, way, false);
                is_new = true;
            }
        }
        is_new
    }
}

/// Parts that were found from several sides differ by a little.
fn is_about(one: Way, other: Way) -> bool {
    let edges = |part: Part| [part.top, part.left, part.bottom, part.right];
    (one.orientation, one.whose, one.stretch) == (other.orientation, other.whose, other.stretch)
        && edges(one.part).iter().zip(edges(other.part)).all(|(a, b)| a.abs_diff(b) <= 2)
}

/// In which group each film is.
fn homes(groups: &[Group<u32>]) -> HashMap<u32, usize> {
    let films = groups.iter().enumerate();
    films.flat_map(|(at, group)| group.candidates().map(move |&film| (film, at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::Stretch;

    #[test]
    fn a_stretch_that_was_searched_for_has_to_be_proven_better() {
        let stretch = Some(Stretch { starts: [0; 2], lasts: [9_000_000; 2] });
        let way = Way { stretch, ..Way::UPRIGHT };
        let standing = |way, is_searched, standing, motion, median| {
            let found = Agreement { standing, median: FineDistance(median), motion, moments: 8 };
            WayTried { way, is_searched }.standing(found)
        };
        let (same, still) = (FilmStanding::Same, FilmStanding::Still);
        let different = FilmStanding::Different;
        for (is_searched, motion, median, expected) in [
            (true, 930, 24, same),
            (true, 929, 24, different),
            (true, 900, 20, same),
            (true, 899, 20, different),
            (true, 900, 21, different),
            (false, 880, 24, same),
        ] {
            let found = standing(way, is_searched, same, motion, median);
            assert_eq!(found, expected, "{is_searched} {motion} {median}");
        }
        assert_eq!(standing(way, false, still, 0, 0), different);
        assert_eq!(standing(Way::UPRIGHT, false, still, 0, 0), still);
    }

    #[test]
    fn ways_over_a_third_film() {
        let duplicate = |picture, orientation| crate::model::findings::Duplicate {
            picture,
            distance: Default::default(),
            fine_distance: FineDistance(0),
            relation: crate::model::findings::Relation::Copy,
            orientation,
            likeness: None,
            shows_more: false,
            whole_beside_damaged: false,
            unsure: None,
            alarm: None,
        };
        let group = |keeper, others: &[u32]| Group {
            keeper,
            reason: String::new(),
            duplicates: others.iter().map(|&o| duplicate(o, Default::default())).collect(),
            linked: Vec::new(),
        };
        let turn = Way::turned(crate::model::media::Orientation::Rotate90);
        let stretch = Some(Stretch { starts: [2_000_000, 0], lasts: [9_000_000; 2] });
        let intro = Way { stretch, ..Way::UPRIGHT };
        // 1 has the copies 2 and 4 (turned); 3 is 1 with an intro; 5 may be 4 turned.
        let earlier = [group(1, &[2, 4])];
        let now = [group(3, &[1])];
        let proven = |a: u32, b: u32| match (a, b) {
            (1, 2) => Some(Way::UPRIGHT),
            (1, 4) => Some(turn),
            (3, 1) => Some(intro),
            _ => None,
        };
        let mut ways = Ways::default();
        ways.add(5, 1, turn, false);
        assert!(ways.add_composed(&earlier, &now, &proven));
        let of = |a, b| ways.beside_upright(a, b).map(|tried| tried.way).collect::<Vec<_>>();
        assert_eq!(of(3, 2), [intro]);
        assert_eq!(of(3, 4), [Way { orientation: turn.orientation, ..intro }]);
        assert_eq!(of(3, 5), [Way { orientation: turn.orientation.inverse(), ..intro }]);
        assert_eq!(of(3, 1), []);
        assert!(!ways.add_composed(&earlier, &now, &proven), "nothing is added twice");
    }
}
