//! Properties as elements of RDF/XML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::properties::{XmpProperty, XmpValue};
use crate::metadata::knowledge::xmp::space::{AREA, DIMENSIONS, REGIONS};
use crate::model::knowledge::Person;
use crate::model::media::Dimensions;

/// A description with these properties; nothing where there are none. `rdf` is the prefix of RDF,
/// and `about` the escaped subject.
pub(super) fn description(rdf: &str, about: &str, properties: &[XmpProperty]) -> String {
    if properties.is_empty() {
        return String::new();
    }
    let spaces: BTreeMap<&str, &str> = properties.iter().map(|p| (p.prefix, p.space)).collect();
    let declared: String =
        spaces.iter().map(|(prefix, space)| format!("\n    xmlns:{prefix}=\"{space}\"")).collect();
    let elements: String = properties.iter().map(|property| element(rdf, property)).collect();
    format!(
        "  <{rdf}:Description {rdf}:about=\"{about}\"{declared}>\n{elements}  </{rdf}:Description>\n"
    )
}

fn element(rdf: &str, property: &XmpProperty) -> String {
    let name = format!("{}:{}", property.prefix, property.local);
    match &property.value {
        XmpValue::Text(text) => format!("   <{name}>{}</{name}>\n", escaped(text)),
        XmpValue::InLanguage(text) => format!(
            "   <{name}>\n    <{rdf}:Alt>\n     <{rdf}:li xml:lang=\"x-default\">{}</{rdf}:li>\n    \
             </{rdf}:Alt>\n   </{name}>\n",
            escaped(text)
        ),
        XmpValue::List { kind, own, new } => {
            let items: String =
                own.iter().chain(new).map(|text| format!("     {}\n", item(rdf, text))).collect();
            format!("   <{name}>\n    <{rdf}:{kind}>\n{items}    </{rdf}:{kind}>\n   </{name}>\n")
        }
        XmpValue::Regions { own, new, stored } => {
            let faces: String = own
                .iter()
                .chain(new)
                .map(|person| format!("      {}\n", face(rdf, person)))
                .collect();
            format!(
                "   <{name} {rdf}:parseType=\"Resource\">\n    <mwg-rs:AppliedToDimensions \
                 xmlns:stDim=\"{DIMENSIONS}\" {}/>\n    <mwg-rs:RegionList>\n     <{rdf}:Bag>\n\
                 {faces}     </{rdf}:Bag>\n    </mwg-rs:RegionList>\n   </{name}>\n",
                dimensions(*stored)
            )
        }
    }
}

fn dimensions(stored: Dimensions) -> String {
    format!("stDim:w=\"{}\" stDim:h=\"{}\" stDim:unit=\"pixel\"", stored.width, stored.height)
}

/// One item of a list.
pub(super) fn item(rdf: &str, text: &str) -> String {
    format!("<{rdf}:li>{}</{rdf}:li>", escaped(text))
}

/// One face of a list of regions.
pub(super) fn face(rdf: &str, person: &Person) -> String {
    let area = person.area.map_or_else(String::new, |area| {
        format!(
            "<mwg-rs:Area xmlns:stArea=\"{AREA}\" stArea:x=\"{:.6}\" stArea:y=\"{:.6}\" \
             stArea:w=\"{:.6}\" stArea:h=\"{:.6}\" stArea:unit=\"normalized\"/>",
            area.x, area.y, area.width, area.height
        )
    });
    format!(
        "<{rdf}:li><{rdf}:Description xmlns:mwg-rs=\"{REGIONS}\" mwg-rs:Name=\"{}\" \
         mwg-rs:Type=\"Face\">{area}</{rdf}:Description></{rdf}:li>",
        escaped(&person.name)
    )
}

/// As text of an element, or as the value of an attribute (XML 1.0, 2.4). What XML cannot hold is
/// left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
