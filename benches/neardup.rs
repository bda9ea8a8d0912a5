//! Prints what the program finds on a near-duplicate corpus, edit by edit, and which different
//! pictures it takes for duplicates.
//!
//! usage: CLEAN_BACKUP_CORPUS=DIR CLEAN_BACKUP_LOOKALIKES=SETS cargo bench --bench neardup
//!
//! Each folder in SETS holds different pictures that look alike: whatever would be acted on there is
//! a mistake, unless the bytes are the same. DIR holds the pictures, `DIR.truth.json` beside it maps
//! each file name to its base and to how it was made:
//! `{"b0000-half.jpg": {"base": "x.jpg", "kind": "same", "how": "half"}, …}`. Of each edit, the
//! originals and the edited pictures are compared; an edit counts as found when it or its original
//! would be acted on in favour of the other. The argument `grid` prints recall by the hashes alone.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clean_backup::catalogue::tiles::TileStore;
use clean_backup::decode::DecodeOptions;
use clean_backup::dedupe::tile_prover::TileProver;
use clean_backup::dedupe::{DedupeOptions, dedupe};
use clean_backup::files::content::content_hash;
use clean_backup::index::CpuJoiner;
use clean_backup::library::tiles::{LibraryTiles, Reading, detail_of, pair_rule};
use clean_backup::model::findings::{Duplicate, Group, Relation};
use clean_backup::model::phash::PictureHash;
use clean_backup::model::policy::Sensitivity;
use clean_backup::model::record::Picture;
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::scan::{Scan, ScanOptions, scan};

#[derive(serde::Deserialize)]
struct Truth {
    base: String,
    kind: String,
    how: String,
}

/// Recall of each edit by both radii: what the policy's table is read off.
fn grid(by_edit: &BTreeMap<(&str, &str), Vec<&Picture>>, base: &dyn Fn(&Picture) -> PictureHash) {
    for ((_, how), pictures) in by_edit {
        let distances: Vec<(u32, u32)> = pictures
            .iter()
            .map(|picture| {
                let (a, b) = (base(picture).upright(), picture.record.hash.upright());
                (a.phash.distance(b.phash).0, a.fine.distance(b.fine).0)
            })
            .collect();
        println!("\n{how}: recall by radius (down) and fine radius (across)");
        let fines = [24, 32, 40, 48, 56, 64, 72, 74, 76, 80, 84];
        println!("    {}", fines.map(|fine| format!("{fine:>6}")).join(""));
        for radius in [2, 4, 6, 8, 10, 12, 14, 16] {
            let recall = fines.map(|fine| {
                let found = distances.iter().filter(|&&(d, f)| d <= radius && f <= fine).count();
                format!(" {:.3}", found as f64 / distances.len() as f64)
            });
            println!("{radius:>3} {}", recall.join(""));
        }
    }
}

fn scanned(folder: &Path) -> Scan {
    let cancel = AtomicBool::new(false);
    let roots = [folder.to_owned()];
    scan(&roots, &ScanOptions::default(), None, &CpuHasher, &(), &cancel).unwrap()
}

/// Groups with the proof, as the program makes them.
fn grouped(pictures: &[Picture], sensitivity: Sensitivity, turned: bool) -> Vec<Group<u32>> {
    let options = DedupeOptions {
        policy: sensitivity.into(),
        any_orientation: turned,
        ..DedupeOptions::default()
    };
    let (decode, mut store) = (DecodeOptions::default(), TileStore::none().unwrap());
    let rule = pair_rule(&options);
    let never = AtomicBool::new(false);
    let reading = Reading { options: &decode, progress: &(), cancel: &never };
    let mut tiles = LibraryTiles::new(pictures, &mut store, &mut [], reading, rule).unwrap();
    let detail = |picture: &Picture| detail_of(picture, &decode);
    let prover = TileProver::new(pictures, &mut tiles, &detail, &never);
    let content = |picture: &Picture| content_hash(&picture.file.path);
    dedupe(pictures, &options, &content, &CpuJoiner, &prover, &()).groups
}

/// Whether an action would touch a duplicate whose bytes are not its keeper's.
fn is_acted_on(duplicate: &Duplicate<u32>) -> bool {
    matches!(duplicate.relation, Relation::Copy | Relation::Part) && !duplicate.shows_more
}

/// Duplicates among pictures that are all different, set by set: those that would be acted on, and
/// in brackets those that are only shown.
fn look_alikes(sets: &Path) {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(sets).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    println!(
        "{:<16} {:>8} {:>10} {:>10} {:>10}",
        "look-alikes", "pictures", "exact", "standard", "aggressive"
    );
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let found = scanned(folder);
        let mistakes = Sensitivity::ALL.map(|sensitivity| {
            let groups = grouped(&found.pictures, sensitivity, false);
            let duplicates = || groups.iter().flat_map(|group| &group.duplicates);
            let acted = duplicates().filter(|duplicate| is_acted_on(duplicate)).count();
            let shown = duplicates().filter(|d| d.relation == Relation::Alike).count();
            format!("{acted} ({shown})")
        });
        let [exact, standard, aggressive] = mistakes;
        println!(
            "{:<16} {:>8} {exact:>10} {standard:>10} {aggressive:>10}",
            folder.file_name().unwrap().to_string_lossy(),
            found.pictures.len(),
        );
    }
    println!();
}

