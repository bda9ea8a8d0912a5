//! Changes of the small files beside pictures. A plan holds them whole, before and after, so that
//! they can be taken back to the byte.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Expected;
use crate::metadata::knowledge::{MOST_SIDECAR_BYTES, is_sidecar};
use crate::model::record::ContentHash;

/// What becomes of a sidecar: it is written, added to, or removed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SidecarChange {
    /// What is there; nothing when it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SidecarBefore>,
    /// What is to be there; nothing when it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A sidecar as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SidecarBefore {
    /// The file.
    pub file: Expected,
    /// All that is in it.
    pub text: String,
}

/// BLAKE3 of a text.
pub fn content_of(text: &str) -> ContentHash {
    ContentHash(*blake3::hash(text.as_bytes()).as_bytes())
}

impl SidecarChange {
    /// BLAKE3 of what is to be there.
    pub fn content_after(&self) -> Option<ContentHash> {
        self.after.as_deref().map(content_of)
    }

    /// Why this is no change that may be made; whatever it writes has to be XMP.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        let long = |text: &String| text.len() as u64 > MOST_SIDECAR_BYTES;
        if self.after.is_none() && self.before.is_none() {
            return Some("changes a sidecar from nothing to nothing");
        }
        if self.after.as_ref().is_some_and(long) {
            return Some("writes a sidecar that is too long");
        }
        if self.after.as_ref().is_some_and(|text| !is_sidecar(text)) {
            return Some("writes a sidecar that is not XMP");
        }
        let before = self.before.as_ref()?;
        let stated = before.file.content == Some(content_of(&before.text))
            && before.file.stamp.size.0 == before.text.len() as u64;
        match () {
            () if !stated => Some("does not say which bytes the sidecar has that it replaces"),
            () if long(&before.text) => Some("replaces a sidecar that is too long"),
            () if self.after.as_ref() == Some(&before.text) => Some("changes nothing in a sidecar"),
            () => None,
        }
    }
}

/// Whether a path is that of a sidecar of this picture: beside it, and named like it, with or
/// without its extension.
pub(super) fn is_beside(picture: &Path, sidecar: &Path) -> bool {
    let is_xmp = sidecar.extension().is_some_and(|end| end.eq_ignore_ascii_case("xmp"));
    let names = [picture.file_name(), picture.file_stem()];
    let stem = sidecar.file_stem();
    let is_named = stem.is_some_and(|stem| {
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(stem))
    });
    is_xmp && is_named && picture.parent() == sidecar.parent()
}
