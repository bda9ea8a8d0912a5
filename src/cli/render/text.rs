//! The text form (human-readable).

use std::fmt::Write as _;

use super::carry::carry_lines;
use clean_backup::model::findings::{
    Duplicate, Findings, FoundPicture, Group, Linked, Member, Relation,
};
use clean_backup::model::media::Orientation;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::policy::Sensitivity;
use clean_backup::model::readable::{count, grouped, human_bytes, iso_time, plural};
use clean_backup::units::is_edit_of;

/// How the text is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// With terminal colours (ECMA-48, SGR).
    pub colour: bool,
    /// With the distances of the hashes.
    pub bits: bool,
    /// Most groups that are shown; `None` for all.
    pub most_groups: Option<usize>,
}

/// Colours by meaning.
#[derive(Clone, Copy)]
enum Paint {
    Head,
    Keep,
    Duplicate,
    Never,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Head => "1",
            Self::Keep => "32",
            Self::Duplicate => "33",
            Self::Never => "2",
        }
    }
}

struct TextWriter {
    out: String,
    colour: bool,
    bits: bool,
}

impl TextWriter {
    /// Writing to a String cannot fail.
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(text);
        self.out.push('\n');
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", paint.code()) } else { text.to_owned() }
    }
}

/// The report as text. Names cannot break out of their line: see
/// [`path_text`](clean_backup::model::path_text::for_people).
pub fn to_text(report: &Findings, options: TextOptions) -> String {
    let mut writer = TextWriter { out: String::new(), colour: options.colour, bits: options.bits };
    let most = options.most_groups.unwrap_or(report.groups.len());
    for (index, group) in report.groups.iter().take(most).enumerate() {
        push_group(&mut writer, report, index + 1, group);
    }
    if let Some(more) = report.groups.len().checked_sub(most).filter(|more| *more > 0) {
        let bytes = report.groups.iter().skip(most).map(|g| g.reclaimable_bytes(&report.matching));
        writer.line(format_args!(
            "… and {}, {} to free: `clean-backup review`, --format html -o FILE or --groups 0 show \
             them all.\n",
            plural_more(more as u64),
            human_bytes(bytes.sum())
        ));
    }
    if !report.damaged.is_empty() {
        let head = format!("Damaged: {}", count(report.damaged.len() as u64, "picture"));
        let head = writer.paint(Paint::Head, &head);
        writer.line(format_args!("{head}"));
        for damaged in &report.damaged {
            let (path, what) = (for_people(&damaged.path), one_line(&damaged.what));
            writer.line(format_args!("  {path}  {what}"));
        }
        writer.line(format_args!(""));
    }
    if !report.skipped.is_empty() {
        let head = format!("Skipped: {}", count(report.skipped.len() as u64, "file"));
        let head = writer.paint(Paint::Head, &head);
        writer.line(format_args!("{head}"));
        for skipped in &report.skipped {
            writer.line(format_args!(
                "  {}  {}: {}",
                for_people(&skipped.path),
                skipped.stage.name(),
                one_line(&skipped.reason)
            ));
        }
        writer.line(format_args!(""));
    }
    if !report.undecoded.is_empty() {
        let films = count(report.undecoded.len() as u64, "film");
        let head = writer.paint(Paint::Head, &format!("Compared by bytes alone: {films}"));
        writer.line(format_args!("{head}"));
        for film in &report.undecoded {
            let (path, why) = (for_people(&film.path), one_line(&film.reason));
            writer.line(format_args!("  {path}  {why}"));
        }
        writer.line(format_args!(""));
    }
    push_summary(&mut writer, report);
    writer.out
}

/// "1 more group", "4,812 more groups".
fn plural_more(groups: u64) -> String {
    format!("{} more {}", grouped(groups), plural(groups, "group"))
}

