//! The CSV form: one row per member of a group (RFC 4180).

use std::io;

use ::csv::{Terminator, WriterBuilder};
use clean_backup::model::findings::{Findings, FoundPicture};
use clean_backup::model::path_text::{for_spreadsheet, path_for_spreadsheet};
use clean_backup::model::readable::iso_time;

/// The columns, in order.
const HEADER: [&str; 22] = [
    "group",
    "role",
    "path",
    "bytes",
    "width",
    "height",
    "format",
    "phash",
    "fine",
    "quality",
    "captured",
    "distance",
    "fine_distance",
    "relation",
    "orientation",
    "reason",
    "acted_on",
    "path_bytes",
    "damaged",
    "likeness",
    "difference",
    "unsure",
];

/// How a member stands to its keeper; empty where the column does not apply.
#[derive(Default)]
struct MatchColumns {
    distance: String,
    fine_distance: String,
    relation: &'static str,
    orientation: &'static str,
    acted_on: &'static str,
    likeness: String,
    difference: String,
    unsure: &'static str,
}

/// The groups as CSV with a head line; lines end in CR LF. `role` is `keeper`, `duplicate` or
/// `linked`. No cell holds a control character or is taken for a formula by a spreadsheet;
/// `path_bytes` is filled where `path` is therefore not exact, or the path is not UTF-8. Skipped
/// files are not in it.
///
/// # Errors
/// None that these values can cause; the signature is the writer's.
pub fn to_csv(report: &Findings) -> ::csv::Result<String> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for (index, group) in report.groups.iter().enumerate() {
        let id = index + 1;
        let mut row = |role: &str, picture: &FoundPicture, reason: &str, standing: MatchColumns| {
            writer.write_record(fields(id, role, picture, reason, standing))
        };
        row("keeper", &group.keeper, &group.reason, MatchColumns::default())?;
        for duplicate in &group.duplicates {
            let standing = MatchColumns {
                distance: duplicate.distance.to_string(),
                fine_distance: duplicate.fine_distance.to_string(),
                relation: duplicate.relation.name(),
                orientation: duplicate.orientation.name(),
                acted_on: if report.matching.acts_on(duplicate) { "true" } else { "false" },
                likeness: duplicate.likeness.map(|l| l.per_cent.to_string()).unwrap_or_default(),
                difference: duplicate.likeness.and_then(|l| l.words()).unwrap_or_default(),
                unsure: duplicate.unsure.unwrap_or_default(),
            };
            row("duplicate", &duplicate.picture, "", standing)?;
        }
        for linked in &group.linked {
            let standing = MatchColumns {
                distance: linked.distance.to_string(),
                fine_distance: linked.fine_distance.to_string(),
                acted_on: "false",
                ..MatchColumns::default()
            };
            row("linked", &linked.picture, "", standing)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes).map_err(io::Error::other)?)
}

fn fields(
    id: usize,
    role: &str,
    picture: &FoundPicture,
    reason: &str,
    standing: MatchColumns,
) -> [String; HEADER.len()] {
    let (path, path_bytes) = path_for_spreadsheet(&picture.path);
    [
        id.to_string(),
        role.to_owned(),
        path,
        picture.stamp.size.0.to_string(),
        picture.dimensions.width.to_string(),
        picture.dimensions.height.to_string(),
        picture.format.name().to_owned(),
        picture.hash.upright().phash.to_string(),
        picture.hash.upright().fine.to_string(),
        picture.hash.quality.0.to_string(),
        picture.captured.map(|time| for_spreadsheet(&iso_time(time))).unwrap_or_default(),
        standing.distance,
        standing.fine_distance,
        standing.relation.to_owned(),
        standing.orientation.to_owned(),
        for_spreadsheet(reason),
        standing.acted_on.to_owned(),
        path_bytes.unwrap_or_default(),
        picture.damaged.to_string(),
        standing.likeness,
        standing.difference,
        standing.unsure.to_owned(),
    ]
}
