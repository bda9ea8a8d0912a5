//! What a run of `dedupe` found, as a value, and its forms: text and a page for people, JSON, CSV.
//!
//! All of them are pure: the same report gives the same bytes.

mod csv;
mod html;
mod json;
mod model;
mod similar;
mod text;
mod time;

pub use csv::to_csv;
pub use html::{Thumbnail, to_html};
pub use json::to_json;
pub use model::{
    Alarm, Counts, Damaged, Duplicate, Group, Linked, Matching, Picture, REPORT_VERSION, Relation,
    Report, Skipped, Summary,
};
pub use similar::{Answer, Hit, NeedleName, SimilarReport};
pub use text::{TextOptions, count, human_bytes, to_text};
pub use time::iso_time;

#[cfg(test)]
mod tests;
