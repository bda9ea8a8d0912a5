//! What became of the files of a source.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::act::plan::{ActionKind, ExactPath, Plan};
use crate::metadata::capture::{Source, day};
use crate::model::media::CaptureTime;
use crate::model::path_text::{for_people, harmless_json, one_line};
use crate::model::readable::{human_bytes, iso_time};
use crate::model::record::Skip;

/// Where a unit goes, or why it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It comes in.
    Planned {
        /// Into this folder.
        folder: PathBuf,
        /// The library's picture that it is better than.
        better: Option<PathBuf>,
    },
    /// It is there already, under its name.
    AlreadyThere(PathBuf),
    /// The library has it elsewhere.
    Twin(PathBuf),
    /// Another incoming file has the same bytes.
    SameAs(PathBuf),
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Their bytes.
    pub bytes: u64,
    /// When it was taken, and who says so.
    pub taken: Option<(CaptureTime, Source)>,
    /// What other sources say that contradict it.
    pub conflicts: Vec<String>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What is proposed for a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organized {
    /// What is to be done.
    pub plan: Plan,
    /// Every unit.
    pub filed: Vec<Filed>,
    /// Files that are neither media nor belong to any.
    pub leftovers: Vec<PathBuf>,
    /// What could not be read.
    pub skipped: Vec<Skip>,
    /// It was interrupted; nothing should be done then.
    pub interrupted: bool,
}

/// The figures of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Figures {
    incoming: Count,
    already_there: Count,
    twins: Count,
    identical: Count,
    better: Count,
    unknown: Count,
    conflicts: u64,
    leftovers: u64,
    skipped: u64,
    by_year: BTreeMap<i64, u64>,
    by_source: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Count {
    files: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, filed: &Filed) {
        self.files += filed.files.len() as u64;
        self.bytes = self.bytes.saturating_add(filed.bytes);
    }
}

#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    command: &'static str,
    action: &'static str,
    units: Vec<UnitJson<'a>>,
    leftovers: Vec<ExactPath>,
    skipped: Vec<SkipJson<'a>>,
    summary: Figures,
}

#[derive(Serialize)]
struct UnitJson<'a> {
    files: Vec<ExactPath>,
    bytes: u64,
    taken: Option<String>,
    date_source: Option<&'static str>,
    fate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<ExactPath>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    conflicts: &'a [String],
}

#[derive(Serialize)]
struct SkipJson<'a> {
    path: ExactPath,
    stage: &'static str,
    reason: &'a str,
}

/// Most lines of one kind in a report for people.
const MOST_LINES: usize = 20;

