//! Nothing is lost, and nothing of anybody else is touched, whatever happens between the check and
//! the end of an act: one file seen through two mounts, two runs that rely on each other's files,
//! folders and files that are swapped, keepers that go, locks, and runs that were killed.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod faulty;
mod trees;

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use clean_backup::act::apply::{Applied, Environment, Scope, apply};
use clean_backup::act::journal::{Intent, Journal, Line, RunLog, Verdict};
use clean_backup::act::plan::{
    Action, ActionKind, ExactPath, Expected, MatchRule, Member, Origin, Plan, Proof,
};
use clean_backup::files::content::content_hash;
use clean_backup::files::fsops::{Disk, FileSystem};
use clean_backup::files::stamp::stamp;
use clean_backup::model::findings::{Matching, Relation};
use clean_backup::model::record::ContentHash;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use faulty::Faulty;
use trees::{contents, hidden, tree};

const TIME: &str = "2026-11-24T10:58:38Z";
const RUN: &str = "20261124-105838";

/// A folder for a test, by its real path.
struct Room {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("trash")).unwrap();
        Self { _folder: folder, root }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

/// Writes a file of a fixed age.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_600_000_000, 5000);
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

fn expected(path: &Path) -> Expected {
    Expected {
        path: path.to_owned(),
        stamp: stamp(path).unwrap(),
        content: content_hash(path).ok(),
    }
}

/// One act on one file.
fn act(kind: ActionKind, source: &Path, keeper: Option<&Path>, to: &Path) -> Action {
    let member = Member {
        source: expected(source),
        destination: kind.has_destination().then(|| ExactPath(to.to_owned())),
        keeper: keeper.map(expected),
        proof: None,
        modified_ns: None,
        sidecar: None,
        attested: None,
    };
    Action { group: 1, action: kind, files: vec![member], why: String::new() }
}

fn plan(root: &Path, actions: Vec<Action>) -> Plan {
    let lone = actions.iter().any(|action| action.files[0].keeper.is_none());
    let mut plan = Plan::new(if lone { Origin::Organize } else { Origin::Dedupe }, root);
    plan.policy = Some(MatchRule::from(&Matching::default()));
    plan.actions = actions;
    let mut keepers: Vec<PathBuf> = Vec::new();
    let mut folders = BTreeSet::from([root.to_owned()]);
    for action in &mut plan.actions {
        let first = &mut action.files[0];
        let to = first.destination.as_ref().map(|to| &to.0);
        let named = [Some(&first.source.path), first.keeper.as_ref().map(|k| &k.path), to];
        folders.extend(named.into_iter().flatten().map(|path| path.parent().unwrap().to_owned()));
        let Some(keeper) = &first.keeper else { continue };
        if !keepers.contains(&keeper.path) {
            keepers.push(keeper.path.clone());
        }
        action.group = 1 + keepers.iter().position(|known| *known == keeper.path).unwrap() as u64;
        let identical = keeper.content == first.source.content;
        let relation = if identical { Relation::Identical } else { Relation::Copy };
        first.proof = Some(Proof { group: action.group, relation, ..Proof::SAME_BYTES });
    }
    plan.roots = folders.into_iter().map(ExactPath).collect();
    plan.check().unwrap();
    plan
}

fn plan_of(root: &Path, action: Action) -> Plan {
    plan(root, vec![action])
}

fn world(files: &dyn FileSystem, workers: usize) -> Environment<'_> {
    static CANCEL: AtomicBool = AtomicBool::new(false);
    Environment { files, clock: &|| TIME.into(), progress: &(), cancel: &CANCEL, workers }
}

fn run(runs: &Path, plan: &Plan, files: &dyn FileSystem, workers: usize) -> Applied {
    let journal = Journal::begin(runs, plan, TIME).unwrap();
    apply(plan, Scope::Fresh, journal, world(files, workers)).unwrap()
}

/// Checks that no file of a run is left.
fn assert_clean(root: &Path, case: &str) {
    let left = hidden(root);
    assert!(left.is_empty(), "{case}: {left:?}");
}

/// The reason of the only act, which was refused.
fn refusal(applied: &Applied) -> &str {
    assert_eq!((applied.actions(), applied.not_done.len()), (0, 1), "{applied:?}");
    assert_eq!(applied.not_done[0].verdict, Verdict::Refused, "{applied:?}");
    &applied.not_done[0].reason
}

