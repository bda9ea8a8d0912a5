//! One file per command.

pub mod apply;
pub mod cache;
pub mod config;
pub mod covered;
pub mod dedupe;
pub mod doctor;
pub mod exchange;
pub mod history;
pub mod leftovers;
pub mod logs;
pub mod organize;
pub mod quarantine;
pub mod resume;
#[cfg_attr(not(feature = "review"), path = "no_review.rs")]
pub mod review;
pub mod scan;
pub mod similar;
pub mod undo;
pub mod watch;