fn push_group(writer: &mut TextWriter, report: &Findings, id: usize, group: &Group) {
    let head = format!(
        "Group {id}: {}, {} to free",
        count(group.duplicates.len() as u64, "duplicate"),
        human_bytes(group.reclaimable_bytes(&report.matching))
    );
    let head = writer.paint(Paint::Head, &head);
    writer.line(format_args!("{head}"));
    let role = writer.paint(Paint::Keep, "keep     ");
    writer.line(format_args!("  {role}  {}", picture_line(&group.keeper)));
    writer.line(format_args!("             kept for: {}", one_line(&group.reason)));
    push_other_names(writer, &group.keeper);
    let carries = report.carries(group);
    for duplicate in &group.duplicates {
        let (paint, role) = match duplicate.relation {
            _ if duplicate.alarm.is_some() => (Paint::Never, "damaged? "),
            Relation::Burst => (Paint::Never, "burst    "),
            Relation::Alike => (Paint::Never, "alike    "),
            _ if duplicate.unsure.is_some() => (Paint::Never, "unsure   "),
            _ => (Paint::Duplicate, "duplicate"),
        };
        let role = writer.paint(paint, role);
        writer.line(format_args!("  {role}  {}", picture_line(&duplicate.picture)));
        writer
            .line(format_args!("             {}", standing(report, group, duplicate, writer.bits)));
        push_other_names(writer, &duplicate.picture);
        if let Some(carry) = carries.get(duplicate.picture.path.as_path()) {
            for line in carry_lines(group, carry) {
                writer.line(format_args!("             {line}"));
            }
        }
    }
    for linked in &group.linked {
        let role = writer.paint(Paint::Never, "linked   ");
        writer.line(format_args!("  {role}  {}", picture_line(&linked.picture)));
        writer.line(format_args!("             {}", linked_line(linked)));
        push_other_names(writer, &linked.picture);
    }
    writer.line(format_args!(""));
}

/// What picture or film it is: path, dimensions, format and size; of a film also how long it is,
/// how it is coded and at how many bits a second.
pub(super) fn outline(picture: &FoundPicture) -> String {
    let (width, height) = (picture.dimensions.width, picture.dimensions.height);
    let mut line = for_people(&picture.path).to_string();
    line.push_str("  ");
    if width > 0 {
        let _ = write!(line, "{width}×{height} ");
    }
    line.push_str(picture.format.name());
    if let Some(film) = picture.film.as_ref().filter(|film| !film.codec.is_empty()) {
        let _ = write!(line, ", {}", film.words());
    }
    let _ = write!(line, ", {}", human_bytes(picture.stamp.size.0));
    line
}

pub(super) fn picture_line(picture: &FoundPicture) -> String {
    let mut line = outline(picture);
    if let Some(captured) = picture.captured {
        line.push_str(", taken ");
        line.push_str(&iso_time(captured));
    }
    if picture.damaged {
        line.push_str(", damaged");
    }
    line
}

fn push_other_names(writer: &mut TextWriter, picture: &FoundPicture) {
    for name in &picture.other_names {
        writer.line(format_args!("             the same file: {}", for_people(name)));
    }
}

/// Which picture of a pair is an edit of the other one, by its name.
pub(super) fn edited(group: &Group, duplicate: &Duplicate) -> Option<Member> {
    let (kept, other) = (&group.keeper.path, &duplicate.picture.path);
    match duplicate.relation {
        Relation::Alike if is_edit_of(other, kept) => Some(Member::Duplicate),
        Relation::Alike if is_edit_of(kept, other) => Some(Member::Keeper),
        _ => None,
    }
}

/// `bits`: with the distances of the hashes.
pub(super) fn standing(
    report: &Findings,
    group: &Group,
    duplicate: &Duplicate,
    bits: bool,
) -> String {
    let mut line = match (duplicate.relation, duplicate.likeness) {
        (Relation::Identical, _) => "identical, byte for byte".to_owned(),
        (relation, Some(likeness)) => {
            let done = likeness.words().map_or_else(String::new, |words| format!(", {words}"));
            format!("{}, {} % alike{done}", relation.name(), likeness.per_cent)
        }
        (relation, None) => relation.name().to_owned(),
    };
    let only_hashes = duplicate.likeness.is_none() && duplicate.relation != Relation::Identical;
    if only_hashes || bits {
        let _ = write!(
            line,
            ", {} of 64 bits differ, {} of 256",
            duplicate.distance, duplicate.fine_distance
        );
    }
    if duplicate.orientation != Orientation::Upright {
        line.push_str(", ");
        line.push_str(turned(duplicate.orientation));
    }
    if duplicate.picture.reference {
        line.push_str("; in a reference folder, never touched");
    } else if let Some(alarm) = &duplicate.alarm {
        line.push_str("; ");
        line.push_str(&one_line(&alarm.sentence()));
    } else if duplicate.whole_beside_damaged {
        line.push_str("; whole, but its keeper is damaged: shown, never acted on");
    } else if duplicate.shows_more {
        line.push_str("; its keeper shows less: shown, never acted on");
    } else if let (Some(why), true) =
        (duplicate.unsure, report.matching.asks_for(duplicate.relation))
    {
        let _ = write!(line, "; unsure which is the original: {why}");
        if !report.matching.include_unsure {
            line.push_str("; shown, not acted on");
        }
    } else if report.matching.leaves_as_film(duplicate) {
        line.push_str("; a film of other bytes: shown, acted on only with --include-films");
    } else if !report.matching.acts_on(duplicate) {
        line.push_str(match duplicate.relation {
            Relation::Alike if edited(group, duplicate) == Some(Member::Duplicate) => {
                "; an edit of the keeper: shown, never acted on"
            }
            Relation::Alike if edited(group, duplicate) == Some(Member::Keeper) => {
                "; the keeper is an edit of it: shown, never acted on"
            }
            Relation::Alike if duplicate.picture.film.is_some() => {
                "; nothing moves in it, or they are two takes: shown, never acted on"
            }
            Relation::Alike => "; not proven to be one picture: shown, never acted on",
            _ => "; another shot of a burst: shown, never acted on",
        });
    }
    line
}

