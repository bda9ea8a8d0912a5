//! What a library has of old folders, and what not.

use std::fmt::Write as _;
use std::path::PathBuf;

use clean_backup::act::plan::ExactPath;
use clean_backup::model::coverage::{Cover, Coverage, FileSum, OldFile};
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::{count, grouped, human_bytes};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::render;

/// Most lines of one kind, unless all are asked for.
const MOST_LINES: usize = 20;

/// A kind of files that are not covered: its title, and what is told of each.
struct Section {
    title: &'static str,
    holds: fn(&Cover) -> bool,
}

/// In this order.
const SECTIONS: [Section; 9] = [
    Section { title: "Not in the library", holds: |cover| matches!(cover, Cover::Missing) },
    Section {
        title: "The library has it in a worse form",
        holds: |cover| matches!(cover, Cover::Worse { .. }),
    },
    Section {
        title: "The library's picture is damaged, or one of both may be",
        holds: |cover| matches!(cover, Cover::Damaged { .. }),
    },
    Section {
        title: "Covered but for what the metadata say",
        holds: |cover| matches!(cover, Cover::LacksMetadata { .. }),
    },
    Section {
        title: "The library has only look-alikes",
        holds: |cover| matches!(cover, Cover::LooksAlike { .. }),
    },
    Section {
        title: "Known to another cache, not verified",
        holds: |cover| matches!(cover, Cover::Unverified { .. }),
    },
    Section {
        title: "The library has only the very same file, by another name",
        holds: |cover| matches!(cover, Cover::SameFile { .. }),
    },
    Section { title: "Cannot be read", holds: |cover| matches!(cover, Cover::Unreadable { .. }) },
    Section {
        title: "Not examined: symbolic links, sockets, pipes, devices",
        holds: |cover| matches!(cover, Cover::Irregular),
    },
];

/// For people: the verdict, what is not covered, and the figures. `all`: every line.
pub fn text(coverage: &Coverage, all: bool) -> String {
    let mut text = verdict(coverage);
    for warning in &coverage.warnings {
        let _ = writeln!(text, "Note: {}.", one_line(warning));
    }
    let mut push = |title: &str, sum: FileSum, lines: &mut dyn Iterator<Item = String>| {
        let files = count(sum.files, "file");
        let _ = match sum.bytes {
            0 => writeln!(text, "\n{title} ({files}):"),
            bytes => writeln!(text, "\n{title} ({files}, {}):", human_bytes(bytes)),
        };
        let shown = if all { usize::MAX } else { MOST_LINES };
        for line in (&mut *lines).take(shown) {
            let _ = writeln!(text, "  {line}");
        }
        let rest = lines.count();
        if rest > 0 {
            let _ = writeln!(text, "  … and {} more; -v lists all", grouped(rest as u64));
        }
    };
    for Section { title, holds } in SECTIONS {
        let sum = coverage.sum(holds);
        if sum.files > 0 {
            let files = coverage.files.iter().filter(|file| holds(&file.cover));
            push(title, sum, &mut files.map(line));
        }
    }
    if !coverage.unread.is_empty() {
        let sum = FileSum { files: coverage.unread.len() as u64, bytes: 0 };
        let line = |skip: &clean_backup::model::findings::Skipped| {
            format!("{}: {}", for_people(&skip.path), one_line(&skip.reason))
        };
        push("In the library, and could not be read", sum, &mut coverage.unread.iter().map(line));
    }
    text + "\n" + &figures(coverage)
}

fn verdict(coverage: &Coverage) -> String {
    let all = coverage.sum(|_| true);
    if coverage.is_complete() {
        let (files, bytes) = (count(all.files, "file"), human_bytes(all.bytes));
        let what = if all.files == 1 { "the one file".into() } else { format!("all {files}") };
        return format!("Covered: the library has {what} ({bytes}).\n");
    }
    let missing = coverage.sum(|cover| !cover.is_covered());
    format!(
        "NOT covered: {} of {} ({}) {} missing from the library, or not as good there.\n",
        grouped(missing.files),
        count(all.files, "file"),
        human_bytes(missing.bytes),
        if missing.files == 1 { "is" } else { "are" }
    )
}

fn line(file: &OldFile) -> String {
    let path = for_people(&file.path);
    let by = file.cover.by().map(|by| for_people(by)).unwrap_or_default();
    match &file.cover {
        Cover::Worse { why, .. } | Cover::Damaged { why, .. } => {
            format!("{path}\n      {by}: {}", one_line(why))
        }
        Cover::LacksMetadata { missing, .. } => {
            format!("{path}\n      {by} lacks: {}", missing.join(", "))
        }
        Cover::LooksAlike { relation, .. } => format!("{path}\n      {by}: {}", relation.name()),
        Cover::Unverified { cache, .. } => {
            format!("{path}\n      {by}, known to {}", for_people(cache))
        }
        Cover::SameFile { .. } => format!("{path}\n      {by}"),
        Cover::Unreadable { reason } => format!("{path}: {}", one_line(reason)),
        Cover::Irregular => path,
        _ => format!("{path}, {}", human_bytes(file.bytes)),
    }
}

