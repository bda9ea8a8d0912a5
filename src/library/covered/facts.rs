//! What only an old picture knows.

use crate::model::provenance::Traces;
use crate::model::record::Picture;

/// What the metadata of an old picture say and those of the library's do not, in words.
pub(super) fn unknown_to(kept: &Picture, old: &Picture) -> Vec<&'static str> {
    let has = |picture: &Picture, wanted: Traces| {
        picture.record.provenance.is_some_and(|provenance| provenance.traces.has(wanted))
    };
    let (a, b) = (&old.record.metadata, &kept.record.metadata);
    let facts = [
        ("capture date", a.captured.is_some(), b.captured.is_some()),
        ("position", a.has_position, b.has_position),
        ("camera", a.camera.is_some(), b.camera.is_some()),
        ("rating", has(old, Traces::RATING), has(kept, Traces::RATING)),
        ("description", has(old, Traces::DESCRIPTION), has(kept, Traces::DESCRIPTION)),
        ("keywords", has(old, Traces::KEYWORDS), has(kept, Traces::KEYWORDS)),
        ("people", has(old, Traces::PEOPLE), has(kept, Traces::PEOPLE)),
    ];
    facts.into_iter().filter(|(_, old, kept)| *old && !*kept).map(|(fact, ..)| fact).collect()
}
