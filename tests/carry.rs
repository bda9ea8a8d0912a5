//! What only a duplicate knows is written beside its keeper before it goes, and taken back to the
//! byte by undoing.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use clean_backup::files::real_paths::real_path;
use clean_backup::metadata::knowledge::from_xmp;
use clean_backup::model::knowledge::{FaceArea, Knowledge, Person, Rating};
use clean_backup::model::readable::iso_time;
use hermetic::{Hermetic, Ran};
use serde_json::{Value, json};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// A picture without any metadata.
fn plain() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/jpeg/683x517-baseline.jpg");
    fs::read(path).unwrap()
}

/// The same picture with another segment after its first marker (ITU-T T.81, B.1.1.4).
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

fn with_xmp(packet: &str) -> Vec<u8> {
    with_segment(&plain(), 0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat())
}

fn with_iptc(records: &[(u8, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (set, text) in records {
        block.extend([0x1c, 2, *set, 0, u8::try_from(text.len()).unwrap()]);
        block.extend(text.as_bytes());
    }
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let head: &[u8] = b"Photoshop 3.0\x008BIM\x04\x04\0\0";
    with_segment(&plain(), 0xed, &[head, &length, &block].concat())
}

/// The value of a tag: its type, how many, and the bytes.
enum Tag {
    Text(&'static str),
    Short(u16),
    Rationals(&'static [(u32, u32)]),
}

/// A directory of Exif that begins at `at`, with the values that do not fit in it behind it.
fn directory(at: u32, tags: &[(u16, Tag)], further: &[(u16, u32)]) -> Vec<u8> {
    let count = tags.len() + further.len();
    let mut values_at = at + 2 + 12 * count as u32 + 4;
    let mut head = (count as u16).to_le_bytes().to_vec();
    let mut values = Vec::new();
    for (tag, value) in tags {
        let (kind, number, bytes): (u16, usize, Vec<u8>) = match value {
            Tag::Text(text) => (2, text.len() + 1, [text.as_bytes(), b"\0"].concat()),
            Tag::Short(number) => (3, 1, number.to_le_bytes().to_vec()),
            Tag::Rationals(parts) => {
                let bytes = parts.iter().flat_map(|(n, d)| [n.to_le_bytes(), d.to_le_bytes()]);
                (5, parts.len(), bytes.flatten().collect())
            }
        };
        head.extend(tag.to_le_bytes());
        head.extend(kind.to_le_bytes());
        head.extend((number as u32).to_le_bytes());
        if bytes.len() <= 4 {
            head.extend(bytes.iter().copied().chain([0; 4]).take(4));
        } else {
            head.extend(values_at.to_le_bytes());
            values_at += bytes.len() as u32;
            values.extend(bytes);
        }
    }
    for (tag, place) in further {
        head.extend(tag.to_le_bytes());
        head.extend(4_u16.to_le_bytes());
        head.extend(1_u32.to_le_bytes());
        head.extend(place.to_le_bytes());
    }
    head.extend([0; 4]);
    head.extend(values);
    head
}

fn with_exif(main: &[(u16, Tag)], exif: &[(u16, Tag)], gps: &[(u16, Tag)]) -> Vec<u8> {
    const EXIF: u32 = 1000;
    const GPS: u32 = 2000;
    let mut block = b"Exif\0\0".to_vec();
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(directory(8, main, &[(0x8769, EXIF), (0x8825, GPS)]));
    tiff.resize(EXIF as usize, 0);
    tiff.extend(directory(EXIF, exif, &[]));
    tiff.resize(GPS as usize, 0);
    tiff.extend(directory(GPS, gps, &[]));
    block.extend(tiff);
    with_segment(&plain(), 0xe1, &block)
}

/// A packet with these properties.
fn packet(properties: &str) -> String {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='{RDF}'><rdf:Description rdf:about='' \
         xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/' \
         xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:lr='http://ns.adobe.com/lightroom/1.0/' \
         xmlns:digiKam='http://www.digikam.org/ns/1.0/' \
         xmlns:MicrosoftPhoto='http://ns.microsoft.com/photo/1.0' \
         xmlns:MP='http://ns.microsoft.com/photo/1.2/' \
         xmlns:MPRI='http://ns.microsoft.com/photo/1.2/t/RegionInfo#' \
         xmlns:MPReg='http://ns.microsoft.com/photo/1.2/t/Region#' \
         xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/' \
         xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#' \
         xmlns:mediapro='http://ns.iview-multimedia.com/mediapro/1.0/'>\n{properties}\n\
         </rdf:Description></rdf:RDF></x:xmpmeta>"
    )
}

fn bag(property: &str, items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("<rdf:li>{item}</rdf:li>")).collect();
    format!("<{property}><rdf:Bag>{items}</rdf:Bag></{property}>")
}

const FACE: &str = "<mwg-rs:Regions rdf:parseType='Resource'><mwg-rs:RegionList><rdf:Bag>\
    <rdf:li rdf:parseType='Resource'><mwg-rs:Name>Anna</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>\
    <mwg-rs:Area stArea:x='0.5' stArea:y='0.25' stArea:w='0.1' stArea:h='0.2' \
    stArea:unit='normalized'/></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>";

/// A library with one keeper that knows nothing, and a duplicate.
struct Pair {
    hermetic: Hermetic,
}

impl Pair {
    fn new(duplicate: &[u8]) -> Self {
        let pair = Self { hermetic: Hermetic::new() };
        pair.write("keep/IMG_1.jpg", plain());
        pair.write("copies/IMG_1.jpg", duplicate);
        pair
    }

    fn path(&self, name: &str) -> PathBuf {
        self.hermetic.work().join("library").join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn dedupe(&self, arguments: &[&str]) -> Ran {
        let own = ["dedupe", "library", "--keep", "prefer=**/keep/**"];
        self.hermetic.run(own.iter().chain(arguments))
    }

    fn quarantine(&self) -> Ran {
        self.dedupe(&["--action", "quarantine", "--yes"])
    }

    /// What the new sidecar says.
    fn carried(&self) -> Knowledge {
        let text = fs::read(self.path("keep/IMG_1.jpg.xmp"));
        from_xmp(&text.unwrap_or_else(|error| panic!("no sidecar was written: {error}")))
    }

    fn sidecars(&self) -> Vec<PathBuf> {
        let contents = self.hermetic.contents();
        let keep = contents
            .keys()
            .filter(|path| path.parent().is_some_and(|folder| folder.ends_with("library/keep")));
        keep.filter(|path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xmp")))
            .cloned()
            .collect()
    }
}

/// Only the duplicate knows it: afterwards the sidecar says it, and undoing leaves no trace.
fn is_carried(what: &str, duplicate: &[u8], beside: &[(&str, &str)], says: fn(&Knowledge) -> bool) {
    let pair = Pair::new(duplicate);
    for (name, text) in beside {
        pair.write(name, text);
    }
    let before = pair.hermetic.contents();
    let ran = pair.quarantine();
    assert_eq!(ran.code, 0, "{what}: {ran:?}");
    assert!(ran.stdout.contains("1 sidecar written"), "{what}: {}", ran.stdout);
    assert!(!pair.path("copies/IMG_1.jpg").exists(), "{what}");
    let carried = pair.carried();
    assert!(says(&carried), "{what}: {carried:?}");
    let undone = pair.hermetic.run(["undo", "--yes"]);
    assert_eq!(undone.code, 0, "{what}: {undone:?}");
    assert_eq!(pair.hermetic.contents(), before, "{what}");
}

fn iso(known: &Knowledge) -> Option<String> {
    known.taken.map(iso_time)
}

fn is_near(known: &Knowledge, latitude: f64, longitude: f64) -> bool {
    known.position.is_some_and(|position| {
        (position.latitude - latitude).abs() < 1e-6 && (position.longitude - longitude).abs() < 1e-6
    })
}

fn names(known: &Knowledge) -> Vec<&str> {
    known.people.iter().map(|person| person.name.as_str()).collect()
}

#[test]
fn exif() {
    let date = [
        (0x9003, Tag::Text("2019:02:03 12:34:56")),
        (0x9011, Tag::Text("+01:00")),
        (0x9291, Tag::Text("05")),
    ];
    is_carried("date", &with_exif(&[], &date, &[]), &[], |known| {
        iso(known).as_deref() == Some("2019-02-03T12:34:56.05+01:00")
    });
    let gps = [
        (1, Tag::Text("S")),
        (2, Tag::Rationals(&[(33, 1), (51, 1), (2520, 100)])),
        (3, Tag::Text("E")),
        (4, Tag::Rationals(&[(151, 1), (12, 1), (0, 1)])),
        (6, Tag::Rationals(&[(5205, 10)])),
    ];
    is_carried("position", &with_exif(&[], &[], &gps), &[], |known| {
        is_near(known, -33.857, 151.2) && known.position.unwrap().altitude == Some(520.5)
    });
    is_carried("rating", &with_exif(&[(0x4746, Tag::Short(3))], &[], &[]), &[], |known| {
        known.rating == Rating::new(3)
    });
    let described = with_exif(&[(0x010e, Tag::Text("Our garden"))], &[], &[]);
    is_carried("description", &described, &[], |known| {
        known.description.as_deref() == Some("Our garden")
    });
}

#[test]
fn iptc() {
    is_carried("title", &with_iptc(&[(5, "A <walk> & more")]), &[], |known| {
        known.title.as_deref() == Some("A <walk> & more")
    });
    is_carried("keywords", &with_iptc(&[(25, "Rome"), (25, "Zürich")]), &[], |known| {
        known.keywords == ["Rome", "Zürich"]
    });
    is_carried("description", &with_iptc(&[(120, "One\rtwo")]), &[], |known| {
        known.description.as_deref() == Some("One\ntwo")
    });
    is_carried("date", &with_iptc(&[(55, "20190203"), (60, "123456+0100")]), &[], |known| {
        iso(known).as_deref() == Some("2019-02-03T12:34:56+01:00")
    });
}

/// What a property is called, the property, and whether that is known.
type Said = (&'static str, String, fn(&Knowledge) -> bool);

/// Properties of XMP, and what they say.
fn properties() -> Vec<Said> {
    vec![
        ("date", "<exif:DateTimeOriginal>2019-02-03T12:34:56.5-05:30</exif:DateTimeOriginal>".into(), |known| {
            iso(known).as_deref() == Some("2019-02-03T12:34:56.5-05:30")
        }),
        (
            "position",
            "<exif:GPSLatitude>48,12.492N</exif:GPSLatitude><exif:GPSLongitude>16,22,30W</exif:GPSLongitude>".into(),
            |known| is_near(known, 48.2082, -16.375),
        ),
        ("rating", "<xmp:Rating>5</xmp:Rating>".into(), |known| known.rating == Rating::new(5)),
        ("rating of Windows", "<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating>".into(), |known| {
            known.rating == Rating::new(4)
        }),
        ("rejected", "<xmp:Rating>-1</xmp:Rating>".into(), |known| known.rating == Rating::new(-1)),
        ("label", "<xmp:Label>Red</xmp:Label>".into(), |known| known.label.as_deref() == Some("Red")),
        (
            "title",
            "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Ein Titel</rdf:li><rdf:li xml:lang='x-default'>A title</rdf:li></rdf:Alt></dc:title>".into(),
            |known| known.title.as_deref() == Some("A title"),
        ),
        (
            "description",
            "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>Long &amp; wide</rdf:li></rdf:Alt></dc:description>".into(),
            |known| known.description.as_deref() == Some("Long & wide"),
        ),
        ("keywords", bag("dc:subject", &["Rome", "Sea"]), |known| known.keywords == ["Rome", "Sea"]),
        ("hierarchy of Lightroom", bag("lr:hierarchicalSubject", &["Places|Italy|Rome"]), |known| {
            known.hierarchy == ["Places|Italy|Rome"] && known.keywords == ["Rome"]
        }),
        ("hierarchy of digiKam", bag("digiKam:TagsList", &["Places/Italy/Rome", "Sea"]), |known| {
            known.hierarchy == ["Places|Italy|Rome"] && known.keywords == ["Sea", "Rome"]
        }),
        ("people", FACE.into(), |known| {
            let area = FaceArea::new(0.5, 0.25, 0.1, 0.2);
            known.people == [Person { name: "Anna".into(), area }]
        }),
        (
            "people of Windows",
            "<MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions><rdf:Bag><rdf:li \
             MPReg:PersonDisplayName='Ben' MPReg:Rectangle='0.1, 0.2, 0.2, 0.4'/></rdf:Bag>\
             </MPRI:Regions></MP:RegionInfo>"
                .into(),
            |known| {
                let area = known.people[0].area.unwrap();
                known.people[0].name == "Ben" && (area.x - 0.2).abs() < 1e-6 && (area.y - 0.4).abs() < 1e-6
            },
        ),
        ("albums", bag("mediapro:CatalogSets", &["Summer"]), |known| known.albums == ["Summer"]),
    ]
}

#[test]
fn xmp_in_the_picture() {
    for (what, properties, says) in properties() {
        is_carried(what, &with_xmp(&packet(&properties)), &[], says);
    }
}

#[test]
fn xmp_beside_the_picture() {
    for (what, properties, says) in properties() {
        let text = packet(&properties);
        is_carried(what, &plain(), &[("copies/IMG_1.jpg.xmp", &text)], says);
    }
    let text = packet("<xmp:Rating>2</xmp:Rating>");
    is_carried("without the extension", &plain(), &[("copies/IMG_1.xmp", &text)], |known| {
        known.rating == Rating::new(2)
    });
}

#[test]
fn takeout() {
    let beside = |json: &str, says| {
        is_carried(json, &plain(), &[("copies/IMG_1.jpg.supplemental-metadata.json", json)], says);
    };
    beside(r#"{"photoTakenTime":{"timestamp":"1549197296"}}"#, |known| {
        iso(known).as_deref() == Some("2019-02-03T12:34:56+00:00")
    });
    beside(r#"{"geoData":{"latitude":48.2082,"longitude":16.3738,"altitude":0.0}}"#, |known| {
        is_near(known, 48.2082, 16.3738)
    });
    beside(r#"{"description":"On the beach"}"#, |known| {
        known.description.as_deref() == Some("On the beach")
    });
    beside(r#"{"people":[{"name":"Anna"},{"name":"Ben"}]}"#, |known| {
        names(known) == ["Anna", "Ben"]
    });
    beside(r#"{"favorited":true}"#, |known| known.rating == Rating::new(5));
    let album = [("copies/metadata.json", r#"{"title":"Summer in Rome"}"#)];
    is_carried("album", &plain(), &album, |known| known.albums == ["Summer in Rome"]);
}

/// A sidecar as a raw developer writes it, with things that only that program understands.
fn developed() -> String {
    packet(
        "<xmp:Rating>0</xmp:Rating><!-- by hand -->\r\n<dc:subject><rdf:Bag><rdf:li>Own</rdf:li>\
         </rdf:Bag></dc:subject><crs:Curve xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/' \
         crs:Version='15.1'><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:Curve>",
    )
}

#[test]
fn an_existing_sidecar_is_added_to() {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    for name in ["keep/IMG_1.jpg.xmp", "keep/IMG_1.xmp", "keep/img_1.XMP"] {
        let pair = Pair::new(&with_iptc(&[(25, "Rome"), (25, "own"), (5, "A walk")]));
        pair.write(name, developed());
        let file = fs::File::options().write(true).open(pair.path(name)).unwrap();
        file.set_modified(old).unwrap();
        // On Windows what somebody writes to is left alone.
        drop(file);
        let before = pair.hermetic.contents();
        let ran = pair.quarantine();
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(pair.sidecars(), [pair.path(name)]);
        let text = fs::read_to_string(pair.path(name)).unwrap();
        let known = from_xmp(text.as_bytes());
        assert_eq!(
            (known.keywords, known.title.as_deref()),
            (vec!["Own".into(), "Rome".into()], Some("A walk"))
        );
        // Everything else is as it was: what is new is a keyword, and a description.
        let start = text.find("  <rdf:Description rdf:about=\"\"").unwrap();
        let end = text.find("</rdf:RDF>").unwrap();
        let rest = format!("{}{}", &text[..start], &text[end..]);
        assert_eq!(rest.replace("<rdf:li>Rome</rdf:li>", ""), developed());
        assert_ne!(fs::metadata(pair.path(name)).unwrap().modified().unwrap(), old);
        assert_eq!(pair.hermetic.run(["undo", "--yes"]).code, 0);
        assert_eq!(pair.hermetic.contents(), before, "{name}");
        assert_eq!(fs::metadata(pair.path(name)).unwrap().modified().unwrap(), old);
        // And undoing that is possible too.
        let history = pair.hermetic.run(["history"]).stdout;
        let last = history.lines().last().unwrap().split_whitespace().next().unwrap();
        assert_eq!(pair.hermetic.run(["undo", last, "--yes"]).code, 0);
        assert_eq!(fs::read_to_string(pair.path(name)).unwrap(), text);
        assert!(!pair.path("copies/IMG_1.jpg").exists());
    }
}

#[test]
fn a_sidecar_of_two_pictures_is_left_as_it_is() {
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/raster/alpha-8bit.png");
    pair.write("keep/IMG_1.png", fs::read(other).unwrap());
    pair.write("keep/IMG_1.xmp", developed());
    assert_eq!(pair.quarantine().code, 0);
    assert_eq!(fs::read_to_string(pair.path("keep/IMG_1.xmp")).unwrap(), developed());
    // Lists are whole: a program takes that of one sidecar.
    assert_eq!(pair.carried().keywords, ["Own", "Rome"]);
}

#[test]
fn contradictions_are_told_and_not_written() {
    let says = "<xmp:Rating>5</xmp:Rating><dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Theirs\
                </rdf:li></rdf:Alt></dc:title>";
    let own = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Ours</rdf:li></rdf:Alt></dc:title>";
    let pair = Pair::new(&with_xmp(&packet(says)));
    pair.write("keep/IMG_1.jpg", with_xmp(&packet(own)));
    let report = pair.dedupe(&[]);
    assert!(report.stdout.contains("             only it knows: rating 5\n"), "{}", report.stdout);
    let told = "             contradicts its keeper: title Theirs, not Ours\n";
    assert!(report.stdout.contains(told), "{}", report.stdout);
    let page = pair.dedupe(&["--format", "html"]).stdout;
    assert!(page.contains("<small>only it knows: rating 5</small>"), "{page}");
    let json: Value = serde_json::from_str(&pair.dedupe(&["--format", "json"]).stdout).unwrap();
    assert_eq!(
        json["groups"][0]["duplicates"][0]["carry"],
        json!({
            "only": {"rating": ["5"]},
            "conflicts": [{"field": "title", "keeper": "Ours", "duplicate": "Theirs"}],
            "written": true,
        })
    );
    assert_eq!(pair.quarantine().code, 0);
    let carried = pair.carried();
    assert_eq!((carried.rating, carried.title), (Rating::new(5), None));
}

#[test]
fn a_date_that_differs_is_not_written() {
    let date = |text| with_exif(&[], &[(0x9003, Tag::Text(text))], &[]);
    let pair = Pair::new(&date("2019:02:03 12:34:56"));
    // Of equal length, one of them would seem to be damaged.
    pair.write("keep/IMG_1.jpg", with_segment(&date("2020:02:03 12:34:56"), 0xfe, b"longer"));
    let ran = pair.dedupe(&["--action", "quarantine", "--yes", "--include-bursts"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("contradicts its keeper: taken 2019-02-03T12:34:56, not 2020"),
        "{}",
        ran.stdout
    );
    assert_eq!(pair.sidecars(), Vec::<PathBuf>::new());
}

#[test]
fn nothing_is_written_into_a_reference_folder() {
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    let run = |action: &str| {
        pair.hermetic.run([
            "dedupe",
            "library/copies",
            "--reference",
            "library/keep",
            "--action",
            action,
            "--yes",
            "--delete-unquarantined",
        ])
    };
    let deleting = run("delete");
    assert!(
        deleting
            .stderr
            .contains("left alone: library/copies/IMG_1.jpg: only it knows: keywords Rome"),
        "{deleting:?}"
    );
    assert!(pair.path("copies/IMG_1.jpg").exists());
    let ran = run("quarantine");
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = "only it knows: keywords Rome; nothing is written beside its keeper";
    assert!(ran.stdout.contains(told) && ran.stderr.contains(told), "{ran:?}");
    assert_eq!(pair.sidecars(), Vec::<PathBuf>::new());
    assert!(!pair.path("copies/IMG_1.jpg").exists());
}

#[test]
fn only_where_it_is_wanted() {
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    let report = pair.dedupe(&["--no-carry"]);
    assert!(!report.stdout.contains("only it knows"), "{}", report.stdout);
    let copied = pair.dedupe(&["--action", "copy", "--to", "aside", "--yes"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    let ran = pair.dedupe(&["--action", "quarantine", "--yes", "--no-carry"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(pair.sidecars(), Vec::<PathBuf>::new());
    assert!(!pair.path("copies/IMG_1.jpg").exists());
}

#[test]
fn moving_and_deleting_carry_too() {
    for arguments in [
        &["--action", "move", "--to", "aside"][..],
        &["--action", "delete", "--delete-unquarantined"],
    ] {
        let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
        let ran = pair.dedupe(&[arguments, &["--yes"]].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(pair.carried().keywords, ["Rome"], "{arguments:?}");
        assert!(!pair.path("copies/IMG_1.jpg").exists());
    }
    // What only that sidecar holds besides is not carried: it is not deleted.
    let pair = Pair::new(&plain());
    pair.write("copies/IMG_1.jpg.xmp", developed());
    let ran = pair.dedupe(&["--action", "delete", "--yes"]);
    assert!(ran.stderr.contains("its IMG_1.jpg.xmp is nowhere beside the keeper"), "{ran:?}");
    assert!(pair.path("copies/IMG_1.jpg").exists());
}

#[test]
fn what_cannot_be_written_keeps_the_duplicate() {
    // A sidecar that is no XMP.
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    pair.write("keep/IMG_1.jpg.xmp", "not XMP");
    let ran = pair.quarantine();
    assert!(
        ran.stderr.contains("the keeper's IMG_1.jpg.xmp is not XMP that can be added to"),
        "{ran:?}"
    );
    assert!(pair.path("copies/IMG_1.jpg").exists());
    // One that comes after the plan was made.
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    let saved = pair.dedupe(&["--action", "quarantine", "--save-plan", "plan.json"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    pair.write("keep/IMG_1.jpg.xmp", developed());
    let ran = pair.hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("cannot be written: something else is there"), "{ran:?}");
    assert!(ran.stdout.contains("stays: what only it knows is not in"), "{ran:?}");
    assert!(pair.path("copies/IMG_1.jpg").exists());
    assert_eq!(fs::read_to_string(pair.path("keep/IMG_1.jpg.xmp")).unwrap(), developed());
    // One that was changed since.
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    pair.write("keep/IMG_1.jpg.xmp", developed());
    pair.dedupe(&["--action", "quarantine", "--save-plan", "plan.json"]);
    pair.write("keep/IMG_1.jpg.xmp", developed().replace("15.1", "15.2"));
    let ran = pair.hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(pair.path("copies/IMG_1.jpg").exists());
    assert!(fs::read_to_string(pair.path("keep/IMG_1.jpg.xmp")).unwrap().contains("15.2"));
}

#[test]
fn undoing_leaves_a_sidecar_that_was_changed_since() {
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    assert_eq!(pair.quarantine().code, 0);
    pair.write("keep/IMG_1.jpg.xmp", developed());
    let undone = pair.hermetic.run(["undo", "--yes"]);
    assert_eq!(undone.code, 1, "{undone:?}");
    let text = format!("{}{}", undone.stdout, undone.stderr);
    assert!(text.contains("its sidecar was changed since, or is gone"), "{text}");
    assert_eq!(fs::read_to_string(pair.path("keep/IMG_1.jpg.xmp")).unwrap(), developed());
    assert!(pair.path("copies/IMG_1.jpg").exists());
}

#[test]
fn an_edited_plan_writes_nothing_else() {
    let pair = Pair::new(&with_iptc(&[(25, "Rome")]));
    let shown = pair.dedupe(&["--action", "quarantine", "--dry-run"]);
    assert!(
        shown
            .stdout
            .contains("write  library/keep/IMG_1.jpg.xmp  (about library/keep/IMG_1.jpg)\n"),
        "{shown:?}"
    );
    pair.dedupe(&["--action", "quarantine", "--save-plan", "plan.json"]);
    let saved = fs::read_to_string(pair.hermetic.work().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&saved).unwrap();
    assert_eq!(plan["actions"][0]["action"], "write-sidecar", "{plan}");
    assert_eq!(pair.sidecars(), Vec::<PathBuf>::new(), "a dry run writes nothing");
    let apply = |name: &str, edit: &dyn Fn(&mut Value)| {
        let mut edited = plan.clone();
        edit(&mut edited);
        fs::write(pair.hermetic.work().join(name), edited.to_string()).unwrap();
        pair.hermetic.run(["apply", name, "--edited-plan", "--yes"])
    };
    let member = |plan: &mut Value, field: &str, value: Value| {
        plan["actions"][0]["files"][0][field] = value;
    };
    let place = |name: &str| {
        json!({"path": real_path(&pair.path(name)).unwrap_or_else(|_| {
            let path = pair.path(name);
            real_path(path.parent().unwrap()).unwrap().join(path.file_name().unwrap())
        })})
    };
    for (number, (edit, why)) in [
        (
            ("destination", place("keep/OTHER.xmp")),
            "something else than the sidecar of its picture",
        ),
        (
            ("destination", place("copies/IMG_1.jpg.xmp")),
            "something else than the sidecar of its picture",
        ),
        (
            ("destination", place("keep/IMG_1.jpg")),
            "something else than the sidecar of its picture",
        ),
        (("sidecar", json!({"after": "#!/bin/sh"})), "writes a sidecar that is not XMP"),
        (("sidecar", json!({"after": "<html/>"})), "writes a sidecar that is not XMP"),
        (("sidecar", json!({})), "changes a sidecar from nothing to nothing"),
        (("sidecar", Value::Null), "writes a sidecar and needs none"),
    ]
    .into_iter()
    .enumerate()
    {
        let ran = apply(&format!("{number}.json"), &|plan| member(plan, edit.0, edit.1.clone()));
        assert_ne!(ran.code, 0, "{edit:?}: {ran:?}");
        assert!(
            ran.stderr.contains(why) || ran.stderr.contains("does not say what to write"),
            "{edit:?}: {ran:?}"
        );
    }
    let ran = apply("reference.json", &|plan| plan["references"] = json!([place("keep")]));
    assert!(ran.stderr.contains("writes into a reference folder"), "{ran:?}");
    assert_eq!(pair.sidecars(), Vec::<PathBuf>::new());
    assert!(pair.path("copies/IMG_1.jpg").exists());
    // Without that act nothing is carried, as was wished.
    let ran = apply("without.json", &|plan| {
        plan["actions"].as_array_mut().unwrap().remove(0);
    });
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(pair.sidecars(), Vec::<PathBuf>::new());
}

/// Whether exiftool is there; it must be where `REQUIRE_EXIFTOOL_TESTS` is set.
fn has_exiftool() -> bool {
    let there = Command::new("exiftool").arg("-ver").output().is_ok_and(|ran| ran.status.success());
    assert!(there || std::env::var_os("REQUIRE_EXIFTOOL_TESTS").is_none(), "exiftool is missing");
    if !there {
        eprintln!("SKIPPED: exiftool is not installed");
    }
    there
}

#[test]
fn exiftool_reads_it() {
    if !has_exiftool() {
        return;
    }
    let everything = [
        "<exif:DateTimeOriginal>2019-02-03T12:34:56.5+01:00</exif:DateTimeOriginal>",
        "<exif:GPSLatitude>48,12.492N</exif:GPSLatitude><exif:GPSLongitude>16,22,30W</exif:GPSLongitude>",
        "<exif:GPSAltitude>125/10</exif:GPSAltitude><exif:GPSAltitudeRef>1</exif:GPSAltitudeRef>",
        "<xmp:Rating>4</xmp:Rating><xmp:Label>Red</xmp:Label>",
        "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A &lt;title></rdf:li></rdf:Alt></dc:title>",
        "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>Text</rdf:li></rdf:Alt></dc:description>",
        &bag("dc:subject", &["Sea"]),
        &bag("lr:hierarchicalSubject", &["Places|Rome"]),
        &bag("mediapro:CatalogSets", &["Summer"]),
        FACE,
    ];
    for existing in [None, Some(developed())] {
        let pair = Pair::new(&with_xmp(&packet(&everything.concat())));
        if let Some(text) = &existing {
            pair.write("keep/IMG_1.jpg.xmp", text);
        }
        assert_eq!(pair.quarantine().code, 0);
        let sidecar = pair.path("keep/IMG_1.jpg.xmp");
        let ran = Command::new("exiftool")
            .args(["-a", "-G1", "-xmp:all", "-validate", "-warning", "-n", "-j"])
            .arg(&sidecar)
            .output()
            .unwrap();
        let read: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let tag = |name: &str| read[0][name].clone();
        assert_eq!(tag("ExifTool:Warning"), Value::Null, "{read}");
        assert_eq!(tag("XMP-exif:DateTimeOriginal"), "2019:02:03 12:34:56.5+01:00");
        assert_eq!(tag("XMP-photoshop:DateCreated"), "2019:02:03 12:34:56.5+01:00");
        assert_eq!(tag("XMP-exif:GPSLatitude"), json!(48.2082));
        assert_eq!(tag("XMP-exif:GPSLongitude"), json!(-16.375));
        assert_eq!(tag("XMP-exif:GPSAltitude"), json!(12.5));
        assert_eq!(tag("XMP-exif:GPSAltitudeRef"), json!(1));
        assert_eq!(tag("XMP-xmp:Rating"), json!(4));
        assert_eq!(tag("XMP-xmp:Label"), "Red");
        assert_eq!(tag("XMP-dc:Title"), "A <title>");
        assert_eq!(tag("XMP-dc:Description"), "Text");
        let own: &[&str] = if existing.is_some() { &["Own"] } else { &[] };
        assert_eq!(tag("XMP-dc:Subject"), json!([own, &["Sea", "Rome"]].concat()));
        assert_eq!(tag("XMP-lr:HierarchicalSubject").to_string().matches("Places|Rome").count(), 1);
        assert!(tag("XMP-digiKam:TagsList").to_string().contains("Places/Rome"), "{read}");
        assert_eq!(tag("XMP-iptcExt:PersonInImage").to_string().matches("Anna").count(), 1);
        assert_eq!(tag("XMP-mwg-rs:RegionName"), "Anna");
        assert_eq!(tag("XMP-mwg-rs:RegionType"), "Face");
        assert_eq!(tag("XMP-mwg-rs:RegionAreaX"), json!(0.5));
        assert_eq!(tag("XMP-mwg-rs:RegionAppliedToDimensionsW"), json!(683));
        assert_eq!(tag("XMP-mediapro:CatalogSets").to_string().matches("Summer").count(), 1);
    }
}