fn figures(coverage: &Coverage) -> String {
    let of = |which: fn(&Cover) -> bool| {
        let sum = coverage.sum(which);
        format!("{} ({})", grouped(sum.files), human_bytes(sum.bytes))
    };
    let mut text = format!(
        "{}: {} with the same bytes, {} as the same picture, {} not covered.\n",
        count(coverage.files.len() as u64, "file"),
        of(|cover| matches!(cover, Cover::SameBytes { .. })),
        of(|cover| matches!(cover, Cover::SamePicture { .. })),
        of(|cover| !cover.is_covered()),
    );
    if coverage.ignored.files > 0 {
        let (files, bytes) = (count(coverage.ignored.files, "file"), coverage.ignored.bytes);
        let _ = writeln!(text, "Ignored, as asked: {files} ({}).", human_bytes(bytes));
    }
    let library = count(coverage.library_files, "file");
    let _ = writeln!(text, "Compared with {library} in {:.1} s.", coverage.seconds);
    text
}

/// The paths of what is not covered, each followed by a zero byte, for `xargs -0`.
pub fn paths0(coverage: &Coverage) -> Vec<u8> {
    let mut out = Vec::new();
    for file in coverage.uncovered() {
        out.extend_from_slice(file.path.as_os_str().as_encoded_bytes());
        out.push(0);
    }
    out
}

/// Prints it for programs.
///
/// # Errors
/// As [`render::print_json`].
pub fn json(coverage: &Coverage) -> Result<(), Failure> {
    let exact = |paths: &[PathBuf]| paths.iter().cloned().map(ExactPath).collect();
    let all = coverage.sum(|_| true);
    let missing = coverage.sum(|cover| !cover.is_covered());
    let of = |which: fn(&Cover) -> bool| SumJson::from(coverage.sum(which));
    render::print_json(
        "covered",
        CoverageJson {
            covered: coverage.is_complete(),
            old: exact(&coverage.old),
            library: exact(&coverage.library),
            files: coverage.files.iter().map(OldFileJson::from).collect(),
            unread: coverage
                .unread
                .iter()
                .map(|skip| UnreadJson {
                    path: ExactPath(skip.path.clone()),
                    stage: skip.stage.name(),
                    reason: &skip.reason,
                })
                .collect(),
            warnings: &coverage.warnings,
            summary: SummaryJson {
                files: all.files,
                bytes: all.bytes,
                not_covered: missing.into(),
                same_bytes: of(|cover| matches!(cover, Cover::SameBytes { .. })),
                same_picture: of(|cover| matches!(cover, Cover::SamePicture { .. })),
                ignored: coverage.ignored.into(),
                library_files: coverage.library_files,
                seconds: coverage.seconds,
            },
        },
    )
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    covered: bool,
    old: Vec<ExactPath>,
    library: Vec<ExactPath>,
    files: Vec<OldFileJson<'a>>,
    unread: Vec<UnreadJson<'a>>,
    warnings: &'a [String],
    summary: SummaryJson,
}

#[derive(Serialize)]
struct OldFileJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    bytes: u64,
    covered: bool,
    cover: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ExactPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<&'static str>,
    /// How much of the details agrees, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    likeness: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks: Option<&'a [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<ExactPath>,
}

#[derive(Serialize)]
struct UnreadJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    stage: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct SummaryJson {
    files: u64,
    bytes: u64,
    not_covered: SumJson,
    same_bytes: SumJson,
    same_picture: SumJson,
    ignored: SumJson,
    library_files: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct SumJson {
    files: u64,
    bytes: u64,
}

impl From<FileSum> for SumJson {
    fn from(FileSum { files, bytes }: FileSum) -> Self {
        Self { files, bytes }
    }
}

impl<'a> From<&'a OldFile> for OldFileJson<'a> {
    fn from(file: &'a OldFile) -> Self {
        let cover = &file.cover;
        Self {
            path: ExactPath(file.path.clone()),
            bytes: file.bytes,
            covered: cover.is_covered(),
            cover: cover.name(),
            by: cover.by().cloned().map(ExactPath),
            relation: match cover {
                Cover::SamePicture { relation, .. } | Cover::LooksAlike { relation, .. } => {
                    Some(relation.name())
                }
                _ => None,
            },
            likeness: match cover {
                Cover::SamePicture { per_cent, .. } => Some(*per_cent),
                _ => None,
            },
            why: match cover {
                Cover::Worse { why, .. } | Cover::Damaged { why, .. } => Some(why),
                Cover::Unreadable { reason } => Some(reason),
                _ => None,
            },
            lacks: match cover {
                Cover::LacksMetadata { missing, .. } => Some(missing),
                _ => None,
            },
            cache: match cover {
                Cover::Unverified { cache, .. } => Some(ExactPath(cache.clone())),
                _ => None,
            },
        }
    }
}
