//! What XMP tells of where a picture comes from, and what people wrote into it.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::time;
use crate::metadata::software::{is_editor, is_messenger, is_screenshot};
use crate::model::provenance::Traces;

/// What a property says; its value may stand in an attribute, in an element, or in the items of a
/// list below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Program,
    Action,
    DerivedFrom,
    DocumentId,
    OriginalId,
    Applied,
    Date,
    Latitude,
    Longitude,
    Rating,
    Label,
    Description,
    Comment,
    Keywords,
    Person,
    /// Regions of a picture, named or not.
    Regions,
    RegionName,
    Auxiliary,
    Other,
}

impl Property {
    /// By its name with the prefix that everybody uses for it, and without one.
    fn of(qualified: &str, local: &str) -> Self {
        match local {
            "CreatorTool" | "Software" | "softwareAgent" => Self::Program,
            "action" => Self::Action,
            "DerivedFrom" => Self::DerivedFrom,
            "DocumentID" => Self::DocumentId,
            "OriginalDocumentID" => Self::OriginalId,
            "AlreadyApplied" => Self::Applied,
            "DateTimeOriginal" | "DateCreated" => Self::Date,
            "GPSLatitude" => Self::Latitude,
            "GPSLongitude" => Self::Longitude,
            "Rating" => Self::Rating,
            "Label" => Self::Label,
            "description" | "title" | "Headline" => Self::Description,
            "UserComment" => Self::Comment,
            "subject" | "hierarchicalSubject" | "TagsList" | "LastKeywordXMP" => Self::Keywords,
            "PersonInImage" | "PersonDisplayName" => Self::Person,
            "RegionList" => Self::Regions,
            "Name" => Self::RegionName,
            "MotionPhoto" | "MicroVideo" | "HDRGainMapVersion" | "AuxiliaryImageType" => {
                Self::Auxiliary
            }
            _ if qualified == "hdrgm:Version" => Self::Auxiliary,
            _ => Self::Other,
        }
    }
}

#[derive(Default)]
struct Reading {
    traces: Traces,
    document: Option<String>,
    original: Option<String>,
    latitude: bool,
    longitude: bool,
    /// The elements that are open.
    open: Vec<Property>,
}

/// The traces of a packet. Whatever cannot be read ends it; what was found until then counts.
pub(in crate::metadata) fn traces(packet: &[u8]) -> Traces {
    let mut reader = Reader::from_reader(packet);
    reader.config_mut().check_end_names = false;
    let mut reading = Reading::default();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                let property = reading.element(&start);
                reading.open.push(property);
            }
            Event::Empty(start) => {
                reading.element(&start);
            }
            Event::Text(text) => {
                let inner =
                    reading.open.iter().rev().find(|property| **property != Property::Other);
                if let Some(&property) = inner {
                    reading.value(property, text.trim());
                }
            }
            Event::End(_) => {
                reading.open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let derived = matches!((&reading.document, &reading.original), (Some(a), Some(b)) if a != b);
    reading
        .traces
        .with_if(derived, Traces::DERIVED)
        .with_if(reading.latitude && reading.longitude, Traces::POSITION)
}

impl Reading {
    fn element(&mut self, start: &BytesStart<'_>) -> Property {
        let property = Property::of(start.name().as_ref(), start.local_name().as_ref());
        if property == Property::DerivedFrom {
            self.traces = self.traces.with(Traces::DERIVED);
        }
        for attribute in start.attributes().flatten() {
            let name = attribute.key;
            let of = Property::of(name.as_ref(), name.local_name().as_ref());
            // Documents that this one came from have identifiers too.
            if property != Property::DerivedFrom {
                self.value(of, attribute.value.trim());
            }
        }
        property
    }