pub(super) fn linked_line(linked: &Linked) -> String {
    let mut line = format!(
        "{} of 64 bits differ from the keeper, {} of 256; shown, never acted on",
        linked.distance, linked.fine_distance
    );
    if let Some(near) = &linked.near {
        line.push_str("; near ");
        line.push_str(&for_people(near));
    }
    line
}

fn turned(orientation: Orientation) -> &'static str {
    match orientation {
        Orientation::Upright => "upright",
        Orientation::MirrorHorizontal => "mirrored left to right",
        Orientation::Rotate180 => "turned by 180°",
        Orientation::MirrorVertical => "mirrored top to bottom",
        Orientation::Transpose => "mirrored at the diagonal",
        Orientation::Rotate90 => "turned by 90° clockwise",
        Orientation::Transverse => "mirrored at the other diagonal",
        Orientation::Rotate270 => "turned by 270° clockwise",
    }
}

fn push_summary(writer: &mut TextWriter, report: &Findings) {
    let summary = report.summary();
    let counts = &summary.counts;
    let policy = report.matching.policy;
    let head = if summary.groups == 0 {
        "No duplicates found.".to_owned()
    } else {
        let among = [
            ("bursts", summary.bursts),
            ("only alike", summary.alike),
            ("unsure", summary.unsure),
            ("films of other bytes", summary.other_films),
        ];
        let among: Vec<String> = among
            .into_iter()
            .filter(|(_, number)| *number > 0)
            .map(|(what, number)| format!("{what} among them: {}", grouped(number)))
            .collect();
        let among = match among.is_empty() {
            true => String::new(),
            false => format!(" ({})", among.join(", ")),
        };
        format!(
            "{} in {}{among}, {} to free.",
            count(summary.duplicates, "duplicate"),
            count(summary.groups, "group"),
            human_bytes(summary.reclaimable_bytes)
        )
    };
    let head = writer.paint(Paint::Head, &head);
    writer.line(format_args!("{head}"));
    if summary.alarms > 0 {
        writer.line(format_args!(
            "{} may be damaged, or their kept pictures: look at them; nothing is done to them.",
            count(summary.alarms, "picture")
        ));
    }
    if summary.linked > 0 {
        writer.line(format_args!(
            "{} near a duplicate but not near its keeper: shown, never acted on.",
            count(summary.linked, "picture")
        ));
    }
    writer.line(format_args!(
        "{}: {} ({} hashed now, {} from the cache), {} of other kinds, {} skipped.",
        count(counts.files, "file"),
        count(counts.images, "picture"),
        grouped(counts.hashed),
        grouped(counts.from_cache),
        grouped(counts.not_pictures),
        grouped(summary.skipped)
    ));
    if counts.films.films > 0 {
        writer.line(format_args!(
            "{}: {} read now, {} from the cache; {} compared by their bytes alone.",
            count(counts.films.films, "film"),
            grouped(counts.films.hashed),
            grouped(counts.films.from_cache),
            grouped(counts.films.by_bytes)
        ));
    }
    let name = Sensitivity::from_threshold(policy.radius.0)
        .map_or_else(String::new, |sensitivity| format!("{}, ", sensitivity.name()));
    writer.line(format_args!(
        "Matched within {name}{} of 64 bits and {} of 256{}. Took {:.1} s on {}.",
        policy.radius,
        policy.fine_radius,
        if report.matching.any_orientation { ", in any orientation" } else { "" },
        counts.seconds,
        one_line(&counts.backend)
    ));
}
