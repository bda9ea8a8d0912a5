//! May this drive be wiped? Asked of the real program: every kind of file that is not covered, and
//! every way to be wrong about one that is.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use hermetic::{Hermetic, Ran, facts, overwrite, slashed};
use rusqlite::{Connection, params};
use serde_json::Value;

const LAKE: &str = "2023/IMG_0412.jpg";
const LAKE_SMALL: &str = "phone/lake-small.jpg";
/// It has a capture date.
const HARBOUR: &str = "2023/IMG_0413.jpg";
const GARDEN: &str = "2024/garden.jpg";
/// The harbour without a capture date, stored turned.
const HARBOUR_BARE: &str = "phone/harbour.jpg";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(fixture(name)).unwrap()
}

/// Files of these names and contents below the work folder.
fn tree(files: &[(&str, Vec<u8>)]) -> Hermetic {
    let hermetic = Hermetic::new();
    for (name, bytes) in files {
        put(&hermetic, name, bytes);
    }
    hermetic
}

fn put(hermetic: &Hermetic, name: &str, bytes: &[u8]) {
    let path = hermetic.work().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn run(hermetic: &Hermetic, line: &str) -> Ran {
    hermetic.run(line.split(' '))
}

/// The exit code, and what the library has of each old file.
fn asked(hermetic: &Hermetic, line: &str) -> (i32, BTreeMap<String, Value>) {
    let ran = run(hermetic, &format!("{line} --format json"));
    let json: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.all()));
    assert_eq!(json["covered"], ran.code == 0, "{}", ran.all());
    let files = json["files"].as_array().unwrap().iter();
    let files = files.map(|file| (file["path"].as_str().unwrap().to_owned(), file.clone()));
    (ran.code, files.collect())
}

/// What the library has of the only old file.
fn only(hermetic: &Hermetic) -> (i32, Value) {
    let (code, files) = asked(hermetic, "covered old --by library");
    assert_eq!(files.len(), 1, "{files:?}");
    (code, files.into_values().next().unwrap())
}

/// The picture without metadata, in a larger file.
fn padded(name: &str) -> Vec<u8> {
    let picture = bytes(name);
    let mut padded = vec![0xff, 0xd8, 0xff, 0xfe, 0x40, 0];
    padded.extend([b' '; 0x3ffe]);
    padded.extend(&picture[2..]);
    padded
}

