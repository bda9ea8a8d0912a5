//! Looking at duplicates side by side in a browser, choosing, and applying: a page that is served
//! to this machine alone.
//!
//! What is served is asked for by number, never by path; the numbers are those of the groups that
//! were found before the server began. Every request has to carry a secret: it is in the link that
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
mod filter;
mod folders;
mod guard;
mod job;
mod memory;
mod pages;
mod pictures;
mod rules;
mod server;
mod session;
mod state;
mod steps;

pub use connections::Patience;
pub use guard::Secret;
pub use job::JobResult;
pub use server::{Served, serve};
pub use session::Session;

use crate::act::left_alone::LeftAlone;
use crate::act::plan::{ActionKind, Plan};
use crate::model::event::Progress;
use crate::model::findings::Findings;

/// What is to be done with what was accepted.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The plan.
    pub plan: Plan,
    /// What is left alone, and why.
    pub left: Vec<LeftAlone>,
}

/// Why an action came to nothing; its text is shown on the page.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

/// What makes plans and carries them out.
pub trait Actions {
    /// Makes a plan of the groups in `report`.
    ///
    /// # Errors
    /// Why no plan was made.
    fn propose(
        &mut self,
        report: &Findings,
        action: ActionKind,
        progress: &dyn Progress,
    ) -> Result<Proposed, Problem>;

    /// Carries a plan out that was shown.
    ///
    /// # Errors
    /// Why nothing was done.
    fn carry_out(&mut self, plan: &Plan, progress: &dyn Progress) -> Result<JobResult, Problem>;

    /// Undoes a run.
    ///
    /// # Errors
    /// Why nothing was done.
    fn undo(&mut self, run: &str, progress: &dyn Progress) -> Result<JobResult, Problem>;
}
