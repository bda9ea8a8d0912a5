//! The whole program as a page in the browser.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clean_backup::act::layout::Template;
use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::catalogue::decisions::Decisions;
use clean_backup::files::real_paths::real_path;
use clean_backup::library::{DuplicateOptions, ImportOptions, Monitor};
use clean_backup::model::event::Progress;
use clean_backup::model::findings::Findings;
use clean_backup::model::policy::{Policy, Sensitivity};
use clean_backup::review::{
    Actions, Filing, Gate, JobResult, PasswordHash, Patience, Problem, Proposed, Search, Secret,
    Served, Session, serve,
};

use super::desk::OwnDesk;
use super::filing::{left_alone, notes};
use super::organize::DateRules;
use super::review::{OwnActions, done, listen, open_browser, random, random_bytes};
use super::running::{RunningPages, key};
use crate::cli::args::{AppArgs, ProgramArgs};
use crate::cli::context::Context;
use crate::cli::environment::ProcessEnvironment;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::location::{Location, settings};
use crate::cli::{interrupt, render};

/// Serves the page of the whole program until it is closed, or Ctrl-C.
///
/// # Errors
/// What keeps it from being served.
pub fn run(
    context: &Context<'_>,
    options: &AppArgs,
    args: &ProgramArgs,
    environment: &ProcessEnvironment,
) -> Result<Outcome, Failure> {
    let mut named = Vec::new();
    for folder in &options.folders {
        let real = real_path(folder).map_err(|error| Failure::from_named(folder, &error))?;
        named.push(real);
    }
    let state = context.state_folder()?.to_owned();
    let desk = Arc::new(OwnDesk {
        named,
        home: environment.home(),
        runs: context.runs_folder()?,
        search: state.join("app-search.json"),
        location: Location::from_args(args, environment),
        args: args.layer(),
        environment: environment.clone(),
    });
    let password = options.listen.map(|_| password(context)).transpose()?;
    let running = RunningPages::of(&state, "app", "");
    if options.listen.is_none()
        && let Some(link) = running.another_link()
    {
        render::print(&format!("It is running already. Open it at {link}\n"))?;
        if !options.no_open && context.asks {
            open_browser(&link);
        }
        return Ok(Outcome::Done);
    }
    let listener = match options.listen {
        Some(address) => TcpListener::bind(address).map_err(|error| {
            Failure::new(FailureKind::Failed, format!("{address} cannot be used: {error}"))
        })?,
        None => listen(options.port)?,
    };
    let failed = |error: std::io::Error| {
        Failure::new(FailureKind::Failed, format!("the page cannot be served: {error}"))
    };
    let port = listener.local_addr().map_err(failed)?.port();
    let cancel = interrupt::watch()?;
    let library = context.library()?;
    let to = None;
    let own = OwnActions { context, library, to, carry: true, cancel: Arc::clone(&cancel) };
    let mut actions = AppActions { own, desk: Arc::clone(&desk), args, environment };
    let gate = match password {
        Some(hash) => {
            render::print(&format!(
                "Open it at http://{} and log in.\n\
                 The connection is not encrypted: outside of a network that you trust, put a proxy with \
                 TLS in front of it.\n",
                listener.local_addr().map_err(failed)?
            ))?;
            Gate::password(hash, options.host.clone(), random_bytes)
        }
        None => {
            let key = key(random()?);
            let secret = Secret::new(random()?).with_key(key.clone());
            running.note(port, &key);
            let link = secret.link(port);
            render::print(&format!(
                "Open it at {link}\n\
                 The link works once, on this machine. Start the same command again for another one. \
                 Ctrl-C ends the program; what was decided is kept.\n"
            ))?;
            if !options.no_open && context.asks {
                open_browser(&link);
            }
            Gate::link(secret, random_bytes)
        }
    };
    let served = Served {
        listener,
        gate,
        decode: context.decode_options(),
        patience: Patience::default(),
        cancel: Arc::clone(&cancel),
        desk: Some(desk),
    };
    serve(Session::empty(context.folder.clone()), served, &mut actions).map_err(failed)?;
    if cancel.load(Ordering::Relaxed) {
        return Err(Failure::new(FailureKind::Interrupted, "the page is closed")
            .hint("what was under way can be finished the next time"));
    }
    Ok(Outcome::Done)
}

