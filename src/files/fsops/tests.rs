use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::*;
use crate::files::real_paths::real_path;

/// The ways to rename, from the best to the last resort.
const WAYS: [Disk; 3] = [
    Disk { whole_paths: true, flagged_rename: true, links: true },
    Disk { whole_paths: false, flagged_rename: false, links: true },
    Disk { whole_paths: false, flagged_rename: false, links: false },
];

fn place(disk: Disk, path: &Path) -> Place {
    let folder = disk.open_folder(path.parent().unwrap()).unwrap();
    Place::new(&folder, path.file_name().unwrap()).unwrap()
}

fn open(disk: Disk, path: &Path) -> io::Result<OpenFile> {
    disk.open(&place(disk, path))
}

#[test]
fn renaming_never_replaces() {
    for disk in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| real_path(folder.path()).unwrap().join(name);
        let rename =
            |from: &str, to: &str| disk.rename_new(&place(disk, &at(from)), &place(disk, &at(to)));
        fs::write(at("a"), "mine").unwrap();
        fs::write(at("taken"), "theirs").unwrap();
        fs::create_dir(at("folder")).unwrap();
        for to in ["taken", "folder"] {
            let error = rename("a", to).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{disk:?}, {to}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("nowhere"), at("link")).unwrap();
            let error = rename("a", "link").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{disk:?}");
            assert!(!at("nowhere").exists());
        }
        assert_eq!(fs::read_to_string(at("a")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(at("taken")).unwrap(), "theirs");
        assert_eq!(rename("missing", "new").unwrap_err().kind(), ErrorKind::NotFound, "{disk:?}");
        assert!(!at("new").exists());
        let before = disk.look(&at("a")).unwrap().unwrap();
        rename("a", "b").unwrap();
        assert_eq!(disk.look(&at("a")).unwrap(), None, "{disk:?}");
        assert_eq!(disk.look(&at("b")).unwrap(), Some(before), "{disk:?}");
        assert_eq!(disk.look_at(&place(disk, &at("b"))).unwrap(), Some(before), "{disk:?}");
    }
}

#[cfg(unix)]
#[test]
fn folders_are_opened_through_no_link_and_stay_what_they_are() {
    for disk in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let root = real_path(folder.path()).unwrap();
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::write(root.join("real/deep/file"), "x").unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        let kind = |path: &str| {
            let error = disk.open_folder(&root.join(path)).unwrap_err();
            (error.kind(), error.to_string())
        };
        let named = |name: &str, what: &str| {
            (ErrorKind::NotADirectory, format!("{} is {what}", root.join(name).display()))
        };
        assert_eq!(kind("link/deep"), named("link", "a symbolic link"), "{disk:?}");
        assert_eq!(kind("link"), named("link", "a symbolic link"), "{disk:?}");
        assert_eq!(kind("real/deep/file/x"), named("real/deep/file", "not a folder"), "{disk:?}");
        assert_eq!(kind("real/none").0, ErrorKind::NotFound, "{disk:?}");
        assert_eq!(kind("real/../real").0, ErrorKind::InvalidInput, "{disk:?}");
        let relative = disk.open_folder(Path::new("src")).unwrap_err();
        assert_eq!(relative.kind(), ErrorKind::InvalidInput, "{disk:?}");
        let root_place = place(disk, &root.join("link"));
        assert!(disk.open_folder_in(&root_place).is_err(), "{disk:?}");
        // What has the path now is not the folder that is open.
        let file = place(disk, &root.join("real/deep/file"));
        fs::rename(root.join("real"), root.join("moved")).unwrap();
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::write(root.join("real/deep/file"), "another").unwrap();
        disk.remove_file(&file).unwrap();
        assert!(!root.join("moved/deep/file").exists(), "{disk:?}");
        assert!(root.join("real/deep/file").exists(), "{disk:?}");
        let anew = disk.open_folder(&root.join("real/deep")).unwrap();
        assert_ne!(anew.key(), file.folder().key(), "{disk:?}");
    }
}

#[test]
fn a_place_is_one_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Disk::default().open_folder(&real_path(folder.path()).unwrap()).unwrap();
    for name in ["", ".", "..", "a/b", "/a", "a/", "../a"] {
        assert!(Place::new(&folder, name.as_ref()).is_err(), "{name:?}");
    }
    assert!(Place::new(&folder, "a b..c".as_ref()).is_ok());
}

#[cfg(unix)]
#[test]
fn locks_keep_others_out_until_the_file_is_closed() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let path = real_path(folder.path()).unwrap().join("a");
    fs::write(&path, "x").unwrap();
    let lock = |kind| {
        let file = open(disk, &path).unwrap();
        let locked = disk.lock(&file, kind).unwrap();
        (file, locked)
    };
    let (first, locked) = lock(LockMode::Shared);
    assert_eq!(locked, Locked::Yes);
    assert_eq!(lock(LockMode::Shared).1, Locked::Yes);
    assert_eq!(lock(LockMode::Exclusive).1, Locked::ByAnother);
    drop(first);
    let (_second, locked) = lock(LockMode::Exclusive);
    assert_eq!(locked, Locked::Yes);
    assert_eq!(lock(LockMode::Shared).1, Locked::ByAnother);
}