const REMOVING: [ActionKind; 6] = [
    ActionKind::Delete,
    ActionKind::Quarantine,
    ActionKind::Move,
    ActionKind::Trash,
    ActionKind::Hardlink,
    ActionKind::Reflink,
];

// One file through two mounts.

/// Runs a test of this file again, in mounts of its own; it gets a folder that is a file system of
/// its own. Where that is not allowed it is skipped, unless `REQUIRE_MOUNT_TESTS` is set.
fn in_own_mounts(name: &str, test: impl FnOnce(&Path)) {
    if let Some(folder) = env::var_os("OWN_MOUNTS") {
        let folder = PathBuf::from(folder);
        let mounted = rustix::mount::mount("own", &folder, "tmpfs", no_flags(), None);
        return match mounted {
            Ok(()) => test(&folder),
            Err(error) => skip(&format!("mounting a tmpfs: {error}")),
        };
    }
    let folder = tempfile::tempdir().unwrap();
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let allowed = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let Some(way) = ways.iter().find(allowed) else {
        return skip("no mount namespace (`unshare --mount` fails)");
    };
    let ran = Command::new("unshare")
        .args(*way)
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env("OWN_MOUNTS", folder.path().canonicalize().unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    let wanted = |line: &&str| line.starts_with("SKIPPED") || line.starts_with("faults:");
    for line in told.lines().filter(wanted) {
        eprintln!("{line}");
    }
    let out = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && out.contains("1 passed"), "{out}\n{told}");
}

fn no_flags() -> rustix::mount::MountFlags {
    rustix::mount::MountFlags::empty()
}

