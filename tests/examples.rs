//! The examples do what they say, on the library of the fixtures.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What an example prints. Cargo builds the examples before it runs the tests.
fn run(example: &str, arguments: &[&Path]) -> String {
    // This test lies in `deps`, beside which the folder of the examples is.
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let program =
        profile.join("examples").join(example).with_extension(std::env::consts::EXE_EXTENSION);
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(&program)
        .args(arguments)
        .env("TMPDIR", folder.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| {
            panic!("{}: {error}; cargo build --examples makes it", program.display())
        });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    with_slashes(&String::from_utf8(output.stdout).unwrap())
}

/// A text with the separators of Windows as those of other systems.
fn with_slashes(text: &str) -> String {
    if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
}

#[test]
fn duplicates() {
    let printed = run("duplicates", &[Path::new("fixtures/library")]);
    assert_eq!(printed.lines().filter(|line| line.contains(" stays: ")).count(), 4, "{printed}");
    assert!(printed.contains("\n  copy: fixtures/library/"), "{printed}");
    assert!(printed.lines().last().unwrap().starts_with("7 duplicates, "), "{printed}");
}

#[test]
fn similar() {
    let picture = std::fs::read_dir("fixtures/library/2023").unwrap();
    let mut pictures: Vec<PathBuf> = picture.map(|entry| entry.unwrap().path()).collect();
    pictures.sort();
    let picture =
        pictures.iter().find(|path| path.extension().is_some_and(|e| e == "jpg")).unwrap();
    let printed = run("similar", &[picture, Path::new("fixtures/library")]);
    let itself = with_slashes(&format!("{}: 0 of 64 bits differ", picture.display()));
    assert!(printed.lines().any(|line| line.ends_with(&itself)), "{itself} in {printed}");
}

#[test]
fn import() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run("import", &[Path::new("fixtures/library"), folder.path()]);
    assert!(printed.lines().count() > 5, "{printed}");
    let sound = |line: &str| line.split_once(" -> ").is_some_and(|(_, to)| !to.is_empty());
    assert!(printed.lines().all(sound), "{printed}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "only planned");
}
