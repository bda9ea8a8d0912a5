use super::*;
use crate::metadata::knowledge::from_xmp;
use crate::model::knowledge::{FaceArea, Person, Position, Rating};
use crate::model::readable::iso_time;

const STORED: Dimensions = Dimensions { width: 4000, height: 3000 };

/// A little of everything.
fn everything() -> Knowledge {
    let jpeg_date = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
        <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
        xmlns:exif='http://ns.adobe.com/exif/1.0/' \
        exif:DateTimeOriginal='2019-02-03T12:34:56.05+01:00'/></rdf:RDF></x:xmpmeta>";
    Knowledge {
        taken: from_xmp(jpeg_date).taken,
        position: Position::new(48.2082, -16.3738, Some(-12.5)),
        rating: Rating::new(4),
        label: Some("Red & \"green\"".into()),
        title: Some("<Title> ]]> '".into()),
        description: Some("One\nTwo &amp; three".into()),
        keywords: vec!["Rome".into(), "Über".into()],
        hierarchy: vec!["Places|Italy|Rome".into()],
        people: vec![
            Person { name: "Anna <A>".into(), area: FaceArea::new(0.5, 0.25, 0.1, 0.2) },
            Person { name: "Ben".into(), area: None },
        ],
        albums: vec!["Summer".into()],
        ..Knowledge::default()
    }
}

fn added(text: &str, own: &Knowledge, gained: &Knowledge) -> Result<String, SidecarError> {
    Addition { own, gained, stored: STORED }.added_to(text)
}

fn wrapped(descriptions: &str) -> String {
    format!(
        "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>\r\n<x:xmpmeta xmlns:x='adobe:ns:meta/' \
         x:xmptk='XMP Core 5.5'>\n <r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         {descriptions}</r:RDF></x:xmpmeta><!-- end -->"
    )
}

#[test]
fn a_new_sidecar_reads_back() {
    let (own, gained) = (Knowledge::default(), everything());
    let text = Addition { own: &own, gained: &gained, stored: STORED }.new_sidecar().unwrap();
    let read = from_xmp(text.as_bytes());
    assert_eq!(read.taken.map(iso_time).as_deref(), Some("2019-02-03T12:34:56.05+01:00"));
    let (now, then) = (read.position.unwrap(), gained.position.unwrap());
    assert!((now.latitude - then.latitude).abs() < 1e-7);
    assert!((now.longitude - then.longitude).abs() < 1e-7);
    assert_eq!(now.altitude, then.altitude);
    assert_eq!(read, Knowledge { position: read.position, ..gained });
    assert!(is_sidecar(&text));
}

#[test]
fn lists_are_written_whole() {
    let own = Knowledge {
        keywords: vec!["Own".into()],
        people: vec![Person { name: "Own".into(), area: FaceArea::new(0.2, 0.2, 0.1, 0.1) }],
        ..Knowledge::default()
    };
    let gained = everything();
    let text = Addition { own: &own, gained: &gained, stored: STORED }.new_sidecar().unwrap();
    let read = from_xmp(text.as_bytes());
    assert_eq!(read.keywords, ["Own", "Rome", "Über"]);
    assert_eq!(read.people.len(), 3);
    assert_eq!(read.people[0], own.people[0]);
    // A program that takes the list of hierarchies for all there is finds the others there.
    assert!(
        text.contains("<rdf:li>Own</rdf:li>\n     <rdf:li>Places/Italy/Rome</rdf:li>"),
        "{text}"
    );
    let plain = Knowledge { keywords: vec!["New".into()], ..Knowledge::default() };
    let text = Addition { own: &own, gained: &plain, stored: STORED }.new_sidecar().unwrap();
    assert!(!text.contains("hierarchicalSubject") && !text.contains("Regions"), "{text}");
}

