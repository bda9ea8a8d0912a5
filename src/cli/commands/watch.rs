//! `watch`: files what arrives in a folder, once it has come to rest.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clean_backup::act::journal::{self, RunLog};
use clean_backup::act::plan::{ActionKind, Origin, Plan};
use clean_backup::files::atomic_file;
use clean_backup::files::real_paths::real_path;
use clean_backup::files::walk::{WalkOptions, walk};
use clean_backup::library::{ImportOptions, Library, Monitor};
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::count;
use clean_backup::organize::Organized;

use super::organize::{self, DateRules};
use crate::cli::args::WatchArgs;
use crate::cli::ask::{Answer, ask};
use crate::cli::context::{Context, now};
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::{OutputMode, finish};
use crate::cli::watching::notices::Notices;
use crate::cli::watching::plans;
use crate::cli::watching::service;
use crate::cli::watching::settling::Settling;
use crate::cli::{interrupt, render};

/// After a change, so long is waited for the next: a folder that is copied tells of each file.
const SOON: Duration = Duration::from_millis(300);
/// At least so often the folder is looked at, whatever the system tells: network drives tell little.
const RECHECK: Duration = Duration::from_secs(30);
/// After a failure: another run may hold the lock, or a drive may be away.
const RETRY: Duration = Duration::from_secs(10);
/// The file whose time says that a watch is at work.
const ALIVE: &str = "watch.alive";
/// Older than this, it says the opposite.
const DEAD: i64 = 120;

/// Watches until it is told to end.
///
/// # Errors
/// What keeps it from beginning.
pub fn run(context: &Context<'_>, options: &WatchArgs) -> Result<Outcome, Failure> {
    if options.health {
        return health(context);
    }
    let (Some(source), Some(destination)) = (&options.source, &options.destination) else {
        return Err(Failure::new(FailureKind::Usage, "watch needs SRC and DEST"));
    };
    let dates = DateRules::resolve(&options.filing)?;
    let folders: (&Path, &Path) = (source, destination);
    let import = organize::resolve(context, folders, options.moves, &options.filing)?;
    let source = real_path(&import.source);
    let source = source.map_err(|error| Failure::from_named(&import.source, &error))?;
    let folders = options.plan_only.iter().chain([&source]);
    if let Some(file) = folders.into_iter().find(|folder| !folder.is_dir()) {
        let message = format!("{} is not a folder", for_people(file));
        return Err(Failure::new(FailureKind::Usage, message));
    }
    if source == import.destination {
        let message = "SRC and DEST are one folder: what is filed would arrive again";
        return Err(Failure::new(FailureKind::Usage, message));
    }
    if let Some(manager) = options.print_service {
        render::print(&service::unit(manager, &command_line(context, options)))?;
        return Ok(Outcome::Done);
    }
    let import = ImportOptions { source, ..import };
    if options.plan_only.is_none() && confirm(context, &import)? == Answer::No {
        render::print("Nothing was changed.\n")?;
        return Ok(Outcome::Declined);
    }
    let cancel = interrupt::watch()?;
    let library = context.hashing_library()?;
    let settling = Settling::new(options.settle);
    let plans = options.plan_only.clone();
    let mut watch = Watch { context, import, dates, plans, library, settling, cancel };
    watch.finish_interrupted();
    watch.go_on()?;
    tracing::info!("the watch has ended");
    Ok(Outcome::Done)
}

/// Whether what arrives is to be filed from now on, without being asked again.
fn confirm(context: &Context<'_>, import: &ImportOptions) -> Result<Answer, Failure> {
    if context.yes {
        return Ok(Answer::Yes);
    }
    let places = context.places();
    let verb = if import.action == ActionKind::Move { "move" } else { "copy" };
    let (from, to) = (places.show(&import.source), places.show_destination(&import.destination));
    if !context.asks {
        let message = format!(
            "to {verb} what arrives in {from} into {to} needs confirmation, but this is not a \
             terminal"
        );
        return Err(Failure::new(FailureKind::Refused, message)
            .hint("add --yes to do it, or --plan-only DIR to write plans"));
    }
    let verb = if import.action == ActionKind::Move { "Move" } else { "Copy" };
    ask(&format!("{verb} what arrives in {from} into {to} from now on? [y/N] "))
}