#[test]
fn each_file_for_itself() {
    let hermetic = tree(&[
        ("library/a/lake-small.jpg", bytes(LAKE_SMALL)),
        ("library/a/harbour.jpg", bytes(HARBOUR)),
        ("library/ridge.tiff", bytes("2024/ridge.tiff")),
        ("library/read me.txt", bytes("2024/notes.txt")),
        ("old/missing.jpg", bytes("2024/garden.jpg")),
        ("old/worse.jpg", bytes(LAKE)),
        ("old/better.jpg", bytes(HARBOUR_BARE)),
        ("old/x/renamed.tif", bytes("2024/ridge.tiff")),
        ("old/x/notes.txt", bytes("2024/notes.txt")),
        ("old/x/film.mov", b"no film".to_vec()),
        ("old/.hidden/secret.xmp", b"<xmp/>".to_vec()),
        ("old/.Trash-1000/files/thrown away.doc", b"away".to_vec()),
    ]);
    #[cfg(unix)]
    symlink("missing.jpg", hermetic.work().join("old/link.jpg")).unwrap();
    let links = usize::from(cfg!(unix));
    let (code, files) = asked(&hermetic, "covered old --by library");
    assert_eq!(code, 1);
    let covers: Vec<(&str, &str)> =
        files.iter().map(|(path, file)| (path.as_str(), file["cover"].as_str().unwrap())).collect();
    let mut expected = vec![
        ("old/.Trash-1000/files/thrown away.doc", "missing"),
        ("old/.hidden/secret.xmp", "missing"),
        ("old/better.jpg", "same-picture"),
        ("old/link.jpg", "irregular"),
        ("old/missing.jpg", "missing"),
        ("old/worse.jpg", "worse"),
        ("old/x/film.mov", "missing"),
        ("old/x/notes.txt", "same-bytes"),
        ("old/x/renamed.tif", "same-bytes"),
    ];
    expected.retain(|(path, _)| links == 1 || !path.ends_with("link.jpg"));
    assert_eq!(covers, expected);
    assert_eq!(files["old/better.jpg"]["by"]["path"], "library/a/harbour.jpg");
    assert_eq!(files["old/worse.jpg"]["why"], "320×240, not 640×480");
    assert_eq!(files["old/x/notes.txt"]["by"]["path"], "library/read me.txt");

    let ran = run(&hermetic, "covered old --by library");
    assert_eq!(ran.code, 1);
    let first = ran.stdout.lines().next().unwrap();
    let told = format!("NOT covered: {} of {} files (", 5 + links, 8 + links);
    assert!(first.starts_with(&told), "{first}");
    assert!(
        ran.stdout
            .contains("\n  old/worse.jpg\n      library/a/lake-small.jpg: 320×240, not 640×480\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("Note: both are on one file system"), "{}", ran.stdout);

    let ran = run(&hermetic, "covered old --by library --format paths0");
    assert_eq!(ran.code, 1);
    let paths: Vec<&str> = ran.stdout.split_terminator('\0').collect();
    assert_eq!(paths.len(), 5 + links, "{paths:?}");
    for path in paths {
        fs::remove_file(hermetic.work().join(path)).unwrap();
    }
    let ran = run(&hermetic, "covered old --by library");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.starts_with("Covered: the library has all 3 files ("), "{}", ran.stdout);
}

#[test]
fn what_the_cache_says_is_never_enough() {
    let longer = |name: &str| {
        let mut bytes = bytes(name);
        bytes.resize(20_000, b' ');
        bytes
    };
    let hermetic = tree(&[
        ("library/harbour.jpg", longer(HARBOUR)),
        ("library/film.mov", vec![1; 500]),
        ("old/harbour.jpg", bytes(HARBOUR_BARE)),
        ("old/film.mov", vec![1; 500]),
    ]);
    let (code, files) = asked(&hermetic, "covered old --by library");
    assert_eq!(code, 0, "{files:?}");
    // Size, time and inode stay, and the cache is told of the new change time: only bytes tell.
    for (name, other) in [("harbour.jpg", longer(LAKE)), ("film.mov", vec![2; 500])] {
        let path = hermetic.work().join("library").join(name);
        overwrite(&path, &other);
    }
    let picture = facts(&hermetic.work().join("library/harbour.jpg"));
    let (changed, inode) = (picture.changed.unwrap().0, picture.stamp.key.inode as i64);
    let database = Connection::open(hermetic.cache_file()).unwrap();
    let set = "UPDATE file SET changed_ns = ?1 WHERE inode = ?2";
    assert_eq!(database.execute(set, params![changed, inode]).unwrap(), 1);
    drop(database);
    let (code, files) = asked(&hermetic, "covered old --by library");
    assert_eq!(code, 1);
    assert_eq!(files["old/harbour.jpg"]["cover"], "missing", "{files:?}");
    assert_eq!(files["old/film.mov"]["cover"], "missing");
}

#[test]
fn folders_that_lie_in_each_other_are_refused() {
    let hermetic = tree(&[("library/2023/a.txt", b"a".to_vec()), ("library/b.txt", b"b".to_vec())]);
    #[cfg(unix)]
    symlink("library", hermetic.work().join("link")).unwrap();
    let lines = [
        "covered library/2023 --by library",
        "covered library --by library/2023",
        "covered library --by library",
        "covered link/2023 --by library",
        "covered library/2023 --by link",
        "covered library/2023/a.txt --by library",
    ];
    for line in lines.iter().filter(|line| cfg!(unix) || !line.contains("link")) {
        let ran = run(&hermetic, line);
        assert_eq!(ran.code, 3, "{line}: {}", ran.all());
        assert!(ran.stderr.contains("lie in each other"), "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{line}");
    }
}

#[test]
fn a_hard_link_is_no_copy() {
    let hermetic = tree(&[("old/lake.jpg", bytes(LAKE)), ("library/other.txt", b"x".to_vec())]);
    let old = hermetic.work().join("old/lake.jpg");
    fs::hard_link(&old, hermetic.work().join("library/lake.jpg")).unwrap();
    let (code, file) = only(&hermetic);
    assert_eq!((code, &file["cover"]), (1, &"same-file".into()), "{file}");
    assert_eq!(file["by"]["path"], "library/lake.jpg");
    // The hard link says nothing of the other old file with its bytes either.
    put(&hermetic, "old/again.jpg", &bytes(LAKE));
    let (code, files) = asked(&hermetic, "covered old --by library");
    assert_eq!((code, &files["old/again.jpg"]["cover"]), (1, &"missing".into()), "{files:?}");
    put(&hermetic, "library/copy.jpg", &bytes(LAKE));
    let (code, files) = asked(&hermetic, "covered old --by library");
    assert_eq!(code, 0, "{files:?}");
}

#[test]
fn what_was_thrown_away_in_the_library_is_no_copy() {
    for folder in [".Trash-1000/files", ".clean-backup/quarantine", "$RECYCLE.BIN"] {
        let hermetic = tree(&[
            (&format!("library/{folder}/a.jpg"), bytes(LAKE)),
            ("library/b.txt", b"b".to_vec()),
            ("old/a.jpg", bytes(LAKE)),
        ]);
        let (code, file) = only(&hermetic);
        assert_eq!((code, &file["cover"]), (1, &"missing".into()), "{folder}: {file}");
    }
    // What is only hidden there is a copy.
    let hermetic = tree(&[("library/.hidden/a.jpg", bytes(LAKE)), ("old/a.jpg", bytes(LAKE))]);
    assert_eq!(only(&hermetic).0, 0);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_not_covered() {
    let hermetic = tree(&[
        ("library/a.txt", b"the same".to_vec()),
        ("old/a.txt", b"the same".to_vec()),
        ("old/readable.txt", b"the same".to_vec()),
        ("old/alone.txt", b"nothing is as long as this".to_vec()),
        ("old/folder/b.txt", b"the same".to_vec()),
    ]);
    let line = ["covered", "old", "--by", "library", "--format", "json"];
    let mut command = hermetic.restricted_command();
    command.args(line);
    let mode = |name: &str, mode| {
        let path = hermetic.work().join("old").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let names = ["a.txt", "alone.txt", "folder"];
    names.iter().for_each(|name| mode(name, 0o000));
    let ran = hermetic.run_copy(&mut command);
    names.iter().for_each(|name| mode(name, 0o700));
    assert_eq!(ran.code, 1, "{}", ran.all());
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let covers: Vec<(&str, &str)> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file["cover"].as_str().unwrap()))
        .collect();
    assert_eq!(
        covers,
        [
            ("old/a.txt", "unreadable"),
            ("old/alone.txt", "unreadable"),
            ("old/folder", "unreadable"),
            ("old/readable.txt", "same-bytes"),
        ]
    );
}

#[test]
fn a_damaged_picture_covers_nothing() {
    // Its last rows are missing, and then a fifth of it.
    for share in [999, 800] {
        let mut cut = padded(HARBOUR);
        cut.truncate(cut.len() * share / 1000);
        let hermetic = tree(&[("library/cut.jpg", cut), ("old/harbour.jpg", bytes(HARBOUR))]);
        let (code, file) = only(&hermetic);
        assert_eq!((code, &file["cover"]), (1, &"damaged".into()), "{share}: {file}");
    }

    // As long as the old one, and rotten in the middle.
    let mut rotten = bytes(HARBOUR);
    let middle = rotten.len() / 2;
    rotten[middle..middle + 40].fill(0x55);
    let hermetic = tree(&[("library/rotten.jpg", rotten), ("old/harbour.jpg", bytes(HARBOUR))]);
    let (code, file) = only(&hermetic);
    assert_eq!(code, 1, "{file}");
    assert_ne!(file["cover"], "same-picture", "{file}");

    // A sound one beside the damaged one is found.
    put(&hermetic, "library/sound.jpg", &padded(HARBOUR));
    let (code, file) = only(&hermetic);
    assert_eq!((code, &file["cover"]), (0, &"same-picture".into()), "{file}");
    assert_eq!(file["by"]["path"], "library/sound.jpg");
}

#[test]
fn sidecars_count_on_both_sides() {
    let sidecar = |property: &str| {
        let xmp = format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF \
             xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
             xmlns:xmp='http://ns.adobe.com/xap/1.0/' \
             xmlns:exif='http://ns.adobe.com/exif/1.0/' {property}/></rdf:RDF></x:xmpmeta>"
        );
        xmp.into_bytes()
    };
    // A rating beside the old one only.
    let hermetic = tree(&[
        ("library/a.jpg", padded(GARDEN)),
        ("old/b.jpg", bytes(GARDEN)),
        ("old/b.jpg.xmp", sidecar("xmp:Rating='5'")),
    ]);
    let cover = || asked(&hermetic, "covered old --by library").1["old/b.jpg"].clone();
    assert_eq!(cover()["lacks"], serde_json::json!(["rating"]));
    put(&hermetic, "library/a.jpg.xmp", &sidecar("xmp:Rating='2'"));
    assert_eq!(cover()["lacks"], serde_json::json!(["rating"]), "another rating");
    put(&hermetic, "library/a.jpg.xmp", &sidecar("xmp:Rating='5'"));
    assert_eq!(cover()["cover"], "same-picture");
    // A date that was carried into the sidecar of a picture without one.
    let hermetic = tree(&[
        ("library/bare.jpg", padded(HARBOUR_BARE)),
        ("library/bare.jpg.xmp", sidecar("exif:DateTimeOriginal='2023-06-17T18:25:40.02'")),
        ("old/dated.jpg", bytes(HARBOUR)),
    ]);
    let (code, file) = asked(&hermetic, "covered old --by library");
    assert_eq!((code, &file["old/dated.jpg"]["cover"]), (0, &"same-picture".into()), "{file:?}");
}

