//! The command line: the only place that knows the terminal, the environment and the home folder.

pub mod args;
pub mod ask;
pub mod backends;
pub mod carry_out;
pub mod commands;
pub mod config;
pub mod context;
pub mod environment;
pub mod failure;
pub mod interrupt;
pub mod line;
pub mod location;
pub mod log;
pub mod menu;
#[cfg(feature = "review")]
pub mod password;
pub mod places;
pub mod progress;
pub mod question;
pub mod render;
pub mod settings;
pub mod shell_words;
pub mod stage_figures;
pub mod stderr;
pub mod watching;