/// The command line of a service: this one, with absolute paths and without questions.
fn command_line(context: &Context<'_>, options: &WatchArgs) -> Vec<OsString> {
    let named = options.source.iter().chain(&options.destination).chain(&options.plan_only);
    let named: Vec<&PathBuf> = named.collect();
    let program = std::env::current_exe().unwrap_or_else(|_| "clean-backup".into());
    let mut words = vec![program.into_os_string()];
    let mut typed = std::env::args_os().skip(1);
    while let Some(word) = typed.next() {
        match word.to_str() {
            Some("--print-service") => drop(typed.next()),
            Some(flag) if flag.starts_with("--print-service=") => {}
            _ if named.contains(&&PathBuf::from(&word)) => {
                let whole: PathBuf = context.folder.join(&word).components().collect();
                words.push(whole.into_os_string());
            }
            _ => words.push(word),
        }
    }
    if options.plan_only.is_none() && !context.yes {
        words.push("--yes".into());
    }
    words
}

/// Whether a watch has looked at its folder lately, or some run is under way.
fn health(context: &Context<'_>) -> Result<Outcome, Failure> {
    let last = std::fs::read_to_string(context.state_folder()?.join(ALIVE));
    let last: Option<i64> = last.ok().and_then(|text| text.trim().parse().ok());
    let never = AtomicBool::new(false);
    if last.is_some_and(|last| (0..=DEAD).contains(&(now() - last)))
        || context.acting(&never)?.lock().is_err()
    {
        return Ok(Outcome::Done);
    }
    Err(Failure::new(FailureKind::Failed, "no watch is at work"))
}

struct Watch<'a> {
    context: &'a Context<'a>,
    import: ImportOptions,
    dates: DateRules,
    /// Where plans go, if they are not carried out.
    plans: Option<PathBuf>,
    library: Library,
    settling: Settling,
    cancel: Arc<AtomicBool>,
}

