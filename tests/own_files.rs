//! The files that the program keeps for itself: nobody else reads them, somebody else's are never
//! taken for them, and without a place for the cache there is no cache.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use clean_backup::act::journal::{Lock, LockError};
use clean_backup::catalogue::approximate::Approximate;
use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::decisions::{Decisions, DecisionsError};
use clean_backup::model::phash::FineHash;
use hermetic::{Hermetic, Ran, contents};
use rusqlite::Connection;

/// The library without the file that makes every run end with 1.
fn library() -> Hermetic {
    let hermetic = Hermetic::with_library(SystemTime::now());
    fs::remove_file(hermetic.work().join("library/2024/broken.jpg")).unwrap();
    hermetic
}

/// A photograph, the database of another program, and one in its mode with a log.
fn foreign_files(folder: &Path) -> Vec<PathBuf> {
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library/2024/garden.jpg");
    fs::copy(photo, folder.join("photo.jpg")).unwrap();
    for (name, sql) in [
        ("bookmarks.db", "CREATE TABLE x (y)"),
        ("mail.db", "PRAGMA application_id = 77; PRAGMA journal_mode = wal; CREATE TABLE x (y)"),
    ] {
        Connection::open(folder.join(name)).unwrap().execute_batch(sql).unwrap();
    }
    ["photo.jpg", "bookmarks.db", "mail.db"].map(|name| folder.join(name)).to_vec()
}

#[test]
fn no_command_takes_a_foreign_file_for_its_cache() {
    let hermetic = library();
    let folder = hermetic.root().join("mine");
    fs::create_dir(&folder).unwrap();
    let files = foreign_files(&folder);
    let before = contents(hermetic.root());
    for file in files {
        let file = file.to_str().unwrap();
        let commands: [&[&str]; 13] = [
            &["cache", "stats", "--cache", file],
            &["cache", "clear", "--cache", file],
            &["cache", "prune", "--cache", file],
            &["cache", "verify", "--cache", file],
            &["cache", "export", "--cache", file],
            &["scan", "library", "--cache", file],
            &["dedupe", "library", "--cache", file],
            &["dedupe", "library", "--action", "quarantine", "--yes", "--cache", file],
            &["review", "library", "--no-open", "--cache", file],
            &["organize", "library", "sorted", "--yes", "--cache", file],
            &["similar", "library/2024/garden.jpg", "--cache", file],
            &["similar", "-k", "3", "--approximate", "library/2024/garden.jpg", "--cache", file],
            &["undo", "--yes", "--cache", file],
        ];
        for command in commands {
            let ran = hermetic.run(command);
            // Without a run there is nothing that `undo` would need the cache for.
            let undo = command[0] == "undo" && ran.stdout.contains("no run");
            assert!(undo || ran.code == 3, "{command:?}: {}", ran.all());
            assert!(
                undo || ran.stderr.contains("hint: nothing was changed; move "),
                "{}",
                ran.all()
            );
        }
    }
    let kept: BTreeMap<_, _> = contents(hermetic.root())
        .into_iter()
        .filter(|(path, _)| !path.starts_with(hermetic.root().join("state")))
        .collect();
    assert_eq!(kept, before);
}

#[test]
fn no_command_opens_a_foreign_file_as_another_librarys_cache() {
    let hermetic = library();
    assert_eq!(hermetic.run(["scan", "library"]).code, 0);
    let folder = hermetic.root().join("mine");
    fs::create_dir(&folder).unwrap();
    let files = foreign_files(&folder);
    let before = contents(&folder);
    for file in &files {
        for command in [&["dedupe", "library"][..], &["similar", "library/2024/garden.jpg"]] {
            let mut command = command.to_vec();
            command.extend(["--with-cache", file.to_str().unwrap()]);
            let ran = hermetic.run(&command);
            assert_eq!(ran.code, 3, "{command:?}: {}", ran.all());
        }
    }
    assert_eq!(contents(&folder), before);
}

