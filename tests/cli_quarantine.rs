//! What was moved aside is listed, removed for good only while what was kept is there, and brought
//! back; and nothing is done on half the truth.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use hermetic::{Hermetic, Ran, contents};
use serde_json::Value;

fn library() -> Hermetic {
    Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// Moves the duplicates of the library aside; the name of the run.
fn quarantined(hermetic: &Hermetic) -> String {
    let line = ["dedupe", "library", "--no-carry", "--action", "quarantine", "--yes"];
    let ran = hermetic.run(line);
    assert!(ran.stdout.contains("moved aside"), "{}", ran.all());
    let (_, run) = ran.stdout.rsplit_once("clean-backup undo ").unwrap();
    run.trim().to_owned()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.all()))
}

fn list(hermetic: &Hermetic) -> Value {
    json(&hermetic.run(["quarantine", "list", "--format", "json"]))
}

/// How many different contents there are.
fn different(hermetic: &Hermetic) -> usize {
    let contents = hermetic.contents();
    contents.values().collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn what_only_looks_the_same_is_deleted_after_quarantine_alone() {
    let hermetic = library();
    fs::remove_file(hermetic.work().join("library/export/lake copy.jpg")).unwrap();
    let before = hermetic.contents();
    let ran = hermetic.run(["dedupe", "library", "--action", "delete", "--yes"]);
    assert!(ran.stderr.contains("only looks the same: move it aside"), "{}", ran.all());
    assert!(ran.stdout.contains("Nothing to do."), "{}", ran.all());
    assert_eq!(hermetic.contents(), before);

    let run = quarantined(&hermetic);
    let listed = list(&hermetic);
    let held = &listed["runs"][0];
    assert_eq!((held["run"].as_str(), &held["keepers_gone"]), (Some(run.as_str()), &0.into()));
    let files = held["files"].as_u64().unwrap();
    assert!(files >= 4, "{listed}");
    let text = hermetic.run(["quarantine", "list"]);
    assert!(text.stdout.contains(&format!("{run}  {files} files")), "{}", text.all());
    assert!(text.stdout.contains(".clean-backup/quarantine/"), "{}", text.all());

    // Too young, and then not agreed to.
    let ran = hermetic.run(["quarantine", "empty", "--older-than", "30d", "--yes"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Nothing to do.\n"), "{}", ran.all());
    let before = hermetic.contents();
    let ran = hermetic.run(["quarantine", "empty"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(hermetic.contents(), before);
    let ran = hermetic.run(["quarantine", "empty", &run, "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains(&format!("{files} files deleted")), "{}", ran.all());
    assert_eq!(hermetic.contents().len() as u64, before.len() as u64 - files);
    assert_eq!(list(&hermetic)["runs"], Value::Array(Vec::new()));
    assert!(!hermetic.work().join("library/.clean-backup").exists(), "empty folders are removed");
}

#[test]
fn a_look_alike_can_be_deleted_at_once_when_that_is_asked_for() {
    let hermetic = library();
    let before = hermetic.contents().len();
    let delete = ["dedupe", "library", "--action", "delete", "--delete-unquarantined", "--yes"];
    let ran = hermetic.run(delete);
    assert!(hermetic.contents().len() < before - 2, "{}", ran.all());
}

#[test]
fn nothing_is_deleted_whose_keeper_is_gone_or_was_changed() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 3] = [
        ("gone", |keeper| fs::remove_file(keeper).unwrap()),
        ("longer", |keeper| fs::write(keeper, "another picture").unwrap()),
        ("of the same length", |keeper| {
            let mut bytes = fs::read(keeper).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(keeper, bytes).unwrap();
        }),
    ];
    for (name, change) in changes {
        let hermetic = library();
        let report = hermetic.run(["dedupe", "library", "--format", "json"]);
        let groups = json(&report)["groups"].as_array().unwrap().clone();
        let keepers: Vec<String> = groups
            .iter()
            .map(|group| group["keeper"]["path"].as_str().unwrap().to_owned())
            .collect();
        quarantined(&hermetic);
        for keeper in &keepers {
            change(&hermetic.work().join(keeper));
        }
        let before = hermetic.contents();
        let ran = hermetic.run(["quarantine", "empty", "--yes"]);
        assert_ne!(ran.code, 0, "{name}: {}", ran.all());
        assert_eq!(hermetic.contents(), before, "{name}: {}", ran.all());
    }
}

#[test]
fn a_keeper_that_was_filed_since_is_found() {
    let hermetic = library();
    let run = quarantined(&hermetic);
    let filed =
        hermetic.run(["organize", "library", "filed", "--move", "--preflight", "off", "--yes"]);
    assert!(filed.stdout.contains("moved"), "{}", filed.all());
    let kept = different(&hermetic);
    let listed = list(&hermetic);
    assert_eq!(listed["runs"][0]["keepers_gone"], 0, "{listed}");
    let files = listed["runs"][0]["files"].as_u64().unwrap();
    let ran = hermetic.run(["quarantine", "empty", &run, "--yes"]);
    assert!(ran.stdout.contains(&format!("{files} files deleted")), "{}", ran.all());
    assert!(different(&hermetic) < kept);
}

#[test]
fn files_come_back_all_or_some_and_nothing_is_overwritten() {
    let hermetic = library();
    let before = hermetic.contents();
    let run = quarantined(&hermetic);
    let gone: Vec<_> =
        before.keys().filter(|path| !path.exists()).map(|path| path.to_owned()).collect();
    assert!(gone.len() >= 4);
    let one = gone[0].strip_prefix(hermetic.work()).unwrap().to_str().unwrap().to_owned();
    let ran = hermetic.run(["quarantine", "restore", &one, "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.starts_with("1 file moved"), "{}", ran.all());
    assert!(gone[0].exists() && !gone[1].exists());
    // Somebody has another file there now.
    fs::write(&gone[1], "mine").unwrap();
    let ran = hermetic.run(["quarantine", "restore", &run, "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(fs::read(&gone[1]).unwrap(), b"mine");
    fs::remove_file(&gone[1]).unwrap();
    hermetic.run(["quarantine", "restore", "--yes"]);
    assert_eq!(hermetic.contents(), before);
    let ran = hermetic.run(["quarantine", "restore", "library/nowhere.jpg", "--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert_eq!(hermetic.run(["quarantine", "list"]).stdout, "Nothing is in quarantine.\n");
}

#[test]
fn what_no_journal_knows_is_never_deleted() {
    let hermetic = library();
    let run = quarantined(&hermetic);
    let aside = hermetic.work().join("library/.clean-backup/quarantine");
    fs::write(aside.join("mine.jpg"), "put there by hand").unwrap();
    let listed = list(&hermetic);
    let unknown = listed["unknown"][0]["path"].as_str().unwrap();
    assert!(unknown.ends_with("quarantine/mine.jpg"), "{listed}");
    hermetic.run(["quarantine", "empty", "--yes"]);
    assert!(aside.join("mine.jpg").exists());
    // Nor what a lost journal knew.
    let second = library();
    quarantined(&second);
    let before = contents(&second.work());
    fs::remove_dir_all(second.root().join("state/clean-backup/runs")).unwrap();
    assert_eq!(second.run(["quarantine", "empty", "--yes"]).stdout, "Nothing to do.\n");
    assert_eq!(second.run(["quarantine", "empty", &run, "--yes"]).code, 2);
    assert_eq!(contents(&second.work()), before);
}

#[test]
fn a_folder_that_is_missing_or_suddenly_empty_refuses_every_action() {
    for empty in [true, false] {
        for victim in ["library/2023", "library/2024"] {
            let hermetic = library();
            hermetic.run(["scan", "library/2023", "library/2024", "library/export"]);
            let victim = hermetic.work().join(victim);
            fs::rename(&victim, hermetic.root().join("unmounted")).unwrap();
            if empty {
                fs::create_dir(&victim).unwrap();
            }
            let before = hermetic.contents();
            let run = |more: &[&str]| {
                let dedupe = ["dedupe", "library/export", "library/2024"];
                let mut arguments = dedupe.to_vec();
                arguments.extend(["--reference", "library/2023"]);
                arguments.extend(more);
                hermetic.run(arguments)
            };
            for action in ["quarantine", "trash", "hardlink", "delete"] {
                let ran = run(&["--action", action, "--yes"]);
                assert_eq!(ran.code, 3, "{}", ran.all());
                assert!(ran.stderr.contains("mount the drive"), "{}", ran.stderr);
                assert_eq!(hermetic.contents(), before);
            }
            // A report says it.
            let report = run(&["--format", "json"]);
            assert!(json(&report)["warnings"][0].as_str().is_some(), "{}", report.all());
            assert!(report.stderr.contains("WARN"), "{}", report.stderr);
            // What is missing altogether may not be allowed.
            let ran = run(&["--action", "quarantine", "--yes", "--allow-empty"]);
            assert_eq!(ran.code == 3, !empty, "{}", ran.all());
        }
    }
}

#[test]
fn an_empty_mount_point_in_a_reference_folder_is_noticed_and_a_deletion_is_not() {
    let hermetic = library();
    let act = |hermetic: &Hermetic| {
        let dedupe = ["dedupe", "card", "--reference", "library"];
        hermetic.run([&dedupe[..], &["--action", "quarantine", "--yes"]].concat())
    };
    fs::create_dir(hermetic.work().join("card")).unwrap();
    let picture = hermetic.work().join("library/2024/garden.jpg");
    fs::copy(&picture, hermetic.work().join("card/a.jpg")).unwrap();
    hermetic.run(["scan", "library"]);
    // Some pictures, and a whole folder, were deleted.
    fs::remove_file(hermetic.work().join("library/2023/IMG_0412.jpg")).unwrap();
    fs::remove_dir_all(hermetic.work().join("library/phone")).unwrap();
    let ran = act(&hermetic);
    assert!(ran.stdout.contains("1 file moved aside"), "{}", ran.all());
    fs::copy(&picture, hermetic.work().join("card/b.jpg")).unwrap();
    let folder = hermetic.work().join("library/export");
    fs::rename(&folder, hermetic.root().join("unmounted")).unwrap();
    fs::create_dir(&folder).unwrap();
    let ran = act(&hermetic);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("library/export is empty now"), "{}", ran.stderr);
}

#[test]
fn nothing_is_filed_into_an_empty_mount_point() {
    let hermetic = library();
    hermetic.run(["scan", "library"]);
    fs::rename(hermetic.work().join("library"), hermetic.work().join("card")).unwrap();
    fs::create_dir(hermetic.work().join("library")).unwrap();
    let before = hermetic.contents();
    let ran = hermetic.run(["organize", "card", "library", "--copy", "--yes"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(hermetic.contents(), before);
    let ran = hermetic.run(["organize", "card", "library", "--copy", "--yes", "--allow-empty"]);
    assert!(ran.stdout.contains("copied"), "{}", ran.all());
}

#[test]
fn a_plan_whose_folder_is_gone_is_refused() {
    let hermetic = library();
    let dedupe = ["dedupe", "library/export", "library/2023", "--action", "quarantine"];
    hermetic.run([&dedupe[..], &["--save-plan", "plan.json"]].concat());
    fs::rename(hermetic.work().join("library/2023"), hermetic.root().join("unmounted")).unwrap();
    let before = hermetic.contents();
    let ran = hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("2023 is not there"), "{}", ran.stderr);
    assert_eq!(hermetic.contents(), before);
}
