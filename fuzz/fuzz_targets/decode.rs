//! Any picture, recognised by its content.
#![no_main]

use clean_backup_fuzz::check_picture;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| check_picture(bytes));
