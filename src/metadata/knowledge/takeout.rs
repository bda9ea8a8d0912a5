//! What Google Takeout's JSON says of a picture, and of the album that its folder was.

use serde::Deserialize;
use serde_json::Value;

use super::{sidecar, taken};
use crate::metadata::texts::{clean_line, clean_text, meaningful};
use crate::model::knowledge::{Knowledge, Person, Position, Rating};

/// Folders by year, which are no albums, begin with this in the language of the account.
const YEARS: &[&str] = &[
    "photos from",
    "fotos von",
    "fotos aus",
    "photos de",
    "fotos de",
    "fotos del",
    "foto del",
    "foto da",
    "foto's uit",
    "foton från",
    "zdjęcia z",
    "фото за",
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Takeout {
    description: Value,
    #[serde(rename = "geoData")]
    placed: Value,
    #[serde(rename = "geoDataExif")]
    placed_by_camera: Value,
    people: Value,
    favorited: Value,
}

/// What the JSON beside a picture says. Its `title` is the file's name. A favourite has five
/// stars: no other program has a mark of just that meaning.
pub fn from_takeout(bytes: &[u8]) -> Knowledge {
    let Ok(takeout) = serde_json::from_slice::<Takeout>(bytes) else { return Knowledge::default() };
    let description = takeout.description.as_str().and_then(clean_text);
    let names = takeout.people.as_array().into_iter().flatten();
    let mut known = Knowledge {
        taken: taken(sidecar::from_takeout(bytes)),
        position: position(&takeout.placed).or_else(|| position(&takeout.placed_by_camera)),
        rating: (takeout.favorited == Value::Bool(true)).then(|| Rating::new(5)).flatten(),
        description: description.filter(|text| meaningful(text)),
        ..Knowledge::default()
    };
    for name in names.filter_map(|person| clean_line(person.get("name")?.as_str()?)) {
        known.meet(Person { name, area: None });
    }
    super::bounded(known)
}

fn position(value: &Value) -> Option<Position> {
    let degrees = |name| value.get(name).and_then(Value::as_f64);
    let altitude = degrees("altitude").filter(|metres| *metres != 0.0);
    Position::new(degrees("latitude")?, degrees("longitude")?, altitude)
}

/// The album that a folder was, by its `metadata.json`; `None` for folders by year, and for the
/// JSON of a picture.
pub fn album_title(bytes: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if value.get("photoTakenTime").is_some() {
        return None;
    }
    // Older exports wrap it.
    let title = value.get("title").or_else(|| value.get("albumData")?.get("title"))?.as_str()?;
    let title = clean_line(title)?;
    let lower = title.to_lowercase();
    let of_year = YEARS.iter().filter_map(|words| lower.strip_prefix(words)).any(|rest| {
        let year = rest.trim();
        year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit())
    });
    (!of_year).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::readable::iso_time;

    #[test]
    fn a_picture_and_its_album() {
        let json = br#"{"title":"a.jpg","description":"On the beach","favorited":true,
            "photoTakenTime":{"timestamp":"1549197296"},
            "geoData":{"latitude":48.2,"longitude":16.4,"altitude":171.5},
            "people":[{"name":"Anna"},{"name":7},{}]}"#;
        let known = from_takeout(json);
        assert_eq!(known.taken.map(iso_time).as_deref(), Some("2019-02-03T12:34:56+00:00"));
        assert_eq!(known.position, Position::new(48.2, 16.4, Some(171.5)));
        assert_eq!(known.rating, Rating::new(5));
        assert_eq!(known.description.as_deref(), Some("On the beach"));
        assert_eq!(known.people, [Person { name: "Anna".into(), area: None }]);
        assert_eq!(album_title(json), None, "the JSON of a picture");
        let by_camera = br#"{"geoData":{"latitude":0.0,"longitude":0.0},
            "geoDataExif":{"latitude":1.0,"longitude":2.0}}"#;
        assert_eq!(from_takeout(by_camera).position, Position::new(1.0, 2.0, None));
        for hostile in [&b"[]"[..], b"{", b"", br#"{"people":{"name":1},"geoData":[1]}"#] {
            assert!(from_takeout(hostile).is_empty());
        }
    }

    #[test]
    fn folders_by_year_are_no_albums() {
        let title = |text: &str| album_title(format!("{{\"title\":\"{text}\"}}").as_bytes());
        assert_eq!(title("Summer 2019").as_deref(), Some("Summer 2019"));
        assert_eq!(title("Photos from 2019"), None);
        assert_eq!(title("Fotos von 2019"), None);
        assert_eq!(title("Photos from Rome").as_deref(), Some("Photos from Rome"));
        assert_eq!(title(""), None);
        let old = br#"{"albumData":{"title":"Rome"}}"#;
        assert_eq!(album_title(old).as_deref(), Some("Rome"));
    }
}
