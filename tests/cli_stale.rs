//! What the cache says of a picture is never enough to act on: replaced, rotten and mixed-up files
//! and rows, through the real program.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use hermetic::{Hermetic, Ran, facts, overwrite};
use rusqlite::{Connection, params};

const LAKE: &str = "2023/IMG_0412.jpg";
const HARBOUR: &str = "2023/IMG_0500.jpg";

/// The bytes of a picture of `fixtures/library`, with what follows its end up to `size`.
fn bytes(name: &str, size: usize) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library").join(name);
    let mut bytes = fs::read(path).unwrap();
    assert!(bytes.len() <= size);
    bytes.resize(size, b' ');
    bytes
}

/// As long as the longest of them.
const SIZE: usize = 20_000;

/// A library with these files.
fn library(files: &[(&str, Vec<u8>)]) -> Hermetic {
    let hermetic = Hermetic::new();
    for (name, bytes) in files {
        let path = hermetic.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    hermetic
}

fn database(hermetic: &Hermetic) -> Connection {
    Connection::open(hermetic.cache_file()).unwrap()
}

/// The cache as of a file system that records no change times, or as after bits of the disk have
/// flipped: nothing but the bytes tells that the file is not what it was.
fn without_change_times(hermetic: &Hermetic) {
    let database = database(hermetic);
    let mut rows = database.prepare("SELECT path FROM file").unwrap();
    let paths: Vec<Vec<u8>> =
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(!paths.is_empty());
    for key in paths {
        let path = PathBuf::from(String::from_utf8(key.clone()).unwrap());
        let changed = facts(&path).changed.unwrap().0;
        let set = "UPDATE file SET changed_ns = ?1 WHERE path = ?2";
        database.execute(set, params![changed, key]).unwrap();
    }
}

fn contents(hermetic: &Hermetic) -> BTreeMap<PathBuf, String> {
    hermetic.contents()
}

/// Every action that takes files away, so far as it is carried out at once.
const ACTIONS: [&[&str]; 3] = [
    &["--action", "quarantine", "--yes"],
    &["--action", "hardlink", "--yes"],
    &["--action", "delete", "--yes"],
];

fn dedupe(hermetic: &Hermetic, more: &[&str]) -> Ran {
    let mut arguments = vec!["dedupe", "library"];
    arguments.extend(more);
    hermetic.run(arguments)
}

#[test]
fn a_picture_that_was_replaced_in_place_is_read_again() {
    let lake = bytes(LAKE, SIZE);
    let hermetic = library(&[("library/a.jpg", lake.clone()), ("library/b.jpg", lake)]);
    assert!(dedupe(&hermetic, &[]).stdout.contains("1 duplicate"));
    overwrite(&hermetic.work().join("library/b.jpg"), &bytes(HARBOUR, SIZE));
    let before = contents(&hermetic);
    for action in ACTIONS {
        let ran = dedupe(&hermetic, action);
        assert!(ran.stdout.contains("Nothing to do."), "{}", ran.all());
        assert_eq!(contents(&hermetic), before);
    }
    let again = dedupe(&hermetic, &[]);
    assert!(again.stdout.contains("(0 hashed now, 2 from the cache)"), "{}", again.stdout);
}

#[test]
fn what_only_the_bytes_tell_is_refused_when_acting() {
    for action in ACTIONS {
        let lake = bytes(LAKE, SIZE);
        let hermetic = library(&[("library/a.jpg", lake.clone()), ("library/b.jpg", lake)]);
        dedupe(&hermetic, &[]);
        overwrite(&hermetic.work().join("library/b.jpg"), &bytes(HARBOUR, SIZE));
        without_change_times(&hermetic);
        let before = contents(&hermetic);
        let ran = dedupe(&hermetic, action);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.stdout.contains("1 refused"), "{}", ran.all());
        assert_eq!(contents(&hermetic), before);
        // The row is forgotten, so that the next run sees what is there.
        let again = dedupe(&hermetic, action);
        assert!(again.stdout.contains("Nothing to do."), "{}", again.all());
        assert_eq!(contents(&hermetic), before);
    }
}

