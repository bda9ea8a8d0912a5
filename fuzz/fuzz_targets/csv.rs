//! Tables in CSV. What is read comes out the same when it is written and read again.
#![no_main]

use clean_backup::catalogue::exchange::{TableFormat, read_csv, write_table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut pictures = Vec::new();
    let _ = read_csv(&mut &bytes[..], &mut |picture| pictures.push(picture));
    if pictures.is_empty() {
        return;
    }
    let mut table = Vec::new();
    write_table(TableFormat::Csv, &mut table, &mut |give| {
        pictures.iter().cloned().for_each(give);
        Ok(())
    })
    .expect("pictures that were read can be written");
    let mut again = Vec::new();
    read_csv(&mut &table[..], &mut |picture| again.push(picture)).expect("a table of our own");
    assert_eq!(again, pictures);
});