#[test]
fn what_stands_in_a_sidecar_stays_to_the_byte() {
    let before = wrapped(
        "\n  <r:Description r:about='' xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/'\n \
         crs:Exposure2012='+0.35' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='0'>\n\
         <dc:subject xmlns:dc='http://purl.org/dc/elements/1.1/'><r:Bag><r:li>Old</r:li></r:Bag>\
         </dc:subject><crs:ToneCurve><r:Seq><r:li>0, 0</r:li></r:Seq></crs:ToneCurve>\
         </r:Description>",
    );
    let gained = everything();
    let after = added(&before, &Knowledge::default(), &gained).unwrap();
    let read = from_xmp(after.as_bytes());
    assert_eq!(read.keywords, ["Old", "Rome", "Über"]);
    assert_eq!(read.rating, gained.rating);
    // Without what was put in, it is what it was.
    let mut left = after.replace("<r:li>Rome</r:li>", "").replace("<r:li>Über</r:li>", "");
    let start = left.find("  <r:Description r:about=\"\"").unwrap();
    let end = start + left[start..].find("</r:Description>\n").unwrap() + 17;
    left.replace_range(start..end, "");
    // Faces hold descriptions of their own.
    let left = match left.find("</mwg-rs:RegionList>") {
        Some(_) => {
            let end = left.find("</r:RDF>").unwrap();
            left.replace_range(start..end, "");
            left
        }
        None => left,
    };
    assert_eq!(left, before.replace(" xmp:Rating='0'", ""));
    // Nothing is added twice.
    assert_eq!(from_xmp(added(&after, &read, &gained).unwrap().as_bytes()).keywords, read.keywords);
}

#[test]
fn forms_of_lists_and_documents() {
    let gained = Knowledge { keywords: vec!["New".into()], ..Knowledge::default() };
    let dc = "xmlns:dc='http://purl.org/dc/elements/1.1/'";
    for (descriptions, keywords) in [
        (String::new(), vec!["New"]),
        (
            format!("<r:Description {dc}><dc:subject><r:Bag/></dc:subject></r:Description>"),
            vec!["New"],
        ),
        (format!("<r:Description {dc} dc:subject='Old'/>"), vec!["Old", "New"]),
        (
            format!("<r:Description {dc}><dc:subject>Old</dc:subject></r:Description>"),
            vec!["Old", "New"],
        ),
        (
            format!(
                "<r:Description {dc}><dc:subject><r:Seq><r:li>new</r:li></r:Seq></dc:subject></r:Description>"
            ),
            vec!["new"],
        ),
    ] {
        let after = added(&wrapped(&descriptions), &Knowledge::default(), &gained).unwrap();
        assert_eq!(from_xmp(after.as_bytes()).keywords, keywords, "{after}");
    }
    let empty = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>";
    let after = added(empty, &Knowledge::default(), &gained).unwrap();
    assert_eq!(from_xmp(after.as_bytes()).keywords, ["New"]);
}

#[test]
fn faces_join_those_that_are_there() {
    let own = Knowledge::default();
    let first = Knowledge {
        people: vec![Person { name: "Anna".into(), area: FaceArea::new(0.5, 0.5, 0.1, 0.1) }],
        ..Knowledge::default()
    };
    let text = Addition { own: &own, gained: &first, stored: STORED }.new_sidecar().unwrap();
    let second = Knowledge {
        people: vec![Person { name: "Ben".into(), area: FaceArea::new(0.1, 0.1, 0.1, 0.1) }],
        ..Knowledge::default()
    };
    let read = from_xmp(added(&text, &first, &second).unwrap().as_bytes());
    assert_eq!(read.people, [first.people, second.people].concat());
    let odd = wrapped(
        "<r:Description xmlns:m='http://www.metadataworkinggroup.com/schemas/regions/' \
         m:Regions='none'/>",
    );
    let gained = Knowledge { people: read.people, ..Knowledge::default() };
    assert_eq!(added(&odd, &own, &gained), Err(SidecarError::NotXmp));
}

#[test]
fn what_cannot_be_added_to() {
    let gained = everything();
    let own = Knowledge::default();
    for text in ["", "not XML", "<a/>", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", "<rdf:RDF>"] {
        assert_eq!(added(text, &own, &gained), Err(SidecarError::NotXmp), "{text}");
        assert!(!is_sidecar(text), "{text}");
    }
    let long = wrapped(&" ".repeat(MOST_SIDECAR_BYTES as usize));
    assert_eq!(added(&long, &own, &gained), Err(SidecarError::TooLong));
    let entities = format!("<!DOCTYPE x [<!ENTITY e 'x'>]>{}", wrapped("&e;"));
    assert_eq!(added(&entities, &own, &gained), Err(SidecarError::NotXmp));
}
