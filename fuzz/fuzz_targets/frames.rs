//! Frames of films, of any container and codec.
#![no_main]

use clean_backup_fuzz::check_film;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match check_film(bytes) {
        true => Corpus::Keep,
        false => Corpus::Reject,
    }
});
