//! Shows where the files of a card would go, by date: `cargo run --example import -- /mnt/card
//! ~/Pictures`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use clean_backup::{ImportOptions, Judge, Library, Monitor, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, destination] = &paths[..] else { return Err("usage: import SRC DEST".into()) };
    let cancel = AtomicBool::new(false);

    let base = std::env::current_dir()?;
    let mut library = Library::open(Options::new(&base))?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let judge = Judge { now, zone: &|_| 0, file_system: false };
    let options = ImportOptions::new(source, base.join(destination));
    let organized = library.import(&options, judge, Monitor::quiet(&cancel))?;

    for action in &organized.plan.actions {
        for file in &action.files {
            let to = file.destination.as_ref().map(|to| to.0.display().to_string());
            println!("{} -> {}", file.source.path.display(), to.unwrap_or_default());
        }
    }
    Ok(())
}