fn skip(why: &str) {
    assert!(env::var_os("REQUIRE_MOUNT_TESTS").is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
}

/// An overlay over `upper` at `merged`, both in a new folder of this number.
fn overlay(root: &Path, number: usize) -> Option<PathBuf> {
    let folder = root.join(format!("overlay {number}"));
    for name in ["lower", "upper", "work", "merged", "trash"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let at = |name: &str| folder.join(name).display().to_string().replace(' ', "\\ ");
    let layers = format!(
        "lowerdir={},upperdir={},workdir={}",
        at("lower").replace('\\', ""),
        at("upper").replace('\\', ""),
        at("work").replace('\\', "")
    );
    let mount = |options: &str| {
        let options = std::ffi::CString::new(options).unwrap();
        let at = folder.join("merged");
        rustix::mount::mount("overlay", &at, "overlay", no_flags(), Some(options.as_c_str()))
    };
    match mount(&layers).or_else(|_| mount(&format!("{layers},userxattr"))) {
        Ok(()) => Some(folder),
        Err(error) => {
            skip(&format!("mounting an overlay: {error}"));
            None
        }
    }
}

#[test]
fn a_file_seen_through_an_overlay_is_not_its_own_copy() {
    in_own_mounts("a_file_seen_through_an_overlay_is_not_its_own_copy", |root| {
        let mut number = 0;
        for kind in REMOVING {
            for (here, there) in [("upper", "merged"), ("merged", "upper")] {
                number += 1;
                let Some(folder) = overlay(root, number) else { return };
                let original = folder.join("upper/album/a.jpg");
                write(&original, "the only one");
                let (source, keeper) =
                    (folder.join(here).join("album/a.jpg"), folder.join(there).join("album/a.jpg"));
                let same = |a: &Path, b: &Path| stamp(a).unwrap().key == stamp(b).unwrap().key;
                assert!(!same(&source, &keeper), "an overlay has device numbers of its own");
                // The quarantine once on the source's file system and once on another.
                for to in [folder.join(here).join("aside/a.jpg"), folder.join("aside/a.jpg")] {
                    fs::create_dir_all(folder.join(here).join("bin")).unwrap();
                    let files = Faulty::sound(&folder.join(here).join("bin"));
                    let plan = plan(&folder, vec![act(kind, &source, Some(&keeper), &to)]);
                    let applied = run(&folder.join("runs"), &plan, &files, 1);
                    let case = format!("{kind:?} of {here}, relying on {there}: {applied:?}");
                    // What is there, not what one of the two remembers.
                    let left = fs::read_to_string(&original);
                    assert_eq!(left.as_deref().ok(), Some("the only one"), "{case}");
                    let why = if kind == ActionKind::Hardlink {
                        "its keeper is on another file system"
                    } else {
                        "seen through another mount"
                    };
                    assert!(refusal(&applied).contains(why), "{case}");
                    assert_clean(&folder.join("upper"), &case);
                    assert!(!to.exists(), "{case}");
                }
            }
        }
        // Two files are two files there too.
        for kind in [ActionKind::Delete, ActionKind::Quarantine, ActionKind::Trash] {
            number += 1;
            let Some(folder) = overlay(root, number) else { return };
            write(&folder.join("upper/a.jpg"), "twice");
            write(&folder.join("merged/album/b.jpg"), "twice");
            let (source, keeper) = (folder.join("merged/album/b.jpg"), folder.join("upper/a.jpg"));
            fs::create_dir_all(folder.join("merged/bin")).unwrap();
            let files = Faulty::sound(&folder.join("merged/bin"));
            let to = folder.join("merged/aside/b.jpg");
            let plan = plan(&folder, vec![act(kind, &source, Some(&keeper), &to)]);
            let applied = run(&folder.join("runs"), &plan, &files, 1);
            assert_eq!(applied.actions(), 1, "{kind:?}: {applied:?}");
            assert!(keeper.exists() && !source.exists(), "{kind:?}");
            // Except where both lie in one folder: its names cannot be trusted.
            write(&folder.join("upper/c.jpg"), "twice");
            let source = folder.join("merged/c.jpg");
            let to = folder.join("merged/aside/c.jpg");
            let plan = plan_of(&folder, act(kind, &source, Some(&keeper), &to));
            let applied = run(&folder.join("runs"), &plan, &files, 1);
            assert!(refusal(&applied).contains("c.jpg lies beside its keeper"), "{applied:?}");
            assert!(keeper.exists() && source.exists(), "{kind:?}");
        }
        eprintln!("faults: one file through two mounts, {number} overlays");
    });
}

#[test]
fn a_file_seen_through_a_second_mount_of_its_folder_is_known() {
    in_own_mounts("a_file_seen_through_a_second_mount_of_its_folder_is_known", |root| {
        let (first, second) = (root.join("first"), root.join("second"));
        fs::create_dir_all(&first).unwrap();
        fs::create_dir_all(&second).unwrap();
        if let Err(error) = rustix::mount::mount_bind(&first, &second) {
            return skip(&format!("mounting a folder a second time: {error}"));
        }
        let trash = first.join("trash");
        fs::create_dir(&trash).unwrap();
        let files = Faulty::sound(&trash);
        for (name, text) in [("a.jpg", "the only one"), ("b.jpg", "twice"), ("c.jpg", "twice")] {
            write(&first.join(name), text);
        }
        let before = tree(&first);
        let to = first.join("aside/a.jpg");
        let run = |plan: &Plan| run(&root.join("runs"), plan, &files, 1);
        for kind in REMOVING {
            for (here, there) in [(&first, &second), (&second, &first)] {
                let (source, keeper) = (here.join("a.jpg"), there.join("a.jpg"));
                let applied = run(&plan(root, vec![act(kind, &source, Some(&keeper), &to)]));
                assert!(refusal(&applied).contains("is its keeper under another name"), "{kind:?}");
                assert_eq!(tree(&first), before, "{kind:?}");
            }
        }
        // Nor is what another act relies on taken by its other path,
        let (b, c) = (first.join("b.jpg"), first.join("c.jpg"));
        let relying = act(ActionKind::Hardlink, &b, Some(&c), &to);
        let taking = act(ActionKind::Move, &second.join("c.jpg"), None, &to);
        let applied = run(&plan(root, vec![taking, relying.clone()]));
        assert_eq!(applied.actions(), 1, "{applied:?}");
        assert!(applied.not_done[0].reason.contains("another act relies on"), "{applied:?}");
        // nor what lies in a reference folder.
        let to = root.join("aside/a.jpg");
        let mut plan = plan(root, vec![act(ActionKind::Move, &second.join("a.jpg"), None, &to)]);
        plan.references = vec![ExactPath(first.clone())];
        assert!(refusal(&run(&plan)).contains("lies in the reference folder"));
        assert_eq!(tree(&first), before);
    });
}

// Two runs that know nothing of each other.

/// Runs two plans on one library at the same moment, one keeping what the other removes; every
/// content must survive. Tells how many acts were done.
fn two_runs(kinds: [ActionKind; 2], lockless: bool, linger: bool, pairs: usize) -> u64 {
    let room = Room::new();
    let name = |side: &str, pair: usize| room.at(&format!("library/{side}/{pair}.jpg"));
    for pair in 0..pairs {
        write(&name("old", pair), &format!("picture {pair}"));
        write(&name("new", pair), &format!("picture {pair}"));
    }
    let before = contents(&room.root);
    let all = |kind, [source, keeper]: [&str; 2]| {
        let to = |pair| room.at(&format!("aside of {source}/{pair}.jpg"));
        let one = |pair| act(kind, &name(source, pair), Some(&name(keeper, pair)), &to(pair));
        plan(&room.root, (0..pairs).map(one).collect())
    };
    let plans = [all(kinds[0], ["old", "new"]), all(kinds[1], ["new", "old"])];
    let start = Barrier::new(2);
    let (room, start) = (&room, &start);
    let done = std::thread::scope(|scope| {
        let runs = plans.iter().enumerate().map(|(state, plan)| {
            scope.spawn(move || {
                let trash = room.at(&format!("trash/{state}"));
                fs::create_dir(&trash).unwrap();
                let mut files = Faulty { lockless, ..Faulty::sound(&trash) };
                if linger {
                    files.hook = Some(Box::new(|step, _| {
                        if matches!(step, "rename" | "remove file" | "trash") {
                            std::thread::sleep(Duration::from_micros(300));
                        }
                    }));
                }
                let journal = Journal::begin(&room.at("runs").join(state.to_string()), plan, TIME);
                start.wait();
                apply(plan, Scope::Fresh, journal.unwrap(), world(&files, 2)).unwrap()
            })
        });
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|run| run.join().unwrap().actions()).sum()
    });
    let lost: BTreeSet<ContentHash> = before.difference(&contents(&room.root)).copied().collect();
    assert_eq!(lost.len(), 0, "{kinds:?}, without locks: {lockless}");
    assert_clean(&room.root, &format!("{kinds:?}"));
    done
}

#[test]
fn two_runs_that_keep_what_the_other_removes_lose_nothing() {
    use ActionKind::{Delete, Quarantine, Trash};
    let mut rounds = 0;
    let mut done = 0;
    for kinds in [[Delete, Delete], [Delete, Quarantine], [Delete, Trash]] {
        for lockless in [false, true] {
            for linger in [false, true] {
                for _ in 0..20 {
                    done += two_runs(kinds, lockless, linger, 24);
                    rounds += 1;
                }
            }
        }
    }
    assert!(done > 0);
    eprintln!("faults: two runs at once, {rounds} rounds of 2 × 24 acts, {done} done, 0 lost");
}

// Folders and files that are swapped.

/// A library with one duplicate, and what somebody else has.
struct Swap {
    room: Room,
    foreign: String,
}

impl Swap {
    fn new() -> Self {
        let room = Room::new();
        write(&room.at("library/best/a.jpg"), "a picture of mine");
        write(&room.at("library/copies/a.jpg"), "a picture of mine");
        let foreign = "the picture of u!".to_owned();
        write(&room.at("elsewhere/a.jpg"), &foreign);
        Self { room, foreign }
    }

    fn plan(&self, kind: ActionKind) -> Plan {
        let at = |name: &str| self.room.at(name);
        let (source, keeper) = (at("library/copies/a.jpg"), at("library/best/a.jpg"));
        plan(&self.room.root, vec![act(kind, &source, Some(&keeper), &at("aside/copies/a.jpg"))])
    }

    /// Carries out the plan, and does `meanwhile` right before the first step of that name.
    fn run(
        &self,
        kind: ActionKind,
        border: bool,
        step: &'static str,
        meanwhile: Meanwhile,
    ) -> Applied {
        let room = self.room.root.clone();
        let times = AtomicUsize::new(0);
        let hook = move |name: &'static str, _: &Path| {
            if name == step && times.fetch_add(1, Ordering::SeqCst) == 0 {
                meanwhile(&room);
            }
        };
        let sound = Faulty::sound(&self.room.at("trash"));
        let files = Faulty { border, hook: Some(Box::new(hook)), ..sound };
        run(&self.room.at("runs"), &self.plan(kind), &files, 1)
    }

    /// That both contents are there, and the foreign file, wherever it was put by whoever swaps,
    /// is where they put it.
    fn check(&self, foreign_at: &str, case: &str) {
        let at = self.room.at(foreign_at);
        assert_eq!(fs::read_to_string(at).ok().as_deref(), Some(&*self.foreign), "{case}");
        let texts: Vec<_> = texts(&self.room.root);
        assert!(texts.iter().any(|text| text == "a picture of mine"), "{case}: {texts:?}");
        assert_eq!(texts.iter().filter(|text| **text == self.foreign).count(), 1, "{case}");
        assert_clean(&self.room.root, case);
    }
}

