//! Tables in Parquet.
#![no_main]

use std::io::{Seek as _, SeekFrom, Write as _};

use clean_backup::catalogue::exchange::read_parquet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("room for a table");
    file.seek(SeekFrom::Start(0)).expect("the start of a file");
    let _ = read_parquet(file, &mut |_| {});
});
