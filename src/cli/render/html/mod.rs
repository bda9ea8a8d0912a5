//! The page for people: one file that needs nothing else, for any browser, offline.
//!
//! Everything that comes from files or their names is escaped, and should something slip through,
//! the page's own policy (Content Security Policy Level 3) lets no script run but the one whose
//! SHA-256 it names, and nothing be loaded from anywhere.

pub mod thumbnails;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{MAIN_SEPARATOR, Path};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::thumbnails::NoThumbnail;
use super::carry::carry_lines;
use super::text::{linked_line, standing};
use clean_backup::model::findings::{Duplicate, Findings, FoundPicture, Group, Relation};
use clean_backup::model::media::Orientation;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::{count, grouped, human_bytes, iso_time};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// SHA-256 of [`SCRIPT`], base64: `openssl dgst -sha256 -binary page.js | base64`.
const SCRIPT_HASH: &str = "ojnJKLoWGX4EkLGE2/PDU9WbbDR42Ae5F/Yqt5o2ENg=";

/// Pictures that are seen without scrolling far are decoded at once, all others when they are near.
const LAZY: &str = "loading=\"lazy\" decoding=\"async\"";

/// A small JPEG of a picture, to be embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The file.
    pub jpeg: Vec<u8>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Gives the thumbnail of a picture, or why there is none.
pub type ThumbnailSource<'a> = dyn Fn(&Path) -> Result<Thumbnail, NoThumbnail> + 'a;

/// The report as a page.
pub fn to_html(report: &Findings, thumbnails: &ThumbnailSource<'_>) -> String {
    let mut page = String::new();
    let mut shown = ShownPictures { thumbnails, numbers: HashMap::new() };
    push_head(&mut page, report);
    for (number, group) in (1..).zip(&report.groups) {
        push_group(&mut page, report, number, group, &mut shown);
    }
    push_foot(&mut page, report);
    page
}

/// The pictures of a page: equal ones are embedded once, and shown again by the script.
struct ShownPictures<'a> {
    thumbnails: &'a ThumbnailSource<'a>,
    /// The number of each picture that was embedded, by the hash of its bytes.
    numbers: HashMap<blake3::Hash, usize>,
}

impl ShownPictures<'_> {
    fn push(&mut self, page: &mut String, path: &Path) {
        let thumbnail = match (self.thumbnails)(path) {
            Ok(thumbnail) => thumbnail,
            Err(why) => {
                let why = escaped(&one_line(&why.to_string()));
                push(page, format_args!("<div class=\"without\">no picture: {why}</div>\n"));
                return;
            }
        };
        let Thumbnail { jpeg, width, height } = thumbnail;
        let next = self.numbers.len();
        let number = *self.numbers.entry(blake3::hash(&jpeg)).or_insert(next);
        push(page, format_args!("<img {LAZY} width=\"{width}\" height=\"{height}\" "));
        if number == next {
            let jpeg = STANDARD.encode(&jpeg);
            let src = format_args!("data:image/jpeg;base64,{jpeg}");
            push(page, format_args!("alt=\"\" id=\"p{number}\" src=\"{src}\">\n"));
        } else {
            let alt = "the same picture as one above";
            push(page, format_args!("alt=\"{alt}\" data-same=\"p{number}\">\n"));
        }
    }
}

/// Text that cannot become markup, in an element or in a quoted attribute (HTML Standard, 13.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn path(path: &Path) -> String {
    escaped(&for_people(path))
}

/// May be broken behind a folder.
fn breakable(path: &Path) -> String {
    self::path(path).replace(MAIN_SEPARATOR, &format!("{MAIN_SEPARATOR}<wbr>"))
}

/// Writing to a String cannot fail.
fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}

