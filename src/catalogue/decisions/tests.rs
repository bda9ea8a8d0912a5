#![allow(clippy::unwrap_used)]

use super::*;

fn marked(byte: u8, size: u64) -> MarkedFile {
    MarkedFile { content: ContentHash([byte; 32]), size }
}

#[test]
fn what_was_decided_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state/decisions.db");
    assert!(Decisions::open_existing(&file).unwrap().is_none());
    assert!(!file.exists());
    let mark = Mark::new(marked(2, 20), marked(1, 10));
    assert_eq!(mark, Mark::new(marked(1, 10), marked(2, 20)));
    let (path, size, time) = (Path::new("/a/b.jpg"), Bytes(7), ModifiedNs(-5));
    let choice = |verdict| Choice { path: path.into(), size, modified: time, verdict };
    let mut decisions = Decisions::open(&file).unwrap();
    decisions.mark(&[mark], true).unwrap();
    decisions.choose(&[choice(Some(Verdict::Keep))]).unwrap();
    drop(decisions);

    let mut decisions = Decisions::open_existing(&file).unwrap().unwrap();
    assert_eq!(decisions.marks().unwrap(), [mark]);
    let kept = Some(Verdict::Keep);
    assert_eq!(decisions.choice(path, size, time).unwrap(), kept);
    assert_eq!(decisions.choice(path, Bytes(8), time).unwrap(), None);
    assert_eq!(decisions.choice(path, size, ModifiedNs(0)).unwrap(), None);
    assert_eq!(decisions.chosen().unwrap(), [path]);
    decisions.choose(&[choice(Some(Verdict::Spare))]).unwrap();
    assert_eq!(decisions.choice(path, size, time).unwrap(), Some(Verdict::Spare));
    decisions.choose(&[choice(None)]).unwrap();
    decisions.mark(&[mark], false).unwrap();
    assert_eq!(decisions.choice(path, size, time).unwrap(), None);
    assert_eq!(decisions.marks().unwrap(), []);
}

#[test]
fn what_is_no_database_of_decisions_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decisions.db");
    fs::write(&file, "my notes, and nothing else, that nobody may overwrite").unwrap();
    assert!(matches!(Decisions::open(&file), Err(DecisionsError::Foreign(_))));
    assert!(fs::read_to_string(&file).unwrap().starts_with("my notes"));
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    assert!(matches!(Decisions::open(&other), Err(DecisionsError::Foreign(_))));
}
