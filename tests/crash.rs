//! Nothing is lost, whatever happens at whichever step of whichever action: each step in turn
//! fails, or is where the process is killed, and then the run is gone on with.

#![allow(clippy::unwrap_used, clippy::panic)]

mod faulty;
mod trees;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use clean_backup::act::apply::{Applied, Environment, Scope, apply};
use clean_backup::act::journal::{Journal, RunLog, Verdict, has_ended, runs};
use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::act::undo::undo;
use clean_backup::files::real_paths::real_path;

use faulty::{Fault, Faulty, FaultyStorage, Steps, Tally, killed_at};
use trees::{Scene, contents, hidden, tree};

/// An action, and whether it has to go to another file system.
#[derive(Clone, Copy, Debug)]
struct Case {
    kind: ActionKind,
    border: bool,
}

const CASES: [Case; 11] = [
    Case { kind: ActionKind::Quarantine, border: false },
    Case { kind: ActionKind::Quarantine, border: true },
    Case { kind: ActionKind::Move, border: false },
    Case { kind: ActionKind::Move, border: true },
    Case { kind: ActionKind::Copy, border: false },
    Case { kind: ActionKind::Trash, border: false },
    Case { kind: ActionKind::Hardlink, border: false },
    Case { kind: ActionKind::Reflink, border: false },
    Case { kind: ActionKind::Delete, border: false },
    Case { kind: ActionKind::Detach, border: false },
    Case { kind: ActionKind::WriteSidecar, border: false },
];

fn world<'a>(files: &'a Faulty, cancel: &'a AtomicBool) -> Environment<'a> {
    Environment {
        files,
        clock: &|| "2026-11-24T10:58:38Z".into(),
        progress: &(),
        cancel,
        workers: 1,
    }
}

fn faulty(scene: &Path, case: Case, steps: &Steps) -> Faulty {
    Faulty { steps: steps.clone(), border: case.border, ..Faulty::sound(&scene.join("trash")) }
}

/// Begins the run of a case, with a fault.
fn begin(scene: &Path, case: Case, plan: &Plan, steps: &Steps) -> Applied {
    let journal = Journal::begin(&scene.join("runs"), plan, "2026-11-24T10:58:38Z").unwrap();
    let journal = journal.through(|inner| Box::new(FaultyStorage { inner, steps: steps.clone() }));
    let files = faulty(scene, case, steps);
    apply(plan, Scope::Fresh, journal, world(&files, &AtomicBool::new(false))).unwrap()
}

/// Goes on with the only run.
fn resume(scene: &Path, case: Case) -> Option<Applied> {
    let folder = scene.join("runs");
    let name = runs(&folder).unwrap().pop()?;
    let log = RunLog::read(&folder, &name).unwrap();
    if log.ended {
        return None;
    }
    let plan = log.plan(&folder).unwrap();
    let journal = Journal::resume(&folder, &name).unwrap();
    let files = faulty(scene, case, &Steps::new(Fault::Never, 0));
    Some(apply(&plan, Scope::Rest(&log), journal, world(&files, &AtomicBool::new(false))).unwrap())
}

/// Every content of before is still somewhere, except what a verified keeper stood for; and no file
/// under a final name has any other content.
fn check_invariant(scene: &Scene, case: Case, at: &str) {
    let now = contents(scene.root());
    for (name, content) in &scene.before {
        let lost = !now.contains(content);
        assert!(
            !lost
                || case.kind == ActionKind::Delete && scene.deletable(name)
                || scene.in_sidecars(case.kind, *content),
            "{case:?} at {at}: the content of {name:?} is lost"
        );
    }
    for (name, content) in tree(scene.root()) {
        assert!(
            scene.before.values().any(|known| *known == content)
                || scene.in_sidecars(case.kind, content),
            "{case:?} at {at}: {name:?} holds what was never there"
        );
    }
}

#[test]
fn a_failure_at_every_step_loses_nothing() {
    let mut faults = Tally::default();
    for case in CASES {
        let mut at = 1;
        loop {
            let scene = Scene::new();
            let plan = scene.plan(case.kind);
            let steps = Steps::new(Fault::Error, at);
            let applied = begin(scene.root(), case, &plan, &steps);
            let place = format!("step {at}");
            check_invariant(&scene, case, &place);
            // Each unit wholly or not at all.
            let after = tree(scene.root());
            let untouched = scene.trees_without_acts(&plan, &applied);
            assert_eq!(after, untouched, "{case:?} at {place}: {applied:?}");
            assert_eq!(hidden(scene.root()), Vec::<PathBuf>::new(), "{case:?} at {place}");
            if steps.taken() < at {
                assert!(applied.not_done.is_empty(), "{case:?}: {applied:?}");
                break;
            }
            faults.add(steps.struck().unwrap());
            at += 1;
        }
        assert!(at > 15, "{case:?}: only {at} steps");
        eprintln!("steps: {case:?} {}", at - 1);
    }
    assert!(faults.kinds() > 15, "{faults}");
    eprintln!("faults: errors at {faults}");
}

