//! Arrow streams, by the `arrow` crates.

use std::collections::HashMap;
use std::io::{BufReader, BufWriter, Read, Write};
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::table::{Cell, Column, Kind};
use super::{KERNEL_VERSION, KernelError, MatchingRule};
use crate::model::panics;
use crate::model::phash::HASH_VERSION;

const VERSION_KEY: &str = "clean_backup.kernel";
const HASH_KEY: &str = "clean_backup.hash_version";
const POLICY_KEY: &str = "clean_backup.policy";

/// The end of a stream: a message of no bytes.
const END: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// Rows that are written together, at most.
const ROWS_AT_ONCE: usize = 4096;
/// Bytes of text and binary values that are written together, about.
const BYTES_AT_ONCE: usize = 1 << 20;

/// A stream that is read.
pub(super) struct Input<'a> {
    reader: StreamReader<BufReader<Tail<'a>>>,
    metadata: HashMap<String, String>,
}

impl<'a> Input<'a> {
    /// Reads the schema, and refuses streams of other versions or another rule.
    pub fn open(stream: &'a mut dyn Read, rule: Option<MatchingRule>) -> Result<Self, KernelError> {
        let tail = Tail { stream, last: [0; 8] };
        // The crate checks little of what a stream says before it relies on it.
        let opened = panics::catch(|| StreamReader::try_new_buffered(tail, None));
        let reader = opened.map_err(damaged)?.map_err(|error| failed(&error))?;
        let metadata: HashMap<String, String> = reader.schema().metadata().clone().into();
        let expected = [
            (VERSION_KEY, Some(KERNEL_VERSION.to_string())),
            (HASH_KEY, Some(HASH_VERSION.to_string())),
            (POLICY_KEY, rule.map(MatchingRule::key)),
        ];
        for (key, own) in expected {
            if let (Some(told), Some(own)) = (metadata.get(key), own)
                && *told != own
            {
                let why = format!("{key} of the input is {told:?}, and this program's is {own:?}");
                return Err(KernelError::Refused(why));
            }
        }
        Ok(Self { reader, metadata })
    }

    /// What the metadata of the schema say under a key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// The next rows; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Batch>, KernelError> {
        match panics::catch(|| self.reader.next()).map_err(damaged)? {
            Some(Ok(batch)) => Ok(Some(Batch(batch))),
            Some(Err(error)) => Err(failed(&error)),
            None if self.reader.get_ref().get_ref().last == END => Ok(None),
            None => Err(KernelError::Input("it ends in the middle".into())),
        }
    }
}

fn failed(error: &ArrowError) -> KernelError {
    KernelError::Input(error.to_string())
}

fn damaged(panic: String) -> KernelError {
    KernelError::Input(format!("it is damaged: {panic}"))
}

/// Remembers the last bytes: a stream that lacks its end was cut, though perhaps between two
/// messages, where the reader does not notice.
struct Tail<'a> {
    stream: &'a mut dyn Read,
    last: [u8; 8],
}

impl Read for Tail<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.stream.read(buffer)?;
        for &byte in &buffer[read.saturating_sub(self.last.len())..read] {
            self.last.rotate_left(1);
            self.last[7] = byte;
        }
        Ok(read)
    }
}

/// Rows that were read.
pub(super) struct Batch(RecordBatch);

impl Batch {
    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    /// A column that has to be there.
    pub fn column(&self, column: &Column) -> Result<Values<'_>, KernelError> {
        match self.column_if_any(column)? {
            Values::Missing => {
                Err(KernelError::Refused(format!("the input has no column {}", column.name)))
            }
            values => Ok(values),
        }
    }

    /// A column, if there is one of that name.
    pub fn column_if_any(&self, column: &Column) -> Result<Values<'_>, KernelError> {
        let Some(array) = self.0.column_by_name(column.name) else { return Ok(Values::Missing) };
        let any = array.as_any();
        let values = match column.kind {
            Kind::Int64 => any.downcast_ref().map(Values::Int64),
            Kind::Int32 => any.downcast_ref().map(Values::Int32),
            Kind::Bool => any.downcast_ref().map(Values::Bool),
            Kind::Text => any.downcast_ref().map(Values::Text),
            Kind::Binary => any.downcast_ref().map(Values::Binary),
        };
        values.ok_or_else(|| {
            let (told, own) = (array.data_type(), data_type(column.kind));
            KernelError::Refused(format!("column {} is {told}, and has to be {own}", column.name))
        })
    }
}