/// How many edited pictures are found, and how many are only shown.
fn recall(
    originals: &BTreeMap<&str, &Picture>,
    edited: &[&Picture],
    base: &dyn Fn(&Picture) -> String,
    sensitivity: Sensitivity,
    turned: bool,
) -> (usize, usize) {
    let mut pictures: Vec<Picture> = edited.iter().map(|picture| (*picture).clone()).collect();
    pictures.extend(edited.iter().map(|edit| originals[base(edit).as_str()].clone()));
    pictures.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    let (mut found, mut shown) = (0, 0);
    for group in grouped(&pictures, sensitivity, turned) {
        for duplicate in &group.duplicates {
            let (a, b) = (&pictures[group.keeper as usize], &pictures[duplicate.picture as usize]);
            if base(a) == base(b) {
                let same = duplicate.relation == Relation::Identical;
                found += usize::from(same || is_acted_on(duplicate));
                shown += 1;
            }
        }
    }
    (found, shown)
}

fn main() {
    if let Some(sets) = std::env::var_os("CLEAN_BACKUP_LOOKALIKES").map(PathBuf::from) {
        look_alikes(&sets);
    }
    let Some(corpus) = std::env::var_os("CLEAN_BACKUP_CORPUS").map(PathBuf::from) else {
        println!("neardup: skipped, CLEAN_BACKUP_CORPUS names no corpus");
        return;
    };
    let truth = std::fs::read(format!("{}.truth.json", corpus.display())).unwrap();
    let truth: BTreeMap<String, Truth> = serde_json::from_slice(&truth).unwrap();
    let found = scanned(&corpus);
    println!(
        "{} pictures, {} skipped, of {}",
        found.pictures.len(),
        found.skipped.len(),
        truth.len()
    );
    for skip in &found.skipped {
        println!("  skipped {}: {}", skip.path.display(), skip.reason);
    }
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let truth_of = |picture: &Picture| &truth[&name(&picture.file.path)];

    let originals: BTreeMap<&str, &Picture> = found
        .pictures
        .iter()
        .filter(|picture| matches!(truth_of(picture).kind.as_str(), "original" | "distractor"))
        .map(|picture| (truth_of(picture).base.as_str(), picture))
        .collect();
    let mut by_edit: BTreeMap<(&str, &str), Vec<&Picture>> = BTreeMap::new();
    for picture in &found.pictures {
        let truth = truth_of(picture);
        if !matches!(truth.kind.as_str(), "original" | "distractor") {
            by_edit.entry((&truth.kind, &truth.how)).or_default().push(picture);
        }
    }
    if std::env::args().any(|argument| argument == "grid") {
        grid(&by_edit, &|picture| originals[truth_of(picture).base.as_str()].record.hash);
        return;
    }
    println!("found, and in brackets shown too; * in any orientation");
    println!(
        "{:<9} {:<13} {:>3} {:>13} {:>13} {:>13}",
        "kind", "how", "n", "exact", "standard", "aggressive"
    );
    let base = |picture: &Picture| truth_of(picture).base.clone();
    for ((kind, how), pictures) in &by_edit {
        let turned = *kind == "dihedral" || how.starts_with("mirror");
        let cells = Sensitivity::ALL.map(|sensitivity| {
            let (found, shown) = recall(&originals, pictures, &base, sensitivity, turned);
            let share = |number: usize| number as f64 / pictures.len() as f64;
            format!("{:.2} ({:.2})", share(found), share(shown))
        });
        let star = if turned { "*" } else { "" };
        let [exact, standard, aggressive] = cells;
        println!(
            "{kind:<9} {:<13} {:>3} {exact:>13} {standard:>13} {aggressive:>13}",
            format!("{how}{star}"),
            pictures.len()
        );
    }

    println!("\ndifferent pictures of the whole corpus in one group, acted on:");
    for sensitivity in Sensitivity::ALL {
        let groups = grouped(&found.pictures, sensitivity, false);
        let base = |index: u32| &truth_of(&found.pictures[index as usize]).base;
        let mixed: usize = groups
            .iter()
            .map(|group| {
                let other = |d: &&Duplicate<u32>| base(d.picture) != base(group.keeper);
                group.duplicates.iter().filter(other).filter(|d| is_acted_on(d)).count()
            })
            .sum();
        println!("  {sensitivity}: {mixed} in {} groups", groups.len());
    }
}
