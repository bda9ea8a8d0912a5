use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::*;

/// The ways to rename, from the best to the last resort.
const WAYS: [Disk; 3] = [
    Disk { flagged_rename: true, links: true },
    Disk { flagged_rename: false, links: true },
    Disk { flagged_rename: false, links: false },
];

#[test]
fn renaming_never_replaces() {
    for disk in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "mine").unwrap();
        fs::write(at("taken"), "theirs").unwrap();
        fs::create_dir(at("folder")).unwrap();
        for to in ["taken", "folder"] {
            let error = disk.rename_new(&at("a"), &at(to)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{disk:?}, {to}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("nowhere"), at("link")).unwrap();
            let error = disk.rename_new(&at("a"), &at("link")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{disk:?}");
            assert!(!at("nowhere").exists());
        }
        assert_eq!(fs::read_to_string(at("a")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(at("taken")).unwrap(), "theirs");
        for (from, to) in [("missing", "new"), ("a", "missing/new")] {
            let error = disk.rename_new(&at(from), &at(to)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{disk:?}, {from}");
            assert!(!at("new").exists());
        }
        let before = disk.look(&at("a")).unwrap().unwrap();
        disk.rename_new(&at("a"), &at("b")).unwrap();
        assert_eq!(disk.look(&at("a")).unwrap(), None, "{disk:?}");
        assert_eq!(disk.look(&at("b")).unwrap(), Some(before), "{disk:?}");
    }
}

#[test]
fn one_of_many_wins_a_name() {
    for disk in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: String| folder.path().join(name);
        for file in 0..64 {
            fs::write(at(format!("{file}")), format!("{file}")).unwrap();
        }
        let won: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|worker| {
                    scope.spawn(move || {
                        (0..8)
                            .filter(|file| {
                                let from = at(format!("{}", worker * 8 + file));
                                disk.rename_new(&from, &at(format!("to {file}"))).is_ok()
                            })
                            .count()
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(won, 8, "{disk:?}");
        let mut contents: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        contents.sort();
        contents.dedup();
        assert_eq!(contents.len(), 64, "{disk:?}: something was replaced");
    }
}

#[test]
fn copies_have_bytes_and_attributes() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a"), folder.path().join("b"));
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    fs::write(&from, &bytes).unwrap();
    let set = |path: &Path, seconds| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(seconds, 123_456_789);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
    };
    set(&from, 1_500_000_000);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&from, fs::Permissions::from_mode(0o440)).unwrap();
    }
    let content = disk.copy_new(&from, &to).unwrap();
    assert_eq!(content.0, *blake3::hash(&bytes).as_bytes());
    assert_eq!(disk.hash(&to).unwrap(), content);
    assert_eq!(disk.hash_from_disk(&to).unwrap(), content);
    assert_eq!(fs::read(&to).unwrap(), bytes);
    assert_eq!(disk.copy_new(&from, &to).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(disk.copy_attributes(&from, &to, None), Vec::<String>::new());
    let (a, b) = (fs::metadata(&from).unwrap(), fs::metadata(&to).unwrap());
    assert_eq!(a.modified().unwrap(), b.modified().unwrap());
    assert_eq!(a.permissions(), b.permissions());
    disk.copy_attributes(&from, &to, Some(-5));
    let before_1970 = std::time::UNIX_EPOCH - std::time::Duration::from_nanos(5);
    assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), before_1970);
}

#[cfg(target_os = "linux")]
#[test]
fn extended_attributes_go_along() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a"), folder.path().join("b"));
    fs::write(&from, "x").unwrap();
    if let Err(error) = setxattr(&from, "user.rating", b"5", XattrFlags::empty()) {
        eprintln!("SKIPPED: no extended attributes here: {error}");
        return;
    }
    disk.copy_new(&from, &to).unwrap();
    assert_eq!(disk.copy_attributes(&from, &to, None), Vec::<String>::new());
    let mut value = [0; 8];
    assert_eq!(getxattr(&to, "user.rating", &mut value), Ok(1));
    assert_eq!(value[0], b'5');
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_opened() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "x").unwrap();
    std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    fs::create_dir(at("folder")).unwrap();
    for (name, kind) in [
        ("file", Kind::File),
        ("link", Kind::Link),
        ("pipe", Kind::Other),
        ("folder", Kind::Folder),
    ] {
        assert_eq!(disk.look(&at(name)).unwrap().unwrap().kind, kind, "{name}");
        // A pipe that nobody writes to would be waited for.
        assert_eq!(disk.hash(&at(name)).is_ok(), kind == Kind::File, "{name}");
        assert_eq!(disk.copy_new(&at(name), &at("copy")).is_ok(), kind == Kind::File, "{name}");
        let _ = fs::remove_file(at("copy"));
    }
}

#[test]
fn where_there_are_no_reflinks_nothing_is_left() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a"), folder.path().join("b"));
    fs::write(&from, "x").unwrap();
    match disk.clone_new(&from, &to) {
        Ok(()) => assert_eq!(fs::read(&to).unwrap(), b"x"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(!to.exists());
        }
    }
}
