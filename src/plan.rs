//! What is to be done, as a value: shown, kept in a file, and carried out later.
//!
//! A plan says of every file what it looked like when it was decided on, so that whoever carries
//! it out can refuse what has changed since.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::media::{Bytes, FileKey, FileStamp, ModifiedNs};
use crate::path_text::{base64_unless_utf8, for_people, harmless_json, path_of};
use crate::report::{Picture, Relation, Report};

/// Version of the JSON form.
pub const PLAN_VERSION: u32 = 1;

/// What to do with a file. Names of actions that this version cannot carry out are read too, so
/// that refusing them is up to whoever carries plans out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ActionKind {
    /// Show it, change nothing.
    Report,
    /// Move it aside, keeping the tree.
    Quarantine {
        /// Folder.
        destination: ExactPath,
    },
    /// Move it.
    Move {
        /// File.
        destination: ExactPath,
    },
    /// Copy it.
    Copy {
        /// File.
        destination: ExactPath,
    },
    /// Into the desktop's trash.
    Trash,
    /// Replace it by a hard link to the keeper; only for identical files.
    Hardlink,
    /// Replace it by a reflink of the keeper; only for identical files.
    Reflink,
    /// Remove it for good.
    Delete,
}

impl ActionKind {
    /// Whether the source's own bytes are gone from its place afterwards.
    pub fn removes_source(&self) -> bool {
        !matches!(self, Self::Report | Self::Copy { .. })
    }
}

/// A path in JSON: `path` for people, and `path_bytes` in base64 where it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    pub content: Option<[u8; 32]>,
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
            blake3: expected.content.map(hex),
        }
    }
}

impl TryFrom<ExpectedJson> for Expected {
    type Error = String;

    fn try_from(json: ExpectedJson) -> Result<Self, String> {
        let content = match json.blake3 {
            None => None,
            Some(text) => Some(from_hex(&text).ok_or_else(|| {
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

impl From<&Picture> for Expected {
    fn from(picture: &Picture) -> Self {
        Self { path: picture.path.clone(), stamp: picture.stamp, content: picture.content }
    }
}

/// One act on one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The number of its group in the report.
    pub group: u64,
    /// What to do.
    pub action: ActionKind,
    /// With which file.
    pub source: Expected,
    /// The file that stays, and that must still be there when the act is done.
    pub keeper: Expected,
    /// Why, for people.
    pub why: String,
}

/// A list of acts, in the order to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// The folder that relative paths start at.
    pub base: ExactPath,
    /// The acts.
    pub actions: Vec<Action>,
}

impl Plan {
    /// One act of `kind` for every duplicate of the report that may be acted on; `base` is the
    /// folder that the report's relative paths start at.
    pub fn from_report(report: &Report, base: &Path, kind: &ActionKind) -> Self {
        let mut actions = Vec::new();
        for (group, number) in report.groups.iter().zip(1..) {
            for duplicate in group.duplicates.iter().filter(|d| report.matching.acts_on(d)) {
                actions.push(Action {
                    group: number,
                    action: kind.clone(),
                    source: (&duplicate.picture).into(),
                    keeper: (&group.keeper).into(),
                    why: match duplicate.relation {
                        Relation::Identical => "identical to the keeper".to_owned(),
                        relation => format!(
                            "{} of the keeper ({} of 64 bits differ, {} of 256); kept for: {}",
                            relation.name(),
                            duplicate.distance,
                            duplicate.fine_distance,
                            group.reason
                        ),
                    },
                });
            }
        }
        Self { version: PLAN_VERSION, base: ExactPath(base.to_owned()), actions }
    }

    /// As JSON, indented, with a closing line break.
    ///
    /// # Errors
    /// None that a plan can cause; the signature is the serialiser's.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut text = harmless_json(&serde_json::to_string_pretty(self)?);
        text.push('\n');
        Ok(text)
    }

    /// Reads what [`Plan::to_json`] wrote, and refuses a plan that contradicts itself.
    ///
    /// # Errors
    /// [`PlanError`], which names what is wrong.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            version: Option<u64>,
        }
        let head: Head = serde_json::from_str(text).map_err(|e| PlanError::Form(e.to_string()))?;
        match head.version {
            None => return Err(PlanError::NoVersion),
            Some(version) if version != u64::from(PLAN_VERSION) => {
                return Err(PlanError::Version(version));
            }
            Some(_) => {}
        }
        let plan: Self = serde_json::from_str(text).map_err(|e| PlanError::Form(e.to_string()))?;
        plan.check()?;
        Ok(plan)
    }

    /// That no file is both relied on as a keeper and taken away, and none is taken away twice.
    fn check(&self) -> Result<(), PlanError> {
        let keepers: HashSet<&Path> =
            self.actions.iter().map(|a| a.keeper.path.as_path()).collect();
        let mut taken = HashSet::new();
        for (action, number) in self.actions.iter().zip(1..) {
            let source = action.source.path.as_path();
            let reason = if !action.action.removes_source() {
                continue;
            } else if keepers.contains(source) {
                "takes away a file that is relied on as a keeper"
            } else if !taken.insert(source) {
                "takes away a file that an earlier action takes away"
            } else {
                continue;
            };
            return Err(PlanError::Contradiction { number, path: source.to_owned(), reason });
        }
        Ok(())
    }
}

/// Why a text is no plan that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// Not JSON, or not of a plan's shape; with line and column.
    Form(String),
    /// Without a version.
    NoVersion,
    /// Of another version.
    Version(u64),
    /// Contradicts itself.
    Contradiction {
        /// Which action, from 1.
        number: u64,
        /// Its source.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(what) => write!(f, "not a plan: {what}"),
            Self::NoVersion => f.write_str("not a plan: no \"version\""),
            Self::Version(found) => {
                write!(f, "a plan of version {found}; this program reads version {PLAN_VERSION}")
            }
            Self::Contradiction { number, path, reason } => {
                write!(f, "action {number} ({}) {reason}", for_people(path))
            }
        }
    }
}