    fn value(&mut self, property: Property, text: &str) {
        let within = |property| self.open.contains(&property);
        let says = match property {
            _ if text.is_empty() => return,
            Property::Program => {
                self.traces = self
                    .traces
                    .with_if(is_messenger(text), Traces::MESSENGER)
                    .with_if(is_screenshot(text), Traces::SCREENSHOT);
                (is_editor(text), Traces::EDITOR)
            }
            Property::Action => {
                let own = ["created", "saved", "produced"].contains(&text);
                (!own, Traces::DERIVED)
            }
            Property::DocumentId if !within(Property::DerivedFrom) => {
                self.document.get_or_insert_with(|| text.to_owned());
                return;
            }
            Property::OriginalId if !within(Property::DerivedFrom) => {
                self.original.get_or_insert_with(|| text.to_owned());
                return;
            }
            // The settings of a RAW converter are in the pixels.
            Property::Applied => (text.eq_ignore_ascii_case("true"), Traces::EDITOR),
            Property::Date => (time(text).is_some(), Traces::DATE),
            Property::Latitude => {
                self.latitude = true;
                return;
            }
            Property::Longitude => {
                self.longitude = true;
                return;
            }
            Property::Rating => {
                (text.parse::<f32>().is_ok_and(|stars| stars > 0.0), Traces::RATING)
            }
            Property::Label => (true, Traces::RATING),
            Property::Description => (!is_screenshot(text), Traces::DESCRIPTION),
            Property::Comment => (is_screenshot(text), Traces::SCREENSHOT),
            Property::Keywords => (true, Traces::KEYWORDS),
            Property::Person => (true, Traces::PEOPLE),
            Property::RegionName => (within(Property::Regions), Traces::PEOPLE),
            Property::Auxiliary => (text != "0", Traces::AUXILIARY),
            _ => return,
        };
        self.traces = self.traces.with_if(says.0, says.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(attributes: &str, inside: &str) -> Traces {
        let packet = format!(
            "<?xpacket?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF>\
             <rdf:Description {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
        );
        traces(packet.as_bytes())
    }

    #[test]
    fn properties_as_attributes() {
        for (attributes, expected) in [
            ("", Traces::NONE),
            ("xmp:CreatorTool='Adobe Photoshop Lightroom 6.0'", Traces::EDITOR),
            ("xmp:CreatorTool='17.4.1'", Traces::NONE),
            ("xmp:CreatorTool='Instagram'", Traces::MESSENGER),
            ("crs:AlreadyApplied='True'", Traces::EDITOR),
            ("crs:AlreadyApplied='False'", Traces::NONE),
            ("xmpMM:DocumentID='a' xmpMM:OriginalDocumentID='b'", Traces::DERIVED),
            ("xmpMM:DocumentID='a' xmpMM:OriginalDocumentID='a'", Traces::NONE),
            ("xmp:Rating='0'", Traces::NONE),
            ("xmp:Rating='4'", Traces::RATING),
            ("xmp:Label='Red'", Traces::RATING),
            ("photoshop:DateCreated='2019-02-03T12:00:00'", Traces::DATE),
            ("photoshop:DateCreated='someday'", Traces::NONE),
            ("exif:GPSLatitude='47,1N'", Traces::NONE),
            ("exif:GPSLatitude='47,1N' exif:GPSLongitude='8,5E'", Traces::POSITION),
            ("GCamera:MotionPhoto='1'", Traces::AUXILIARY),
            ("GCamera:MotionPhoto='0'", Traces::NONE),
            ("hdrgm:Version='1.0'", Traces::AUXILIARY),
            ("other:Version='1.0'", Traces::NONE),
        ] {
            assert_eq!(of(attributes, ""), expected, "{attributes}");
        }
    }

    #[test]
    fn lists_and_structures() {
        let list = |name: &str, items: &str| format!("<{name}><rdf:Bag>{items}</rdf:Bag></{name}>");
        let history = |action: &str| {
            list("xmpMM:History", &format!("<rdf:li stEvt:action='{action}' stEvt:when='x'/>"))
        };
        let region = "<rdf:li><rdf:Description mwg-rs:Name='Anna' mwg-rs:Type='Face'/></rdf:li>";
        let nameless = "<rdf:li><rdf:Description mwg-rs:Type='Face'/></rdf:li>";
        for (inside, expected) in [
            (history("created"), Traces::NONE),
            (history("converted"), Traces::DERIVED),
            ("<xmpMM:DerivedFrom stRef:documentID='x'/>".to_owned(), Traces::DERIVED),
            ("<xmpMM:DerivedFrom stRef:DocumentID='x'/>".to_owned(), Traces::DERIVED),
            (list("dc:subject", "<rdf:li>sea</rdf:li>"), Traces::KEYWORDS),
            (list("dc:subject", ""), Traces::NONE),
            (list("dc:description", "<rdf:li xml:lang='x'>At sea</rdf:li>"), Traces::DESCRIPTION),
            (list("exif:UserComment", "<rdf:li>Screenshot</rdf:li>"), Traces::SCREENSHOT),
            (list("Iptc4xmpExt:PersonInImage", "<rdf:li>Anna</rdf:li>"), Traces::PEOPLE),
            (list("mwg-rs:RegionList", region), Traces::PEOPLE),
            (list("mwg-rs:RegionList", nameless), Traces::NONE),
            (list("other:List", region), Traces::NONE),
            ("<xmp:Rating>3</xmp:Rating>".to_owned(), Traces::RATING),
            ("<xmp:CreatorTool>GIMP 2.10</xmp:CreatorTool>".to_owned(), Traces::EDITOR),
        ] {
            assert_eq!(of("", &inside), expected, "{inside}");
        }
    }

    #[test]
    fn what_is_broken_ends_it() {
        assert_eq!(traces(b"<x xmp:Rating='3'><b c='"), Traces::RATING);
        assert_eq!(traces(b"</x></x><x xmp:Rating='3'/>"), Traces::NONE.with(traces(b"")));
        assert_eq!(traces(&b"<x>".repeat(1000)), Traces::NONE);
    }
}
