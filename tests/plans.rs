//! Plans are bound to their folders, tell of every edit, and are carried out by one run at a time.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;
mod libraries;

use std::fs::{self, File, FileTimes};
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use std::sync::atomic::AtomicBool;

use clean_backup::act::apply::{Environment, Scope, apply};
use clean_backup::act::journal::{Journal, LibraryLock, RunLog};
use clean_backup::act::layout::{DEFAULT_TEMPLATE, Template};
use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::act::proposal::ProposalOptions;
use clean_backup::act::removed::RemovedContents;
use clean_backup::act::undo::undo;
use clean_backup::files::content::content_hash;
use clean_backup::files::fsops::Disk;
use clean_backup::files::real_paths::real_path;
use clean_backup::files::stamp::stamp;
use clean_backup::files::walk::WalkOptions;
use clean_backup::metadata::capture::Judge;
use clean_backup::organize::{self, Twins, organize};
use hermetic::{Hermetic, Ran};
use libraries::{ASIDE, LINKED, Library, ROOTS, all, check_real, specs};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The library of `fixtures` in the work folder, with one identical pair, and a folder beside it
/// that is none of its business.
fn library() -> Hermetic {
    let hermetic = Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30));
    let library = hermetic.work().join("library");
    // Not a picture, though its name says so: every run would end with 1.
    fs::remove_file(library.join("2024/broken.jpg")).unwrap();
    fs::copy(library.join("2024/garden.jpg"), library.join("export/garden.jpg")).unwrap();
    let outside = hermetic.root().join("outside");
    fs::create_dir_all(outside.join("empty")).unwrap();
    fs::copy(library.join("2024/garden.jpg"), outside.join("garden.jpg")).unwrap();
    hermetic
}

/// Everything but what the program keeps for itself.
fn everything(hermetic: &Hermetic) -> Vec<(PathBuf, String)> {
    ["work", "outside"].iter().flat_map(|folder| all(&hermetic.root().join(folder))).collect()
}

/// A file as a plan tells of it.
fn expected(path: &Path) -> Value {
    let stamp = stamp(path).unwrap();
    json!({
        "path": path,
        "bytes": stamp.size.0,
        "modified_ns": stamp.modified.0,
        "device": stamp.key.device,
        "inode": stamp.key.inode,
        "blake3": content_hash(path).unwrap().to_hex(),
    })
}

/// A plan that moves the duplicates of the library to `aside`.
fn saved(hermetic: &Hermetic) -> (PathBuf, Value) {
    let file = hermetic.work().join("plan.json");
    let _ = fs::remove_file(&file);
    let act = ["--no-carry", "--action", "move", "--to", "aside", "--save-plan"];
    let line = ["dedupe", "library"].into_iter().chain(act);
    let ran = hermetic.run(line.chain(["plan.json"]));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let plan = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    (file, plan)
}

fn refused(ran: &Ran, why: &str) {
    assert_eq!(ran.code, 3, "{why}: {}", ran.all());
    assert!(ran.stderr.contains(why), "{why}: {}", ran.all());
}

/// The place of the identical pair among the actions of a plan.
fn identical(plan: &Value) -> usize {
    let actions = plan["actions"].as_array().unwrap();
    let is = |action: &Value| action["files"][0]["proof"]["relation"] == "identical";
    actions.iter().position(is).unwrap()
}