type Meanwhile = fn(&Path);

/// The texts of all files below, those of runs left out.
fn texts(root: &Path) -> Vec<String> {
    fn below(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() || path.ends_with("runs") {
                continue;
            } else if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_none_or(|e| e != "note") {
                found.push(fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = Vec::new();
    below(root, &mut found);
    found
}

/// Puts a link to elsewhere in the place of a folder.
fn link_instead(root: &Path, name: &str) {
    fs::rename(root.join(name), root.join("moved away")).unwrap();
    symlink(root.join("elsewhere"), root.join(name)).unwrap();
}

/// Puts the folder elsewhere in the place of a folder, and that elsewhere.
fn exchange(root: &Path, name: &str) {
    let (one, two) = (root.join(name), root.join("elsewhere"));
    renameat_with(CWD, one, CWD, two, RenameFlags::EXCHANGE).unwrap();
}

#[test]
fn what_comes_to_the_sources_path_between_check_and_act_is_not_touched() {
    let swaps: [(&str, Meanwhile, &str); 3] = [
        ("link", |root| link_instead(root, "library/copies"), "elsewhere/a.jpg"),
        ("folder", |root| exchange(root, "library/copies"), "library/copies/a.jpg"),
        (
            "file",
            |root| {
                let (mine, theirs) = ("library/copies/a.jpg", "elsewhere/a.jpg");
                let (mine, theirs) = (root.join(mine), root.join(theirs));
                renameat_with(CWD, mine, CWD, theirs, RenameFlags::EXCHANGE).unwrap();
            },
            "library/copies/a.jpg",
        ),
    ];
    let mut faults = 0;
    for kind in REMOVING {
        for border in [false, true] {
            if border && !kind.has_destination() {
                continue;
            }
            let steps: &[&'static str] = match kind {
                ActionKind::Trash => &["trash"],
                ActionKind::Hardlink => &["link", "rename", "remove file"],
                ActionKind::Reflink => &["clone", "rename", "remove file"],
                _ if border => &["rename", "copy", "remove file"],
                ActionKind::Delete => &["rename", "remove file"],
                _ => &["rename"],
            };
            for &step in steps {
                for (what, swap, foreign_at) in swaps {
                    // What was set aside has a name that nobody else uses; and a file that comes to
                    // the name at this very moment goes into the trash, from which it can be taken.
                    if matches!(step, "remove file" | "trash") && what == "file" {
                        continue;
                    }
                    let scene = Swap::new();
                    let applied = scene.run(kind, border, step, swap);
                    faults += 1;
                    let case = format!("{kind:?}, border {border}, {what} before {step}");
                    scene.check(foreign_at, &format!("{case}: {applied:?}"));
                    assert!(scene.room.at("library/best/a.jpg").exists(), "{case}");
                }
            }
        }
    }
    eprintln!("faults: the source's folder or file swapped before a step, {faults}");
}

#[test]
fn nothing_goes_where_a_swapped_destination_leads() {
    let swaps: [(&str, Meanwhile); 2] = [
        ("link", |root| link_instead(root, "aside/copies")),
        ("folder", |root| exchange(root, "aside/copies")),
    ];
    let mut faults = 0;
    for kind in [ActionKind::Quarantine, ActionKind::Move, ActionKind::Copy] {
        for border in [false, true] {
            let copies = border || kind == ActionKind::Copy;
            // The folder is there once it was opened to be put into.
            let steps: &[&'static str] = if copies { &["copy", "read back"] } else { &["rename"] };
            for &step in steps {
                for (what, swap) in swaps {
                    let scene = Swap::new();
                    fs::create_dir_all(scene.room.at("aside/copies")).unwrap();
                    let applied = scene.run(kind, border, step, swap);
                    faults += 1;
                    let case = format!("{kind:?}, border {border}, {what} before {step}");
                    assert!(
                        refusal(&applied).contains("in a folder that was replaced"),
                        "{case}: {applied:?}"
                    );
                    let foreign_at =
                        if what == "link" { "elsewhere/a.jpg" } else { "aside/copies/a.jpg" };
                    scene.check(foreign_at, &case);
                    // Mine is where it was, and nowhere else.
                    assert!(scene.room.at("library/copies/a.jpg").exists(), "{case}");
                    assert_eq!(texts(&scene.room.root).len(), 3, "{case}");
                }
            }
        }
    }
    eprintln!("faults: the destination's folder swapped before a step, {faults}");
}

/// One round with the natural window: somebody swaps folders as fast as they can while a run goes.
fn swapping_round(kind: ActionKind, swapped: &str, swap: fn(&Path, &str)) -> (u64, usize) {
    let room = Room::new();
    let mut actions = Vec::new();
    for file in 0..16 {
        let at = |folder: &str| room.at(&format!("{folder}/{file}.jpg"));
        write(&at("library/best"), &format!("mine {file:04}"));
        write(&at("library/copies"), &format!("mine {file:04}"));
        write(&at("elsewhere"), &format!("not  {file:04}"));
        let (source, keeper) = (at("library/copies"), at("library/best"));
        actions.push(act(kind, &source, Some(&keeper), &at("aside/copies")));
    }
    fs::create_dir_all(room.at("aside/copies")).unwrap();
    symlink(room.at("elsewhere"), room.at("link")).unwrap();
    let before: BTreeSet<String> = texts(&room.root).into_iter().collect();
    let plan = plan(&room.root, actions);
    let over = AtomicBool::new(false);
    let swaps = AtomicUsize::new(0);
    let applied = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                swap(&room.root, swapped);
                swaps.fetch_add(1, Ordering::SeqCst);
            }
        });
        let applied = run(&room.at("runs"), &plan, &Faulty::sound(&room.at("trash")), 2);
        over.store(true, Ordering::SeqCst);
        applied
    });
    let case = format!("{kind:?}, {swapped}: {applied:?}");
    let after = texts(&room.root);
    assert_eq!(after.iter().cloned().collect::<BTreeSet<String>>(), before, "{case}");
    let foreign = |text: &&String| text.starts_with("not");
    assert_eq!(after.iter().filter(foreign).count(), 16, "{case}");
    // None has files of both.
    for folder in ["elsewhere", "library/copies", "aside/copies"] {
        let Ok(entries) = fs::read_dir(room.at(folder)) else { continue };
        let kinds: BTreeSet<bool> = entries
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap().starts_with("not"))
            .collect();
        assert!(kinds.len() < 2, "{folder} has files of both: {case}");
    }
    (applied.actions(), swaps.into_inner())
}

