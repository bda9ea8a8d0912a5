//! What a file tells of where its picture comes from, as far as the choice of a keeper needs it.

mod names;
mod source;
mod words;

pub use names::{CopyName, copy_name};
pub use source::{Source, made_from};
pub use words::reason;

use crate::model::findings::FoundPicture;
use crate::model::media::{CaptureTime, Dimensions, Format};
use crate::model::provenance::{Provenance, Quantised, Traces};
use crate::model::record::PictureRecord;

/// The evidence of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// Format by content.
    pub format: Format,
    /// Dimensions as shown.
    pub dimensions: Dimensions,
    /// What was found in it; nothing where nobody has looked.
    pub provenance: Provenance,
    /// How much speaks for its being the camera's own file.
    pub claim: Claim,
    /// How many kinds of facts its metadata hold: date, position, rating, title, keywords, people.
    pub facts: u32,
}

/// How much speaks for a file's being the one that the camera wrote, the most first. What says that
/// it was made from another file leaves no claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Claim {
    /// Maker's notes in a file as only cameras write it: RAW, a JPEG with quantisation tables of
    /// its own, a HEIC with auxiliary pictures.
    Own,
    /// Maker's notes.
    MakerNote,
    /// The camera and the exposure or the time are named; or a device says that it is a screenshot.
    Named,
    /// Nothing.
    None,
}

impl Claim {
    /// Lower-case name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "camera-file",
            Self::MakerNote => "maker-note",
            Self::Named => "camera-named",
            Self::None => "none",
        }
    }
}

/// Traces of a file that was made from another one.
const COPIES: [Traces; 4] = [Traces::EDITOR, Traces::DERIVED, Traces::MESSENGER, Traces::RESIZED];

/// Facts that metadata hold.
const FACTS: [Traces; 6] = [
    Traces::DATE,
    Traces::POSITION,
    Traces::RATING,
    Traces::DESCRIPTION,
    Traces::KEYWORDS,
    Traces::PEOPLE,
];

impl Evidence {
    fn new(
        format: Format,
        dimensions: Dimensions,
        captured: Option<CaptureTime>,
        camera: Option<&str>,
        provenance: Option<Provenance>,
    ) -> Self {
        let mut provenance = provenance.unwrap_or_default();
        let dated = Traces::NONE.with_if(captured.is_some(), Traces::DATE);
        provenance.traces = provenance.traces.with(dated);
        let traces = provenance.traces;
        let facts = FACTS.into_iter().filter(|&fact| traces.has(fact)).count() as u32;
        Self { format, dimensions, provenance, claim: claim(format, camera, &provenance), facts }
    }

    /// Whether its metadata hold any of these.
    pub fn has(&self, traces: Traces) -> bool {
        self.provenance.traces.has(traces)
    }

    /// Its pixels.
    pub fn pixels(&self) -> u64 {
        self.dimensions.pixels()
    }

    /// The dimensions that would hold all of its detail.
    pub fn detail(&self) -> Dimensions {
        let scale = |side: u32| match self.provenance.bandwidth {
            Some(bandwidth) => {
                (u64::from(side) * u64::from(bandwidth.0.clamp(1, 1000)) / 1000).max(1) as u32
            }
            None => side,
        };
        let Dimensions { width, height } = self.dimensions;
        Dimensions { width: scale(width), height: scale(height) }
    }

    /// How much was lost: the kind of format, then the sum of the luma steps that the picture has
    /// gone through at least.
    pub fn loss(&self) -> (Lossy, u32) {
        let Provenance { quantised, earlier_dc_step, .. } = self.provenance;
        let earlier = earlier_dc_step.map(u32::from);
        match (Lossy::new(self.format), quantised, earlier) {
            (kind, Some(Quantised { dc_step, steps, .. }), earlier) => {
                let own = u32::from(dc_step).max(1);
                let scale = earlier.unwrap_or(own).max(own);
                (kind, u32::from(steps) * scale / own)
            }
            // The table is not known any more: as if it was the standard one.
            (Lossy::Lossless, None, Some(earlier)) => (Lossy::Jpeg, earlier * STEPS_PER_DC),
            (kind @ Lossy::Jpeg, None, _) => (kind, u32::MAX),
            (kind, None, _) => (kind, 0),
        }
    }

