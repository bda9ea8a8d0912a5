//! What only an old picture knows.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::dedupe::carry::{Informed, KnownField, carried};
use crate::model::knowledge::Knowledge;
use crate::model::provenance::Traces;
use crate::model::record::Picture;

/// What the old picture, its sidecars and Takeout's JSON say and those of the library's picture do
/// not, or say otherwise, in words. `known` has what both know.
pub(super) fn untold_by(
    kept: &Picture,
    old: &Picture,
    known: &HashMap<PathBuf, Knowledge>,
) -> Vec<&'static str> {
    let nothing = Knowledge::default();
    let knowledge = |picture: &Picture| known.get(&picture.file.path).unwrap_or(&nothing);
    let informed = Informed { known: knowledge(old), same_view: false };
    let carried = carried(knowledge(kept), &[informed]).each;
    let only = carried.iter().flat_map(|carry| carry.only.iter().map(|(field, _)| *field));
    let others = carried.iter().flat_map(|carry| carry.conflicts.iter().map(|c| c.field));
    let fields: BTreeSet<KnownField> = only.chain(others).collect();
    let words = fields.into_iter().map(|field| match field {
        KnownField::Taken => "capture date",
        other => other.name(),
    });
    let has_camera = |picture: &Picture| picture.record.metadata.camera.is_some();
    let camera = (has_camera(old) && !has_camera(kept)).then_some("camera");
    words.chain(camera).collect()
}

/// What the records of both say of that: for pictures whose files are not at hand.
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
