//! Sidecars that hold what is known of a picture: new ones, and existing ones with additions.
//!
//! RDF/XML as ISO 16684-1 has it. What stands in a sidecar stays as it is, to the byte, except
//! for properties that say nothing and are now given a value (`xmp:Rating="0"`).

mod element;
mod properties;
mod splice;

use std::fmt;

use super::xmp::{self, XmpPacket, space};
use crate::metadata::xml::XmlTree;
use crate::model::knowledge::{Knowledge, same_text};
use crate::model::media::Dimensions;
use element::description;
use properties::properties;

/// Longest sidecar that is added to, or written.
pub const MOST_SIDECAR_BYTES: u64 = 1 << 20;

/// What a sidecar is to say.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    /// What is known of the picture already. Lists are written whole, since programs that read a
    /// sidecar take its list for that in the picture.
    pub own: &'a Knowledge,
    /// What is new.
    pub gained: &'a Knowledge,
    /// Dimensions of the picture as it is stored; areas of people are relative to these.
    pub stored: Dimensions,
}

/// Why a sidecar cannot be added to. Its text follows the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SidecarError {
    /// No XML, no RDF in it, or RDF in a form that is not understood.
    NotXmp,
    /// Longer than [`MOST_SIDECAR_BYTES`], or would be.
    TooLong,
}

impl fmt::Display for SidecarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotXmp => "is not XMP that can be added to",
            Self::TooLong => "is too long to be added to",
        })
    }
}

impl std::error::Error for SidecarError {}

/// Whether a text is a whole XMP document.
pub fn is_sidecar(text: &str) -> bool {
    let tree = XmlTree::read(text.as_bytes());
    tree.whole && XmpPacket::find(&tree).is_some()
}

impl Addition<'_> {
    /// A sidecar where there is none.
    ///
    /// # Errors
    /// [`SidecarError::TooLong`]
    pub fn new_sidecar(&self) -> Result<String, SidecarError> {
        let properties = properties(self);
        let text = format!(
            "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
             <x:xmpmeta xmlns:x=\"{}\" x:xmptk=\"Clean-Backup\">\n \
             <rdf:RDF xmlns:rdf=\"{}\">\n{} </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n",
            space::XMPMETA,
            space::RDF,
            description("rdf", "", &properties),
        );
        self.checked(&Knowledge::default(), text)
    }

    /// A sidecar with the additions.
    ///
    /// # Errors
    /// [`SidecarError`]; nothing is guessed.
    pub fn added_to(&self, text: &str) -> Result<String, SidecarError> {
        if text.len() as u64 > MOST_SIDECAR_BYTES {
            return Err(SidecarError::TooLong);
        }
        let tree = XmlTree::read(text.as_bytes());
        let packet = XmpPacket::find(&tree).filter(|_| tree.whole).ok_or(SidecarError::NotXmp)?;
        let mut properties = properties(self);
        let edited = splice::splice(text, &packet, &mut properties).ok_or(SidecarError::NotXmp)?;
        self.checked(&xmp::knowledge(&tree), edited)
    }

    /// The text, if it reads back as what was there and what is new.
    fn checked(&self, before: &Knowledge, text: String) -> Result<String, SidecarError> {
        if text.len() as u64 > MOST_SIDECAR_BYTES {
            return Err(SidecarError::TooLong);
        }
        let tree = XmlTree::read(text.as_bytes());
        let now = xmp::knowledge(&tree);
        let says = tree.whole && holds(&now, before) && holds(&now, self.gained);
        if says { Ok(text) } else { Err(SidecarError::NotXmp) }
    }
}

/// Whether everything that `part` knows, but for its date, is in `whole`.
fn holds(whole: &Knowledge, part: &Knowledge) -> bool {
    fn kept<T: PartialEq>(whole: &Option<T>, part: &Option<T>) -> bool {
        part.is_none() || whole == part
    }
    let listed = |whole: &[String], part: &[String]| {
        part.iter().all(|text| whole.iter().any(|other| same_text(text, other)))
    };
    let person = |name: &str| whole.people.iter().any(|person| same_text(&person.name, name));
    // Positions are written to a few millimetres.
    whole.position.is_some() >= part.position.is_some()
        && kept(&whole.rating, &part.rating)
        && kept(&whole.label, &part.label)
        && kept(&whole.title, &part.title)
        && kept(&whole.description, &part.description)
        && listed(&whole.keywords, &part.keywords)
        && listed(&whole.hierarchy, &part.hierarchy)
        && listed(&whole.albums, &part.albums)
        && part.people.iter().all(|other| person(&other.name))
}

#[cfg(test)]
mod tests;
