//! Pictures in colour, as decoders give them for people to look at.

use crate::model::media::{Dimensions, Orientation};

/// A picture in colour.
#[derive(Clone, Debug, Default)]
pub(super) struct Pixels {
    /// As stored.
    pub dimensions: Dimensions,
    /// Red, green and blue of each pixel, row by row.
    pub rgb: Vec<u8>,
    /// What is still to be done to it, in this order.
    pub turns: Vec<Orientation>,
    /// Its colour profile.
    pub icc: Option<Vec<u8>>,
}