fn push_head(page: &mut String, report: &Findings) {
    let summary = report.summary();
    let policy = report.matching.policy;
    let roots: Vec<String> = report.roots.iter().map(|root| path(root)).collect();
    push(
        page,
        format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"generator\" content=\"clean-backup\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{SCRIPT_HASH}'; \
             base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Duplicates in {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            roots.join(", ")
        ),
    );
    push(
        page,
        format_args!(
            "<header>\n<h1>{} in {}, <b>{}</b> to free</h1>\n<p>{} in {}. Matched within {} of 64 \
             bits and {} of 256{}.{}</p>\n",
            count(summary.duplicates, "duplicate"),
            count(summary.groups, "group"),
            human_bytes(summary.reclaimable_bytes),
            count(summary.counts.images, "picture"),
            roots.join(", "),
            policy.radius,
            policy.fine_radius,
            if report.matching.any_orientation { ", in any orientation" } else { "" },
            [
                ("skipped", summary.skipped, "file skipped"),
                ("damaged", summary.damaged, "picture damaged")
            ]
            .into_iter()
            .filter(|(_, number, _)| *number > 0)
            .map(|(id, number, what)| linked_figure(id, number, what))
            .collect::<String>()
        ),
    );
    page.push_str(
        "<form id=\"filters\">\n<fieldset><legend>Kind</legend>\n\
         <label><input type=\"checkbox\" name=\"kind\" value=\"identical\" checked> identical</label>\n\
         <label><input type=\"checkbox\" name=\"kind\" value=\"copy\" checked> copies</label>\n\
         <label><input type=\"checkbox\" name=\"kind\" value=\"part\" checked> parts</label>\n\
         <label><input type=\"checkbox\" name=\"kind\" value=\"burst\" checked> bursts</label>\n\
         <label><input type=\"checkbox\" name=\"kind\" value=\"alike\" checked> alike</label>\n\
         <label><input type=\"checkbox\" name=\"only\" value=\"turned\"> turned only</label>\n\
         <label><input type=\"checkbox\" name=\"only\" value=\"unsure\"> unsure only</label>\n\
         <label><input type=\"checkbox\" name=\"only\" value=\"linked\"> with linked only</label>\n\
         </fieldset>\n\
         <label>Frees at least <select name=\"bytes\"><option value=\"0\">anything</option>\
         <option value=\"100000\">100 kB</option><option value=\"1000000\">1 MB</option>\
         <option value=\"10000000\">10 MB</option><option value=\"100000000\">100 MB</option>\
         </select></label>\n\
         <label>Path has <input type=\"search\" name=\"path\" autocomplete=\"off\"></label>\n\
         <label>Order <select name=\"order\"><option value=\"number\">as reported</option>\
         <option value=\"bytes\">most to free first</option>\
         <option value=\"path\">by path</option></select></label>\n\
         <output></output>\n</form>\n</header>\n<main>\n",
    );
    if summary.groups == 0 {
        page.push_str("<p class=\"none\">No duplicates found.</p>\n");
    }
}

/// ` <a href="#skipped">2 files skipped</a>.`
fn linked_figure(id: &str, number: u64, what: &str) -> String {
    let (noun, state) = what.split_once(' ').unwrap_or((what, ""));
    format!(" <a href=\"#{id}\">{} {state}</a>.", count(number, noun))
}

