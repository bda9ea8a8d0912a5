//! Where the evidence contradicts itself: then nobody knows which of two is the original.

use super::criterion::Criterion;
use super::evidence::{Claim, Evidence, Lossy, Source, made_from};
use crate::model::media::Format;
use crate::model::provenance::{Bandwidth, Traces};

/// Why it is not sure that `keeper` is the original and `other` the copy, if it is not. `criterion`
/// is what decided between them.
pub fn doubt(criterion: Criterion, keeper: &Evidence, other: &Evidence) -> Option<&'static str> {
    // Identical metadata and traces decide nothing, and so cannot be wrong.
    if !criterion.is_evidence() || criterion > Criterion::Facts {
        return None;
    }
    if let Some(source) = made_from(keeper, other) {
        return Some(match source {
            Source::Heic => "the kept one may be made from the HEIC",
            Source::Resaved | Source::Converted => "the kept one may be made from the other JPEG",
            Source::Enlarged => "the kept one may be enlarged",
            Source::Blurred => "the kept one has less detail",
        });
    }
    if are_rivals(keeper, other) && made_from(other, keeper).is_none() {
        return Some("both have a camera's metadata, one as HEIC and one as JPEG");
    }
    if criterion == Criterion::Loss && may_be_exported(keeper, other) {
        return Some("the other one is a HEIC, and the kept one may be made from it");
    }
    if may_be_enlarged(keeper, other) {
        return Some("the kept one has more pixels, but hardly more detail");
    }
    if criterion == Criterion::Claim {
        if may_have_more_detail(other, keeper) {
            return Some("the kept one has the camera's metadata, the other one more pixels");
        }
        if keeper.claim > Claim::Own && is_less_compressed(other, keeper) {
            return Some(
                "the kept one has the camera's metadata, the other one is less compressed",
            );
        }
    }
    let finer = criterion == Criterion::Loss && may_be_made_from(keeper, other);
    finer.then_some("the kept one is compressed less, the other one is more like a camera's file")
}

/// A HEIC and a JPEG that both may be the camera's.
fn are_rivals(a: &Evidence, b: &Evidence) -> bool {
    let formats = (a.format, b.format);
    let both = matches!(formats, (Format::Heic, Format::Jpeg) | (Format::Jpeg, Format::Heic));
    both && a.claim < Claim::None && b.claim < Claim::None && a.is_as_large_as(b)
}

/// Whether a file of another format may be an export of a HEIC, which phones write and programs
/// seldom do, when nothing tells more of either.
fn may_be_exported(keeper: &Evidence, heic: &Evidence) -> bool {
    let claimed = keeper.claim < Claim::None || heic.claim < Claim::None;
    heic.format == Format::Heic
        && keeper.format != Format::Heic
        && keeper.provenance.earlier_dc_step.is_none()
        && !claimed
        && keeper.is_as_large_as(heic)
}

/// Whether `a` may hold more detail than `b`, which has the better claim.
fn may_have_more_detail(a: &Evidence, b: &Evidence) -> bool {
    // Exif gives the smaller size, from before it was enlarged.
    let enlarged = a.has(Traces::RESIZED) && !b.has(Traces::RESIZED);
    let measured = a.provenance.bandwidth.is_some();
    // A copy may have a camera's metadata, but hardly ever a camera's tables too.
    let sure = b.claim == Claim::Own || made_from(a, b) == Some(Source::Enlarged);
    a.is_larger_than(b) && !enlarged && !(measured && sure && !a.has_more_detail_than(b))
}

/// Below the first, a picture was enlarged or is very soft; from the second on it has more detail
/// than any smaller one.
const SOFT: (Bandwidth, Bandwidth) = (Bandwidth(450), Bandwidth(900));

/// Whether the larger one may have no more detail, and nothing says that the smaller one is a copy.
/// Measurements of enlargements by less than 2 are too rough to exclude it.
fn may_be_enlarged(larger: &Evidence, smaller: &Evidence) -> bool {
    let reduced = smaller.has(Traces::RESIZED) || smaller.has(Traces::MESSENGER);
    let little = larger.detail().pixels() <= 2 * smaller.pixels();
    let soft = larger
        .provenance
        .bandwidth
        .is_some_and(|bandwidth| bandwidth < SOFT.0 || bandwidth < SOFT.1 && little);
    larger.is_larger_than(smaller) && soft && !reduced && larger.claim == smaller.claim
}