#[test]
fn what_only_the_old_one_knows_is_named() {
    let hermetic =
        tree(&[("library/bare.jpg", padded(HARBOUR_BARE)), ("old/dated.jpg", bytes(HARBOUR))]);
    let (code, file) = only(&hermetic);
    assert_eq!((code, &file["cover"]), (1, &"lacks-metadata".into()), "{file}");
    assert_eq!(file["lacks"][0], "capture date");
    let ran = run(&hermetic, "covered old --by library");
    assert!(
        ran.stdout.contains("\n  old/dated.jpg\n      library/bare.jpg lacks: capture date"),
        "{}",
        ran.stdout
    );
    // Another picture of the library that knows it is found behind the first.
    put(&hermetic, "library/dated.jpg", &padded(HARBOUR));
    let (code, file) = only(&hermetic);
    assert_eq!((code, &file["cover"]), (0, &"same-picture".into()), "{file}");
}

#[test]
fn look_alikes_cover_nothing() {
    // Two shots of a burst.
    let hermetic = tree(&[
        ("library/IMG_0500.jpg", bytes("2023/IMG_0500.jpg")),
        ("old/IMG_0501.jpg", bytes("2023/IMG_0501.jpg")),
    ]);
    let (code, file) = only(&hermetic);
    assert_eq!(
        (code, &file["cover"], &file["relation"]),
        (1, &"looks-alike".into(), &"burst".into())
    );
}