/// The hash of the password that is configured.
fn password(context: &Context<'_>) -> Result<PasswordHash, Failure> {
    let refused = |message: String| {
        Failure::new(FailureKind::Refused, message)
            .hint("set a password with: clean-backup config set-password")
    };
    let Some(hash) = &context.settings.password_hash else {
        return Err(refused(
            "--listen serves the page to other machines only with a password".into(),
        ));
    };
    hash.parse().map_err(|why| refused(format!("password_hash: {why}")))
}

/// Does what the page asks for, as the command line does.
struct AppActions<'a> {
    own: OwnActions<'a>,
    desk: Arc<OwnDesk>,
    args: &'a ProgramArgs,
    environment: &'a ProcessEnvironment,
}

impl AppActions<'_> {
    /// With the settings as they are now: the page changes them.
    fn fresh(&self) -> Result<Context<'_>, Failure> {
        let settings = settings(self.args, self.environment)?;
        Ok(Context { settings, ..self.own.context.clone() })
    }
}

impl Actions for AppActions<'_> {
    fn propose(
        &mut self,
        findings: &Findings,
        action: ActionKind,
        progress: &dyn Progress,
    ) -> Result<Proposed, Problem> {
        self.own.propose(findings, action, progress)
    }

    fn carry_out(&mut self, plan: &Plan, progress: &dyn Progress) -> Result<JobResult, Problem> {
        self.own.carry_out(plan, progress)
    }

    fn undo(&mut self, run: &str, progress: &dyn Progress) -> Result<JobResult, Problem> {
        self.own.undo(run, progress)
    }

    fn find(
        &mut self,
        search: &Search,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Session, Problem> {
        self.desk.begin(search)?;
        let context = self.fresh()?;
        let settings = &context.settings;
        let mut options = DuplicateOptions::new(&search.roots);
        options.references = search.references.clone();
        options.policy = match search.sensitivity.as_deref() {
            Some(name) => {
                let wanted: Sensitivity = name.parse()?;
                Policy::from_threshold(wanted.threshold())
            }
            None => settings.policy,
        };
        options.any_orientation = settings.any_orientation;
        options.include_bursts = settings.include_bursts;
        options.include_alike = settings.include_alike;
        options.include_unsure = settings.include_unsure;
        options.include_films = settings.include_films;
        options.deep = settings.deep;
        options.keep = settings.keep.clone();
        options.acts = true;
        let mut library = context.hashing_library()?;
        let monitor = Monitor { progress, cancel: stop, leftovers: &|_| () };
        let findings = match library.duplicates(&options, monitor) {
            Ok(findings) => findings,
            Err(error) => {
                // What was stopped is gone on with; what failed would fail again.
                if !stop.load(Ordering::Relaxed) {
                    self.desk.end();
                }
                return Err(Failure::from(error).into());
            }
        };
        let decisions = context.decisions_file().map(|file| Decisions::open(&file)).transpose()?;
        let session = Session::new(findings, context.folder.clone(), decisions)?;
        self.own.library = library;
        self.desk.end();
        Ok(session)
    }

    fn file(
        &mut self,
        filing: &Filing,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Proposed, Problem> {
        let context = self.fresh()?;
        let import = ImportOptions {
            action: if filing.moves { ActionKind::Move } else { ActionKind::Copy },
            template: Template::parse(&filing.template)?,
            policy: context.settings.policy,
            any_orientation: context.settings.any_orientation,
            journals: Some(context.runs_folder()?),
            ..ImportOptions::new(&filing.source, context.real_folder(&filing.destination)?)
        };
        let dates = DateRules::here(!filing.no_file_dates);
        let mut library = context.hashing_library()?;
        let monitor = Monitor { progress, cancel: stop, leftovers: &|_| () };
        let organized = dates.judge(|judge| library.import(&import, judge, monitor));
        let organized = organized.map_err(Failure::from)?;
        self.own.library = library;
        Ok(Proposed {
            left: left_alone(&organized),
            notes: notes(&organized),
            plan: organized.plan,
        })
    }

    fn resume(&mut self, run: &str, progress: &dyn Progress) -> Result<JobResult, Problem> {
        let cancel = Arc::clone(&self.own.cancel);
        let acting = self.own.context.acting(&cancel)?;
        let acting = clean_backup::library::Acting { progress, ..acting };
        let resumed = self.own.library.resume(Some(run), &acting).map_err(Failure::from)?;
        let Some((plan, applied)) = resumed else { return Err("that run has finished".into()) };
        Ok(done(&plan, &applied))
    }
}
