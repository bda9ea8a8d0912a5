//! XMP packets, Google Takeout's JSON, and dates in file names. A packet that is added to still reads.
#![no_main]

use clean_backup::metadata::capture::from_name;
use clean_backup::metadata::knowledge::{self, Addition, is_sidecar};
use clean_backup::metadata::sidecar::{from_takeout, from_xmp};
use clean_backup::model::knowledge::Knowledge;
use clean_backup::model::media::Dimensions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    from_xmp(bytes);
    from_takeout(bytes);
    knowledge::from_takeout(bytes);
    knowledge::album_title(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        from_name(text);
        let gained = Knowledge { keywords: vec!["Rome".into()], ..Knowledge::default() };
        let (own, stored) = (Knowledge::default(), Dimensions { width: 4, height: 3 });
        if let Ok(text) = (Addition { own: &own, gained: &gained, stored }).added_to(text) {
            assert!(is_sidecar(&text));
        }
    }
});
