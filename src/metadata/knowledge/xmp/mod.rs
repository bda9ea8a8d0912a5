//! What XMP knows of a picture (ISO 16684-1), whichever of the usual properties says it.

mod packet;
mod people;
mod position;
pub(in crate::metadata) mod space;

pub(in crate::metadata) use packet::XmpPacket;
pub(in crate::metadata) use position::{written_altitude, written_degrees};

use crate::metadata::texts::{clean_line, clean_text, meaningful};
use crate::metadata::xml::XmlTree;
use crate::model::knowledge::{Knowledge, Rating, StoredLayout, unite};

/// All that a packet says, except for the date, which is read with those of other sources.
pub(in crate::metadata) fn knowledge(tree: &XmlTree) -> Knowledge {
    let Some(packet) = XmpPacket::find(tree) else { return Knowledge::default() };
    let mut known = Knowledge {
        position: position::read(&packet),
        rating: rating(&packet),
        label: packet.text(space::XMP, "Label").and_then(|label| clean_line(&label)),
        title: packet.text(space::DC, "title").and_then(|title| clean_line(&title)),
        description: packet.text(space::DC, "description").and_then(|text| clean_text(&text)),
        ..Knowledge::default()
    };
    known.description = known.description.filter(|text| meaningful(text));
    unite(&mut known.keywords, lines(packet.items(space::DC, "subject")));
    let trees = [
        (space::LIGHTROOM, "hierarchicalSubject", '|'),
        (space::DIGIKAM, "TagsList", '/'),
        (space::MICROSOFT, "LastKeywordXMP", '/'),
    ];
    for (space, property, separator) in trees {
        for item in packet.items(space, property) {
            let levels: Vec<String> = item.split(separator).filter_map(clean_line).collect();
            match &levels[..] {
                [] => {}
                [keyword] => unite(&mut known.keywords, vec![keyword.clone()]),
                _ => unite(&mut known.hierarchy, vec![levels.join("|")]),
            }
        }
    }
    known.albums = lines(packet.items(space::CATALOG, "CatalogSets"));
    let (people, other_regions) = people::read(&packet);
    for person in people {
        known.meet(person);
    }
    known.layout = StoredLayout { other_regions, ..StoredLayout::default() };
    known
}

fn lines(items: Vec<String>) -> Vec<String> {
    let mut lines = Vec::new();
    unite(&mut lines, items.iter().filter_map(|item| clean_line(item)).collect());
    lines
}

fn rating(packet: &XmpPacket<'_>) -> Option<Rating> {
    // Some programs write 4.0.
    let number = |space, property| -> Option<i64> {
        let value: f64 = packet.text(space, property)?.trim().parse().ok()?;
        (value.abs() <= 100.0).then_some(value.round() as i64)
    };
    number(space::XMP, "Rating")
        .and_then(Rating::new)
        .or_else(|| number(space::MICROSOFT, "Rating").and_then(Rating::from_per_cent))
}
