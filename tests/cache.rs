//! The cache: what it keeps, when it forgets, and what it does with databases that are not it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use clean_backup::catalogue::cache::{Cache, CacheError, CachedRow};
use clean_backup::model::media::{
    Bytes, CaptureTime, ChangedNs, DecodeFlags, Dimensions, Evidence, FileKey, FileStamp, Format,
    MediaFile, Metadata, ModifiedNs, Orientation, Volume,
};
use clean_backup::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};
use clean_backup::model::provenance::{Bandwidth, Provenance, Quantised, Traces};
use clean_backup::model::record::{ContentHash, PictureRecord, Record, Stage, Unreadable};
use proptest::prelude::*;
use rusqlite::Connection;

fn file(path: impl AsRef<Path>, inode: u64) -> MediaFile {
    MediaFile {
        path: path.as_ref().to_owned(),
        stamp: FileStamp {
            key: FileKey { device: 3, inode },
            size: Bytes(1000 + inode),
            modified: ModifiedNs(1_600_000_000_000_000_000 + inode as i64),
        },
        evidence: Evidence {
            changed: Some(ChangedNs(1_700_000_000_000_000_000)),
            volume: Some(Volume(77)),
        },
        root: 0,
    }
}

/// The hash of the bytes of the file with that inode.
fn content(inode: u64) -> ContentHash {
    ContentHash([inode as u8; 32])
}

fn picture(seed: u64) -> Record {
    let view = |n: u64| View {
        phash: PerceptualHash(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(n as u32)),
        fine: FineHash([seed, n, u64::MAX - seed, 7]),
    };
    Record::Picture(PictureRecord {
        format: Format::Jpeg,
        dimensions: Dimensions { width: 4000, height: 3000 },
        hash: PictureHash { views: [view(0), view(1), view(2), view(3)], quality: Quality(80) },
        metadata: Metadata::default(),
        flags: DecodeFlags::default(),
        provenance: None,
    })
}

fn open(folder: &Path) -> Cache {
    let opened = Cache::open(&folder.join("hashes.db"), Path::new("/base")).unwrap();
    assert_eq!(opened.set_aside, None);
    opened.cache
}

fn one(cache: &Cache, file: &MediaFile) -> Option<CachedRow> {
    cache.lookup(std::slice::from_ref(file)).unwrap().remove(0)
}

/// A cache with these files, each with a picture of its own.
fn filled(folder: &Path, files: &[MediaFile]) -> Cache {
    let mut cache = open(folder);
    let records: Vec<Record> = files.iter().map(|f| picture(f.stamp.key.inode)).collect();
    let rows = files.iter().zip(&records);
    let rows: Vec<_> =
        rows.map(|(file, record)| (file, record, Some(content(file.stamp.key.inode)))).collect();
    cache.write_batch(&rows).unwrap();
    cache
}

#[test]
fn a_row_holds_while_nothing_contradicts_it() {
    let folder = tempfile::tempdir().unwrap();
    let known = file("/a.jpg", 1);
    let cache = filled(folder.path(), std::slice::from_ref(&known));
    let held = one(&cache, &known).unwrap();
    assert_eq!((held.record, held.content), (picture(1), Some(content(1))));
    // Whether there is a row, and whether the bytes have to be read before it counts.
    let changed = |change: &dyn Fn(&mut MediaFile)| {
        let mut file = known.clone();
        change(&mut file);
        one(&cache, &file).map(|row| row.unconfirmed)
    };
    assert_eq!(changed(&|_| ()), Some(false));
    assert_eq!(changed(&|file| file.stamp.size.0 += 1), None);
    assert_eq!(changed(&|file| file.stamp.modified.0 += 1), Some(true));
    assert_eq!(changed(&|file| file.stamp.key.inode += 1), Some(true));
    // Replaced in place by a file of the same size and modification time.
    assert_eq!(changed(&|file| file.evidence.changed = Some(ChangedNs(5))), Some(true));
    // Another drive at the same place.
    assert_eq!(changed(&|file| file.evidence.volume = Some(Volume(78))), Some(true));
    // Systems that do not tell, and a drive that is plugged in again with another device number.
    assert_eq!(changed(&|file| file.evidence = Evidence::default()), Some(false));
    assert_eq!(changed(&|file| file.stamp.key.device += 1), Some(false));
}

