//! Stands in for Parquet in a build without it.

use std::fs::File;
use std::io::Write;

use super::{ExchangeError, Pictures};
use crate::model::record::KnownPicture;

pub fn write(_: &mut (dyn Write + Send), _: Pictures<'_>) -> Result<u64, ExchangeError> {
    Err(ExchangeError::NoParquet)
}

pub fn read(_: File, _: &mut dyn FnMut(KnownPicture)) -> Result<(), ExchangeError> {
    Err(ExchangeError::NoParquet)
}
