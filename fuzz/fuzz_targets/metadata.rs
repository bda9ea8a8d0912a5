//! Metadata inside of pictures and films: Exif, XMP, IPTC, and the dates of films.
#![no_main]

use clean_backup::metadata::{embedded, knowledge, of_picture, tags};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    embedded(&bytes);
    tags(&bytes);
    knowledge::of_file(&bytes);
    of_picture(&bytes, Some(bytes), None);
});