#[test]
fn edited_plans_are_refused() {
    type Edit = fn(&Hermetic, &mut Value);
    const OUTSIDE: &str = "lies outside the plan's folders";
    let edits: [(&str, Edit, &str); 14] = [
        (
            "a source outside",
            |hermetic, plan| {
                let outside = real_path(hermetic.root()).unwrap().join("outside/garden.jpg");
                let at = identical(plan);
                plan["actions"][at]["files"][0]["source"] = expected(&outside);
            },
            OUTSIDE,
        ),
        (
            "a destination by ..",
            |hermetic, plan| {
                let aside = real_path(&hermetic.work()).unwrap().join("aside");
                let to = aside.join("../../outside/stolen.jpg");
                plan["actions"][0]["files"][0]["destination"] = json!({ "path": to });
            },
            OUTSIDE,
        ),
        (
            "a destination by an absolute path",
            |hermetic, plan| {
                let to = real_path(hermetic.root()).unwrap().join("outside/stolen.jpg");
                plan["actions"][0]["files"][0]["destination"] = json!({ "path": to });
            },
            OUTSIDE,
        ),
        (
            "a destination in a folder of a similar name",
            |hermetic, plan| {
                let to = real_path(&hermetic.work()).unwrap().join("aside2/stolen.jpg");
                plan["actions"][0]["files"][0]["destination"] = json!({ "path": to });
            },
            OUTSIDE,
        ),
        (
            "a folder to be removed outside",
            |hermetic, plan| {
                let empty = real_path(hermetic.root()).unwrap().join("outside/empty");
                plan["prune"] = json!([{ "path": empty }]);
            },
            OUTSIDE,
        ),
        (
            "the keeper of another group",
            |_, plan| {
                let keeper = plan["actions"][0]["files"][0]["keeper"].clone();
                let other = plan["actions"].as_array().unwrap().len() - 1;
                assert_ne!(plan["actions"][other]["group"], plan["actions"][0]["group"]);
                plan["actions"][other]["files"][0]["keeper"] = keeper;
            },
            "keeper",
        ),
        (
            "a keeper outside",
            |hermetic, plan| {
                let outside = real_path(hermetic.root()).unwrap().join("outside/garden.jpg");
                let at = identical(plan);
                plan["actions"][at]["files"][0]["keeper"] = expected(&outside);
            },
            OUTSIDE,
        ),
        (
            "no proof",
            |_, plan| {
                let file = plan["actions"][0]["files"][0].as_object_mut().unwrap();
                file.remove("proof").unwrap();
            },
            "relies on a keeper without a proof",
        ),
        (
            "no keeper",
            |_, plan| {
                let file = plan["actions"][0]["files"][0].as_object_mut().unwrap();
                file.remove("proof");
                file.remove("keeper");
            },
            "names no file that stays",
        ),
        (
            "a proof beyond the policy",
            |_, plan| {
                let at = usize::from(identical(plan) == 0);
                let proof = &mut plan["actions"][at]["files"][0]["proof"];
                proof["fine_distance"] = json!(57);
                proof.as_object_mut().unwrap().remove("likeness").unwrap();
            },
            "further from its keeper than the plan's policy allows",
        ),
        (
            "a proof beyond any policy",
            |_, plan| {
                let at = usize::from(identical(plan) == 0);
                plan["actions"][at]["files"][0]["proof"]["fine_distance"] = json!(129);
            },
            "further from its keeper than the plan's policy allows",
        ),
        (
            "other bytes",
            |_, plan| {
                let at = identical(plan);
                plan["actions"][at]["files"][0]["source"]["blake3"] = json!("00".repeat(32));
            },
            "called identical to its keeper, but has other bytes",
        ),
        (
            "another action",
            |_, plan| plan["actions"][0]["action"] = json!("delete"),
            "has a destination and needs none",
        ),
        (
            "another base",
            |hermetic, plan| plan["base"] = json!({ "path": hermetic.root().join("outside") }),
            OUTSIDE,
        ),
    ];
    let hermetic = library();
    let (file, plan) = saved(&hermetic);
    for (name, edit, why) in edits {
        let mut edited = plan.clone();
        edit(&hermetic, &mut edited);
        assert_ne!(edited, plan, "{name}");
        fs::write(&file, edited.to_string()).unwrap();
        let before = everything(&hermetic);
        let line = ["apply", "plan.json", "--yes"];
        refused(&hermetic.run(line), "plan.json: the plan was edited after it was made");
        refused(&hermetic.run(line.into_iter().chain(["--dry-run"])), "was edited");
        refused(&hermetic.run(line.into_iter().chain(["--edited-plan"])), why);
        assert_eq!(everything(&hermetic), before, "{name}");
        assert_eq!(hermetic.run(["history"]).stdout, "Nothing has been done yet.\n", "{name}");
    }

    // Without its checksum it counts as edited; what it does is as sound as it was.
    let mut without = plan.clone();
    without.as_object_mut().unwrap().remove("checksum").unwrap();
    fs::write(&file, without.to_string()).unwrap();
    let before = everything(&hermetic);
    refused(&hermetic.run(["apply", "plan.json", "--yes"]), "was edited after it was made");
    assert_eq!(everything(&hermetic), before);
    let ran = hermetic.run(["apply", "plan.json", "--yes", "--edited-plan"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stderr.contains("it is taken as it is now"), "{}", ran.stderr);
    assert!(ran.stdout.contains("7 files moved"), "{}", ran.stdout);
    assert_eq!(hermetic.run(["undo", "--yes"]).code, 0);

    // Nor is it edited by being printed in another way.
    fs::write(&file, plan.to_string()).unwrap();
    let ran = hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

/// A plan of the version before.
fn of_version_2(mut plan: Value) -> Value {
    plan["version"] = json!(2);
    let fields = plan.as_object_mut().unwrap();
    for field in ["checksum", "roots", "destinations", "policy"] {
        fields.remove(field);
    }
    for action in plan["actions"].as_array_mut().unwrap() {
        for file in action["files"].as_array_mut().unwrap() {
            file.as_object_mut().unwrap().remove("proof");
        }
    }
    plan
}

fn run_folder(hermetic: &Hermetic) -> PathBuf {
    let runs = hermetic.root().join("state/clean-backup/runs");
    let mut names: Vec<_> = fs::read_dir(runs).unwrap().map(|run| run.unwrap().path()).collect();
    names.sort();
    names.pop().unwrap()
}

#[test]
fn plans_of_the_version_before_end_their_runs_only() {
    let hermetic = library();
    let before = all(&hermetic.work().join("library"));
    let (file, plan) = saved(&hermetic);
    fs::write(&file, of_version_2(plan.clone()).to_string()).unwrap();
    for line in [&["apply", "plan.json", "--yes"][..], &["apply", "plan.json", "--edited-plan"]] {
        refused(&hermetic.run(line), "made by an older version of this program: make a new one");
    }
    assert_eq!(all(&hermetic.work().join("library")), before);

    fs::write(&file, plan.to_string()).unwrap();
    assert_eq!(hermetic.run(["apply", "plan.json", "--yes"]).code, 0);
    let run = run_folder(&hermetic);
    fs::write(run.join("plan.json"), of_version_2(plan).to_string()).unwrap();
    // Killed after its first act.
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let aside = all(&hermetic.work().join("aside"));
    let kept = |line: &&str| !line.contains("\"ending\"") && !line.contains("\"event\":\"end\"");
    let lines: Vec<&str> = journal.lines().filter(kept).collect();
    fs::write(run.join("journal.jsonl"), lines.join("\n") + "\n").unwrap();
    let resumed = hermetic.run(["resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert!(resumed.stdout.starts_with("7 files moved"), "{}", resumed.stdout);
    assert_eq!(all(&hermetic.work().join("aside")), aside);
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(all(&hermetic.work().join("library")), before);
    assert!(!hermetic.work().join("aside").exists());
}

#[test]
fn the_plan_of_a_run_is_looked_at_before_it_is_gone_on_with() {
    let hermetic = library();
    let act = ["dedupe", "library", "--action", "quarantine", "--yes"];
    assert_eq!(hermetic.run(act).code, 0);
    let run = run_folder(&hermetic);
    let (file, journal) = (run.join("plan.json"), run.join("journal.jsonl"));
    let good = fs::read_to_string(&file).unwrap();
    let lines = fs::read_to_string(&journal).unwrap();
    let killed: String = lines
        .lines()
        .filter(|line| !line.contains("\"ending\"") && !line.contains("\"event\":\"end\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let before = everything(&hermetic);
    let half = good[..good.len() / 2].to_owned();
    let bent = good.replacen("lake copy.jpg", "lake cOpy.jpg", 1);
    for damaged in [bent.as_str(), &half, "", "\0\0\0\0"] {
        assert_ne!(damaged, good);
        fs::write(&file, damaged).unwrap();
        for lines in [&lines, &killed] {
            fs::write(&journal, lines).unwrap();
            let name = run.file_name().unwrap().to_str().unwrap();
            refused(&hermetic.run(["undo", name, "--yes"]), "plan.json, by which the run was made");
            if *lines == killed {
                refused(&hermetic.run(["resume"]), "is damaged");
            }
            assert_eq!(everything(&hermetic), before);
        }
    }
    // A line of the journal that tells otherwise than the plan is not believed.
    fs::write(&file, &good).unwrap();
    let real = |path: &Path| real_path(path).unwrap();
    let outside = real(&hermetic.root().join("outside/garden.jpg"));
    let garden = real(&hermetic.work().join("library/export")).join("garden.jpg");
    let in_json = |path: &Path| json!(path).to_string();
    let bent = lines.replace(&in_json(&garden), &in_json(&outside));
    assert_ne!(bent, lines);
    fs::write(&journal, bent).unwrap();
    fs::remove_file(&outside).unwrap();
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 1, "{}", back.all());
    assert!(back.stderr.contains("the journal and the plan of the run disagree"), "{}", back.all());
    assert!(back.stdout.contains("6 files moved"), "{}", back.all());
    assert!(!outside.exists());
}

#[cfg(unix)]
#[test]
fn taking_back_follows_no_link_that_came_since() {
    let hermetic = library();
    let (library, outside) = (hermetic.work().join("library"), hermetic.root().join("outside"));
    let act = ["dedupe", "library", "--action", "quarantine", "--yes"];
    assert_eq!(hermetic.run(act).code, 0);
    fs::rename(library.join("export"), library.join("elsewhere")).unwrap();
    symlink(&outside, library.join("export")).unwrap();
    fs::remove_file(outside.join("garden.jpg")).unwrap();
    let before = all(&outside);
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 1, "{}", back.all());
    let told = "it would lead out of the folders of the run (a symbolic link?)";
    assert_eq!(back.stderr.matches(told).count(), 5, "{}", back.all());
    assert!(back.stdout.contains("2 files moved"), "{}", back.all());
    assert_eq!(all(&outside), before);
    // The folder is one again: the rest comes back.
    fs::remove_file(library.join("export")).unwrap();
    fs::rename(library.join("elsewhere"), library.join("export")).unwrap();
    let run = hermetic.run(["history"]).stdout;
    let run = run.split_whitespace().next().unwrap();
    let back = hermetic.run(["undo", run, "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert!(library.join("export/garden.jpg").exists());
}

/// Moves aside and back what was found by a command line; its plan is one without links.
#[cfg(unix)]
fn there_and_back(hermetic: &Hermetic, folder: &Path, line: &[&str], files: usize) -> Ran {
    let before = everything(hermetic);
    let run = |words: &[&str]| {
        let mut command = hermetic.command();
        command.current_dir(folder).args(line).args(words);
        // Sidecars are what `carry.rs` is about.
        command.args((line[0] == "dedupe").then_some("--no-carry"));
        hermetic.finish(command.output().unwrap())
    };
    let dry = run(&["--dry-run", "--format", "json"]);
    let plan = Plan::from_json(&dry.stdout.replace("[ROOT]", hermetic.root().to_str().unwrap()));
    // The text was changed for the snapshot and back: it is the same to the letter.
    let plan = plan.unwrap_or_else(|error| panic!("{error}: {}", dry.all()));
    check_real(&plan);
    assert_eq!(plan.actions.iter().map(|a| a.files.len()).sum::<usize>(), files, "{}", dry.all());
    let done = run(&["--yes"]);
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(done.stdout.contains(&format!("{files} file")), "{}", done.all());
    let back = hermetic.run(["undo", "--yes"]);
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(everything(hermetic), before);
    dry
}

#[cfg(unix)]
#[test]
fn plans_lead_through_no_link() {
    let hermetic = library();
    let work = hermetic.work();
    symlink(work.join("library"), work.join("link")).unwrap();
    symlink(&work, hermetic.root().join("outside/work")).unwrap();
    let quarantine = ["--action", "quarantine"];
    for root in ["library", "link", "./library/.", "library/../library", "../outside/work/link"] {
        let line = ["dedupe", root, quarantine[0], quarantine[1]];
        let dry = there_and_back(&hermetic, &work, &line, 7);
        let relative = dry.stdout.contains("\"path\": \"library/phone/harbour.jpg\"");
        assert_eq!(
            relative,
            root.starts_with("library") && !root.contains("..") || root == "./library/.",
            "{root}"
        );
    }
    // Two names for one root are one root.
    let both = ["dedupe", "library", "link", quarantine[0], quarantine[1]];
    there_and_back(&hermetic, &work, &both, 7);
    // From a folder that is reached through a link, into one that is.
    symlink(hermetic.root().join("outside"), work.join("way out")).unwrap();
    let line = ["dedupe", "library", "--action", "move", "--to", "way out/new"];
    there_and_back(&hermetic, &hermetic.root().join("outside/work"), &line, 7);
    let line = ["organize", "link", "way out/filed", "--move", "--preflight", "off"];
    there_and_back(&hermetic, &work, &line, 14);
}

#[cfg(unix)]
#[test]
fn links_in_a_library_are_followed_only_within_it() {
    let hermetic = library();
    let work = hermetic.work();
    let library = work.join("library");
    // A folder of the library that is reached through a link first, and one of somebody else.
    fs::rename(library.join("phone"), library.join("z phone")).unwrap();
    symlink(library.join("z phone"), library.join("a phone")).unwrap();
    symlink(hermetic.root().join("outside"), library.join("b outside")).unwrap();
    symlink(hermetic.root().join("outside/garden.jpg"), library.join("c.jpg")).unwrap();
    let line = ["dedupe", "library", "--follow-links", "--action", "quarantine"];
    let dry = there_and_back(&hermetic, &work, &line, 7);
    let outside = "lies outside the folders that were searched: a symbolic link leads to";
    assert!(dry.stderr.contains(outside), "{}", dry.stderr);
    assert!(!dry.stdout.contains("outside"), "{}", dry.stdout);
    // Named, it is searched like any other.
    fs::remove_file(library.join("c.jpg")).unwrap();
    let named = ["dedupe", "library", "../outside", "--follow-links", "--action", "quarantine"];
    let dry = there_and_back(&hermetic, &work, &named, 8);
    assert!(!dry.stderr.contains(outside), "{}", dry.stderr);
    // Nor does anything come in from outside that was not named.
    let line = ["organize", "library", "filed", "--move", "--follow-links", "--preflight", "off"];
    let mut command = hermetic.command();
    command.args(line).args(["--dry-run", "--format", "json"]);
    let dry = hermetic.finish(command.output().unwrap());
    assert_eq!(dry.code, 1, "what is left out is told: {}", dry.all());
    let plan = dry.stdout.replace("[ROOT]", hermetic.root().to_str().unwrap());
    let plan = Plan::from_json(&plan).unwrap();
    check_real(&plan);
    assert!(!dry.stdout.contains("outside/"), "{}", dry.stdout);
}

/// The lock of another run, with another state folder, perhaps on another machine.
fn locked(hermetic: &Hermetic, root: &str) -> LibraryLock {
    let (file, _) = saved(hermetic);
    let mut plan = Plan::from_json(&fs::read_to_string(file).unwrap()).unwrap();
    plan.roots[0].0 = real_path(&hermetic.work()).unwrap().join(root);
    LibraryLock::take(&plan, "host nas, process 42").unwrap()
}

#[test]
fn another_state_folder_is_no_way_around_the_lock() {
    let hermetic = library();
    let library = hermetic.work().join("library");
    let act = ["dedupe", "library", "--action", "quarantine", "--yes"];
    assert_eq!(hermetic.run(act).code, 0);
    let inner = ["dedupe", "library/export", "--action", "quarantine", "--yes"];
    let organize = ["organize", "library/2023", "filed", "--move", "--yes", "--preflight", "off"];
    let copies = ["organize", "library/2023", "filed", "--yes", "--preflight", "off"];
    fs::copy(library.join("2024/garden.jpg"), library.join("export/again.jpg")).unwrap();
    fs::copy(library.join("2024/garden.jpg"), library.join("export/and again.jpg")).unwrap();
    let (_, plan) = saved(&hermetic);
    fs::write(hermetic.work().join("later.json"), plan.to_string()).unwrap();
    let lock = locked(&hermetic, "library");
    let before = all(&hermetic.work());
    let apply = ["apply", "later.json", "--yes"];
    for line in [&act[..], &inner, &organize, &copies, &apply, &["undo", "--yes"]] {
        let ran = hermetic.run(line);
        refused(&ran, "another run is changing files in [ROOT]/work/library: host nas, process 42");
        assert_eq!(all(&hermetic.work()), before, "{line:?}");
    }
    assert_eq!(hermetic.run(["history"]).stdout.lines().count(), 1);
    drop(lock);
    // The other one works in a folder of this one's library.
    let lock = locked(&hermetic, "library/export");
    assert!(library.join("export/.clean-backup/lock").exists());
    refused(&hermetic.run(act), "another run is changing files in [ROOT]/work/library/export");
    drop(lock);
    assert!(!library.join("export/.clean-backup").exists());
    let ran = hermetic.run(inner);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!library.join(".clean-backup/lock").exists());
}

/// Starts a run of another user: with a state folder and a cache of his own.
fn started(hermetic: &Hermetic, user: &str, words: &[&str]) -> std::process::Child {
    let state = hermetic.root().join(user);
    hermetic
        .command()
        .env("XDG_STATE_HOME", state.join("state"))
        .env("XDG_CACHE_HOME", state.join("cache"))
        .args(words)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
}

/// A picture of its own forevery number: 8 × 8 grey fields.
fn picture(number: u32) -> Vec<u8> {
    let mut state = number.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 16) as u8
    };
    let fields: Vec<u8> = (0..64).map(|_| next()).collect();
    let pixels = (0..64 * 64_usize).map(|at| fields[at / 512 * 8 + at % 64 / 8]);
    b"P5 64 64 255\n".iter().copied().chain(pixels).collect()
}

#[test]
fn two_users_do_not_delete_each_others_keepers() {
    let (mut rounds, mut refusals) = (0, 0);
    for _ in 0..20 {
        let hermetic = Hermetic::new();
        for pair in 0..40_u32 {
            let bytes = picture(pair);
            for (folder, second) in [("old", 1000), ("new", 2000)] {
                let path = hermetic.work().join(format!("library/{folder}/{pair}.pgm"));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &bytes).unwrap();
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second + u64::from(pair));
                let file = File::options().write(true).open(&path).unwrap();
                file.set_times(FileTimes::new().set_modified(time)).unwrap();
            }
        }
        let contents = |hermetic: &Hermetic| {
            let mut contents: Vec<String> = hermetic.contents().into_values().collect();
            contents.sort();
            contents.dedup();
            contents
        };
        let before = contents(&hermetic);
        assert_eq!(before.len(), 40);
        let delete = |glob| ["dedupe", "library", "--keep", glob, "--action", "delete", "--yes"];
        let one = started(&hermetic, "one", &delete("prefer=**/old/**"));
        let two = started(&hermetic, "two", &delete("prefer=**/new/**"));
        let ran = [one, two].map(|child| hermetic.finish(child.wait_with_output().unwrap()));
        let codes = ran.each_ref().map(|ran| ran.code);
        let told = ran.each_ref().map(|ran| &ran.stderr);
        assert_eq!(contents(&hermetic), before, "{codes:?} {told:?}");
        assert!(codes.contains(&0), "{codes:?} {told:?}");
        assert!(codes.iter().all(|code| [0, 1, 3].contains(code)), "{codes:?} {told:?}");
        rounds += 1;
        refusals += ran.iter().filter(|ran| ran.stderr.contains("another run is changing")).count();
        assert!(!hermetic.work().join("library/.clean-backup").exists());
    }
    println!("two users: {rounds} rounds, {refusals} runs refused by the other's lock, 0 lost");
}

#[test]
fn nothing_of_a_run_is_left_in_the_library() {
    let hermetic = library();
    let own = |folder: &str| hermetic.work().join(folder).join(".clean-backup");
    for line in [
        &["dedupe", "library", "--action", "move", "--to", "aside", "--yes"][..],
        &["organize", "library", "filed", "--move", "--yes", "--preflight", "off"],
    ] {
        let ran = hermetic.run(line);
        assert_eq!(ran.code, 0, "{}", ran.all());
        for folder in ["library", "aside", "filed"] {
            assert!(!own(folder).exists(), "{line:?}: {folder}");
        }
    }
    // A lock file of a run that was killed neither stands in the way nor stays.
    fs::create_dir(own("filed")).unwrap();
    fs::write(own("filed").join("lock"), "clean-backup lock\nhost nas, process 42\n").unwrap();
    let ran = hermetic.run(["undo", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!own("filed").exists() && !own("library").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_cannot_be_locked_is_told() {
    use rustix::mount::{MountFlags, UnmountFlags, mount_bind, mount_remount, unmount};
    struct Mounted(PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = unmount(&self.0, UnmountFlags::DETACH);
        }
    }
    let hermetic = library();
    let (library, mounted) = (hermetic.work().join("library"), hermetic.work().join("mounted"));
    fs::create_dir(&mounted).unwrap();
    let _mounted = Mounted(mounted.clone());
    let readonly = mount_bind(&library, &mounted)
        .and_then(|()| mount_remount(&mounted, MountFlags::BIND | MountFlags::RDONLY, c""));
    if let Err(error) = readonly {
        eprintln!("SKIPPED: a library cannot be mounted for reading only here: {error}");
        assert!(std::env::var_os("REQUIRE_MOUNT_TESTS").is_none(), "{error}");
        return;
    }
    let before = all(&library);
    let ran = hermetic.run(["dedupe", "mounted", "--action", "quarantine", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let told = "[ROOT]/work/mounted cannot be locked (Read-only file system (os error 30)): make \
                sure that no other run changes it at the same time";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert_eq!(all(&library), before);
    // What is only read needs no lock.
    let ran = hermetic.run(["organize", "mounted", "filed", "--yes", "--preflight", "off"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!ran.stderr.contains("cannot be locked"), "{}", ran.stderr);
    // Through the one mount or the other, it is the same lock.
    let lock = locked(&hermetic, "library");
    let ran = hermetic.run(["dedupe", "mounted", "--action", "quarantine", "--yes"]);
    refused(&ran, "another run is changing files in [ROOT]/work/mounted: host nas, process 42");
    drop(lock);
    assert_eq!(all(&library).len(), before.len());
}

/// Checks a plan that the program made, carries it out, and takes it back by another one that is
/// checked as well. Gives how many files were acted on.
fn sound(library: &Library, plan: &Plan) -> u64 {
    check_real(plan);
    assert_eq!(Plan::from_json(&plan.to_json().unwrap()).as_ref(), Ok(plan));
    let runs = library.at("runs");
    let carry_out = |plan: &Plan| {
        let journal = Journal::begin(&runs, plan, "2026-11-24T10:58:38Z").unwrap();
        let world = Environment {
            files: &Disk::default(),
            clock: &|| "2026-11-24T10:58:38Z".into(),
            progress: &(),
            cancel: &AtomicBool::new(false),
            workers: 2,
        };
        apply(plan, Scope::Fresh, journal, world).unwrap()
    };
    let applied = carry_out(plan);
    let log = RunLog::read(&runs, &applied.run).unwrap();
    let undone = log.plan(&runs).unwrap();
    assert_eq!(undone, *plan);
    let back = undo(&log, &undone, &Disk::default(), &library.at(""));
    check_real(&back.plan);
    assert_eq!(Plan::from_json(&back.plan.to_json().unwrap()).as_ref(), Ok(&back.plan));
    let reason = |left: &clean_backup::act::left_alone::LeftAlone| left.why.contains("the run");
    assert!(!back.left.iter().any(reason), "{:?}", back.left);
    carry_out(&back.plan);
    applied.files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_for_duplicates_passes_its_own_check(
        files in specs(),
        roots in proptest::sample::subsequence(&ROOTS[..], 1..3),
        second in any::<bool>(),
        references in any::<bool>(),
        follow_links in any::<bool>(),
        kind in 0..6_usize,
        destination in proptest::sample::select(vec!["", "aside", ASIDE, "outside"]),
    ) {
        let kind = [
            ActionKind::Quarantine,
            ActionKind::Move,
            ActionKind::Copy,
            ActionKind::Hardlink,
            ActionKind::Delete,
            ActionKind::Report,
        ][kind];
        let library = Library::new(&files);
        let mut roots: Vec<&str> = roots;
        roots.extend(second.then_some("second"));
        let references: &[&str] = if references { &["best"] } else { &[] };
        let report = library.report(&roots, references, follow_links);
        let destination = (!destination.is_empty()).then(|| library.at("").join(destination));
        let needed = matches!(kind, ActionKind::Move | ActionKind::Copy);
        let destination = destination.or(needed.then(|| library.at("aside")));
        let base = library.at(LINKED).join("..");
        let (label, delete_unquarantined) = ("1".into(), true);
        let wish = ProposalOptions {
            action: kind,
            destination,
            base,
            label,
            delete_unquarantined,
            carry: true,
        };
        let before = library.all();
        let proposal = report.plan(&wish, &());
        let acted = sound(&library, &proposal.plan);
        // Nothing that is not there is planned, and nothing that is there is forgotten.
        let planned = proposal.plan.actions.len() + proposal.left.len();
        let duplicates = report.groups.iter().flat_map(|group| &group.duplicates);
        prop_assert!(planned > 0 || duplicates.filter(|d| !d.picture.reference).count() == 0);
        if kind != ActionKind::Delete {
            prop_assert_eq!(library.all(), before, "{} files", acted);
        }
    }

    #[test]
    fn every_plan_for_filing_passes_its_own_check(
        files in specs(),
        source in proptest::sample::select(ROOTS.to_vec()),
        destination in proptest::sample::select(vec!["filed/new", "lib", "lib/filed", "outside"]),
        moves in any::<bool>(),
        exact in any::<bool>(),
        follow_links in any::<bool>(),
    ) {
        let library = Library::new(&files);
        let (source, destination) = (library.at("").join(source), library.at(destination));
        let in_place = real_path(&source).unwrap() == destination;
        let walk = WalkOptions {
            follow_links,
            skip_dirs: if in_place { vec![] } else { vec![destination.clone()] },
            ..WalkOptions::default()
        };
        let options = organize::OrganizeOptions {
            source,
            destination,
            action: if moves || in_place { ActionKind::Move } else { ActionKind::Copy },
            walk,
            template: Template::parse(DEFAULT_TEMPLATE).unwrap(),
            exact,
            twins: Twins::default(),
            removed: RemovedContents::default(),
            include_removed: false,
            prune: true,
            base: library.at(LINKED).join(".."),
            only: None,
        };
        let judge = Judge { now: 1_800_000_000, zone: &|_| 0, file_system: true };
        let before = library.all();
        let organized = organize(&options, judge, &(), &AtomicBool::new(false));
        sound(&library, &organized.plan);
        let folders = |all: Vec<(PathBuf, String)>| {
            let files = all.into_iter().filter(|(_, content)| content != "folder");
            files.collect::<Vec<_>>()
        };
        // Folders that were removed as empty are made again where a file comes back.
        prop_assert_eq!(folders(library.all()), folders(before));
    }
}
