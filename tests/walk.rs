//! What the walk lists, and what it leaves out, on real trees.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clean_backup::files::globs::Globs;
use clean_backup::files::walk::{WalkOptions, Walked, walk};
use clean_backup::model::record::Stage;
use tempfile::TempDir;

fn tree(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        put(&folder.path().join(file));
    }
    folder
}

fn put(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, path.as_os_str().as_encoded_bytes()).unwrap();
}

fn walked(roots: &[PathBuf], options: &WalkOptions) -> Walked {
    walk(roots, options, &|_| (), &AtomicBool::new(false))
}

fn names(folder: &Path, walked: &Walked) -> Vec<String> {
    let below = |path: &Path| {
        let below = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        if cfg!(windows) { below.replace('\\', "/") } else { below }
    };
    walked.files.iter().map(|file| below(&file.path)).collect()
}

fn listed(folder: &TempDir, options: &WalkOptions) -> Vec<String> {
    names(folder.path(), &walked(&[folder.path().to_owned()], options))
}

#[test]
fn junk_and_hidden_files_stay_out() {
    let folder = tree(&[
        "a.jpg",
        "sub/b.png",
        "sub/no_extension",
        "x.mov",
        "notes.txt",
        ".hidden.jpg",
        ".config/c.jpg",
        "@eaDir/a.jpg/SYNOPHOTO.jpg",
        "._a.jpg",
        ".thumbnails/t.jpg",
        "Thumbs.db",
        ".Trash-1000/files/d.jpg",
        "$RECYCLE.BIN/e.jpg",
        ".clean-backup/q.jpg",
        "__MACOSX/a.jpg",
    ]);
    assert_eq!(
        listed(&folder, &WalkOptions::default()),
        ["a.jpg", "sub/b.png", "sub/no_extension"]
    );
    let hidden = WalkOptions { hidden: true, ..Default::default() };
    assert_eq!(
        listed(&folder, &hidden),
        [".config/c.jpg", ".hidden.jpg", "a.jpg", "sub/b.png", "sub/no_extension"]
    );
    // Asked for by name, even a hidden folder is walked.
    let root = folder.path().join(".config");
    assert_eq!(walked(&[root], &WalkOptions::default()).files.len(), 1);
}

#[test]
fn a_census_passes_nothing_over() {
    let folder = tree(&[
        "a.jpg",
        ".hidden.txt",
        "Thumbs.db",
        ".Trash-1000/files/d.jpg",
        ".clean-backup/q.jpg",
        ".clean-backup-20200101-000000-0-0.part",
    ]);
    #[cfg(unix)]
    symlink("a.jpg", folder.path().join("link.jpg")).unwrap();
    #[cfg(unix)]
    symlink(".clean-backup", folder.path().join("folder")).unwrap();
    let census = WalkOptions { all: true, census: true, ..Default::default() };
    let found = walked(&[folder.path().to_owned()], &census);
    assert_eq!(
        names(folder.path(), &found),
        [
            ".Trash-1000/files/d.jpg",
            ".clean-backup-20200101-000000-0-0.part",
            ".clean-backup/q.jpg",
            ".hidden.txt",
            "Thumbs.db",
            "a.jpg",
        ]
    );
    if cfg!(unix) {
        let irregular = ["folder", "link.jpg"].map(|name| folder.path().join(name));
        assert_eq!(found.irregular, irregular);
    }
    assert!(found.unsettled.is_empty());
    let usual = walked(&[folder.path().to_owned()], &WalkOptions::default());
    assert!(usual.irregular.is_empty());
}

#[test]
fn files_that_are_no_pictures_are_counted() {
    let folder = tree(&["a.jpg", "x.mov", "notes.TXT", "sub/y.zip"]);
    let told = AtomicU64::new(0);
    let found = walk(
        &[folder.path().to_owned()],
        &WalkOptions::default(),
        &|files| {
            told.fetch_add(files, Ordering::Relaxed);
        },
        &AtomicBool::new(false),
    );
    assert_eq!((found.files.len(), found.videos.len(), found.other), (1, 1, 2));
    assert!(
        found.videos[0].path.ends_with("x.mov") && found.films == [found.videos[0].path.clone()]
    );
    assert_eq!(told.into_inner(), 4);
}

