//! The evidence of a picture as JSON has it.

use serde::Serialize;

use clean_backup::dedupe::evidence::Evidence;
use clean_backup::model::findings::FoundPicture;
use clean_backup::model::media::Dimensions;

/// What a file tells of where its picture comes from.
#[derive(Serialize)]
pub(super) struct EvidenceJson {
    /// `camera-file`, `maker-note`, `camera-named` or `none`.
    claim: &'static str,
    traces: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantised: Option<QuantisedJson>,
    /// Luma DC step of the JPEG that it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier_dc_step: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<DetailJson>,
}

#[derive(Serialize)]
struct QuantisedJson {
    quality: u8,
    dc_step: u8,
    steps: u16,
    standard: bool,
    subsampled: bool,
    progressive: bool,
}

/// Up to which frequency there is detail: 1 is what the pixels could hold.
#[derive(Serialize)]
struct DetailJson {
    share: f64,
    width: u32,
    height: u32,
}

/// `None` where nobody has looked.
pub(super) fn evidence(picture: &FoundPicture) -> Option<EvidenceJson> {
    let provenance = picture.provenance?;
    let evidence = Evidence::from(picture);
    let Dimensions { width, height } = evidence.detail();
    Some(EvidenceJson {
        claim: evidence.claim.name(),
        traces: evidence.trace_names().collect(),
        quantised: provenance.quantised.map(|quantised| QuantisedJson {
            quality: quantised.quality,
            dc_step: quantised.dc_step,
            steps: quantised.steps,
            standard: quantised.standard,
            subsampled: quantised.subsampled,
            progressive: quantised.progressive,
        }),
        earlier_dc_step: provenance.earlier_dc_step,
        detail: provenance.bandwidth.map(|bandwidth| DetailJson {
            share: f64::from(bandwidth.0) / 1000.0,
            width,
            height,
        }),
    })
}
