#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::act::plan::{Action, ActionKind, ExactPath, Expected, Member, Origin};
use crate::model::media::{Bytes, FileStamp, ModifiedNs};

/// A library with a file in each of two folders.
struct Library(tempfile::TempDir);

impl Library {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = Self(folder);
        for name in ["photos/a/x.jpg", "photos/b/deep/y.jpg", "best/z.jpg"] {
            let path = library.at(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        library
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// A plan that acts on one file of a root.
    fn plan(&self, kind: ActionKind, root: &str, file: &str) -> Plan {
        let mut plan = Plan::new(Origin::Organize, &self.at(""));
        plan.roots = vec![ExactPath(self.at(root))];
        let key = FileKey { device: 0, inode: 0 };
        let stamp = FileStamp { key, size: Bytes(0), modified: ModifiedNs(0) };
        let source = Expected { path: self.at(file), stamp, content: None };
        let files = vec![Member::alone(source)];
        plan.actions = vec![Action { group: 0, action: kind, files, why: String::new() }];
        plan
    }

    fn take(&self, root: &str, file: &str) -> Result<LibraryLock, LibraryLockError> {
        LibraryLock::take(&self.plan(ActionKind::Trash, root, file), &format!("one in {root}"))
    }

    /// Every file and folder.
    fn all(&self) -> Vec<PathBuf> {
        fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.clone());
                if path.is_dir() && !path.is_symlink() {
                    collect(&path, found);
                }
            }
        }
        let mut found = Vec::new();
        collect(self.0.path(), &mut found);
        found.sort();
        found
    }
}