impl Organized {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            filed: Vec::new(),
            leftovers: Vec::new(),
            skipped: Vec::new(),
            interrupted: false,
        }
    }

    fn figures(&self) -> Figures {
        let mut figures = Figures {
            leftovers: self.leftovers.len() as u64,
            skipped: self.skipped.len() as u64,
            ..Figures::default()
        };
        for filed in &self.filed {
            figures.conflicts += u64::from(!filed.conflicts.is_empty());
            match &filed.fate {
                Fate::Planned { better, .. } => {
                    figures.incoming.add(filed);
                    if better.is_some() {
                        figures.better.add(filed);
                    }
                    match filed.taken {
                        Some((time, source)) => {
                            let files = filed.files.len() as u64;
                            *figures.by_year.entry(day(time).year).or_default() += files;
                            *figures.by_source.entry(source.name()).or_default() += files;
                        }
                        None => figures.unknown.add(filed),
                    }
                }
                Fate::AlreadyThere(_) => figures.already_there.add(filed),
                Fate::Twin(_) => figures.twins.add(filed),
                Fate::SameAs(_) => figures.identical.add(filed),
            }
        }
        figures
    }

    /// For people.
    pub fn to_text(&self, action: ActionKind) -> String {
        let figures = self.figures();
        let mut text = String::new();
        let mut list = |title: &str, lines: Vec<String>| {
            if lines.is_empty() {
                return;
            }
            let _ = writeln!(text, "{title} ({}):", lines.len());
            for line in lines.iter().take(MOST_LINES) {
                let _ = writeln!(text, "  {line}");
            }
            if lines.len() > MOST_LINES {
                let _ = writeln!(text, "  … and {} more", lines.len() - MOST_LINES);
            }
        };
        let first = |filed: &Filed| filed.files.first().map_or_else(String::new, |p| for_people(p));
        let of = |wanted: &dyn Fn(&Filed) -> Option<String>| -> Vec<String> {
            self.filed.iter().filter_map(wanted).collect()
        };
        list(
            "The library has them, they stay out",
            of(&|filed| match &filed.fate {
                Fate::Twin(twin) => Some(format!("{}  is  {}", first(filed), for_people(twin))),
                _ => None,
            }),
        );
        list(
            "Better than what the library has, they come in",
            of(&|filed| match &filed.fate {
                Fate::Planned { better: Some(other), .. } => {
                    Some(format!("{}  is better than  {}", first(filed), for_people(other)))
                }
                _ => None,
            }),
        );
        list(
            "Sources that contradict each other",
            of(&|filed| {
                let (time, source) = filed.taken.filter(|_| !filed.conflicts.is_empty())?;
                let others = one_line(&filed.conflicts.join(", "));
                let (first, time) = (first(filed), iso_time(time));
                Some(format!("{first}: {} says {time}, {others}", source.name()))
            }),
        );
        list(
            "Left where they are, no media",
            self.leftovers.iter().map(|p| for_people(p)).collect(),
        );
        list(
            "Skipped",
            self.skipped
                .iter()
                .map(|skip| format!("{}: {}", for_people(&skip.path), one_line(&skip.reason)))
                .collect(),
        );
        let of_files = |count: Count| match count.files {
            1 => format!("1 file ({})", human_bytes(count.bytes)),
            files => format!("{files} files ({})", human_bytes(count.bytes)),
        };
        let verb = if action == ActionKind::Move { "move" } else { "copy" };
        let _ = writeln!(text, "To {verb}: {}.", of_files(figures.incoming));
        let years: Vec<String> =
            figures.by_year.iter().map(|(year, files)| format!("{year}: {files}")).collect();
        let sources: Vec<String> =
            figures.by_source.iter().map(|(source, files)| format!("{source}: {files}")).collect();
        for (title, parts) in [("By year", years), ("By source of the date", sources)] {
            if !parts.is_empty() {
                let _ = writeln!(text, "{title}: {}.", parts.join(", "));
            }
        }
        let others = [
            ("already there", figures.already_there),
            ("in the library elsewhere", figures.twins),
            ("identical to others that come in", figures.identical),
            ("without a date", figures.unknown),
        ];
        for (what, count) in others.into_iter().filter(|(_, count)| count.files > 0) {
            let _ = writeln!(text, "{what}: {}.", of_files(count));
        }
        text
    }

    /// For programs.
    ///
    /// # Errors
    /// None that these values can cause; the signature is the serialiser's.
    pub fn to_json(&self, action: ActionKind) -> serde_json::Result<String> {
        let units = self.filed.iter().map(|filed| {
            let (fate, other) = match &filed.fate {
                Fate::Planned { better: Some(other), .. } => ("better", Some(other)),
                Fate::Planned { folder, .. } => ("incoming", Some(folder)),
                Fate::AlreadyThere(folder) => ("already-there", Some(folder)),
                Fate::Twin(other) => ("twin", Some(other)),
                Fate::SameAs(other) => ("identical", Some(other)),
            };
            UnitJson {
                files: filed.files.iter().cloned().map(ExactPath).collect(),
                bytes: filed.bytes,
                taken: filed.taken.map(|(time, _)| iso_time(time)),
                date_source: filed.taken.map(|(_, source)| source.name()),
                fate,
                other: other.cloned().map(ExactPath),
                conflicts: &filed.conflicts,
            }
        });
        let json = Json {
            version: 1,
            command: "organize",
            action: action.name(),
            units: units.collect(),
            leftovers: self.leftovers.iter().cloned().map(ExactPath).collect(),
            skipped: self
                .skipped
                .iter()
                .map(|skip| SkipJson {
                    path: ExactPath(skip.path.clone()),
                    stage: skip.stage.name(),
                    reason: &skip.reason,
                })
                .collect(),
            summary: self.figures(),
        };
        Ok(harmless_json(&serde_json::to_string_pretty(&json)?) + "\n")
    }
}
