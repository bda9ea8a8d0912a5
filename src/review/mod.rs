//! Looking at duplicates side by side in a browser, choosing, and applying: a page that is served
//! to this machine alone. With a [`Desk`] the page is the whole program: it chooses folders, looks
//! for duplicates, files by date, shows the history and the settings.
//!
//! What is served is asked for by number, never by path; the numbers are those of groups that were
//! found and of folders that were listed. Every request has to carry a secret: it is in the link that
//! is printed, which can be opened once, and from then on in a cookie. Requests under another
//! host's name, or from another page, are refused (`guard`).
//!
//! Nothing here changes a file: plans are made and carried out by the [`Actions`] that are handed
//! in, through the same plan, journal and undo as on the command line.

mod answers;
mod api;
mod change_error;
mod changes;
mod connections;
mod decided;
mod desk;
mod desk_answers;
mod films;
mod filter;
mod folders;
mod gate;
mod guard;
mod job;
mod job_status;
mod login;
mod memory;
mod overview;
mod pages;
mod password;
mod pictures;
mod places;
mod refusals;
mod rules;
mod server;
mod session;
mod state;
mod steps;

pub use connections::Patience;
pub use desk::{Actions, Desk, Filing, PastFile, PastRun, Search, Setting};
pub use gate::{Gate, Random};
pub use guard::Secret;
pub use job_status::JobResult;
pub use password::{PasswordError, PasswordHash, SHORTEST};
pub use server::{Served, serve};
pub use session::Session;

use crate::act::left_alone::LeftAlone;
use crate::act::plan::Plan;

/// What is to be done with what was accepted.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The plan.
    pub plan: Plan,
    /// What is left alone, and why.
    pub left: Vec<LeftAlone>,
    /// What else people should know (human-readable).
    pub notes: Vec<String>,
}

/// Why an action came to nothing; its text is shown on the page.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;
