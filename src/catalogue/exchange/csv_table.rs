//! CSV, by the `csv` crate.

use std::io::{Read, Write};

use super::row::{COLUMNS, Cell, Column, ColumnKind, Row, from_hex, from_picture, hex, to_picture};
use super::{ExchangeError, Pictures, RowError};
use crate::model::path_text::text_for_spreadsheet;
use crate::model::record::KnownPicture;

fn failed(error: &csv::Error) -> ExchangeError {
    ExchangeError::Table(error.to_string())
}

pub(super) fn write(
    out: &mut (dyn Write + Send),
    pictures: Pictures<'_>,
) -> Result<u64, ExchangeError> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS.iter().map(|column| column.name)).map_err(|e| failed(&e))?;
    let mut count = 0;
    let mut outcome = Ok(());
    pictures(&mut |picture| {
        if outcome.is_ok() {
            let mut row = from_picture(&picture);
            make_harmless(&mut row);
            outcome = writer.write_record(row.iter().zip(&COLUMNS).map(to_text));
            count += 1;
        }
    })
    .map_err(ExchangeError::Cache)?;
    outcome.map_err(|error| failed(&error))?;
    writer.flush()?;
    Ok(count)
}

/// Puts what a terminal or a spreadsheet would not take for text into the columns for exact bytes.
fn make_harmless(row: &mut Row) {
    for (shown, exact) in [("path", "path_bytes"), ("camera", "camera_bytes")] {
        let place = |name: &str| COLUMNS.iter().position(|column| column.name == name);
        let (Some(shown), Some(exact)) = (place(shown), place(exact)) else { continue };
        let Cell::Text(text) = &row[shown] else { continue };
        let (cell, base64) = text_for_spreadsheet(text);
        row[shown] = Cell::Text(cell);
        // A path that is not UTF-8 has its bytes there already.
        if let (Cell::Missing, Some(base64)) = (&row[exact], base64) {
            row[exact] = Cell::Text(base64);
        }
    }
}

fn to_text((value, column): (&Cell, &Column)) -> String {
    match value {
        Cell::Missing => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Unsigned(number) if column.kind == ColumnKind::Hash => format!("{number:016x}"),
        Cell::Unsigned(number) => number.to_string(),
        Cell::Signed(number) => number.to_string(),
        Cell::Binary(bytes) => hex(bytes),
    }
}

fn from_text(text: &str, column: &Column) -> Option<Cell> {
    if text.is_empty() && column.optional {
        return Some(Cell::Missing);
    }
    match column.kind {
        ColumnKind::Text => Some(Cell::Text(text.to_owned())),
        ColumnKind::Unsigned => text.parse().ok().map(Cell::Unsigned),
        ColumnKind::Hash if text.len() == 16 => {
            u64::from_str_radix(text, 16).ok().map(Cell::Unsigned)
        }
        ColumnKind::Hash => None,
        ColumnKind::Signed | ColumnKind::Small => text.parse().ok().map(Cell::Signed),
        ColumnKind::Binary => from_hex(text).map(Cell::Binary),
    }
}

pub(super) fn read(
    input: &mut dyn Read,
    take: &mut dyn FnMut(KnownPicture),
) -> Result<(), ExchangeError> {
    let mut reader = csv::Reader::from_reader(input);
    let headers = reader.headers().map_err(|error| failed(&error))?.clone();
    let places = COLUMNS.each_ref().map(|column| headers.iter().position(|h| h == column.name));
    if let Some(column) =
        COLUMNS.iter().zip(places).find(|(column, place)| place.is_none() && !column.optional)
    {
        return Err(ExchangeError::Table(format!("it has no column {}", column.0.name)));
    }
    for (number, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| failed(&error))?;
        let bad = |why| ExchangeError::Row { row: number, why };
        let mut row: Row = [const { Cell::Missing }; COLUMNS.len()];
        for ((value, column), place) in row.iter_mut().zip(&COLUMNS).zip(places) {
            let text = place.and_then(|place| record.get(place)).unwrap_or("");
            *value =
                from_text(text, column).ok_or_else(|| bad(RowError::Unreadable(column.name)))?;
        }
        take(to_picture(&row).map_err(bad)?);
    }
    Ok(())
}
