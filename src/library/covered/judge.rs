//! Whether a picture of the library is worth an old one that shows the same.

use std::path::Path;

use crate::dedupe::evidence::{self, Claim, Evidence, made_from};
use crate::dedupe::keeper::{self, KeeperCandidate};
use crate::model::coverage::Cover;
use crate::model::findings::{Damaged, Duplicate, Member, Relation, Surroundings};
use crate::model::media::{FileStamp, Metadata, ModifiedNs};
use crate::model::record::{Picture, PictureRecord};

/// Edges of a part are known to a quarter of a cell, 1 of 256: a part may seem smaller than it is.
const PART_TOLERANCE: (u128, u128) = (103, 100);

/// What `kept`, the keeper of the group that `old` is a duplicate in, is worth. `found` says what
/// was proven of both. The bytes and the metadata of `kept` still have to be looked at.
pub(super) fn judge(old: &Picture, kept: &Picture, found: &Duplicate<u32>) -> Cover {
    let by = kept.file.path.clone();
    let relation = match found.relation {
        // The old file changed since its bytes were compared.
        Relation::Identical => Relation::Copy,
        relation => relation,
    };
    let damaged = |why: &str| Cover::Damaged { by: by.clone(), why: why.to_owned() };
    let flaw = kept.record.flags.flaw();
    let likeness = match (relation, found.likeness) {
        (Relation::Copy | Relation::Part, Some(likeness)) => likeness,
        (relation @ Relation::Burst, _) => {
            return Cover::LooksAlike { by, relation };
        }
        // Of a damaged picture too little is left to prove anything.
        _ => {
            let alike = || Cover::LooksAlike { by: by.clone(), relation: Relation::Alike };
            return flaw.map_or_else(alike, damaged);
        }
    };
    if let Some(alarm) = &found.alarm
        && alarm.damaged != Some(Damaged::Duplicate)
    {
        return damaged(&alarm.why);
    }
    if let Some(flaw) = flaw {
        return damaged(flaw);
    }
    let worse = |why: String| Cover::Worse { by: by.clone(), why };
    let size = |record: &PictureRecord| {
        format!("{}×{}", record.dimensions.width, record.dimensions.height)
    };
    if let Some(region) = likeness.region {
        let words = likeness.words().unwrap_or_default();
        match (region.of, region.surroundings) {
            (Member::Keeper, Surroundings::Picture) => {}
            (Member::Duplicate, Surroundings::Picture) => {
                return worse(format!("it shows only {} % of the old one", region.per_cent()));
            }
            _ => return worse(format!("the old one comes {words}")),
        }
        let [top, left, bottom, right] = region.edges.map(u128::from);
        let area = bottom.saturating_sub(top) * right.saturating_sub(left);
        let there = u128::from(kept.record.dimensions.pixels()) * area * PART_TOLERANCE.0;
        let wanted = u128::from(old.record.dimensions.pixels()) * (256 * 256) * PART_TOLERANCE.1;
        if there < wanted {
            return worse("it shows that part with fewer pixels".to_owned());
        }
    }
    if found.shows_more {
        return worse("the old one shows more".to_owned());
    }
    if likeness.region.is_none() && kept.record.dimensions.pixels() < old.record.dimensions.pixels()
    {
        return worse(format!("{}, not {}", size(&kept.record), size(&old.record)));
    }
    if let Some(reason) = better_form(old, kept) {
        return worse(format!("the old one is better: {reason}"));
    }
    Cover::SamePicture { by, relation, per_cent: likeness.per_cent }
}

/// Why the old picture would be kept and not the library's, were it not for where and how old they
/// are and what their metadata say; `None` where it would not.
fn better_form(old: &Picture, kept: &Picture) -> Option<String> {
    let bare = |picture: &Picture| PictureRecord {
        metadata: Metadata::default(),
        ..picture.record.clone()
    };
    let (old_record, kept_record) = (bare(old), bare(kept));
    let (old_evidence, kept_evidence) = (Evidence::from(&old.record), Evidence::from(&kept.record));
    fn candidate<'a>(
        picture: &Picture,
        record: &'a PictureRecord,
        (evidence, other): (Evidence, &Evidence),
    ) -> KeeperCandidate<'a> {
        KeeperCandidate {
            reference: false,
            lesser: false,
            complete_unit: false,
            made_from_another: made_from(&evidence, other).is_some(),
            named_after_another: false,
            preferred: 0,
            path: Path::new(""),
            stamp: FileStamp { modified: ModifiedNs(0), ..picture.file.stamp },
            record,
            evidence: Evidence { claim: Claim::None, facts: 0, ..evidence },
        }
    }
    let old = candidate(old, &old_record, (old_evidence, &kept_evidence));
    let kept = candidate(kept, &kept_record, (kept_evidence, &old_evidence));
    let (order, criterion) = keeper::compare(&kept, &old, &[]);
    order.is_gt().then(|| evidence::reason(criterion, &old_evidence, &kept_evidence))
}

#[cfg(test)]
mod tests;
