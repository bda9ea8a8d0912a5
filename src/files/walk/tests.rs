use std::fs;

use super::*;

/// What the metadata of these files and folders would say is up to the systems that have such.
fn is_marked(metadata: &Metadata) -> bool {
    metadata.permissions().readonly()
}

#[test]
fn online_only_files_and_folders_are_skipped_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("cloud")).unwrap();
    for name in ["here.jpg", "away.jpg", "away.mov", "away.txt", "cloud/inside.jpg"] {
        fs::write(root.join(name), name).unwrap();
    }
    let mark = |name: &str, readonly: bool| {
        let mut permissions = root.join(name).metadata().unwrap().permissions();
        permissions.set_readonly(readonly);
        fs::set_permissions(root.join(name), permissions).unwrap();
    };
    for name in ["away.jpg", "away.mov", "away.txt", "cloud"] {
        mark(name, true);
    }
    let walked = |judge| {
        let options = WalkOptions::default();
        let roots = [root.to_owned()];
        walk_judged(&roots, &options, judge, &|_| (), &AtomicBool::new(false))
    };
    let names = |paths: &mut dyn Iterator<Item = &PathBuf>| -> Vec<String> {
        paths.map(|p| p.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/")).collect()
    };

    let some = walked(Some(is_marked));
    assert_eq!(names(&mut some.files.iter().map(|f| &f.path)), ["here.jpg"]);
    assert_eq!(some.videos, []);
    // A text is not read anyway, wherever its bytes are.
    assert_eq!(some.other, 1);
    assert_eq!(names(&mut some.skipped.iter().map(|s| &s.path)), ["away.jpg", "away.mov", "cloud"]);
    for skip in &some.skipped {
        assert_eq!((skip.stage, skip.reason.as_str()), (Stage::Walk, online_only::REASON));
    }
    let all = walked(None);
    assert_eq!(all.files.len() + all.videos.len(), 4);
    assert_eq!(all.skipped, []);
    mark("cloud", false);
}
