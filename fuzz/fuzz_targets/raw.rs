//! RAW formats: their containers, and the previews in them.
#![no_main]

use clean_backup_fuzz::check_picture_of;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match check_picture_of(bytes, |format| format.is_raw()) {
        true => Corpus::Keep,
        false => Corpus::Reject,
    }
});
