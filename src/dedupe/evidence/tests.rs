use super::*;
use crate::dedupe::criterion::Criterion;
use crate::model::provenance::Bandwidth;

const NOTED: Traces = Traces::MAKER_NOTE.with(Traces::CAMERA).with(Traces::EXPOSURE);
const NAMED: Traces = Traces::CAMERA.with(Traces::EXPOSURE);

/// Steps like those of the quality that has this DC step.
fn table(dc_step: u8, standard: bool) -> Option<Quantised> {
    let steps = u16::from(dc_step) * STEPS_PER_DC as u16;
    Some(Quantised { dc_step, steps, quality: 80, standard, subsampled: true, progressive: false })
}

fn sized(format: Format, (width, height): (u32, u32), provenance: Provenance) -> Evidence {
    Evidence::new(format, Dimensions { width, height }, None, None, Some(provenance))
}

fn jpeg(traces: Traces, dc_step: u8, standard: bool, earlier_dc_step: Option<u8>) -> Evidence {
    let quantised = table(dc_step, standard);
    let provenance = Provenance { traces, quantised, earlier_dc_step, bandwidth: None };
    sized(Format::Jpeg, (4000, 3000), provenance)
}

fn detailed(traces: Traces, width: u32, bandwidth: u16) -> Evidence {
    let bandwidth = Some(Bandwidth(bandwidth));
    let provenance =
        Provenance { traces, quantised: table(3, true), bandwidth, ..Provenance::default() };
    sized(Format::Jpeg, (width, width * 3 / 4), provenance)
}

#[test]
fn what_speaks_for_a_cameras_own_file() {
    for (traces, standard, earlier, claim) in [
        (NOTED, false, None, Claim::Own),
        (NOTED, true, None, Claim::MakerNote),
        (NAMED, false, None, Claim::Named),
        (Traces::CAMERA.with(Traces::DATE), true, None, Claim::Named),
        (Traces::CAMERA, false, None, Claim::None),
        (Traces::SCREENSHOT, true, None, Claim::Named),
        (Traces::NONE, false, None, Claim::None),
        (NOTED, false, Some(5), Claim::None),
        (NOTED.with(Traces::EDITOR), false, None, Claim::None),
        (NOTED.with(Traces::DERIVED), false, None, Claim::None),
        (NOTED.with(Traces::MESSENGER), false, None, Claim::None),
        (NOTED.with(Traces::RESIZED), false, None, Claim::None),
    ] {
        let claimed = jpeg(traces, 3, standard, earlier).claim;
        assert_eq!(claimed, claim, "{traces:?} {standard} {earlier:?}");
    }
    let other = |format, traces, camera| {
        let provenance = Provenance { traces, ..Provenance::default() };
        let dimensions = Dimensions { width: 40, height: 30 };
        Evidence::new(format, dimensions, None, camera, Some(provenance)).claim
    };
    for (format, traces, camera, claim) in [
        (Format::Cr2, Traces::NONE, None, Claim::Own),
        (Format::Heic, Traces::AUXILIARY, None, Claim::Own),
        (Format::Heic, NOTED, Some("Apple iPhone 13"), Claim::Own),
        (Format::Heic, NOTED, Some("HMD Global Nokia 8.3"), Claim::MakerNote),
        (Format::Heic, Traces::NONE, Some("Apple iPhone 13"), Claim::None),
        (Format::Png, NOTED, Some("Apple iPhone 13"), Claim::None),
        (Format::Png, Traces::SCREENSHOT, None, Claim::Named),
        (Format::WebP, NOTED, None, Claim::None),
        (Format::Tiff, NOTED, None, Claim::Named),
    ] {
        assert_eq!(other(format, traces, camera), claim, "{format:?} {traces:?} {camera:?}");
    }
}

#[test]
fn an_earlier_quantiser_names_the_original() {
    let original = jpeg(Traces::NONE, 5, true, None);
    let again = jpeg(Traces::NONE, 1, true, Some(5));
    assert_eq!(made_from(&again, &original), Some(Source::Resaved));
    assert_eq!(made_from(&original, &again), None);
    let png = sized(
        Format::Png,
        (3000, 4000),
        Provenance { earlier_dc_step: Some(5), ..Provenance::default() },
    );
    assert_eq!(made_from(&png, &original), Some(Source::Converted));
    assert_eq!(made_from(&original, &png), None);
    // That one is coarser than what was seen.
    assert_eq!(made_from(&again, &jpeg(Traces::NONE, 6, true, None)), None);
    // Two copies of a third one.
    let sibling = jpeg(Traces::NONE, 2, true, Some(5));
    assert_eq!((made_from(&again, &sibling), made_from(&sibling, &again)), (None, None));
    // Of another size it shows no earlier quantiser of this one.
    let larger = sized(Format::Jpeg, (4200, 3150), again.provenance);
    assert_eq!(made_from(&larger, &original), None);
}

