//! When two films show the same: which pairs are worth a look, at which moments frames are held
//! against each other, and what their likeness proves. Pure; nothing here reads or decodes a file.

mod film;
mod fingerprint;
mod frame;
pub mod glimpses;
pub mod moments;
mod proof;
mod way;
mod ways;

pub use film::{Film, FilmRecord};
pub use fingerprint::{Fingerprint, PROBES};
pub use frame::{Frame, between_bars, contrast};
pub use proof::{Agreement, FilmMatch, FilmStanding, is_clear_miss, prove};
pub use way::{Stretch, WAY_BYTES, Way};
pub use ways::Faces;
