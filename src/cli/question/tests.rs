#![allow(clippy::unwrap_used)]

use clean_backup::act::plan::{ExactPath, Expected, Member};
use clean_backup::model::media::{Bytes, FileKey, FileStamp, ModifiedNs};

use super::*;

fn member(source: &str, destination: Option<&str>) -> Member {
    let stamp = FileStamp {
        key: FileKey { device: 1, inode: 1 },
        size: Bytes(1500),
        modified: ModifiedNs(0),
    };
    let alone = Member::alone(Expected { path: source.into(), stamp, content: None });
    match destination {
        Some(place) => alone.going_to(place.into()),
        None => alone,
    }
}

fn plan(origin: Origin, actions: &[(ActionKind, &str, Option<&str>)]) -> Plan {
    let mut plan = Plan::new(origin, Path::new("/home/me"));
    plan.roots =
        vec![ExactPath("/home/me/no such/a".into()), ExactPath("/home/me/no such/b".into())];
    let actions = actions.iter().map(|&(action, source, destination)| Action {
        group: 1,
        action,
        files: vec![member(source, destination)],
        why: String::new(),
    });
    plan.actions = actions.collect();
    plan
}

fn said(plan: &Plan) -> String {
    sentence(plan, &Places { folder: "/home/me/work".into(), home: Some("/home/me".into()) })
}

#[test]
fn each_question_names_the_place() {
    use ActionKind as K;
    let one = |kind, destination| plan(Origin::Dedupe, &[(kind, "no such/a/x.jpg", destination)]);
    for (kind, destination, expected) in [
        (
            K::Quarantine,
            Some("/home/me/no such/a/.clean-backup/quarantine/7/x.jpg"),
            "Move 1 file (1.5 kB) aside into ~/no such/a/.clean-backup/quarantine (new folder)",
        ),
        (K::Trash, None, "Put 1 file (1.5 kB) of ~/no such/a into the trash"),
        (K::Hardlink, None, "Replace 1 file (1.5 kB) in ~/no such/a by hard links"),
        (K::Delete, None, "Delete 1 file (1.5 kB) in ~/no such/a for good"),
    ] {
        assert_eq!(said(&one(kind, destination)), expected);
    }
    // What the plan names wins over the folder of the file, and the innermost over the others.
    let mut copy = plan(
        Origin::Organize,
        &[
            (K::Copy, "no such/a/x.jpg", Some("/home/me/no such/a/sorted/2024/x.jpg")),
            (K::Copy, "no such/b/y.jpg", Some("/home/me/no such/a/sorted/2023/y.jpg")),
        ],
    );
    copy.destinations = vec![ExactPath("/home/me/no such/a/sorted".into())];
    assert_eq!(said(&copy), "Copy 2 files (3.0 kB) into ~/no such/a/sorted (new folder)");
}

#[test]
fn several_acts_are_one_sentence() {
    use ActionKind as K;
    let mixed = plan(
        Origin::Undo,
        &[
            (K::Move, "aside/x.jpg", Some("/home/me/no such/a/x.jpg")),
            (K::Delete, "no such/b/y.jpg", None),
            (K::WriteSidecar, "no such/b/z.jpg", Some("/home/me/no such/b/z.xmp")),
        ],
    );
    assert_eq!(
        said(&mixed),
        "Move 1 file (1.5 kB) back into ~/no such/a (new folder), remove 1 file (1.5 kB) again \
         from ~/no such/b (their originals remain) and restore 1 sidecar beside the picture that \
         is kept"
    );
}

#[test]
fn a_folder_that_is_there_is_not_called_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut copy = plan(Origin::Organize, &[]);
    copy.destinations = vec![ExactPath(folder.path().to_owned())];
    let place = folder.path().join("2024/x.jpg");
    copy.actions = plan(Origin::Organize, &[(ActionKind::Copy, "x.jpg", place.to_str())]).actions;
    assert_eq!(
        sentence(&copy, &Places::default()),
        format!("Copy 1 file (1.5 kB) into {}", folder.path().display())
    );
}
