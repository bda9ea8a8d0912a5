//! One file per command.

#[cfg_attr(not(feature = "review"), path = "no_app.rs")]
pub mod app;
pub mod apply;
pub mod cache;
pub mod config;
pub mod covered;
pub mod dedupe;
#[cfg(feature = "review")]
pub mod desk;
pub mod doctor;
pub mod exchange;
#[cfg(feature = "review")]
pub mod filing;
pub mod history;
#[cfg(feature = "kernel")]
pub mod kernel;
pub mod leftovers;
pub mod logs;
pub mod organize;
pub mod quarantine;
pub mod resume;
#[cfg_attr(not(feature = "review"), path = "no_review.rs")]
pub mod review;
#[cfg(feature = "review")]
pub mod running;
pub mod scan;
pub mod similar;
pub mod undo;
pub mod watch;
