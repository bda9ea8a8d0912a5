//! What reading the pictures of the cache again found.

use std::fmt::Write as _;

use clean_backup::act::plan::ExactPath;
use clean_backup::library::{BytesVerified, Change};
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::{count, grouped};
use serde::Serialize;

use crate::cli::failure::Failure;

/// For people: each rotten picture with a sound copy, and the figures.
pub fn text(verified: &BytesVerified) -> String {
    let mut text = String::new();
    for rotten in &verified.rotten {
        let change = match rotten.change {
            Change::Unrecorded => "its bytes changed, and nothing records that",
            Change::Recorded => "its bytes changed, but not its modification time",
        };
        let _ = writeln!(text, "rotten {}: {change}", for_people(&rotten.path));
        if let Some(flaw) = &rotten.flaw {
            let _ = writeln!(text, "  {}", one_line(flaw));
        }
        let copy = match &rotten.sound_copy {
            Some(copy) => format!("a sound copy: {}", for_people(copy)),
            None if verified.interrupted => "not looked for copies".to_owned(),
            None => "no sound copy is known".to_owned(),
        };
        let _ = writeln!(text, "  {copy}");
    }
    for skip in &verified.unreadable {
        let _ = writeln!(text, "unreadable {}: {}", for_people(&skip.path), one_line(&skip.reason));
    }
    let _ = writeln!(
        text,
        "{} read: {} sound, {} rotten; {} changed since, {} gone, {} unreadable, {} without a hash \
         of their bytes.",
        count(verified.read(), "picture"),
        grouped(verified.sound),
        grouped(verified.rotten.len() as u64),
        grouped(verified.changed),
        grouped(verified.gone),
        grouped(verified.unreadable.len() as u64),
        grouped(verified.unbound),
    );
    text
}

/// Prints it for programs.
///
/// # Errors
/// As [`super::print_json`].
pub fn json(verified: &BytesVerified) -> Result<(), Failure> {
    let rotten = verified.rotten.iter().map(|rotten| RottenJson {
        path: ExactPath(rotten.path.clone()),
        change: match rotten.change {
            Change::Unrecorded => "unrecorded",
            Change::Recorded => "recorded",
        },
        flaw: rotten.flaw.as_deref(),
        sound_copy: rotten.sound_copy.clone().map(ExactPath),
    });
    let unreadable = verified
        .unreadable
        .iter()
        .map(|skip| UnreadableJson { path: ExactPath(skip.path.clone()), reason: &skip.reason });
    super::print_json(
        "cache verify",
        VerifiedJson {
            read: verified.read(),
            sound: verified.sound,
            rotten: rotten.collect(),
            changed: verified.changed,
            gone: verified.gone,
            unbound: verified.unbound,
            unreadable: unreadable.collect(),
            interrupted: verified.interrupted,
        },
    )
}

#[derive(Serialize)]
struct VerifiedJson<'a> {
    read: u64,
    sound: u64,
    rotten: Vec<RottenJson<'a>>,
    changed: u64,
    gone: u64,
    unbound: u64,
    unreadable: Vec<UnreadableJson<'a>>,
    interrupted: bool,
}

#[derive(Serialize)]
struct RottenJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    /// `unrecorded` or `recorded`: whether the change time is another.
    change: &'static str,
    flaw: Option<&'a str>,
    sound_copy: Option<ExactPath>,
}

#[derive(Serialize)]
struct UnreadableJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    reason: &'a str,
}
