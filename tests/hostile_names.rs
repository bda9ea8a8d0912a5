//! Names and texts that try to command a terminal or a spreadsheet: nothing that the program prints
//! carries them out, and nothing of them is lost.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clean_backup::catalogue::exchange::{TableFormat, read_csv, write_table};
use clean_backup::model::media::{
    Bytes, DecodeFlags, Dimensions, FileKey, FileStamp, Format, Metadata, ModifiedNs,
};
use clean_backup::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};
use clean_backup::model::record::{KnownPicture, PictureRecord};
use hermetic::{Hermetic, Ran};

/// A screen that is cleared, a title that is set, a line of one's own, a direction that is turned,
/// a C1 introducer, and formulas.
const NAMES: [&[u8]; 10] = [
    b"a\x1b[2J\x1b]0;title\x07.jpg",
    b"b\r\nerror: all is lost\n.jpg",
    "c\u{202e}gpj.\u{2066}\u{2029}.jpg".as_bytes(),
    "d\u{9b}31m\u{85}\u{7f}.jpg".as_bytes(),
    b"=HYPERLINK(\"evil.example\",1).jpg",
    b"+1.jpg",
    b"@SUM(A1).jpg",
    b"\t=1+1.jpg",
    b"=not utf8 \xff\x1b[1m.jpg",
    b"--\x1b[2Jx.jpg",
];

/// Ten identical pictures of such names, one of them also in a folder of such a name, and one file
/// that is none.
fn library() -> Hermetic {
    let hermetic = Hermetic::new();
    let folder = hermetic.work().join("in");
    fs::create_dir(&folder).unwrap();
    let garden = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library/2024/garden.jpg");
    let file = |path: PathBuf, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).unwrap();
    };
    let bytes = fs::read(garden).unwrap();
    for name in NAMES {
        file(folder.join(OsStr::from_bytes(name)), &bytes);
    }
    let odd = folder.join(OsStr::from_bytes(b"=\x1b[7m"));
    fs::create_dir(&odd).unwrap();
    file(odd.join("\u{1b}c.jpg"), &bytes);
    file(folder.join("broken\u{1b}[5m\u{202e}.jpg"), b"\xff\xd8\xff and no more");
    hermetic
}