/// A part of the picture data is lost, as when a disk gives zeros for a block.
fn rotten(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[17_500..18_000].fill(0);
    bytes
}

#[test]
fn of_two_identical_pictures_one_that_rots_is_neither_kept_nor_a_reason_to_delete() {
    for (victim, other) in [("a.jpg", "b.jpg"), ("b.jpg", "a.jpg")] {
        for action in ACTIONS {
            let lake = bytes(LAKE, SIZE);
            let hermetic =
                library(&[("library/a.jpg", lake.clone()), ("library/b.jpg", lake.clone())]);
            dedupe(&hermetic, &[]);
            let path = hermetic.work().join("library").join(victim);
            overwrite(&path, &rotten(&lake));
            without_change_times(&hermetic);
            let before = contents(&hermetic);
            let ran = dedupe(&hermetic, action);
            assert!(ran.stdout.contains("1 refused"), "{}", ran.all());
            assert_eq!(contents(&hermetic), before);
            // Now both are read again, and the damaged one is named.
            let json = dedupe(&hermetic, &["--format", "json"]);
            let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
            let group = &report["groups"][0];
            let keeper = group["keeper"]["path"].as_str().unwrap();
            assert!(keeper.ends_with(other), "the whole one is kept: {keeper}");
            let duplicate = &group["duplicates"][0];
            assert_eq!(duplicate["alarm"]["damaged"], "duplicate", "{}", json.stdout);
            assert_eq!(duplicate["acted_on"], false);
            assert_eq!(report["summary"]["alarms"], 1);
            let ran = dedupe(&hermetic, action);
            assert!(ran.stdout.contains("this picture may be damaged"), "{}", ran.all());
            assert!(ran.stdout.contains("Nothing to do."), "{}", ran.all());
            assert_eq!(contents(&hermetic), before);
        }
    }
}

/// Different pictures whose rows all have the hashes of the first.
fn poisoned(change: &str) -> Hermetic {
    let pictures = [LAKE, HARBOUR, "2024/garden.jpg", "2023/IMG_0501.jpg"];
    let files: Vec<(String, Vec<u8>)> = (0..)
        .zip(pictures)
        .map(|(n, name)| (format!("library/{n}.jpg"), bytes(name, SIZE + n)))
        .collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let hermetic = library(&files);
    hermetic.run(["scan", "library"]);
    let rows = database(&hermetic).execute(change, []).unwrap();
    assert_eq!(rows, pictures.len());
    hermetic
}

#[test]
fn a_cache_that_gives_all_pictures_one_hash_removes_none() {
    let views = "views = (SELECT views FROM file ORDER BY path LIMIT 1)";
    for change in [
        format!("UPDATE file SET {views}"),
        // As from a table that somebody else made, or from before rows were sealed.
        format!("UPDATE file SET {views}, content = NULL, seal = NULL"),
        format!("UPDATE file SET {views}, seal = NULL"),
    ] {
        for action in ACTIONS {
            let hermetic = poisoned(&change);
            let before = contents(&hermetic);
            let ran = dedupe(&hermetic, action);
            assert_eq!(contents(&hermetic), before, "{}", ran.all());
            assert!(ran.stdout.contains("Nothing to do."), "{change}: {}", ran.all());
        }
    }
}

