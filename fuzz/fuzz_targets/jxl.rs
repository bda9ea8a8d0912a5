//! JPEG XL.
#![no_main]

use clean_backup::model::media::Format;
use clean_backup_fuzz::check_picture_of;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match check_picture_of(bytes, |format| format == Format::Jxl) {
        true => Corpus::Keep,
        false => Corpus::Reject,
    }
});
