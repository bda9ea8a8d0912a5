//! Lists the duplicates in a folder: `cargo run --example duplicates -- ~/Pictures`

use std::sync::atomic::AtomicBool;

use clean_backup::{DuplicateOptions, Library, Monitor, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: duplicates DIR")?;
    let cancel = AtomicBool::new(false);

    let mut library = Library::open(Options::new(std::env::current_dir()?))?;
    let findings = library.duplicates(&DuplicateOptions::new([folder]), Monitor::quiet(&cancel))?;

    for group in &findings.groups {
        println!("{} stays: {}", group.keeper.path.display(), group.reason);
        for duplicate in &group.duplicates {
            let picture = &duplicate.picture;
            println!("  {}: {}", duplicate.relation.name(), picture.path.display());
        }
    }
    let summary = findings.summary();
    println!("{} duplicates, {} bytes to free", summary.duplicates, summary.reclaimable_bytes);
    Ok(())
}
