//! Additions to a sidecar that is there.

use std::ops::Range;

use super::element::{description, escaped, face, item};
use super::properties::{XmpProperty, XmpValue};
use crate::metadata::knowledge::xmp::{XmpPacket, space};
use crate::metadata::xml::XmlElement;
use crate::model::knowledge::unite;

/// A part of a text, and what is to stand in its place.
type Edit = (Range<usize>, String);

/// The text with the properties; `None` where it has a form that is not understood. Lists that are
/// there get items; everything else goes into a description of its own.
pub(super) fn splice(
    text: &str,
    packet: &XmpPacket<'_>,
    properties: &mut Vec<XmpProperty>,
) -> Option<String> {
    let (rdf, _) = raw_name(text, packet.rdf)?.split_once(':')?;
    let mut edits: Vec<Edit> = Vec::new();
    let mut rest = Vec::new();
    for property in properties.drain(..) {
        let there = packet.element(property.space, property.local);
        let list = there.and_then(|element| match property.value {
            XmpValue::List { .. } => packet.list(element),
            XmpValue::Regions { .. } => packet
                .structure(element, space::REGIONS, "RegionList")
                .and_then(|regions| packet.list(regions)),
            _ => None,
        });
        let Some(list) = list else {
            rest.push(replaced(packet, property, &mut edits)?);
            continue;
        };
        let items: String = match &property.value {
            XmpValue::List { new, .. } => {
                let known = packet.items(property.space, property.local);
                let mut all = known.clone();
                unite(&mut all, new.clone());
                all.split_off(known.len()).iter().map(|text| item(rdf, text)).collect()
            }
            XmpValue::Regions { new, .. } => new.iter().map(|person| face(rdf, person)).collect(),
            _ => String::new(),
        };
        edits.push(inside(text, list, &items)?);
    }
    let about = packet.descriptions().find_map(|description| {
        let about = [space::RDF, ""].map(|space| description.attribute(space, "about"));
        about.into_iter().flatten().next().map(|attribute| attribute.value.clone())
    });
    let added = description(rdf, &escaped(&about.unwrap_or_default()), &rest);
    if !added.is_empty() {
        edits.push(inside(text, packet.rdf, &added)?);
    }
    edited(text, edits)
}

/// A property of which what is there says nothing: that is taken out. A list of a single value, as
/// no standard has it, becomes one.
fn replaced(
    packet: &XmpPacket<'_>,
    mut property: XmpProperty,
    edits: &mut Vec<Edit>,
) -> Option<XmpProperty> {
    let known = packet.items(property.space, property.local);
    let mut is_there = false;
    for description in packet.descriptions() {
        let attributes = description.attributes.iter();
        let spans = attributes
            .filter(|attribute| attribute.name.is(property.space, property.local))
            .map(|attribute| attribute.span.clone());
        let elements = packet.tree.children(description);
        let elements = elements
            .filter(|element| element.name.is(property.space, property.local))
            .map(|element| element.open.start..element.close.end);
        for span in spans.chain(elements) {
            is_there = true;
            edits.push((span, String::new()));
        }
    }
    match &mut property.value {
        XmpValue::List { own, .. } if is_there => unite(own, known),
        // Regions without a list.
        XmpValue::Regions { .. } if is_there => return None,
        _ => {}
    }
    Some(property)
}

/// Puts something before the last tag of an element.
fn inside(text: &str, element: &XmlElement, added: &str) -> Option<Edit> {
    if !element.is_one_tag() {
        let at = element.close.start;
        return Some((at..at, added.to_owned()));
    }
    let name = raw_name(text, element)?;
    let end = element.open.end;
    let slash = end.checked_sub(2)?;
    Some((slash..end, format!(">{added}</{name}>")))
}

/// The name as it is written, with its prefix.
fn raw_name<'a>(text: &'a str, element: &XmlElement) -> Option<&'a str> {
    let tag = text.get(element.open.clone())?.strip_prefix('<')?;
    tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next()
}

/// Carries out edits that do not overlap.
fn edited(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len() + 1024);
    let mut at = 0;
    for (span, new) in edits {
        out.push_str(text.get(at..span.start)?);
        out.push_str(&new);
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}
