//! Which properties say what, as the programs that people use read them.

use super::Addition;
use crate::metadata::knowledge::xmp::{space, written_altitude, written_degrees};
use crate::model::knowledge::{Knowledge, Person, unite};
use crate::model::media::Dimensions;
use crate::model::readable::iso_time;

/// A property with its value.
pub(super) struct XmpProperty {
    pub(super) space: &'static str,
    pub(super) prefix: &'static str,
    pub(super) local: &'static str,
    pub(super) value: XmpValue,
}

pub(super) enum XmpValue {
    Text(String),
    /// In the default language.
    InLanguage(String),
    /// `kind` is `Bag` or `Seq`; `own` stands there already, or has to be written as well.
    List {
        kind: &'static str,
        own: Vec<String>,
        new: Vec<String>,
    },
    /// Faces, likewise.
    Regions {
        own: Vec<Person>,
        new: Vec<Person>,
        stored: Dimensions,
    },
}

pub(super) fn properties(addition: &Addition<'_>) -> Vec<XmpProperty> {
    let Addition { own, gained, stored } = *addition;
    let mut all = texts(gained);
    let mut push = |(space, prefix, local), value| {
        all.push(XmpProperty { space, prefix, local, value });
    };
    let mut list = |name, kind, own: Vec<String>, new: Vec<String>| {
        let new = missing(new, &own);
        if !new.is_empty() {
            push(name, XmpValue::List { kind, own, new });
        }
    };
    list((space::DC, "dc", "subject"), "Bag", with_leaves(own), with_leaves(gained));
    // A program that finds a list of hierarchies may not look at the plain list.
    if !own.hierarchy.is_empty() || !gained.hierarchy.is_empty() {
        let below = |known: &Knowledge, separator: &str| -> Vec<String> {
            let leaves = leaves(known);
            let plain = known.keywords.iter().filter(|keyword| !leaves.contains(keyword)).cloned();
            // A name that holds the separator would become two.
            let paths =
                known.hierarchy.iter().filter(|path| separator == "|" || !path.contains('/'));
            let mut all: Vec<String> = paths.map(|path| path.replace('|', separator)).collect();
            unite(&mut all, plain.collect());
            all
        };
        let lightroom = (space::LIGHTROOM, "lr", "hierarchicalSubject");
        list(lightroom, "Bag", below(own, "|"), below(gained, "|"));
        let digikam = (space::DIGIKAM, "digiKam", "TagsList");
        list(digikam, "Seq", below(own, "/"), below(gained, "/"));
    }
    let names = |known: &Knowledge| known.people.iter().map(|p| p.name.clone()).collect();
    list((space::IPTC_EXT, "Iptc4xmpExt", "PersonInImage"), "Bag", names(own), names(gained));
    let albums = (space::CATALOG, "mediapro", "CatalogSets");
    list(albums, "Bag", own.albums.clone(), gained.albums.clone());
    let with_area = |known: &Knowledge| -> Vec<Person> {
        known.people.iter().filter(|person| person.area.is_some()).cloned().collect()
    };
    let new = with_area(gained);
    if !new.is_empty() {
        let value = XmpValue::Regions { own: with_area(own), new, stored };
        push((space::REGIONS, "mwg-rs", "Regions"), value);
    }
    all
}

fn texts(gained: &Knowledge) -> Vec<XmpProperty> {
    let mut all = Vec::new();
    let mut push = |space, prefix, local, value| {
        all.push(XmpProperty { space, prefix, local, value });
    };
    let mut text = |space, prefix, local, text: String| {
        push(space, prefix, local, XmpValue::Text(text));
    };
    if let Some(time) = gained.taken.map(iso_time) {
        text(space::EXIF, "exif", "DateTimeOriginal", time.clone());
        text(space::PHOTOSHOP, "photoshop", "DateCreated", time);
    }
    if let Some(position) = gained.position {
        let degrees = written_degrees(position.latitude, ('N', 'S'));
        text(space::EXIF, "exif", "GPSLatitude", degrees);
        let degrees = written_degrees(position.longitude, ('E', 'W'));
        text(space::EXIF, "exif", "GPSLongitude", degrees);
        if let Some(metres) = position.altitude {
            text(space::EXIF, "exif", "GPSAltitude", written_altitude(metres));
            let below = if metres < 0.0 { "1" } else { "0" };
            text(space::EXIF, "exif", "GPSAltitudeRef", below.to_owned());
        }
    }
    if let Some(rating) = gained.rating {
        text(space::XMP, "xmp", "Rating", rating.stars().to_string());
    }
    if let Some(label) = &gained.label {
        text(space::XMP, "xmp", "Label", label.clone());
    }
    if let Some(title) = &gained.title {
        push(space::DC, "dc", "title", XmpValue::InLanguage(title.clone()));
    }
    if let Some(description) = &gained.description {
        push(space::DC, "dc", "description", XmpValue::InLanguage(description.clone()));
    }
    all
}

/// The lowest levels of all hierarchies.
fn leaves(known: &Knowledge) -> Vec<String> {
    let leaf = |path: &String| path.rsplit('|').next().unwrap_or_default().to_owned();
    known.hierarchy.iter().map(leaf).collect()
}

/// Keywords, and the lowest levels of hierarchies, which belong among them.
fn with_leaves(known: &Knowledge) -> Vec<String> {
    let mut all = known.keywords.clone();
    unite(&mut all, leaves(known));
    all
}

fn missing(new: Vec<String>, own: &[String]) -> Vec<String> {
    let mut all = own.to_vec();
    unite(&mut all, new);
    all.split_off(own.len())
}