/// Not a test: what a killed process was doing.
#[test]
#[ignore = "run by another test, to be killed"]
fn to_be_killed() {
    let Ok(scene) = env::var("CRASH_SCENE") else { return };
    let case = CASES[env::var("CRASH_CASE").unwrap().parse::<usize>().unwrap()];
    let at = env::var("CRASH_STEP").unwrap().parse().unwrap();
    let scene = PathBuf::from(scene);
    let plan = Plan::from_json(&std::fs::read_to_string(scene.join("plan.json")).unwrap()).unwrap();
    let steps = Steps::new(Fault::Kill, at);
    begin(&scene, case, &plan, &steps);
}

#[cfg(unix)]
#[test]
fn a_kill_at_every_step_loses_nothing_and_can_be_resumed() {
    let mut kills = Tally::default();
    for (number, case) in CASES.iter().copied().enumerate() {
        let mut at = 1;
        loop {
            let scene = Scene::new();
            let plan = scene.plan(case.kind);
            let (killed, stderr) = kill_at(&scene, &plan, number, at);
            let place = format!("step {at}");
            check_invariant(&scene, case, &place);

            let resumed = resume(scene.root(), case);
            check_invariant(&scene, case, &format!("{place}, resumed"));
            if let Some(resumed) = &resumed {
                assert!(resumed.not_done.is_empty(), "{case:?} at {place}: {resumed:?}");
            }
            assert_eq!(tree(scene.root()), scene.tree_after(&plan), "{case:?} at {place}");
            assert_eq!(hidden(scene.root()), Vec::<PathBuf>::new(), "{case:?} at {place}");
            let again = resume(scene.root(), case);
            assert!(again.is_none(), "{case:?} at {place}: {again:?}");
            if !killed {
                break;
            }
            kills.add(&killed_at(&stderr).unwrap());
            at += 1;
        }
        assert!(at > 15, "{case:?}: only {at} steps");
    }
    assert!(kills.kinds() > 15, "{kills}");
    eprintln!("faults: kills at {kills}");
}

#[test]
fn undoing_restores_every_file() {
    for case in CASES {
        let scene = Scene::new();
        let plan = scene.plan(case.kind);
        let before = scene.stamps();
        let never = Steps::new(Fault::Never, 0);
        begin(scene.root(), case, &plan, &never);
        assert_eq!(tree(scene.root()), scene.tree_after(&plan), "{case:?}");
        let folder = scene.root().join("runs");
        let log = RunLog::read(&folder, "20261124-105838").unwrap();
        let files = faulty(scene.root(), case, &never);
        let back = undo(&log, &log.plan(&folder).unwrap(), &files, scene.root());
        if case.kind == ActionKind::Delete {
            assert!(back.left.iter().any(|left| left.why.contains("deleted for good")), "{back:?}");
        } else {
            assert_eq!(back.left, [], "{case:?}");
        }
        let journal = Journal::begin(&folder, &back.plan, "2026-11-24T10:58:38Z").unwrap();
        let applied =
            apply(&back.plan, Scope::Fresh, journal, world(&files, &AtomicBool::new(false)));
        assert_eq!(applied.unwrap().not_done, [], "{case:?}");
        let mut expected: BTreeMap<_, _> = scene.before.clone();
        expected.retain(|name, _| case.kind != ActionKind::Delete || !scene.deletable(name));
        assert_eq!(tree(scene.root()), expected, "{case:?}");
        // Times too; and no folder is left that was not there.
        let after = scene.stamps();
        let changed: Vec<_> = before
            .iter()
            .filter(|(name, stamp)| after.get(*name).is_some_and(|now| now != *stamp))
            .collect();
        assert!(changed.is_empty(), "{case:?}: {changed:?}");
        assert!(!scene.root().join("aside").exists(), "{case:?}");
    }
}

/// Carries out a plan in a process of its own, which is killed at a step. Whether it was.
#[cfg(unix)]
fn kill_at(scene: &Scene, plan: &Plan, number: usize, at: usize) -> (bool, Vec<u8>) {
    use std::os::unix::process::ExitStatusExt as _;
    std::fs::write(scene.root().join("plan.json"), plan.to_json().unwrap()).unwrap();
    let ran = Command::new(env::current_exe().unwrap())
        .args(["--exact", "to_be_killed", "--ignored"])
        .env("CRASH_SCENE", scene.root())
        .env("CRASH_CASE", number.to_string())
        .env("CRASH_STEP", at.to_string())
        .output()
        .unwrap();
    let killed = ran.status.signal() == Some(9);
    assert!(killed || ran.status.success(), "{:?} at {at}: {ran:?}", CASES[number]);
    (killed, ran.stderr)
}

