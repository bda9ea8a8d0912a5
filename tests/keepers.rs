//! Which file is kept: originals beside larger and worse copies, through the real program.

#![allow(clippy::unwrap_used)]

mod hermetic;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use hermetic::Hermetic;
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keepers");

/// The pairs of `fixtures/keepers` in folders of the work folder, all with the same time.
fn pairs() -> Hermetic {
    let hermetic = Hermetic::new();
    for folder in fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.is_dir() {
            copy(&folder, &hermetic.work().join("pairs").join(folder.file_name().unwrap()));
        }
    }
    hermetic
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let copy = to.join(entry.file_name());
        fs::copy(entry.path(), &copy).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        fs::File::options().write(true).open(&copy).unwrap().set_modified(time).unwrap();
    }
}

fn settled(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("Took ") {
        Some((before, _)) => format!("{before}Took [TIME] on cpu.\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn the_original_is_kept() {
    let hermetic = pairs();
    insta::assert_snapshot!(settled(&hermetic.run(["dedupe", "pairs"]).all()));
}

#[test]
fn programs_get_the_evidence() {
    let hermetic = pairs();
    let ran = hermetic.run(["dedupe", "pairs/resaved", "pairs/unsure", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["policy"]["include_unsure"], false);
    assert_eq!(report["summary"]["unsure"], 1);
    let resaved = &report["groups"][0];
    insta::assert_snapshot!(serde_json::to_string_pretty(&resaved["keeper"]["evidence"]).unwrap());
    let earlier = &resaved["duplicates"][0]["evidence"]["earlier_dc_step"];
    assert_eq!(*earlier, resaved["keeper"]["evidence"]["quantised"]["dc_step"]);
    assert_eq!(resaved["duplicates"][0]["unsure"], Value::Null);
    let unsure = &report["groups"][1]["duplicates"][0];
    assert!(unsure["unsure"].as_str().unwrap().contains("more pixels"), "{unsure}");
    assert_eq!(unsure["acted_on"], false);
}

#[test]
fn what_is_unsure_is_left_alone() {
    let hermetic = pairs();
    let folder = hermetic.work().join("pairs/unsure");
    let left = || ["large.jpg", "small.jpg"].map(|name| folder.join(name).exists());
    let quarantine = ["dedupe", "pairs/unsure", "--action", "quarantine", "--yes"];
    let ran = hermetic.run(quarantine);
    assert_eq!((ran.code, left()), (0, [true; 2]), "{}", ran.all());
    // What somebody wishes is sure.
    let table = ["dedupe", "pairs/unsure", "--format", "csv"];
    let doubt = "the camera's metadata, the other one more pixels";
    let ran = hermetic.run(table);
    assert!(ran.stdout.contains(doubt), "{}", ran.all());
    let ran = hermetic.run(table.into_iter().chain(["--keep", "largest"]));
    assert!(!ran.stdout.contains(doubt), "{}", ran.all());
    let ran = hermetic.run(quarantine.into_iter().chain(["--include-unsure"]));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(left().iter().filter(|there| **there).count(), 1, "{}", ran.all());
}

#[test]
fn two_files_are_explained() {
    let hermetic = pairs();
    let explain =
        |names: [&str; 2]| hermetic.run(["dedupe", "--explain", names[0], names[1]]).all();
    let resaved = ["pairs/resaved/quality-100.jpg", "pairs/resaved/DSC_0001.jpg"];
    insta::assert_snapshot!("explained", explain(resaved));
    insta::assert_snapshot!(
        "explained_unsure",
        explain(["pairs/unsure/small.jpg", "pairs/unsure/large.jpg"])
    );
    let different = explain(["pairs/resaved/DSC_0001.jpg", "pairs/unsure/large.jpg"]);
    assert!(different.contains("not found to be the same picture"), "{different}");
    let ran = hermetic.run(["dedupe", "--explain", resaved[0], resaved[1], "--format", "json"]);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["pictures"].as_array().unwrap().len(), 2);
    assert_eq!(json["decision"]["keeper"]["path"], resaved[1]);
    assert_eq!(json["decision"]["duplicate"]["relation"], "copy");
    for wrong in [&["pairs/resaved"][..], &["pairs", "pairs"], &["missing.jpg"]] {
        let ran = hermetic.run(["dedupe", "--explain"].into_iter().chain(wrong.iter().copied()));
        assert_eq!(ran.code, 2, "{}", ran.all());
    }
    let ran = hermetic.run(["dedupe", "--explain", resaved[0], "missing.jpg"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
}
