//! Windows are hashed by the backend that a library is given.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use clean_backup::library::Backends;
use clean_backup::model::phash::{PictureHash, Quality, View};
use clean_backup::model::policy::Policy;
use clean_backup::picture::tile::FineTile;
use clean_backup::picture::window::{BatchWindowHasher, CpuWindowHasher, Window};
use clean_backup::{DuplicateOptions, Findings, Library, Monitor, Options};

/// Counts what it hashes.
#[derive(Default)]
struct Counting {
    upright: AtomicUsize,
    turned: AtomicUsize,
}

struct Shared(Arc<Counting>);

impl BatchWindowHasher for Shared {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn upright(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<(View, Quality)> {
        self.0.upright.fetch_add(tiles.len() * windows.len(), Ordering::Relaxed);
        CpuWindowHasher.upright(tiles, windows)
    }

    fn turned(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<PictureHash> {
        self.0.turned.fetch_add(tiles.len() * windows.len(), Ordering::Relaxed);
        CpuWindowHasher.turned(tiles, windows)
    }
}

fn find(backends: Backends) -> Findings {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/library");
    let cancel = AtomicBool::new(false);
    let options = Options::new(env!("CARGO_MANIFEST_DIR")).backends(backends);
    let mut asked = DuplicateOptions::new([fixtures]);
    asked.policy = Policy::from_threshold(14);
    asked.any_orientation = true;
    Library::open(options).unwrap().duplicates(&asked, Monitor::quiet(&cancel)).unwrap()
}

#[test]
fn windows_are_hashed_by_the_backend() {
    let counting = Arc::new(Counting::default());
    let ours =
        find(Backends { windows: Box::new(Shared(Arc::clone(&counting))), ..Backends::default() });
    let expected = find(Backends::default());
    assert!(!expected.groups.is_empty());
    assert_eq!(ours.groups, expected.groups);
    let hashed = [&counting.upright, &counting.turned].map(|count| count.load(Ordering::Relaxed));
    assert!(hashed.iter().all(|&count| count >= 199), "{hashed:?}");
}
