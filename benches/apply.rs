//! Files a second of carrying out a plan, beside `mv` and `cp -a` of the same tree, in one run.
//!
//! `cargo bench --bench apply [-- FILES [BYTES]]`: 10,000 files of 20,000 bytes unless told
//! otherwise, in 100 folders, in the folder for temporary files (`TMPDIR`). Five rounds, medians.
//! Every act reads its file to the byte first, and copies are waited for until they are on the
//! disk and read back; `mv` and `cp` do nothing of the kind. "no journal" writes the journal to
//! nowhere: the difference is its price.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clean_backup::act::apply::{Environment, Scope, apply};
use clean_backup::act::journal::{Journal, Storage};
use clean_backup::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin, Plan};
use clean_backup::files::content::content_hash;
use clean_backup::files::fsops::Disk;
use clean_backup::files::stamp::stamp;

const ROUNDS: usize = 5;

/// Takes lines, and forgets them.
struct Nowhere;

impl Storage for Nowhere {
    fn append(&mut self, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn make_tree(root: &Path, files: usize, bytes: usize) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut text = vec![0_u8; bytes];
    for file in 0..files {
        let folder = root.join(format!("{:02}", file % 100));
        fs::create_dir_all(&folder).unwrap();
        let mut state = file as u64;
        for byte in &mut text {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (state >> 56) as u8;
        }
        let path = folder.join(format!("IMG_{file}.jpg"));
        fs::write(&path, &text).unwrap();
        paths.push(path);
    }
    paths
}

fn plan(root: &Path, files: &[PathBuf], to: &Path, kind: ActionKind) -> Plan {
    let mut plan = Plan::new(Origin::Organize, root);
    plan.roots = vec![ExactPath(root.to_owned())];
    for path in files {
        let below = path.strip_prefix(root.join("tree")).unwrap();
        let source = Expected {
            path: path.clone(),
            stamp: stamp(path).unwrap(),
            content: content_hash(path).ok(),
        };
        let files = vec![Member::alone(source).going_to(to.join(below))];
        plan.actions.push(Action { group: 0, action: kind, files, why: String::new() });
    }
    plan
}

fn ours(root: &Path, plan: &Plan, with_journal: bool) -> Duration {
    let start = Instant::now();
    let mut journal = Journal::begin(&root.join("runs"), plan, "2026-11-24T10:58:38Z").unwrap();
    if !with_journal {
        journal = journal.through(|_| Box::new(Nowhere));
    }
    let world = Environment {
        files: &Disk::default(),
        clock: &|| "2026-11-24T10:58:38Z".into(),
        progress: &(),
        cancel: &AtomicBool::new(false),
        workers: 8,
    };
    let applied = apply(plan, Scope::Fresh, journal, world).unwrap();
    let took = start.elapsed();
    assert_eq!(applied.actions(), plan.actions.len() as u64, "{:?}", applied.not_done.first());
    took
}

fn shell(line: &str, root: &Path) -> Duration {
    let start = Instant::now();
    let status = Command::new("sh").args(["-c", line]).current_dir(root).status().unwrap();
    assert!(status.success(), "{line}");
    start.elapsed()
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let files = numbers.first().copied().unwrap_or(10_000);
    let bytes = numbers.get(1).copied().unwrap_or(20_000);
    let ways: [(&str, ActionKind, Option<bool>, &str); 8] = [
        ("mv, a call per folder", ActionKind::Move, None, MV),
        ("apply: move", ActionKind::Move, Some(true), ""),
        ("apply: move, no journal", ActionKind::Move, Some(false), ""),
        ("cp -a", ActionKind::Copy, None, "cp -a tree to"),
        ("cp -a, then sync -f", ActionKind::Copy, None, "cp -a tree to && sync -f to"),
        ("cp -a, each file synced", ActionKind::Copy, None, CP_SYNC),
        ("apply: copy", ActionKind::Copy, Some(true), ""),
        ("apply: copy, no journal", ActionKind::Copy, Some(false), ""),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (way, times) in ways.iter().zip(&mut times) {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            let paths = make_tree(&root.join("tree"), files, bytes);
            let (_, kind, journal, line) = way;
            let took = match journal {
                Some(journal) => {
                    let plan = plan(&root, &paths, &root.join("to"), *kind);
                    shell("sync -f .", &root);
                    ours(&root, &plan, *journal)
                }
                None => {
                    shell("sync -f .", &root);
                    shell(line, &root)
                }
            };
            times.push(took);
        }
    }
    println!("{files} files of {bytes} bytes, median of {ROUNDS} rounds");
    for ((name, ..), mut times) in ways.into_iter().zip(times) {
        times.sort();
        let median = times[times.len() / 2].as_secs_f64();
        println!("{name:28} {median:8.2} s {:10.0} files/s", files as f64 / median);
    }
}

/// As a script would: folders first, then each file, without replacing.
const MV: &str = "(cd tree && find . -type d) | (mkdir to && cd to && xargs mkdir -p) \
     && for d in tree/*; do mv -n \"$d\"/* \"to/${d#tree/}/\"; done";

const CP_SYNC: &str = "cp -a tree to && find to -type f -print0 | xargs -0 sync";
