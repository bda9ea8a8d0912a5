//! What was removed as a duplicate stays out of later imports, as long as what was kept is there.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hermetic::{Hermetic, Ran};
use serde_json::Value;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library").join(name)).unwrap()
}

/// A library from which a run removes the brighter harbour in favour of the camera's.
const KEPT: &str = "2023/IMG_0413.jpg";
const REMOVED: &str = "export/harbour-brighter.webp";

struct Scene {
    hermetic: Hermetic,
}

impl Scene {
    fn new(action: &[&str]) -> Self {
        let hermetic =
            Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        for folder in ["2024", "phone"] {
            fs::remove_dir_all(hermetic.work().join("library").join(folder)).unwrap();
        }
        let scene = Self { hermetic };
        scene.done(&[&["dedupe", "library", "--yes", "--action"], action].concat());
        assert!(!scene.at(REMOVED).exists() && scene.at(KEPT).exists());
        scene.card("harbour.webp", &fixture(REMOVED));
        scene
    }

    fn quarantined() -> Self {
        Self::new(&["quarantine"])
    }

    fn at(&self, name: &str) -> PathBuf {
        self.hermetic.work().join("library").join(name)
    }

    fn runs(&self) -> PathBuf {
        self.hermetic.root().join("state/clean-backup/runs")
    }