#[test]
fn overlapping_roots_count_once_for_the_innermost() {
    let folder = tree(&["a.jpg", "sub/b.jpg", "sub/deep/c.jpg", "sub/x.txt"]);
    let root = folder.path().to_owned();
    let roots = [
        root.clone(),
        root.join("sub/deep"),
        root.join("sub/../sub"),
        root.join("a.jpg"),
        root.clone(),
    ];
    let found = walked(&roots, &WalkOptions::default());
    let by_root: Vec<(String, u32)> = found
        .files
        .iter()
        .map(|file| (file.path.file_name().unwrap().to_string_lossy().into_owned(), file.root))
        .collect();
    let mut sorted = by_root.clone();
    sorted.sort();
    assert_eq!(sorted, [("a.jpg".into(), 0), ("b.jpg".into(), 2), ("c.jpg".into(), 1)]);
    assert_eq!(found.other, 1);
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_when_asked_and_never_in_a_circle() {
    let folder = tree(&["real/a.jpg"]);
    let outside = tree(&["b.jpg"]);
    symlink("../real", folder.path().join("real/loop")).unwrap();
    symlink(folder.path().join("real/a.jpg"), folder.path().join("again.jpg")).unwrap();
    symlink(outside.path(), folder.path().join("outside")).unwrap();
    symlink("nowhere", folder.path().join("dangling.jpg")).unwrap();
    assert_eq!(listed(&folder, &WalkOptions::default()), ["real/a.jpg"]);

    let options = WalkOptions { follow_links: true, ..Default::default() };
    let found = walked(&[folder.path().to_owned()], &options);
    assert_eq!(names(folder.path(), &found), ["again.jpg", "outside/b.jpg"]);
    let reasons: Vec<&str> = found.skipped.iter().map(|skip| skip.reason.as_str()).collect();
    assert!(
        reasons.contains(&"a symbolic link that leads back to a folder above it"),
        "{reasons:?}"
    );

    // A link given as a root was named on purpose.
    let link = folder.path().join("outside");
    assert_eq!(walked(&[link], &WalkOptions::default()).files.len(), 1);
}

#[test]
fn hard_links_are_several_files() {
    let folder = tree(&["a.jpg"]);
    fs::hard_link(folder.path().join("a.jpg"), folder.path().join("b.jpg")).unwrap();
    let found = walked(&[folder.path().to_owned()], &WalkOptions::default());
    assert_eq!(found.files.len(), 2);
    assert_eq!(found.files[0].stamp, found.files[1].stamp);
}

#[test]
fn odd_names_are_names() {
    let mut names = vec!["-dash.jpg", "👩‍👩‍👧.jpg", "Cafe\u{301}.jpg", " .jpg", "a'[.jpg"];
    if cfg!(unix) {
        names.extend(["new\nline.jpg", "a?*[.jpg", "back\\slash.jpg"]);
    }
    let folder = tree(&names);
    #[cfg(unix)]
    put(&folder
        .path()
        .join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9.jpg")));
    let expected = names.len() + usize::from(cfg!(unix));
    assert_eq!(walked(&[folder.path().to_owned()], &WalkOptions::default()).files.len(), expected);
}

#[test]
fn globs_choose_by_path_and_by_name() {
    let folder = tree(&["a.jpg", "b.PNG", "raw/c.raf", "raw/old/d.jpg"]);
    let globs =
        |list: &[&str]| Globs::new(&list.iter().map(|&g| g.into()).collect::<Vec<_>>()).unwrap();
    let only = |list: &[&str]| WalkOptions { include: globs(list), ..Default::default() };
    let without = |list: &[&str]| WalkOptions { exclude: globs(list), ..Default::default() };
    assert_eq!(listed(&folder, &only(&["*.png"])), ["b.PNG"]);
    assert_eq!(listed(&folder, &only(&["raw/**"])), ["raw/c.raf", "raw/old/d.jpg"]);
    assert_eq!(listed(&folder, &without(&["raw"])), ["a.jpg", "b.PNG"]);
    assert_eq!(listed(&folder, &without(&["raw/old", "*.raf"])), ["a.jpg", "b.PNG"]);
    assert!(Globs::new(&["a{".into()]).unwrap_err().to_string().contains("a{"));
}

#[test]
fn what_cannot_be_looked_at_is_told_and_passed_over() {
    let folder = tree(&["a.jpg", "locked/b.jpg"]);
    let missing = folder.path().join("missing");
    let found = walked(&[missing.clone(), folder.path().to_owned()], &WalkOptions::default());
    assert_eq!(found.files.len(), 2);
    assert_eq!((&found.skipped[0].path, found.skipped[0].stage), (&missing, Stage::Walk));
    let told = std::io::Error::from_raw_os_error(2).to_string();
    assert!(found.skipped[0].reason.contains(&told), "{}", found.skipped[0].reason);

    #[cfg(unix)]
    {
        let locked = folder.path().join("locked");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        let readable = fs::read_dir(&locked).is_ok();
        let found = walked(&[folder.path().to_owned()], &WalkOptions::default());
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
        if readable {
            println!("skipped: this user may read every folder");
        } else {
            assert_eq!(names(folder.path(), &found), ["a.jpg"]);
            assert_eq!(found.skipped[0].path, locked);
        }
    }
}

#[test]
fn only_regular_files_are_listed() {
    let folder = tree(&["a.jpg"]);
    #[cfg(unix)]
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket.jpg")).unwrap();
    fs::create_dir(folder.path().join("folder.jpg")).unwrap();
    assert_eq!(listed(&folder, &WalkOptions::default()), ["a.jpg"]);
}

#[test]
fn a_cancelled_walk_says_so() {
    let folder = tree(&["a.jpg"]);
    let roots = [folder.path().to_owned()];
    let found = walk(&roots, &WalkOptions::default(), &|_| (), &AtomicBool::new(true));
    assert!(found.interrupted && found.files.is_empty());
}
