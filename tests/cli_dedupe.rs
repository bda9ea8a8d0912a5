//! The main job through the real program, on the library in `fixtures`.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use hermetic::{Hermetic, Ran};
use serde_json::Value;

/// The library in the work folder, with times that are always the same.
fn library() -> Hermetic {
    Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// Takes out what differs from run to run.
fn settled(ran: &Ran) -> String {
    let mut out = String::new();
    for line in ran.all().lines() {
        let line = match line.split_once("Took ") {
            Some((before, _)) => format!("{before}Took [TIME] on cpu."),
            None if line.trim_start().starts_with("\"seconds\"") => {
                "    \"seconds\": [TIME],".into()
            }
            None if line.contains("\"mtime_ns\"") || line.contains("\"modified_ns\"") => {
                line.to_owned()
            }
            None if ["\"device\"", "\"inode\""]
                .iter()
                .any(|k| line.trim_start().starts_with(k)) =>
            {
                format!("{}: [ID],", line.split(':').next().unwrap())
            }
            None if line.starts_with("  \"checksum\": \"") => "  \"checksum\": [ID]".into(),
            None => line.to_owned(),
        };
        out += &line;
        out.push('\n');
    }
    out
}

#[test]
fn text_report() {
    let hermetic = library();
    insta::assert_snapshot!(settled(&hermetic.run(["dedupe", "library"])));
}

#[test]
fn groups_come_in_the_order_that_is_asked_for_and_as_many() {
    let hermetic = library();
    let export = hermetic.work().join("library/export");
    for number in 2..5 {
        fs::copy(export.join("ridge-grey.jpg"), export.join(format!("grey {number}.jpg"))).unwrap();
    }
    let kept = |flags: &[&str]| -> (String, String) {
        let ran = hermetic.run([&["dedupe", "library"], flags].concat());
        let keepers = ran.stdout.lines().filter(|line| line.starts_with("  keep "));
        let name = |line: &str| line.split(['/', '.']).nth(2).unwrap().to_owned();
        let names: Vec<String> = keepers.map(name).collect();
        (names.join(" "), ran.stdout)
    };
    for (flags, order) in [
        (&[][..], "IMG_0412 ridge IMG_0413 IMG_0500"),
        (&["--sort", "bytes"], "IMG_0412 ridge IMG_0413 IMG_0500"),
        (&["--sort", "pictures"], "ridge IMG_0412 IMG_0413 IMG_0500"),
        (&["--sort", "path"], "IMG_0412 IMG_0413 IMG_0500 ridge"),
        (&["--groups", "0"], "IMG_0412 ridge IMG_0413 IMG_0500"),
        (&["--sort", "path", "--groups", "1"], "IMG_0412"),
    ] {
        assert_eq!(kept(flags).0, order, "{flags:?}");
    }
    for (most, rest) in [("3", "1 more group, 0 bytes"), ("1", "3 more groups, 56.9 kB")] {
        let (_, cut) = kept(&["--groups", most]);
        assert!(cut.contains(&format!("\n… and {rest} to free: `clean-backup review`")), "{cut}");
    }
    let (_, cut) = kept(&["--groups", "3"]);
    assert!(cut.contains("\n10 duplicates in 4 groups "), "{cut}");
}

#[test]
fn json_report() {
    let hermetic = library();
    insta::assert_snapshot!(settled(&hermetic.run(["dedupe", "library", "--format", "json"])));
}

#[test]
fn csv_report_aggressive_in_any_orientation() {
    let hermetic = library();
    let ran = hermetic.run([
        "dedupe",
        "library",
        "--format",
        "csv",
        "--sensitivity",
        "aggressive",
        "--any-orientation",
    ]);
    insta::assert_snapshot!(settled(&ran));
}

#[test]
fn plan_as_it_would_be_carried_out() {
    let hermetic = library();
    let line = ["dedupe", "library", "--dry-run", "--format", "json"];
    insta::assert_snapshot!(settled(&hermetic.run(line)));
    // For people, and never as a page.
    let line = ["dedupe", "library", "--action", "trash", "--dry-run"];
    insta::assert_snapshot!("plan_for_people", settled(&hermetic.run(line)));
    let page = hermetic.run(["dedupe", "library", "--dry-run", "--format", "html"]);
    assert_eq!((page.code, page.stdout.as_str()), (2, ""), "{}", page.stderr);
}

#[test]
fn the_second_run_decodes_nothing_and_says_the_same() {
    let hermetic = library();
    let first = hermetic.run(["dedupe", "library"]);
    let second = hermetic.run(["dedupe", "library"]);
    assert!(first.stdout.contains("(15 hashed now, 0 from the cache)"), "{}", first.stdout);
    assert!(second.stdout.contains("(0 hashed now, 15 from the cache)"), "{}", second.stdout);
    let groups = |ran: &Ran| ran.stdout.split("Skipped").next().unwrap().to_owned();
    assert_eq!(groups(&first), groups(&second));
    // A moved file is known still; a changed one is read again.
    let work = hermetic.work().join("library");
    fs::rename(work.join("2024/garden.jpg"), work.join("2024/renamed.jpg")).unwrap();
    fs::copy(work.join("2024/renamed.jpg"), work.join("export/lake.png")).unwrap();
    let third = hermetic.run(["dedupe", "library"]);
    assert!(third.stdout.contains("(1 hashed now, 14 from the cache)"), "{}", third.stdout);
}

#[test]
fn scan_doctor_and_cache() {
    let hermetic = library();
    let scanned = hermetic.run(["scan", "library"]);
    assert_eq!(scanned.code, 1, "{scanned:?}");
    assert!(
        scanned.stdout.contains("15 pictures: 15 hashed, 0 from the cache"),
        "{}",
        scanned.stdout
    );
    let stats = hermetic.run(["cache", "stats"]);
    assert!(
        stats.stdout.starts_with("15 pictures, 1 files that could not be read"),
        "{}",
        stats.stdout
    );
    assert_eq!(hermetic.run(["cache", "verify"]).code, 0);
    fs::remove_file(hermetic.work().join("library/2024/dunes.gif")).unwrap();
    let pruned = hermetic.run(["cache", "prune"]);
    assert_eq!(pruned.stdout, "1 entries of missing files removed\n");
    let doctor = hermetic.run(["doctor"]);
    assert_eq!(doctor.code, 0, "{doctor:?}");
    assert!(doctor.stdout.contains("self-test of the hash: good"), "{}", doctor.stdout);
    assert_eq!(hermetic.run(["cache", "clear"]).stdout, "15 entries removed\n");
}

#[test]
fn exit_codes() {
    let hermetic = library();
    let code = |line: &[&str]| hermetic.run(line).code;
    assert_eq!(code(&["dedupe", "library/phone"]), 0);
    assert_eq!(code(&["dedupe", "library"]), 1, "a damaged file");
    assert_eq!(code(&["dedupe", "missing"]), 1);
    assert_eq!(code(&["dedupe", "library", "--action", "trash"]), 3, "nobody to ask");
    assert_eq!(code(&["dedupe", "library", "--action", "move"]), 2, "where to?");
    assert_eq!(code(&["dedupe", "library", "--action", "trash", "--to", "x"]), 2);
    assert_eq!(code(&["dedupe", "library", "--exclude", "a{"]), 2);
    assert_eq!(code(&["dedupe", "library/2023", "--fail-on-duplicates", "-s", "exact"]), 0);
    assert_eq!(code(&["dedupe", "library", "--fail-on-duplicates"]), 10);
    fs::write(hermetic.work().join("taken"), "mine").unwrap();
    assert_eq!(code(&["dedupe", "library", "-o", "taken"]), 3);
    assert_eq!(fs::read_to_string(hermetic.work().join("taken")).unwrap(), "mine");
    assert_eq!(code(&["dedupe", "library", "--save-plan", "plan.json"]), 1);
    assert!(fs::read_to_string(hermetic.work().join("plan.json")).unwrap().starts_with('{'));
}

#[test]
fn references_and_wishes() {
    let hermetic = library();
    let ran = hermetic.run(["dedupe", "library/export", "--reference", "library/2023"]);
    assert!(ran.stdout.contains("kept for: in a reference folder"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("duplicate  library/2023"), "{}", ran.stdout);
    let wished = hermetic.run(["dedupe", "library", "--keep", "prefer=export/**,shortest-path"]);
    assert!(wished.stdout.contains("kept for: shorter path"), "{}", wished.stdout);
    let preferred = hermetic.run(["dedupe", "library", "--keep", "prefer=library/phone/*"]);
    assert!(preferred.stdout.contains("kept for: preferred path"), "{}", preferred.stdout);
}

#[test]
fn a_damaged_cache_is_set_aside_with_a_word() {
    let hermetic = library();
    hermetic.run(["scan", "library"]);
    // Its head tells that it is this program's own.
    let mut bytes = fs::read(hermetic.cache_file()).unwrap();
    bytes[100..].fill(b'x');
    fs::write(hermetic.cache_file(), bytes).unwrap();
    let ran = hermetic.run(["dedupe", "library"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("hashes.db.corrupt-1"), "{}", ran.stderr);
    assert!(ran.stdout.contains("(15 hashed now, 0 from the cache)"), "{}", ran.stdout);
}

/// SIGKILL in the middle: what was committed is not decoded again, and the end is the same.
#[cfg(unix)]
#[test]
fn a_killed_run_goes_on_where_it_was() {
    let hermetic = library();
    let picture = fs::read(hermetic.work().join("library/2024/ridge.tiff")).unwrap();
    let many = hermetic.work().join("many");
    fs::create_dir(&many).unwrap();
    const FILES: usize = 3000;
    for i in 0..FILES {
        // Bytes after the picture: other files, the same picture.
        let mut bytes = picture.clone();
        bytes.extend_from_slice(format!("{i}").as_bytes());
        fs::write(many.join(format!("{i:04}.tiff")), bytes).unwrap();
    }
    let mut child = hermetic
        .command()
        .args(["--threads", "1", "scan", "many"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(wait_for_commit(&hermetic, &mut child), "the run was over before it could be killed");
    child.kill().unwrap();
    child.wait().unwrap();
    let cache = rusqlite::Connection::open(hermetic.cache_file()).unwrap();
    let kept: i64 = cache.query_row("SELECT count(*) FROM file", [], |row| row.get(0)).unwrap();
    drop(cache);
    assert!(kept > 0 && kept < FILES as i64, "{kept} rows");

    let again = hermetic.run(["dedupe", "many", "--format", "json"]);
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    let count = |report: &Value, name: &str| report["summary"][name].as_i64().unwrap();
    assert_eq!(count(&report, "from_cache"), kept);
    assert_eq!(count(&report, "hashed"), FILES as i64 - kept);
    // The same end as a run that was left alone.
    let cache = hermetic.root().join("other.db");
    let alone =
        hermetic.run(["dedupe", "many", "--format", "json", "--cache", cache.to_str().unwrap()]);
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!(count(&alone, "hashed"), FILES as i64);
    assert_eq!(report["groups"], alone["groups"]);
}

/// Waits until a run has committed a picture; false if it ended before.
#[cfg(unix)]
fn wait_for_commit(hermetic: &Hermetic, child: &mut std::process::Child) -> bool {
    use rusqlite::{Connection, OpenFlags};
    let pictures = || -> rusqlite::Result<i64> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let cache = Connection::open_with_flags(hermetic.cache_file(), flags)?;
        cache.query_row("SELECT count(*) FROM file", [], |row| row.get(0))
    };
    while child.try_wait().unwrap().is_none() {
        // Until the tables are there, that is an error.
        if pictures().is_ok_and(|pictures| pictures > 0) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

/// Ctrl-C: the run stops, keeps what it has, and says so.
#[cfg(unix)]
#[test]
fn an_interrupted_run_says_so() {
    use rustix::process::{Pid, Signal, kill_process};
    let hermetic = library();
    let picture = fs::read(hermetic.work().join("library/2024/ridge.tiff")).unwrap();
    fs::create_dir(hermetic.work().join("many")).unwrap();
    for i in 0..3000 {
        fs::write(hermetic.work().join(format!("many/{i}.tiff")), &picture).unwrap();
    }
    let mut child = hermetic
        .command()
        .args(["--threads", "1", "scan", "many"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(wait_for_commit(&hermetic, &mut child), "the run was over before the signal");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = hermetic.finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
}

#[test]
fn a_page_with_pictures() {
    let hermetic = library();
    let ran = hermetic.run(["dedupe", "library", "--format", "html", "-o", "report.html"]);
    // One file of the library is damaged.
    assert_eq!(ran.code, 1, "{}", ran.all());
    let page = fs::read_to_string(hermetic.work().join("report.html")).unwrap();
    let pictures = page.matches("<figure").count();
    assert!(pictures > 4, "{pictures} pictures");
    let embedded = page.matches("src=\"data:image/jpeg;base64,/9j/").count();
    assert_eq!(embedded + page.matches(" data-same=\"").count(), pictures);
    // Two of them are one file.
    assert!(embedded < pictures, "{embedded} of {pictures}");
    let page = hermetic.run(["dedupe", "library", "-f", "html", "--thumbnails", "1"]).stdout;
    let shown = page.matches("src=\"data:image/jpeg;base64,").count();
    assert!((2..pictures).contains(&shown), "{shown} of {pictures}");
    assert!(page.contains("no picture: only the first groups, and the first of each, are shown"));
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library");
    fs::read(folder.join(name)).unwrap()
}

/// Pictures in the work folder: where, and which fixture.
fn with_pictures(pictures: &[(&str, &str)]) -> Hermetic {
    let hermetic = Hermetic::new();
    for (at, from) in pictures {
        let path = hermetic.work().join(at);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, fixture(from)).unwrap();
    }
    hermetic
}

fn groups(hermetic: &Hermetic, line: &[&str]) -> Vec<Value> {
    let ran = hermetic.run(["dedupe", "."].iter().chain(line).chain(&["--format", "json"]));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    report["groups"].as_array().unwrap().clone()
}

const HARBOUR: &str = "2023/IMG_0413.jpg";
const BRIGHTER: &str = "export/harbour-brighter.webp";

#[test]
fn an_edit_is_no_copy_of_its_original() {
    for (original, edit) in [
        ("IMG_1234.jpg", "IMG_E1234.webp"),
        ("IMG_1.jpg", "IMG_1-edited.webp"),
        ("IMG_1.jpg", "IMG_1-bearbeitet.webp"),
        ("20180101_120000.jpg", "20180101_120000~2.webp"),
        (
            "PXL_20200820_143019420.PORTRAIT-02.ORIGINAL.jpg",
            "PXL_20200820_143019420.PORTRAIT-01.COVER.webp",
        ),
    ] {
        for (kept, rule, side) in
            [(original, "prefer=**/*.jpg", "duplicate"), (edit, "prefer=**/*.webp", "keeper")]
        {
            let hermetic = with_pictures(&[(original, HARBOUR), (edit, BRIGHTER)]);
            let found = groups(&hermetic, &["--keep", rule]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0]["keeper"]["path"].as_str().unwrap().ends_with(kept), "{found:?}");
            let duplicate = &found[0]["duplicates"][0];
            let told = (&duplicate["relation"], &duplicate["acted_on"], &duplicate["edit"]);
            assert_eq!(told, (&"alike".into(), &false.into(), &side.into()), "{edit}");
            let before = hermetic.contents();
            // Nor when everything that is alike is acted on: they are one shot.
            let line = ["dedupe", ".", "--include-alike", "--action", "quarantine", "--yes"];
            let ran = hermetic.run(line);
            assert!(ran.stdout.contains("Nothing to do."), "{}", ran.all());
            assert_eq!(hermetic.contents(), before);
        }
    }
    let hermetic = with_pictures(&[("IMG_1234.jpg", HARBOUR), ("IMG_E1234.webp", BRIGHTER)]);
    let ran = hermetic.run(["dedupe", "."]);
    assert!(ran.stdout.contains("an edit of the keeper: shown, never acted on"), "{}", ran.all());
    // Without its original it is a picture like any other.
    for names in [["IMG_12340.jpg", "IMG_E1234.webp"], ["a/IMG_1234.jpg", "b/IMG_E1235.webp"]] {
        let hermetic = with_pictures(&[(names[0], HARBOUR), (names[1], BRIGHTER)]);
        assert_eq!(groups(&hermetic, &[])[0]["duplicates"][0]["relation"], "copy", "{names:?}");
    }
}

#[test]
fn an_edit_that_changed_nothing_is_a_copy() {
    let hermetic = with_pictures(&[("IMG_1234.jpg", HARBOUR), ("IMG_E1234.jpg", HARBOUR)]);
    let found = groups(&hermetic, &[]);
    let kept = Path::new(found[0]["keeper"]["path"].as_str().unwrap());
    assert_eq!(kept, Path::new(".").join("IMG_1234.jpg"));
    assert_eq!(found[0]["duplicates"][0]["relation"], "identical");
    let ran = hermetic.run(["dedupe", ".", "--action", "quarantine", "--yes"]);
    assert!(ran.stdout.contains("1 file moved aside"), "{}", ran.all());
    assert!(hermetic.work().join("IMG_1234.jpg").exists());
}

#[test]
fn an_original_and_its_edit_go_together_or_stay() {
    let phone = [("phone/IMG_1234.jpg", HARBOUR), ("phone/IMG_E1234.webp", BRIGHTER)];
    let quarantine = ["dedupe", "kept", "phone", "--keep", "prefer=**/kept/**", "--action"];
    let quarantine = [&quarantine[..], &["quarantine", "--yes"]].concat();
    // Of a library that has both, in the same way.
    let both = [("kept/IMG_1234.jpg", HARBOUR), ("kept/IMG_E1234.webp", BRIGHTER)];
    let hermetic = with_pictures(&[&both[..], &phone].concat());
    let plan = hermetic.run(quarantine.iter().chain(&["--dry-run", "--format", "json"]));
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let actions = plan["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 1, "{plan}");
    assert_eq!(actions[0]["files"].as_array().unwrap().len(), 2, "{plan}");
    let ran = hermetic.run(&quarantine);
    assert!(ran.stdout.contains("2 files moved aside"), "{}", ran.all());
    // Of a library that has only one of them, or one file that looks like both.
    for only in [HARBOUR, BRIGHTER] {
        let name = format!("kept/x.{}", only.rsplit_once('.').unwrap().1);
        let hermetic = with_pictures(&[&phone[..], &[(&name, only)]].concat());
        let before = hermetic.contents();
        let ran = hermetic.run(&quarantine);
        assert!(ran.stdout.contains("Nothing to do."), "{}", ran.all());
        assert_eq!(hermetic.contents(), before);
        let alike = hermetic.run(quarantine.iter().chain(&["--include-alike"]));
        assert!(alike.stdout.contains("Nothing to do."), "{}", alike.all());
        assert!(alike.stderr.contains("cannot stand for all of them"), "{}", alike.all());
        assert_eq!(hermetic.contents(), before);
    }
}

#[test]
fn frames_of_a_burst_are_known_by_their_names() {
    // The same picture twice, undated: only the names say that they are two.
    for (names, relation) in [
        (["20231207_101605_001.jpg", "20231207_101605_002.webp"], "burst"),
        (["IMG_20180101_120000_BURST001_COVER.jpg", "IMG_20180101_120000_BURST002.webp"], "burst"),
        (["20231207_101605.jpg", "20231207_101606.webp"], "copy"),
    ] {
        let from = ["phone/harbour.jpg", BRIGHTER];
        let hermetic = with_pictures(&[(names[0], from[0]), (names[1], from[1])]);
        let found = groups(&hermetic, &[]);
        assert_eq!(found[0]["duplicates"][0]["relation"], relation, "{names:?}");
    }
}

#[test]
fn the_order_of_reading_changes_nothing_else() {
    let hermetic = library();
    let report = |order: &str| -> Value {
        let cache = format!("{order}.db");
        let line = ["dedupe", ".", "--exclude", "*.db*", "--format", "json", "--read-order", order];
        let ran = hermetic.run(line.iter().chain(&["--cache", &cache]));
        let mut report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(report["summary"]["hashed"].as_u64().unwrap() > 0, "{}", ran.all());
        report["summary"]["seconds"] = Value::Null;
        report
    };
    let found = report("found");
    assert_eq!(report("place"), found);
    assert_eq!(report("auto"), found);
}
