//! Photo libraries of Apple's programs are read, and nothing in them is touched.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hermetic::{Hermetic, contents};

const PACKAGE: &str = "Pictures/Photos Library.photoslibrary";

/// One picture in a photo library and outside of it; the one outside has the shorter path, so that it
/// is the keeper.
fn pictures() -> Hermetic {
    let hermetic = Hermetic::new();
    let picture = fs::read(Path::new("fixtures/library/2024/garden.jpg")).unwrap();
    for place in [&format!("{PACKAGE}/originals/0/0A1B.jpeg"), "Pictures/new/a.jpg"] {
        let path = hermetic.work().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &picture).unwrap();
        // Else the older one would be the keeper.
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
    hermetic
}

fn package(hermetic: &Hermetic) -> BTreeMap<PathBuf, String> {
    contents(&hermetic.work().join(PACKAGE))
}

#[test]
fn duplicates_in_one_stay_where_they_are() {
    let hermetic = pictures();
    let before = package(&hermetic);
    for action in ["quarantine", "trash", "delete", "hardlink", "reflink"] {
        let ran = hermetic.run(["dedupe", "Pictures", "--action", action, "--yes"]);
        let told = ran.all();
        assert!(told.contains("lies in the photo library"), "{action}: {told}");
        assert!(told.contains("only its own program may change what is in it"), "{told}");
        assert_eq!(package(&hermetic), before, "{action}");
    }
    // As a folder that is only read, it lets the copy outside go.
    let ran = hermetic.run([
        "dedupe",
        "Pictures/new",
        "--reference",
        PACKAGE,
        "--action",
        "quarantine",
        "--yes",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("1 file moved aside"), "{}", ran.all());
    assert_eq!(package(&hermetic), before);
}

#[test]
fn an_edited_plan_does_not_get_past_it() {
    let hermetic = pictures();
    let work = hermetic.work();
    // The plan is made while the folder has a name like any other.
    let (package_path, plain) = (work.join(PACKAGE), work.join("Pictures/plain"));
    fs::rename(&package_path, &plain).unwrap();
    let saved =
        hermetic.run(["dedupe", "Pictures", "--action", "quarantine", "--save-plan", "p.json"]);
    assert_eq!(saved.code, 0, "{}", saved.all());
    fs::rename(&plain, &package_path).unwrap();
    let before = package(&hermetic);
    let text = fs::read_to_string(work.join("p.json")).unwrap();
    let edited = text
        .replace("Pictures/plain/", &format!("{PACKAGE}/"))
        .replace(r"Pictures\\plain\\", &format!(r"{}\\", PACKAGE.replace('/', r"\\")));
    assert_ne!(edited, text, "the plan is about the file inside");
    fs::write(work.join("p.json"), edited).unwrap();
    let ran = hermetic.run(["apply", "p.json", "--edited-plan", "--yes"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("in a photo library, where nothing is touched"), "{}", ran.stderr);
    assert_eq!(package(&hermetic), before);
}

#[test]
fn nothing_is_filed_into_one_or_moved_out_of_it() {
    let hermetic = pictures();
    let before = package(&hermetic);
    let inside = format!("{PACKAGE}/new");
    for destination in [PACKAGE, &inside] {
        let ran = hermetic.run(["organize", "Pictures/new", destination, "--copy", "--yes"]);
        assert_eq!(ran.code, 3, "{}", ran.all());
        assert!(
            ran.stderr.contains("only its own program may put files into it"),
            "{}",
            ran.stderr
        );
    }
    let moved = hermetic.run(["organize", PACKAGE, "moved", "--move", "--yes"]);
    assert!(moved.all().contains("it can be copied, not moved"), "{}", moved.all());
    assert_eq!(package(&hermetic), before);
    let copied = hermetic.run(["organize", PACKAGE, "copied", "--copy", "--yes"]);
    assert_eq!(copied.code, 0, "{}", copied.all());
    assert_eq!(contents(&hermetic.work().join("copied")).len(), 1, "{}", copied.all());
    assert_eq!(package(&hermetic), before);
}
