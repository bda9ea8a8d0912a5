//! Asks whether a folder has a picture already, in any form:
//! `cargo run --example similar -- picture.jpg ~/Pictures`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clean_backup::{Library, Monitor, Options, Policy, SearchMode, SearchSource, SimilarOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [picture, folder] = &paths[..] else { return Err("usage: similar PICTURE DIR".into()) };
    let cancel = AtomicBool::new(false);

    // What is searched is the cache: a second scan reads only what is new.
    let options = Options::new(std::env::current_dir()?);
    let cache = std::env::temp_dir().join("clean-backup-example.db");
    let mut library = Library::open(options.cache(cache))?;
    library.scan(std::slice::from_ref(folder), &[], Monitor::quiet(&cancel))?;

    let needle = library.needle(picture).map_err(|unreadable| unreadable.reason)?;
    let options = SimilarOptions::new(SearchMode::Within(Policy::default()));
    let answers = library.similar(&[needle], &options, &SearchSource::default())?;
    for hit in answers.hits.into_iter().next().ok_or("no answer")?? {
        let bits = hit.similar.distance.unwrap_or_default();
        println!("{}: {bits} of 64 bits differ", hit.similar.picture.path.display());
    }
    Ok(())
}