/// Whether `a` has lost less than `b`, and nothing says that it was made from it.
fn is_less_compressed(a: &Evidence, b: &Evidence) -> bool {
    let untouched = a.provenance.earlier_dc_step.is_none()
        && ![Traces::EDITOR, Traces::DERIVED, Traces::MESSENGER].iter().any(|&t| a.has(t));
    let ((kind, steps), (other_kind, other_steps)) = (a.loss(), b.loss());
    // The steps of a fine quantiser leave nothing to see.
    let visible = b.provenance.quantised.is_some_and(|quantised| quantised.dc_step > 2);
    untouched
        && visible
        && a.is_as_large_as(b)
        && other_kind == Lossy::Jpeg
        && match kind {
            Lossy::Lossless => true,
            Lossy::Jpeg => u64::from(steps) * 5 < u64::from(other_steps) * 4,
            Lossy::Other | Lossy::Palette => false,
        }
}

/// From this quality on hardly any camera compresses with the standard tables; programs do.
const BEYOND_CAMERAS: u8 = 97;

/// Whether the finer one may have been made from the coarser one all the same, which is as a camera
/// writes it: by an edit, or so finely that the earlier steps cannot be seen.
fn may_be_made_from(keeper: &Evidence, other: &Evidence) -> bool {
    let edited =
        |evidence: &Evidence| evidence.has(Traces::EDITOR) || evidence.has(Traces::DERIVED);
    let Some(coarse) = other.provenance.quantised.filter(|q| !q.progressive) else { return false };
    let copied = edited(other) || other.has(Traces::MESSENGER) || other.has(Traces::RESIZED);
    if copied || other.provenance.earlier_dc_step.is_some() || !keeper.is_as_large_as(other) {
        return false;
    }
    let own_tables = !coarse.standard;
    match keeper.provenance.quantised {
        _ if keeper.claim != other.claim || keeper.format.is_raw() => false,
        _ if edited(keeper) => own_tables,
        Some(fine) if fine.standard => {
            own_tables || fine.quality >= BEYOND_CAMERAS && coarse.quality < BEYOND_CAMERAS
        }
        Some(_) => false,
        None => own_tables && keeper.loss().0 == Lossy::Lossless,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::model::media::Dimensions;
    use crate::model::provenance::{Provenance, Quantised};

    const NOTED: Traces = Traces::MAKER_NOTE.with(Traces::CAMERA).with(Traces::EXPOSURE);

    fn picture(
        format: Format,
        width: u32,
        traces: Traces,
        dc_step: u8,
        standard: bool,
    ) -> Evidence {
        let steps = u16::from(dc_step) * 230;
        let quantised = (format == Format::Jpeg).then_some(Quantised {
            dc_step,
            steps,
            quality: 80,
            standard,
            subsampled: true,
            progressive: false,
        });
        let bandwidth = Some(Bandwidth(950));
        let provenance = Provenance { traces, quantised, earlier_dc_step: None, bandwidth };
        let dimensions = Dimensions { width, height: width * 3 / 4 };
        let mut evidence = Evidence::from(&crate::model::record::PictureRecord {
            format,
            dimensions,
            hash: Default::default(),
            metadata: Default::default(),
            flags: Default::default(),
            provenance: Some(provenance),
        });
        evidence.provenance = provenance;
        evidence
    }

    fn jpeg(width: u32, traces: Traces, dc_step: u8, standard: bool) -> Evidence {
        picture(Format::Jpeg, width, traces, dc_step, standard)
    }

    #[test]
    fn metadata_against_pixels() {
        let small = jpeg(2000, NOTED, 4, false);
        let large = jpeg(4000, Traces::NONE, 4, true);
        let why = "the kept one has the camera's metadata, the other one more pixels";
        assert_eq!(doubt(Criterion::Claim, &small, &large), Some(why));
        assert_eq!(doubt(Criterion::Pixels, &large, &small), None);
        // It was enlarged: by its detail, or by what it says itself.
        let mut soft = large;
        soft.provenance.bandwidth = Some(Bandwidth(500));
        assert_eq!(doubt(Criterion::Claim, &small, &soft), None);
        // Metadata can be copied to a reduced copy.
        assert_eq!(doubt(Criterion::Claim, &jpeg(2000, NOTED, 4, true), &soft), Some(why));
        soft.provenance.bandwidth = Some(Bandwidth(400));
        assert_eq!(doubt(Criterion::Claim, &jpeg(2000, NOTED, 4, true), &soft), None);
        let resized = jpeg(4000, NOTED.with(Traces::RESIZED), 4, true);
        assert_eq!(doubt(Criterion::Claim, &small, &resized), None);
        // What somebody asked for is sure.
        for criterion in [Criterion::Wish("larger file"), Criterion::Reference, Criterion::Whole] {
            assert_eq!(doubt(criterion, &small, &large), None);
        }
    }

    #[test]
    fn more_pixels_against_no_more_detail() {
        let small = jpeg(2000, Traces::NONE, 4, true);
        let mut large = jpeg(4000, Traces::NONE, 4, true);
        assert_eq!(doubt(Criterion::Pixels, &large, &small), None);
        large.provenance.bandwidth = Some(Bandwidth(500));
        let why = "the kept one has more pixels, but hardly more detail";
        assert_eq!(doubt(Criterion::Pixels, &large, &small), Some(why));
        large.provenance.bandwidth = Some(Bandwidth(700));
        assert_eq!(doubt(Criterion::Pixels, &large, &small), Some(why));
        let smaller = jpeg(1500, Traces::NONE, 4, true);
        assert_eq!(doubt(Criterion::Pixels, &large, &smaller), None);
        large.provenance.bandwidth = Some(Bandwidth(400));
        assert_eq!(doubt(Criterion::Pixels, &large, &jpeg(900, Traces::NONE, 4, true)), Some(why));
        // The smaller one says that it is a copy.
        let sent = jpeg(2000, Traces::MESSENGER, 4, true);
        assert_eq!(doubt(Criterion::Pixels, &large, &sent), None);
    }

    #[test]
    fn metadata_against_the_quantiser() {
        let coarse = jpeg(4000, NOTED, 8, true);
        let fine = jpeg(4000, Traces::NONE, 3, true);
        let why = "the kept one has the camera's metadata, the other one is less compressed";
        assert_eq!(doubt(Criterion::Claim, &coarse, &fine), Some(why));
        // A camera's own tables, an edit, traces of the coarser quantiser, a smaller copy.
        assert_eq!(doubt(Criterion::Claim, &jpeg(4000, NOTED, 8, false), &fine), None);
        let edit = jpeg(4000, Traces::EDITOR, 3, true);
        assert_eq!(doubt(Criterion::Claim, &coarse, &edit), None);
        let mut again = fine;
        again.provenance.earlier_dc_step = Some(8);
        assert_eq!(doubt(Criterion::Claim, &coarse, &again), None);
        assert_eq!(doubt(Criterion::Claim, &coarse, &jpeg(3000, Traces::NONE, 3, true)), None);
    }

    #[test]
    fn either_may_be_made_from_the_other() {
        let heic = picture(Format::Heic, 4000, NOTED, 1, true);
        let export = jpeg(4000, NOTED, 3, false);
        let why = "both have a camera's metadata, one as HEIC and one as JPEG";
        assert_eq!(doubt(Criterion::Claim, &export, &heic), Some(why));
        // Nothing tells more of either.
        let heic = picture(Format::Heic, 4000, Traces::NONE, 1, true);
        let mut export = jpeg(4000, Traces::NONE, 3, true);
        let why = "the other one is a HEIC, and the kept one may be made from it";
        assert_eq!(doubt(Criterion::Loss, &export, &heic), Some(why));
        export.provenance.earlier_dc_step = Some(5);
        assert_eq!(doubt(Criterion::Loss, &export, &heic), None, "it was a JPEG before");
        let export = jpeg(4000, NOTED, 3, false);
        let native = picture(Format::Heic, 4000, NOTED.with(Traces::AUXILIARY), 1, true);
        assert_eq!(doubt(Criterion::Source, &native, &export), None);
        // The finer one was edited, the coarser one is as a camera writes it.
        let edit = jpeg(4000, Traces::EDITOR, 2, false);
        let bare = jpeg(4000, Traces::NONE, 5, false);
        let why = "the kept one is compressed less, the other one is more like a camera's file";
        assert_eq!(doubt(Criterion::Loss, &edit, &bare), Some(why));
        let web = jpeg(4000, Traces::NONE, 5, true);
        assert_eq!(doubt(Criterion::Loss, &edit, &web), None);
        assert_eq!(doubt(Criterion::Wish("more pixels"), &edit, &bare), None);
        // The standard tables, or no quantiser at all, beside a camera's tables.
        let lossless = picture(Format::Png, 4000, Traces::NONE, 1, true);
        for fine in [jpeg(4000, Traces::NONE, 2, true), lossless] {
            assert_eq!(doubt(Criterion::Loss, &fine, &bare), Some(why));
            assert_eq!(doubt(Criterion::Loss, &fine, &web), None);
        }
        // A quality that programs use.
        let mut finest = jpeg(4000, NOTED, 1, true);
        let coarse = jpeg(4000, NOTED, 5, true);
        assert_eq!(doubt(Criterion::Loss, &finest, &coarse), None);
        finest.provenance.quantised.as_mut().unwrap().quality = 98;
        assert_eq!(doubt(Criterion::Loss, &finest, &coarse), Some(why));
    }
}