/// Puts a link to elsewhere in the place of a folder, in one step, and takes it away again.
fn link_and_back(root: &Path, name: &str) {
    let (one, two) = (root.join(name), root.join("link"));
    for _ in 0..2 {
        renameat_with(CWD, &one, CWD, &two, RenameFlags::EXCHANGE).unwrap();
    }
}

fn exchange_and_back(root: &Path, name: &str) {
    exchange(root, name);
    exchange(root, name);
}

#[test]
fn folders_that_are_swapped_all_the_time_lead_nowhere() {
    let mut totals = (0, 0, 0);
    for kind in [ActionKind::Delete, ActionKind::Quarantine, ActionKind::Copy] {
        for swapped in ["library/copies", "aside/copies"] {
            if swapped == "aside/copies" && !kind.has_destination() {
                continue;
            }
            for swap in [link_and_back, exchange_and_back] {
                for _ in 0..40 {
                    let (done, swaps) = swapping_round(kind, swapped, swap);
                    totals = (totals.0 + 1, totals.1 + done, totals.2 + swaps);
                }
            }
        }
    }
    let (rounds, done, swaps) = totals;
    assert!(rounds >= 400 && swaps > rounds, "{rounds} rounds, {swaps} swaps");
    eprintln!(
        "faults: folders swapped all the time, {rounds} rounds, {swaps} swaps, {done} acts done"
    );
}

