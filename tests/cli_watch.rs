//! Watching a folder: what grows waits, what vanishes is forgotten, what was killed is finished.
//! Nothing here is timed: what must come is waited for.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use hermetic::Hermetic;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(120);

/// A picture of its own bytes that was taken in July 2021.
fn picture(number: u32) -> Vec<u8> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library/phone/harbour.jpg");
    let picture = fs::read(fixture).unwrap();
    let mut bytes = vec![0xff, 0xd8];
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0".to_vec();
    exif.extend(b"\0\0\0\0\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0");
    exif.extend(b"2021:07:08 09:10:11\0");
    bytes.extend([0xff, 0xe1]);
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend([0xff, 0xfe, 0, 6]);
    bytes.extend(number.to_be_bytes());
    bytes.extend(&picture[2..]);
    bytes
}

struct Watch {
    child: Child,
}

impl Watch {
    /// Watches `in` and files into `out`, by bytes alone.
    fn start(hermetic: &Hermetic, more: &[&str]) -> Self {
        let mut command = hermetic.command();
        command.args(["watch", "in", "out", "--preflight", "exact", "--settle", "1s"]);
        command.args(more).stdout(Stdio::null()).stderr(Stdio::inherit());
        Self { child: command.spawn().unwrap() }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it as a service manager does; gives the exit code.
    fn end(mut self) -> i32 {
        self.signal(Signal::TERM);
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(what: &str, come: impl Fn() -> bool) {
    let start = Instant::now();
    while !come() {
        assert!(start.elapsed() < PATIENCE, "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn inbox() -> Hermetic {
    let hermetic = Hermetic::new();
    fs::create_dir(hermetic.work().join("in")).unwrap();
    hermetic
}

/// All names below the destination, hidden ones too.
fn filed(hermetic: &Hermetic) -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let out = hermetic.work().join("out");
    let mut found = Vec::new();
    walk(&out, &mut found);
    let name = |path: PathBuf| path.strip_prefix(&out).unwrap().to_string_lossy().into_owned();
    found.into_iter().map(name).filter(|name| !name.starts_with(".clean-backup/lock")).collect()
}

#[test]
fn what_is_there_and_what_arrives_is_filed_once_it_is_at_rest() {
    let hermetic = inbox();
    let work = hermetic.work();
    fs::write(work.join("in/early.jpg"), picture(1)).unwrap();
    let watch = Watch::start(&hermetic, &["--yes"]);
    let out = |name: &str| work.join("out/2021/07").join(name);
    wait("what was there", || out("early.jpg").exists());

    // One that grows is left alone until it is whole; one that vanishes is forgotten.
    let whole = picture(2);
    let mut growing = File::create(work.join("in/growing.jpg")).unwrap();
    fs::write(work.join("in/vanishing.jpg"), picture(3)).unwrap();
    for (step, part) in whole.chunks(whole.len() / 12 + 1).enumerate() {
        growing.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(250));
        if step == 0 {
            fs::remove_file(work.join("in/vanishing.jpg")).unwrap();
        }
    }
    drop(growing);
    wait("what grew", || out("growing.jpg").exists());
    // In a folder of its own that did not exist before, with what belongs to it.
    fs::create_dir_all(work.join("in/deep/er")).unwrap();
    fs::write(work.join("in/deep/er/late.jpg"), picture(4)).unwrap();
    fs::write(work.join("in/deep/er/late.xmp"), "<x/>").unwrap();
    wait("what came late", || out("late.jpg").exists() && out("late.xmp").exists());
    assert_eq!(fs::read(out("growing.jpg")).unwrap(), whole);
    let names = ["early.jpg", "growing.jpg", "late.jpg", "late.xmp"];
    assert_eq!(filed(&hermetic), names.map(|name| format!("2021/07/{name}")).into());
    assert_eq!(hermetic.run(["watch", "--health"]).code, 0);
    assert_eq!(watch.end(), 0);

    // Every batch can be undone.
    let undone = hermetic.run(["undo", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert!(!out("late.jpg").exists() && out("early.jpg").exists());
}

#[test]
fn after_a_kill_everything_is_filed_once() {
    let hermetic = inbox();
    let work = hermetic.work();
    const FILES: u32 = 150;
    for number in 0..FILES {
        fs::write(work.join(format!("in/{number:03}.jpg")), picture(number)).unwrap();
    }
    let mut watch = Watch::start(&hermetic, &["--yes", "--move"]);
    wait("a part", || filed(&hermetic).len() > 5);
    watch.signal(Signal::KILL);
    watch.child.wait().unwrap();
    assert_eq!(hermetic.run(["watch", "in", "out"]).code, 3, "needs confirmation");
    // Were all filed before the kill, this one still shows that the next watch is at work.
    fs::write(work.join(format!("in/{FILES:03}.jpg")), picture(FILES)).unwrap();
    let watch = Watch::start(&hermetic, &["--yes", "--move"]);
    let all: BTreeSet<String> = (0..=FILES).map(|n| format!("2021/07/{n:03}.jpg")).collect();
    wait("the rest", || filed(&hermetic) == all);
    wait("the source", || fs::read_dir(work.join("in")).unwrap().next().is_none());
    assert_eq!(watch.end(), 0);
    for number in 0..=FILES {
        let file = work.join(format!("out/2021/07/{number:03}.jpg"));
        assert_eq!(fs::read(file).unwrap(), picture(number), "{number}");
    }
    let history = hermetic.run(["history"]).stdout;
    assert!(!history.contains("interrupted"), "{history}");
}

#[test]
fn plans_alone_change_nothing_and_are_not_written_twice() {
    let hermetic = inbox();
    let work = hermetic.work();
    fs::create_dir(work.join("plans")).unwrap();
    fs::write(work.join("in/first.jpg"), picture(1)).unwrap();
    let plans = || -> Vec<PathBuf> {
        let mut plans: Vec<PathBuf> =
            fs::read_dir(work.join("plans")).unwrap().map(|entry| entry.unwrap().path()).collect();
        plans.sort();
        plans
    };
    let sources = |plan: &Path| -> Vec<String> {
        let plan: Value = serde_json::from_slice(&fs::read(plan).unwrap()).unwrap();
        let name = |action: &Value| {
            let path = action["files"][0]["source"]["path"].as_str().unwrap();
            Path::new(path).file_name().unwrap().to_string_lossy().into_owned()
        };
        plan["actions"].as_array().unwrap().iter().map(name).collect()
    };
    let watch = Watch::start(&hermetic, &["--plan-only", "plans"]);
    wait("a plan", || plans().len() == 1);
    assert_eq!(watch.end(), 0);
    assert_eq!(filed(&hermetic), BTreeSet::new());
    let first = plans();

    // The next watch knows the plan, and writes one for what is new.
    fs::create_dir(work.join("in/sub")).unwrap();
    let watch = Watch::start(&hermetic, &["--plan-only", "plans"]);
    fs::write(work.join("in/sub/second.jpg"), picture(2)).unwrap();
    wait("another plan", || plans().len() == 2);
    assert_eq!(watch.end(), 0);
    let second = plans().into_iter().find(|plan| !first.contains(plan)).unwrap();
    assert_eq!(sources(&first[0]), ["first.jpg"]);
    assert_eq!(sources(&second), ["second.jpg"]);
    let applied = hermetic.run(["apply", first[0].to_str().unwrap(), "--yes"]);
    assert_eq!(applied.code, 0, "{}", applied.all());
    assert_eq!(filed(&hermetic), ["2021/07/first.jpg".to_owned()].into());
}

#[test]
fn a_unit_starts_the_same_watch() {
    let hermetic = inbox();
    let line = ["watch", "in", "out 100%", "--move", "--settle", "1m", "--print-service"];
    let unit = hermetic.run(line.iter().chain(&["systemd"])).stdout;
    let program = env!("CARGO_BIN_EXE_clean-backup");
    let expected = format!(
        "ExecStart=\"{program}\" \"watch\" \"[ROOT]/work/in\" \"[ROOT]/work/out 100%%\" \"--move\" \
         \"--settle\" \"1m\" \"--yes\"\n"
    );
    assert!(unit.contains(&expected), "{unit}");
    let plist = hermetic.run(line.iter().chain(&["launchd"])).stdout;
    assert!(plist.contains("    <string>[ROOT]/work/out 100%</string>\n"), "{plist}");
    assert!(!plist.contains("print-service"), "{plist}");
    // Nothing was begun, and no watch is at work.
    assert_eq!(filed(&hermetic), BTreeSet::new());
    assert_eq!(hermetic.run(["watch", "--health"]).code, 1);
    for wrong in [&["watch", "in"][..], &["watch", "in", "in", "--yes"], &["watch", "gone", "out"]]
    {
        let ran = hermetic.run(wrong);
        assert!(matches!(ran.code, 1 | 2), "{}", ran.all());
    }
}

#[test]
fn without_an_answer_nothing_begins() {
    let hermetic = inbox();
    let ran = hermetic.run(["watch", "in", "out"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let message = "error: to copy what arrives in in into out (new folder) needs confirmation, but";
    assert!(ran.stderr.starts_with(message), "{}", ran.stderr);
    assert!(!hermetic.work().join("out").exists());
}
