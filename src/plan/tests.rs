use super::*;
use crate::media::{Bytes, FileKey, FileStamp, ModifiedNs};
use crate::record::ContentHash;

fn expected(path: &str, inode: u64) -> Expected {
    Expected {
        path: path.into(),
        stamp: FileStamp {
            key: FileKey { device: 1, inode },
            size: Bytes(10),
            modified: ModifiedNs(-5),
        },
        content: Some(ContentHash([0xab; 32])),
    }
}

fn member(kind: ActionKind, source: &str, keeper: &str) -> Member {
    Member {
        source: expected(source, 1),
        destination: kind.has_destination().then(|| ExactPath(format!("/aside/{source}").into())),
        keeper: Some(expected(keeper, 2)),
        modified_ns: None,
    }
}

fn plan(kind: ActionKind, pairs: &[(&str, &str)]) -> Plan {
    let mut plan = Plan::new(Origin::Dedupe, Path::new("/home/me"));
    plan.actions = pairs
        .iter()
        .map(|(source, keeper)| Action {
            group: 1,
            action: kind,
            files: vec![member(kind, source, keeper)],
            why: "identical to the keeper".into(),
        })
        .collect();
    plan
}

fn error(plan: &Plan) -> String {
    Plan::from_json(&plan.to_json().unwrap()).unwrap_err().to_string()
}

#[test]
fn the_form() {
    let mut plan = plan(ActionKind::Quarantine, &[("a\u{202e}.jpg", "b.jpg")]);
    plan.references = vec![ExactPath("/home/me/best".into())];
    insta::assert_snapshot!(plan.to_json().unwrap());
}

#[test]
fn there_and_back() {
    for kind in [
        ActionKind::Report,
        ActionKind::Quarantine,
        ActionKind::Move,
        ActionKind::Copy,
        ActionKind::Trash,
        ActionKind::Hardlink,
        ActionKind::Reflink,
        ActionKind::Delete,
        ActionKind::Untrash,
        ActionKind::Detach,
    ] {
        let plan = plan(kind, &[("a", "b"), ("c", "b")]);
        assert_eq!(Plan::from_json(&plan.to_json().unwrap()), Ok(plan), "{kind:?}");
    }
}

#[cfg(unix)]
#[test]
fn paths_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut plan = plan(ActionKind::Move, &[("a", "b")]);
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"x\xff\n.jpg"));
    plan.actions[0].files[0].source.path = odd.to_owned();
    plan.base = ExactPath(odd.to_owned());
    let json = plan.to_json().unwrap();
    assert!(json.contains("\"path_bytes\": \"eP8KLmpwZw==\""), "{json}");
    assert_eq!(Plan::from_json(&json), Ok(plan));
    let damaged = json.replace("eP8KLmpwZw==", "?");
    assert!(Plan::from_json(&damaged).unwrap_err().to_string().contains("not base64"));
}

#[test]
fn what_is_no_plan() {
    let good = plan(ActionKind::Trash, &[("a", "b")]).to_json().unwrap();
    let error = |text: &str| Plan::from_json(text).unwrap_err();
    assert_eq!(error("{}"), PlanError::NoVersion);
    assert_eq!(error("{\"version\": 1}"), PlanError::Version(1));
    assert!(matches!(error("pictures"), PlanError::Form(_)));
    for (from, to) in [
        ("trash", "frobnicate"),
        ("\"why\"", "\"when\""),
        ("abababab", "xbababab"),
        ("\"bytes\": 10", "\"bytes\": -1"),
    ] {
        let damaged = good.replacen(from, to, 1);
        assert_ne!(damaged, good);
        assert!(matches!(error(&damaged), PlanError::Form(_)), "{from} → {to}");
    }
}

#[test]
fn contradictions() {
    use ActionKind::{Copy, Delete, Hardlink, Quarantine, Report, Trash};
    let keeper_taken = plan(Delete, &[("a", "b"), ("b", "a")]);
    assert_eq!(
        error(&keeper_taken),
        "action 1 (a) takes away a file that is relied on as a keeper"
    );
    let twice = plan(Trash, &[("a", "k"), ("a", "k")]);
    assert_eq!(error(&twice), "action 2 (a) acts on a file that an earlier one acts on");
    assert!(plan(Report, &[("a", "b"), ("b", "a")]).check().is_ok());
    assert!(plan(Copy, &[("a", "b"), ("b", "a")]).check().is_ok());

    let mut changed = plan(Quarantine, &[("a", "k"), ("b", "k")]);
    changed.actions[1].files[0].destination = changed.actions[0].files[0].destination.clone();
    assert_eq!(error(&changed), "action 2 (b) goes where an earlier file goes");
    changed.actions[1].files[0].destination = None;
    assert!(error(&changed).contains("has a destination and needs none"));
    changed.actions[1].files.clear();
    assert_eq!(error(&changed), "action 2 (\"\") has no file");

    for kind in [Delete, Hardlink] {
        let mut changed = plan(kind, &[("a", "k")]);
        changed.actions[0].files[0].keeper = None;
        assert_eq!(error(&changed), "action 1 (a) names no file that stays");
    }
    let mut changed = plan(Hardlink, &[("a", "k")]);
    changed.actions[0].files[0].source.content = Some(ContentHash([0; 32]));
    assert!(error(&changed).contains("not identical"));
    for kind in [Trash, Delete] {
        let mut changed = plan(kind, &[("a", "k")]);
        changed.actions[0].files[0].keeper.as_mut().unwrap().content = None;
        assert!(error(&changed).contains("which bytes its keeper has"));
        changed.actions[0].files[0].source.content = None;
        assert!(error(&changed).contains("which bytes its file has"));
    }
}

#[test]
fn extent() {
    let mut plan = plan(ActionKind::Delete, &[("a", "k"), ("b", "k")]);
    plan.actions[1].files[0].source.content = Some(ContentHash([1; 32]));
    assert_eq!(plan.extent(), Extent { files: 2, bytes: 20, lost_for_good: 1 });
}
