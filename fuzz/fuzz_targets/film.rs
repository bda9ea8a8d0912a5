//! Containers of films: where their frames lie.
#![no_main]

use clean_backup::container::film;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(track) = film::read(&bytes) else { return Corpus::Reject };
    let end = bytes.len() as u64;
    for sample in &track.samples {
        assert!(sample.offset + u64::from(sample.size) <= end, "{sample:?}");
    }
    assert!(track.duration >= 0);
    Corpus::Keep
});
