//! Paths and expectations as a plan writes them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::findings::FoundPicture;
use crate::model::media::{Bytes, FileKey, FileStamp, ModifiedNs};
use crate::model::path_text::{base64_unless_utf8, path_of};
use crate::model::record::ContentHash;

/// A path in JSON: `path` for people, and `path_bytes` in base64 where it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "ExactPathJson", into = "ExactPathJson")]
pub struct ExactPath(pub PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExactPathJson {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

impl From<ExactPath> for ExactPathJson {
    fn from(ExactPath(path): ExactPath) -> Self {
        let path_bytes = base64_unless_utf8(&path);
        Self { path: path.to_string_lossy().into_owned(), path_bytes }
    }
}

impl TryFrom<ExactPathJson> for ExactPath {
    type Error = String;

    fn try_from(json: ExactPathJson) -> Result<Self, String> {
        path_of(&json.path, json.path_bytes.as_deref())
            .map(Self)
            .ok_or_else(|| format!("path_bytes of {:?} are not base64 of a path", json.path))
    }
}

/// A file as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ExpectedJson", into = "ExpectedJson")]
pub struct Expected {
    /// Where; relative paths start at the plan's base.
    pub path: PathBuf,
    /// Identity, size and time.
    pub stamp: FileStamp,
    /// BLAKE3 of its bytes, where it was known.
    pub content: Option<ContentHash>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedJson {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    bytes: u64,
    modified_ns: i64,
    device: u64,
    inode: u64,
    #[serde(default)]
    blake3: Option<String>,
}

impl From<Expected> for ExpectedJson {
    fn from(expected: Expected) -> Self {
        let ExactPathJson { path, path_bytes } = ExactPath(expected.path).into();
        Self {
            path,
            path_bytes,
            bytes: expected.stamp.size.0,
            modified_ns: expected.stamp.modified.0,
            device: expected.stamp.key.device,
            inode: expected.stamp.key.inode,
            blake3: expected.content.map(|content| content.to_hex()),
        }
    }
}

impl TryFrom<ExpectedJson> for Expected {
    type Error = String;

    fn try_from(json: ExpectedJson) -> Result<Self, String> {
        let content = match json.blake3 {
            None => None,
            Some(text) => Some(ContentHash::from_hex(&text).ok_or_else(|| {
                format!("blake3 of {:?} is not 64 hexadecimal digits", json.path)
            })?),
        };
        let path_json = ExactPathJson { path: json.path, path_bytes: json.path_bytes };
        Ok(Self {
            path: ExactPath::try_from(path_json)?.0,
            stamp: FileStamp {
                key: FileKey { device: json.device, inode: json.inode },
                size: Bytes(json.bytes),
                modified: ModifiedNs(json.modified_ns),
            },
            content,
        })
    }
}

impl From<&FoundPicture> for Expected {
    fn from(picture: &FoundPicture) -> Self {
        Self {
            path: picture.path.clone(),
            stamp: picture.stamp,
            content: picture.content.map(ContentHash),
        }
    }
}
