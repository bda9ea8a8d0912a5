//! An Exif block, from its TIFF header on.
#![no_main]

use clean_backup::metadata::read_exif;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read_exif(bytes);
});