    /// Whether both have the same dimensions, turned or not, to within a per cent and a half.
    pub fn is_as_large_as(&self, other: &Self) -> bool {
        let sides = |Dimensions { width, height }: Dimensions| {
            [width.max(height), width.min(height)].map(u64::from)
        };
        let pairs = sides(self.dimensions).into_iter().zip(sides(other.dimensions));
        pairs.into_iter().all(|(a, b)| a.abs_diff(b) * 200 <= a.max(b) * 3)
    }
}

/// Sum of the standard luma table for each unit of its DC step (ITU-T T.81, table K.1).
const STEPS_PER_DC: u32 = 3688 / 16;

/// How formats lose, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lossy {
    /// The sensor's values, or all pixels.
    Lossless,
    /// Quantised; how much is known.
    Jpeg,
    /// Quantised; how much is not known.
    Other,
    /// At most 256 colours.
    Palette,
}

impl Lossy {
    fn new(format: Format) -> Self {
        match format {
            _ if format.is_raw() => Self::Lossless,
            Format::Tiff
            | Format::Png
            | Format::Bmp
            | Format::Tga
            | Format::Qoi
            | Format::Pnm
            | Format::Ico => Self::Lossless,
            Format::Jpeg => Self::Jpeg,
            Format::Gif => Self::Palette,
            _ => Self::Other,
        }
    }
}

fn claim(format: Format, camera: Option<&str>, provenance: &Provenance) -> Claim {
    let Provenance { traces, quantised, earlier_dc_step, .. } = *provenance;
    if earlier_dc_step.is_some() || COPIES.into_iter().any(|copy| traces.has(copy)) {
        return Claim::None;
    }
    let noted = traces.has(Traces::MAKER_NOTE.with(Traces::CAMERA));
    let named =
        traces.has(Traces::CAMERA) && (traces.has(Traces::EXPOSURE) || traces.has(Traces::DATE));
    let screenshot = traces.has(Traces::SCREENSHOT);
    match format {
        _ if format.is_raw() => Claim::Own,
        Format::Jpeg => {
            let own_tables = quantised.is_some_and(|q| !q.standard && !q.progressive);
            match () {
                () if noted && own_tables => Claim::Own,
                () if noted => Claim::MakerNote,
                () if named || screenshot => Claim::Named,
                () => Claim::None,
            }
        }
        Format::Heic => {
            // What an iPhone writes as HEIC is not made from a JPEG.
            let apple = camera.is_some_and(|camera| camera.starts_with("Apple"));
            match () {
                () if traces.has(Traces::AUXILIARY) || noted && apple => Claim::Own,
                () if noted => Claim::MakerNote,
                () if named || screenshot => Claim::Named,
                () => Claim::None,
            }
        }
        // Few cameras write it, and programs keep the metadata.
        Format::Tiff if noted || named => Claim::Named,
        Format::Png if screenshot => Claim::Named,
        // No camera writes the others.
        _ => Claim::None,
    }
}

impl From<&PictureRecord> for Evidence {
    fn from(record: &PictureRecord) -> Self {
        let PictureRecord { format, dimensions, metadata, provenance, .. } = record;
        let provenance = match metadata.has_position {
            true => {
                let known = provenance.unwrap_or_default();
                Some(Provenance { traces: known.traces.with(Traces::POSITION), ..known })
            }
            false => *provenance,
        };
        let camera = metadata.camera.as_deref();
        Self::new(*format, *dimensions, metadata.captured, camera, provenance)
    }
}

impl From<&FoundPicture> for Evidence {
    fn from(picture: &FoundPicture) -> Self {
        let FoundPicture { format, dimensions, captured, camera, provenance, .. } = picture;
        Self::new(*format, *dimensions, *captured, camera.as_deref(), *provenance)
    }
}

#[cfg(test)]
mod tests;