#[test]
fn one_of_many_wins_a_name() {
    for disk in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let root = real_path(folder.path()).unwrap();
        let at = |name: String| root.join(name);
        for file in 0..64 {
            fs::write(at(format!("{file}")), format!("{file}")).unwrap();
        }
        let won: usize = std::thread::scope(|scope| {
            let at = &at;
            let workers: Vec<_> = (0..8)
                .map(|worker| {
                    scope.spawn(move || {
                        (0..8)
                            .filter(|file| {
                                let from = place(disk, &at(format!("{}", worker * 8 + file)));
                                let to = place(disk, &at(format!("to {file}")));
                                disk.rename_new(&from, &to).is_ok()
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
    let root = real_path(folder.path()).unwrap();
    let (from, to) = (root.join("a"), root.join("b"));
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
    let (original, copy) = (open(disk, &from).unwrap(), place(disk, &to));
    let content = disk.copy_new(&original, &copy).unwrap();
    assert_eq!(content.0, *blake3::hash(&bytes).as_bytes());
    let opened = disk.open(&copy).unwrap();
    assert_eq!(disk.hash(&opened).unwrap(), content);
    // However far it was read before.
    assert_eq!(disk.hash(&opened).unwrap(), content);
    assert_eq!(disk.hash_from_disk(&opened).unwrap(), content);
    assert_eq!(fs::read(&to).unwrap(), bytes);
    assert_eq!(disk.copy_new(&original, &copy).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(disk.copy_attributes(&original, &opened, None), Vec::<String>::new());
    let (a, b) = (fs::metadata(&from).unwrap(), fs::metadata(&to).unwrap());
    assert_eq!(a.modified().unwrap(), b.modified().unwrap());
    assert_eq!(a.permissions(), b.permissions());
    disk.copy_attributes(&original, &opened, Some(-5));
    let before_1970 = std::time::UNIX_EPOCH - std::time::Duration::from_nanos(5);
    assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), before_1970);
}

#[cfg(target_os = "linux")]
#[test]
fn extended_attributes_go_along() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let root = real_path(folder.path()).unwrap();
    let (from, to) = (root.join("a"), root.join("b"));
    fs::write(&from, "x").unwrap();
    if let Err(error) = setxattr(&from, "user.rating", b"5", XattrFlags::empty()) {
        eprintln!("SKIPPED: no extended attributes here: {error}");
        return;
    }
    setxattr(&from, "user.empty", b"", XattrFlags::empty()).unwrap();
    setxattr(&from, "user.long", &[7; 3000], XattrFlags::empty()).unwrap();
    let original = open(disk, &from).unwrap();
    disk.copy_new(&original, &place(disk, &to)).unwrap();
    let copy = open(disk, &to).unwrap();
    assert_eq!(disk.copy_attributes(&original, &copy, None), Vec::<String>::new());
    let mut long = [0; 4000];
    assert_eq!(getxattr(&to, "user.empty", &mut long), Ok(0));
    assert_eq!(getxattr(&to, "user.long", &mut long), Ok(3000));
    assert_eq!(long[..3000], [7; 3000]);
    let mut value = [0; 8];
    assert_eq!(getxattr(&to, "user.rating", &mut value), Ok(1));
    assert_eq!(value[0], b'5');
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_opened() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let root = real_path(folder.path()).unwrap();
    let at = |name: &str| root.join(name);
    fs::write(at("file"), "x").unwrap();
    std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
    assert!(made.unwrap().success());
    fs::create_dir(at("folder")).unwrap();
    for (name, kind) in [
        ("file", FileKind::File),
        ("link", FileKind::Link),
        ("pipe", FileKind::Other),
        ("folder", FileKind::Folder),
    ] {
        assert_eq!(disk.look(&at(name)).unwrap().unwrap().kind, kind, "{name}");
        assert_eq!(disk.look_at(&place(disk, &at(name))).unwrap().unwrap().kind, kind, "{name}");
        // A pipe that nobody writes to would be waited for.
        assert_eq!(open(disk, &at(name)).is_ok(), kind == FileKind::File, "{name}");
    }
}

#[test]
fn where_there_are_no_reflinks_nothing_is_left() {
    let disk = Disk::default();
    let folder = tempfile::tempdir().unwrap();
    let root = real_path(folder.path()).unwrap();
    let (from, to) = (root.join("a"), root.join("b"));
    fs::write(&from, "x").unwrap();
    match disk.clone_new(&open(disk, &from).unwrap(), &place(disk, &to)) {
        Ok(()) => assert_eq!(fs::read(&to).unwrap(), b"x"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(!to.exists());
        }
    }
}
