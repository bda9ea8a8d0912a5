//! What killed runs leave among a user's files is noticed, told and settled, with a journal and
//! without one.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clean_backup::act::journal::Lock;
use hermetic::{Hermetic, contents};

const RUN: &str = "20260102-030405";

/// The library without the file that makes every run end with 1, and with what a run left whose
/// journal is nowhere: two files aside, one of them in the place of a new one, and two parts.
fn library() -> Hermetic {
    let hermetic = Hermetic::with_library(SystemTime::now());
    let library = hermetic.work().join("library");
    fs::remove_file(library.join("2024/broken.jpg")).unwrap();
    let aside = |from: &str, index: u32| {
        let from = library.join(from);
        let name = from.file_name().unwrap().to_str().unwrap();
        let to = from.with_file_name(format!(".clean-backup-{RUN}-{index}-0.{name}.aside"));
        fs::rename(from, to).unwrap();
    };
    aside("2024/garden.jpg", 0);
    aside("2023/IMG_0412.jpg", 1);
    fs::write(library.join("2023/IMG_0412.jpg"), "what came since").unwrap();
    fs::write(library.join(format!("2023/.clean-backup-{RUN}-2-0.part")), "half of").unwrap();
    let quarantine = library.join(".clean-backup/quarantine/x");
    fs::create_dir_all(&quarantine).unwrap();
    fs::write(quarantine.join(format!(".clean-backup-{RUN}-2-1.part")), "a part").unwrap();
    hermetic
}

/// Bytes by names below the library.
fn tree(hermetic: &Hermetic) -> BTreeMap<PathBuf, String> {
    let library = hermetic.work().join("library");
    let below = |path: PathBuf| path.strip_prefix(&library).unwrap().to_owned();
    contents(&library).into_iter().map(|(path, hash)| (below(path), hash)).collect()
}

#[test]
fn scans_tell_of_them() {
    let hermetic = library();
    for line in [&["scan", "library"][..], &["dedupe", "library"], &["scan", "library", "--hidden"]]
    {
        let ran = hermetic.run(line);
        let told = "3 files were left here by an interrupted run (20260102-030405), such as \
                    library/2023/.clean-backup-20260102-030405-1-0.IMG_0412.jpg.aside; unless it is \
                    still running, settle them with: clean-backup resume --leftovers library\n";
        assert_eq!(ran.stderr.matches(told).count(), 1, "{line:?}: {}", ran.all());
        assert!(!ran.stdout.contains(".aside"), "{line:?}: {}", ran.stdout);
    }
    // Nor are they organised.
    let ran = hermetic.run(["organize", "library", "sorted", "--hidden", "--move", "--dry-run"]);
    assert!(!ran.stdout.contains(RUN), "{}", ran.stdout);
}

#[test]
fn without_a_journal_they_are_settled_by_their_names() {
    let hermetic = library();
    let before = tree(&hermetic);
    let name = |text: &str| PathBuf::from(text);
    let moves = [
        ("2024/.clean-backup-20260102-030405-0-0.garden.jpg.aside", "2024/garden.jpg"),
        (
            "2023/.clean-backup-20260102-030405-1-0.IMG_0412.jpg.aside",
            "2023/IMG_0412-restored-1.jpg",
        ),
        (
            "2023/.clean-backup-20260102-030405-2-0.part",
            ".clean-backup/leftovers/20260102-030405/2023/.clean-backup-20260102-030405-2-0.part",
        ),
        (
            ".clean-backup/quarantine/x/.clean-backup-20260102-030405-2-1.part",
            ".clean-backup/leftovers/20260102-030405/.clean-backup/quarantine/x/\
             .clean-backup-20260102-030405-2-1.part",
        ),
    ];
    let mut after = before.clone();
    for (from, to) in moves {
        let hash = after.remove(&name(from)).unwrap();
        assert_eq!(after.insert(name(to), hash), None);
    }

    // They may be those of a run of another machine.
    let young = hermetic.run(["resume", "--leftovers", "library", "--yes"]);
    assert_eq!(young.code, 1, "{}", young.all());
    assert_eq!(young.stderr.matches("its run may still be active").count(), 4, "{}", young.stderr);
    let line = ["resume", "--leftovers", "library", "--older-than", "0s"];
    let with = |more: &str| hermetic.run(line.iter().chain([&more]));
    assert_eq!(hermetic.run(line).code, 3, "needs confirmation, but this is not a terminal");
    let planned = with("--dry-run");
    let shown = "move  library/2024/.clean-backup-20260102-030405-0-0.garden.jpg.aside  →  \
                 library/2024/garden.jpg\n";
    assert!(planned.stdout.contains(shown), "{}", planned.all());
    let state = hermetic.root().join("state/clean-backup");
    let lock = Lock::take(&state, "process 42").unwrap();
    assert_eq!(with("--yes").code, 3, "another run is going on");
    drop(lock);
    assert_eq!(tree(&hermetic), before);

    let settled = with("--yes");
    assert_eq!(settled.code, 0, "{}", settled.all());
    assert!(settled.stdout.starts_with("4 files moved"), "{}", settled.stdout);
    assert_eq!(tree(&hermetic), after);
    assert_eq!(with("--yes").stdout, "No leftovers found.\n");
    assert!(!hermetic.run(["scan", "library"]).stderr.contains("was killed"));
    assert!(hermetic.run(["history"]).stdout.contains("  leftovers  4 of 4 done\n"));
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(tree(&hermetic), before);
}