impl std::error::Error for PlanError {}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(path: &str, inode: u64) -> Expected {
        Expected {
            path: path.into(),
            stamp: FileStamp {
                key: FileKey { device: 1, inode },
                size: Bytes(10),
                modified: ModifiedNs(-5),
            },
            content: (inode == 2).then_some([0xab; 32]),
        }
    }

    fn plan(kind: &ActionKind, pairs: &[(&str, &str)]) -> Plan {
        let actions = pairs
            .iter()
            .map(|(source, keeper)| Action {
                group: 1,
                action: kind.clone(),
                source: expected(source, 1),
                keeper: expected(keeper, 2),
                why: "identical to the keeper".into(),
            })
            .collect();
        Plan { version: PLAN_VERSION, base: ExactPath("/home/me".into()), actions }
    }

    #[test]
    fn the_form() {
        let kind = ActionKind::Quarantine { destination: ExactPath("/aside".into()) };
        insta::assert_snapshot!(plan(&kind, &[("a\u{202e}.jpg", "b.jpg")]).to_json().unwrap());
    }

    #[test]
    fn round_trip() {
        let to = || ExactPath("/d".into());
        for kind in [
            ActionKind::Report,
            ActionKind::Quarantine { destination: to() },
            ActionKind::Move { destination: to() },
            ActionKind::Copy { destination: to() },
            ActionKind::Trash,
            ActionKind::Hardlink,
            ActionKind::Reflink,
            ActionKind::Delete,
        ] {
            let plan = plan(&kind, &[("a\n.jpg", "k.jpg"), ("b", "k.jpg")]);
            assert_eq!(Plan::from_json(&plan.to_json().unwrap()), Ok(plan));
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_survive() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd: PathBuf = std::ffi::OsString::from_vec(b"/caf\xe9".to_vec()).into();
        let kind = ActionKind::Move { destination: ExactPath(odd.clone()) };
        let mut plan = plan(&kind, &[("a", "k")]);
        plan.base = ExactPath(odd.clone());
        plan.actions[0].source.path = odd;
        assert_eq!(Plan::from_json(&plan.to_json().unwrap()), Ok(plan));
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let good = plan(&ActionKind::Report, &[("a", "k")]).to_json().unwrap();
        let error = |text: &str| Plan::from_json(text).unwrap_err().to_string();
        assert_eq!(error("{}"), "not a plan: no \"version\"");
        assert_eq!(error("{\"version\": 7}"), "a plan of version 7; this program reads version 1");
        assert_eq!(
            error("{\"version\": 1}"),
            "not a plan: missing field `base` at line 1 column 14"
        );
        assert!(error("[").starts_with("not a plan: EOF"));
        let bad = error(&good.replace("abab", "xyz"));
        assert!(bad.contains("blake3 of \"k\" is not 64 hexadecimal digits"), "{bad}");
        let bad = error(&good.replace("\"report\"", "\"shred\""));
        assert!(bad.contains("unknown variant `shred`"), "{bad}");
        let bad = error(&good.replace("\"why\"", "\"wy\""));
        assert!(bad.contains("unknown field `wy`"), "{bad}");
    }

    #[test]
    fn a_plan_that_would_lose_a_file_is_refused() {
        let error = |pairs: &[(&str, &str)]| {
            let text = plan(&ActionKind::Delete, pairs).to_json().unwrap();
            Plan::from_json(&text).unwrap_err().to_string()
        };
        assert_eq!(
            error(&[("a", "b"), ("b", "a")]),
            "action 1 (a) takes away a file that is relied on as a keeper"
        );
        assert_eq!(
            error(&[("a", "k"), ("a", "k")]),
            "action 2 (a) takes away a file that an earlier action takes away"
        );
        let harmless = plan(&ActionKind::Report, &[("a", "b"), ("b", "a")]);
        assert!(Plan::from_json(&harmless.to_json().unwrap()).is_ok());
    }
}