// Keepers that go.

#[test]
fn a_keeper_that_goes_when_the_source_was_checked_saves_the_source() {
    let losses: [(&str, Meanwhile); 5] = [
        ("removed", |root| fs::remove_file(root.join("library/best/a.jpg")).unwrap()),
        ("moved", |root| {
            fs::rename(root.join("library/best/a.jpg"), root.join("library/best/b.jpg")).unwrap();
        }),
        ("other bytes", |root| write(&root.join("library/best/a.jpg"), "a picture of mind")),
        ("replaced", |root| {
            write(&root.join("new"), "a picture of mine");
            fs::rename(root.join("new"), root.join("library/best/a.jpg")).unwrap();
        }),
        ("behind a link", |root| {
            fs::rename(root.join("library/best"), root.join("library/moved")).unwrap();
            symlink(root.join("library/moved"), root.join("library/best")).unwrap();
        }),
    ];
    let mut faults = 0;
    for kind in REMOVING {
        for (what, lose) in losses {
            // Where nothing is gone for good, or a clone was read, bytes are read before.
            let read_before = !matches!(kind, ActionKind::Delete | ActionKind::Hardlink);
            if what == "other bytes" && read_before {
                continue;
            }
            let scene = Swap::new();
            let step = if kind == ActionKind::Trash { "trash" } else { "rename" };
            let applied = scene.run(kind, false, step, lose);
            faults += 1;
            let case = format!("{kind:?}, keeper {what}: {applied:?}");
            let source = fs::read_to_string(scene.room.at("library/copies/a.jpg"));
            assert_eq!(source.unwrap(), "a picture of mine", "{case}");
            assert!(refusal(&applied).contains("relies on"), "{case}");
            assert_clean(&scene.room.root, &case);
        }
    }
    eprintln!("faults: keepers lost between check and act, {faults}");
}

