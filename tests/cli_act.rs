//! Acting on duplicates through the real program.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hermetic::{Hermetic, Ran, slashed};

/// The library of `fixtures` in the work folder.
fn library() -> Hermetic {
    let hermetic = Hermetic::with_library(SystemTime::now());
    // Not a picture, though its name says so: every run would end with 1.
    fs::remove_file(hermetic.work().join("library/2024/broken.jpg")).unwrap();
    hermetic
}

/// Bytes by names below a folder.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    found
        .into_iter()
        .map(|path| (slashed(path.strip_prefix(folder).unwrap()).into(), fs::read(&path).unwrap()))
        .collect()
}

/// The name of the last run.
fn last_run(hermetic: &Hermetic) -> String {
    let history = hermetic.run(["history"]).stdout;
    history.lines().last().unwrap().split_whitespace().next().unwrap().to_owned()
}

fn names(tree: &BTreeMap<PathBuf, Vec<u8>>, under: &str) -> Vec<String> {
    let names = tree.keys().filter(|name| name.to_string_lossy().contains(under));
    names.map(|name| name.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn quarantine_and_back() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let refused = hermetic.run(["dedupe", "library", "--no-carry", "--action", "quarantine"]);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.ends_with(
            "error: to move 6 files (160.4 kB) aside into library/.clean-backup/quarantine (new folder) needs \
             confirmation, but this is not a terminal\n\
             hint: add --yes to do it, or --dry-run to see it\n"
        ),
        "{}",
        refused.stderr
    );
    assert_eq!(tree(&library), before);

    let done = hermetic.run(["dedupe", "library", "--no-carry", "--action", "quarantine", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(done.stdout.contains("\n6 files moved aside (160.4 kB).\n"), "{}", done.stdout);
    let after = tree(&library);
    assert_eq!(after.len(), before.len());
    assert_eq!(
        names(&after, ".clean-backup/quarantine"),
        [
            "harbour-brighter.webp",
            "lake copy.jpg",
            "lake.png",
            "ridge-grey.jpg",
            "harbour.jpg",
            "lake-small.jpg"
        ]
    );
    // What was moved aside is not looked at again, and nothing has to be hashed anew.
    let again = hermetic.run(["dedupe", "library"]);
    assert!(
        again.stdout.contains("9 pictures (0 hashed now, 9 from the cache)"),
        "{}",
        again.stdout
    );

    let history = hermetic.run(["history"]).stdout;
    assert!(history.contains("  dedupe  6 of 6 done\n"), "{history}");
    let logs = hermetic.run(["logs"]).stdout;
    assert_eq!(logs.lines().count(), 6);
    assert!(logs.contains(" quarantine done [ROOT]/work/library/phone/harbour.jpg to "), "{logs}");
    let run = last_run(&hermetic);
    let one = hermetic.run(["history", &run, "--format", "json"]).stdout;
    assert_eq!(one.matches("\"verdict\": \"done\"").count(), 6, "{one}");

    let planned = hermetic.run(["undo", "--dry-run", "--format", "json"]);
    assert!(planned.stdout.contains(&format!("\"undoes\": \"{run}\"")), "{}", planned.stdout);
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(tree(&library), before);
    assert!(!library.join(".clean-backup").exists());
    let again = hermetic.run(["dedupe", "library"]);
    assert!(again.stdout.contains("(0 hashed now, 15 from the cache)"), "{}", again.stdout);
    let history = hermetic.run(["history"]).stdout;
    assert!(history.lines().next().unwrap().contains("; undone by "), "{history}");
    assert_eq!(hermetic.run(["undo", "--yes"]).stdout, "There is no run to undo.\n");
    let twice = hermetic.run(["undo", &run, "--yes"]);
    assert_eq!(twice.stdout, "Everything is already back in place.\n", "{}", twice.all());
    // Taking the taking back back.
    let redone = hermetic.run(["undo", &last_run(&hermetic), "--yes"]);
    assert_eq!(redone.code, 0, "{}", redone.all());
    assert_eq!(names(&tree(&library), ".clean-backup/quarantine").len(), 6);
}

#[test]
fn a_plan_is_kept_and_carried_out_later() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let saved = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "move",
        "--to",
        "aside",
        "--save-plan",
        "plan.json",
    ]);
    assert_eq!(saved.code, 0, "{}", saved.all());
    assert_eq!(tree(&library), before);
    let dry = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "move",
        "--to",
        "aside",
        "--dry-run",
        "--format",
        "json",
    ]);
    assert_eq!(
        dry.stdout,
        hermetic.settled(&fs::read_to_string(hermetic.work().join("plan.json")).unwrap())
    );
    let again = hermetic.run(["apply", "plan.json", "--dry-run", "--format", "json"]);
    assert_eq!(again.stdout, dry.stdout);
    let read = hermetic.run(["apply", "plan.json", "--dry-run"]).stdout;
    assert!(
        read.starts_with("move  library/export/lake copy.jpg  →  aside/lake copy.jpg  (keeps library/2023/IMG_0412.jpg)\n"),
        "{read}"
    );
    assert!(
        read.ends_with(
            "\nNothing was changed. Without --dry-run: move 6 files (160.4 kB) into aside (new folder).\n"
        ),
        "{read}"
    );
    assert_eq!(read.lines().count(), 7, "{read}");

    // One of them is edited before, another one's keeper goes away.
    fs::write(library.join("phone/harbour.jpg"), "edited").unwrap();
    fs::remove_file(library.join("2023/IMG_0412.jpg")).unwrap();
    let done = hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(done.code, 1, "{}", done.all());
    assert!(
        done.stdout.contains("phone/harbour.jpg has 6 bytes now, not 16903"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("which no longer exists"), "{}", done.stdout);
    assert_eq!(fs::read_to_string(library.join("phone/harbour.jpg")).unwrap(), "edited");
    assert!(library.join("export/lake copy.jpg").exists());
    let aside = tree(&hermetic.work().join("aside"));
    assert_eq!(names(&aside, ""), ["harbour-brighter.webp", "ridge-grey.jpg"]);

    let nothing = hermetic.run(["dedupe", "library", "--save-plan", "reports.json"]);
    assert_eq!(nothing.code, 1, "what was edited is no picture any more");
    let refused = hermetic.run(["apply", "reports.json", "--yes"]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("only reports"), "{}", refused.stderr);
    fs::write(hermetic.work().join("no.json"), "{}").unwrap();
    assert_eq!(hermetic.run(["apply", "no.json", "--yes"]).code, 3);
    assert_eq!(hermetic.run(["apply", "missing.json", "--yes"]).code, 1);
}

