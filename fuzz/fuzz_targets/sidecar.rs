//! XMP packets, Google Takeout's JSON, and dates in file names.
#![no_main]

use clean_backup::metadata::capture::from_name;
use clean_backup::metadata::sidecar::{from_takeout, from_xmp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    from_xmp(bytes);
    from_takeout(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        from_name(text);
    }
});