#[test]
fn a_row_without_a_hash_of_the_bytes_cannot_be_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let known = file("/a.jpg", 1);
    let mut cache = open(folder.path());
    cache.write_batch(&[(&known, &picture(1), None)]).unwrap();
    let held = one(&cache, &known).unwrap();
    assert_eq!((held.content, held.unconfirmed), (None, false));
    let mut replaced = known.clone();
    replaced.evidence.changed = Some(ChangedNs(5));
    assert_eq!(one(&cache, &replaced), None);
    assert_eq!(one(&cache, &file("/elsewhere/b.jpg", 1)), None);
}

#[test]
fn a_moved_file_is_known_once_its_bytes_are_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path(), &[file("/a.jpg", 1)]);
    let moved = one(&cache, &file("/elsewhere/b.jpg", 1)).unwrap();
    assert!(moved.unconfirmed);
    assert_eq!((moved.record, moved.content), (picture(1), Some(content(1))));
    let mut other_disk = file("/elsewhere/b.jpg", 1);
    other_disk.stamp.key.device = 9;
    assert_eq!(one(&cache, &other_disk), None);
}

#[test]
fn a_row_whose_values_do_not_belong_together_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let files = [file("/a.jpg", 1), file("/b.jpg", 2)];
    let cache = filled(folder.path(), &files);
    let raw = Connection::open(folder.path().join("hashes.db")).unwrap();
    raw.execute("UPDATE file SET views = (SELECT views FROM file ORDER BY path LIMIT 1)", [])
        .unwrap();
    let rows = cache.lookup(&files).unwrap();
    assert!(rows[0].is_some());
    assert_eq!(rows[1], None);
    // Without its seal, the hash of the bytes counts for nothing.
    raw.execute("UPDATE file SET seal = NULL", []).unwrap();
    assert_eq!(one(&cache, &files[0]).unwrap().content, None);
}

/// A name that is no Unicode.
#[cfg(unix)]
fn odd_name() -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(b"/caf\xe9\n.jpg").into()
}

/// A name that is no Unicode: half a pair.
#[cfg(windows)]
fn odd_name() -> PathBuf {
    use std::os::windows::ffi::OsStringExt as _;
    let name: Vec<u16> =
        "/caf".encode_utf16().chain([0xd800]).chain(".jpg".encode_utf16()).collect();
    std::ffi::OsString::from_wide(&name).into()
}

#[test]
fn many_and_few_files_get_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<MediaFile> =
        (0..500).map(|i| file(format!("/d{}/{i}.jpg", i % 7), i)).collect();
    files.push(file(odd_name(), 900));
    files.push(file("relative/a.jpg", 901));
    let cache = filled(folder.path(), &files);
    let mut asked = files.clone();
    asked.extend((1000..1100).map(|i| file(format!("/d3/100-{i}.jpg"), i)));
    asked[3].stamp.size.0 += 1;
    asked.reverse();
    let in_one_pass = cache.lookup(&asked).unwrap();
    let one_by_one: Vec<_> = asked.iter().map(|file| one(&cache, file)).collect();
    assert_eq!(in_one_pass, one_by_one);
    assert_eq!(in_one_pass.iter().flatten().count(), files.len() - 1);
    // Relative to the base or absolute: one file, one row.
    for same in ["/base/relative/a.jpg", "./relative//a.jpg"] {
        assert!(!one(&cache, &file(same, 901)).unwrap().unconfirmed, "{same}");
    }
}

#[test]
fn failures_are_kept_until_they_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let broken = file("/broken.jpg", 5);
    let failure =
        Record::Unreadable(Unreadable { stage: Stage::Decode, reason: "damaged: \"x\"\n".into() });
    let (good, other) = (file("/good.jpg", 6), file("/other.jpg", 7));
    let mut cache = filled(folder.path(), &[good.clone(), other.clone()]);
    cache.write_batch(&[(&broken, &failure, None)]).unwrap();
    assert_eq!(one(&cache, &broken).unwrap().record, failure);
    cache.forget(&[&other.path, Path::new("/never/known.jpg")]).unwrap();
    assert_eq!(one(&cache, &other), None);
    assert!(one(&cache, &good).is_some());
    let stats = cache.stats().unwrap();
    assert_eq!((stats.rows, stats.pictures, stats.failures, stats.with_content), (2, 1, 1, 1));
    assert_eq!(stats.formats, [("jpeg".to_owned(), 1)]);
    assert!(stats.bytes_on_disk > 0);
}