#[test]
fn deleting_asks_for_more() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let refused = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "delete",
        "--delete-unquarantined",
    ]);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("this cannot be undone, and 5 of them only look like what is kept")
            && refused.stderr.contains("--action quarantine"),
        "{}",
        refused.stderr
    );
    assert_eq!(tree(&library), before);
    // A sidecar that is nowhere else keeps its picture.
    fs::write(library.join("phone/harbour.xmp"), "the only edit").unwrap();
    fs::write(library.join("export/lake copy.jpg.xmp"), "the same edit").unwrap();
    fs::write(library.join("2023/IMG_0412.xmp"), "the same edit").unwrap();
    let done = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "delete",
        "--delete-unquarantined",
        "--yes",
    ]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(
        done.stderr.contains("its harbour.xmp is nowhere beside the keeper"),
        "{}",
        done.stderr
    );
    assert!(done.stdout.contains("6 files deleted"), "{}", done.stdout);
    let after = tree(&library);
    assert!(after.contains_key(Path::new("phone/harbour.jpg")));
    assert!(!after.contains_key(Path::new("export/lake copy.jpg")));
    assert!(!after.contains_key(Path::new("export/lake copy.jpg.xmp")));
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 1, "{}", back.all());
    assert_eq!(back.stderr.matches("it was deleted for good").count(), 4, "{}", back.stderr);
}

#[test]
fn what_belongs_to_a_picture_goes_with_it() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    for (name, text) in [
        ("phone/harbour.MOV", "film"),
        ("phone/harbour.AAE", "edit"),
        ("phone/harbour.jpg.supplemental-metadata.json", "{}"),
        ("phone/lake-small.mov.txt", "not concerned"),
        // It describes two pictures, of which one stays.
        ("phone/lake-small.xmp", "an edit"),
        // One shot: its RAW is no duplicate, so that neither goes.
        ("export/ridge-grey.raf", "no RAW that can be read"),
    ] {
        fs::write(library.join(name), text).unwrap();
    }
    fs::rename(library.join("2024/dunes.gif"), library.join("phone/lake-small.png")).unwrap();
    // The film makes the phone's picture the complete one, if it were as good otherwise.
    let done = hermetic.run([
        "dedupe",
        "library",
        "--keep",
        "prefer=**/2023/**",
        "--no-carry",
        "--action",
        "quarantine",
        "--to",
        "aside",
        "--yes",
    ]);
    assert_eq!(done.code, 1, "the RAW cannot be read: {}", done.all());
    assert!(
        done.stderr
            .contains("belongs to the same shot as ridge-grey.raf, which is not a duplicate")
    );
    let aside = tree(&hermetic.work().join("aside"));
    assert_eq!(
        names(&aside, "phone"),
        [
            "harbour.AAE",
            "harbour.MOV",
            "harbour.jpg",
            "harbour.jpg.supplemental-metadata.json",
            "lake-small.jpg"
        ]
    );
    assert!(library.join("export/ridge-grey.jpg").exists());
    assert!(library.join("phone/lake-small.xmp").exists(), "its other picture stays");
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert!(library.join("phone/harbour.AAE").exists());
}

