//! Real pictures of phones and cameras, where they are at hand.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clean_backup::picture::hasher::CpuHasher;
use clean_backup::scan::{ScanOptions, scan};

fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no sample pictures at {}", folder.display());
    None
}

#[test]
fn every_readable_sample_is_read() {
    let Some(folder) = samples() else { return };
    let cancel = AtomicBool::new(false);
    let found = scan(&[folder], &ScanOptions::default(), None, &CpuHasher, &(), &cancel).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let skipped: Vec<String> = found.skipped.iter().map(|skip| name(&skip.path)).collect();
    // Damaged, or cut down to metadata without a preview.
    assert_eq!(
        skipped,
        ["corrupted.heic", "corrupted.jpg", "CanonRaw.cr2", "CanonRaw.cr3", "DNG.dng", "Nikon.nef"],
        "{:#?}",
        found.skipped
    );
    assert!(found.pictures.len() > 200, "{}", found.pictures.len());
    let dated = found.pictures.iter().filter(|p| p.record.metadata.captured.is_some()).count();
    assert!(dated > 60, "{dated} with a capture time");
}
