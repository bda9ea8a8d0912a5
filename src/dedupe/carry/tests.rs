use super::same::{near, same_time};
use super::*;
use crate::model::knowledge::{FaceArea, Person, Position, Rating, StoredLayout};
use crate::model::media::CaptureTime;

fn informed(known: &Knowledge) -> Informed<'_> {
    Informed { known, same_view: true }
}

fn titled(title: &str) -> Knowledge {
    Knowledge { title: Some(title.into()), ..Knowledge::default() }
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn the_keeper_wins_then_the_first_duplicate() {
    let (first, second) = (titled("first"), titled("second"));
    let own = carried(&titled("own"), &[informed(&first)]);
    assert_eq!(own.gained, Knowledge::default());
    let conflict = |keeper: &str, duplicate: &str| KnownConflict {
        field: KnownField::Title,
        keeper: keeper.into(),
        duplicate: duplicate.into(),
    };
    assert_eq!(own.each[0].conflicts, [conflict("own", "first")]);
    let none = carried(&Knowledge::default(), &[informed(&first), informed(&second)]);
    assert_eq!(none.gained, first);
    assert_eq!(none.each[0].words(), "title first");
    assert_eq!(none.each[1].conflicts, [conflict("first", "second")]);
    assert!(carried(&titled(" OWN"), &[informed(&titled("own"))]).each[0].is_empty());
}

#[test]
fn lists_are_united() {
    let keeper = Knowledge { keywords: words(&["Rome"]), ..Knowledge::default() };
    let one = Knowledge {
        keywords: words(&["rome", "Summer", "Sea"]),
        hierarchy: words(&["Seasons|Summer"]),
        albums: words(&["A"]),
        ..Knowledge::default()
    };
    let two =
        Knowledge { keywords: words(&["Sea", "Ship"]), albums: words(&["a", "B"]), ..one.clone() };
    let carried = carried(&keeper, &[informed(&one), informed(&two)]);
    assert_eq!(carried.gained.keywords, ["Sea", "Ship"]);
    assert_eq!(carried.gained.hierarchy, ["Seasons|Summer"]);
    assert_eq!(carried.gained.albums, ["A", "B"]);
    assert_eq!(carried.each[0].words(), "keywords Seasons|Summer, Sea; albums A");
    assert_eq!(carried.each[1].words(), "keywords Ship; albums B");
}

#[test]
fn areas_go_only_to_the_same_view() {
    let area = FaceArea::new(0.5, 0.5, 0.1, 0.1);
    let person = |area| Person { name: "Anna".into(), area };
    let known = |area| Knowledge { people: vec![person(area)], ..Knowledge::default() };
    let (with, without) = (known(area), known(None));
    let none = Knowledge::default();
    assert_eq!(carried(&none, &[informed(&with)]).gained.people, [person(area)]);
    let part = Informed { known: &with, same_view: false };
    assert_eq!(carried(&none, &[part]).gained.people, [person(None)]);
    let layout = StoredLayout { orientation: Orientation::Rotate90, ..StoredLayout::default() };
    let turned = Knowledge { layout, ..none.clone() };
    assert_eq!(carried(&turned, &[informed(&with)]).gained.people, [person(None)]);
    let layout = StoredLayout { other_regions: true, ..StoredLayout::default() };
    let others = Knowledge { layout, ..none.clone() };
    assert_eq!(carried(&others, &[informed(&with)]).gained.people, [person(None)]);
    // The name was known, the area was not.
    assert_eq!(carried(&without, &[informed(&with)]).gained.people, [person(area)]);
    assert_eq!(carried(&with, &[informed(&without)]).gained.people, []);
    assert!(!same_view(Relation::Part, Orientation::Upright));
    assert!(!same_view(Relation::Copy, Orientation::Rotate180));
}

#[test]
fn one_moment_written_in_several_ways() {
    let time = |local_seconds, offset_minutes| CaptureTime {
        local_seconds,
        subsecond_ns: None,
        offset_minutes,
    };
    assert!(same_time(&time(7200, Some(120)), &time(0, Some(0))));
    assert!(same_time(&time(7200, None), &time(0, Some(0))));
    assert!(!same_time(&time(7200, None), &time(0, Some(60))));
    assert!(!same_time(&time(7200, None), &time(0, None)));
    assert!(!same_time(&time(86_400, None), &time(0, Some(0))));
    let place = |latitude, longitude| Position { latitude, longitude, altitude: None };
    assert!(near(&place(48.0, 179.9999), &place(48.0, -179.9999)));
    assert!(!near(&place(48.0, 16.0), &place(48.01, 16.0)));
}

#[test]
fn stars_are_kept_or_contradicted() {
    let rated = |stars| Knowledge { rating: Rating::new(stars), ..Knowledge::default() };
    assert_eq!(carried(&rated(0), &[informed(&rated(5))]).gained.rating, Rating::new(5));
    let (three, five) = (rated(3), rated(5));
    let carried = carried(&three, &[informed(&five)]);
    assert_eq!(carried.each[0].conflicts.len(), 1);
    assert_eq!(carried.gained, Knowledge::default());
}
