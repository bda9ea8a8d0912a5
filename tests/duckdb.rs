//! The query that the documentation gives for DuckDB finds the pairs that this program finds.
//!
//! Needs Python with the `duckdb` package, by `DUCKDB_PYTHON` or as `python3`; without it the test
//! says so and passes, unless `REQUIRE_DUCKDB_TESTS` is set.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use clean_backup::catalogue::exchange::{TableFormat, write_table};
use clean_backup::model::media::{
    Bytes, DecodeFlags, Dimensions, FileKey, FileStamp, Format, Metadata, ModifiedNs,
};
use clean_backup::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};
use clean_backup::model::policy::{Policy, QUALITY_FLOOR};
use clean_backup::model::record::{KnownPicture, PictureRecord};

const RUN: &str = "
import duckdb, sys
for row in duckdb.sql(open('query.sql').read()).fetchall():
    print('\\t'.join(map(str, row)))
";

/// Pictures at all distances around the radii, some too flat to count.
fn pictures() -> Vec<KnownPicture> {
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let centres: Vec<(u64, [u64; 4])> =
        (0..12).map(|_| (next(), [next(), next(), next(), next()])).collect();
    (0..400_u64)
        .map(|number| {
            let (mut phash, mut fine) = centres[number as usize % 12];
            (0..next() % 6).for_each(|_| phash ^= 1 << (next() % 64));
            (0..next() % 45).for_each(|_| fine[next() as usize % 4] ^= 1 << (next() % 64));
            let view = View { phash: PerceptualHash(phash), fine: FineHash(fine) };
            KnownPicture {
                path: PathBuf::from(format!("/p/it's \"{number}\".jpg")),
                stamp: FileStamp {
                    key: FileKey { device: u64::MAX, inode: number },
                    size: Bytes(number),
                    modified: ModifiedNs(-5),
                },
                evidence: Default::default(),
                record: PictureRecord {
                    format: Format::Jpeg,
                    dimensions: Dimensions { width: 4000, height: 3000 },
                    hash: PictureHash {
                        views: [view; 4],
                        quality: Quality(if number % 17 == 0 { 3 } else { 90 }),
                    },
                    metadata: Metadata::default(),
                    flags: DecodeFlags::default(),
                    provenance: None,
                },
                content: None,
            }
        })
        .collect()
}

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("DUCKDB_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let imported = Command::new(&python).args(["-c", "import duckdb"]).output();
    if imported.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(std::env::var_os("REQUIRE_DUCKDB_TESTS").is_none(), "DuckDB is not there");
    eprintln!("\n*** SKIPPED, NOT TESTED: Python has no duckdb (pip install duckdb).\n");
    None
}

#[test]
fn the_documented_query_finds_the_pairs() {
    let Some(python) = python() else { return };
    let page = include_str!("../docs/tables.md");
    let query = page.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let pictures = pictures();
    let mut table = Vec::new();
    let count = write_table(TableFormat::Parquet, &mut table, &mut |take| {
        pictures.iter().cloned().for_each(take);
        Ok(())
    });
    assert_eq!(count.unwrap(), 400);
    write("pictures.parquet", &table);
    write("query.sql", query.as_bytes());
    let output =
        Command::new(python).args(["-c", RUN]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let policy = Policy::from_threshold(6);
    let path = |picture: &KnownPicture| picture.path.to_str().unwrap().to_owned();
    let mut expected = Vec::new();
    for one in pictures.iter().filter(|p| p.record.hash.quality >= QUALITY_FLOOR) {
        for other in pictures.iter().filter(|p| p.record.hash.quality >= QUALITY_FLOOR) {
            let (a, b) = (one.record.hash.upright(), other.record.hash.upright());
            let (distance, fine) = (a.phash.distance(b.phash), a.fine.distance(b.fine));
            let near = distance <= policy.radius && fine <= policy.fine_radius;
            if Path::new(&path(one)).as_os_str() < Path::new(&path(other)).as_os_str() && near {
                expected.push(format!("{}\t{}\t{distance}\t{fine}", path(one), path(other)));
            }
        }
    }
    let mut found: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    found.sort();
    expected.sort();
    assert!(expected.len() > 500, "only {} pairs", expected.len());
    assert_eq!(found.len(), expected.len());
    assert!(found == expected, "DuckDB finds other pairs");
}
