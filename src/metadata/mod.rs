//! What the metadata inside of a picture say.

mod exif;

pub use exif::read_exif;
