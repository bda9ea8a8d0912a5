//! Prints what the program finds on a near-duplicate corpus, edit by edit, and which different
//! pictures it takes for duplicates.
//!
//! usage: CLEAN_BACKUP_CORPUS=DIR CLEAN_BACKUP_LOOKALIKES=SETS cargo bench --bench neardup
//!
//! Each folder in SETS holds different pictures that look alike: whatever is called a duplicate
//! there is a mistake, unless the bytes are the same. DIR holds the pictures, `DIR.truth.json` beside it maps each file name to its base and to how it
//! was made: `{"b0000-half.jpg": {"base": "x.jpg", "kind": "same", "how": "half"}, …}`.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clean_backup::dedupe::{DedupeOptions, dedupe};
use clean_backup::index::CpuJoiner;
use clean_backup::model::findings::{Group, Relation};
use clean_backup::model::media::Orientation;
use clean_backup::model::phash::{Distance, FineDistance, PictureHash};
use clean_backup::model::policy::{Policy, Sensitivity};
use clean_backup::model::record::Picture;
use clean_backup::picture::hasher::CpuHasher;
use clean_backup::scan::{Scan, ScanOptions, scan};

#[derive(serde::Deserialize)]
struct Truth {
    base: String,
    kind: String,
    how: String,
}

/// The least distances over the orientations asked for.
fn nearest(
    base: &PictureHash,
    other: &PictureHash,
    turned: bool,
    policy: Policy,
) -> (bool, u32, u32) {
    let orientations = if turned { &Orientation::ALL[..] } else { &Orientation::ALL[..1] };
    let distances = orientations.iter().map(|&orientation| {
        let view = base.oriented(orientation);
        let (d, f) =
            (view.phash.distance(other.upright().phash), view.fine.distance(other.upright().fine));
        (d > policy.radius || f > policy.fine_radius, f, d)
    });
    let (missed, f, d) = distances.min().unwrap();
    (!missed, d.0, f.0)
}