#[test]
fn what_lies_beside_the_cache_is_not_replaced() {
    let hermetic = library();
    assert_eq!(hermetic.run(["scan", "library"]).code, 0);
    let beside = |suffix: &str| {
        let mut name = hermetic.cache_file().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    fs::write(beside("-packed"), "my photographs").unwrap();
    fs::create_dir(beside("-hnsw")).unwrap();
    fs::write(beside("-hnsw").join("IMG_1.jpg"), "my photograph").unwrap();
    let line = ["similar", "-k", "3", "--approximate", "library/2024/garden.jpg"];
    let ran = hermetic.run(line);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stderr.contains("IMG_1.jpg is no file of clean-backup"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(beside("-packed")).unwrap(), "my photographs");
    let kept = fs::read_to_string(beside("-hnsw").join("IMG_1.jpg")).unwrap();
    assert_eq!(kept, "my photograph");
    // A folder with its own files is replaced.
    fs::remove_dir_all(beside("-hnsw")).unwrap();
    let hashes: Vec<FineHash> = (0..20).map(|n| FineHash([n, !n, n << 9, 7])).collect();
    for hashes in [&hashes[..], &hashes[..5]] {
        let opened = Approximate::open(&beside("-hnsw"), hashes);
        assert!(opened.not_kept.is_none(), "{:?}", opened.not_kept);
    }
}

#[test]
fn foreign_files_in_the_state_folder_stay() {
    let hermetic = library();
    let state = hermetic.root().join("state/clean-backup");
    fs::create_dir_all(&state).unwrap();
    let photo = foreign_files(&hermetic.work()).remove(0);
    let act = ["dedupe", "library", "--action", "quarantine", "--yes"];
    for (name, code) in [("decisions.db", 3), ("lock", 3), ("audit.log", 0)] {
        fs::copy(&photo, state.join(name)).unwrap();
        let ran = hermetic.run(act);
        assert_eq!(ran.code, code, "{name}: {}", ran.all());
        assert!(fs::read(state.join(name)).unwrap() == fs::read(&photo).unwrap(), "{name}");
        let beside = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name());
        let beside: Vec<_> = beside.filter(|other| other != name && other != "runs").collect();
        assert!(beside.iter().all(|other| other == "lock"), "{name}: {beside:?}");
        fs::remove_file(state.join(name)).unwrap();
    }
    // The journal of a run that was lost to a photograph.
    let run = fs::read_dir(state.join("runs")).unwrap().next().unwrap().unwrap();
    fs::copy(&photo, run.path().join("journal.jsonl")).unwrap();
    let name = run.file_name().into_string().unwrap();
    assert_eq!(hermetic.run(["resume", &name]).code, 1);
    assert!(clean_backup::act::journal::Journal::resume(&state.join("runs"), &name).is_err());
    assert!(fs::read(run.path().join("journal.jsonl")).unwrap() == fs::read(&photo).unwrap());
    let foreign = Connection::open(state.join("decisions.db")).unwrap();
    foreign.execute_batch("CREATE TABLE x (y)").unwrap();
    drop(foreign);
    let error = Decisions::open(&state.join("decisions.db")).unwrap_err();
    assert!(matches!(error, DecisionsError::Foreign(_)), "{error}");
    fs::write(state.join("lock"), "my notes").unwrap();
    let error = Lock::take(&state, "process 1").unwrap_err();
    assert!(matches!(error, LockError::Io { .. }), "{error}");
    assert_eq!(fs::read_to_string(state.join("lock")).unwrap(), "my notes");
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Everything below a folder that others may look at.
fn open_to_others(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut open = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        if mode(&path) != wanted {
            open.push((path.clone(), mode(&path)));
        }
        if path.is_dir() {
            open.extend(open_to_others(&path));
        }
    }
    open
}

