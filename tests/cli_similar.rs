//! `similar`, other caches and fine hashes, on the fixtures.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::path::{Path, PathBuf};

use hermetic::{Hermetic, Ran};

/// A hermetic place with a copy of the fixtures' library, scanned.
fn scanned() -> (Hermetic, PathBuf) {
    let hermetic = Hermetic::new();
    let library = hermetic.work().join("library");
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/library")), &library);
    let ran = hermetic.run(["scan", "library", "--quiet"]);
    assert!(ran.code <= 1, "{}", ran.all());
    (hermetic, library)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.all()))
}

/// A picture of the library that has copies there, by what dedupe says.
fn duplicated(hermetic: &Hermetic) -> (String, Vec<String>) {
    let report = json(&hermetic.run(["dedupe", "library", "--format", "json"]));
    let group = &report["groups"][0];
    let path = |value: &serde_json::Value| value["path"].as_str().unwrap().to_owned();
    let duplicates = group["duplicates"].as_array().unwrap().iter().map(path).collect();
    (path(&group["keeper"]), duplicates)
}

fn answers(ran: &Ran) -> Vec<String> {
    let report = json(ran);
    let hits = report["needles"][0]["similar"].as_array().unwrap().clone();
    hits.iter().map(|hit| hit["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_copies_of_a_picture_are_found_without_its_files() {
    let (hermetic, library) = scanned();
    let (keeper, duplicates) = duplicated(&hermetic);
    let needle = hermetic.work().join("needle");
    std::fs::copy(hermetic.work().join(&keeper), &needle).unwrap();
    // The library's files are not touched: they may as well be gone.
    std::fs::rename(&library, hermetic.work().join("unplugged")).unwrap();
    let found = answers(&hermetic.run(["similar", "needle", "--format", "json"]));
    // In the same form as dedupe has them.
    for path in duplicates.iter().chain([&keeper]) {
        assert!(found.contains(path), "{path} in {found:?}");
    }
    let needle = hermetic.work().join("needle");
    let absolute =
        answers(&hermetic.run(["similar", needle.to_str().unwrap(), "--format", "json"]));
    let whole = |path: &String| format!("[ROOT]/work/{path}");
    assert_eq!(absolute, found.iter().map(whole).collect::<Vec<_>>());
    let limited = answers(&hermetic.run(["similar", "needle", "-k", "1", "--format", "json"]));
    assert_eq!(limited.len(), 1);
    let elsewhere = hermetic.run(["similar", "needle", "--in", "other", "--format", "json"]);
    assert_eq!(answers(&elsewhere), [""; 0]);
    let inside = hermetic.run(["similar", "needle", "--in", "./x/../library", "--format", "json"]);
    assert_eq!(answers(&inside), found);
    let paths = hermetic.run(["similar", "needle", "--format", "paths0"]);
    assert_eq!(paths.stdout.matches('\0').count(), found.len());
}

#[test]
fn a_needle_in_the_library_can_be_left_out() {
    let (hermetic, _) = scanned();
    let (keeper, _) = duplicated(&hermetic);
    let all = answers(&hermetic.run(["similar", &keeper, "--format", "json"]));
    let others = answers(&hermetic.run(["similar", &keeper, "--exclude-self", "--format", "json"]));
    assert_eq!(others.len() + 1, all.len());
    assert!(!others.iter().any(|path| path.ends_with(&keeper)));
    // The nearest two others, though the nearest of all is the needle.
    let two = hermetic.run(["similar", &keeper, "--exclude-self", "-k", "2", "--format", "json"]);
    assert_eq!(answers(&two).len(), 2);
}

#[test]
fn hashes_can_be_asked_for() {
    let (hermetic, _) = scanned();
    let report = json(&hermetic.run(["dedupe", "library", "--format", "json"]));
    let keeper = &report["groups"][0]["keeper"];
    for which in ["phash", "fine"] {
        let hash = keeper[which].as_str().unwrap();
        let ran = hermetic.run(["similar", "--hash", hash, "--format", "json"]);
        let found = answers(&ran);
        assert!(found[0].ends_with(keeper["path"].as_str().unwrap()) || found.len() > 1);
        let hit = &json(&ran)["needles"][0]["similar"][0];
        assert_eq!(hit["distance"].is_null(), which == "fine");
        assert_eq!(hit["fine_distance"].is_null(), which == "phash");
    }
    let wrong = hermetic.run(["similar", "--hash", "xyz"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
    assert!(wrong.stderr.contains("a hash is 16 (perceptual) or 64 (fine)"), "{}", wrong.stderr);
}

#[test]
fn what_is_no_picture_is_an_error_and_the_rest_is_answered() {
    let (hermetic, _) = scanned();
    let (keeper, _) = duplicated(&hermetic);
    std::fs::write(hermetic.work().join("text.jpg"), "no picture").unwrap();
    let ran = hermetic.run(["similar", "text.jpg", "missing.jpg", &keeper]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("text.jpg: not a picture format"), "{}", ran.stdout);
    assert!(ran.stdout.contains("missing.jpg: "), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("{keeper}: ")), "{}", ran.stdout);
}

#[test]
fn packed_hashes_follow_the_cache_and_survive_damage() {
    let (hermetic, library) = scanned();
    let (keeper, _) = duplicated(&hermetic);
    let ask = || answers(&hermetic.run(["similar", &keeper, "--format", "json"]));
    let first = ask();
    let packed = hermetic.root().join("cache/clean-backup/hashes.db-packed");
    let written = std::fs::read(&packed).unwrap();
    assert_eq!(ask(), first);
    assert!(std::fs::read(&packed).unwrap() == written, "written though nothing had changed");
    // Cut off, changed anywhere, another program's, gone.
    let mut spoiled: Vec<Vec<u8>> =
        vec![written[..written.len() / 2].to_vec(), b"other".to_vec(), Vec::new()];
    for at in [0, 9, 20, 33, 41, 60, 145, 160] {
        let mut bytes = written.clone();
        bytes[at] ^= 0x55;
        spoiled.push(bytes);
    }
    for bytes in spoiled {
        std::fs::write(&packed, bytes).unwrap();
        assert_eq!(ask(), first);
        std::fs::remove_file(&packed).unwrap();
        assert_eq!(ask(), first);
    }
    // A new copy is found as soon as it was scanned.
    std::fs::copy(hermetic.work().join(&keeper), library.join("new copy.jpg")).unwrap();
    assert_eq!(ask(), first);
    hermetic.run(["scan", "library"]);
    assert_eq!(ask().len(), first.len() + 1);
}

#[test]
fn another_librarys_cache_keeps_what_is_there() {
    let (hermetic, library) = scanned();
    let (keeper, _) = duplicated(&hermetic);
    // That library is unplugged; its cache is here, and must not be written to.
    let catalogue = hermetic.work().join("catalogue.db");
    std::fs::copy(hermetic.cache_file(), &catalogue).unwrap();
    let before = std::fs::read(&catalogue).unwrap();
    let card = hermetic.work().join("card");
    std::fs::create_dir(&card).unwrap();
    std::fs::copy(hermetic.work().join(&keeper), card.join("IMG_1.jpg")).unwrap();
    std::fs::rename(&library, hermetic.work().join("unplugged")).unwrap();
    let fresh = hermetic.work().join("fresh.db");
    let arguments = [
        "dedupe",
        "card",
        "--cache",
        "fresh.db",
        "--with-cache",
        "catalogue.db",
        "--format",
        "json",
    ];
    let ran = hermetic.run(arguments);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let report = json(&ran);
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{}", ran.stdout);
    assert_eq!(groups[0]["keeper"]["reference"], true);
    assert_eq!(groups[0]["duplicates"].as_array().unwrap().len(), 1);
    assert!(groups[0]["duplicates"][0]["path"].as_str().unwrap().ends_with("IMG_1.jpg"));
    assert_eq!(report["summary"]["files"], 1);
    assert!(fresh.exists());
    assert_eq!(std::fs::read(&catalogue).unwrap(), before);
    let similar = hermetic.run([
        "similar",
        "card/IMG_1.jpg",
        "--cache",
        "fresh.db",
        "--with-cache",
        "catalogue.db",
        "--format",
        "json",
    ]);
    assert!(answers(&similar).len() > 1, "{}", similar.all());
    assert!(json(&similar)["needles"][0]["similar"].to_string().contains("catalogue.db"));

    let missing = hermetic.run(["dedupe", "card", "--with-cache", "nowhere.db"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("--with-cache: cache nowhere.db"), "{}", missing.stderr);
    std::fs::write(hermetic.work().join("text.db"), "no database at all, but some text").unwrap();
    let foreign = hermetic.run(["dedupe", "card", "--with-cache", "text.db"]);
    assert_eq!(foreign.code, 3);
    assert!(hermetic.work().join("text.db").exists());
}

#[test]
fn fine_hashes_alone_find_the_same_copies() {
    let (hermetic, _) = scanned();
    let groups = |hash: &str| {
        let ran = hermetic.run(["dedupe", "library", "--hash", hash, "--format", "json"]);
        let report = json(&ran);
        let paths = |group: &serde_json::Value| {
            let mut paths: Vec<String> = group["duplicates"]
                .as_array()
                .unwrap()
                .iter()
                .chain([&group["keeper"]])
                .map(|picture| picture["path"].as_str().unwrap().to_owned())
                .collect();
            paths.sort();
            paths
        };
        report["groups"].as_array().unwrap().iter().map(paths).collect::<Vec<_>>()
    };
    assert!(!groups("both").is_empty());
    assert_eq!(groups("fine"), groups("both"));
}

#[test]
fn the_approximate_index_is_made_kept_and_mended() {
    let (hermetic, library) = scanned();
    let (keeper, _) = duplicated(&hermetic);
    let ask = || {
        let ran = hermetic.run([
            "similar",
            &keeper,
            "-k",
            "2",
            "--approximate",
            "--format",
            "json",
            "-v",
        ]);
        assert_eq!(json(&ran)["approximate"], true);
        (answers(&ran), ran.stderr)
    };
    let exact = answers(&hermetic.run(["similar", &keeper, "-k", "2", "--format", "json"]));
    let (found, told) = ask();
    assert_eq!(found, exact);
    assert!(told.contains("built from scratch: there is none yet"), "{told}");
    assert!(!ask().1.contains("built from scratch"));
    // Cut off: the crate would end the process.
    let graph = hermetic.root().join("cache/clean-backup/hashes.db-hnsw/index.hnsw.graph");
    let whole = std::fs::read(&graph).unwrap();
    std::fs::write(&graph, &whole[..whole.len() - 9]).unwrap();
    let (found, told) = ask();
    assert_eq!(found, exact);
    assert!(told.contains("built from scratch: it is damaged"), "{told}");
    std::fs::copy(hermetic.work().join(&keeper), library.join("another.jpg")).unwrap();
    hermetic.run(["scan", "library"]);
    assert_eq!(ask().0.len(), 2);
    let wrong = hermetic.run(["similar", &keeper, "--approximate"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
}

#[test]
fn tables_carry_everything_there_and_back() {
    let (hermetic, _) = scanned();
    let report = |cache: &str| {
        let mut report =
            json(&hermetic.run(["dedupe", "library", "--cache", cache, "--format", "json"]));
        report["summary"]["seconds"] = 0.into();
        report
    };
    let usual = hermetic.cache_file().to_string_lossy().into_owned();
    let expected = report(&usual);
    for form in ["csv", "parquet"] {
        let (table, cache) = (format!("table.{form}"), format!("{form}.db"));
        let ran = hermetic.run(["cache", "export", "--format", form, "-o", &table]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        let again = hermetic.run(["cache", "export", "--format", form, "-o", &table]);
        assert_ne!(again.code, 0, "an older file was replaced");
        let ran = hermetic.run(["cache", "import", &table, "--cache", &cache]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(ran.stdout.contains("pictures imported"), "{}", ran.stdout);
        // Everything is known: nothing is decoded again, and the report is the same to the byte.
        let found = report(&cache);
        assert_eq!(found["summary"]["hashed"], 0);
        assert_eq!(found, expected);
        // The table of the copy is the table.
        let second = format!("second.{form}");
        hermetic.run(["cache", "export", "--format", form, "-o", &second, "--cache", &cache]);
        let bytes = |name: &str| std::fs::read(hermetic.work().join(name)).unwrap();
        assert!(bytes(&table) == bytes(&second), "{form} changed on the way");
    }
    let printed = hermetic.command().args(["cache", "export"]).output().unwrap().stdout;
    assert!(printed == std::fs::read(hermetic.work().join("table.csv")).unwrap());
}

#[test]
fn tables_that_make_no_sense_are_refused() {
    let (hermetic, _) = scanned();
    let printed = hermetic.command().args(["cache", "export"]).output().unwrap().stdout;
    let csv = String::from_utf8(printed).unwrap();
    let line = |n: usize| csv.lines().nth(n).unwrap().to_owned();
    let refuse = |name: &str, text: &str, why: &str| {
        std::fs::write(hermetic.work().join(name), text).unwrap();
        let ran = hermetic.run(["cache", "import", name, "--cache", "new.db"]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.stderr.contains(name) && ran.stderr.contains(why), "{}", ran.stderr);
    };
    refuse("other.csv", "a,b\n1,2\n", "it has no column path");
    refuse("short.csv", &format!("{}\n1,2\n", line(0)), "record 1");
    let spoiled = line(1).replacen(",jpeg,", ",jqeg,", 1);
    assert_ne!(spoiled, line(1));
    refuse("spoiled.csv", &format!("{}\n{spoiled}\n", line(0)), "row 1: format makes no sense");
    let relative = line(1).replacen('/', "", 1);
    refuse("relative.csv", &format!("{}\n{relative}\n", line(0)), "row 1: path makes no sense");
    refuse("cut.parquet", "PAR1 and nothing else", "cut.parquet: ");
    refuse("empty.csv", "", "it has no column path");
}
