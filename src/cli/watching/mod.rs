//! Watching a folder: when files have come to rest, how one hears of them, and what starts it all.

pub mod notices;
pub mod plans;
pub mod service;
pub mod settling;
