//! What the rest of the crate speaks about: media files, their hashes and records, policies,
//! events, and how paths, sizes and times are written. Values only; nothing here does anything.

pub mod calendar;
pub mod coverage;
pub mod event;
pub mod extensions;
pub mod film;
pub mod findings;
pub mod knowledge;
pub mod media;
pub mod panics;
pub mod path_form;
pub mod path_text;
pub mod phash;
pub mod photo_library;
pub mod policy;
pub mod provenance;
pub mod readable;
pub mod record;
