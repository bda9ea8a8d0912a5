//! Dates in XMP (ISO 16684-1): as attributes or as elements, under whatever prefix.

mod traces;

use super::exif::{local_seconds, offset_minutes, subsecond_ns};
use super::xml::XmlTree;
use crate::model::media::CaptureTime;
pub(super) use traces::traces;

/// Properties that say when a picture was taken, the most telling first.
const PROPERTIES: [&str; 3] = ["DateTimeOriginal", "DateCreated", "DateTimeDigitized"];

/// The dates of a packet, as written and as understood, the most telling first. `CreateDate` counts
/// only where nothing else is there: editors write it too.
pub(super) fn dates(packet: &[u8]) -> Vec<(String, Option<CaptureTime>)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // Whatever cannot be read ends it; what was found until then counts.
    for element in XmlTree::read(packet).elements {
        let attributes = element.attributes.into_iter().map(|a| (a.name.local, a.value));
        for (name, value) in attributes.chain([(element.name.local, element.text)]) {
            if let Some(rank) = rank(&name) {
                found.push((rank, value.trim().to_owned()));
            }
        }
    }
    found.retain(|(_, text)| !text.is_empty());
    found.sort();
    // The same time under a less telling name says nothing more.
    let mut seen = std::collections::HashSet::new();
    found.retain(|(_, text)| seen.insert(text.clone()));
    found.into_iter().map(|(_, text)| (text.clone(), time(&text))).collect()
}

fn rank(name: &str) -> Option<usize> {
    let create = name == "CreateDate";
    let known = PROPERTIES.iter().position(|property| *property == name);
    known.or(create.then_some(PROPERTIES.len()))
}

/// `2019-02-03T12:34:56.05+01:00`, without zone, fraction, seconds or time of day as it may be.
pub(super) fn time(text: &str) -> Option<CaptureTime> {
    let text = text.trim();
    let (whole, zone) = match text.find('T').or_else(|| text.find(' ')) {
        Some(clock) => match text[clock..].find(['Z', '+', '-']) {
            Some(at) => text.split_at(clock + at),
            None => (text, ""),
        },
        None => (text, ""),
    };
    let (whole, fraction) = whole.split_once('.').unwrap_or((whole, ""));
    let padded = match whole.len() {
        10 => format!("{whole}T00:00:00"),
        16 => format!("{whole}:00"),
        _ => whole.to_owned(),
    };
    // Apple writes +0100.
    let zone = match zone.len() {
        5 if !zone.contains(':') => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => zone.to_owned(),
    };
    Some(CaptureTime {
        local_seconds: local_seconds(&padded)?,
        subsecond_ns: subsecond_ns(fraction),
        offset_minutes: offset_minutes(&zone),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::readable::iso_time;

    #[test]
    fn times() {
        for (text, iso) in [
            ("2019-02-03T12:34:56", "2019-02-03T12:34:56"),
            ("2019-02-03T12:34:56.05+01:00", "2019-02-03T12:34:56.05+01:00"),
            ("2019-02-03T12:34-05:30", "2019-02-03T12:34:00-05:30"),
            ("2019-02-03T12:34:56Z", "2019-02-03T12:34:56+00:00"),
            ("2019-02-03T12:34:56+0200", "2019-02-03T12:34:56+02:00"),
            ("2019-02-03", "2019-02-03T00:00:00"),
            ("2019:02:03 12:34:56", "2019-02-03T12:34:56"),
        ] {
            assert_eq!(time(text).map(iso_time).as_deref(), Some(iso), "{text}");
        }
        for text in ["", "2019", "2019-02", "T", "2019-02-30", "yesterday+01", "é-é-éT"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn attributes_and_elements() {
        let packet = br#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
            xmp:CreateDate="2020-01-01T00:00:01" photoshop:DateCreated="2019-02-03T12:00:00">
            <exif:DateTimeOriginal>2019-02-03T12:34:56</exif:DateTimeOriginal> 1999-01-01
            <xmp:ModifyDate>2021-01-01</xmp:ModifyDate>
            </rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let texts: Vec<_> = dates(packet).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["2019-02-03T12:34:56", "2019-02-03T12:00:00", "2020-01-01T00:00:01"]);
        assert_eq!(dates(b"<a b='").len(), 0);
        assert_eq!(dates(b"<x:a e:DateTimeOriginal='?'><b").len(), 1);
    }
}
