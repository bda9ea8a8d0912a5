//! The command line: the only place that knows the terminal, the environment and the home folder.

pub mod act;
pub mod args;
pub mod ask;
pub mod backends;
pub mod commands;
pub mod config;
pub mod environment;
pub mod exchange;
pub mod failure;
pub mod find;
pub mod history;
pub mod interrupt;
pub mod leftovers;
pub mod log;
pub mod menu;
pub mod missing;
pub mod organize;
pub mod progress;
pub mod quarantine;
pub mod render;
pub mod review;
pub mod run;
pub mod settings;
pub mod similar;
pub mod upkeep;
