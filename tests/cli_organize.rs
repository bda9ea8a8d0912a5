//! Filing by date through the real program.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hermetic::{Hermetic, slashed};
use serde_json::Value;

/// A JPEG of its own colour whose Exif tags say when it was taken.
fn jpeg(shade: u8, taken: Option<&str>) -> Vec<u8> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library/phone/harbour.jpg");
    let picture = fs::read(fixture).unwrap();
    let mut bytes = vec![0xff, 0xd8];
    if let Some(taken) = taken {
        // TIFF: the main directory with a pointer to the Exif directory, which has one date.
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0".to_vec();
        exif.extend(b"\0\0\0\0\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0");
        exif.extend(taken.as_bytes());
        exif.push(0);
        bytes.extend([0xff, 0xe1]);
        bytes.extend((exif.len() as u16 + 2).to_be_bytes());
        bytes.extend(exif);
    }
    // A comment makes the bytes differ where the picture does not.
    bytes.extend([0xff, 0xfe, 0, 3, shade]);
    bytes.extend(&picture[2..]);
    bytes
}

fn put(path: &Path, bytes: &[u8], seconds: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

/// A QuickTime film whose header says when it ended to be made, in UTC.
fn film(utc: u32) -> Vec<u8> {
    let mut header = vec![0; 8];
    header[4..].copy_from_slice(&(utc + 2_082_844_800).to_be_bytes());
    header.extend([0; 92]);
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = (content.len() as u32 + 8).to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes
    };
    [boxed(b"ftyp", b"qt  \0\0\0\0"), boxed(b"moov", &boxed(b"mvhd", &header))].concat()
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    let name = |path: &Path| slashed(path.strip_prefix(folder).unwrap());
    found.into_iter().map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

fn names(folder: &Path) -> Vec<String> {
    tree(folder).into_keys().collect()
}

/// 2019-02-03 12:34:56 UTC.
const LATER: u64 = 1_549_197_296;

#[test]
fn everything_is_filed_by_its_date() {
    let hermetic = Hermetic::new();
    let card = hermetic.work().join("card");
    let taken = Some("2018:05:06 07:08:09");
    put(&card.join("DCIM/IMG_1.JPG"), &jpeg(1, taken), LATER);
    // A Live Photo, an edit, and a RAW with its JPEG.
    put(&card.join("DCIM/IMG_2.JPG"), &jpeg(2, Some("2017:01:31 23:30:00")), LATER);
    put(&card.join("DCIM/IMG_2.MOV"), &film(1_548_973_800), LATER);
    put(&card.join("DCIM/IMG_2.AAE"), b"edit", LATER);
    put(&card.join("DCIM/DSCF3.RAF"), b"no RAW that can be read", LATER);
    put(&card.join("DCIM/DSCF3.JPG"), &jpeg(3, Some("2016:02:29 10:00:00")), LATER);
    // By name, by sidecar, by nothing but the file system, by nothing at all.
    put(&card.join("WhatsApp/IMG-20150607-WA0001.jpg"), &jpeg(4, None), LATER);
    put(&card.join("scans/old.jpg"), &jpeg(5, Some("0000:00:00 00:00:00")), LATER);
    let xmp = b"<x exif:DateTimeOriginal='1935-04-05T10:00:00'/>";
    put(&card.join("scans/old.xmp"), xmp, LATER);
    put(&card.join("scans/none.jpg"), &jpeg(6, Some("1970:01:01 00:00:00")), LATER);
    // The film of 2019-01-31 23:30 in Berlin lies in January there, and not in UTC's February.
    put(&card.join("clip.mov"), &film(1_548_973_800 + 3600), LATER);
    put(&card.join("notes.txt"), b"not concerned", LATER);
    let before = tree(&card);

    let line = ["organize", "card", "library", "--video-tz", "-01:00", "--yes"];
    let done = hermetic.run(line);
    assert_eq!(done.code, 0, "{}", done.all());
    let expected = [
        "1935/04/old.jpg",
        "1935/04/old.xmp",
        "2015/06/IMG-20150607-WA0001.jpg",
        "2016/02/DSCF3.JPG",
        "2016/02/DSCF3.RAF",
        "2017/01/IMG_2.AAE",
        "2017/01/IMG_2.JPG",
        "2017/01/IMG_2.MOV",
        "2018/05/IMG_1.JPG",
        "2019/01/clip.mov",
        "2019/02/none.jpg",
    ];
    let library = hermetic.work().join("library");
    assert_eq!(names(&library), expected, "{}", done.stdout);
    assert_eq!(tree(&card), before, "copied");
    assert!(
        done.stdout.contains("Not media, left where they are (1):\n  card/notes.txt\n"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains(
            "By source of the date: exif-original: 6, file-name: 1, file-system: 1, \
             movie-header: 1, sidecar-xmp: 2.\n"
        ),
        "{}",
        done.stdout
    );
    // Times are kept.
    let time = fs::metadata(library.join("2018/05/IMG_1.JPG")).unwrap().modified().unwrap();
    assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(LATER));

    // A second run writes nothing.
    let again = hermetic.run(line);
    assert_eq!(again.code, 0, "{}", again.all());
    assert!(again.stdout.contains("\nalready there: 11 files ("), "{}", again.stdout);
    assert!(again.stdout.ends_with("Nothing to do.\n"), "{}", again.stdout);
    assert_eq!(names(&library), expected);
    // Undo takes the import back, folders and all.
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert!(!library.exists() && tree(&card) == before);

    // In UTC+1 the film is of February; and what has no date of its own goes to Unknown.
    let moved = hermetic.run([
        "organize",
        "card",
        "library",
        "--video-tz",
        "+01:00",
        "--no-fs-dates",
        "--move",
        "--prune-empty",
        "--yes",
    ]);
    assert_eq!(moved.code, 0, "{}", moved.all());
    assert!(library.join("2019/02/clip.mov").exists());
    assert!(library.join("Unknown/none.jpg").exists());
    assert_eq!(names(&card), ["notes.txt"]);
    assert_eq!(fs::read_dir(&card).unwrap().count(), 1, "empty folders are gone");
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(tree(&card), before);
}

#[test]
fn names_that_are_taken() {
    let hermetic = Hermetic::new();
    let work = hermetic.work();
    let taken = Some("2018:05:06 07:08:09");
    for (folder, shade) in [("100", 1), ("101", 2), ("102", 3)] {
        put(&work.join("card").join(folder).join("IMG_1.JPG"), &jpeg(shade, taken), LATER);
        put(&work.join("card").join(folder).join("IMG_1.XMP"), &[shade], LATER);
    }
    // The library has another one of that name, in other letters.
    put(&work.join("library/2018/05/img_1.jpg"), &jpeg(9, taken), LATER);
    let line = ["organize", "card", "library", "--preflight", "off", "--yes"];
    let done = hermetic.run(line);
    assert_eq!(done.code, 0, "{}", done.all());
    let filed = names(&work.join("library/2018/05"));
    assert_eq!(filed.len(), 7, "{filed:?}");
    // Each picture has its own sidecar.
    let all = tree(&work.join("library/2018/05"));
    for (name, bytes) in all.iter().filter(|(name, _)| name.ends_with(".JPG")) {
        assert_eq!(name.len(), "IMG_1-12345678.JPG".len(), "{name}");
        let shade = jpeg(all[&name.replace(".JPG", ".XMP")][0], taken);
        assert!(*bytes == shade, "{name}");
    }
    let again = hermetic.run(line);
    assert!(again.stdout.ends_with("Nothing to do.\n"), "{}", again.all());
    assert_eq!(names(&work.join("library/2018/05")), filed);
}

#[test]
fn names_that_meet_on_the_way() {
    let hermetic = Hermetic::new();
    let taken = Some("2018:05:06 07:08:09");
    for (folder, shade) in [("100", 1), ("101", 2), ("102", 3)] {
        let name = if shade == 2 { "img_1.jpg" } else { "IMG_1.JPG" };
        put(&hermetic.work().join("card").join(folder).join(name), &jpeg(shade, taken), LATER);
    }
    let done = hermetic.run(["organize", "card", "library", "--move", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(hermetic.work().join("card/101").is_dir(), "empty folders stay unless asked");
    let mut folded: Vec<String> =
        names(&hermetic.work().join("library")).iter().map(|name| name.to_lowercase()).collect();
    folded.dedup();
    assert_eq!(folded.len(), 3, "{folded:?}");
    assert!(folded.iter().any(|name| name == "2018/05/img_1.jpg"), "{folded:?}");
}

#[test]
fn what_the_library_has_stays_out() {
    let hermetic = Hermetic::new();
    let work = hermetic.work();
    let fixture = |name: &str| {
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library").join(name)).unwrap()
    };
    // The library has the lake small, the harbour large, and a burst of one.
    put(&work.join("library/old/lake.jpg"), &fixture("phone/lake-small.jpg"), LATER);
    put(&work.join("library/old/IMG_0413.jpg"), &fixture("2023/IMG_0413.jpg"), LATER);
    put(&work.join("library/old/IMG_0500.jpg"), &fixture("2023/IMG_0500.jpg"), LATER);
    put(&work.join("card/lake.png"), &fixture("export/lake.png"), LATER);
    put(&work.join("card/harbour.webp"), &fixture("export/harbour-brighter.webp"), LATER);
    put(&work.join("card/IMG_0501.jpg"), &fixture("2023/IMG_0501.jpg"), LATER);
    put(&work.join("card/again/IMG_0413.jpg"), &fixture("2023/IMG_0413.jpg"), LATER);
    put(&work.join("card/again/lake-twin.png"), &fixture("export/lake.png"), LATER);
    let run = |preflight: &str| {
        let line = ["organize", "card", "library", "--format", "json", "--dry-run", "--preflight"];
        let ran = hermetic.run(line.iter().chain([&preflight]));
        assert_eq!(ran.code, 0, "{}", ran.all());
        let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
        let sources = plan["actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|action| action["files"][0]["source"]["path"].as_str().unwrap().to_owned());
        sources.collect::<Vec<_>>()
    };
    assert_eq!(run("visual"), ["card/IMG_0501.jpg", "card/lake.png"]);
    assert_eq!(run("exact"), ["card/IMG_0501.jpg", "card/harbour.webp", "card/lake.png"]);
    assert_eq!(
        run("off"),
        ["card/IMG_0501.jpg", "card/harbour.webp", "card/lake.png", "card/again/IMG_0413.jpg"]
    );
    let done = hermetic.run(["organize", "card", "library", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.all());
    for part in [
        "card/harbour.webp  is  [ROOT]/work/library/old/IMG_0413.jpg",
        "card/lake.png  is better than  [ROOT]/work/library/old/lake.jpg",
        "in the library elsewhere: 2 files",
        "identical to other incoming files: 1 file",
        "2 files copied",
    ] {
        assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
    }
}

#[test]
fn a_takeout_export() {
    let hermetic = Hermetic::new();
    let album = hermetic.work().join("Takeout/Google Photos/Photos from 2014");
    let json = |seconds: u64| {
        format!("{{\"photoTakenTime\":{{\"timestamp\":\"{seconds}\"}}}}").into_bytes()
    };
    // 2014-07-08 09:10:11 UTC, and a month later each.
    let at = |month: u64| 1_404_810_611 + month * 2_678_400;
    let long = "a picture whose name is much longer than they let it be";
    for (shade, (picture, sidecar)) in [
        ("IMG_1.jpg", "IMG_1.jpg.json".to_owned()),
        ("IMG_1(1).jpg", "IMG_1.jpg(1).json".to_owned()),
        ("IMG_2.jpg", "IMG_2.jpg.supplemental-metadata.json".to_owned()),
        ("IMG_3.jpg", "IMG_3.jpg.suppl.json".to_owned()),
        (&*format!("{long}.jpg"), format!("{}.json", &long[..46])),
    ]
    .into_iter()
    .enumerate()
    {
        put(&album.join(picture), &jpeg(shade as u8, None), LATER);
        put(&album.join(sidecar), &json(at(shade as u64)), LATER);
    }
    put(&album.join("IMG_1-edited.jpg"), &jpeg(99, None), LATER);
    put(&album.join("metadata.json"), b"{\"title\":\"Photos from 2014\"}", LATER);
    let done = hermetic.run(["organize", "Takeout", "library", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert_eq!(
        names(&hermetic.work().join("library")),
        [
            "2014/07/IMG_1-edited.jpg",
            "2014/07/IMG_1.jpg",
            "2014/07/IMG_1.jpg.json",
            "2014/08/IMG_1(1).jpg",
            "2014/08/IMG_1.jpg(1).json",
            "2014/09/IMG_2.jpg",
            "2014/09/IMG_2.jpg.supplemental-metadata.json",
            "2014/10/IMG_3.jpg",
            "2014/10/IMG_3.jpg.suppl.json",
            &*format!("2014/11/{}.json", &long[..46]),
            &*format!("2014/11/{long}.jpg"),
        ],
        "{}",
        done.all()
    );
    assert!(done.stdout.contains("metadata.json"), "{}", done.stdout);
}

fn report(hermetic: &Hermetic, line: &[&str]) -> Value {
    let ran = hermetic.run(line);
    assert_eq!(ran.code, 0, "{}", ran.all());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.all()))
}

/// The names of the files of each action of a plan.
fn actions(plan: &Value) -> Vec<Vec<String>> {
    let name = |file: &Value| {
        let path = Path::new(file["source"]["path"].as_str().unwrap());
        path.file_name().unwrap().to_string_lossy().into_owned()
    };
    let files = |action: &Value| action["files"].as_array().unwrap().iter().map(name).collect();
    plan["actions"].as_array().unwrap().iter().map(files).collect()
}

/// Units with what makes them: all their names, the original first. The edits were made a year
/// later, and say so.
const UNITS: [&[&str]; 8] = [
    &["PXL_20231207_032108788.RAW-01.MP.COVER.jpg", "PXL_20231207_032108788.RAW-02.ORIGINAL.dng"],
    &["PXL_20231026_205755225.MP.jpg", "PXL_20231026_205755225.dng"],
    &[
        "PXL_20200820_143019420.PORTRAIT-02.ORIGINAL.jpg",
        "PXL_20200820_143019420.PORTRAIT-01.COVER.jpg",
    ],
    &["IMG_1234.HEIC", "IMG_E1234.JPG", "IMG_1234.AAE", "IMG_1234.MOV", "IMG_O1234.AAE"],
    &["IMG_7.jpg", "IMG_7-bearbeitet.jpg", "IMG_7.jpg.json"],
    &["IMG_8(1).jpg", "IMG_8-edited(1).jpg"],
    &["wedding.jpg", "wedding_edited.jpeg"],
    &["20180101_120000.jpg", "20180101_120000~2.jpg"],
];

/// A card with these units.
fn units_on_a_card(hermetic: &Hermetic) {
    let card = hermetic.work().join("card");
    let mut shade = 0;
    for unit in UNITS {
        for (at, name) in unit.iter().enumerate() {
            shade += 1;
            let taken = ["2016:02:29 10:00:00", "2017:03:01 10:00:00"][at.min(1)];
            let bytes = match name.rsplit_once('.').unwrap().1 {
                // Only its JSON says when it was taken.
                _ if *name == "IMG_7.jpg" => jpeg(shade, None),
                "json" => b"{\"photoTakenTime\":{\"timestamp\":\"1456740000\"}}".to_vec(),
                "jpg" | "jpeg" | "JPG" | "HEIC" => jpeg(shade, Some(taken)),
                "MOV" => film(1_456_740_000),
                _ => vec![shade],
            };
            put(&card.join(name), &bytes, LATER);
        }
    }
}

#[test]
fn an_original_and_its_edit_are_one_unit() {
    let hermetic = Hermetic::new();
    units_on_a_card(&hermetic);
    let card = hermetic.work().join("card");
    let before = tree(&card);
    let exact = ["organize", "card", "library", "--move", "--preflight", "exact"];
    let plan = report(&hermetic, &[&exact[..], &["--dry-run", "--format", "json"]].concat());
    let mut planned = actions(&plan);
    // The original is the first file of its action, whatever its name.
    for unit in &UNITS[2..] {
        let action = planned.iter().find(|action| action.contains(&unit[0].to_owned())).unwrap();
        assert_eq!(action[..2], unit[..2], "{planned:?}");
    }
    planned.iter_mut().for_each(|action| action.sort_unstable());
    planned.sort_unstable();
    let mut expected: Vec<Vec<String>> =
        UNITS.iter().map(|unit| unit.iter().map(|name| (*name).to_owned()).collect()).collect();
    expected.iter_mut().for_each(|unit| unit.sort_unstable());
    expected.sort_unstable();
    assert_eq!(planned, expected);

    // All by the date of the original.
    let done = hermetic.run(exact.iter().chain(&["--yes"]));
    assert_eq!(done.code, 0, "{}", done.all());
    let library = hermetic.work().join("library");
    let filed = names(&library);
    assert!(filed.iter().all(|name| name.starts_with("2016/02/")), "{filed:?}");
    assert_eq!(filed.len(), before.len(), "{filed:?}");
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(tree(&card), before);
}

#[test]
fn a_unit_whose_edit_cannot_be_moved_stays() {
    let hermetic = Hermetic::new();
    units_on_a_card(&hermetic);
    let card = hermetic.work().join("card");
    let line =
        ["organize", "card", "library", "--move", "--preflight", "exact", "--format", "json"];
    report(&hermetic, &[&line[..], &["--save-plan", "plan.json"]].concat());
    // Between the plan and the act one edit changes, in place.
    let changed = card.join("IMG_7-bearbeitet.jpg");
    let mut bytes = fs::read(&changed).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    put(&changed, &bytes, LATER);
    let before = tree(&card);
    let applied = hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(applied.code, 1, "{}", applied.all());
    let stay = ["IMG_7-bearbeitet.jpg", "IMG_7.jpg", "IMG_7.jpg.json"];
    assert_eq!(names(&card), stay, "{}", applied.all());
    assert!(tree(&card).iter().all(|(name, bytes)| before[name] == *bytes));
    assert_eq!(names(&hermetic.work().join("library")).len(), before.len() - 3);
}

#[test]
fn other_names_are_units_of_their_own() {
    let hermetic = Hermetic::new();
    let card = hermetic.work().join("card");
    let alone = [
        "20180101_120000(0).jpg",
        "20180101_120000.jpg",
        "IMG_1.jpg",
        "IMG_10.jpg",
        "IMG_1(1).jpg",
        "IMG_E1234.jpg",
        "IMG_2-edited.jpg",
        "PXL_20231207_032108788.jpg",
        "PXL_20231207_032108789.jpg",
    ];
    for (shade, name) in (0..).zip(alone) {
        put(&card.join(name), &jpeg(shade, None), LATER);
    }
    let plan = report(&hermetic, &["organize", "card", "library", "--dry-run", "--format", "json"]);
    assert!(actions(&plan).iter().all(|action| action.len() == 1), "{:?}", actions(&plan));
    assert_eq!(actions(&plan).len(), alone.len());
}

#[test]
fn a_burst_stays_together() {
    let hermetic = Hermetic::new();
    let card = hermetic.work().join("card");
    let last = Some("2018:01:31 23:59:59");
    let first = Some("2018:02:01 00:00:00");
    let bursts: [[&str; 3]; 6] = [
        [
            "00000IMG_00000_BURST20180131235959000.jpg",
            "00001IMG_00001_BURST20180131235959000_COVER.jpg",
            "00002IMG_00002_BURST20180131235959000.jpg",
        ],
        [
            "IMG_20180131_235959_BURST001_COVER.jpg",
            "IMG_20180131_235959_BURST002.jpg",
            "IMG_20180131_235959_BURST003.jpg",
        ],
        [
            "IMG_20180131_235959123_BURST000_COVER.jpg",
            "IMG_20180131_235959123_BURST001.jpg",
            "IMG_20180131_235959123_BURST002.jpg",
        ],
        [
            "IMG20180131235959_BURST000_COVER.jpg",
            "IMG20180131235959_BURST001.jpg",
            "IMG20180131235959_BURST002.jpg",
        ],
        [
            "DSC_0001_BURST20180131235959977.JPG",
            "DSC_0002_BURST20180131235959977.JPG",
            "DSC_0003_BURST20180131235959977_COVER.JPG",
        ],
        ["20180131_235959_001.jpg", "20180131_235959_002.jpg", "20180131_235959_003.jpg"],
    ];
    for (number, burst) in (0_u8..).zip(bursts) {
        for (shade, (name, taken)) in (0..).zip(burst.into_iter().zip([last, first, None])) {
            let frame = jpeg(number * 3 + shade, taken);
            put(&card.join(format!("Cshot/{number}/{name}")), &frame, LATER);
        }
    }
    // No burst: the same second, and no number of a frame.
    put(&card.join("IMG_20180201_000000.jpg"), &jpeg(99, first), LATER);
    let line = ["organize", "card", "library", "--preflight", "exact", "--yes"];
    let done = hermetic.run(line);
    assert_eq!(done.code, 0, "{}", done.all());
    let filed = names(&hermetic.work().join("library"));
    let mut expected: Vec<String> =
        bursts.iter().flatten().map(|name| format!("2018/01/{name}")).collect();
    expected.push("2018/02/IMG_20180201_000000.jpg".to_owned());
    expected.sort_unstable();
    assert_eq!(filed, expected);
    let again = hermetic.run(line);
    assert!(again.stdout.ends_with("Nothing to do.\n"), "{}", again.all());
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert!(!hermetic.work().join("library").exists());
}

#[test]
fn one_inside_the_other() {
    let taken = Some("2018:05:06 07:08:09");
    // An inbox in the library.
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    put(&library.join("Inbox/a.jpg"), &jpeg(1, taken), LATER);
    put(&library.join("Inbox/twin.jpg"), &jpeg(1, taken), LATER);
    let ran = hermetic.run(["organize", "library/Inbox", "library", "--move", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(names(&library), ["2018/05/a.jpg", "Inbox/twin.jpg"]);
    // A library in what is filed.
    let hermetic = Hermetic::new();
    let all = hermetic.work().join("all");
    put(&all.join("b.jpg"), &jpeg(2, taken), LATER);
    for _ in 0..2 {
        let ran = hermetic.run(["organize", "all", "all/sorted", "--yes"]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert_eq!(names(&all), ["b.jpg", "sorted/2018/05/b.jpg"]);
        // What is there is not what comes in.
        assert!(!ran.stdout.contains("identical to others"), "{}", ran.stdout);
    }
    // In place.
    let ran = hermetic.run(["organize", "all", "all", "--yes"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let ran = hermetic.run([
        "organize",
        "all/sorted",
        "all/sorted",
        "--move",
        "--template",
        "{year}",
        "--yes",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(names(&all), ["b.jpg", "sorted/2018/b.jpg"]);
}

#[test]
fn dates_are_explained() {
    let hermetic = Hermetic::new();
    let file = hermetic.work().join("IMG_20190203_123456.jpg");
    put(&file, &jpeg(1, Some("2018:05:06 07:08:09")), LATER);
    put(&hermetic.work().join("IMG_20190203_123456.jpg.json"), b"{}", LATER);
    let ran = hermetic.run(["organize", "--explain", "IMG_20190203_123456.jpg"]);
    insta::assert_snapshot!(ran.all());
    assert_eq!(hermetic.run(["organize", "--explain", "missing.jpg"]).code, 1);
    assert_eq!(hermetic.run(["organize", "card"]).code, 2);
    assert_eq!(hermetic.run(["organize", "missing", "library", "--yes"]).code, 1);
    let template = ["organize", ".", "library", "--template", "{yaer}"];
    let ran = hermetic.run(template);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("there is no {yaer}; there are: year"), "{}", ran.stderr);
}

/// Dates of real files, against exiftool's reading of them.
#[test]
fn the_dates_that_exiftool_finds() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let Ok(oracle) = fs::read_to_string(samples.join("dates.tsv")) else {
        eprintln!("SKIPPED: the real files are not there");
        return;
    };
    let hermetic = Hermetic::new();
    let samples = samples.canonicalize().unwrap();
    // Windows' way of writing real paths is not what reports have.
    let samples = samples.to_str().unwrap().trim_start_matches(r"\\?\");
    let ran = hermetic.run([
        "organize",
        samples,
        "library",
        "--no-fs-dates",
        "--preflight",
        "off",
        "--format",
        "json",
        "--save-plan",
        "plan.json",
    ]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let mut ours: BTreeMap<String, String> = BTreeMap::new();
    for unit in report["units"].as_array().unwrap() {
        for file in unit["files"].as_array().unwrap() {
            let path = Path::new(file["path"].as_str().unwrap()).strip_prefix(samples).unwrap();
            let taken = unit["taken"].as_str().unwrap_or("-");
            ours.insert(slashed(path), taken.to_owned());
        }
    }
    // What only makers' own notes say is not read; of one film exiftool drops the seconds.
    let known = [
        "photos/jpg/Reconyx_HC500_Hyperfire.jpg",
        "photos/jpg/exif-org/olympus-d320l.jpg",
        "photos/jpg/exif-org/sony-powershota5.jpg",
        "video/Pentax.avi",
    ];
    let mut asked = 0;
    let mut differ = Vec::new();
    for line in oracle.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let is_film = matches!(fields[1], "MOV" | "MP4" | "MKV" | "AVI");
        let of_film = [fields[9], fields[8]]
            .into_iter()
            .find(|date| is_film && *date != "-" && !date.starts_with("0000"));
        let Some(date) = Some(fields[2]).filter(|date| *date != "-").or(of_film) else { continue };
        asked += 1;
        let date = date[..19].replacen(':', "-", 2).replace(' ', "T");
        let found = ours.get(fields[0]).map_or("nothing", String::as_str);
        if !found.starts_with(&date) {
            differ.push((fields[0], date, found));
        }
    }
    let names: Vec<&str> = differ.iter().map(|(name, ..)| *name).collect();
    assert_eq!((asked, names), (84, known.to_vec()), "{differ:?}");
}
