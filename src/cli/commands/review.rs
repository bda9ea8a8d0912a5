//! The review page: finds, serves, opens a browser, and does what the page asks for.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clean_backup::act::apply::Applied;
use clean_backup::act::journal::RunLog;
use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::act::proposal::ProposalOptions;
use clean_backup::catalogue::decisions::Decisions;
use clean_backup::files::fsops::Disk;
use clean_backup::files::real_paths::real_path;
use clean_backup::library::{Acting, DuplicateOptions, Library, acted_on};
use clean_backup::model::event::Progress;
use clean_backup::model::findings::Findings;
use clean_backup::model::path_text::for_people;
use clean_backup::model::readable::{count, human_bytes};
use clean_backup::review::{
    Actions, Gate, JobResult, Patience, Problem, Proposed, Secret, Served, Session, serve,
};

use super::dedupe::{duplicate_options, find, run_label};
use super::running::{RunningPages, key};
use crate::cli::args::ReviewArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::settings::Settings;
use crate::cli::{interrupt, render};

/// Serves the review page until it is closed, or Ctrl-C.
///
/// # Errors
/// What keeps it from being served.
pub fn run(context: &Context<'_>, options: &ReviewArgs) -> Result<Outcome, Failure> {
    let mut compared = duplicate_options(&options.compared, &context.settings);
    (compared.acts, compared.allow_empty) = (true, options.allow_empty);
    compared.no_carry = options.no_carry;
    let to = context.destination(options.to.as_deref(), &compared.references)?;
    compared.skip_dirs = to.iter().cloned().collect();
    let running = running(context, &compared, to.as_deref());
    if let Some(link) = running.as_ref().and_then(RunningPages::another_link) {
        render::print(&format!(
            "It is running already. Review them at {link}\n\
             To look for duplicates anew, finish that review first, on the page or with Ctrl-C.\n"
        ))?;
        if !options.no_open && context.asks {
            open_browser(&link);
        }
        return Ok(Outcome::Done);
    }
    // Before hours of hashing.
    let listener = listen(options.port)?;
    let decisions = match context.decisions_file() {
        Some(file) => {
            Some(Decisions::open(&file).map_err(|error| Failure::from_decisions(&error))?)
        }
        None => {
            tracing::warn!("no home folder is known: what you decide is not kept");
            None
        }
    };
    let start = Instant::now();
    let mut library = context.hashing_library()?;
    let cancel = interrupt::watch()?;
    let findings = find(context, &mut library, &compared, &cancel, start)?;
    let outcome = Outcome::from_skipped(findings.skipped.len());
    if findings.groups.is_empty() {
        let unread = match findings.skipped.len() as u64 {
            0 => String::new(),
            number => {
                format!("{} could not be read: see clean-backup dedupe.\n", count(number, "file"))
            }
        };
        render::print(&format!("No duplicates found: there is nothing to review.\n{unread}"))?;
        return Ok(outcome);
    }
    let failed = |error: std::io::Error| {
        Failure::new(FailureKind::Failed, format!("the page cannot be served: {error}"))
    };
    let port = listener.local_addr().map_err(failed)?.port();
    let key = key(random()?);
    let secret = Secret::new(random()?).with_key(key.clone());
    if let Some(running) = running {
        running.note(port, &key);
    }
    let link = secret.link(port);
    render::print(&format!(
        "{}.\nReview them at {link}\n\
         The link works once, on this machine. Start the same command again for another one. Ctrl-C \
         ends the program; what was decided is kept.\n",
        extent(&findings),
    ))?;
    let carry = !options.no_carry;
    let mut actions = OwnActions { context, library, to, carry, cancel: Arc::clone(&cancel) };
    let session = Session::new(findings, context.folder.clone(), decisions)
        .map_err(|error| Failure::from_decisions(&error))?;
    if !options.no_open && context.asks {
        open_browser(&link);
    }
    let decode = context.decode_options();
    let patience = Patience::default();
    let watched = Arc::clone(&cancel);
    let gate = Gate::link(secret, random_bytes);
    let served = Served { listener, gate, decode, patience, cancel: watched, desk: None };
    serve(session, served, &mut actions).map_err(failed)?;
    if cancel.load(Ordering::Relaxed) {
        return Err(Failure::new(FailureKind::Interrupted, "the review page is closed")
            .hint("what you decided is kept; the same command shows it again"));
    }
    Ok(outcome)
}

/// The reviews of the same folders by the same rules that may be running; `None` where nothing is
/// noted.
fn running(
    context: &Context<'_>,
    compared: &DuplicateOptions,
    to: Option<&Path>,
) -> Option<RunningPages> {
    let mut compared = compared.clone();
    for paths in [&mut compared.roots, &mut compared.references, &mut compared.with_cache] {
        for path in paths {
            *path = real_path(path).unwrap_or_else(|_| path.clone());
        }
    }
    let settings = Settings { password_hash: None, color: None, ..context.settings.clone() };
    let shown = format!("{:?}", (compared, settings, to, context.no_cache));
    Some(RunningPages::of(context.state.as_deref()?, "review", &shown))
}

