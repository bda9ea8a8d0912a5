//! Films through the real program: what is found, what is refused, what is acted on.

#![allow(clippy::unwrap_used, clippy::panic)]

mod films_made;
mod hermetic;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use films_made::{Edit, Scene};
use hermetic::Hermetic;
use serde_json::Value;

fn write(hermetic: &Hermetic, name: &str, scene: Scene) {
    let path = hermetic.work().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, scene.avi()).unwrap();
}

fn report(hermetic: &Hermetic, more: &[&str]) -> Value {
    let line = ["dedupe", ".", "--format", "json"];
    let ran = hermetic.run(line.iter().chain(more));
    assert_eq!(ran.code, 0, "{}", ran.all());
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Of each duplicate its name, its relation, and whether it would be acted on.
type Duplicates = BTreeSet<(String, String, bool)>;

/// Keeper, then each duplicate with its relation and whether it would be acted on.
fn groups(report: &Value) -> Vec<(String, Duplicates)> {
    let name = |member: &Value| {
        Path::new(member["path"].as_str().unwrap()).file_name().unwrap().to_string_lossy().into()
    };
    let duplicate = |member: &Value| {
        let relation = member["relation"].as_str().unwrap().to_owned();
        (name(member), relation, member["acted_on"].as_bool().unwrap())
    };
    let groups = report["groups"].as_array().unwrap().iter();
    groups
        .map(|group| {
            let duplicates = group["duplicates"].as_array().unwrap().iter().map(duplicate);
            (name(&group["keeper"]), duplicates.collect())
        })
        .collect()
}

fn expect(keeper: &str, duplicates: &[(&str, &str, bool)]) -> (String, Duplicates) {
    let duplicates = duplicates.iter().map(|d| (d.0.to_owned(), d.1.to_owned(), d.2));
    (keeper.to_owned(), duplicates.collect())
}

const SMALL: Scene = Scene { width: 48, height: 32, quality: 60, ..Scene::ORDINARY };

#[test]
fn the_same_film_is_found_and_other_films_are_not() {
    let hermetic = Hermetic::new();
    write(&hermetic, "one.avi", Scene::ORDINARY);
    write(&hermetic, "one small.avi", SMALL);
    write(&hermetic, "twin/one.avi", Scene::ORDINARY);
    // Another take before the same wall; its first frame is as near as can be.
    let opening = Scene { black: 6, ..Scene::ORDINARY };
    write(&hermetic, "take 1.avi", Scene { seed: 7, ..opening });
    write(&hermetic, "take 2.avi", Scene { seed: 8, ..opening });
    // Nothing moves: nothing is proven.
    let still = Scene { still: true, backdrop: 3, ..Scene::ORDINARY };
    write(&hermetic, "still.avi", still);
    write(&hermetic, "still small.avi", Scene { width: 48, height: 32, ..still });
    // As much longer as no encoding is.
    write(&hermetic, "longer.avi", Scene { frames: 43, ..Scene::ORDINARY });

    let first = report(&hermetic, &[]);
    let small = ("one small.avi", "copy", false);
    let expected = [
        expect("one.avi", &[("one.avi", "identical", true), small]),
        expect("still.avi", &[("still small.avi", "alike", false)]),
    ];
    assert_eq!(groups(&first), expected);
    let film = &first["groups"][0]["keeper"]["film"];
    assert_eq!((&film["codec"], &film["seconds"]), (&"mjpeg".into(), &8.0.into()), "{film}");
    let counted = |report: &Value, what: &str| report["summary"][what].as_u64().unwrap();
    assert_eq!((counted(&first, "films"), counted(&first, "films_hashed")), (8, 8));
    assert_eq!((counted(&first, "images"), counted(&first, "not_pictures")), (0, 0));

    // The next run reads nothing again, and says the same.
    let mut second = report(&hermetic, &[]);
    assert_eq!(counted(&second, "films_from_cache"), 8);
    assert_eq!(counted(&second, "films_hashed"), 0);
    for what in ["films_from_cache", "films_hashed", "seconds"] {
        second["summary"][what] = first["summary"][what].clone();
    }
    assert_eq!(second, first);
    let acted = groups(&report(&hermetic, &["--include-films"]));
    assert_eq!(
        acted[0],
        expect("one.avi", &[("one.avi", "identical", true), ("one small.avi", "copy", true)])
    );
    assert_eq!(acted[1], expect("still.avi", &[("still small.avi", "alike", false)]));
}

#[test]
fn films_of_other_bytes_are_acted_on_only_when_asked_for() {
    let hermetic = Hermetic::new();
    write(&hermetic, "one.avi", Scene::ORDINARY);
    write(&hermetic, "small.avi", SMALL);
    write(&hermetic, "twin.avi", Scene::ORDINARY);
    let there = |name: &str| hermetic.work().join(name).exists();
    let act = ["dedupe", ".", "--action", "quarantine", "--yes"];
    let ran = hermetic.run(act);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(there("one.avi") && there("small.avi") && !there("twin.avi"), "{}", ran.all());
    let ran = hermetic.run(act.iter().chain(&["--include-films"]));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(there("one.avi") && !there("small.avi"), "{}", ran.all());
    let undone = hermetic.run(["undo", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert!(there("small.avi"));
    assert_eq!(fs::read(hermetic.work().join("small.avi")).unwrap(), SMALL.avi());
}

#[test]
fn frames_that_the_cache_has_do_not_decide_alone() {
    let hermetic = Hermetic::new();
    write(&hermetic, "one.avi", Scene::ORDINARY);
    write(&hermetic, "small.avi", SMALL);
    assert_eq!(groups(&report(&hermetic, &[])).len(), 1);
    // Another film takes its place, and looks like it to the system: same size, same times.
    let path = hermetic.work().join("small.avi");
    let before = fs::metadata(&path).unwrap();
    let mut other = Scene { seed: 9, ..SMALL };
    let mut bytes = other.avi();
    while bytes.len() > before.len() as usize {
        other.quality -= 1;
        bytes = other.avi();
    }
    bytes.resize(before.len() as usize, 0);
    fs::write(&path, &bytes).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(before.modified().unwrap())).unwrap();
    drop(file);
    forget_changes(&hermetic.cache_file());
    assert_eq!(groups(&report(&hermetic, &[])).len(), 1, "the cache is believed in a report");
    let ran = hermetic.run(["dedupe", ".", "--action", "trash", "--include-films", "--yes"]);
    assert!(path.exists(), "{}", ran.all());
    assert!(ran.stderr.contains("is not what the cache said of it"), "{}", ran.all());
}

/// Takes out of the rows of films what tells that a file was changed.
fn forget_changes(cache: &Path) {
    let mut tiles = cache.as_os_str().to_owned();
    tiles.push("-tiles");
    let connection = rusqlite::Connection::open(tiles).unwrap();
    assert_eq!(connection.execute("UPDATE film SET changed_ns = NULL", []).unwrap(), 2);
}

#[test]
fn the_film_of_a_live_photo_and_a_cut_film_are_no_films_like_others() {
    let hermetic = Hermetic::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let films = fixtures.join("films");
    for name in ["h264.mp4", "hevc_10.mov"] {
        fs::copy(films.join(name), hermetic.work().join(name)).unwrap();
    }
    // The film of a picture is not held against others, whatever it shows.
    fs::copy(films.join("h264.mp4"), hermetic.work().join("IMG_1.mov")).unwrap();
    let photo = fixtures.join("library/phone/harbour.jpg");
    fs::copy(photo, hermetic.work().join("IMG_1.jpg")).unwrap();
    // One of which the end is missing is never kept.
    let whole = fs::read(films.join("h264.mkv")).unwrap();
    fs::write(hermetic.work().join("cut.mkv"), &whole[..whole.len() - 500]).unwrap();
    fs::write(hermetic.work().join("empty.mp4"), "").unwrap();
    fs::copy(films.join("prores.mov"), hermetic.work().join("prores.mov")).unwrap();
    fs::copy(films.join("prores.mov"), hermetic.work().join("prores 2.mov")).unwrap();
    let ran = hermetic.run(["dedupe", ".", "--format", "json"]);
    assert_eq!(ran.code, 1, "one file could not be read: {}", ran.all());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = groups(&report);
    let all: BTreeSet<&str> = found
        .iter()
        .flat_map(|(keeper, others)| {
            std::iter::once(keeper.as_str()).chain(others.iter().map(|other| other.0.as_str()))
        })
        .collect();
    assert!(!all.contains("IMG_1.mov") && !all.contains("IMG_1.jpg"), "{found:?}");
    assert!(found.iter().all(|(keeper, _)| keeper != "cut.mkv"), "{found:?}");
    assert!(
        found.contains(&expect("prores.mov", &[("prores 2.mov", "identical", true)])),
        "{found:?}"
    );
    let why = |list: &str| report[list].as_array().unwrap().clone();
    assert_eq!(why("skipped").len(), 1);
    assert_eq!(why("skipped")[0]["reason"], "the file is empty");
    assert_eq!(why("films_by_bytes").len(), 2);
    assert_eq!(why("films_by_bytes")[0]["reason"], "not supported: films coded as apco");
    assert_eq!(why("damaged").len(), 1);
}

#[test]
fn references_marks_and_hard_links_hold_for_films() {
    let hermetic = Hermetic::new();
    write(&hermetic, "in/one.avi", Scene::ORDINARY);
    write(&hermetic, "in/small.avi", SMALL);
    write(&hermetic, "reference/kept.avi", Scene { width: 66, height: 44, quality: 95, ..SMALL });
    let work = hermetic.work();
    fs::hard_link(work.join("in/one.avi"), work.join("in/other name.avi")).unwrap();
    let ran = hermetic.run([
        "dedupe",
        "in",
        "--reference",
        "reference",
        "--format",
        "json",
        "--include-films",
    ]);
    let found = groups(&serde_json::from_str(&ran.stdout).unwrap());
    let both = [("one.avi", "copy", true), ("small.avi", "copy", true)];
    assert_eq!(found, [expect("kept.avi", &both)], "{}", ran.all());
    let one = &serde_json::from_str::<Value>(&ran.stdout).unwrap()["groups"][0]["duplicates"][0];
    assert_eq!(one["other_names"][0]["path"], "in/other name.avi", "{one}");
}

#[test]
fn a_film_is_asked_for() {
    let hermetic = Hermetic::new();
    write(&hermetic, "library/one.avi", Scene::ORDINARY);
    write(&hermetic, "library/other.avi", Scene { seed: 7, backdrop: 2, ..Scene::ORDINARY });
    write(&hermetic, "sent.avi", SMALL);
    let scanned = hermetic.run(["scan", "library"]);
    assert_eq!(scanned.code, 0, "{}", scanned.all());
    assert!(scanned.stdout.starts_with("2 films: 2 read, 0 from the cache"), "{}", scanned.all());
    let ran = hermetic.run(["similar", "sent.avi", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let hits = answer["needles"][0]["similar"].as_array().unwrap();
    assert_eq!(hits.len(), 1, "{answer}");
    assert_eq!(hits[0]["path"], "library/one.avi");
    assert_eq!(hits[0]["film"]["codec"], "mjpeg");
    assert!(hits[0]["likeness"].as_u64().unwrap() > 90, "{answer}");
    // The cache forgets what is gone.
    fs::remove_file(hermetic.work().join("library/one.avi")).unwrap();
    let stats =
        || serde_json::from_str::<Value>(&hermetic.run(["cache", "stats", "-f", "json"]).stdout);
    assert_eq!(stats().unwrap()["films"], 2);
    assert_eq!(hermetic.run(["cache", "prune"]).code, 0);
    assert_eq!(stats().unwrap()["films"], 1);
}

#[test]
fn changed_films_are_found_by_a_deep_search() {
    let hermetic = Hermetic::new();
    let whole = Scene { width: 192, height: 128, frames: 60, ..Scene::ORDINARY };
    write(&hermetic, "whole.avi", Scene { quality: 95, ..whole });
    for (name, edit) in [
        ("turned.avi", Edit::Turned),
        ("mirrored.avi", Edit::Mirrored),
        ("cropped.avi", Edit::Cropped),
        ("bars.avi", Edit::Bars),
    ] {
        write(&hermetic, name, Scene { edit, ..whole });
    }
    write(&hermetic, "head cut.avi", Scene { cut: 10, frames: 50, ..whole });
    write(&hermetic, "tail cut.avi", Scene { frames: 48, ..whole });
    // Other takes before the same wall, changed in the same ways, are other films.
    write(&hermetic, "take.avi", Scene { seed: 7, edit: Edit::Mirrored, ..whole });
    write(&hermetic, "cut take.avi", Scene { seed: 8, cut: 10, frames: 50, ..whole });

    assert_eq!(groups(&report(&hermetic, &[])), []);
    let deep = ["dedupe", ".", "--deep", "--format", "json", "--include-films", "--verbose"];
    let first = hermetic.run(deep);
    assert_eq!(first.code, 0, "{}", first.all());
    let answer: Value = serde_json::from_str(&first.stdout).unwrap();
    let all = [
        ("bars.avi", "part", true),
        ("cropped.avi", "part", true),
        ("head cut.avi", "part", true),
        ("mirrored.avi", "copy", true),
        ("tail cut.avi", "part", true),
        ("turned.avi", "copy", true),
    ];
    assert_eq!(groups(&answer), [expect("whole.avi", &all)], "{}", first.all());
    assert_eq!(answer["policy"]["deep"], true);
    let price = "the deep search decodes about";
    assert!(first.stderr.contains(price), "{}", first.all());

    // Whichever of them is kept.
    let prefer = hermetic.run(deep.iter().chain(&["--keep", "prefer=**/mirrored.avi"]));
    let found = groups(&serde_json::from_str(&prefer.stdout).unwrap());
    let [(keeper, others)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((keeper.as_str(), others.len()), ("mirrored.avi", 6), "{found:?}");

    // What was seen is kept, and what was found.
    let second = hermetic.run(deep);
    assert!(!second.stderr.contains(price), "{}", second.all());
    let again: Value = serde_json::from_str(&second.stdout).unwrap();
    assert_eq!(again["groups"], answer["groups"]);

    // Each is proven again by its frames before it goes, and comes back.
    let line = ["dedupe", ".", "--deep", "--include-films", "--action", "quarantine", "--yes"];
    let ran = hermetic.run(line);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let there = || all.iter().filter(|(name, ..)| hermetic.work().join(name).exists()).count();
    assert_eq!(there(), 0, "{}", ran.all());
    for name in ["whole.avi", "take.avi", "cut take.avi"] {
        assert!(hermetic.work().join(name).exists(), "{name}");
    }
    assert_eq!(hermetic.run(["undo", "--yes"]).code, 0);
    assert_eq!(there(), all.len());
}

#[test]
fn a_longer_film_is_not_given_up_for_a_part_of_it() {
    let hermetic = Hermetic::new();
    let whole = Scene { width: 192, height: 128, frames: 60, ..Scene::ORDINARY };
    write(&hermetic, "library/whole.avi", whole);
    write(&hermetic, "kept/cut.avi", Scene { cut: 10, frames: 50, ..whole });
    let line = ["dedupe", "library", "--reference", "kept", "--deep", "--include-films"];
    let ran = hermetic.run(line.iter().chain(&["--action", "quarantine", "--yes"]));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(hermetic.work().join("library/whole.avi").exists(), "{}", ran.all());
    assert!(ran.stdout.contains("whole.avi"), "it is shown: {}", ran.all());
}