impl Watch<'_> {
    /// Finishes a run that was killed while it filed into this destination.
    fn finish_interrupted(&mut self) {
        if let Err(failure) = self.try_finish_interrupted() {
            tracing::warn!("{}", one_line(&failure.message));
        }
    }

    fn try_finish_interrupted(&mut self) -> Result<(), Failure> {
        let failed = |error| Failure::from_journal(&error);
        let runs = self.context.runs_folder()?;
        let Some(run) = journal::interrupted(&runs).map_err(failed)? else { return Ok(()) };
        let log = RunLog::read(&runs, &run).map_err(failed)?;
        let plan = log.plan(&runs).map_err(failed)?;
        let is_here = |to: &Path| to == self.import.destination;
        let here = plan.destinations.iter().any(|to| is_here(&plan.resolve(&to.0)));
        if log.origin != Origin::Organize || !here || self.plans.is_some() {
            return Ok(());
        }
        let acting = self.context.acting(&self.cancel)?;
        if let Some((plan, applied)) = self.library.resume(Some(&run), &acting)? {
            finish(&plan, &applied, OutputMode::Text)?;
        }
        Ok(())
    }

    /// Looks, files and waits, until it is told to end.
    fn go_on(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        let (notices, trouble) = Notices::of(&self.import.source);
        if let Some(why) = trouble {
            let every = RECHECK.as_secs();
            tracing::warn!("{}; the folder is looked at every {every} s instead", one_line(&why));
        }
        let mut planned = match &self.plans {
            Some(folder) => plans::planned(folder)?,
            None => Vec::new(),
        };
        let mut away = false;
        while !self.cancel.load(Ordering::Relaxed) {
            self.show_life();
            let mut wait = RECHECK;
            if self.import.source.is_dir() {
                away = false;
                self.look(start.elapsed());
                for (path, stamp) in planned.drain(..) {
                    self.settling.handled_as(&path, stamp);
                }
                let only = self.settling.at_rest(start.elapsed());
                if !only.is_empty() && !self.file_all(only) {
                    wait = RETRY;
                } else if let Some(next) = self.settling.next(start.elapsed()) {
                    wait = next.clamp(SOON, RECHECK);
                }
            } else if !away {
                away = true;
                tracing::warn!("{} is away; waiting for it", for_people(&self.import.source));
            }
            notices.wait(SOON, wait, &self.cancel);
        }
        Ok(())
    }

    fn show_life(&self) {
        let Some(state) = &self.context.state else { return };
        if let Err(error) = atomic_file::replace(&state.join(ALIVE), now().to_string().as_bytes()) {
            tracing::debug!("{ALIVE}: {error}");
        }
    }

    /// Takes in what is in the folder now.
    fn look(&mut self, now: Duration) {
        let options = WalkOptions {
            all: true,
            skip_dirs: vec![self.import.destination.clone()],
            ..self.library.walk_options().clone()
        };
        let walked =
            walk(std::slice::from_ref(&self.import.source), &options, &|_| {}, &self.cancel);
        if !walked.interrupted {
            let files = walked.files.into_iter().map(|file| (file.path, file.stamp));
            self.settling.observe(files, now);
        }
    }

    /// Files these, and whatever belongs to them; false where that has to be tried again.
    fn file_all(&mut self, only: HashSet<PathBuf>) -> bool {
        match self.try_file(&only) {
            Ok(true) => {
                self.settling.handled(&only);
                true
            }
            // Something changed while it was planned: it will come to rest again.
            Ok(false) => true,
            Err(failure) if failure.kind == FailureKind::Interrupted => true,
            Err(failure) => {
                tracing::warn!("{}; trying again", one_line(&failure.message));
                false
            }
        }
    }

    fn try_file(&mut self, only: &HashSet<PathBuf>) -> Result<bool, Failure> {
        let import = ImportOptions { only: Some(only.clone()), ..self.import.clone() };
        let monitor = Monitor::quiet(&self.cancel);
        let organized = self
            .dates
            .judge(|judge| self.library.import(&import, judge, monitor))
            .map_err(Failure::from)?;
        if !self.is_as_seen(&organized.plan) {
            return Ok(false);
        }
        told(&organized);
        if organized.plan.actions.is_empty() {
            return Ok(true);
        }
        if let Some(folder) = &self.plans {
            let label = super::dedupe::run_label();
            let file = plans::keep(folder, &label, &organized.plan)?;
            let files = count(organized.plan.extent().files, "file");
            render::print(&format!("{files} planned: {}\n", for_people(&file)))?;
            return Ok(true);
        }
        let acting = self.context.acting(&self.cancel)?;
        let applied = organized.plan.apply(&mut self.library, &acting)?;
        finish(&organized.plan, &applied, OutputMode::Text)?;
        Ok(true)
    }

    /// Whether every file of the plan is as it was when it had come to rest.
    fn is_as_seen(&self, plan: &Plan) -> bool {
        let members = plan.actions.iter().flat_map(|action| &action.files);
        let mut sources = members.map(|m| (plan.resolve(&m.source.path), m.source.stamp));
        sources.all(|(path, stamp)| self.settling.is_as_seen(&path, stamp))
    }
}

/// Says what stays where it is, and why.
fn told(organized: &Organized) {
    for skip in &organized.skipped {
        tracing::warn!("left alone: {}: {}", for_people(&skip.path), one_line(&skip.reason));
    }
    let figures = organized.figures();
    for (what, files) in [
        ("in the library already", figures.already_there.files + figures.twins.files),
        ("identical to other incoming files", figures.identical.files),
        ("removed before", figures.removed.files),
    ] {
        if files > 0 {
            tracing::info!("left where they are, {what}: {}", count(files, "file"));
        }
    }
}
