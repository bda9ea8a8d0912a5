//! Evidence for people: what a file tells, and why one of two is kept.

use super::{Claim, Evidence, Lossy, Source, made_from};
use crate::dedupe::criterion::Criterion;
use crate::model::media::{Dimensions, Format};
use crate::model::provenance::Traces;

/// Each trace: its name as JSON has it, and for people.
const NAMES: [(Traces, &str, &str); 17] = [
    (Traces::MAKER_NOTE, "maker-note", "maker's notes"),
    (Traces::CAMERA, "camera", "the camera"),
    (Traces::EXPOSURE, "exposure", "the exposure"),
    (Traces::AUXILIARY, "auxiliary", "auxiliary pictures"),
    (Traces::THUMBNAIL, "thumbnail", "a thumbnail"),
    (Traces::WIDE_COLOUR, "wide-colour", "a wide colour space"),
    (Traces::DATE, "date", "the date"),
    (Traces::POSITION, "position", "the position"),
    (Traces::RATING, "rating", "a rating"),
    (Traces::DESCRIPTION, "description", "a description"),
    (Traces::KEYWORDS, "keywords", "keywords"),
    (Traces::PEOPLE, "people", "people"),
    (Traces::SCREENSHOT, "screenshot", "it is a screenshot"),
    (Traces::EDITOR, "editor", "an editor is named"),
    (Traces::DERIVED, "derived", "a history of edits"),
    (Traces::MESSENGER, "messenger", "a messenger or site is named"),
    (Traces::RESIZED, "resized", "Exif gives another size"),
];

impl Evidence {
    /// The names of its traces.
    pub fn trace_names(&self) -> impl Iterator<Item = &'static str> {
        self.traces().map(|(_, name, _)| name)
    }

    fn traces(&self) -> impl Iterator<Item = (Traces, &'static str, &'static str)> {
        let traces = self.provenance.traces;
        NAMES.into_iter().filter(move |(trace, ..)| traces.has(*trace))
    }

    /// What the file tells, a line for each kind of evidence.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.standing().to_owned()];
        let traces: Vec<&str> = self.traces().map(|(_, _, words)| words).collect();
        if !traces.is_empty() {
            lines.push(format!("it holds: {}", traces.join(", ")));
        }
        if let Some(quantised) = self.provenance.quantised {
            let table = match quantised.standard {
                true => "the standard table",
                false => "a table of its own",
            };
            let scans = if quantised.progressive { ", progressive" } else { "" };
            let (quality, steps) = (quantised.quality, quantised.steps);
            lines.push(format!(
                "compressed as JPEG at about quality {quality} (steps of {steps} in sum, {table}{scans})"
            ));
        }
        if let Some(step) = self.provenance.earlier_dc_step {
            lines.push(format!("was a JPEG before, with a first luma step of {step}"));
        }
        if let Some(bandwidth) = self.provenance.bandwidth {
            let Dimensions { width, height } = self.detail();
            let share = (bandwidth.0 + 5) / 10;
            lines.push(format!(
                "has detail up to {share} % of what its pixels could hold: {width}×{height}"
            ));
        }
        lines
    }

    fn standing(&self) -> &'static str {
        match self.claim {
            Claim::Own if self.format.is_raw() => "the camera's own file: RAW",
            Claim::Own => "the camera's own file",
            Claim::MakerNote => "has a camera's maker's notes",
            Claim::Named if self.has(Traces::SCREENSHOT) => "a screenshot",
            Claim::Named => "names its camera",
            Claim::None => "nothing says that a camera wrote this file",
        }
    }

    /// What was done to a copy of `original`, in words.
    fn done(&self, original: &Self) -> Option<String> {
        let words = match made_from(self, original) {
            Some(Source::Heic) => "made from the HEIC",
            Some(Source::Converted) => "made from the JPEG",
            Some(Source::Resaved) => match self.is_finer_than(original) {
                true => "re-saved at a higher quality",
                false => "compressed again",
            },
            Some(Source::Enlarged) => {
                let Dimensions { width, height } = self.detail();
                let (width, height) = (rounded(width), rounded(height));
                return Some(format!("enlarged from about {width}×{height}"));
            }
            Some(Source::Blurred) => "blurred or enlarged before",
            None if self.provenance.earlier_dc_step.is_some() => "compressed again",
            None if self.has(Traces::MESSENGER) => "sent by a messenger or site",
            None if self.has(Traces::EDITOR) || self.has(Traces::DERIVED) => "edited",
            None if self.pixels() * 4 < original.pixels() * 3 => "reduced",
            None if self.has(Traces::RESIZED) => "resized",
            None => return None,
        };
        Some(words.to_owned())
    }

    /// Whether its last quantiser is finer.
    fn is_finer_than(&self, other: &Self) -> bool {
        let steps = |of: &Self| of.provenance.quantised.map(|quantised| quantised.steps);
        matches!((steps(self), steps(other)), (Some(a), Some(b)) if a < b)
    }
}

/// To two digits.
fn rounded(number: u32) -> u32 {
    let unit = 10_u32.pow(number.max(1).ilog10().saturating_sub(1));
    (number + unit / 2) / unit * unit
}

/// Why the one is kept and not the other, in a few words.
pub fn reason(criterion: Criterion, keeper: &Evidence, other: &Evidence) -> String {
    let why = match criterion {
        Criterion::Reference => "in a reference folder",
        Criterion::Undamaged => "undamaged",
        Criterion::Whole => "the whole picture",
        Criterion::Wish(words) => words,
        Criterion::Unit => "complete unit (RAW+JPEG or Live Photo)",
        Criterion::Claim => match keeper.claim {
            Claim::Own => "the camera's own file",
            Claim::MakerNote => "the camera's maker's notes",
            Claim::Named if keeper.has(Traces::SCREENSHOT) => "the screenshot itself",
            Claim::Named | Claim::None => "the camera's metadata",
        },
        Criterion::Source => match keeper.claim {
            Claim::Own => "the camera's own file",
            Claim::None if keeper.format == Format::Jpeg => "the earlier JPEG",
            Claim::None => "the original",
            _ => "the camera's file",
        },
        Criterion::Pixels => "more pixels",
        Criterion::Raw => "RAW",
        Criterion::Loss if kind(keeper) == kind(other) => "less compressed",
        Criterion::Loss => "less lossy format",
        Criterion::Facts => "more metadata",
        Criterion::Size => "larger file",
        Criterion::Captured => "older",
        Criterion::Name => "the other is named like a copy",
        Criterion::Modified => "older file",
        Criterion::PathLength => "shorter path",
        Criterion::Path => "first by name",
        Criterion::Same => "the same file",
    };
    let done = matches!(criterion, Criterion::Claim | Criterion::Source);
    match other.done(keeper).filter(|_| done) {
        Some(done) => format!("{why}; the other was {done}"),
        None => why.to_owned(),
    }
}

fn kind(evidence: &Evidence) -> Lossy {
    evidence.loss().0
}
