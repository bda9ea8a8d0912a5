//! Small things that people and scripts stumble over.

#![allow(clippy::unwrap_used)]

mod hermetic;
#[cfg(unix)]
mod terminal;

use std::fs;
use std::time::{Duration, SystemTime};

use hermetic::{Hermetic, Ran};
use serde_json::Value;

fn library() -> Hermetic {
    Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

fn run(hermetic: &Hermetic, line: &str) -> Ran {
    hermetic.run(line.split(' '))
}

#[test]
fn organise_is_organize() {
    let hermetic = library();
    let ran = run(&hermetic, "organise library dated --dry-run");
    assert!(
        ran.stdout.contains("copy  library/2023/IMG_0412.jpg  →  dated/2023/06/IMG_0412.jpg\n")
    );
    assert!(
        ran.stdout.contains("Dated by their modification time alone: 10 of 15; --no-fs-dates puts"),
        "{}",
        ran.stdout
    );
    let ran = run(&hermetic, "organize library dated --dry-run --no-fs-dates");
    assert!(!ran.stdout.contains("modification time"), "{}", ran.stdout);
}

#[test]
fn what_an_import_leaves_out_is_named() {
    let hermetic = library();
    fs::copy(
        hermetic.work().join("library/2023/IMG_0412.jpg"),
        hermetic.work().join("library/phone/again.jpg"),
    )
    .unwrap();
    let line = "organize library dated --yes --preflight exact";
    let first = run(&hermetic, line);
    let twin = "  library/export/lake copy.jpg  is  library/phone/again.jpg\n";
    assert!(first.stdout.contains(twin), "{}", first.all());
    let second = run(&hermetic, line);
    let there = "  library/phone/again.jpg  is in  [ROOT]/work/dated/2023/06\n";
    assert!(second.stdout.contains(there), "{}", second.all());
}

#[test]
fn dates_of_several_files_are_explained() {
    let hermetic = library();
    let line = "organize --explain library/2023/IMG_0412.jpg gone.jpg library/phone/harbour.jpg";
    let ran = run(&hermetic, line);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let heads: Vec<&str> = ran.stdout.lines().filter(|line| line.ends_with(".jpg")).collect();
    let names = ["library/2023/IMG_0412.jpg", "gone.jpg", "library/phone/harbour.jpg"];
    assert_eq!(heads, names, "{}", ran.stdout);
    assert!(ran.stdout.contains("gone.jpg\n  cannot be read: no such file\n"), "{}", ran.stdout);
    let one = run(&hermetic, "organize --explain gone.jpg");
    assert!(one.stderr.starts_with("error: gone.jpg: no such file\n"), "{}", one.stderr);

    let ran = run(&hermetic, &format!("{line} --format json"));
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["version"], &json["command"]), (&1.into(), &"organize".into()));
    let files = json["explained"].as_array().unwrap();
    assert_eq!(files.len(), 3);
    assert_eq!(files[0]["taken"], "2023-06-17T18:22:05.31");
    assert_eq!(files[0]["dates"][0]["source"], "exif-original");
    assert_eq!(files[0]["dates"][0]["used"], true);
    assert_eq!(
        (&files[1]["path"], &files[1]["error"]),
        (&"gone.jpg".into(), &"no such file".into())
    );
}

#[test]
fn a_run_without_a_cache_leaves_none() {
    let hermetic = library();
    for _ in 0..2 {
        let ran = run(&hermetic, "scan library --no-cache");
        assert!(ran.stdout.contains("15 hashed, 0 from the cache"), "{}", ran.all());
        assert_eq!(ran.stderr, "");
    }
    assert!(!hermetic.cache_file().exists());
    assert_eq!(run(&hermetic, "cache stats --no-cache").code, 2);
    assert_eq!(run(&hermetic, "scan library --no-cache --cache x.db").code, 2);
    assert!(run(&hermetic, "doctor --cpu --no-cache").stdout.contains("cache: not used"));
}

#[cfg(unix)]
#[test]
fn a_cache_that_may_not_be_written_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let hermetic = library();
    let folder = hermetic.root().join("cache/clean-backup");
    let read_only = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    let scan = |hermetic: &Hermetic| {
        hermetic.run_copy(hermetic.restricted_command().args(["dedupe", "library"]))
    };
    fs::create_dir(&folder).unwrap();
    let mut command = hermetic.restricted_command();
    read_only(0o555);
    let ran = hermetic.run_copy(command.args(["dedupe", "library"]));
    assert_eq!(ran.code, 1, "only broken.jpg cannot be read: {}", ran.all());
    assert!(ran.stderr.contains("this run continues without a cache"), "{}", ran.stderr);
    assert!(ran.stdout.contains("(15 hashed now, 0 from the cache)"), "{}", ran.stdout);
    read_only(0o755);
    assert_eq!(scan(&hermetic).stderr, "");
    // What is there is read; nothing new is kept.
    for entry in fs::read_dir(&folder).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o444)).unwrap();
    }
    read_only(0o555);
    let ran = scan(&hermetic);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("7 duplicates in 4 groups"), "{}", ran.all());
    assert!(ran.stderr.contains("WARN"), "{}", ran.stderr);
    read_only(0o755);
}

#[test]
fn the_limit_of_pixels_holds_for_cached_pictures_too() {
    let hermetic = library();
    let limited = "scan library --max-pixels 100000";
    let first = run(&hermetic, limited).stdout;
    assert!(first.contains("too large: 640 × 480 pixels (the limit is 100000 pixels)"), "{first}");
    let figures =
        |text: &str| text.lines().last().unwrap().split(" skipped").next().unwrap().to_owned();
    // What it refused is tried again by a run with another limit …
    let all = run(&hermetic, "scan library").stdout;
    assert!(figures(&all).starts_with("15 pictures: "), "{all}");
    assert!(figures(&all).ends_with("; 1"), "{all}");
    // … and what was hashed then is refused as before.
    let again = run(&hermetic, limited).stdout;
    let skipped = |text: &str| text.matches("skipped library/").count();
    assert!(skipped(&first) > 5, "{first}");
    assert_eq!(skipped(&again), skipped(&first), "{again}");
    assert!(run(&hermetic, "scan library").stdout.contains(" 0 hashed, 15 from the cache"));
}

#[test]
fn the_doctor_keeps_to_the_point() {
    let hermetic = Hermetic::new();
    let ran = run(&hermetic, "doctor --format json");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.all());
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let threads = findings.iter().find(|finding| finding["name"] == "threads").unwrap();
    assert!(threads["result"].as_str().unwrap().parse::<u32>().is_ok(), "{threads}");
    assert!(findings.iter().all(|finding| finding["good"] == true), "{json}");
    // A program that acts as a GPU is slower than the CPU: testing it takes long, and tells nothing.
    let tested = !ran.stdout.contains("self-test: not run");
    assert!(!(ran.stdout.contains("llvmpipe") && tested), "{json}");
}

#[cfg(unix)]
#[test]
fn the_exit_code_tells_the_signal() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let hermetic = library();
        let before = hermetic.contents();
        let mut command = hermetic.command();
        command.args(["dedupe", "library", "--action", "quarantine", "--no-progress"]);
        let mut terminal = terminal::Terminal::start(&mut command);
        terminal.wait("? [y/N]");
        terminal.signal(signal);
        assert_eq!(terminal.end(), code, "{}", terminal.transcript());
        assert_eq!(hermetic.contents(), before);
    }
}