#[test]
fn another_hash_version_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let known = file("/a.jpg", 1);
    let cache = filled(folder.path(), std::slice::from_ref(&known));
    let raw = Connection::open(folder.path().join("hashes.db")).unwrap();
    raw.execute("UPDATE file SET hash_version = hash_version + 1", []).unwrap();
    assert_eq!(one(&cache, &known), None);
    assert_eq!(cache.stats().unwrap().outdated, 1);
}

#[test]
fn a_row_that_makes_no_sense_is_read_again() {
    for change in [
        "views = x'00'",
        "format = 'daguerreotype'",
        "width = -1",
        "marks = 999",
        "quality = NULL",
        "content = x'0102'",
        "format = NULL",
        "orientation = 'north'",
        "size = 'large'",
        "hash_version = 'one'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let known = file("/a.jpg", 1);
        let cache = filled(folder.path(), std::slice::from_ref(&known));
        let raw = Connection::open(folder.path().join("hashes.db")).unwrap();
        raw.execute(&format!("UPDATE file SET {change}"), []).unwrap();
        assert_eq!(one(&cache, &known), None, "{change}");
        assert_eq!(
            cache.verify(&|_| Some((known.stamp, known.evidence))).unwrap().unreadable,
            1,
            "{change}"
        );
    }
}

/// Names and bytes of everything in a folder.
fn all(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries.map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn what_is_somebody_elses_stays_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hashes.db");
    let refused = |what: &str| {
        let before = all(folder.path());
        for error in [
            Cache::open(&path, Path::new("/")).unwrap_err(),
            Cache::open_read_only(&path, Path::new("/")).unwrap_err(),
        ] {
            assert!(matches!(error, CacheError::Foreign { .. }), "{what}: {error:?}");
        }
        assert!(all(folder.path()) == before, "{what} was changed, or something lies beside it");
        fs::remove_file(&path).unwrap();
    };
    fs::write(&path, b"\xff\xd8\xff\xe0 a photograph".repeat(400)).unwrap();
    refused("a photograph");
    fs::write(&path, "x").unwrap();
    refused("a byte");
    let database = |sql: &str| {
        let database = Connection::open(&path).unwrap();
        database.execute_batch(sql).unwrap();
    };
    database("CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES ('x')");
    refused("a database without a mark");
    database("PRAGMA application_id = 7; CREATE TABLE bookmarks (url)");
    refused("a database with another mark");
    database("PRAGMA user_version = 3");
    refused("a database without tables");
    // In this mode even a reader makes files beside a database.
    database("PRAGMA journal_mode = wal; CREATE TABLE bookmarks (url)");
    assert!(!folder.path().join("hashes.db-wal").exists());
    refused("a database with a write-ahead log");
}

#[test]
fn a_newer_database_is_left_to_the_newer_version() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path(), &[file("/a.jpg", 1)]));
    let path = folder.path().join("hashes.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = all(folder.path());
    for error in [
        Cache::open(&path, Path::new("/")).unwrap_err(),
        Cache::open_read_only(&path, Path::new("/")).unwrap_err(),
    ] {
        assert!(matches!(error, CacheError::Newer(_)), "{error:?}");
    }
    assert!(all(folder.path()) == before);
}

#[test]
fn only_the_own_damaged_database_is_set_aside_with_its_logs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hashes.db");
    let parts =
        ["hashes.db", "hashes.db-wal", "hashes.db-shm"].map(|name| folder.path().join(name));
    for round in 1..=2 {
        // As a killed run leaves it: rows that are in the log alone.
        let cache = filled(folder.path(), &[file("/a.jpg", 1)]);
        let left = parts.each_ref().map(|part| fs::read(part).unwrap());
        drop(cache);
        for (part, bytes) in parts.iter().zip(&left) {
            fs::write(part, bytes).unwrap();
        }
        let mut damaged = left[0].clone();
        damaged[100..].fill(0x5a);
        // The first page is in the log too, and hides the damage.
        let mut log = left[1].clone();
        log.truncate(32);
        fs::write(&parts[0], &damaged).unwrap();
        fs::write(&parts[1], &log).unwrap();

        let opened = Cache::open(&path, Path::new("/base")).unwrap();
        let aside = opened.set_aside.clone().expect("it is damaged");
        assert!(aside.why.contains("damaged"), "{}", aside.why);
        assert_eq!(aside.moved_to, folder.path().join(format!("hashes.db.corrupt-{round}")));
        assert!(fs::read(&aside.moved_to).unwrap() == damaged);
        assert_eq!(opened.cache.stats().unwrap().rows, 0, "an old log was read into the new one");
        drop(opened);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn logs_are_set_aside_before_their_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hashes.db");
    let wal = folder.path().join("hashes.db-wal");
    let mut cache = filled(folder.path(), &[file("/a.jpg", 1)]);
    assert!(fs::read(&wal).unwrap().len() > 32);
    // Where the log cannot go, the database stays too: a new one would take the log for its own.
    let in_the_way = folder.path().join("hashes.db.corrupt-1-wal");
    fs::create_dir(&in_the_way).unwrap();
    cache.set_aside().unwrap_err();
    assert!(path.exists() && wal.exists());
    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(cache.set_aside().unwrap(), folder.path().join("hashes.db.corrupt-1"));
    assert!(in_the_way.exists() && !path.exists() && !wal.exists());
    assert_eq!(open(folder.path()).stats().unwrap().rows, 0);
}

