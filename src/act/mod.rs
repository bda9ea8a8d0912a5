//! Everything that changes a user's files: plans as data, proposals, applying them, the journal,
//! undo, and what an interrupted run left behind.

pub mod apply;
pub mod journal;
pub mod layout;
pub mod left_alone;
pub mod plan;
pub mod proposal;
pub mod quarantine;
pub mod removed;
pub mod settle;
pub mod undo;
