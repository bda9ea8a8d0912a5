//! What changed since a plan was made is left alone, and random plans do what a model says.

#![allow(clippy::unwrap_used, clippy::panic)]

mod trees;

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clean_backup::act::apply::{Applied, Environment, Scope, apply};
use clean_backup::act::journal::{Journal, Lock, LockError, RunLog, Verdict};
use clean_backup::act::plan::{
    Action, ActionKind, ExactPath, Member, Origin, Plan, PlanError, Proof,
};
use clean_backup::act::undo::{Undo, undo};
use clean_backup::files::fsops::Disk;
use clean_backup::files::real_paths::real_path;
use clean_backup::library::acted_on;
use clean_backup::model::event::{Event, Progress};
use proptest::prelude::*;
use trees::{Scene, hidden, tree};

const TIME: &str = "2026-11-24T10:58:38Z";

/// Carries out a plan with the files of this machine; the run's name is told with what became of
/// it.
fn run(root: &Path, plan: &Plan, workers: usize) -> Applied {
    let journal = Journal::begin(&root.join("runs"), plan, TIME).unwrap();
    let world = Environment {
        files: &Disk::default(),
        clock: &|| TIME.into(),
        progress: &(),
        cancel: &AtomicBool::new(false),
        workers,
    };
    apply(plan, Scope::Fresh, journal, world).unwrap()
}

fn undo_of(root: &Path, run: &str) -> Undo {
    let runs = root.join("runs");
    let log = RunLog::read(&runs, run).unwrap();
    undo(&log, &log.plan(&runs).unwrap(), &Disk::default(), root)
}

/// The reasons of all acts that were not done, which must have been refused.
fn refusals(applied: &Applied) -> Vec<&str> {
    let refused = |n: &&clean_backup::act::apply::NotDone| n.verdict == Verdict::Refused;
    assert!(applied.not_done.iter().all(|n| refused(&n)), "{applied:?}");
    applied.not_done.iter().map(|n| n.reason.as_str()).collect()
}

/// Changes something after a plan was made, and carries the plan out. The first pair must be left
/// alone, for the reason given, and the others must be done.
fn changed(kind: ActionKind, change: impl Fn(&Path), reason: &str) {
    let scene = Scene::new();
    let plan = scene.plan(kind);
    let library = real_path(scene.root()).unwrap().join("library");
    change(&library);
    let looks = |path: &str| fs::symlink_metadata(library.join(path)).ok().map(|m| m.len());
    let before = (looks("copies/a.jpg"), looks("best/a.jpg"));
    let applied = run(scene.root(), &plan, 1);
    let refused = refusals(&applied);
    assert_eq!(refused.len(), 1, "{kind:?}, {reason}: {applied:?}");
    assert!(refused[0].contains(reason), "{kind:?}: {:?} instead of {reason:?}", refused[0]);
    assert_eq!((looks("copies/a.jpg"), looks("best/a.jpg")), before, "{kind:?}, {reason}");
    assert_eq!(applied.actions(), plan.actions.len() as u64 - 1, "{kind:?}, {reason}");
}

fn keep_time(path: &Path, write: impl Fn(&Path)) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    write(path);
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

