//! One duplicate after the other.

use super::same::{degrees, near, same_time};
use super::{Carry, Informed, KnownConflict, KnownField};
use crate::model::knowledge::{Knowledge, Person, same_text};
use crate::model::readable::iso_time;

/// Takes what a duplicate knows. `now` is what the keeper will know, and `gained` what of it is
/// new.
pub(super) fn merge(now: &mut Knowledge, gained: &mut Knowledge, duplicate: Informed<'_>) -> Carry {
    let known = duplicate.known;
    let mut merging = Merging { now, gained, carry: Carry::default() };
    let (taken, position) = (known.taken, known.position);
    merging.single(KnownField::Taken, |k| &mut k.taken, taken, same_time, |t| iso_time(*t));
    merging.single(KnownField::Position, |k| &mut k.position, position, near, degrees);
    let stars = |rating: &crate::model::knowledge::Rating| rating.stars().to_string();
    merging.single(KnownField::Rating, |k| &mut k.rating, known.rating, |a, b| a == b, stars);
    merging.text(KnownField::Label, |k| &mut k.label, &known.label);
    merging.text(KnownField::Title, |k| &mut k.title, &known.title);
    merging.text(KnownField::Description, |k| &mut k.description, &known.description);
    merging.keywords(known);
    merging.people(duplicate);
    let albums = merging.list(|k| &mut k.albums, &known.albums);
    merging.carry.push(KnownField::Albums, albums);
    merging.carry
}

struct Merging<'a> {
    now: &'a mut Knowledge,
    gained: &'a mut Knowledge,
    carry: Carry,
}

impl Merging<'_> {
    /// A field that holds one value.
    fn single<T: Clone>(
        &mut self,
        field: KnownField,
        slot: impl Fn(&mut Knowledge) -> &mut Option<T>,
        new: Option<T>,
        same: impl Fn(&T, &T) -> bool,
        text: impl Fn(&T) -> String,
    ) {
        let Some(new) = new else { return };
        let now = slot(self.now);
        match now {
            None => {
                self.carry.push(field, vec![text(&new)]);
                *now = Some(new.clone());
                *slot(self.gained) = Some(new);
            }
            Some(known) if same(known, &new) => {}
            Some(known) => {
                let (keeper, duplicate) = (text(known), text(&new));
                self.carry.conflicts.push(KnownConflict { field, keeper, duplicate });
            }
        }
    }

    fn text(
        &mut self,
        field: KnownField,
        slot: impl Fn(&mut Knowledge) -> &mut Option<String>,
        new: &Option<String>,
    ) {
        self.single(field, slot, new.clone(), |a, b| same_text(a, b), String::clone);
    }

    /// The texts that are new in a list.
    fn list(
        &mut self,
        slot: impl Fn(&mut Knowledge) -> &mut Vec<String>,
        known: &[String],
    ) -> Vec<String> {
        let mut new = Vec::new();
        for text in known {
            if !slot(self.now).iter().any(|other| same_text(other, text)) {
                for list in [slot(self.now), slot(self.gained), &mut new] {
                    list.push(text.clone());
                }
            }
        }
        new
    }

    /// A hierarchy tells its lowest level too.
    fn keywords(&mut self, known: &Knowledge) {
        let mut new = self.list(|k| &mut k.hierarchy, &known.hierarchy);
        let leaf = |path: &String| path.rsplit('|').next().unwrap_or_default().to_owned();
        let leaves: Vec<String> = self.now.hierarchy.iter().map(leaf).collect();
        let is_told = |keyword: &&String| leaves.iter().any(|leaf| same_text(leaf, keyword));
        let plain: Vec<String> =
            known.keywords.iter().filter(|keyword| !is_told(keyword)).cloned().collect();
        new.extend(self.list(|k| &mut k.keywords, &plain));
        self.carry.push(KnownField::Keywords, new);
    }

    /// Areas fit only where both pictures are stored alike.
    fn people(&mut self, duplicate: Informed<'_>) {
        let (keeper, known) = (self.now.layout, duplicate.known);
        let fits = duplicate.same_view
            && keeper.orientation == known.layout.orientation
            && keeper.turned_by_container == known.layout.turned_by_container
            && !keeper.other_regions;
        let mut new = Vec::new();
        for person in &known.people {
            let person = Person { area: person.area.filter(|_| fits), ..person.clone() };
            if is_new(&self.now.people, &person) {
                new.push(person.name.clone());
                self.now.meet(person.clone());
                self.gained.meet(person);
            }
        }
        self.carry.push(KnownField::People, new);
    }
}

/// Whether a name is new, or where somebody is.
fn is_new(known: &[Person], person: &Person) -> bool {
    match known.iter().find(|other| same_text(&other.name, &person.name)) {
        Some(other) => other.area.is_none() && person.area.is_some(),
        None => true,
    }
}

impl Carry {
    fn push(&mut self, field: KnownField, values: Vec<String>) {
        if !values.is_empty() {
            self.only.push((field, values));
        }
    }
}
