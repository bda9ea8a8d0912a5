//! The review page: finds, serves, opens a browser, and does what the page asks for.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clean_backup::act::apply::Applied;
use clean_backup::act::journal::RunLog;
use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::act::proposal::{Wish, propose};
use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::decisions::Decisions;
use clean_backup::files::fsops::Disk;
use clean_backup::model::event::Progress;
use clean_backup::model::findings::Report;
use clean_backup::model::path_text::for_people;
use clean_backup::model::readable::{count, human_bytes};
use clean_backup::review::{Done, Hands, Patience, Proposed, Secret, Served, Session, serve};

use super::act::{carry_out_confirmed, now_utc, runs_folder};
use super::args::Review;
use super::failure::{Failure, Kind, Outcome};
use super::find::{Compared, Found, decisions_file, find, of_decisions};
use super::render;
use super::run::{Context, destination, scan_options};

/// Serves the review page until it is closed, or Ctrl-C.
///
/// # Errors
/// What keeps it from being served.
pub fn run(context: &Context<'_>, options: &Review) -> Result<Outcome, Failure> {
    let allow_empty = options.allow_empty;
    let compared = Compared { acts: true, allow_empty, ..Compared::from(&options.compared) };
    let to = destination(context, options.to.as_deref(), &compared.references)?;
    // Before hours of hashing.
    let listener = listen(options.port)?;
    let decisions = match decisions_file(context) {
        Some(file) => Some(Decisions::open(&file).map_err(|error| of_decisions(&error))?),
        None => {
            tracing::warn!("no home folder is known: what you decide is not kept");
            None
        }
    };
    let not_into: Vec<PathBuf> = to.iter().cloned().collect();
    let Found { report, cache, cancel, scanned } =
        find(context, &compared, &not_into, Instant::now())?;
    if report.groups.is_empty() {
        let skipped = match report.skipped.len() as u64 {
            0 => String::new(),
            skipped => {
                format!("{} could not be read: see clean-backup dedupe.\n", count(skipped, "file"))
            }
        };
        render::print(&format!("No duplicates found: there is nothing to review.\n{skipped}"))?;
        return Ok(scanned);
    }
    let failed = |error: std::io::Error| {
        Failure::new(Kind::Failed, format!("the page cannot be served: {error}"))
    };
    let port = listener.local_addr().map_err(failed)?.port();
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        Failure::new(Kind::Failed, format!("the system gives no random numbers: {error}"))
    })?;
    let secret = Secret::new(random);
    let link = secret.link(port);
    render::print(&format!(
        "{}.\nReview them at {link}\n\
         The link works once, on this machine. Ctrl-C, or closing the program, loses no decision.\n",
        extent(&report),
    ))?;
    let mut hands = OwnHands { context, cache, to, cancel: Arc::clone(&cancel) };
    let session = Session::new(report, context.folder.clone(), decisions)
        .map_err(|error| of_decisions(&error))?;
    if !options.no_open && context.asks {
        open_browser(&link);
    }
    let decode = scan_options(&context.settings)?.decode;
    let patience = Patience::default();
    let served = Served { listener, secret, decode, patience, cancel: &cancel };
    serve(session, served, &mut hands).map_err(failed)?;
    if cancel.load(Ordering::Relaxed) {
        return Err(Failure::new(Kind::Interrupted, "the review page is closed")
            .hint("what you decided is kept; the same command shows it again"));
    }
    Ok(scanned)
}

/// What was found, in a line.
fn extent(report: &Report) -> String {
    let summary = report.summary();
    let (duplicates, groups) =
        (count(summary.duplicates, "duplicate"), count(summary.groups, "group"));
    let skipped = match summary.skipped {
        0 => String::new(),
        skipped => format!("; {} could not be read", count(skipped, "file")),
    };
    format!("{duplicates} in {groups}, {} to free{skipped}", human_bytes(summary.reclaimable_bytes))
}

/// On this machine alone.
fn listen(port: Option<u16>) -> Result<TcpListener, Failure> {
    let port = port.unwrap_or(0);
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        Failure::new(Kind::Failed, format!("port {port} cannot be used: {error}"))
            .hint("leave --port out to get one that is free")
    })
}

/// Where there is no browser, the link that was printed has to do.
fn open_browser(link: &str) {
    if let Err(error) = open::that_detached(link) {
        tracing::info!("no browser could be started: {error}");
    }
}

/// Makes plans and carries them out as the command line does.
struct OwnHands<'a> {
    context: &'a Context<'a>,
    cache: Cache,
    to: Option<PathBuf>,
    cancel: Arc<AtomicBool>,
}

fn text(failure: &Failure) -> String {
    failure.to_string()
}

impl Hands for OwnHands<'_> {
    fn propose(
        &mut self,
        report: &Report,
        action: ActionKind,
        progress: &dyn Progress,
    ) -> Result<Proposed, String> {
        let wish = Wish {
            action,
            destination: self.to.clone().filter(|_| action.has_destination()),
            base: self.context.folder.clone(),
            label: now_utc().chars().filter(char::is_ascii_digit).collect(),
            delete_unquarantined: false,
        };
        let proposal = propose(report, &wish, progress);
        let left = proposal.left.into_iter().map(|left| (left.path, left.why)).collect();
        Ok(Proposed { plan: proposal.plan, left })
    }

    fn carry_out(&mut self, plan: &Plan, progress: &dyn Progress) -> Result<Done, String> {
        let (context, cancel) = (self.context, Arc::clone(&self.cancel));
        let applied = carry_out_confirmed(context, plan, &mut self.cache, &cancel, progress);
        Ok(done(plan, &applied.map_err(|failure| text(&failure))?))
    }

    fn undo(&mut self, run: &str, progress: &dyn Progress) -> Result<Done, String> {
        let runs = runs_folder(self.context).map_err(|failure| text(&failure))?;
        let log = RunLog::read(&runs, run).map_err(|error| error.to_string())?;
        let undone = log.plan(&runs).map_err(|error| error.to_string())?;
        let undo =
            clean_backup::act::undo::undo(&log, &undone, &Disk::default(), &self.context.folder);
        let left = undo.left.iter().map(|left| format!("{}: {}", for_people(&left.path), left.why));
        let mut problems: Vec<String> = left.collect();
        if undo.plan.actions.is_empty() {
            return Ok(Done { problems, ..Done::default() });
        }
        let mut done = self.carry_out(&undo.plan, progress)?;
        problems.append(&mut done.problems);
        Ok(Done { problems, ..done })
    }
}

fn done(plan: &Plan, applied: &Applied) -> Done {
    let mut problems: Vec<String> =
        applied.not_done.iter().map(|not_done| not_done.reason.clone()).collect();
    if let Some(error) = &applied.journal_failure {
        problems.push(format!("the journal cannot be written: {error}"));
    }
    if applied.left > 0 {
        problems.push(format!(
            "interrupted; {} were not begun; go on with: clean-backup resume {}",
            applied.left, applied.run
        ));
    }
    let kept: Vec<&Path> = applied.not_done.iter().map(|n| n.path.as_path()).collect();
    let acted = plan.actions.iter().filter(|action| {
        action.files.first().is_some_and(|first| !kept.contains(&first.source.path.as_path()))
    });
    let sources = acted.flat_map(|action| &action.files);
    Done {
        run: applied.run.clone(),
        files: applied.files,
        bytes: applied.bytes,
        sources: sources.map(|file| plan.base.0.join(&file.source.path)).collect(),
        problems,
    }
}