#[test]
fn rows_without_a_hash_of_the_bytes_are_confirmed_and_acted_on() {
    let lake = bytes(LAKE, SIZE);
    let hermetic = library(&[("library/a.jpg", lake.clone()), ("library/b.jpg", lake)]);
    hermetic.run(["scan", "library"]);
    database(&hermetic).execute("UPDATE file SET content = NULL, seal = NULL", []).unwrap();
    let ran = dedupe(&hermetic, &["--action", "quarantine", "--yes"]);
    assert!(ran.stdout.contains("1 file moved aside"), "{}", ran.all());
    let sealed: i64 = database(&hermetic)
        .query_row("SELECT count(*) FROM file WHERE seal IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sealed, 2, "what was read again is remembered");
}

#[test]
fn an_import_does_not_rely_on_a_library_that_has_changed() {
    for hide in [false, true] {
        let lake = bytes(LAKE, SIZE);
        let hermetic = library(&[
            ("library/2020/old.jpg", lake.clone()),
            ("card/new.jpg", {
                let mut longer = lake.clone();
                longer.push(b' ');
                longer
            }),
        ]);
        hermetic.run(["scan", "library"]);
        overwrite(&hermetic.work().join("library/2020/old.jpg"), &bytes(HARBOUR, SIZE));
        if hide {
            without_change_times(&hermetic);
        }
        let ran = hermetic.run([
            "organize",
            "card",
            "library",
            "--copy",
            "--preflight",
            "visual",
            "--yes",
        ]);
        assert!(ran.stdout.contains("1 file copied"), "{}", ran.all());
        let copies = contents(&hermetic);
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(copies.keys().filter(|path| name(path) == "new.jpg").count(), 2);
    }
}

/// A library `old` in a cache of its own, copied to `new`, and gone since: removable drives get
/// the same device and inode numbers one after the other.
fn two_drives(change: &str) -> Hermetic {
    let names = [LAKE, HARBOUR, "2024/garden.jpg"];
    let files: Vec<(String, Vec<u8>)> =
        (0..).zip(names).map(|(n, name)| (format!("old/{n}.jpg"), bytes(name, SIZE + n))).collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let hermetic = library(&files);
    hermetic.run(["scan", "old", "--cache", "other.db"]);
    fs::rename(hermetic.work().join("old"), hermetic.work().join("library")).unwrap();
    for n in 0..names.len() {
        // Copies: the numbers are those of the files that are gone.
        let path = hermetic.work().join(format!("library/{n}.jpg"));
        let (bytes, modified) = (fs::read(&path).unwrap(), path.metadata().unwrap().modified());
        fs::write(hermetic.work().join("copy"), bytes).unwrap();
        fs::rename(hermetic.work().join("copy"), &path).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(modified.unwrap()).unwrap();
        drop(file);
        let now = facts(&path).stamp.key;
        let other = Connection::open(hermetic.work().join("other.db")).unwrap();
        let key = hermetic.work().join("old").join(format!("{n}.jpg"));
        let set = format!(
            "UPDATE file SET device = ?1, inode = ?2 {change} WHERE path = CAST(?3 AS BLOB)"
        );
        let given = params![now.device as i64, now.inode as i64, key.to_str().unwrap()];
        assert_eq!(other.execute(&set, given).unwrap(), 1);
    }
    hermetic
}

#[test]
fn copies_on_another_drive_with_the_same_numbers_are_duplicates() {
    // The volume is not known, or is another one.
    for change in [", volume = NULL", ", volume = 12345"] {
        let hermetic = two_drives(change);
        let ran = dedupe(&hermetic, &["--with-cache", "other.db"]);
        assert!(ran.stdout.contains("3 duplicates"), "{change}: {}", ran.all());
        // The drive is offline, so that nothing can be compared with what is there.
        let before = contents(&hermetic);
        let ran =
            dedupe(&hermetic, &["--with-cache", "other.db", "--action", "quarantine", "--yes"]);
        assert_eq!(contents(&hermetic), before, "{}", ran.all());
    }
}

#[test]
fn a_file_is_no_copy_of_itself_under_the_name_that_another_cache_has() {
    let lake = bytes(LAKE, SIZE);
    let hermetic = library(&[("library/a.jpg", lake)]);
    hermetic.run(["scan", "library", "--cache", "other.db"]);
    for _ in 0..2 {
        let ran = dedupe(&hermetic, &["--with-cache", "other.db"]);
        assert!(ran.stdout.contains("No duplicates"), "{}", ran.all());
        // Known under a name that it had, and still has.
        let folder = hermetic.work().join("library");
        let _ = fs::hard_link(folder.join("a.jpg"), folder.join("b.jpg"));
        let path = folder.join("a.jpg");
        if path.exists() {
            fs::rename(&path, hermetic.work().join("a.jpg")).unwrap();
            let other = Connection::open(hermetic.work().join("other.db")).unwrap();
            let now = hermetic.work().join("a.jpg");
            let set = "UPDATE file SET path = CAST(?1 AS BLOB)";
            assert_eq!(other.execute(set, [now.to_str().unwrap()]).unwrap(), 1);
        }
    }
}