#[test]
fn more_pixels_without_more_detail_are_enlarged() {
    let original = detailed(Traces::NONE, 1500, 980);
    let enlarged = detailed(Traces::NONE, 4000, 340);
    assert_eq!(made_from(&enlarged, &original), Some(Source::Enlarged));
    assert_eq!(made_from(&original, &enlarged), None);
    assert_eq!(made_from(&detailed(Traces::NONE, 4000, 900), &original), None);
    assert_eq!(made_from(&enlarged, &detailed(Traces::NONE, 800, 980)), None);
    // It may be soft, and the other one reduced.
    assert_eq!(
        made_from(&detailed(Traces::NONE, 4000, 500), &detailed(Traces::NONE, 2000, 980)),
        None
    );
    assert_eq!(made_from(&detailed(NOTED, 4000, 340), &original), None);
    let doubtful = detailed(Traces::NONE, 4000, 400);
    assert_eq!(made_from(&doubtful, &original), None);
    assert_eq!(made_from(&doubtful, &detailed(NOTED, 1500, 980)), Some(Source::Enlarged));
    // Reduced and enlarged again.
    let sharp = detailed(Traces::NONE, 4000, 950);
    assert_eq!(made_from(&enlarged, &sharp), Some(Source::Blurred));
    assert_eq!(made_from(&detailed(Traces::NONE, 4000, 850), &sharp), None);
    // What was compressed more shows less.
    let mut coarse = enlarged;
    coarse.provenance.quantised = table(9, true);
    assert_eq!(made_from(&coarse, &sharp), None);
}

#[test]
fn a_jpeg_beside_a_cameras_heic_is_an_export() {
    let heic =
        |traces| sized(Format::Heic, (4000, 3000), Provenance { traces, ..Provenance::default() });
    let export = jpeg(NOTED, 2, false, None);
    assert_eq!(made_from(&export, &heic(NOTED.with(Traces::AUXILIARY))), Some(Source::Heic));
    assert_eq!(made_from(&heic(NOTED.with(Traces::AUXILIARY)), &export), None);
    // Perhaps it is the HEIC that was made from the JPEG.
    assert_eq!(made_from(&export, &heic(NOTED)), None);
}

#[test]
fn what_was_lost_before_counts() {
    let steps = |evidence: &Evidence| evidence.loss();
    let original = jpeg(Traces::NONE, 5, true, None);
    let again = jpeg(Traces::NONE, 1, true, Some(5));
    assert_eq!(steps(&again), steps(&original));
    let provenance = Provenance { earlier_dc_step: Some(5), ..Provenance::default() };
    let png = sized(Format::Png, (4000, 3000), provenance);
    assert_eq!(steps(&png), steps(&original));
    let plain = sized(Format::Png, (4000, 3000), Provenance::default());
    assert!(steps(&plain) < steps(&jpeg(Traces::NONE, 1, true, None)));
    let webp = sized(Format::WebP, (4000, 3000), Provenance::default());
    assert!(steps(&original) < steps(&webp));
}

#[test]
fn reasons_say_what_was_done_to_the_other() {
    let camera = jpeg(NOTED, 5, false, None);
    let said = |criterion, other: &Evidence| reason(criterion, &camera, other);
    for (other, words) in [
        (jpeg(NOTED, 1, true, Some(5)), "re-saved at a higher quality"),
        (jpeg(NOTED.with(Traces::EDITOR), 2, false, None), "edited"),
        (jpeg(Traces::MESSENGER, 7, true, None), "sent by a messenger or site"),
        (detailed(NOTED.with(Traces::RESIZED), 1000, 990), "reduced"),
    ] {
        let words = format!("the camera's own file; the other was {words}");
        assert_eq!(said(Criterion::Claim, &other), words);
    }
    let stripped = jpeg(Traces::NONE, 7, true, None);
    assert_eq!(said(Criterion::Claim, &stripped), "the camera's own file");
    let original = detailed(NOTED, 2016, 990);
    let enlarged = detailed(Traces::NONE, 4700, 428);
    assert_eq!(
        reason(Criterion::Source, &original, &enlarged),
        "the camera's file; the other was enlarged from about 2000×1500"
    );
}
