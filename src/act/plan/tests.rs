use super::*;
use crate::model::findings::{Matching, Relation};
use crate::model::media::{Bytes, FileKey, FileStamp, ModifiedNs};
use crate::model::phash::{Distance, FineDistance};
use crate::model::record::ContentHash;

/// What starts at the root, as an absolute path of this system.
fn whole(path: &str) -> ExactPath {
    let drive = if cfg!(windows) && path.starts_with('/') { "C:" } else { "" };
    ExactPath(format!("{drive}{path}").into())
}

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
    let proof = Proof { group: number(keeper), ..Proof::SAME_BYTES };
    Member {
        destination: kind.has_destination().then(|| whole(&format!("/aside/{source}"))),
        ..Member::alone(expected(source, 1)).relying_on(expected(keeper, 2), proof)
    }
}

/// The number of the group of a keeper.
fn number(keeper: &str) -> u64 {
    u64::from(keeper.as_bytes()[0] - b'`')
}

fn plan(kind: ActionKind, pairs: &[(&str, &str)]) -> Plan {
    let mut plan = Plan::new(Origin::Dedupe, &whole("/home/me").0);
    plan.roots = vec![whole("/home/me")];
    plan.destinations = vec![whole("/aside")];
    plan.policy = Some(MatchRule::from(&Matching::default()));
    plan.actions = pairs
        .iter()
        .map(|(source, keeper)| Action {
            group: number(keeper),
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

// Paths are written as they are on the system.
#[cfg(unix)]
#[test]
fn the_form() {
    let mut plan = plan(ActionKind::Quarantine, &[("a\u{202e}.jpg", "b.jpg")]);
    plan.references = vec![whole("/home/me/best")];
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
    plan.base = ExactPath(Path::new("/").join(odd));
    plan.roots = vec![plan.base.clone()];
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
    // One original may be copied to several places, as when deletions are taken back.
    let mut copies = plan(Copy, &[("a", "k"), ("a", "k")]);
    copies.actions[1].files[0].destination = Some(whole("/aside/b"));
    assert_eq!(copies.check(), Ok(()));
    for at in [0, 1] {
        let mut moved = copies.clone();
        moved.actions[at].action = Quarantine;
        assert_eq!(error(&moved), "action 2 (a) acts on a file that an earlier one acts on");
    }

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
    // One file by two names for it.
    let mut changed = plan(Trash, &[("a", "k"), ("b", "k")]);
    changed.actions[1].files[0].source.path = whole("/home/me/a").0;
    assert!(error(&changed).contains("acts on a file that an earlier one acts on"));
    changed.actions[1].files[0].source.path = whole("/home/me/k").0;
    assert!(error(&changed).contains("takes away a file that is relied on as a keeper"));
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
    assert_eq!(plan.extent(), Extent { files: 2, bytes: 20, lost_for_good: 1, sidecars: 0 });
}

#[test]
fn edited_plans_are_noticed() {
    let text = plan(ActionKind::Quarantine, &[("a", "k"), ("b", "k")]).to_json().unwrap();
    let whole = Plan::from_json(&text).unwrap();
    // What it looks like does not matter, what it says does.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(Plan::from_json(&value.to_string()), Ok(whole.clone()));
    for (from, to) in [
        ("identical to the keeper", "because"),
        ("\"modified_ns\": -5", "\"modified_ns\": -4"),
        ("\"threshold\": 6", "\"threshold\": 7"),
        ("\"inode\": 1,", "\"inode\": 3,"),
        ("/aside/b", "/aside/c"),
        ("\"checksum\": \"", "\"checksum\": \"0"),
        (&format!("\"{}\"", whole.checksum().unwrap()), "null"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        assert_eq!(Plan::from_json(&edited), Err(PlanError::Edited), "{from}");
        assert_eq!(Plan::from_journalled_json(&edited), Err(PlanError::Edited), "{from}");
        assert!(Plan::from_edited_json(&edited).is_ok(), "{from}");
    }
    let at = text.find(",\n  \"checksum\"").unwrap();
    let without = format!("{}\n}}\n", &text[..at]);
    assert_eq!(Plan::from_json(&without), Err(PlanError::Edited));
    assert_eq!(Plan::from_edited_json(&without), Ok(whole));
}

#[test]
fn plans_of_the_version_before_are_for_their_runs_only() {
    let mut old = plan(ActionKind::Quarantine, &[("a", "k"), ("b", "k")]);
    old.version = 2;
    (old.roots, old.destinations, old.policy) = (Vec::new(), Vec::new(), None);
    for action in &mut old.actions {
        action.files[0].proof = None;
    }
    let text = serde_json::to_string(&old).unwrap();
    assert!(!text.contains("checksum"), "{text}");
    let error = Plan::from_json(&text).unwrap_err();
    assert_eq!(Plan::from_edited_json(&text), Err(error.clone()));
    assert_eq!(
        error.to_string(),
        "a plan of version 2, made by an older version of this program: make a new one"
    );
    let read = Plan::from_journalled_json(&text).unwrap();
    assert!(read.is_unbound() && read == old);
    old.actions[1].files[0].source.path = "a".into();
    let text = serde_json::to_string(&old).unwrap();
    assert!(Plan::from_journalled_json(&text).is_err(), "the old rules hold");
    let newer = PlanError::Version(4).to_string();
    assert!(newer.contains("newer version of this program"), "{newer}");
}

/// The error of a plan of which one action was changed.
fn told(kind: ActionKind, change: impl Fn(&mut Plan, &mut Member)) -> String {
    let mut plan = plan(kind, &[("a", "k"), ("b", "k")]);
    let mut member = plan.actions[1].files[0].clone();
    change(&mut plan, &mut member);
    plan.actions[1].files[0] = member;
    let text = plan.to_json().unwrap();
    let error = Plan::from_json(&text).unwrap_err();
    assert_eq!(Plan::from_edited_json(&text), Err(error.clone()));
    error.to_string()
}

#[test]
fn nothing_leaves_the_folders() {
    use ActionKind::{Copy, Move, Trash};
    let outside = [
        "/home/other/b",
        "/home/me2/b",
        "/home/me",
        "/home/me/../other/b",
        "/home/me/x/../b",
        "/home/me/./b",
        "../b",
        "./b",
        "x/..",
        "",
        "/aside/b",
    ];
    for path in outside {
        let message = told(Trash, |_, member| member.source.path = whole(path).0);
        assert!(message.starts_with("action 2: its source, "), "{path}: {message}");
        assert!(message.ends_with("lies outside the plan's folders"), "{path}: {message}");
        let message = told(Trash, |_, member| {
            member.keeper.as_mut().unwrap().path = whole(path).0;
        });
        assert!(message.starts_with("action 2: its keeper, "), "{path}: {message}");
        if path != "/aside/b" {
            let message = told(Move, |_, member| member.destination = Some(whole(path)));
            assert!(message.starts_with("action 2: its destination, "), "{path}: {message}");
        }
        let pruned = if path.is_empty() { "/home/me" } else { path };
        if path != "/aside/b" {
            let message = told(Trash, |plan, _| plan.prune = vec![whole(pruned)]);
            assert!(message.starts_with("a folder to be removed of the plan"), "{message}");
        }
    }
    for folder in ["/home/me/..", "relative", "/home/./me", "\0"] {
        let message = told(Trash, |plan, _| plan.roots = vec![whole(folder)]);
        let broken = message.starts_with("a root of the plan, ");
        assert!(broken || folder == "relative", "{folder}: {message}");
        let message = told(Trash, |plan, _| plan.base = whole(folder));
        assert!(message.starts_with("the base of the plan, "), "{folder}: {message}");
    }
    told(Trash, |plan, _| plan.roots.clear());

    // Reference folders and single files elsewhere are read, nothing more.
    let mut good = plan(Copy, &[("a", "k")]);
    good.actions[0].files[0].source.path = whole("/best/a").0;
    for allow in [0, 1] {
        assert!(good.check().is_err());
        let (folder, file) = (whole("/best"), whole("/best/a"));
        (good.references, good.elsewhere) =
            if allow == 0 { (vec![folder], vec![]) } else { (vec![], vec![file]) };
        assert_eq!(good.check(), Ok(()));
        let mut moved = good.clone();
        moved.actions[0].action = Move;
        assert!(moved.check().is_err());
        (good.references, good.elsewhere) = (vec![], vec![]);
    }
    // Taking back removes the folders that a run made for its destination.
    let mut back = plan(Move, &[("a", "k")]);
    back.prune = vec![whole("/aside"), whole("/home/me/x")];
    assert!(back.check().is_err());
    back.origin = Origin::Undo;
    assert_eq!(back.check(), Ok(()));
}

#[cfg(windows)]
#[test]
fn nothing_leaves_the_folders_by_the_ways_of_windows() {
    use ActionKind::Trash;
    let outside = [
        r"C:\home\me\..\other\b",
        r"C:\home\me\.\b",
        r"C:home\me\b",
        r"D:\home\me\b",
        r"\\server\home\me\b",
        r"\\?\C:\home\me\b",
        r"\\.\C:\home\me\b",
    ];
    for path in outside {
        let message = told(Trash, |_, member| member.source.path = path.into());
        assert!(message.ends_with("lies outside the plan's folders"), "{path}: {message}");
    }
    for folder in [r"C:home", r"\home", r"C:\home\..\me"] {
        let message = told(Trash, |plan, _| plan.base = ExactPath(folder.into()));
        assert!(message.starts_with("the base of the plan, "), "{folder}: {message}");
    }
    // Either separator will do.
    let mut good = plan(Trash, &[("a", "k")]);
    good.actions[0].files[0].source.path = r"C:\home/me\a".into();
    assert_eq!(good.check(), Ok(()));
}

#[test]
fn keepers_are_proven() {
    use ActionKind::{Quarantine, Trash};
    let proof = |change: fn(&mut Proof)| {
        move |_: &mut Plan, member: &mut Member| {
            let proof = member.proof.as_mut().unwrap();
            proof.relation = Relation::Copy;
            change(proof);
        }
    };
    let message = told(Trash, |_, member| member.proof = None);
    assert!(message.contains("relies on a keeper without a proof"), "{message}");
    let message = told(Trash, |_, member| member.keeper = None);
    assert!(message.contains("names no file that stays"), "{message}");
    let message = told(Trash, |_, m| m.source.content = Some(ContentHash([1; 32])));
    assert!(message.contains("called identical to its keeper, but has other bytes"), "{message}");
    let message = told(Trash, |_, m| m.keeper.as_mut().unwrap().path = "l".into());
    assert!(message.contains("another keeper than the rest of its group"), "{message}");
    let message = told(Trash, |plan, m| {
        m.proof.as_mut().unwrap().group = 3;
        plan.actions[1].group = 3;
    });
    assert!(message.contains("relies on the keeper of another group"), "{message}");
    let message = told(Trash, |plan, _| plan.actions[1].group = 3);
    assert!(message.contains("a proof for another group"), "{message}");
    for (change, reason) in [
        (proof(|p| p.distance.0 = 7), "further from its keeper than the plan's policy allows"),
        (
            proof(|p| p.fine_distance.0 = 57),
            "further from its keeper than the plan's policy allows",
        ),
        (proof(|p| p.relation = Relation::Burst), "a shot of a burst"),
        (proof(|p| p.unsure = true), "may be the original of its keeper"),
        (proof(|p| p.film = true), "is a film of other bytes"),
        (proof(|p| p.orientation = crate::model::media::Orientation::Rotate90), "is turned"),
    ] {
        let message = told(Quarantine, change);
        assert!(message.contains(reason), "{message}");
    }
    let message = told(Trash, |plan, member| {
        plan.policy = None;
        member.proof.as_mut().unwrap().relation = Relation::Copy;
    });
    assert!(message.contains("by no policy"), "{message}");
    let message = told(Trash, |plan, member| {
        plan.policy.as_mut().unwrap().threshold = 64;
        member.proof.as_mut().unwrap().relation = Relation::Copy;
    });
    assert!(message.contains("a policy that this program does not have"), "{message}");

    // By a rule that allows it, all of that is sound.
    let mut good = plan(Trash, &[("a", "k")]);
    let rule = good.policy.as_mut().unwrap();
    (rule.fine_only, rule.any_orientation) = (true, true);
    (rule.include_bursts, rule.include_unsure) = (true, true);
    rule.include_films = true;
    good.actions[0].files[0].proof = Some(Proof {
        group: number("k"),
        relation: Relation::Burst,
        distance: Distance(30),
        fine_distance: FineDistance(56),
        orientation: crate::model::media::Orientation::Rotate90,
        likeness: None,
        unsure: true,
        film: true,
    });
    assert_eq!(good.check(), Ok(()));
    assert_eq!(Plan::from_json(&good.to_json().unwrap()), Ok(good.clone()));

    // A deep search finds turned films, and no turned pictures.
    let rule = good.policy.as_mut().unwrap();
    (rule.any_orientation, rule.deep) = (false, true);
    assert_eq!(good.check(), Ok(()));
    assert_eq!(Plan::from_json(&good.to_json().unwrap()), Ok(good.clone()));
    good.actions[0].files[0].proof.as_mut().unwrap().film = false;
    let message = good.check().unwrap_err().to_string();
    assert!(message.contains("is turned"), "{message}");
}

proptest::proptest! {
    /// Whatever the text, it is read or refused.
    #[test]
    fn no_text_is_too_much(
        at in proptest::prelude::any::<proptest::sample::Index>(),
        length in 0..40_usize,
        put in "[\\PC\\x00]{0,12}|\\[\\[\\[|-?[0-9]{1,30}|null|\\{\\}",
    ) {
        let mut text = plan(ActionKind::Move, &[("a", "k"), ("b", "k")]).to_json().unwrap();
        let from = at.index(text.len());
        let to = (from + length).min(text.len());
        text.replace_range(from..to, &put);
        for read in [Plan::from_json, Plan::from_edited_json, Plan::from_journalled_json] {
            if let Ok(plan) = read(&text) {
                let _ = (plan.extent(), plan.reach().is_ok(), plan.to_json().unwrap());
            }
        }
    }
}

#[test]
fn deep_nesting_is_no_plan() {
    for text in
        ["[".repeat(100_000), format!("{{\"version\": 3, \"actions\": {}", "[".repeat(100_000))]
    {
        assert!(matches!(Plan::from_json(&text), Err(PlanError::Form(_))));
    }
}

#[test]
fn nothing_is_touched_in_a_photo_library() {
    let inside = "/home/me/P.PhotosLibrary/originals/b";
    for kind in [
        ActionKind::Quarantine,
        ActionKind::Move,
        ActionKind::Trash,
        ActionKind::Hardlink,
        ActionKind::Reflink,
        ActionKind::Delete,
    ] {
        let why = told(kind, |_, member| member.source.path = whole(inside).0);
        assert!(why.contains("takes away or changes a file in a photo library"), "{kind:?}: {why}");
    }
    let why = told(ActionKind::Move, |plan, member| {
        plan.destinations = vec![whole("/")];
        member.destination = Some(whole("/x.aplibrary/b"));
    });
    assert!(why.contains("puts a file into a photo library"), "{why}");
    let keeper = |member: &mut Member| member.keeper.as_mut().unwrap().path = whole(inside).0;
    let why = told(ActionKind::Hardlink, |plan, member| {
        plan.actions.remove(0);
        plan.actions.push(plan.actions[0].clone());
        keeper(member);
    });
    assert!(why.contains("links to a file in a photo library"), "{why}");
    let mut plan = plan(ActionKind::Copy, &[("a", "k")]);
    let member = &mut plan.actions[0].files[0];
    keeper(member);
    member.source.path = whole("/home/me/P.PhotosLibrary/originals/a").0;
    assert_eq!(plan.check(), Ok(()), "it may be copied out of, and relied on");
    plan.prune = vec![whole("/home/me/P.PhotosLibrary/empty")];
    assert!(error(&plan).contains("lies in a photo library"));
}