fn push_group(
    page: &mut String,
    report: &Findings,
    number: usize,
    group: &Group,
    shown: &mut ShownPictures<'_>,
) {
    let bytes = group.reclaimable_bytes(&report.matching);
    let mut kinds: Vec<&str> = Relation::ALL
        .into_iter()
        .filter(|relation| group.duplicates.iter().any(|d| d.relation == *relation))
        .map(Relation::name)
        .collect();
    if group.duplicates.iter().any(|d| d.orientation != Orientation::Upright) {
        kinds.push("turned");
    }
    if group.duplicates.iter().any(|d| d.unsure.is_some()) {
        kinds.push("unsure");
    }
    if !group.linked.is_empty() {
        kinds.push("linked");
    }
    push(
        page,
        format_args!(
            "<section data-number=\"{number}\" data-kinds=\"{}\" data-bytes=\"{bytes}\">\n\
             <h2>Group {number} <small>{}, {} to free</small></h2>\n<div class=\"row\">\n",
            kinds.join(" "),
            count(group.duplicates.len() as u64, "duplicate"),
            human_bytes(bytes),
        ),
    );
    let kept = format!("kept for: {}", one_line(&group.reason));
    push_picture(page, &group.keeper, ("keep", "kept"), &[kept], shown);
    let carries = report.carries(group);
    for duplicate in &group.duplicates {
        let mut notes = vec![standing(report, group, duplicate, false)];
        if let Some(carry) = carries.get(duplicate.picture.path.as_path()) {
            notes.extend(carry_lines(group, carry));
        }
        push_picture(page, &duplicate.picture, role(report, duplicate), &notes, shown);
    }
    for linked in &group.linked {
        let role = ("linked", "linked");
        push_picture(page, &linked.picture, role, &[linked_line(linked)], shown);
    }
    page.push_str("</div>\n</section>\n");
}

/// Class and word.
fn role(report: &Findings, duplicate: &Duplicate) -> (&'static str, &'static str) {
    match duplicate.relation {
        _ if duplicate.picture.reference => ("never", "reference"),
        relation if !report.matching.asks_for(relation) => ("never", relation.name()),
        _ if duplicate.unsure.is_some() => ("never", "unsure"),
        relation if !report.matching.acts_on(duplicate) => ("never", relation.name()),
        Relation::Identical => ("identical", "identical"),
        relation => ("copy", relation.name()),
    }
}

fn push_picture(
    page: &mut String,
    picture: &FoundPicture,
    (class, word): (&str, &str),
    notes: &[String],
    shown: &mut ShownPictures<'_>,
) {
    push(page, format_args!("<figure class=\"{class}\">\n"));
    shown.push(page, &picture.path);
    let captured =
        picture.captured.map(|time| format!("<br>taken {}", iso_time(time))).unwrap_or_default();
    let damaged = if picture.damaged { "<br>damaged" } else { "" };
    push(
        page,
        format_args!(
            "<figcaption><span class=\"role\">{word}</span> <span class=\"path\">{}</span><br>\
             {} × {} {}, {}{captured}{damaged}",
            breakable(&picture.path),
            grouped(picture.dimensions.width.into()),
            grouped(picture.dimensions.height.into()),
            picture.format.name(),
            human_bytes(picture.stamp.size.0),
        ),
    );
    for note in notes {
        push(page, format_args!("<br><small>{}</small>", escaped(note)));
    }
    for name in &picture.other_names {
        push(page, format_args!("<br><small>the same file: {}</small>", breakable(name)));
    }
    page.push_str("</figcaption>\n</figure>\n");
}

fn push_foot(page: &mut String, report: &Findings) {
    page.push_str("</main>\n");
    if !report.damaged.is_empty() {
        let head = count(report.damaged.len() as u64, "damaged picture");
        push(page, format_args!("<section id=\"damaged\">\n<h2>{head}</h2>\n<ul>\n"));
        for damaged in &report.damaged {
            let (path, what) = (path(&damaged.path), escaped(&one_line(&damaged.what)));
            push(page, format_args!("<li><span class=\"path\">{path}</span> {what}</li>\n"));
        }
        page.push_str("</ul>\n</section>\n");
    }
    if !report.skipped.is_empty() {
        let head = count(report.skipped.len() as u64, "file");
        push(page, format_args!("<section id=\"skipped\">\n<h2>{head} skipped</h2>\n<ul>\n"));
        for skipped in &report.skipped {
            push(
                page,
                format_args!(
                    "<li><span class=\"path\">{}</span> {}: {}</li>\n",
                    path(&skipped.path),
                    skipped.stage.name(),
                    escaped(&one_line(&skipped.reason))
                ),
            );
        }
        page.push_str("</ul>\n</section>\n");
    }
    push(page, format_args!("<script>{SCRIPT}</script>\n</body>\n</html>\n"));
}

#[cfg(test)]
mod tests;
