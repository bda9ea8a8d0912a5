//! The lines of a journal.

use serde::{Deserialize, Serialize};

use crate::act::plan::{ActionKind, ExactPath, Expected, Origin, Plan};
use crate::model::path_text::harmless_json;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Line {
    /// The first: what the run is.
    Begin {
        /// [`super::JOURNAL_VERSION`].
        version: u32,
        /// The name of the run.
        run: String,
        /// When it began, in UTC.
        time: String,
        /// What made its plan.
        origin: Origin,
        /// The run that it undoes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undoes: Option<String>,
        /// How many actions it has.
        actions: u64,
    },
    /// An act is about to be done.
    Intent(Intent),
    /// It was, or was not.
    Ending(Ending),
    /// A folder was made.
    Folder {
        /// The file.
        path: ExactPath,
    },
    /// An empty folder was removed.
    Pruned {
        /// The file.
        path: ExactPath,
    },
    /// The run is over.
    End {
        /// When, in UTC.
        time: String,
    },
}

/// An act that is about to be done, with all that is needed to undo it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its place in the plan, from 0.
    pub action: usize,
    /// When, in UTC.
    pub time: String,
    /// What is to be done.
    pub kind: ActionKind,
    /// With which files.
    pub files: Vec<IntentFile>,
}

/// One file of an intent. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentFile {
    /// The file, and what it was.
    pub source: Expected,
    /// Where it was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<ExactPath>,
    /// What stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeper: Option<Expected>,
}

impl Intent {
    /// The intent of an action of a plan.
    pub fn from_plan(plan: &Plan, action: usize, time: &str) -> Option<Self> {
        let absolute = |expected: &Expected| Expected {
            path: plan.resolve(&expected.path),
            ..expected.clone()
        };
        let planned = plan.actions.get(action)?;
        let files = planned.files.iter().map(|member| IntentFile {
            source: absolute(&member.source),
            destination: member.destination.as_ref().map(|d| ExactPath(plan.resolve(&d.0))),
            keeper: member.keeper.as_ref().map(absolute),
        });
        Some(Self { action, time: time.to_owned(), kind: planned.action, files: files.collect() })
    }
}

/// The outcome of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was done.
    Done,
    /// Something was not as expected; nothing was done.
    Refused,
    /// A step failed; what had been done was undone, except for the files that are named.
    Failed,
}

impl Verdict {
    /// Name as the JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The end of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Its place in the plan, from 0.
    pub action: usize,
    /// When, in UTC.
    pub time: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why not, or what could not be kept of a copied file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The files, by their places, that the act was done to all the same when it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<usize>,
}

impl Line {
    /// As one line of JSON with its line break.
    pub fn to_text(&self) -> String {
        // Nothing in a line can fail to be written: no maps with odd keys, no floats.
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut text = harmless_json(&json);
        text.push('\n');
        text
    }
}