#[test]
fn names_that_are_taken_get_numbers_and_lost_names_get_some() {
    let hermetic = Hermetic::new();
    let folder = hermetic.work().join("in");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("a.jpg", "now"),
        ("a-restored-1.jpg", "before"),
        (".clean-backup-20260102-030405-0-0.a.jpg.aside", "one"),
        (".clean-backup-20260102-030405-1-0.a.jpg.aside", "two"),
        (".clean-backup-20260102-030405-2-7.aside", "lost"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    // What only looks so stays.
    fs::create_dir(folder.join(".clean-backup-20260102-030405-3-0.part")).unwrap();
    #[cfg(unix)]
    let link = folder.join(".clean-backup-20260102-030405-4-0.b.jpg.aside");
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.jpg", &link).unwrap();
    let settled = hermetic.run(["resume", "--leftovers", "in", "--older-than", "0s", "--yes"]);
    assert_eq!(settled.code, 0, "{}", settled.all());
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let names = ["a.jpg", "a-restored-1.jpg", "a-restored-2.jpg", "a-restored-3.jpg"];
    assert_eq!(names.map(text), ["now", "before", "one", "two"]);
    assert_eq!(text("restored-20260102-030405-2-7"), "lost");
    #[cfg(unix)]
    assert!(link.is_symlink());
}

/// Makes the last run look as if it had been killed before its first act ended.
fn as_if_killed(hermetic: &Hermetic, ended: bool) -> String {
    let history = hermetic.run(["history"]).stdout;
    let run = history.lines().last().unwrap().split_whitespace().next().unwrap().to_owned();
    let journal = hermetic.root().join("state/clean-backup/runs").join(&run).join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let lines: Vec<String> = text
        .lines()
        .filter(|line| ended || !line.contains("\"event\":\"end\""))
        .filter(|line| ended || !line.contains("\"event\":\"ending\""))
        .map(|line| line.replace("\"verdict\":\"done\"", "\"verdict\":\"failed\"") + "\n")
        .collect();
    fs::write(&journal, lines.concat()).unwrap();
    run
}

#[test]
fn history_tells_of_those_of_known_runs() {
    for ended in [false, true] {
        let hermetic = Hermetic::with_library(SystemTime::now());
        let library = hermetic.work().join("library");
        fs::remove_file(library.join("2024/broken.jpg")).unwrap();
        let act = ["dedupe", "library", "--action", "quarantine", "--yes"];
        assert_eq!(hermetic.run(act).code, 0);
        let run = as_if_killed(&hermetic, ended);
        assert!(!hermetic.run(["history"]).stdout.contains("left over"));
        let name = format!(".clean-backup-{run}-0-0.x.jpg.aside");
        fs::write(library.join("phone").join(&name), "aside").unwrap();
        let other = format!("2023/.clean-backup-{RUN}-0-0.part");
        fs::write(library.join(&other), "of another run").unwrap();

        let history = hermetic.run(["history"]).stdout;
        let folder = "[ROOT]/work/library/phone";
        let command = if ended {
            format!("clean-backup resume --leftovers {folder}")
        } else {
            format!("clean-backup resume {run}")
        };
        let told = format!("  left over  {folder}/{name}\n  settle with: {command}\n");
        assert!(history.ends_with(&told), "{history}");
        let json = hermetic.run(["history", &run, "--format", "json"]).stdout;
        assert_eq!(json.matches("\"leftovers\": [").count(), 1, "{json}");

        let line = ["resume", "--leftovers", "library", "--older-than", "0s", "--yes"];
        let settled = hermetic.run(line);
        let restored = fs::read_to_string(library.join("phone/x.jpg"));
        if ended {
            assert_eq!(settled.code, 0, "{}", settled.all());
            assert_eq!(restored.unwrap(), "aside");
        } else {
            // The journal knows better what is to become of them.
            assert_eq!(settled.code, 1, "{}", settled.all());
            let told =
                format!("its run was interrupted; finish it with: clean-backup resume {run}");
            assert!(settled.stderr.contains(&told), "{}", settled.stderr);
            assert!(restored.is_err());
            let warned = hermetic.run(["scan", "library"]).stderr;
            assert!(warned.contains(&format!("settle them with: clean-backup resume {run}\n")));
        }
        assert!(!library.join(other).exists());
    }
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let hermetic = Hermetic::new();
    let ran = hermetic.run(["resume", "--leftovers", "nowhere"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    fs::write(hermetic.work().join("file"), "").unwrap();
    assert_eq!(hermetic.run(["resume", "--leftovers", "file"]).code, 2);
    assert!(!Path::new("nowhere").exists());
}