fn held(result: Result<LibraryLock, LibraryLockError>) -> String {
    match result {
        Err(error @ LibraryLockError::Held { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_run_at_a_time_and_nothing_is_left() {
    let library = Library::new();
    let before = library.all();
    let first = library.take("photos", "photos/a/x.jpg").unwrap();
    assert!(first.unlocked.is_empty(), "{first:?}");
    let mode = |name: &str| fs::metadata(library.at(name)).unwrap().mode() & 0o7777;
    assert_eq!(mode("photos/.clean-backup"), 0o700);
    assert_eq!(mode("photos/.clean-backup/lock"), 0o600);
    let message = held(library.take("photos", "photos/b/deep/y.jpg"));
    assert!(message.starts_with("another run is changing files in "), "{message}");
    assert!(message.ends_with("photos: one in photos"), "{message}");
    // Another library is another matter.
    drop(library.take("best", "best/z.jpg").unwrap());
    drop(first);
    assert_eq!(library.all(), before);
    drop(library.take("photos", "photos/a/x.jpg").unwrap());
    assert_eq!(library.all(), before);
}

#[test]
fn what_else_is_in_the_folder_stays() {
    let library = Library::new();
    let quarantine = library.at("photos/.clean-backup/quarantine");
    fs::create_dir_all(&quarantine).unwrap();
    let before = library.all();
    drop(library.take("photos", "photos/a/x.jpg").unwrap());
    assert_eq!(library.all(), before);
}

#[test]
fn a_folder_inside_the_others_folder_is_the_others() {
    let library = Library::new();
    let (outer, inner) = (("photos", "photos/b/deep/y.jpg"), ("photos/b", "photos/b/deep/y.jpg"));
    for (first, second, name) in [(outer, inner, "photos"), (inner, outer, "b")] {
        let lock = library.take(first.0, first.1).unwrap();
        let message = held(library.take(second.0, second.1));
        assert!(message.contains(&format!("{name}: one in {}", first.0)), "{message}");
        drop(lock);
        drop(library.take(second.0, second.1).unwrap());
    }
    // Beside each other they do no harm.
    let one = library.take("photos/a", "photos/a/x.jpg").unwrap();
    let two = library.take("photos/b", "photos/b/deep/y.jpg").unwrap();
    // A lock that nobody holds, between the two, hides nothing.
    drop((one, two));
    fs::create_dir(library.at("photos/b/.clean-backup")).unwrap();
    fs::write(library.at("photos/b/.clean-backup/lock"), MARK).unwrap();
    let lock = library.take("photos", "photos/a/x.jpg").unwrap();
    let message = held(library.take("photos/b/deep", "photos/b/deep/y.jpg"));
    assert!(message.contains("photos: one in photos"), "{message}");
    drop(lock);
    drop(library.take("photos/b/deep", "photos/b/deep/y.jpg").unwrap());
    assert!(!library.at("photos/b/.clean-backup").exists(), "nobody held it");
    // Two roots of one plan, of which one lies in the other, do not keep each other out.
    let mut both = library.plan(ActionKind::Trash, "photos", "photos/b/deep/y.jpg");
    both.roots.push(ExactPath(library.at("photos/b")));
    both.roots.push(ExactPath(library.at("photos")));
    assert_eq!(LibraryLock::take(&both, "both").unwrap().own.len(), 2);
}

#[test]
fn a_lock_that_was_left_behind_locks_nothing() {
    let library = Library::new();
    let before = library.all();
    fs::create_dir(library.at("photos/.clean-backup")).unwrap();
    let lock = library.at("photos/.clean-backup/lock");
    fs::write(&lock, format!("{MARK}host nas, process 1, since long ago\n")).unwrap();
    let taken = library.take("photos", "photos/a/x.jpg").unwrap();
    assert!(taken.unlocked.is_empty());
    assert_eq!(fs::read_to_string(&lock).unwrap(), format!("{MARK}one in photos\n"));
    drop(taken);
    assert_eq!(library.all(), before);
}

#[test]
fn what_is_no_lock_of_ours_is_never_written_to() {
    let photo = "a picture, and not a short one";
    for way in ["a file", "a link", "a second name", "a linked folder", "a pipe"] {
        let library = Library::new();
        let (folder, theirs) = (library.at("photos/.clean-backup"), library.at("best/z.jpg"));
        let lock = folder.join("lock");
        fs::write(&theirs, photo).unwrap();
        match way {
            "a linked folder" => {
                fs::create_dir(library.at("best/folder")).unwrap();
                fs::write(library.at("best/folder/lock"), photo).unwrap();
                symlink(library.at("best/folder"), &folder).unwrap();
            }
            _ => fs::create_dir(&folder).unwrap(),
        }
        match way {
            "a file" => fs::write(&lock, photo).unwrap(),
            "a link" => symlink(&theirs, &lock).unwrap(),
            "a second name" => fs::hard_link(&theirs, &lock).unwrap(),
            "a pipe" => {
                let made = std::process::Command::new("mkfifo").arg(&lock).status();
                assert!(made.unwrap().success());
            }
            _ => {}
        }
        let before = library.all();
        let taken = library.take("photos", "photos/a/x.jpg").unwrap();
        assert_eq!(taken.unlocked.len(), 1, "{way}: {taken:?}");
        assert_eq!(taken.unlocked[0].folder, library.at("photos"), "{way}");
        drop(taken);
        assert_eq!(library.all(), before, "{way}");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), photo, "{way}");
        // Nor is it cleared away by whoever passes by.
        drop(library.take("photos/a", "photos/a/x.jpg").unwrap());
        assert_eq!(library.all(), before, "{way}");
        if way == "a file" || way == "a linked folder" {
            assert_eq!(fs::read_to_string(&lock).unwrap(), photo, "{way}");
        }
    }
}

#[test]
fn of_many_at_once_one_is_in() {
    let library = Library::new();
    let before = library.all();
    let inside = AtomicUsize::new(0);
    // At most: two that work inside each other may refuse each other.
    let runs = [("photos", "photos/b/deep/y.jpg"), ("photos/b", "photos/b/deep/y.jpg")];
    let taken: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let (root, file) = runs[usize::from(worker % 4 == 0)];
                let (library, inside) = (&library, &inside);
                scope.spawn(move || {
                    let mut taken = 0;
                    for _ in 0..300 {
                        match library.take(root, file) {
                            Ok(lock) => {
                                assert!(lock.unlocked.is_empty(), "{lock:?}");
                                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                                std::thread::yield_now();
                                inside.fetch_sub(1, Ordering::SeqCst);
                                taken += 1;
                            }
                            Err(error) => {
                                assert!(matches!(error, LibraryLockError::Held { .. }), "{error}");
                            }
                        }
                    }
                    taken
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert!(taken > 0);
    assert_eq!(library.all(), before);
}

#[test]
fn whoever_may_change_the_library_may_lock_it() {
    for (library_mode, folder, file) in [
        (0o755, 0o700, 0o600),
        (0o770, 0o770, 0o660),
        (0o2775, 0o2770, 0o660),
        (0o1777, 0o1777, 0o666),
    ] {
        let library = Library::new();
        let set = fs::Permissions::from_mode(library_mode);
        fs::set_permissions(library.at("photos"), set).unwrap();
        let taken = library.take("photos", "photos/a/x.jpg").unwrap();
        let mode = |name: &str| fs::metadata(library.at(name)).unwrap().mode() & 0o7777;
        assert_eq!(mode("photos/.clean-backup"), folder, "{library_mode:o}");
        assert_eq!(mode("photos/.clean-backup/lock"), file, "{library_mode:o}");
        drop(taken);
    }
}

#[test]
fn what_is_only_read_is_not_written_to() {
    let library = Library::new();
    let before = library.all();
    // Copied from, or a reference folder.
    let copy = library.plan(ActionKind::Copy, "photos", "photos/a/x.jpg");
    let mut refer = library.plan(ActionKind::Trash, "photos", "photos/a/x.jpg");
    refer.roots.push(ExactPath(library.at("best")));
    refer.references = vec![ExactPath(library.at("best"))];
    let keeper = refer.actions[0].files[0].source.clone();
    refer.actions[0].files[0].keeper = Some(Expected { path: library.at("best/z.jpg"), ..keeper });
    let taken = LibraryLock::take(&copy, "copies").unwrap();
    assert_eq!(library.all(), before);
    drop(taken);
    let taken = LibraryLock::take(&refer, "refers").unwrap();
    assert!(!library.at("best/.clean-backup").exists());
    drop(taken);
    // Where there is a lock, it is shared with others that read, and with nobody that writes.
    for (plan, folder) in [(&copy, "photos"), (&refer, "best")] {
        let own = library.at(folder).join(FOLDER);
        fs::create_dir(&own).unwrap();
        fs::write(own.join(FILE), MARK).unwrap();
        let file = if folder == "best" { "best/z.jpg" } else { "photos/a/x.jpg" };
        let one = LibraryLock::take(plan, "one").unwrap();
        if folder == "photos" {
            drop(LibraryLock::take(plan, "two").unwrap());
        }
        held(library.take(folder, file));
        drop(one);
        let writer = library.take(folder, file).unwrap();
        held(LibraryLock::take(plan, "one"));
        drop(writer);
        assert_eq!(library.all(), before);
    }
}

#[test]
fn a_root_that_became_a_link_is_refused() {
    let library = Library::new();
    let plan = library.plan(ActionKind::Trash, "photos/b", "photos/b/deep/y.jpg");
    fs::rename(library.at("photos/b"), library.at("photos/c")).unwrap();
    symlink(library.at("best"), library.at("photos/b")).unwrap();
    let before = library.all();
    let error = LibraryLock::take(&plan, "me").unwrap_err();
    assert!(matches!(&error, LibraryLockError::Moved(at) if *at == library.at("photos/b")));
    assert!(error.to_string().contains("has become a symbolic link"), "{error}");
    assert_eq!(library.all(), before);
    // One that is not there is none that could be harmed.
    fs::remove_file(library.at("photos/b")).unwrap();
    assert!(LibraryLock::take(&plan, "me").unwrap().unlocked.is_empty());
}