/// A picture, changed, as a JPEG.
fn edited(name: &str, edit: impl Fn(image::DynamicImage) -> image::DynamicImage) -> Vec<u8> {
    let picture = edit(image::open(fixture(name)).unwrap()).to_rgb8();
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 97)
        .encode_image(&picture)
        .unwrap();
    jpeg
}

#[test]
fn an_edited_picture_is_not_the_old_one() {
    let brighter = edited(GARDEN, |picture| picture.brighten(15));
    let yellowed = edited(GARDEN, |picture| {
        let mut picture = picture.to_rgb8();
        picture.pixels_mut().for_each(|pixel| pixel.0[2] = pixel.0[2] / 3 * 2);
        picture.into()
    });
    for other in [brighter, yellowed] {
        let hermetic = tree(&[("library/edited.jpg", other), ("old/a.jpg", bytes(GARDEN))]);
        let (code, file) = only(&hermetic);
        assert_eq!((code, &file["cover"]), (1, &"worse".into()), "{file}");
        assert_eq!(file["why"], "in other colours or tones");
    }
    // Saved again: larger, and no better for it.
    let hermetic = tree(&[
        ("library/again.jpg", edited(GARDEN, |picture| picture)),
        ("old/a.jpg", bytes(GARDEN)),
    ]);
    let (code, file) = only(&hermetic);
    assert_eq!((code, &file["cover"]), (1, &"worse".into()), "{file}");
    let why = file["why"].as_str().unwrap();
    assert!(why.ends_with("the other was re-saved at a higher quality"), "{file}");
}