#[test]
fn own_files_are_for_their_user_alone() {
    let hermetic = library();
    let run = |line: &[&str]| {
        let program = hermetic.command();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "umask 022; exec \"$@\"", "sh"]).arg(program.get_program()).args(line);
        shell.env_clear().envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let ran = hermetic.finish(shell.current_dir(hermetic.work()).output().unwrap());
        assert_eq!(ran.code, 0, "{line:?}: {}", ran.all());
    };
    for name in ["cache", "state", "config"] {
        set_mode(&hermetic.root().join(name), 0o755);
    }
    run(&["config", "set", "threads", "2"]);
    run(&["scan", "library"]);
    run(&["similar", "library/2024/garden.jpg"]);
    run(&["similar", "-k", "3", "--approximate", "library/2024/garden.jpg"]);
    run(&["dedupe", "library", "--format", "csv", "-o", "report.csv"]);
    run(&["dedupe", "library", "--action", "quarantine", "--yes"]);
    run(&["undo", "--yes"]);
    let state = hermetic.root().join("state/clean-backup");
    // As the review page does.
    drop(Decisions::open(&state.join("decisions.db")).unwrap());
    let kept = |name: &str| contents(&hermetic.root().join(name)).len();
    assert_eq!((kept("config"), kept("cache")), (1, 6), "{:?}", contents(hermetic.root()));
    assert_eq!(kept("state"), 7, "{:?}", contents(&state));
    for name in ["cache", "state", "config"] {
        let folder = hermetic.root().join(name);
        assert_eq!(open_to_others(&folder), []);
        assert_eq!(mode(&folder), 0o755, "the folder of the user is as it was");
    }
    assert_eq!(mode(&hermetic.work().join("report.csv")), 0o644, "a result is as the umask says");
    // While it is in use.
    let opened = Cache::open(&hermetic.cache_file(), Path::new("/")).unwrap();
    opened.cache.stats().unwrap();
    assert!(hermetic.root().join("cache/clean-backup/hashes.db-wal").exists());
    assert_eq!(open_to_others(&hermetic.root().join("cache")), []);
}

/// What every command does without a place for the cache.
fn goes_on_without_a_cache(run: &dyn Fn(&[&str]) -> Ran) {
    let twice = [&["scan", "library"][..], &["scan", "library"], &["dedupe", "library"]];
    for line in twice {
        let ran = run(line);
        assert_eq!(ran.code, 0, "{line:?}: {}", ran.all());
        assert!(ran.stderr.contains("continues without a cache"), "{line:?}: {}", ran.stderr);
        assert!(ran.stdout.contains("15 hashed") || ran.stdout.contains("15 pictures (15 hashed"));
    }
    let acted = run(&["dedupe", "library", "--action", "quarantine", "--yes"]);
    assert_eq!(acted.code, 0, "{}", acted.all());
    assert!(acted.stdout.contains("6 files moved aside"), "{}", acted.stdout);
    assert_eq!(run(&["undo", "--yes"]).code, 0);
    for line in [
        &["similar", "library/2024/garden.jpg"][..],
        &["similar", "-k", "2", "--approximate", "library/2024/garden.jpg"],
        &["organize", "library/phone", "sorted", "--yes"],
        &["organize", "library/export", "sorted", "--preflight", "visual", "--yes"],
    ] {
        let ran = run(line);
        assert_eq!(ran.code, 0, "{line:?}: {}", ran.all());
        assert!(ran.stderr.contains("continues without a cache"), "{line:?}: {}", ran.stderr);
    }
    for line in [&["cache", "stats"][..], &["cache", "export"], &["cache", "clear"]] {
        let ran = run(line);
        assert_eq!(ran.code, 1, "{line:?}: {}", ran.all());
    }
}

#[test]
fn without_a_place_for_the_cache_there_is_none() {
    // A file in the way.
    let hermetic = library();
    let taken = hermetic.root().join("taken");
    fs::write(&taken, "a file").unwrap();
    goes_on_without_a_cache(&|line| {
        hermetic.run_with(&[("XDG_CACHE_HOME", taken.to_str().unwrap())], line)
    });
    assert_eq!(fs::read_to_string(&taken).unwrap(), "a file");
    let strays = contents(&hermetic.work())
        .into_keys()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("-")));
    assert_eq!(strays, None);
    // No home folder.
    let hermetic = library();
    goes_on_without_a_cache(&|line| {
        let mut command = hermetic.command();
        command.env_remove("HOME").env_remove("XDG_CACHE_HOME").args(line);
        hermetic.finish(command.output().unwrap())
    });
}

#[test]
fn a_folder_that_may_not_be_written_to_is_no_place() {
    let hermetic = library();
    let folder = hermetic.root().join("cache/clean-backup");
    assert_eq!(hermetic.run(["scan", "library"]).code, 0);
    let run = |line: &[&str]| hermetic.run_copy(hermetic.restricted_command().args(line));
    set_mode(&hermetic.cache_file(), 0o400);
    set_mode(&folder, 0o500);
    goes_on_without_a_cache(&run);
    set_mode(&hermetic.cache_file(), 0o600);
    fs::remove_file(hermetic.cache_file()).ok();
    set_mode(&folder, 0o000);
    goes_on_without_a_cache(&run);
    set_mode(&folder, 0o700);
}