#[test]
fn a_log_without_its_database_is_nobodys_to_remove() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hashes.db");
    let cache = filled(folder.path(), &[file("/a.jpg", 1)]);
    let log = fs::read(folder.path().join("hashes.db-wal")).unwrap();
    assert!(log.len() > 32);
    drop(cache);
    fs::remove_file(&path).unwrap();
    for bytes in [&log[..], b"\xff\xd8\xff\xe0 a photograph"] {
        fs::write(folder.path().join("hashes.db-wal"), bytes).unwrap();
        let error = Cache::open(&path, Path::new("/")).unwrap_err();
        assert!(matches!(error, CacheError::Foreign { .. }), "{error:?}");
        let beside = folder.path().join("hashes.db-wal");
        assert!(all(folder.path()) == [(beside, bytes.to_vec())]);
    }
}

#[test]
fn packed_hashes_replace_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path(), &[file("/a.jpg", 1)]);
    let path = folder.path().join("hashes.db-packed");
    for (bytes, replaced) in [(&b"\xff\xd8\xff\xe0 a photograph"[..], false), (b"ClBkPk00", true)] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.packed().unwrap().hashes().len(), 1);
        assert_eq!(fs::read(&path).unwrap() != bytes, replaced);
    }
}

#[test]
fn damage_in_the_middle_is_an_error_by_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<MediaFile> = (0..2000).map(|i| file(format!("/d/{i:05}.jpg"), i)).collect();
    drop(filled(folder.path(), &files));
    let path = folder.path().join("hashes.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 4;
    bytes[middle..middle + 100_000].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let mut cache = match Cache::open(&path, Path::new("/base")) {
        Ok(opened) => opened.cache,
        Err(error) => panic!("{error}"),
    };
    match cache.lookup(&files) {
        Err(CacheError::Damaged { .. }) => {}
        other => panic!("{:?}", other.map(|rows| rows.iter().flatten().count())),
    }
    assert_eq!(cache.set_aside().unwrap(), folder.path().join("hashes.db.corrupt-1"));
}

#[test]
fn a_place_without_a_way_to_a_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = Cache::open(&folder.path().join("file/hashes.db"), Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}

#[test]
fn many_open_and_write_at_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let folder = folder.path();
                scope.spawn(move || {
                    let opened = Cache::open(&folder.join("hashes.db"), Path::new("/")).unwrap();
                    assert_eq!(opened.set_aside, None);
                    let mut cache = opened.cache;
                    for i in 0..20 {
                        let file = file(format!("/{thread}/{i}.jpg"), thread * 100 + i);
                        cache.write_batch(&[(&file, &picture(i), Some(content(i)))]).unwrap();
                    }
                });
            }
        });
        assert_eq!(open(folder.path()).stats().unwrap().rows, 120);
    }
}

#[test]
fn pruning_takes_only_what_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let files = [file("/a.jpg", 1), file("/b.jpg", 2)];
    let mut cache = filled(folder.path(), &files);
    assert_eq!(cache.prune(&|path| path == Path::new("/a.jpg")).unwrap(), 1);
    assert_eq!(one(&cache, &files[0]), None);
    assert!(one(&cache, &files[1]).is_some());
    let verified = cache.verify(&|_| None).unwrap();
    assert_eq!((verified.rows, verified.stale, verified.unreadable), (1, 1, 0));
    assert!(verified.damage.is_empty());
    assert_eq!(cache.clear().unwrap(), 1);
    assert_eq!(cache.stats().unwrap().rows, 0);
}

