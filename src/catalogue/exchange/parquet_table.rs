//! Parquet, by the `parquet` crate.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;

use super::row::{COLUMNS, Cell, ColumnKind, Row, from_picture, to_picture};
use super::{ExchangeError, Pictures};
use crate::model::panics;
use crate::model::record::KnownPicture;

/// Rows of a row group: some 20 MB.
const GROUP: usize = 1 << 16;

fn failed(error: &ParquetError) -> ExchangeError {
    ExchangeError::Table(error.to_string())
}

fn schema() -> String {
    let column = |column: &super::row::Column| {
        let kind = match column.kind {
            ColumnKind::Text => "BYTE_ARRAY",
            ColumnKind::Unsigned | ColumnKind::Hash | ColumnKind::Signed => "INT64",
            ColumnKind::Small => "INT32",
            ColumnKind::Binary => "BYTE_ARRAY",
        };
        let meaning = match column.kind {
            ColumnKind::Text => " (UTF8)",
            ColumnKind::Unsigned | ColumnKind::Hash => " (UINT_64)",
            _ => "",
        };
        let repetition = if column.optional { "OPTIONAL" } else { "REQUIRED" };
        format!("{repetition} {kind} {}{meaning};", column.name)
    };
    format!("message pictures {{ {} }}", COLUMNS.iter().map(column).collect::<String>())
}

pub(super) fn write(
    out: &mut (dyn Write + Send),
    pictures: Pictures<'_>,
) -> Result<u64, ExchangeError> {
    let schema = Arc::new(parse_message_type(&schema()).map_err(|error| failed(&error))?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer =
        SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(|e| failed(&e))?;
    let mut rows: Vec<Row> = Vec::with_capacity(GROUP);
    let mut count = 0;
    let mut outcome = Ok(());
    pictures(&mut |picture| {
        rows.push(from_picture(&picture));
        count += 1;
        if rows.len() == GROUP && outcome.is_ok() {
            outcome = write_group(&mut writer, &rows);
            rows.clear();
        }
    })
    .map_err(ExchangeError::Cache)?;
    outcome
        .and_then(|()| if rows.is_empty() { Ok(()) } else { write_group(&mut writer, &rows) })
        .and_then(|()| writer.close().map(drop))
        .map_err(|error| failed(&error))?;
    Ok(count)
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    rows: &[Row],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let mut at = 0;
    while let Some(mut column) = group.next_column()? {
        let values = || rows.iter().map(|row| &row[at]);
        let levels: Option<Vec<i16>> = COLUMNS[at]
            .optional
            .then(|| values().map(|value| i16::from(*value != Cell::Missing)).collect());
        let levels = levels.as_deref();
        match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let bytes = values().filter_map(|value| match value {
                    Cell::Text(text) => Some(ByteArray::from(text.as_bytes().to_vec())),
                    Cell::Binary(bytes) => Some(ByteArray::from(bytes.clone())),
                    _ => None,
                });
                writer.write_batch(&bytes.collect::<Vec<_>>(), levels, None)?;
            }
            ColumnWriter::Int64ColumnWriter(writer) => {
                let numbers = values().filter_map(|value| match value {
                    Cell::Unsigned(number) => Some(*number as i64),
                    Cell::Signed(number) => Some(*number),
                    _ => None,
                });
                writer.write_batch(&numbers.collect::<Vec<_>>(), levels, None)?;
            }
            ColumnWriter::Int32ColumnWriter(writer) => {
                let numbers = values().filter_map(|value| match value {
                    Cell::Signed(number) => Some(*number as i32),
                    _ => None,
                });
                writer.write_batch(&numbers.collect::<Vec<_>>(), levels, None)?;
            }
            _ => return Err(ParquetError::General("a column of another type".into())),
        }
        column.close()?;
        at += 1;
    }
    group.close()?;
    Ok(())
}

pub(super) fn read(file: File, take: &mut dyn FnMut(KnownPicture)) -> Result<(), ExchangeError> {
    // The crate checks little of what a file says before it relies on it.
    panics::catch(|| read_rows(file, take))
        .unwrap_or_else(|panic| Err(ExchangeError::Table(format!("it is damaged: {panic}"))))
}

fn read_rows(file: File, take: &mut dyn FnMut(KnownPicture)) -> Result<(), ExchangeError> {
    let size = file.metadata()?.len();
    let reader = SerializedFileReader::new(file).map_err(|error| failed(&error))?;
    let groups = reader.metadata().row_groups();
    if !groups.iter().flat_map(|group| group.columns()).all(|column| lies_within(column, size)) {
        return Err(ExchangeError::Table("it is damaged: a column lies outside the file".into()));
    }
    let rows = reader.get_row_iter(None).map_err(|error| failed(&error))?;
    for (number, fields) in (1..).zip(rows) {
        let fields = fields.map_err(|error| failed(&error))?;
        let mut row: Row = [const { Cell::Missing }; COLUMNS.len()];
        for (name, field) in fields.get_column_iter() {
            if let Some(at) = COLUMNS.iter().position(|column| column.name == name) {
                row[at] = value(field);
            }
        }
        take(to_picture(&row).map_err(|why| ExchangeError::Row { row: number, why })?);
    }
    Ok(())
}

/// Whether the pages of a column lie in a file of `size` bytes.
fn lies_within(column: &ColumnChunkMetaData, size: u64) -> bool {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let end = start.checked_add(column.compressed_size());
    let end = end.and_then(|end| u64::try_from(end).ok());
    start >= 0 && column.compressed_size() >= 0 && end.is_some_and(|end| end <= size)
}

fn value(field: &Field) -> Cell {
    match field {
        Field::Str(text) => Cell::Text(text.clone()),
        Field::Bytes(bytes) => Cell::Binary(bytes.data().to_vec()),
        Field::ULong(number) => Cell::Unsigned(*number),
        Field::Long(number) => Cell::Signed(*number),
        Field::Int(number) => Cell::Signed(i64::from(*number)),
        _ => Cell::Missing,
    }
}