#[test]
fn the_keeper_is_the_one_with_its_film() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    fs::write(library.join("phone/harbour.MOV"), "film").unwrap();
    let report = hermetic.run(["dedupe", "library", "--format", "json"]).stdout;
    assert!(report.contains("complete unit (RAW+JPEG or Live Photo)"), "{report}");
}

#[test]
fn links_take_the_place_of_identical_files_only() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    fs::copy(library.join("2024/garden.jpg"), library.join("export/garden.jpg")).unwrap();
    let before = tree(&library);
    let done = hermetic.run(["dedupe", "library", "--no-carry", "--action", "hardlink", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert_eq!(done.stderr.matches("only looks the same").count(), 5, "{}", done.stderr);
    assert!(done.stdout.contains("\n2 files replaced by hard links ("), "{}", done.stdout);
    assert_eq!(tree(&library), before);
    #[cfg(unix)]
    let inodes = || {
        use std::os::unix::fs::MetadataExt as _;
        let inode = |name: &str| fs::metadata(library.join(name)).unwrap().ino();
        (inode("2024/garden.jpg"), inode("export/garden.jpg"))
    };
    #[cfg(unix)]
    assert_eq!(inodes().0, inodes().1);
    // Hard links free nothing, and are left alone.
    let again =
        hermetic.run(["dedupe", "library", "--no-carry", "--action", "quarantine", "--dry-run"]);
    assert!(!again.stdout.contains("export/garden.jpg"), "{}", again.stdout);
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    #[cfg(unix)]
    assert_ne!(inodes().0, inodes().1);
    assert_eq!(tree(&library), before);
    // Where the file system has no reflinks, that is told, and nothing else happens.
    let reflinked =
        hermetic.run(["dedupe", "library", "--no-carry", "--action", "reflink", "--yes"]);
    assert!(
        reflinked.code == 0 || reflinked.stdout.contains("no reflinks here"),
        "{}",
        reflinked.all()
    );
    assert_eq!(tree(&library), before);
}

#[cfg(target_os = "linux")]
#[test]
fn into_the_trash_and_out_of_it() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let data = hermetic.root().join("data");
    let variables = [("XDG_DATA_HOME", data.to_str().unwrap())];
    let done = hermetic
        .run_with(&variables, &["dedupe", "library", "--no-carry", "--action", "trash", "--yes"]);
    if done.stdout.contains("6 failed") {
        eprintln!("SKIPPED: this machine has no trash that can be written to");
        return;
    }
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(done.stdout.contains("6 files put into the trash"), "{}", done.stdout);
    assert_eq!(tree(&library).len(), before.len() - 6);
    let back = hermetic.run_with(&variables, &["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(tree(&library), before);
}

#[test]
fn a_destination_inside_the_library_is_not_searched() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let act = |to: &str| {
        hermetic.run([
            "dedupe",
            "library",
            "--no-carry",
            "--action",
            "quarantine",
            "--to",
            to,
            "--yes",
        ])
    };
    let first = act("library/aside");
    assert!(first.stdout.contains("6 files moved aside"), "{}", first.all());
    let second = act("library/aside");
    assert!(second.stdout.contains("Nothing to do."), "{}", second.all());
    assert_eq!(tree(&library.join("aside")).len(), 6);
    assert!(library.join("aside/export/lake copy.jpg").exists());
    // In a reference folder nothing is put.
    let refused = hermetic.run([
        "dedupe",
        "library/export",
        "--reference",
        "library/2023",
        "--no-carry",
        "--action",
        "move",
        "--to",
        "library/2023/new",
        "--yes",
    ]);
    assert_eq!(refused.code, 3, "{}", refused.all());
    assert!(refused.stderr.contains("where nothing is touched"), "{}", refused.stderr);
}

#[test]
fn equal_names_are_told_apart() {
    let hermetic = Hermetic::new();
    let garden = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library/2024/garden.jpg");
    let bytes = fs::read(garden).unwrap();
    // Three names that are one to some file system, each in several folders.
    for (folder, name) in [
        ("1", "Käse.jpg"),
        ("2", "käse.JPG"),
        ("3", "Ka\u{308}se.jpg"),
        ("4", "Käse.jpg"),
        ("5", "Käse.jpg"),
        ("6", "other.jpg"),
    ] {
        let folder = hermetic.work().join(folder);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(name), &bytes).unwrap();
    }
    let done = hermetic.run([
        "dedupe",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "--keep",
        "prefer=other.jpg",
        "--no-carry",
        "--action",
        "move",
        "--to",
        "flat",
        "--yes",
    ]);
    assert_eq!(done.code, 0, "{}", done.all());
    let flat = tree(&hermetic.work().join("flat"));
    assert_eq!(flat.len(), 5, "{:?}", flat.keys());
    let mut folded: Vec<String> = flat
        .keys()
        .map(|name| name.to_string_lossy().to_lowercase().replace("a\u{308}", "ä"))
        .collect();
    folded.sort();
    folded.dedup();
    assert_eq!(folded.len(), 5, "{:?}", flat.keys());
}