fn any_record() -> impl Strategy<Value = Record> {
    let views = proptest::array::uniform4((any::<u64>(), proptest::array::uniform4(any::<u64>())));
    let captured = proptest::option::of((
        any::<i64>(),
        proptest::option::of(0..1_000_000_000_u32),
        proptest::option::of(-900..900_i16),
    ));
    let metadata = (captured, any::<bool>(), proptest::option::of(".{0,20}"), 1..9_u32);
    let shape = (any::<u32>(), any::<u32>(), any::<u8>(), 0..Format::ALL.len());
    let quantised = (any::<u8>(), any::<u16>(), 1..101_u8, any::<(bool, bool, bool)>()).prop_map(
        |(dc_step, steps, quality, (standard, subsampled, progressive))| Quantised {
            dc_step,
            steps,
            quality,
            standard,
            subsampled,
            progressive,
        },
    );
    let provenance = (
        any::<u32>(),
        proptest::option::of(quantised),
        proptest::option::of(1..=255_u8),
        proptest::option::of(1..=1000_u16),
    )
        .prop_map(|(traces, quantised, earlier_dc_step, bandwidth)| Provenance {
            traces: Traces::from_bits(traces),
            quantised,
            earlier_dc_step,
            bandwidth: bandwidth.map(Bandwidth),
        });
    let provenance = proptest::option::of(provenance);
    let picture = (views, metadata, shape, any::<(bool, bool)>(), provenance).prop_map(
        |(
            views,
            (captured, has_position, camera, exif),
            (width, height, quality, format),
            marks,
            provenance,
        )| {
            let view = |(phash, fine)| View { phash: PerceptualHash(phash), fine: FineHash(fine) };
            Record::Picture(PictureRecord {
                format: Format::ALL[format],
                dimensions: Dimensions { width, height },
                hash: PictureHash { views: views.map(view), quality: Quality(quality) },
                metadata: Metadata {
                    captured: captured.map(|(local_seconds, subsecond_ns, offset_minutes)| {
                        CaptureTime { local_seconds, subsecond_ns, offset_minutes }
                    }),
                    has_position,
                    camera,
                    orientation: Orientation::from_exif(exif),
                },
                flags: DecodeFlags { damaged_tail: marks.0, thumbnail: marks.1 },
                provenance,
            })
        },
    );
    let failure = (0..Stage::ALL.len(), ".*").prop_map(|(stage, reason)| {
        Record::Unreadable(Unreadable { stage: Stage::ALL[stage], reason })
    });
    prop_oneof![4 => picture, 1 => failure]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn what_is_written_is_read(
        records in proptest::collection::vec(any_record(), 1..10),
        device in any::<u64>(), inode in any::<u64>(), size in any::<u64>(), time in any::<i64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = open(folder.path());
        let files: Vec<MediaFile> = (0..records.len() as u64).map(|i| MediaFile {
            path: format!("/{i}").into(),
            stamp: FileStamp {
                key: FileKey { device, inode: inode.wrapping_add(i) },
                size: Bytes(size),
                modified: ModifiedNs(time),
            },
            evidence: Evidence {
                changed: Some(ChangedNs(time ^ i as i64)),
                volume: (i % 2 == 0).then_some(Volume(device)),
            },
            root: 0,
        }).collect();
        let is_picture = |record: &Record| matches!(record, Record::Picture(_));
        let contents = records.iter().map(|r| is_picture(r).then(|| content(size)));
        let rows: Vec<_> = files.iter().zip(&records).zip(contents)
            .map(|((file, record), content)| (file, record, content))
            .collect();
        cache.write_batch(&rows).unwrap();
        drop(cache);
        let read = open(folder.path()).lookup(&files).unwrap();
        for ((row, record), (_, _, content)) in read.into_iter().zip(&records).zip(rows) {
            let row = row.unwrap();
            prop_assert_eq!(&row.record, record);
            prop_assert_eq!((row.content, row.unconfirmed), (content, false));
        }
    }
}

