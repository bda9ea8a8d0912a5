//! People in XMP: regions of the Metadata Working Group, regions of Windows, and plain names.

use super::packet::XmpPacket;
use super::space::{AREA, IPTC_EXT, MS_REGION, MS_REGION_INFO, MS_REGION_LIST, REGIONS};
use crate::metadata::texts::clean_line;
use crate::metadata::xml::XmlElement;
use crate::model::knowledge::{FaceArea, Person};

/// The people, and whether there are regions that are not just faces with names.
pub(super) fn read(packet: &XmpPacket<'_>) -> (Vec<Person>, bool) {
    let mut people = Vec::new();
    let mut others = false;
    for region in regions(packet, (REGIONS, "Regions"), (REGIONS, "RegionList")) {
        let name = packet.field(region, REGIONS, "Name").and_then(|name| clean_line(&name));
        // A region without a type is taken for a face, as digiKam does.
        let kind = packet.field(region, REGIONS, "Type");
        let is_face = kind.is_none_or(|kind| kind.trim().eq_ignore_ascii_case("face"));
        match name.filter(|_| is_face) {
            Some(name) => people.push(Person { name, area: mwg_area(packet, region) }),
            None => others = true,
        }
    }
    for region in regions(packet, (MS_REGION_INFO, "RegionInfo"), (MS_REGION_LIST, "Regions")) {
        let name = packet.field(region, MS_REGION, "PersonDisplayName");
        match name.and_then(|name| clean_line(&name)) {
            Some(name) => {
                let area = packet.field(region, MS_REGION, "Rectangle");
                people.push(Person { name, area: area.and_then(|text| rectangle(&text)) });
            }
            None => others = true,
        }
    }
    let names = packet.items(IPTC_EXT, "PersonInImage");
    let names = names.iter().filter_map(|name| clean_line(name));
    people.extend(names.map(|name| Person { name, area: None }));
    (people, others)
}

fn regions<'a>(
    packet: &XmpPacket<'a>,
    (space, property): (&str, &str),
    (list_space, list): (&str, &str),
) -> Vec<&'a XmlElement> {
    let list = packet
        .element(space, property)
        .and_then(|regions| packet.structure(regions, list_space, list))
        .and_then(|property| packet.list(property));
    list.map(|list| packet.tree.children(list).collect()).unwrap_or_default()
}

fn mwg_area<'a>(packet: &XmpPacket<'a>, region: &'a XmlElement) -> Option<FaceArea> {
    let number =
        |area, field| -> Option<f64> { packet.field(area, AREA, field)?.trim().parse().ok() };
    let area = packet.structure(region, REGIONS, "Area")?;
    let unit = packet.field(area, AREA, "unit");
    if unit.is_some_and(|unit| unit.trim() != "normalized") {
        return None;
    }
    FaceArea::new(number(area, "x")?, number(area, "y")?, number(area, "w")?, number(area, "h")?)
}

/// `left, top, width, height` in fractions.
fn rectangle(text: &str) -> Option<FaceArea> {
    let numbers: Vec<f64> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
    let [left, top, width, height] = numbers[..] else { return None };
    FaceArea::new(left + width / 2.0, top + height / 2.0, width, height)
}