#[test]
fn programs_read_the_report_alone() {
    let hermetic = library();
    let done = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "quarantine",
        "--yes",
        "--format",
        "json",
    ]);
    assert_eq!(done.code, 0);
    assert!(done.stdout.starts_with('{') && done.stdout.ends_with("}\n"), "{}", done.stdout);
    assert!(done.stderr.contains("6 files moved aside"), "{}", done.stderr);
}

fn journal_is_needed(hermetic: &Hermetic, ran: &Ran) {
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("nothing is done without a journal"), "{}", ran.stderr);
    assert!(hermetic.work().join("library/phone/harbour.jpg").exists());
}

#[test]
fn without_a_journal_nothing_is_done() {
    let hermetic = library();
    let line = ["dedupe", "library", "--no-carry", "--action", "quarantine", "--yes"];
    let taken = hermetic.root().join("taken");
    fs::write(&taken, "a file").unwrap();
    let ran = hermetic.run_with(&[("XDG_STATE_HOME", taken.to_str().unwrap())], &line);
    journal_is_needed(&hermetic, &ran);
    // The folder of the runs cannot be made.
    fs::create_dir_all(hermetic.root().join("state/clean-backup")).unwrap();
    fs::write(hermetic.root().join("state/clean-backup/runs"), "a file").unwrap();
    let ran = hermetic.run(line);
    journal_is_needed(&hermetic, &ran);
    fs::remove_file(hermetic.root().join("state/clean-backup/runs")).unwrap();
    assert_eq!(hermetic.run(line).code, 0);
}

