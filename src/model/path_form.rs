//! Paths in JSON, beside other fields.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::path_text::{base64_unless_utf8, path_of};

/// A path in JSON: `path` for people, and `path_bytes` in base64 where it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathForm {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

impl PathForm {
    /// Of a path.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_string_lossy().into_owned(), path_bytes: base64_unless_utf8(path) }
    }

    /// The path for people.
    pub fn text(&self) -> &str {
        &self.path
    }

    /// The path; `None` where the bytes are none.
    pub fn path(&self) -> Option<PathBuf> {
        path_of(&self.path, self.path_bytes.as_deref())
    }
}
