#![allow(clippy::unwrap_used)]

use std::io::{Seek as _, Write as _};

use super::*;
use crate::model::media::{
    Bytes, DecodeFlags, Dimensions, FileKey, FileStamp, Format, Metadata, ModifiedNs,
};
use crate::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};
use crate::model::record::PictureRecord;

fn picture(number: u64) -> KnownPicture {
    let view = View { phash: PerceptualHash(number), fine: FineHash([number; 4]) };
    KnownPicture {
        path: format!("/p/{number}.jpg").into(),
        stamp: FileStamp {
            key: FileKey { device: 1, inode: number },
            size: Bytes(number),
            modified: ModifiedNs(0),
        },
        evidence: Default::default(),
        record: PictureRecord {
            format: Format::Jpeg,
            dimensions: Dimensions { width: 4, height: 3 },
            hash: PictureHash { views: [view; 4], quality: Quality(80) },
            metadata: Metadata::default(),
            flags: DecodeFlags::default(),
            provenance: None,
        },
        content: None,
    }
}

/// The pictures of a table that consists of these bytes.
fn read(bytes: &[u8]) -> Result<usize, ExchangeError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let mut count = 0;
    read_parquet(file, &mut |_| count += 1)?;
    Ok(count)
}

/// The `parquet` crate panics on some tables that contradict themselves.
#[test]
fn no_byte_of_a_table_makes_it_panic() {
    let mut table = Vec::new();
    write_table(TableFormat::Parquet, &mut table, &mut |take| {
        (0..3).for_each(|number| take(picture(number)));
        Ok(())
    })
    .unwrap();
    assert_eq!(read(&table).unwrap(), 3);
    let mut refused = 0;
    for at in 0..table.len() {
        let mut damaged = table.clone();
        damaged[at] ^= 0x81;
        refused += usize::from(read(&damaged).is_err());
    }
    // Bytes of statistics, texts and numbers may be others.
    assert!(refused > table.len() / 4, "{refused} of {}", table.len());
}

#[test]
fn a_column_outside_the_file_is_told() {
    let mut table = Vec::new();
    write_table(TableFormat::Parquet, &mut table, &mut |take| {
        (0..2000).for_each(|number| take(picture(number)));
        Ok(())
    })
    .unwrap();
    // Without the pages, the columns that the footer names lie beyond the end.
    let footer = u32::from_le_bytes(table[table.len() - 8..][..4].try_into().unwrap()) as usize;
    let cut: Vec<u8> = [b"PAR1", &table[table.len() - 8 - footer..]].concat();
    let error = read(&cut).unwrap_err().to_string();
    assert_eq!(error, "it is damaged: a column lies outside the file");
}
