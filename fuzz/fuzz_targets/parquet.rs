//! Tables in Parquet.
#![no_main]

use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Once;

use clean_backup::catalogue::exchange::read_parquet;
use libfuzzer_sys::fuzz_target;

/// The `parquet` crate panics on many tables that contradict themselves. The reader catches that,
/// so that only what it cannot catch is a finding here: libfuzzer's hook would end the process.
static NO_HOOK: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    NO_HOOK.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("room for a table");
    file.seek(SeekFrom::Start(0)).expect("the start of a file");
    let _ = read_parquet(file, &mut |_| {});
});
