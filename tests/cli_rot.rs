//! Damaged and rotten pictures are told, wherever they are, through the real program.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use clean_backup::model::event::{Event, Phase, Progress};
use clean_backup::{Library, Monitor, Options};
use hermetic::{Hermetic, Ran, facts, overwrite};
use rusqlite::{Connection, params};
use serde_json::Value;

const LAKE: &str = "library/2023/IMG_0412.jpg";
const LAKE_COPY: &str = "library/export/lake copy.jpg";
const GARDEN: &str = "library/2024/garden.jpg";

fn library() -> Hermetic {
    Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.all()))
}

/// Turns one bit of a file, and gives it back its modification time.
fn rot(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    overwrite(path, &bytes);
}

/// The cache as if nothing had written to the file: a disk that loses a bit sets no change time.
fn without_a_trace(hermetic: &Hermetic, path: &Path) {
    let facts = facts(path);
    let changed = facts.changed.unwrap().0;
    let database = Connection::open(hermetic.cache_file()).unwrap();
    let set = "UPDATE file SET changed_ns = ?1 WHERE inode = ?2";
    assert_eq!(database.execute(set, params![changed, facts.stamp.key.inode as i64]).unwrap(), 1);
}

#[test]
fn rotten_pictures_are_told_with_a_sound_copy() {
    let hermetic = library();
    hermetic.run(["scan", "library"]);
    let sound = hermetic.run(["cache", "verify", "--bytes"]);
    assert_eq!(sound.code, 0, "{}", sound.all());
    assert!(sound.stdout.starts_with("15 pictures read: 15 sound, 0 rotten;"), "{}", sound.stdout);

    let work = hermetic.work();
    rot(&work.join(LAKE));
    without_a_trace(&hermetic, &work.join(LAKE));
    rot(&work.join(GARDEN));
    // Changed on purpose, and gone.
    fs::write(work.join("library/phone/harbour.jpg"), b"other").unwrap();
    fs::remove_file(work.join("library/phone/lake-small.jpg")).unwrap();

    let usual = hermetic.run(["cache", "verify"]);
    assert_eq!(usual.code, 0, "what only bytes tell is not looked for: {}", usual.all());
    let ran = hermetic.run(["cache", "verify", "--bytes"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let lake = format!(
        "rotten [ROOT]/work/{LAKE}: its bytes changed, and nothing records that\n  a sound copy: \
         [ROOT]/work/{LAKE_COPY}\n"
    );
    assert!(ran.stdout.contains(&lake), "{}", ran.stdout);
    let garden = format!(
        "rotten [ROOT]/work/{GARDEN}: its bytes changed, but not its modification time\n  no sound \
         copy is known\n"
    );
    assert!(ran.stdout.contains(&garden), "{}", ran.stdout);
    assert!(
        ran.stdout.ends_with(
            "13 pictures read: 11 sound, 2 rotten; 1 changed since, 1 gone, \
                              0 unreadable, 0 without a hash of their bytes.\n"
        ),
        "{}",
        ran.stdout
    );
    // It is told again: nothing of it was taken over.
    let again = json(&hermetic.run(["cache", "verify", "--bytes", "--format", "json"]));
    let rotten = again["rotten"].as_array().unwrap();
    assert_eq!(rotten.len(), 2, "{again}");
    assert_eq!(
        (&rotten[0]["change"], &rotten[1]["change"]),
        (&"unrecorded".into(), &"recorded".into())
    );
    // A copy that is rotten too is none.
    rot(&work.join(LAKE_COPY));
    let again = json(&hermetic.run(["cache", "verify", "--bytes", "--format", "json"]));
    assert_eq!(again["rotten"].as_array().unwrap().len(), 3);
    assert!(again["rotten"].as_array().unwrap().iter().all(|r| r["sound_copy"].is_null()));
}

#[test]
fn only_what_is_asked_for_is_read() {
    let hermetic = library();
    hermetic.run(["scan", "library"]);
    rot(&hermetic.work().join(GARDEN));
    let read = |folders: &[&str]| {
        let line = ["cache", "verify", "--format", "json", "--bytes"];
        let ran = hermetic.run(line.iter().chain(folders));
        (ran.code, json(&ran)["read"].as_u64().unwrap())
    };
    assert_eq!(read(&["library/2023"]), (0, 4));
    assert_eq!(read(&["library/2023", "library/phone"]), (0, 6));
    assert_eq!(read(&["library/2024"]), (1, 4));
    assert_eq!(read(&[GARDEN]), (1, 1));
    // A drive has a root of its own on Windows.
    let root = hermetic.root().ancestors().last().unwrap().to_str().unwrap().to_owned();
    assert_eq!(read(&[&root]), (1, 15));
    let nothing = hermetic.run(["cache", "verify", "--bytes", "nowhere"]);
    assert!(nothing.stderr.contains("no pictures to check are known there"), "{}", nothing.all());
    assert_eq!(hermetic.run(["cache", "verify", "library"]).code, 2);
}

#[test]
fn damaged_pictures_are_in_every_report() {
    let hermetic = library();
    let garden = hermetic.work().join(GARDEN);
    let mut bytes = fs::read(&garden).unwrap();
    bytes.truncate(bytes.len() * 9 / 10);
    fs::write(&garden, bytes).unwrap();
    let (path, what) = (GARDEN, "its end is missing or damaged");

    let scan = hermetic.run(["scan", "library"]);
    assert!(scan.stdout.contains(&format!("damaged {path}: {what}\n")), "{}", scan.stdout);
    assert!(scan.stdout.contains(" from the cache, 1 damaged; 1 skipped"), "{}", scan.stdout);
    let scan = json(&hermetic.run(["scan", "library", "--format", "json"]));
    assert_eq!(
        (&scan["damaged"][0]["path"], &scan["summary"]["damaged"]),
        (&path.into(), &1.into())
    );

    let text = hermetic.run(["dedupe", "library"]).stdout;
    assert!(text.contains(&format!("Damaged: 1 picture\n  {path}  {what}\n")), "{text}");
    let report = json(&hermetic.run(["dedupe", "library", "--format", "json"]));
    assert_eq!(
        (&report["damaged"][0]["path"], &report["damaged"][0]["what"]),
        (&path.into(), &what.into())
    );
    assert_eq!(report["summary"]["damaged"], 1);
    let in_groups = report["groups"].to_string().matches("\"damaged\":true").count();
    assert_eq!(in_groups, 0, "it is in no group");
    let page = hermetic.run(["dedupe", "library", "--format", "html"]).stdout;
    assert!(page.contains("1 damaged picture</h2>") && page.contains(what), "{page}");
    assert!(page.contains("<a href=\"#damaged\">1 picture damaged</a>"));
}

/// Sets the flag when so many pictures were read.
struct StopAfter {
    left: AtomicU64,
    cancel: AtomicBool,
}

impl Progress for StopAfter {
    fn on(&self, event: Event<'_>) {
        if let Event::Advanced { stage: Phase::Verify, items, .. } = event
            && self.left.fetch_sub(items, Ordering::Relaxed) == items
        {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn what_was_seen_until_it_was_stopped_is_told() {
    let hermetic = library();
    hermetic.run(["scan", "library"]);
    rot(&hermetic.work().join(LAKE));
    rot(&hermetic.work().join(GARDEN));
    let options = Options::new(hermetic.work()).cache(hermetic.cache_file());
    let library = Library::open(options).unwrap();
    let stop = StopAfter { left: AtomicU64::new(4), cancel: AtomicBool::new(false) };
    let monitor = Monitor { progress: &stop, ..Monitor::quiet(&stop.cancel) };
    // The first has four pictures.
    let folders = ["library/2023".into(), "library/2024".into()];
    let verified = library.verify_bytes(&folders, monitor).unwrap();
    assert!(verified.interrupted);
    assert_eq!((verified.read(), verified.rotten.len()), (4, 1));
    assert_eq!(verified.rotten[0].path, hermetic.work().join(LAKE));
    assert_eq!(verified.rotten[0].sound_copy, None, "not looked for");
}