/// The plan that takes back the first run of a scene.
fn undone(scene: &Scene, case: Case) -> Plan {
    let folder = scene.root().join("runs");
    let log = RunLog::read(&folder, "20261124-105838").unwrap();
    let files = faulty(scene.root(), case, &Steps::new(Fault::Never, 0));
    undo(&log, &log.plan(&folder).unwrap(), &files, scene.root()).plan
}

#[cfg(unix)]
#[test]
fn sidecars_are_taken_back_whatever_happens_on_the_way() {
    let number = CASES.iter().position(|case| case.kind == ActionKind::WriteSidecar).unwrap();
    let case = CASES[number];
    let never = || Steps::new(Fault::Never, 0);
    for fault in [Fault::Error, Fault::Kill] {
        let mut at = 1;
        loop {
            let scene = Scene::new();
            begin(scene.root(), case, &scene.plan(case.kind), &never());
            let plan = undone(&scene, case);
            let struck = match fault {
                Fault::Kill => kill_at(&scene, &plan, number, at).0,
                _ => {
                    let steps = Steps::new(fault, at);
                    begin(scene.root(), case, &plan, &steps);
                    steps.taken() >= at
                }
            };
            check_invariant(&scene, case, &format!("{fault:?} {at}"));
            match fault {
                Fault::Kill => drop(resume(scene.root(), case)),
                _ => drop(begin(scene.root(), case, &undone(&scene, case), &never())),
            }
            assert_eq!(tree(scene.root()), scene.before, "{fault:?} at {at}");
            assert_eq!(hidden(scene.root()), Vec::<PathBuf>::new(), "{fault:?} at {at}");
            if !struck {
                break;
            }
            at += 1;
        }
        assert!(at > 15, "{fault:?}: only {at} steps");
    }
}

#[test]
fn of_several_in_the_trash_the_right_one_comes_back() {
    let case = Case { kind: ActionKind::Trash, border: false };
    let scene = Scene::new();
    let never = Steps::new(Fault::Never, 0);
    begin(scene.root(), case, &scene.plan(case.kind), &never);
    let files = faulty(scene.root(), case, &never);
    let path = real_path(scene.root()).unwrap().join("library/copies/a.jpg");
    std::fs::write(&path, "another one").unwrap();
    clean_backup::files::fsops::FileSystem::trash(&files, &path).unwrap();
    let folder = scene.root().join("runs");
    let log = RunLog::read(&folder, "20261124-105838").unwrap();
    let back = undo(&log, &log.plan(&folder).unwrap(), &files, scene.root());
    let journal = Journal::begin(&folder, &back.plan, "2026-11-24T10:58:38Z").unwrap();
    apply(&back.plan, Scope::Fresh, journal, world(&files, &AtomicBool::new(false))).unwrap();
    assert_eq!(tree(scene.root()), scene.before);
}

#[test]
fn a_torn_last_line_is_no_line() {
    let case = CASES[0];
    let scene = Scene::new();
    let plan = scene.plan(case.kind);
    begin(scene.root(), case, &plan, &Steps::new(Fault::Never, 0));
    let folder = scene.root().join("runs");
    let file = folder.join("20261124-105838/journal.jsonl");
    let whole = std::fs::read(&file).unwrap();
    let lines = whole.iter().filter(|&&byte| byte == b'\n').count();
    let first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    // However much of the last lines is there, everything was done: going on finds that out.
    for end in (first..=whole.len()).rev() {
        std::fs::write(&file, &whole[..end]).unwrap();
        let log = RunLog::read(&folder, "20261124-105838").unwrap();
        // A line that lacks only its line break is whole.
        let torn = whole[end - 1] != b'\n' && whole.get(end) != Some(&b'\n');
        assert_eq!(log.unreadable, u64::from(torn), "{end}");
        assert_eq!(log.ended, end + 1 >= whole.len(), "{end}");
        assert_eq!(has_ended(&folder, "20261124-105838").unwrap(), log.ended, "{end}");
        let announced = log.intents.len() == plan.actions.len();
        if announced && !log.ended {
            let resumed = resume(scene.root(), case).unwrap();
            assert_eq!(resumed.not_done, [], "{end}");
            let log = RunLog::read(&folder, "20261124-105838").unwrap();
            assert!(log.ended && log.count(Verdict::Done) == plan.actions.len() as u64, "{end}");
        }
    }
    assert!(lines > plan.actions.len() * 2);
    assert_eq!(tree(scene.root()), scene.tree_after(&plan));
}