#[test]
fn a_part_is_covered_by_the_whole_and_not_the_other_way_round() {
    let part = || edited(GARDEN, |picture| picture.crop_imm(32, 24, 576, 432));
    let whole = || bytes(GARDEN);
    let hermetic = tree(&[("library/whole.jpg", whole()), ("old/part.jpg", part())]);
    let (code, file) = only(&hermetic);
    assert_eq!(
        (code, &file["cover"], &file["relation"]),
        (0, &"same-picture".into(), &"part".into())
    );
    let hermetic = tree(&[("library/part.jpg", part()), ("old/whole.jpg", whole())]);
    let (code, file) = only(&hermetic);
    assert_eq!((code, &file["cover"]), (1, &"worse".into()), "{file}");
    assert!(file["why"].as_str().unwrap().starts_with("it shows only 8"), "{file}");
}

#[test]
fn nothing_is_never_covered() {
    let hermetic = tree(&[("library/a.jpg", bytes(LAKE)), ("old/a.jpg", bytes(LAKE))]);
    fs::create_dir(hermetic.work().join("empty")).unwrap();
    for (line, part) in [
        ("covered nowhere --by library", "nowhere: "),
        ("covered old --by nowhere", "nowhere: "),
        ("covered empty --by library", "empty: there is no file in it"),
        ("covered old empty --by library", "empty: there is no file in it"),
        ("covered old --by library --ignore *.jpg", "there is no file in it that is not to be"),
    ] {
        let ran = run(&hermetic, line);
        assert_eq!(ran.code, 3, "{line}: {}", ran.all());
        assert!(ran.stderr.contains(part), "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    // A library whose drive is not mounted any more.
    assert_eq!(run(&hermetic, "scan library").code, 0);
    fs::remove_file(hermetic.work().join("library/a.jpg")).unwrap();
    let ran = run(&hermetic, "covered old --by library");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("has no pictures now"), "{}", ran.stderr);
}

#[test]
fn what_may_be_ignored_is_counted() {
    let hermetic = tree(&[
        ("library/a.jpg", bytes(LAKE)),
        ("old/a.jpg", bytes(LAKE)),
        ("old/x/Thumbs.db", b"12345".to_vec()),
        ("old/cache/deep/b.txt", b"123".to_vec()),
    ]);
    assert_eq!(run(&hermetic, "covered old --by library").code, 1);
    let ran = run(&hermetic, "covered old --by library --ignore thumbs.db,cache");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("Ignored, as asked: 2 files (8 bytes)."), "{}", ran.stdout);
    // What other commands leave out counts here.
    hermetic.configure("exclude = [\"*.db\", \"cache\"]\n");
    assert_eq!(run(&hermetic, "covered old --by library").code, 1);
}