#[test]
fn two_at_once() {
    let hermetic = library();
    let line = ["dedupe", "library", "--no-carry", "--action", "quarantine", "--yes"];
    let folder = hermetic.root().join("state/clean-backup");
    let lock = clean_backup::act::journal::Lock::take(&folder, "process 42").unwrap();
    let refused = hermetic.run(line);
    assert_eq!(refused.code, 3, "{}", refused.all());
    assert!(
        refused.stderr.contains("another run is changing files: process 42"),
        "{}",
        refused.stderr
    );
    assert!(hermetic.work().join("library/phone/harbour.jpg").exists());
    for line in [&["resume"][..], &["undo", "--yes"]] {
        let ran = hermetic.run(line);
        assert!(ran.code == 3 || ran.stdout.contains("no run"), "{}", ran.all());
    }
    drop(lock);
    // Two that begin together: between them, everything is done once.
    let start = || {
        hermetic
            .command()
            .args(line)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (one, two) = (start(), start());
    let ran = [one, two].map(|child| hermetic.finish(child.wait_with_output().unwrap()));
    assert!(ran.iter().any(|ran| ran.code == 0), "{ran:?}");
    assert_eq!(names(&tree(&hermetic.work().join("library")), ".clean-backup").len(), 6, "{ran:?}");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_told_and_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let line =
        ["dedupe", "library", "--no-carry", "--action", "quarantine", "--to", "aside", "--yes"];
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let mut command = hermetic.restricted_command();
    command.args(line);
    for folder in ["2023", "export", "phone"] {
        mode(&library.join(folder), 0o555).unwrap();
    }
    let ran = hermetic.run_copy(&mut command);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains("0 files moved aside (0 bytes); 0 refused, 6 failed"),
        "{}",
        ran.all()
    );
    assert!(ran.stdout.contains("Permission denied"), "{}", ran.stdout);
    assert_eq!(tree(&library), before);
    for folder in ["2023", "export", "phone"] {
        mode(&library.join(folder), 0o755).unwrap();
    }
    // A destination that may not be written to.
    fs::remove_dir_all(hermetic.work().join("aside")).unwrap();
    fs::create_dir(hermetic.work().join("aside")).unwrap();
    mode(&hermetic.work().join("aside"), 0o555).unwrap();
    let ran = hermetic.finish(command.output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(tree(&library), before);
    mode(&hermetic.work().join("aside"), 0o755).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_another_file_system() {
    use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let small = hermetic.work().join("small");
    fs::create_dir(&small).unwrap();
    let options = c"size=64k";
    if let Err(error) = mount("tmpfs", &small, "tmpfs", MountFlags::empty(), options) {
        eprintln!("SKIPPED: a small file system cannot be mounted here: {error}");
        assert!(std::env::var_os("REQUIRE_MOUNT_TESTS").is_none(), "{error}");
        return;
    }
    struct Mounted<'a>(&'a Path);
    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _ = unmount(self.0, UnmountFlags::DETACH);
        }
    }
    let _mounted = Mounted(&small);
    let ran = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "move",
        "--to",
        "small",
        "--yes",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("No space left on device"), "{}", ran.stdout);
    let (left, there) = (tree(&library), tree(&small));
    assert!(!there.is_empty(), "the small ones have room: {}", ran.all());
    assert_eq!(left.len() + there.len(), before.len(), "{:?}", there.keys());
    let mut contents: Vec<_> = left.values().chain(there.values()).collect();
    let mut contents_before: Vec<_> = before.values().collect();
    contents.sort();
    contents_before.sort();
    assert_eq!(contents, contents_before);
    // Moved across, and not hashed again.
    let again = hermetic.run(["scan", "library", "small"]);
    assert!(again.stdout.contains("15 pictures: 0 hashed, 15 from the cache"), "{}", again.stdout);
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(tree(&library), before);
}

/// Makes the last run look as if it had been killed with its acts done and nothing written of that.
fn as_if_killed(hermetic: &Hermetic) -> String {
    let run = last_run(hermetic);
    let journal = hermetic.root().join("state/clean-backup/runs").join(&run).join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| {
            !line.contains("\"event\":\"ending\"") && !line.contains("\"event\":\"end\"")
        })
        .collect();
    assert!(kept.len() > 6, "{text}");
    fs::write(&journal, kept.join("\n") + "\n{\"event\":\"endi").unwrap();
    run
}

#[test]
fn a_killed_run_is_gone_on_with_or_taken_back() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let before = tree(&library);
    let act = ["dedupe", "library", "--no-carry", "--action", "quarantine", "--yes"];
    assert_eq!(hermetic.run(["resume"]).stdout, "Nothing to resume: every run has finished.\n");
    assert_eq!(hermetic.run(act).code, 0);
    let after = tree(&library);
    let run = as_if_killed(&hermetic);
    // One had not been begun.
    let aside = after.keys().find(|name| name.ends_with("phone/harbour.jpg")).unwrap();
    let back = library.join("phone/harbour.jpg");
    if aside.starts_with(".clean-backup") {
        fs::rename(library.join(aside), &back).unwrap();
    }
    assert!(back.exists());
    assert!(hermetic.run(["history"]).stdout.ends_with("; interrupted\n"));
    let resumed = hermetic.run(["resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert!(resumed.stdout.starts_with("6 files moved aside"), "{}", resumed.stdout);
    assert_eq!(tree(&library), after);
    assert!(hermetic.run(["resume"]).stdout.starts_with("Nothing to resume"));
    assert!(hermetic.run(["resume", &run]).stdout.starts_with("Nothing to resume"));
    assert_eq!(hermetic.run(["resume", "20000101-000000"]).code, 2);

    // Taken back instead: what had been begun is settled first.
    as_if_killed(&hermetic);
    let warned =
        hermetic.run(["dedupe", "library/2024", "--no-carry", "--action", "quarantine", "--yes"]);
    assert!(warned.stdout.contains("Nothing to do"), "{}", warned.all());
    let undone = hermetic.run(["undo", &run, "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(tree(&library), before);
}