#[test]
fn what_changed_since_is_left_alone() {
    for kind in [ActionKind::Quarantine, ActionKind::Delete, ActionKind::Hardlink] {
        let in_place = |name: &'static str, text: &'static str| {
            move |library: &Path| {
                keep_time(&library.join(name), |path| {
                    // The same file, with other bytes.
                    let mut file = File::options().write(true).truncate(true).open(path).unwrap();
                    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
                });
            }
        };
        changed(
            kind,
            in_place("copies/a.jpg", "the same pictuRe"),
            "has different content than planned",
        );
        changed(kind, in_place("copies/a.jpg", "longer than it was"), "18 bytes now, not 16");
        let keeper = "copies/a.jpg relies on ";
        changed(kind, in_place("best/a.jpg", "the same pictuRe"), "which has different content");
        changed(kind, in_place("best/a.jpg", "short"), keeper);
        let touch = |library: &Path| {
            let file = File::options().write(true).open(library.join("copies/a.jpg")).unwrap();
            file.set_times(FileTimes::new().set_modified(std::time::SystemTime::now())).unwrap();
        };
        changed(kind, touch, "its modification time differs");
        for name in ["copies/a.jpg", "best/a.jpg"] {
            changed(
                kind,
                |library| fs::remove_file(library.join(name)).unwrap(),
                "no longer exists",
            );
            let replaced = |library: &Path| {
                let (path, new) = (library.join(name), library.join("new"));
                fs::copy(&path, &new).unwrap();
                let time = fs::metadata(&path).unwrap().modified().unwrap();
                let file = File::options().write(true).open(&new).unwrap();
                file.set_times(FileTimes::new().set_modified(time)).unwrap();
                fs::rename(&new, &path).unwrap();
            };
            changed(kind, replaced, "was replaced by another file of the same size and time");
            #[cfg(unix)]
            let linked = |library: &Path| {
                let path = library.join(name);
                let away = library.join("away.jpg");
                fs::rename(&path, &away).unwrap();
                std::os::unix::fs::symlink(&away, &path).unwrap();
            };
            #[cfg(unix)]
            changed(kind, linked, "has become a symbolic link");
            let folder = |library: &Path| {
                fs::remove_file(library.join(name)).unwrap();
                fs::create_dir(library.join(name)).unwrap();
            };
            changed(kind, folder, "is no longer a regular file");
        }
        let second_name = |library: &Path| {
            fs::hard_link(library.join("copies/a.jpg"), library.join("second.jpg")).unwrap();
        };
        changed(kind, second_name, "has other names (hard links)");
    }
}

#[test]
fn what_comes_to_the_destination_stays() {
    for kind in [ActionKind::Quarantine, ActionKind::Move, ActionKind::Copy] {
        let taken = |library: &Path| {
            let aside = library.parent().unwrap().join("aside/deep/copies");
            fs::create_dir_all(&aside).unwrap();
            fs::write(aside.join("a.jpg"), "somebody else's").unwrap();
        };
        changed(kind, taken, "something else is there");
        // Also when it is the very same: it is not this run that put it there.
        let twin = |library: &Path| {
            let aside = library.parent().unwrap().join("aside/deep/copies");
            fs::create_dir_all(&aside).unwrap();
            fs::copy(library.join("copies/a.jpg"), aside.join("a.jpg")).unwrap();
        };
        changed(kind, twin, "something else is there");
    }
    // A unit of which one file has no place stays whole.
    let scene = Scene::new();
    let plan = scene.plan(ActionKind::Move);
    let aside = scene.root().join("aside/deep/copies");
    fs::create_dir_all(&aside).unwrap();
    fs::write(aside.join("c.xmp"), "somebody else's").unwrap();
    let applied = run(scene.root(), &plan, 8);
    assert_eq!(refusals(&applied).len(), 1);
    assert!(scene.root().join("library/copies/c.jpg").exists());
    assert_eq!(fs::read_to_string(aside.join("c.xmp")).unwrap(), "somebody else's");
}