// Locks.

#[test]
fn what_another_program_has_locked_is_left_alone() {
    for kind in REMOVING {
        let scene = Swap::new();
        let before = tree(&scene.room.root);
        let (source, keeper) =
            (scene.room.at("library/copies/a.jpg"), scene.room.at("library/best/a.jpg"));
        let run = || run(&scene.room.at("runs"), &scene.plan(kind), &Disk::default(), 1);
        {
            let other = File::open(&source).unwrap();
            other.lock_shared().unwrap();
            assert!(
                refusal(&run())
                    .ends_with("copies/a.jpg is locked by another program or another run")
            );
            let other = File::open(&keeper).unwrap();
            other.lock().unwrap();
        }
        {
            let other = File::open(&keeper).unwrap();
            other.lock().unwrap();
            let applied = run();
            assert!(refusal(&applied).contains("relies on"), "{applied:?}");
            assert!(
                refusal(&applied).contains("which is locked by another program"),
                "{applied:?}"
            );
        }
        assert_eq!(tree(&scene.room.root), before, "{kind:?}");
    }
    // Others may rely on the same file; and what has no locks is told once per file system.
    let scene = Swap::new();
    let other = File::open(scene.room.at("library/best/a.jpg")).unwrap();
    other.lock_shared().unwrap();
    let files = Faulty::sound(&scene.room.at("trash"));
    let applied = run(&scene.room.at("runs"), &scene.plan(ActionKind::Delete), &files, 1);
    assert_eq!((applied.actions(), applied.unlocked.len()), (1, 0), "{applied:?}");
    let scene = Swap::new();
    let files = Faulty { lockless: true, ..Faulty::sound(&scene.room.at("trash")) };
    let applied = run(&scene.room.at("runs"), &scene.plan(ActionKind::Delete), &files, 1);
    assert_eq!(applied.actions(), 1, "{applied:?}");
    assert_eq!(applied.unlocked, [scene.room.at("library/copies")]);
}

