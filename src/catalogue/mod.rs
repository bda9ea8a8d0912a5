//! What is remembered between runs: the hash cache, decisions, the approximate index, and tables
//! for other programs. Disposable, except for the decisions.

#[cfg(feature = "approximate")]
pub mod approximate;
pub mod cache;
pub mod decisions;
pub mod exchange;
pub mod own_database;
pub mod similar;
pub mod tiles;