/// What was found, in a line.
fn extent(findings: &Findings) -> String {
    let summary = findings.summary();
    let (duplicates, groups) =
        (count(summary.duplicates, "duplicate"), count(summary.groups, "group"));
    let skipped = match summary.skipped {
        0 => String::new(),
        skipped => format!("; {} could not be read", count(skipped, "file")),
    };
    format!("{duplicates} in {groups}, {} to free{skipped}", human_bytes(summary.reclaimable_bytes))
}

/// Listens on 127.0.0.1, which only this machine can reach.
pub(super) fn listen(port: Option<u16>) -> Result<TcpListener, Failure> {
    let port = port.unwrap_or(0);
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        Failure::new(FailureKind::Failed, format!("port {port} cannot be used: {error}"))
            .hint("leave out --port to use any free one")
    })
}

/// What nobody can guess.
pub(super) fn random() -> Result<[u8; 32], Failure> {
    random_bytes().map_err(|error| {
        Failure::new(FailureKind::Failed, format!("the system gives no random numbers: {error}"))
    })
}

/// The same, for the server.
pub(super) fn random_bytes() -> std::io::Result<[u8; 32]> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    Ok(random)
}

/// Where there is no browser, the link that was printed has to do.
pub(super) fn open_browser(link: &str) {
    if let Err(error) = open::that_detached(link) {
        tracing::info!("no browser could be started: {error}");
    }
}

/// Makes plans and carries them out as the command line does.
pub(super) struct OwnActions<'a> {
    pub context: &'a Context<'a>,
    pub library: Library,
    pub to: Option<PathBuf>,
    pub carry: bool,
    pub cancel: Arc<AtomicBool>,
}

impl Actions for OwnActions<'_> {
    fn propose(
        &mut self,
        findings: &Findings,
        action: ActionKind,
        progress: &dyn Progress,
    ) -> Result<Proposed, Problem> {
        let wanted = ProposalOptions {
            action,
            destination: self.to.clone().filter(|_| action.has_destination()),
            base: self.context.folder.clone(),
            label: run_label(),
            delete_unquarantined: false,
            carry: self.carry,
        };
        let proposal = findings.plan(&wanted, progress);
        let mut left = proposal.left;
        left.extend(proposal.not_carried);
        Ok(Proposed { plan: proposal.plan, left, notes: Vec::new() })
    }

    fn carry_out(&mut self, plan: &Plan, progress: &dyn Progress) -> Result<JobResult, Problem> {
        let cancel = Arc::clone(&self.cancel);
        let acting = self.context.acting(&cancel)?;
        let applied = plan.apply(&mut self.library, &Acting { progress, ..acting });
        Ok(done(plan, &applied.map_err(Failure::from)?))
    }

    fn undo(&mut self, run: &str, progress: &dyn Progress) -> Result<JobResult, Problem> {
        let runs = self.context.runs_folder()?;
        let mut log = RunLog::read(&runs, run)?;
        let undone = log.plan(&runs)?;
        if !log.ended {
            // What it was at when it was killed is brought to an end first; nothing new begins.
            let cancel = Arc::clone(&self.cancel);
            let acting = self.context.acting(&cancel)?;
            log = self.library.settle(&log, &undone, &acting).map_err(Failure::from)?;
        }
        let undo =
            clean_backup::act::undo::undo(&log, &undone, &Disk::default(), &self.context.folder);
        let left = undo.left.iter().map(|left| format!("{}: {}", for_people(&left.path), left.why));
        let mut problems: Vec<String> = left.collect();
        if undo.plan.actions.is_empty() {
            return Ok(JobResult { problems, ..JobResult::default() });
        }
        let mut done = self.carry_out(&undo.plan, progress)?;
        problems.append(&mut done.problems);
        Ok(JobResult { problems, ..done })
    }
}

pub(super) fn done(plan: &Plan, applied: &Applied) -> JobResult {
    let mut problems: Vec<String> =
        applied.not_done.iter().map(|not_done| not_done.reason.clone()).collect();
    if let Some(error) = &applied.journal_failure {
        problems.push(format!("the journal cannot be written: {error}"));
    }
    if applied.left > 0 {
        problems.push(format!(
            "interrupted; {} were not begun; finish with: clean-backup resume {}",
            applied.left, applied.run
        ));
    }
    let went = acted_on(plan, applied).filter(|a| a.action != ActionKind::WriteSidecar);
    let sources = went.flat_map(|action| &action.files);
    JobResult {
        run: applied.run.clone(),
        files: applied.files,
        bytes: applied.bytes,
        sources: sources.map(|file| plan.base.0.join(&file.source.path)).collect(),
        problems,
    }
}