#[test]
fn names_of_one_file_can_be_moved_by_several_workers() {
    let room = Room::new();
    write(&room.at("in/0.jpg"), "one file");
    let names: Vec<String> = (0..32).map(|name| format!("{name}.jpg")).collect();
    for name in &names[1..] {
        fs::hard_link(room.at("in/0.jpg"), room.at("in").join(name)).unwrap();
    }
    let one = |name: &String| {
        act(ActionKind::Move, &room.at("in").join(name), None, &room.at("out").join(name))
    };
    let plan = plan(&room.root, names.iter().map(one).collect());
    let applied = run(&room.at("runs"), &plan, &Disk::default(), 8);
    assert_eq!((applied.actions(), applied.not_done), (32, vec![]));
}

// Runs that were killed.

/// The state that a run leaves which is killed when it has set the file aside.
fn killed_when_aside(scene: &Swap, kind: ActionKind) -> Plan {
    let plan = scene.plan(kind);
    let mut journal = Journal::begin(&scene.room.at("runs"), &plan, TIME).unwrap();
    let intent = Intent::from_plan(&plan, 0, TIME).unwrap();
    journal.add_lasting(&[Line::Intent(intent)]).unwrap();
    let aside = scene.room.at(&format!("library/copies/.clean-backup-{RUN}-0-0.a.jpg.aside"));
    fs::rename(scene.room.at("library/copies/a.jpg"), aside).unwrap();
    plan
}

fn resume(scene: &Swap, plan: &Plan) -> Applied {
    let runs = scene.room.at("runs");
    let log = RunLog::read(&runs, RUN).unwrap();
    let journal = Journal::resume(&runs, RUN).unwrap();
    let files = Faulty::sound(&scene.room.at("trash"));
    apply(plan, Scope::Rest(&log), journal, world(&files, 1)).unwrap()
}

#[test]
fn resuming_finishes_what_was_set_aside_or_gives_it_its_name_back() {
    for kind in REMOVING {
        let source = "library/copies/a.jpg";
        // The keeper is there.
        let scene = Swap::new();
        let plan = killed_when_aside(&scene, kind);
        let applied = resume(&scene, &plan);
        assert_eq!((applied.actions(), &applied.not_done), (1, &vec![]), "{kind:?}");
        assert_eq!(scene.room.at(source).exists(), !kind.removes_source(), "{kind:?}");
        assert_clean(&scene.room.root, &format!("{kind:?}"));
        // It is gone.
        let scene = Swap::new();
        let plan = killed_when_aside(&scene, kind);
        fs::remove_file(scene.room.at("library/best/a.jpg")).unwrap();
        let applied = resume(&scene, &plan);
        assert!(refusal(&applied).contains("relies on"), "{kind:?}: {applied:?}");
        assert_eq!(fs::read_to_string(scene.room.at(source)).unwrap(), "a picture of mine");
        assert_clean(&scene.room.root, &format!("{kind:?}"));
        // Something else has its name: that stays, and so does what was set aside.
        let scene = Swap::new();
        let plan = killed_when_aside(&scene, kind);
        fs::remove_file(scene.room.at("library/best/a.jpg")).unwrap();
        write(&scene.room.at(source), "a new picture");
        let applied = resume(&scene, &plan);
        assert!(refusal(&applied).contains("0-0.a.jpg.aside"), "{kind:?}: {applied:?}");
        let mut left = texts(&scene.room.root);
        left.sort();
        assert_eq!(left, ["a new picture", "a picture of mine", "the picture of u!"], "{kind:?}");
    }
}

#[test]
fn long_names_are_left_out_of_what_they_are_called_while_aside() {
    for length in [200, 251, 255] {
        let room = Room::new();
        let name = format!("{}.jpg", "x".repeat(length - 4));
        let (source, keeper) = (room.at("copies").join(&name), room.at("best").join(&name));
        write(&source, "twice");
        write(&keeper, "twice");
        let plan = plan(&room.root, vec![act(ActionKind::Delete, &source, Some(&keeper), &source)]);
        let applied = run(&room.at("runs"), &plan, &Disk::default(), 1);
        assert_eq!(applied.actions(), 1, "{applied:?}");
        assert!(!source.exists() && keeper.exists());
    }
}
