//! What is known of a picture besides its pixels: when and where it was taken, and what people
//! wrote about it.

use crate::model::media::{CaptureTime, Orientation};

/// What a file, and the files beside it, say about a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knowledge {
    /// When it was taken.
    pub taken: Option<CaptureTime>,
    /// Where it was taken.
    pub position: Option<Position>,
    /// Stars.
    pub rating: Option<Rating>,
    /// A label, usually a colour's name.
    pub label: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// A longer text about it.
    pub description: Option<String>,
    /// Keywords without a place in a hierarchy.
    pub keywords: Vec<String>,
    /// Keywords with all that they lie below: `Places|Italy|Rome`.
    pub hierarchy: Vec<String>,
    /// Who is in it.
    pub people: Vec<Person>,
    /// Albums that it was put into.
    pub albums: Vec<String>,
    /// How the stored picture is laid out: areas of people are relative to that.
    pub layout: StoredLayout,
}

/// Degrees north and east, and metres above the sea.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Degrees north of the equator, −90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, −180 to 180.
    pub longitude: f64,
    /// Metres above sea level.
    pub altitude: Option<f64>,
}

impl Position {
    /// A position on the globe; `None` for anything else, and for 0, 0, which is what receivers
    /// without a fix write.
    pub fn new(latitude: f64, longitude: f64, altitude: Option<f64>) -> Option<Self> {
        let on_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        let is_fix = latitude != 0.0 || longitude != 0.0;
        // Higher than any aeroplane and deeper than any ditch is a broken value.
        let altitude = altitude.filter(|metres| (-12_000.0..100_000.0).contains(metres));
        (on_globe && is_fix).then_some(Self { latitude, longitude, altitude })
    }
}

/// One to five stars, or −1 for a picture that was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating(i8);

impl Rating {
    /// A rating of `xmp:Rating`. 0 means that there is none.
    pub fn new(stars: i64) -> Option<Self> {
        let stars = i8::try_from(stars).ok()?;
        matches!(stars, -1 | 1..=5).then_some(Self(stars))
    }

    /// A rating of `MicrosoftPhoto:Rating`: 1, 25, 50, 75 or 99 for one to five stars.
    pub fn from_per_cent(per_cent: i64) -> Option<Self> {
        match per_cent {
            1..=12 => Self::new(1),
            13..=37 => Self::new(2),
            38..=62 => Self::new(3),
            63..=87 => Self::new(4),
            88..=100 => Self::new(5),
            _ => None,
        }
    }

    /// −1, or 1 to 5.
    pub fn stars(self) -> i8 {
        self.0
    }
}

/// Somebody in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Where they are in the stored picture, if that is known.
    pub area: Option<FaceArea>,
}

/// An area in fractions of the stored picture's sides, 0 to 1, by its centre (MWG guidelines 2.0,
/// 5.9).
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct FaceArea {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl FaceArea {
    /// An area of some size within the picture.
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Option<Self> {
        let within = |side: f64| (0.0..=1.0).contains(&side);
        let has_size = width > 0.0 && height > 0.0;
        let all = within(x) && within(y) && within(width) && within(height) && has_size;
        all.then_some(Self { x, y, width, height })
    }
}

/// How the pixels of a file are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredLayout {
    /// How it has to be turned to be shown, by its Exif tag.
    pub orientation: Orientation,
    /// The container turns it as well, as HEIF does.
    pub turned_by_container: bool,
    /// There are regions that are not just faces with names.
    pub other_regions: bool,
}

impl Knowledge {
    /// Adds what another source says of the same picture. What is known already stays.
    pub fn absorb(&mut self, other: Self) {
        self.taken = self.taken.or(other.taken);
        self.position = self.position.or(other.position);
        self.rating = self.rating.or(other.rating);
        self.label = self.label.take().or(other.label);
        self.title = self.title.take().or(other.title);
        self.description = self.description.take().or(other.description);
        unite(&mut self.keywords, other.keywords);
        unite(&mut self.hierarchy, other.hierarchy);
        unite(&mut self.albums, other.albums);
        for person in other.people {
            self.meet(person);
        }
        self.layout.other_regions |= other.layout.other_regions;
    }

    /// Adds a person, or where they are.
    pub fn meet(&mut self, person: Person) {
        match self.people.iter_mut().find(|known| same_text(&known.name, &person.name)) {
            Some(known) => known.area = known.area.or(person.area),
            None => self.people.push(person),
        }
    }

    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        Self { layout: StoredLayout::default(), ..self.clone() } == Self::default()
    }
}

/// Adds the texts that are not there yet.
pub fn unite(texts: &mut Vec<String>, others: Vec<String>) {
    for other in others {
        if !texts.iter().any(|text| same_text(text, &other)) {
            texts.push(other);
        }
    }
}

/// Whether two texts are the same but for letter case and white space.
pub fn same_text(one: &str, other: &str) -> bool {
    let letters =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
    one == other || letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_positions_and_areas_within_their_bounds() {
        assert_eq!(Rating::new(5).map(Rating::stars), Some(5));
        assert_eq!(Rating::new(-1).map(Rating::stars), Some(-1));
        assert!([0, 6, -2, 261].into_iter().all(|stars| Rating::new(stars).is_none()));
        let stars = [1, 25, 50, 75, 99].map(|p| Rating::from_per_cent(p).map(Rating::stars));
        assert_eq!(stars, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
        assert_eq!(Rating::from_per_cent(0), None);
        assert!(Position::new(48.2, -16.4, None).is_some());
        for (latitude, longitude) in [(0.0, 0.0), (91.0, 5.0), (5.0, f64::NAN), (f64::NAN, 5.0)] {
            assert_eq!(Position::new(latitude, longitude, None), None);
        }
        assert_eq!(Position::new(1.0, 1.0, Some(1e9)).and_then(|p| p.altitude), None);
        assert!(FaceArea::new(0.5, 0.5, 0.1, 0.2).is_some());
        assert_eq!(FaceArea::new(0.5, 0.5, 0.0, 0.2), None);
        assert_eq!(FaceArea::new(1.5, 0.5, 0.1, 0.2), None);
    }

    #[test]
    fn what_is_known_first_stays() {
        let area = FaceArea::new(0.5, 0.5, 0.1, 0.1);
        let person = |name: &str, area| Person { name: name.into(), area };
        let mut known = Knowledge {
            title: Some("first".into()),
            keywords: vec!["Rome".into()],
            people: vec![person("Anna", None)],
            ..Knowledge::default()
        };
        known.absorb(Knowledge {
            title: Some("second".into()),
            label: Some("Red".into()),
            keywords: vec!["rome".into(), "Summer".into()],
            people: vec![person("anna", area), person("Ben", None)],
            ..Knowledge::default()
        });
        assert_eq!(known.title.as_deref(), Some("first"));
        assert_eq!(known.label.as_deref(), Some("Red"));
        assert_eq!(known.keywords, ["Rome", "Summer"]);
        assert_eq!(known.people, [person("Anna", area), person("Ben", None)]);
        assert!(!known.is_empty() && Knowledge::default().is_empty());
    }
}