#[test]
fn another_cache_tells_where_to_look_and_covers_nothing() {
    let hermetic = tree(&[
        ("away/harbour.jpg", bytes(HARBOUR)),
        ("library/a.txt", b"a".to_vec()),
        ("old/harbour.jpg", bytes(HARBOUR_BARE)),
    ]);
    assert_eq!(run(&hermetic, "scan away --cache other.db").code, 0);
    let line = "covered old --by library --with-cache other.db";
    for _ in 0..2 {
        let (code, files) = asked(&hermetic, line);
        let file = &files["old/harbour.jpg"];
        assert_eq!((code, &file["cover"]), (1, &"unverified".into()), "{file}");
        assert_eq!(file["cache"]["path"], "other.db");
        // Whether its drive is there or not.
        let _ = fs::remove_dir_all(hermetic.work().join("away"));
    }
    let ran = run(&hermetic, line);
    assert!(
        ran.stdout.contains("Known to another cache, not verified (1 file, "),
        "{}",
        ran.stdout
    );
}

fn names(folder: &Path) -> Vec<String> {
    let files = hermetic::contents(folder).into_keys();
    files.map(|path| slashed(path.strip_prefix(folder).unwrap())).collect()
}

#[test]
fn what_is_missing_is_copied_and_can_be_taken_back() {
    let hermetic = tree(&[
        ("library/lake-small.jpg", bytes(LAKE_SMALL)),
        ("old/x/lake.jpg", bytes(LAKE)),
        ("old/small.jpg", bytes(LAKE_SMALL)),
        ("old/x/y/film.mov", b"film".to_vec()),
        ("old/.Trash-1000/files/t.txt", b"t".to_vec()),
        // Its name is taken.
        ("old/notes.txt", b"old notes".to_vec()),
        ("library/rescued/notes.txt", b"other notes".to_vec()),
    ]);
    let work = hermetic.work();
    let before = hermetic.contents();
    let line = "covered old --by library --copy-missing library/rescued";
    let ran = run(&hermetic, &format!("{line} --dry-run"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains("copy  old/x/lake.jpg  →  library/rescued/x/lake.jpg\n"),
        "{}",
        ran.all()
    );
    let ran = run(&hermetic, &format!("{line} --dry-run --format json"));
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&plan["origin"], plan["actions"].as_array().unwrap().len()),
        (&"covered".into(), 4)
    );
    // Without a terminal nothing is done unasked.
    assert_eq!(run(&hermetic, line).code, 3);
    let ran = run(&hermetic, "covered old --by library --copy-missing old/rescued --yes");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("which is to be wiped"), "{}", ran.stderr);
    assert_eq!(hermetic.contents(), before);

    let ran = run(&hermetic, &format!("{line} --yes"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("\n4 files copied ("), "{}", ran.stdout);
    let copied = names(&work.join("library/rescued"));
    assert_eq!(copied.len(), 5, "{copied:?}");
    for name in ["from .Trash-1000/files/t.txt", "notes.txt", "x/lake.jpg", "x/y/film.mov"] {
        assert!(copied.iter().any(|copied| copied == name), "{copied:?}");
    }
    assert_eq!(fs::read(work.join("library/rescued/notes.txt")).unwrap(), b"other notes");
    assert_eq!(names(&work.join("old")).len(), 5, "nothing was left in the old folder");

    let again = run(&hermetic, &format!("{line} --yes"));
    assert_eq!(again.code, 0, "{}", again.all());
    let back = run(&hermetic, "undo --yes");
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(hermetic.contents(), before);
}
