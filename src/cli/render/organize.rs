//! What `organize` proposes.

use std::fmt::Write as _;

use clean_backup::act::plan::{ActionKind, ExactPath};
use clean_backup::metadata::capture::DateSource;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::{human_bytes, iso_time};
use clean_backup::organize::{Count, Fate, Figures, Filed, Organized, RemovedBefore, WhyTaken};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::render;

/// Most lines of one kind in a report for people.
const MOST_LINES: usize = 20;

/// For people: what stays out, what comes in, and the figures.
pub fn text(organized: &Organized, action: ActionKind) -> String {
    let figures = organized.figures();
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
        organized.filed.iter().filter_map(wanted).collect()
    };
    list(
        "Already in the library, left out",
        of(&|filed| match &filed.fate {
            Fate::Twin(twin) => Some(format!("{}  is  {}", first(filed), for_people(twin))),
            _ => None,
        }),
    );
    let was_removed = |filed: &Filed, before: &RemovedBefore| {
        let (day, keeper) = (one_line(before.day()), for_people(&before.keeper));
        format!("{}  was removed on {day} in favour of  {keeper}", first(filed))
    };
    list(
        "Already there under their names, left out",
        of(&|filed| match &filed.fate {
            Fate::AlreadyThere(there) => {
                Some(format!("{}  is in  {}", first(filed), for_people(there)))
            }
            _ => None,
        }),
    );
    list(
        "With the same bytes as another incoming file, left out",
        of(&|filed| match &filed.fate {
            Fate::SameAs(other) => Some(format!("{}  is  {}", first(filed), for_people(other))),
            _ => None,
        }),
    );
    list(
        "Removed before, left out; --include-removed imports it",
        of(&|filed| match &filed.fate {
            Fate::Removed(before) => Some(was_removed(filed, before)),
            _ => None,
        }),
    );
    for (title, wanted) in [
        ("Removed before, imported as asked", WhyTaken::Asked),
        (
            "Removed before, imported because what was kept is not in the library",
            WhyTaken::KeeperMissing,
        ),
    ] {
        list(
            title,
            of(&|filed| match &filed.fate {
                Fate::Planned { removed: Some((before, why)), .. } if *why == wanted => {
                    Some(was_removed(filed, before))
                }
                _ => None,
            }),
        );
    }
    list(
        "Better than the copy in the library, imported",
        of(&|filed| match &filed.fate {
            Fate::Planned { better: Some(other), .. } => {
                Some(format!("{}  is better than  {}", first(filed), for_people(other)))
            }
            _ => None,
        }),
    );
    list(
        "Conflicting dates",
        of(&|filed| {
            let (time, source) = filed.taken.filter(|_| !filed.conflicts.is_empty())?;
            let others = one_line(&filed.conflicts.join(", "));
            let (first, time) = (first(filed), iso_time(time));
            Some(format!("{first}: {} says {time}, {others}", source.name()))
        }),
    );
    list(
        "Not media, left where they are",
        organized.leftovers.iter().map(|p| for_people(p)).collect(),
    );
    list(
        "Skipped",
        organized
            .skipped
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
    let by_file = figures.by_source.get(DateSource::FileSystem.name()).copied().unwrap_or(0);
    if by_file > 0 {
        let incoming = figures.incoming.files;
        let _ = writeln!(
            text,
            "Dated by their modification time alone: {by_file} of {incoming}; --no-fs-dates puts \
             them into Unknown."
        );
    }
    let others = [
        ("already there", figures.already_there),
        ("in the library elsewhere", figures.twins),
        ("identical to other incoming files", figures.identical),
        ("removed before", figures.removed),
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
/// As [`render::json`].
pub fn json(organized: &Organized, action: ActionKind) -> Result<String, Failure> {
    let units = organized.filed.iter().map(|filed| {
        let (fate, other) = match &filed.fate {
            Fate::Planned { better: Some(other), .. } => ("better", Some(other)),
            Fate::Planned { folder, .. } => ("incoming", Some(folder)),
            Fate::AlreadyThere(folder) => ("already-there", Some(folder)),
            Fate::Twin(other) => ("twin", Some(other)),
            Fate::SameAs(other) => ("identical", Some(other)),
            Fate::Removed(before) => ("removed", Some(&before.keeper)),
        };
        let removed = match &filed.fate {
            Fate::Removed(before) => Some((before, None)),
            Fate::Planned { removed: Some((before, why)), .. } => Some((before, Some(*why))),
            _ => None,
        };
        UnitJson {
            files: filed.files.iter().cloned().map(ExactPath).collect(),
            bytes: filed.bytes,
            taken: filed.taken.map(|(time, _)| iso_time(time)),
            date_source: filed.taken.map(|(_, source)| source.name()),
            fate,
            other: other.cloned().map(ExactPath),
            conflicts: &filed.conflicts,
            removed: removed.map(|(before, why)| RemovedJson {
                run: &before.run,
                time: &before.time,
                keeper: ExactPath(before.keeper.clone()),
                imported_because: why.map(|why| match why {
                    WhyTaken::Asked => "asked",
                    WhyTaken::KeeperMissing => "keeper-missing",
                }),
            }),
        }
    });
    let json = Json {
        version: 1,
        command: "organize",
        action: action.name(),
        units: units.collect(),
        leftovers: organized.leftovers.iter().cloned().map(ExactPath).collect(),
        skipped: organized
            .skipped
            .iter()
            .map(|skip| SkipJson {
                path: ExactPath(skip.path.clone()),
                stage: skip.stage.name(),
                reason: &skip.reason,
            })
            .collect(),
        summary: organized.figures(),
    };
    render::json(&json)
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
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<RemovedJson<'a>>,
}

#[derive(Serialize)]
struct RemovedJson<'a> {
    run: &'a str,
    time: &'a str,
    keeper: ExactPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_because: Option<&'static str>,
}

#[derive(Serialize)]
struct SkipJson<'a> {
    path: ExactPath,
    stage: &'static str,
    reason: &'a str,
}
