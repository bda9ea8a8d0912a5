//! Tables in Arrow streams, as rows of named values: for tests of the kernels.

#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Int64(i64),
    Int32(i32),
    Bool(bool),
    Text(String),
    Binary(Vec<u8>),
}

pub type Row = BTreeMap<String, Value>;

/// Rows, the types of their columns, and the metadata of the schema.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub rows: Vec<Row>,
    pub types: BTreeMap<String, DataType>,
    pub metadata: HashMap<String, String>,
}

impl Table {
    pub fn read(stream: &[u8]) -> Self {
        let reader = StreamReader::try_new(stream, None).unwrap();
        let schema = reader.schema();
        let mut table = Self { metadata: schema.metadata().clone().into(), ..Self::default() };
        for field in schema.fields() {
            table.types.insert(field.name().clone(), field.data_type().clone());
        }
        for batch in reader {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let cells = schema.fields().iter().zip(batch.columns());
                let cells = cells.map(|(field, array)| (field.name().clone(), cell(array, row)));
                table.rows.push(cells.collect());
            }
        }
        table
    }

    pub fn write(&self) -> Vec<u8> {
        let fields: Vec<Field> =
            self.types.iter().map(|(name, kind)| Field::new(name, kind.clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields).with_metadata(self.metadata.clone()));
        let mut stream = Vec::new();
        let mut writer = StreamWriter::try_new(&mut stream, &schema).unwrap();
        // Two batches where there are two rows, so that streams can be cut between them.
        for rows in self.rows.chunks(self.rows.len().div_ceil(2).max(1)) {
            let arrays = self.types.iter().map(|(name, kind)| array(rows, name, kind)).collect();
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap()).unwrap();
        }
        writer.finish().unwrap();
        drop(writer);
        stream
    }

    /// Only the rows that hold.
    pub fn only(&self, holds: impl Fn(&Row) -> bool) -> Self {
        Self { rows: self.rows.iter().filter(|row| holds(row)).cloned().collect(), ..self.clone() }
    }

    /// A further column.
    #[must_use]
    pub fn with(mut self, name: &str, kind: DataType, value: impl Fn(&Row) -> Value) -> Self {
        for row in &mut self.rows {
            let value = value(row);
            row.insert(name.to_owned(), value);
        }
        self.types.insert(name.to_owned(), kind);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.types.remove(name);
        self
    }

    /// Rows of two tables of the same columns.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self
    }
}

pub fn number(row: &Row, name: &str) -> i64 {
    match row[name] {
        Value::Int64(number) => number,
        Value::Int32(number) => number.into(),
        ref other => panic!("{name} is {other:?}"),
    }
}

pub fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    match &row[name] {
        Value::Text(text) => text,
        other => panic!("{name} is {other:?}"),
    }
}

fn cell(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    let any = array.as_any();
    match array.data_type() {
        DataType::Int64 => Value::Int64(any.downcast_ref::<Int64Array>().unwrap().value(row)),
        DataType::Int32 => Value::Int32(any.downcast_ref::<Int32Array>().unwrap().value(row)),
        DataType::Boolean => Value::Bool(any.downcast_ref::<BooleanArray>().unwrap().value(row)),
        DataType::Utf8 => {
            Value::Text(any.downcast_ref::<StringArray>().unwrap().value(row).to_owned())
        }
        DataType::Binary => {
            Value::Binary(any.downcast_ref::<BinaryArray>().unwrap().value(row).to_vec())
        }
        other => panic!("a column of {other}"),
    }
}

fn array(rows: &[Row], name: &str, kind: &DataType) -> ArrayRef {
    let values = || rows.iter().map(|row| row.get(name).cloned().unwrap_or(Value::Null));
    match kind {
        DataType::Int64 => Arc::new(Int64Array::from_iter(values().map(|value| match value {
            Value::Int64(number) => Some(number),
            _ => None,
        }))),
        DataType::Int32 => Arc::new(Int32Array::from_iter(values().map(|value| match value {
            Value::Int32(number) => Some(number),
            _ => None,
        }))),
        DataType::Boolean => Arc::new(BooleanArray::from_iter(values().map(|value| match value {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }))),
        DataType::Utf8 => Arc::new(StringArray::from_iter(values().map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        }))),
        _ => Arc::new(BinaryArray::from_iter(values().map(|value| match value {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        }))),
    }
}