fn percentile(values: &mut [u32], percent: usize) -> u32 {
    values.sort_unstable();
    values[(values.len() - 1) * percent / 100]
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

/// Duplicates among pictures that are all different, set by set: those that would be acted on, and
/// are not the same to the byte.
fn look_alikes(sets: &Path) {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(sets).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    println!(
        "{:<16} {:>8} {:>6} {:>9} {:>11}",
        "look-alikes", "pictures", "exact", "standard", "aggressive"
    );
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let found = scanned(folder);
        let content =
            |picture: &Picture| clean_backup::files::content::content_hash(&picture.file.path);
        let mistakes = Sensitivity::ALL.map(|sensitivity| {
            let options = DedupeOptions { policy: sensitivity.into(), ..DedupeOptions::default() };
            let result = dedupe(&found.pictures, &options, &content, &CpuJoiner, &());
            let duplicates = result.groups.iter().flat_map(|group| &group.duplicates);
            duplicates.filter(|duplicate| duplicate.relation == Relation::Copy).count()
        });
        let [exact, standard, aggressive] = mistakes;
        println!(
            "{:<16} {:>8} {exact:>6} {standard:>9} {aggressive:>11}",
            folder.file_name().unwrap().to_string_lossy(),
            found.pictures.len(),
        );
    }
    println!();
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
    let policies: Vec<Policy> = [2, 6, 10, 12, 14, 16].map(Policy::from_threshold).to_vec();
    print!("{:<9} {:<12} {:>3}  {:>7} {:>9}", "kind", "how", "n", "d p50/max", "fine p95/max");
    for policy in &policies {
        print!("  {:>2}/{:<3}", policy.radius, policy.fine_radius);
    }
    println!("  any:6");
    for ((kind, how), pictures) in &by_edit {
        let measure = |turned: bool, policy: Policy| -> Vec<(bool, u32, u32)> {
            let pair = |picture: &&Picture| {
                let base = originals[truth_of(picture).base.as_str()];
                nearest(&base.record.hash, &picture.record.hash, turned, policy)
            };
            pictures.iter().map(pair).collect()
        };
        let recall = |matches: &[(bool, u32, u32)]| {
            matches.iter().filter(|(matched, ..)| *matched).count() as f64 / matches.len() as f64
        };
        let upright = measure(*kind == "dihedral", policies[0]);
        let mut d: Vec<u32> = upright.iter().map(|(_, d, _)| *d).collect();
        let mut f: Vec<u32> = upright.iter().map(|(_, _, f)| *f).collect();
        print!(
            "{kind:<9} {how:<12} {:>3}  {:>4}/{:<4} {:>6}/{:<5}",
            pictures.len(),
            percentile(&mut d, 50),
            percentile(&mut d, 100),
            percentile(&mut f, 95),
            percentile(&mut f, 100),
        );
        for &policy in &policies {
            print!("  {:>6.3}", recall(&measure(false, policy)));
        }
        println!("  {:.3}", recall(&measure(true, policies[1])));
    }

    if std::env::args().any(|argument| argument == "grid") {
        grid(&by_edit, &|picture| originals[truth_of(picture).base.as_str()].record.hash);
        return;
    }
    println!("\nthreshold  groups  duplicates  groups with two bases");
    for threshold in 0..=16 {
        for any_orientation in [false, true] {
            let options = DedupeOptions {
                policy: Policy::from_threshold(threshold),
                any_orientation,
                ..DedupeOptions::default()
            };
            let content =
                |picture: &Picture| clean_backup::files::content::content_hash(&picture.file.path);
            let result = dedupe(&found.pictures, &options, &content, &CpuJoiner, &());
            let base = |index: u32| &truth_of(&found.pictures[index as usize]).base;
            let mixed = result
                .groups
                .iter()
                .filter(|group| {
                    group.duplicates.iter().any(|d| base(d.picture) != base(group.keeper))
                })
                .count();
            let duplicates: usize = result.groups.iter().map(|group| group.duplicates.len()).sum();
            println!(
                "{threshold:>9}{} {:>7} {duplicates:>11} {mixed:>22}",
                if any_orientation { '*' } else { ' ' },
                result.groups.len()
            );
        }
    }
    println!("* with any orientation");
    println!(
        "\nby the 256-bit hash alone: radius, groups, duplicates, groups with two bases; recall"
    );
    for radius in [32, 56, 64, 73] {
        let policy = Policy { radius: Distance(64), fine_radius: FineDistance(radius) };
        let options = DedupeOptions { policy, fine_only: true, ..DedupeOptions::default() };
        let content =
            |picture: &Picture| clean_backup::files::content::content_hash(&picture.file.path);
        let result = dedupe(&found.pictures, &options, &content, &CpuJoiner, &());
        let base = |index: u32| &truth_of(&found.pictures[index as usize]).base;
        let two = |group: &&Group<u32>| {
            group.duplicates.iter().any(|d| base(d.picture) != base(group.keeper))
        };
        let mixed = result.groups.iter().filter(two).count();
        let duplicates: usize = result.groups.iter().map(|group| group.duplicates.len()).sum();
        print!("{radius:>9}  {:>7} {duplicates:>11} {mixed:>22}  ", result.groups.len());
        for edit in ["crop5", "watermark", "border", "crop10"] {
            if let Some((_, pictures)) = by_edit.iter().find(|((_, how), _)| *how == edit) {
                let near = pictures.iter().filter(|picture| {
                    let original = originals[truth_of(picture).base.as_str()];
                    let (a, b) = (picture.record.hash.upright(), original.record.hash.upright());
                    a.fine.distance(b.fine).0 <= radius
                });
                print!(" {edit} {:.3}", near.count() as f64 / pictures.len() as f64);
            }
        }
        println!();
    }

    let distinct: Vec<&Picture> = originals.values().copied().collect();
    let mut nearest_pairs: Vec<(u32, u32)> = Vec::new();
    for (i, a) in distinct.iter().enumerate() {
        for b in &distinct[i + 1..] {
            let (a, b) = (a.record.hash.upright(), b.record.hash.upright());
            nearest_pairs.push((a.phash.distance(b.phash).0, a.fine.distance(b.fine).0));
        }
    }
    nearest_pairs.sort_unstable();
    let mut least_quality: Vec<u8> = distinct.iter().map(|p| p.record.hash.quality.0).collect();
    least_quality.sort_unstable();
    println!(
        "{} pairs of different pictures; nearest (64-bit, 256-bit): {:?}; least fine distance {:?}",
        nearest_pairs.len(),
        &nearest_pairs[..5.min(nearest_pairs.len())],
        nearest_pairs.iter().map(|pair| pair.1).min(),
    );
    println!(
        "qualities of the originals, lowest ten: {:?}",
        &least_quality[..10.min(least_quality.len())]
    );
}