    fn card(&self, name: &str, bytes: &[u8]) {
        let file = self.hermetic.work().join("card").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    fn done(&self, line: &[&str]) -> Ran {
        let ran = self.hermetic.run(line);
        assert_eq!(ran.code, 0, "{line:?}: {}", ran.all());
        ran
    }

    /// What would become of the files of the card, by bytes alone unless `line` says otherwise.
    fn units(&self, line: &[&str]) -> Vec<Value> {
        let organize = ["organize", "card", "library", "--format", "json", "--save-plan"];
        let plan = format!("plan-{}.json", fs::read_dir(self.hermetic.work()).unwrap().count());
        let exact: &[&str] = match line.contains(&"--preflight") {
            true => &[],
            false => &["--preflight", "exact"],
        };
        let ran = self.done(&[&organize, &[plan.as_str()][..], exact, line].concat());
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        report["units"].as_array().unwrap().clone()
    }

    /// What would become of the only file of the card.
    fn fate(&self, line: &[&str]) -> String {
        let units = self.units(line);
        assert_eq!(units.len(), 1, "{units:?}");
        units[0]["fate"].as_str().unwrap().to_owned()
    }
}

fn path(value: &Value) -> &str {
    value["path"].as_str().unwrap()
}

#[test]
fn it_is_left_out_and_says_when_it_was_removed() {
    let scene = Scene::quarantined();
    let day = scene.done(&["history", "--format", "json"]);
    let runs: Value = serde_json::from_str(&day.stdout).unwrap();
    let (run, time) = (&runs["runs"][0]["run"], &runs["runs"][0]["time"]);
    let units = scene.units(&[]);
    assert_eq!(units[0]["fate"], "removed", "{units:?}");
    let keeper = format!("[ROOT]/work/library/{KEPT}");
    assert_eq!(path(&units[0]["other"]), keeper);
    let removed = &units[0]["removed"];
    assert_eq!((&removed["run"], &removed["time"]), (run, time));
    assert_eq!(path(&removed["keeper"]), keeper);
    // However pictures are compared otherwise.
    assert_eq!(scene.fate(&["--preflight", "visual"]), "removed");
    assert_eq!(scene.fate(&["--preflight", "off"]), "removed");

    let before = scene.hermetic.contents();
    let ran = scene.done(&["organize", "card", "library", "--preflight", "exact", "--yes"]);
    let line = format!(
        "Removed before, left out; --include-removed imports it (1):\n  card/harbour.webp  was \
         removed on {} in favour of  [ROOT]/work/library/2023/IMG_0413.jpg\n",
        &time.as_str().unwrap()[..10]
    );
    assert!(ran.stdout.contains(&line), "{}", ran.all());
    assert!(ran.stdout.contains("\nremoved before: 1 file ("), "{}", ran.all());
    assert!(ran.stdout.ends_with("Nothing to do.\n"), "{}", ran.all());
    assert_eq!(scene.hermetic.contents(), before);
}

#[test]
fn every_way_of_removing_counts() {
    for action in [
        &["move", "--to", "aside"][..],
        &["delete", "--delete-unquarantined"],
        #[cfg(target_os = "linux")]
        &["trash"],
    ] {
        let scene = Scene::new(action);
        assert_eq!(scene.fate(&[]), "removed", "{action:?}");
    }
    // What was deleted from the quarantine is still what the first run removed.
    let scene = Scene::quarantined();
    scene.done(&["quarantine", "empty", "--yes"]);
    assert_eq!(scene.fate(&[]), "removed");
    // And when the journal of that run is lost, what the second one removed.
    let runs: Vec<_> = fs::read_dir(scene.runs()).unwrap().map(|run| run.unwrap().path()).collect();
    let first = runs.iter().min_by_key(|run| run.to_string_lossy().len()).unwrap();
    fs::remove_dir_all(runs.iter().filter(|run| *run <= first).min().unwrap()).unwrap();
    assert_eq!(scene.fate(&[]), "removed");
}

#[test]
fn other_bytes_and_other_pictures_come_in() {
    let scene = Scene::quarantined();
    let mut bytes = fixture(REMOVED);
    bytes.push(0);
    scene.card("harbour.webp", &bytes);
    assert_eq!(scene.fate(&[]), "incoming");
    // The picture itself is found by looking at it.
    assert_eq!(scene.fate(&["--preflight", "visual"]), "twin");
}

#[test]
fn it_comes_in_when_that_is_asked_for_and_is_forgotten_then() {
    let scene = Scene::quarantined();
    let units = scene.units(&["--include-removed", "--preflight", "visual"]);
    assert_eq!(units[0]["fate"], "incoming");
    assert_eq!(units[0]["removed"]["imported_because"], "asked");
    let line = ["organize", "card", "library", "--yes", "--include-removed"];
    let ran = scene.done(&line);
    assert!(ran.stdout.contains("Removed before, imported as asked (1):\n"), "{}", ran.all());
    assert!(ran.stdout.contains("1 file copied"), "{}", ran.all());
    // It was taken back: from then on it is in the library, or was taken out by somebody else.
    assert_eq!(scene.fate(&[]), "already-there");
    let contents = scene.hermetic.contents();
    let filed = contents.keys().filter(|path| path.ends_with("harbour.webp"));
    let card = scene.hermetic.work().join("card");
    let filed: Vec<_> = filed.filter(|path| !path.starts_with(&card)).collect();
    assert_eq!(filed.len(), 1, "{contents:?}");
    fs::remove_file(filed[0]).unwrap();
    assert_eq!(scene.fate(&[]), "incoming");
}

#[test]
fn what_was_brought_back_is_not_remembered() {
    // By undo, in two ways, and by the quarantine.
    for line in [&["undo", "--yes"][..], &["quarantine", "restore", "--yes"]] {
        let scene = Scene::quarantined();
        scene.done(line);
        assert!(scene.at(REMOVED).exists());
        assert_eq!(scene.fate(&[]), "twin", "{line:?}");
        fs::remove_file(scene.at(REMOVED)).unwrap();
        assert_eq!(scene.fate(&[]), "incoming", "{line:?}");
    }
    // One file of many.
    let scene = Scene::quarantined();
    scene.done(&["quarantine", "restore", "library/export", "--yes"]);
    fs::remove_file(scene.at(REMOVED)).unwrap();
    assert_eq!(scene.fate(&[]), "incoming");
    // An undo that was undone.
    let scene = Scene::quarantined();
    let undone = scene.done(&["undo", "--yes"]);
    let (_, run) = undone.stdout.rsplit_once("clean-backup undo ").unwrap();
    scene.done(&["undo", run.trim(), "--yes"]);
    assert!(!scene.at(REMOVED).exists());
    assert_eq!(scene.fate(&[]), "removed");
}

#[test]
fn it_comes_in_when_what_was_kept_is_gone_or_changed() {
    type Change = fn(&Scene);
    let changes: [(&str, Change); 4] = [
        ("gone", |scene| fs::remove_file(scene.at(KEPT)).unwrap()),
        ("longer", |scene| fs::write(scene.at(KEPT), "another picture").unwrap()),
        ("of the same length", |scene| {
            let mut bytes = fs::read(scene.at(KEPT)).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(scene.at(KEPT), bytes).unwrap();
        }),
        ("in another folder", |scene| {
            fs::rename(scene.at(KEPT), scene.hermetic.work().join("elsewhere.jpg")).unwrap();
        }),
    ];
    for (name, change) in changes {
        let scene = Scene::quarantined();
        change(&scene);
        let units = scene.units(&[]);
        assert_eq!(units[0]["fate"], "incoming", "{name}");
        assert_eq!(units[0]["removed"]["imported_because"], "keeper-missing", "{name}");
        let ran = scene.done(&["organize", "card", "library", "--preflight", "exact", "--yes"]);
        let title = "Removed before, imported because what was kept is not in the library (1):\n";
        assert!(ran.stdout.contains(title), "{name}: {}", ran.all());
        assert!(ran.stdout.contains("1 file copied"), "{name}: {}", ran.all());
    }
}

#[test]
fn a_keeper_that_was_moved_is_still_the_keeper() {
    // By somebody else: it is found by its bytes.
    let scene = Scene::quarantined();
    fs::rename(scene.at(KEPT), scene.at("export/moved.jpg")).unwrap();
    let units = scene.units(&[]);
    assert_eq!(units[0]["fate"], "removed");
    assert!(path(&units[0]["other"]).ends_with("library/export/moved.jpg"));
    assert_eq!(scene.fate(&["--preflight", "off"]), "incoming", "nothing is looked for then");
    // By a run, and back.
    let scene = Scene::quarantined();
    let file = ["organize", "library", "library", "--move", "--template", "{year}/{day}", "--yes"];
    scene.done(&file);
    assert!(!scene.at(KEPT).exists());
    assert_eq!(scene.fate(&["--preflight", "off"]), "removed");
    scene.done(&["undo", "--yes"]);
    assert_eq!(scene.fate(&["--preflight", "off"]), "removed");
}

#[test]
fn a_keeper_that_was_removed_itself_keeps_nothing_out() {
    let scene = Scene::quarantined();
    // A larger harbour comes, and the keeper goes in its favour.
    let better = scene.at("export/better.png");
    fs::copy(scene.at(KEPT), scene.at("export/reference.jpg")).unwrap();
    fs::create_dir(scene.hermetic.work().join("reference")).unwrap();
    fs::rename(
        scene.at("export/reference.jpg"),
        scene.hermetic.work().join("reference/harbour.jpg"),
    )
    .unwrap();
    assert!(!better.exists());
    scene.done(&[
        "dedupe",
        "library",
        "--reference",
        "reference",
        "--action",
        "move",
        "--to",
        "library/aside",
        "--yes",
    ]);
    assert!(!scene.at(KEPT).exists());
    assert!(scene.hermetic.contents().keys().any(|path| path.starts_with(scene.at("aside"))));
    assert_eq!(scene.fate(&[]), "incoming");
}

#[test]
fn what_is_imported_is_never_its_own_keeper() {
    // A card whose copies were removed on the card: its keepers have to come in.
    let hermetic = Hermetic::new();
    let card = hermetic.work().join("card");
    fs::create_dir_all(&card).unwrap();
    for name in ["a.jpg", "b.jpg"] {
        fs::write(card.join(name), fixture(KEPT)).unwrap();
    }
    fs::write(card.join("c.webp"), fixture(REMOVED)).unwrap();
    let ran = hermetic.run(["dedupe", "card", "--action", "move", "--to", "aside", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let scene = Scene { hermetic };
    fs::write(card.join("c.webp"), fixture(REMOVED)).unwrap();
    for (destination, preflight) in
        [("library", "exact"), ("library", "off"), (".", "exact"), (".", "off")]
    {
        let line = ["organize", "card", destination, "--preflight", preflight, "--dry-run"];
        let line = [&line[..], &["--format", "json"]].concat();
        let plan: Value = serde_json::from_str(&scene.done(&line).stdout).unwrap();
        let actions = plan["actions"].as_array().unwrap();
        let names: Vec<_> = actions.iter().map(|a| path(&a["files"][0]["source"])).collect();
        let in_aside = destination == "." && preflight == "exact";
        // What lies in `aside` is in the destination, to the byte.
        let expected: &[&str] = if in_aside { &[] } else { &["card/a.jpg", "card/c.webp"] };
        assert_eq!(names, expected, "{destination} {preflight}");
    }
    // A library is filed in place, whatever was removed from it.
    let scene = Scene::quarantined();
    fs::write(scene.at("back.webp"), fixture(REMOVED)).unwrap();
    let ran = scene.done(&["organize", "library", "library", "--move", "--dry-run"]);
    assert!(ran.stdout.contains("back.webp"), "{}", ran.all());
}

#[test]
fn without_a_whole_journal_it_comes_in() {
    type Lose = fn(&Path);
    let lost: [(&str, Lose); 4] = [
        ("deleted", |run| fs::remove_dir_all(run).unwrap()),
        ("emptied", |run| fs::write(run.join("journal.jsonl"), "").unwrap()),
        ("no journal", |run| fs::write(run.join("journal.jsonl"), b"\xff\0{}\n[]\n").unwrap()),
        ("damaged lines", |run| {
            let journal = run.join("journal.jsonl");
            let text = fs::read_to_string(&journal).unwrap();
            let damaged: Vec<String> = text
                .lines()
                .enumerate()
                .map(|(at, line)| match at {
                    0 => line.to_owned(),
                    _ => format!("{}\u{1}", &line[..line.len() / 2]),
                })
                .collect();
            fs::write(journal, damaged.join("\n")).unwrap();
        }),
    ];
    for (name, lose) in lost {
        let scene = Scene::quarantined();
        let run = fs::read_dir(scene.runs()).unwrap().next().unwrap().unwrap().path();
        lose(&run);
        assert_eq!(scene.fate(&[]), "incoming", "{name}");
    }
    // A damaged line takes nothing else with it, and neither does a run that was cut off.
    let scene = Scene::quarantined();
    let run = fs::read_dir(scene.runs()).unwrap().next().unwrap().unwrap().path();
    let journal = run.join("journal.jsonl");
    let mut text = fs::read_to_string(&journal).unwrap();
    text.insert_str(text.find('\n').unwrap() + 1, "{\"event\":\"intent\",\"action\":-1}\n");
    fs::write(&journal, &text).unwrap();
    assert_eq!(scene.fate(&[]), "removed");
    let whole: Vec<&str> = text.lines().filter(|line| !line.contains("\"ending\"")).collect();
    fs::write(&journal, whole.join("\n")).unwrap();
    assert_eq!(scene.fate(&[]), "incoming", "nothing says that it was done");
}

#[test]
fn the_film_of_a_live_photo_must_be_in_the_library() {
    let scene = Scene::quarantined();
    scene.done(&["undo", "--yes"]);
    fs::remove_dir_all(scene.at("export")).unwrap();
    fs::create_dir(scene.at("phone")).unwrap();
    fs::write(scene.at("phone/harbour.jpg"), fixture("phone/harbour.jpg")).unwrap();
    fs::write(scene.at("phone/harbour.mov"), "a film").unwrap();
    fs::write(scene.at("2023/IMG_0413.mov"), "a film").unwrap();
    let keep = ["--keep", "prefer=**/2023/**"];
    scene.done(&[&["dedupe", "library", "--action", "quarantine", "--yes"], &keep[..]].concat());
    assert!(!scene.at("phone/harbour.mov").exists(), "it went with its picture");
    fs::remove_file(scene.hermetic.work().join("card/harbour.webp")).unwrap();
    scene.card("harbour.jpg", &fixture("phone/harbour.jpg"));
    scene.card("harbour.mov", b"a film");
    assert_eq!(scene.fate(&[]), "removed");
    scene.card("harbour.mov", b"a film that was never there");
    assert_eq!(scene.fate(&[]), "incoming");
    // The keeper has no film any more.
    scene.card("harbour.mov", b"a film");
    fs::remove_file(scene.at("2023/IMG_0413.mov")).unwrap();
    assert_eq!(scene.fate(&[]), "incoming");
}
