//! Which of two pictures was made from the other, as far as both files tell.

use super::{Claim, Evidence};
use crate::model::media::Format;
use crate::model::provenance::Bandwidth;

/// How a picture was made from another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A JPEG was decoded and compressed again: the steps of the first quantiser are still there.
    Resaved,
    /// A JPEG was decoded and saved in another format: likewise.
    Converted,
    /// A camera's HEIC was exported.
    Heic,
    /// It has more pixels, and no more detail.
    Enlarged,
    /// It has as many pixels, and clearly less detail.
    Blurred,
}

/// How `copy` was made from `original`, where both show the same; `None` where nothing says so.
pub fn made_from(copy: &Evidence, original: &Evidence) -> Option<Source> {
    let is_as_large = copy.is_as_large_as(original);
    if is_export(copy, original) {
        return Some(Source::Heic);
    }
    if is_as_large && has_been(copy, original) {
        return Some(match copy.format {
            Format::Jpeg => Source::Resaved,
            _ => Source::Converted,
        });
    }
    if is_enlarged(copy, original) {
        return Some(Source::Enlarged);
    }
    (is_as_large && is_blurred(copy, original)).then_some(Source::Blurred)
}

/// A JPEG, PNG or the like of a HEIC that a camera has written.
fn is_export(copy: &Evidence, original: &Evidence) -> bool {
    original.format == Format::Heic
        && original.claim == Claim::Own
        && copy.format != Format::Heic
        && !copy.format.is_raw()
        && copy.pixels() <= original.pixels() + original.pixels() / 32
}

/// Whether `copy` shows an earlier quantiser that is no finer than the one of `original`, which
/// shows none itself.
fn has_been(copy: &Evidence, original: &Evidence) -> bool {
    match (copy.provenance.earlier_dc_step, original.provenance.quantised) {
        (Some(earlier), Some(quantised)) => {
            original.provenance.earlier_dc_step.is_none() && quantised.dc_step <= earlier
        }
        _ => false,
    }
}

/// Photographs may be soft, but hardly as soft as this: it was enlarged.
const SOFTEST: Bandwidth = Bandwidth(350);
/// Few are so soft: it was enlarged, if the other one has the better claim.
const SOFT: Bandwidth = Bandwidth(450);

/// Whether `copy` has more pixels than `original`, but surely no more detail. A camera's file may be
/// soft, and the other one be reduced from it: that one has no better claim then.
fn is_enlarged(copy: &Evidence, original: &Evidence) -> bool {
    let most = match original.claim < copy.claim {
        true => SOFT,
        false => SOFTEST,
    };
    copy.is_larger_than(original)
        && copy.provenance.bandwidth.is_some_and(|bandwidth| bandwidth < most)
        && !copy.has_more_detail_than(original)
        && copy.claim >= original.claim
}

/// Whether `copy` was compressed no more than `original` and has less detail by a quarter along each
/// side. A coarse quantiser hides detail, and its blocks look like some.
fn is_blurred(copy: &Evidence, original: &Evidence) -> bool {
    let measured = copy.provenance.bandwidth.is_some() && original.provenance.bandwidth.is_some();
    measured && copy.loss() <= original.loss() && original.has_more_detail_than(copy)
}

impl Evidence {
    /// Whether it has more pixels, by more than a twentieth along each side.
    pub fn is_larger_than(&self, other: &Self) -> bool {
        self.pixels() * 10 > other.pixels() * 11
    }

    /// Whether it has more detail, by a quarter along each side: measurements of one picture and of
    /// its enlargement agree to a tenth.
    pub fn has_more_detail_than(&self, other: &Self) -> bool {
        self.detail().pixels() * 16 > other.detail().pixels() * 25
    }
}