#[test]
fn a_file_that_is_where_it_goes_stays() {
    let scene = Scene::new();
    let mut plan = scene.plan(ActionKind::Move);
    plan.actions.truncate(1);
    let place = plan.resolve(Path::new("library/copies/a.jpg"));
    plan.actions[0].files[0].destination = Some(ExactPath(place));
    let before = tree(scene.root());
    assert_eq!(refusals(&run(scene.root(), &plan, 1)).len(), 1);
    // Nor is it lost by going on with a run that was killed right before that act.
    let runs = scene.root().join("runs");
    let file = runs.join("20261124-105838/journal.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let announced: Vec<&str> = text.lines().take(2).collect();
    assert!(announced[1].contains("\"event\":\"intent\""), "{text}");
    fs::write(&file, announced.join("\n") + "\n").unwrap();
    let log = RunLog::read(&runs, "20261124-105838").unwrap();
    let world = Environment {
        files: &Disk::default(),
        clock: &|| TIME.into(),
        progress: &(),
        cancel: &AtomicBool::new(false),
        workers: 1,
    };
    let journal = Journal::resume(&runs, "20261124-105838").unwrap();
    let applied = apply(&plan, Scope::Rest(&log), journal, world).unwrap();
    assert_eq!(tree(scene.root()), before, "{applied:?}");
    assert_eq!(refusals(&applied).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_way_to_the_destination_is_not_followed() {
    for (link, target) in [("aside/deep", "elsewhere"), ("aside", "elsewhere")] {
        let scene = Scene::new();
        let plan = scene.plan(ActionKind::Quarantine);
        let elsewhere = scene.root().join(target);
        // Everything that the plan needs is there, behind the link.
        fs::create_dir_all(elsewhere.join("deep/copies")).unwrap();
        fs::create_dir(elsewhere.join("copies")).unwrap();
        let link = scene.root().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        let applied = run(scene.root(), &plan, 1);
        assert_eq!(applied.actions(), 0, "{applied:?}");
        assert!(applied.not_done[0].reason.contains("symbolic link"), "{applied:?}");
        assert!(tree(&elsewhere).is_empty());
    }
}

#[test]
fn reference_folders_are_never_touched() {
    for kind in
        [ActionKind::Quarantine, ActionKind::Trash, ActionKind::Delete, ActionKind::Hardlink]
    {
        let scene = Scene::new();
        let mut plan = scene.plan(kind);
        plan.references = vec![ExactPath("library/copies".into())];
        let before = tree(scene.root());
        let applied = run(scene.root(), &plan, 1);
        assert!(
            refusals(&applied).iter().all(|r| r.contains("in the reference folder")),
            "{kind:?}"
        );
        assert_eq!((applied.actions(), tree(scene.root())), (0, before), "{kind:?}");
    }
    // Nor is anything put there.
    let scene = Scene::new();
    let mut plan = scene.plan(ActionKind::Copy);
    plan.references = vec![ExactPath("aside".into())];
    fs::create_dir(scene.root().join("aside")).unwrap();
    let applied = run(scene.root(), &plan, 1);
    assert_eq!(applied.actions(), 0, "{applied:?}");
    assert!(refusals(&applied)[0].contains("reference folder"));
}

#[test]
fn a_keeper_under_another_path_is_known() {
    let scene = Scene::new();
    let mut plan = scene.plan(ActionKind::Trash);
    // The second act would take the first one's keeper, by a detour.
    let root = plan.base.0.clone();
    for (path, reason) in [
        (PathBuf::from("library/copies/../best/a.jpg"), "lies outside the plan's folders"),
        (root.join("library/best/a.jpg"), "takes away a file that is relied on as a keeper"),
    ] {
        plan.actions[1].files[0].source = scene.expected("best/a.jpg");
        plan.actions[1].files[0].source.path = path;
        let error: PlanError = plan.check().unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        let journal = Journal::begin(&scene.root().join("runs"), &plan, TIME).unwrap();
        let world = Environment {
            files: &Disk::default(),
            clock: &|| TIME.into(),
            progress: &(),
            cancel: &AtomicBool::new(false),
            workers: 1,
        };
        assert_eq!(apply(&plan, Scope::Fresh, journal, world).unwrap_err(), error);
        assert_eq!(tree(scene.root()), scene.before);
    }
}

#[test]
fn eight_folders_with_the_same_names_at_the_same_time() {
    let scene = Scene::new();
    let root = real_path(scene.root()).unwrap();
    let plan_of = |folder: usize| {
        let mut plan = Plan::new(Origin::Organize, &root);
        plan.roots = vec![ExactPath(root.clone())];
        fs::create_dir_all(root.join(format!("library/{folder}"))).unwrap();
        for file in 0..50 {
            let name = format!("{folder}/IMG_{file}.jpg");
            fs::write(root.join("library").join(&name), format!("{folder} {file}")).unwrap();
            let place = root.join(format!("flat/IMG_{file}.jpg"));
            let member = Member::alone(scene.expected(&name)).going_to(place);
            let (action, files, why) = (ActionKind::Move, vec![member], String::new());
            plan.actions.push(Action { group: 0, action, files, why });
        }
        plan
    };
    let plans: Vec<Plan> = (0..8).map(plan_of).collect();
    let before = tree(&root);
    // Eight runs that know nothing of each other, of which each name may go to one.
    let applied: Vec<Applied> = std::thread::scope(|scope| {
        let runs: Vec<_> = plans.iter().map(|plan| scope.spawn(|| run(&root, plan, 8))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(applied.iter().map(|applied| applied.actions()).sum::<u64>(), 50);
    assert_eq!(applied.iter().map(|applied| applied.not_done.len()).sum::<usize>(), 350);
    let after = tree(&root);
    let sorted = |tree: &trees::Tree| {
        let mut contents: Vec<_> = tree.values().copied().collect();
        contents.sort();
        contents
    };
    assert_eq!(sorted(&after), sorted(&before), "each content is there exactly once");
    assert_eq!(after.keys().filter(|name| name.starts_with("flat")).count(), 50);
    assert_eq!(hidden(&root), Vec::<PathBuf>::new());
}

#[test]
fn undoing_leaves_what_changed_since() {
    let scene = Scene::new();
    let plan = scene.plan(ActionKind::Quarantine);
    run(scene.root(), &plan, 1);
    let aside = scene.root().join("aside/deep/copies");
    // One was edited where it is, one place is taken.
    fs::write(aside.join("a.jpg"), "edited in quarantine").unwrap();
    fs::write(scene.root().join("library/copies/b.jpg"), "new in its place").unwrap();
    let back = undo_of(scene.root(), "20261124-105838");
    let left: Vec<_> = back
        .left
        .iter()
        .map(|left| (left.path.file_name().unwrap().to_str().unwrap(), left.why.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            ("b.jpg", "something else is in its place"),
            ("a.jpg", "it is not where it was put any more, or was changed"),
        ]
    );
    let applied = run(scene.root(), &back.plan, 1);
    assert_eq!((applied.files, applied.not_done), (2, vec![]));
    let text = |path: &str| fs::read_to_string(scene.root().join(path)).unwrap();
    assert_eq!(text("aside/deep/copies/a.jpg"), "edited in quarantine");
    assert_eq!(text("aside/deep/copies/b.jpg"), "a small one");
    assert_eq!(text("library/copies/b.jpg"), "new in its place");
    assert_eq!(text("library/copies/c.jpg"), "another small one");
    // Edited without a trace: the bytes are looked at when acting.
    let scene = Scene::new();
    run(scene.root(), &scene.plan(ActionKind::Quarantine), 1);
    let aside = scene.root().join("aside/deep/copies/a.jpg");
    keep_time(&aside, |path| fs::write(path, "the same pictuRe").unwrap());
    let back = undo_of(scene.root(), "20261124-105838");
    let applied = run(scene.root(), &back.plan, 1);
    assert!(refusals(&applied)[0].contains("different content"), "{applied:?}");
    assert_eq!(fs::read_to_string(aside).unwrap(), "the same pictuRe");
}

#[test]
fn undoing_copies_spares_the_only_one() {
    let scene = Scene::new();
    run(scene.root(), &scene.plan(ActionKind::Copy), 1);
    fs::remove_file(scene.root().join("library/copies/a.jpg")).unwrap();
    let back = undo_of(scene.root(), "20261124-105838");
    assert!(back.left[0].why.contains("its original is gone"), "{back:?}");
    run(scene.root(), &back.plan, 1);
    let left: Vec<_> = tree(scene.root()).into_keys().filter(|n| n.starts_with("aside")).collect();
    assert_eq!(left, [Path::new("aside/deep/copies/a.jpg")]);
}

#[test]
fn one_lock_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Lock::take(folder.path(), "the first").unwrap();
    match Lock::take(folder.path(), "the second") {
        Err(LockError::Held { by }) => assert_eq!(by, "the first"),
        other => panic!("{other:?}"),
    }
    drop(first);
    drop(Lock::take(folder.path(), "the third").unwrap());
}

#[test]
fn what_is_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "..", "../x", "a/b", "20261124-105838"] {
        assert!(RunLog::read(folder.path(), name).is_err(), "{name}");
    }
    fs::create_dir(folder.path().join("x")).unwrap();
    for text in ["", "{}\n", "no journal", "{\"event\":\"end\",\"time\":\"\"}\n"] {
        fs::write(folder.path().join("x/journal.jsonl"), text).unwrap();
        let error = RunLog::read(folder.path(), "x").unwrap_err().to_string();
        assert!(error.ends_with("is not a journal"), "{error}");
    }
}

const KINDS: [ActionKind; 6] = [
    ActionKind::Quarantine,
    ActionKind::Move,
    ActionKind::Copy,
    ActionKind::Hardlink,
    ActionKind::Delete,
    ActionKind::Report,
];

/// Folders and names of a random library: few, so that they meet.
fn names() -> impl Strategy<Value = Vec<(String, u8)>> {
    let name =
        ("[ab]{1,2}", "[xyZé]{1,2}").prop_map(|(folder, name)| format!("{folder}/{name}.jpg"));
    proptest::collection::btree_map(name, 0..4_u8, 2..12).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Random libraries, acts and destinations, some of which meet: what was done is just what the
    /// model does, and taking it back is the identity.
    #[test]
    fn plans_do_what_the_model_says(
        files in names(),
        acts in proptest::collection::vec((any::<proptest::sample::Index>(), 0..6_usize, "[pq]/[st]"), 0..10),
        workers in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = real_path(folder.path()).unwrap();
        for (name, content) in &files {
            let path = root.join("library").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, [b'a' + content]).unwrap();
        }
        let before = tree(&root);
        let expected = |name: &str| {
            let path = root.join("library").join(name);
            clean_backup::act::plan::Expected {
                stamp: clean_backup::files::stamp::stamp(&path).unwrap(),
                content: clean_backup::files::content::content_hash(&path).ok(),
                path,
            }
        };
        let mut plan = Plan::new(Origin::Organize, &root);
        plan.roots = vec![ExactPath(root.clone())];
        let mut model = before.clone();
        let mut used = std::collections::BTreeSet::new();
        for (index, kind, place) in acts {
            let (name, content) = &files[index.index(files.len())];
            let kind = KINDS[kind];
            let twin = files.iter().find(|(other, same)| same == content && other != name);
            let keeper = twin.filter(|(twin, _)| !used.contains(twin));
            if used.contains(name) || kind.relies_on_keeper() && keeper.is_none() {
                continue;
            }
            used.insert(name.clone());
            let keeper = keeper.filter(|_| kind.relies_on_keeper());
            used.extend(keeper.map(|(twin, _)| twin.clone()));
            let to = root.join("to").join(&place);
            let destination = kind.has_destination().then(|| ExactPath(to.clone()));
            let source = expected(name);
            let keeper = keeper.map(|(twin, _)| expected(twin));
            let proof = keeper.as_ref().map(|_| Proof::SAME_BYTES);
            let files = vec![Member { source, destination, keeper, proof, modified_ns: None, sidecar: None, attested: None }];
            plan.actions.push(Action { group: 0, action: kind, files, why: String::new() });
            let (from, below) = (Path::new("library").join(name), Path::new("to").join(&place));
            if kind.has_destination() && model.contains_key(&below) {
                // Two to one place are no plan.
                plan.actions.pop();
                continue;
            }
            let content = model[&from];
            if kind.removes_source() {
                model.remove(&from);
            }
            if kind.has_destination() {
                model.insert(below, content);
            }
        }
        plan.check().unwrap();
        let applied = run(&root, &plan, workers);
        prop_assert_eq!(&applied.not_done, &vec![]);
        prop_assert_eq!(&tree(&root), &model);
        let read = Plan::from_json(&plan.to_json().unwrap());
        prop_assert_eq!(read.as_ref(), Ok(&plan));

        let back = undo_of(&root, &applied.run);
        prop_assert_eq!(&back.left, &vec![]);
        let applied = run(&root, &back.plan, workers);
        prop_assert_eq!(&applied.not_done, &vec![]);
        prop_assert_eq!(&tree(&root), &before);
        prop_assert!(!root.join("to").exists());
        prop_assert_eq!(hidden(&root), Vec::<PathBuf>::new());
    }
}

/// Sets a flag once something was acted on.
struct StopAfterOne<'a>(&'a AtomicBool);

impl Progress for StopAfterOne<'_> {
    fn on(&self, event: Event<'_>) {
        if matches!(event, Event::Acted(_)) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn what_was_not_begun_does_not_count_as_done() {
    let scene = Scene::new();
    let plan = scene.plan(ActionKind::Quarantine);
    assert!(plan.actions.len() > 1);
    let journal = Journal::begin(&scene.root().join("runs"), &plan, TIME).unwrap();
    let cancel = AtomicBool::new(false);
    let environment = Environment {
        files: &Disk::default(),
        clock: &|| TIME.into(),
        progress: &StopAfterOne(&cancel),
        cancel: &cancel,
        workers: 1,
    };
    let applied = apply(&plan, Scope::Fresh, journal, environment).unwrap();
    assert_eq!((applied.actions(), applied.left), (1, plan.actions.len() as u64 - 1));
    let done: Vec<_> = acted_on(&plan, &applied).collect();
    assert_eq!(done, [&plan.actions[0]]);
    assert!(!plan.resolve(&plan.actions[0].files[0].source.path).exists());
    assert!(plan.resolve(&plan.actions[1].files[0].source.path).exists());
}
