//! The cache's pictures as a table, CSV or Parquet, for other programs: what each row holds is
//! enough to put it back, and the hashes stand in columns that a database can compare.
//!
//! | column | type in Parquet | in CSV |
//! |---|---|---|
//! | `path` | UTF-8; lossy where the path is not | the same, harmless (see below) |
//! | `path_bytes` | UTF-8, null where `path` is exact | base64, empty where `path` is exact |
//! | `device`, `inode`, `size` | UINT_64 | decimal |
//! | `modified_ns` | INT64, nanoseconds since 1970 | decimal |
//! | `hash_version` | INT32 | decimal |
//! | `format` | UTF-8 | the same |
//! | `width`, `height` (pixels), `quality` (0–100) | INT32 | decimal |
//! | `phash` | UINT_64 | 16 hexadecimal digits |
//! | `fine_0` … `fine_3` | UINT_64, the first 64 bits first | 16 hexadecimal digits each |
//! | `views` | BYTE_ARRAY, the four rankings, 160 bytes | hexadecimal |
//! | `orientation` | INT32, as EXIF 0x0112 | decimal |
//! | `captured` | INT64, seconds since 1970 by the camera's clock, or null | decimal or empty |
//! | `subsecond_ns`, `offset_minutes` | INT32 or null | decimal or empty |
//! | `has_position` | INT32, 0 or 1 | decimal |
//! | `camera` | UTF-8 or null | text or empty, harmless |
//! | `marks` | INT32, bits: 1 damaged tail, 2 thumbnail | decimal |
//! | `content` | UTF-8: BLAKE3 in hexadecimal digits, or null | the same, or empty |
//! | `changed_ns` | INT64, status change time in nanoseconds since 1970, or null | decimal or empty |
//! | `volume` | INT64, identifier of the file system, or null | decimal or empty |
//! | `seal` | UTF-8: checksum that binds the hashes to `content`, or null | the same, or empty |
//! | `camera_bytes` | null | base64, empty where `camera` is exact |
//!
//! In CSV, which people open in terminals and spreadsheets, control characters are written as
//! escapes, and what would be taken for a formula has an apostrophe before it; the columns of bytes
//! then have what was there, so that nothing is lost.

mod csv_table;
#[cfg_attr(not(feature = "parquet"), path = "no_parquet.rs")]
mod parquet_table;
mod row;

pub use row::RowError;
#[cfg(feature = "kernel")]
pub(crate) use row::{
    COLUMNS as PICTURE_COLUMNS, Cell, ColumnKind, Row as PictureRow, from_picture as cells_of,
    to_picture as picture_of,
};

use std::fmt;
use std::io::{self, Read, Write};

use crate::catalogue::cache::CacheError;
use crate::model::record::KnownPicture;

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// RFC 4180, UTF-8, with a header.
    Csv,
    /// Apache Parquet, Snappy-compressed.
    Parquet,
}

impl TableFormat {
    /// By the first bytes of a file: Parquet's magic, or else CSV.
    pub fn from_bytes(first: &[u8]) -> Self {
        if first.starts_with(b"PAR1") { Self::Parquet } else { Self::Csv }
    }
}

/// Why a table could not be written or read.
#[derive(Debug)]
pub enum ExchangeError {
    /// Reading or writing failed.
    Io(io::Error),
    /// Parquet, in a build without the feature `parquet`.
    NoParquet,
    /// It is no table of this kind.
    Table(String),
    /// The pictures cannot be read from the cache.
    Cache(CacheError),
    /// A row makes no sense.
    Row {
        /// Counted from 1, without the header.
        row: u64,
        /// What is wrong with it.
        why: RowError,
    },
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Cache(error) => error.fmt(f),
            Self::NoParquet => f.write_str(
                "this build reads and writes no Parquet, only CSV: it lacks the feature `parquet`",
            ),
            Self::Table(why) => f.write_str(why),
            Self::Row { row, why } => write!(f, "row {row}: {why}"),
        }
    }
}

impl std::error::Error for ExchangeError {}

impl From<io::Error> for ExchangeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Goes through all pictures, giving each to a function.
pub type Pictures<'a> = &'a mut dyn FnMut(&mut dyn FnMut(KnownPicture)) -> Result<(), CacheError>;

/// Writes pictures as a table; how many.
///
/// # Errors
/// [`ExchangeError`]
pub fn write_table(
    format: TableFormat,
    out: &mut (dyn Write + Send),
    pictures: Pictures<'_>,
) -> Result<u64, ExchangeError> {
    match format {
        TableFormat::Csv => csv_table::write(out, pictures),
        TableFormat::Parquet => parquet_table::write(out, pictures),
    }
}

/// Reads a CSV table, giving each picture to `take`. Columns may come in any order; unknown ones
/// are passed over.
///
/// # Errors
/// [`ExchangeError`]; the rows before it were taken.
pub fn read_csv(
    input: &mut dyn Read,
    take: &mut dyn FnMut(KnownPicture),
) -> Result<(), ExchangeError> {
    csv_table::read(input, take)
}

/// Reads a Parquet table, as [`read_csv`] does.
///
/// # Errors
/// As [`read_csv`].
pub fn read_parquet(
    file: std::fs::File,
    take: &mut dyn FnMut(KnownPicture),
) -> Result<(), ExchangeError> {
    parquet_table::read(file, take)
}

#[cfg(all(test, feature = "parquet"))]
mod tests;