/// Whether a terminal takes it for anything but text.
fn commands(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn harmless(what: &str, text: &str) {
    let found = text.lines().find(|line| line.chars().any(commands));
    assert_eq!(found, None, "{what}");
    let alone = text.lines().find(|line| line.starts_with("error: all is lost"));
    assert_eq!(alone, None, "{what}: a name has a line of its own");
}

#[track_caller]
fn all_harmless(what: &str, ran: &Ran, code: i32) {
    assert_eq!(ran.code, code, "{what}: {}", ran.all());
    harmless(what, &ran.stdout.replace("\r\n", "\n"));
    harmless(what, &ran.stderr);
}

#[test]
fn nothing_that_is_printed_commands_a_terminal() {
    let hermetic = library();
    let run = |line: &[&str], code: i32| -> Ran {
        let ran = hermetic.run(line);
        all_harmless(&format!("{line:?}"), &ran, code);
        ran
    };
    run(&["scan", "in", "-v"], 1);
    for format in ["text", "json", "csv", "html"] {
        let ran = run(&["dedupe", "in", "--format", format], 1);
        assert!(ran.stdout.contains("evil.example"), "{}", ran.stdout);
    }
    run(&["dedupe", "in", "-v", "--log-format", "json"], 1);
    run(&["dedupe", "in", "--action", "quarantine", "--dry-run"], 1);
    run(&["dedupe", "in", "--action", "quarantine", "--yes", "-v"], 1);
    run(&["history"], 0);
    let history = hermetic.run(["history"]).stdout;
    let name = history.split_whitespace().next().unwrap();
    run(&["history", name], 0);
    run(&["history", name, "--format", "json"], 0);
    assert!(run(&["logs"], 0).stdout.contains("evil.example"));
    // Even if somebody wrote into it.
    let log = hermetic.root().join("state/clean-backup/audit.log");
    let text = fs::read_to_string(&log).unwrap() + "2026-11-27 \u{1b}[2J\u{202e} ";
    fs::write(&log, [text.as_bytes(), b"\xff\n"].concat()).unwrap();
    run(&["logs"], 0);
    run(&["undo", "--dry-run"], 0);
    run(&["undo", "--yes", "-v"], 0);
    run(&["similar", "in/+1.jpg", "in/broken\u{1b}[5m\u{202e}.jpg"], 1);
    run(&["similar", "in/+1.jpg", "--format", "json"], 0);
    run(&["organize", "in", "out", "--dry-run"], 0);
    run(&["organize", "in", "out", "--explain", "in/a\u{1b}[2J\u{1b}]0;title\u{7}.jpg"], 2);
    run(&["organize", "--explain", "in/a\u{1b}[2J\u{1b}]0;title\u{7}.jpg"], 0);
    run(&["organize", "in", "out", "--yes"], 0);
    run(&["cache", "stats"], 0);
    run(&["cache", "export"], 0);
    // Errors about what is not there, and of the command line itself.
    let missing = "no\u{1b}[2J\u{202e}\nerror: all is lost";
    for line in [
        &["dedupe", missing][..],
        &["organize", missing, "out"],
        &["organize", "--explain", missing],
        &["apply", missing],
        &["cache", "import", missing],
        &["scan", "in", "--config", missing],
        &["similar", "in/+1.jpg", "--with-cache", missing],
        &["resume", missing],
        &["resume", "--leftovers", missing],
    ] {
        let ran = hermetic.run(line);
        assert!(ran.code != 0, "{line:?}: {}", ran.all());
        harmless(&format!("{line:?}"), &(ran.stdout + &ran.stderr));
    }
    run(&["scan", "--\u{1b}[2Jx.jpg"], 2);
    run(&["\u{9b}2J\u{202e}"], 2);
}

#[test]
fn no_cell_is_a_formula_and_every_path_can_be_had() {
    let hermetic = library();
    assert_eq!(hermetic.run(["scan", "in"]).code, 1);
    for line in [&["dedupe", "in", "--format", "csv"][..], &["cache", "export"]] {
        let text = hermetic.run(line).stdout;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let mut paths = Vec::new();
        for record in reader.records() {
            let record = record.unwrap();
            for (cell, header) in record.iter().zip(&headers) {
                let is_number = cell.parse::<i64>().is_ok();
                let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
                assert!(!formula, "{line:?}: {header} is {cell:?}");
                assert!(!cell.chars().any(|c| commands(c) || c == '\n'), "{line:?}: {cell:?}");
            }
            let exact = Some(&record[place("path_bytes")]).filter(|base64| !base64.is_empty());
            paths.push(
                clean_backup::model::path_text::path_of(&record[place("path")], exact).unwrap(),
            );
        }
        let mut names: Vec<_> =
            paths.iter().map(|path| path.file_name().unwrap().to_owned()).collect();
        names.sort();
        let mut expected: Vec<_> =
            NAMES.iter().map(|name| OsStr::from_bytes(name).to_owned()).collect();
        expected.push("\u{1b}c.jpg".into());
        expected.sort();
        assert_eq!(names, expected, "{line:?}");
    }
}

#[test]
fn the_exchange_table_loses_nothing() {
    let hermetic = library();
    assert_eq!(hermetic.run(["scan", "in"]).code, 1);
    let export = || {
        let output = hermetic.command().args(["cache", "export"]).output().unwrap();
        output.stdout
    };
    let before = export();
    fs::write(hermetic.work().join("table.csv"), &before).unwrap();
    assert_eq!(hermetic.run(["cache", "clear"]).code, 0);
    let taken = hermetic.run(["cache", "import", "table.csv"]);
    assert_eq!(taken.stdout, "11 pictures imported\n", "{}", taken.all());
    assert!(export() == before);
    let again = hermetic.run(["scan", "in"]);
    assert!(again.stdout.contains("11 pictures: 0 hashed, 11 from the cache"), "{}", again.all());
}

#[test]
fn names_of_cameras_are_exact_too() {
    let view = View { phash: PerceptualHash(7), fine: FineHash([1, 2, 3, 4]) };
    let picture = |number: usize, camera: Option<&str>| KnownPicture {
        path: Path::new("/").join(OsStr::from_bytes(NAMES[number])),
        stamp: FileStamp {
            key: FileKey { device: 1, inode: 2 },
            size: Bytes(3),
            modified: ModifiedNs(-4),
        },
        evidence: Default::default(),
        record: PictureRecord {
            format: Format::Jpeg,
            dimensions: Dimensions { width: 4, height: 3 },
            hash: PictureHash { views: [view; 4], quality: Quality(90) },
            metadata: Metadata { camera: camera.map(str::to_owned), ..Metadata::default() },
            flags: DecodeFlags::default(),
            provenance: None,
        },
        content: None,
    };
    let cameras =
        [Some("=1+1"), Some("-2\u{1b}[2J\u{202e}\n"), Some("'=1"), Some("NIKON D70"), None];
    let pictures: Vec<_> = (0..).zip(cameras).map(|(n, camera)| picture(n, camera)).collect();
    let mut bytes = Vec::new();
    let mut give = pictures.iter().cloned();
    write_table(TableFormat::Csv, &mut bytes, &mut |take| {
        give.by_ref().for_each(take);
        Ok(())
    })
    .unwrap();
    harmless("table", std::str::from_utf8(&bytes).unwrap());
    let mut read = Vec::new();
    read_csv(&mut bytes.as_slice(), &mut |known| read.push(known)).unwrap();
    assert_eq!(read, pictures);
}
