//! The paths of a batch.

use std::path::PathBuf;

use super::KernelError;
use super::ipc::{Batch, Values};
use super::table::{PATH, PATH_BYTES, wrong};
use crate::model::path_text::path_of;

/// Where paths stand in a batch.
#[derive(Clone, Copy)]
pub(super) struct Paths<'a> {
    text: Values<'a>,
    exact: Values<'a>,
}

impl<'a> Paths<'a> {
    pub fn of(batch: &'a Batch) -> Result<Self, KernelError> {
        Ok(Self { text: batch.column(&PATH)?, exact: batch.column_if_any(&PATH_BYTES)? })
    }

    pub fn path(self, row: usize) -> Result<PathBuf, KernelError> {
        let path = self.text.text(row).and_then(|text| path_of(text, self.exact.text(row)));
        path.filter(|path| path.is_absolute()).ok_or_else(|| wrong(&PATH))
    }
}
