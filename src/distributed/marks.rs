//! Pairs that were marked as no duplicates, as the metadata of a stream have them: a JSON list with,
//! of both files, the BLAKE3 of the bytes in hexadecimal digits and the size.

use serde::{Deserialize, Serialize};

use crate::model::record::{ContentHash, Mark, MarkedFile};

#[derive(Serialize, Deserialize)]
struct FileForm {
    content: String,
    size: u64,
}

impl FileForm {
    fn of(file: MarkedFile) -> Self {
        Self { content: file.content.to_hex(), size: file.size }
    }

    fn file(&self) -> Option<MarkedFile> {
        Some(MarkedFile { content: ContentHash::from_hex(&self.content)?, size: self.size })
    }
}

/// As JSON.
pub fn to_json(marks: &[Mark]) -> String {
    let forms: Vec<[FileForm; 2]> =
        marks.iter().map(|mark| [mark.first, mark.second].map(FileForm::of)).collect();
    serde_json::to_string(&forms).unwrap_or_default()
}

/// What [`to_json`] wrote; `None` for anything else.
pub fn from_json(text: &str) -> Option<Vec<Mark>> {
    let forms: Vec<[FileForm; 2]> = serde_json::from_str(text).ok()?;
    forms.iter().map(|[a, b]| Some(Mark::new(a.file()?, b.file()?))).collect()
}