/// The values of a column.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    Missing,
    Int64(&'a Int64Array),
    Int32(&'a Int32Array),
    Bool(&'a BooleanArray),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
}

impl<'a> Values<'a> {
    /// The value of a row.
    pub fn cell(self, row: usize) -> Cell {
        match self {
            Self::Int64(_) | Self::Int32(_) | Self::Bool(_) => {
                self.number(row).map_or(Cell::Missing, Cell::Signed)
            }
            Self::Text(_) => {
                self.text(row).map_or(Cell::Missing, |text| Cell::Text(text.to_owned()))
            }
            Self::Binary(_) => {
                self.bytes(row).map_or(Cell::Missing, |bytes| Cell::Binary(bytes.to_vec()))
            }
            Self::Missing => Cell::Missing,
        }
    }

    pub fn number(self, row: usize) -> Option<i64> {
        match self {
            Self::Int64(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Int32(array) => array.is_valid(row).then(|| array.value(row).into()),
            Self::Bool(array) => array.is_valid(row).then(|| array.value(row).into()),
            _ => None,
        }
    }

    pub fn flag(self, row: usize) -> bool {
        self.number(row) == Some(1)
    }

    pub fn text(self, row: usize) -> Option<&'a str> {
        match self {
            Self::Text(array) => array.is_valid(row).then(|| array.value(row)),
            _ => None,
        }
    }

    pub fn bytes(self, row: usize) -> Option<&'a [u8]> {
        match self {
            Self::Binary(array) => array.is_valid(row).then(|| array.value(row)),
            _ => None,
        }
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Int64 => DataType::Int64,
        Kind::Int32 => DataType::Int32,
        Kind::Bool => DataType::Boolean,
        Kind::Text => DataType::Utf8,
        Kind::Binary => DataType::Binary,
    }
}

/// A stream that is written.
pub(super) struct Output<'a> {
    writer: StreamWriter<BufWriter<&'a mut dyn Write>>,
    schema: Arc<Schema>,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl<'a> Output<'a> {
    /// Writes the schema.
    pub fn open(
        stream: &'a mut dyn Write,
        columns: Vec<Column>,
        rule: Option<MatchingRule>,
    ) -> Result<Self, KernelError> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(column.name, data_type(column.kind), true))
            .collect();
        let mut metadata = HashMap::from([
            (VERSION_KEY.to_owned(), KERNEL_VERSION.to_string()),
            (HASH_KEY.to_owned(), HASH_VERSION.to_string()),
        ]);
        metadata.extend(rule.map(|rule| (POLICY_KEY.to_owned(), rule.key())));
        let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
        let writer = StreamWriter::try_new_buffered(stream, &schema).map_err(unwritten)?;
        Ok(Self { writer, schema, columns, rows: Vec::new(), bytes: 0 })
    }

    /// Adds a row: a value for each column, in their order.
    pub fn push(&mut self, row: Vec<Cell>) -> Result<(), KernelError> {
        let size = |cell: &Cell| match cell {
            Cell::Text(text) => text.len(),
            Cell::Binary(bytes) => bytes.len(),
            _ => 0,
        };
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() >= ROWS_AT_ONCE || self.bytes >= BYTES_AT_ONCE {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), KernelError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let columns = self.columns.iter().enumerate();
        let arrays = columns.map(|(at, column)| {
            array(column.kind, self.rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Missing)))
        });
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect());
        self.writer.write(&batch.map_err(unwritten)?).map_err(unwritten)?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Writes what is left, and the end.
    pub fn finish(mut self) -> Result<(), KernelError> {
        self.flush()?;
        self.writer.finish().map_err(unwritten)?;
        self.writer.get_mut().flush().map_err(KernelError::Output)
    }
}

fn unwritten(error: ArrowError) -> KernelError {
    KernelError::Output(match error {
        ArrowError::IoError(_, error) => error,
        other => std::io::Error::other(other.to_string()),
    })
}

fn array<'c>(kind: Kind, cells: impl Iterator<Item = &'c Cell>) -> ArrayRef {
    let number = |cell: &Cell| match *cell {
        Cell::Signed(number) => Some(number),
        Cell::Unsigned(number) => Some(number as i64),
        _ => None,
    };
    match kind {
        Kind::Int64 => Arc::new(cells.map(number).collect::<Int64Array>()),
        Kind::Int32 => {
            let small = |cell| number(cell).and_then(|number| i32::try_from(number).ok());
            Arc::new(cells.map(small).collect::<Int32Array>())
        }
        Kind::Bool => {
            let flag = |cell| number(cell).map(|number| number == 1);
            Arc::new(cells.map(flag).collect::<BooleanArray>())
        }
        Kind::Text => {
            let text = |cell: &'c Cell| match cell {
                Cell::Text(text) => Some(text.as_str()),
                _ => None,
            };
            Arc::new(cells.map(text).collect::<StringArray>())
        }
        Kind::Binary => {
            let bytes = |cell: &'c Cell| match cell {
                Cell::Binary(bytes) => Some(bytes.as_slice()),
                _ => None,
            };
            Arc::new(cells.map(bytes).collect::<BinaryArray>())
        }
    }
}
