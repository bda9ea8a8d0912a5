//! Files and folders: walking them, reading them, telling them apart, and [`fsops`], the only code
//! that changes a user's files.

pub mod atomic_file;
pub mod content;
pub mod drive;
pub mod fsops;
pub mod globs;
pub mod hidden;
pub mod leftover;
pub mod online_only;
pub mod real_paths;
pub mod stamp;
pub mod walk;
#[cfg(windows)]
mod windows;