#[test]
fn databases_of_earlier_forms_are_taken_over() {
    for (version, change) in [(1, "DROP TABLE change;"), (2, "")] {
        let folder = tempfile::tempdir().unwrap();
        let files = [file("/a.jpg", 1), file("/b.jpg", 2)];
        drop(filled(folder.path(), &files));
        let path = folder.path().join("hashes.db");
        let database = Connection::open(&path).unwrap();
        let columns = ["changed_ns", "volume", "seal", "provenance"];
        let drops = columns.map(|column| format!("ALTER TABLE file DROP COLUMN {column};"));
        let (drops, set) = (drops.concat(), format!("PRAGMA user_version = {version}"));
        database.execute_batch(&format!("{change}{drops}{set}")).unwrap();
        drop(database);
        // Asked as it is where it may not be changed.
        let old = Cache::open_read_only(&path, Path::new("/")).unwrap();
        assert_eq!(old.packed().unwrap().hashes().len(), files.len());
        let mut contents = Vec::new();
        old.each_picture(&mut |known| contents.push(known.content)).unwrap();
        assert_eq!(contents, [None, None]);
        drop(old);
        let opened = Cache::open(&path, Path::new("/")).unwrap();
        assert_eq!(opened.set_aside, None);
        // The rows hold, but nothing may be done because of them alone.
        for row in opened.cache.lookup(&files).unwrap() {
            let row = row.unwrap();
            assert_eq!((row.content, row.unconfirmed), (None, false));
        }
    }
}

#[test]
fn a_database_without_traces_is_taken_over_with_its_seals() {
    let folder = tempfile::tempdir().unwrap();
    let files = [file("/a.jpg", 1), file("/b.jpg", 2)];
    drop(filled(folder.path(), &files));
    let path = folder.path().join("hashes.db");
    let database = Connection::open(&path).unwrap();
    let before = "ALTER TABLE file DROP COLUMN provenance; PRAGMA user_version = 3";
    database.execute_batch(before).unwrap();
    drop(database);
    let hashes = [Some(content(1)), Some(content(2))];
    let old = Cache::open_read_only(&path, Path::new("/")).unwrap();
    let mut known = Vec::new();
    old.each_picture(&mut |picture| known.push((picture.record.provenance, picture.content)))
        .unwrap();
    assert_eq!(known, hashes.map(|hash| (None, hash)));
    drop(old);
    let opened = Cache::open(&path, Path::new("/")).unwrap();
    assert_eq!(opened.set_aside, None);
    for (row, hash) in opened.cache.lookup(&files).unwrap().into_iter().zip(hashes) {
        let row = row.unwrap();
        assert_eq!((row.content, row.unconfirmed), (hash, false));
    }
}

#[test]
fn traces_are_bound_by_the_seal() {
    let folder = tempfile::tempdir().unwrap();
    let known = file("/a.jpg", 1);
    let Record::Picture(mut record) = picture(1) else { unreachable!() };
    let traces = Traces::CAMERA.with(Traces::EXPOSURE);
    record.provenance = Some(Provenance { traces, ..Provenance::default() });
    let record = Record::Picture(record);
    let mut cache = open(folder.path());
    cache.write_batch(&[(&known, &record, Some(content(1)))]).unwrap();
    assert_eq!(one(&cache, &known).unwrap().record, record);
    drop(cache);
    for other in ["x'000700000000000000000000'", "x'00'", "NULL", "3", "'CAMERA'"] {
        let database = Connection::open(folder.path().join("hashes.db")).unwrap();
        database.execute(&format!("UPDATE file SET provenance = {other}"), []).unwrap();
        drop(database);
        assert_eq!(one(&open(folder.path()), &known), None, "{other}");
    }
}

#[test]
fn packed_hashes_are_those_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<MediaFile> = (1..40).map(|n| file(format!("/p/{n:02}.jpg"), n)).collect();
    let mut cache = filled(folder.path(), &files);
    // From the rows, then from the file.
    for _ in 0..2 {
        let packed = cache.packed().unwrap();
        let (fine, paths) = (packed.fine().unwrap(), packed.paths().unwrap());
        assert_eq!(packed.hashes().len(), files.len());
        for (position, path) in (0..).zip(&paths) {
            let known = cache.picture_at(path).unwrap().unwrap();
            let view = known.record.hash.upright();
            assert_eq!(packed.hashes()[position as usize], view.phash);
            assert_eq!(
                (packed.fine_of(position).unwrap(), fine[position as usize]),
                (view.fine, view.fine)
            );
            assert_eq!(&packed.path_of(position).unwrap(), path);
        }
        let mut seen = Vec::new();
        cache.each_picture(&mut |known| seen.push(known.path)).unwrap();
        assert_eq!(seen, paths);
    }
    assert!(folder.path().join("hashes.db-packed").exists());
    // Nothing is left of what was removed, though the file is there.
    cache.prune(&|path| path.ends_with("07.jpg")).unwrap();
    assert_eq!(cache.packed().unwrap().hashes().len(), files.len() - 1);
    cache.clear().unwrap();
    assert!(cache.packed().unwrap().hashes().is_empty());
}
