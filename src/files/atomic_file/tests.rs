use super::*;

#[test]
fn creates_once_and_replaces_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/file.toml");
    assert_eq!(create(&path, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
    replace(&path, b"first").unwrap();
    assert_eq!(create(&path, b"x").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    replace(&path, b"2").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"2");
    let names = fs::read_dir(folder.path().join("new")).unwrap().count();
    assert_eq!(names, 1, "nothing else is left in the folder");
}

#[test]
fn logs_rotate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs/audit.log");
    for line in ["2001-1\n", "2001-2\n", "2001-345\n", "2001-4\n", "2001-5\n"] {
        append_rotating(&path, line.as_bytes(), 8, 2).unwrap();
    }
    let text = |name: &str| fs::read_to_string(folder.path().join("logs").join(name)).unwrap();
    assert_eq!(text("audit.log"), "2001-4\n2001-5\n");
    assert_eq!(text("audit.log.1"), "2001-345\n");
    assert_eq!(text("audit.log.2"), "2001-1\n2001-2\n");
    append_rotating(&path, b"2001-6\n", 7, 2).unwrap();
    append_rotating(&path, b"2001-7\n", 7, 2).unwrap();
    let names = fs::read_dir(folder.path().join("logs")).unwrap().count();
    assert_eq!((names, text("audit.log.2")), (3, "2001-345\n".into()));
    // Nothing else is written into.
    for other in ["a photograph", "20", "20010-"] {
        fs::write(&path, other).unwrap();
        let refused = append_rotating(&path, b"2001-8\n", 7, 2).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists, "{other}");
        assert_eq!(text("audit.log"), other);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_permissions_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, "old").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&target, &link).unwrap();
    replace(&link, b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
}
