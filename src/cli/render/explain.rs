//! The evidence of two files, and which of them would be kept.

use std::fmt::Write as _;

use clean_backup::dedupe::evidence::Evidence;
use clean_backup::library::Explained;
use clean_backup::model::findings::{Duplicate, Findings, FoundPicture, Group, REPORT_VERSION};
use clean_backup::model::path_text::{for_people, one_line};
use serde::Serialize;

use super::json::{self, DuplicateJson, PictureJson};
use super::text::{picture_line, standing};
use crate::cli::failure::Failure;
use crate::cli::render;

/// For people.
///
/// # Errors
/// None; the signature is that of [`json`].
pub fn text(explained: &Explained) -> Result<String, Failure> {
    let Explained { pictures, findings } = explained;
    let mut text = String::new();
    for picture in pictures {
        push_evidence(&mut text, picture);
    }
    for skipped in &findings.skipped {
        let (path, reason) = (for_people(&skipped.path), one_line(&skipped.reason));
        let _ = writeln!(text, "{path}  {}: {reason}", skipped.stage.name());
    }
    match pair(findings) {
        Some((group, duplicate)) => {
            let _ = writeln!(text, "keep  {}", for_people(&group.keeper.path));
            let _ = writeln!(text, "    kept for: {}", one_line(&group.reason));
            let _ = writeln!(text, "    the other: {}", standing(findings, group, duplicate, true));
        }
        None if has_one_file(pictures) => text.push_str("Both are names of one file.\n"),
        None => text.push_str("These are not found to be the same picture.\n"),
    }
    Ok(text)
}

fn push_evidence(text: &mut String, picture: &FoundPicture) {
    let _ = writeln!(text, "{}", picture_line(picture));
    let lines = match picture.provenance {
        Some(_) => Evidence::from(picture).lines(),
        None => vec!["no evidence was collected from this file".to_owned()],
    };
    for line in lines {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
}

/// For programs.
///
/// # Errors
/// As [`render::json`].
pub fn json(explained: &Explained) -> Result<String, Failure> {
    let Explained { pictures, findings } = explained;
    let form = ExplainedJson {
        version: REPORT_VERSION,
        command: "explain",
        pictures: pictures.iter().map(json::picture).collect(),
        decision: pair(findings).map(|(group, duplicate)| DecisionJson {
            keeper: json::picture(&group.keeper),
            reason: &group.reason,
            duplicate: json::duplicate(findings, group, duplicate),
        }),
        skipped: findings.skipped.iter().map(json::skipped).collect(),
    };
    render::json(&form)
}

#[derive(Serialize)]
struct ExplainedJson<'a> {
    version: u32,
    command: &'static str,
    pictures: Vec<PictureJson>,
    /// Null where they are not found to be the same picture.
    decision: Option<DecisionJson<'a>>,
    skipped: Vec<json::SkippedJson<'a>>,
}

#[derive(Serialize)]
struct DecisionJson<'a> {
    keeper: PictureJson,
    reason: &'a str,
    duplicate: DuplicateJson,
}

fn pair(findings: &Findings) -> Option<(&Group, &Duplicate)> {
    let group = findings.groups.first()?;
    Some((group, group.duplicates.first()?))
}

fn has_one_file(pictures: &[FoundPicture]) -> bool {
    matches!(pictures, [first, second] if first.stamp.key == second.stamp.key)
}
