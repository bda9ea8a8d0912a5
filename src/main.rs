//! The command line of Clean-Backup.

mod cli;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::config::Value;
use clap::{CommandFactory as _, Parser as _};
use clap_complete::env::{CompleteEnv, Shells};
use clean_backup::files::online_only::forbid_downloads;
use clean_backup::model::path_text::one_line;

use cli::args::{Command, ProgramArgs};
use cli::commands::{self, dedupe::DedupeRequest};
use cli::context::Context;
use cli::environment::ProcessEnvironment;
use cli::failure::{Failure, FailureKind, Outcome};
use cli::progress::CurrentBars;

/// Set by the completion scripts, to the name of their shell.
const COMPLETING: &str = "_CLEAN_BACKUP_COMPLETE";

fn main() -> ExitCode {
    if std::env::var_os(COMPLETING).is_some() {
        // Prints the candidates, and ends the process.
        CompleteEnv::with_factory(ProgramArgs::command).var(COMPLETING).complete();
    }
    // Consoles of Windows print escape sequences as they are, unless asked.
    #[cfg(windows)]
    let _ = anstyle_query::windows::enable_ansi_colors();
    let environment = ProcessEnvironment::from_process();
    let dropped = dropped_folders(&environment);
    let parsed = match &dropped {
        Some(_) => ProgramArgs::try_parse_from(std::env::args_os().take(1)),
        None => ProgramArgs::try_parse(),
    };
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return wrong_usage(&error),
    };
    match run(&args, &dropped.unwrap_or_default(), &environment) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(failure) => failure.report(),
    }
}

/// The folders that were dropped onto the program in a file manager, which starts it with their
/// paths alone, and in a terminal of its own.
fn dropped_folders(environment: &ProcessEnvironment) -> Option<Vec<OsString>> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let is_folder = |word: &OsString| Path::new(word).is_absolute() && Path::new(word).is_dir();
    (environment.is_attended() && !words.is_empty() && words.iter().all(is_folder)).then_some(words)
}

/// Tells what is wrong with the arguments, or the help that they ask for.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    let harmless = |argument: OsString| {
        argument.to_str().is_some_and(|text| text.split('\n').all(|line| one_line(line) == line))
    };
    if std::env::args_os().all(harmless) {
        // With colours, and to where each belongs.
        error.exit();
    }
    // A name that a shell put in the place of `*` may hold anything.
    let text = error.render().to_string();
    let _ = writeln!(io::stderr(), "{}", text.lines().map(one_line).collect::<Vec<_>>().join("\n"));
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn run(
    args: &ProgramArgs,
    dropped: &[OsString],
    environment: &ProcessEnvironment,
) -> Result<Outcome, Failure> {
    let global = &args.global;
    let asked = match &global.color {
        Some(Value::Word("always")) => Some(true),
        Some(Value::Word("never")) => Some(false),
        _ => None,
    };
    let colour = colour(asked, environment.stderr_is_terminal, environment);
    let bars = CurrentBars::default();
    cli::log::start(global, &bars, colour, environment.state_folder().as_deref());
    let dispatch = |args: &ProgramArgs| dispatch(args, environment, &bars);
    match &args.command {
        None if environment.is_attended() => {
            // What was dropped is no flag.
            let words = match dropped {
                [] => std::env::args_os().skip(1).collect(),
                _ => Vec::new(),
            };
            let settings = cli::location::settings(args, environment)?;
            cli::menu::run(&words, dropped, &settings, environment, colour, &dispatch)
        }
        _ => dispatch(args),
    }
}

/// Unless asked otherwise: on a terminal, where NO_COLOR is not set.
fn colour(asked: Option<bool>, terminal: bool, environment: &ProcessEnvironment) -> bool {
    asked.unwrap_or(terminal && environment.get("NO_COLOR").is_none())
}

/// From what was typed to what does it.
fn dispatch(
    args: &ProgramArgs,
    environment: &ProcessEnvironment,
    current: &CurrentBars,
) -> Result<Outcome, Failure> {
    let global = &args.global;
    let shown = environment.stderr_is_terminal && !global.no_progress && !global.quiet;
    let bars = current.begin(shown);
    let context = || -> Result<Context<'_>, Failure> {
        let settings = match &args.command {
            // Every machine decides alike, whatever is configured there.
            #[cfg(feature = "kernel")]
            Some(Command::Kernel(_)) => cli::location::settings_of_flags(args),
            _ => cli::location::settings(args, environment)?,
        };
        let folder = std::env::current_dir().map_err(|error| {
            Failure::new(FailureKind::Failed, format!("the current folder cannot be told: {error}"))
        })?;
        if !settings.download_placeholders {
            forbid_downloads();
        }
        let stdout_is_terminal = environment.stdout_is_terminal;
        Ok(Context {
            colour: colour(settings.color, stdout_is_terminal, environment),
            verbose: global.verbose > 0,
            settings,
            progress: &bars,
            stdout_is_terminal,
            yes: global.yes,
            no_cache: global.no_cache,
            asks: environment.stdin_is_terminal && environment.stderr_is_terminal,
            folder,
            home: environment.home(),
            state: environment.state_folder(),
        })
    };

    match &args.command {
        None => help(),
        Some(Command::Scan(scan)) => commands::scan::run(&context()?, &scan.as_ref().into()),
        Some(Command::Dedupe(dedupe)) => {
            let context = context()?;
            let options = DedupeRequest::resolve(dedupe, &context.settings)?;
            commands::dedupe::run(&context, &options)
        }
        Some(Command::Review(review)) => commands::review::run(&context()?, review),
        Some(Command::App(app)) => commands::app::run(&context()?, app, args, environment),
        Some(Command::Organize(organize)) => commands::organize::run(&context()?, organize),
        Some(Command::Watch(watch)) => commands::watch::run(&context()?, watch),
        Some(Command::Covered(covered)) => commands::covered::run(&context()?, covered),
        Some(Command::Apply(apply)) => commands::apply::run(&context()?, apply),
        Some(Command::Resume(resume)) => commands::resume::run(&context()?, resume),
        Some(Command::Undo(undo)) => commands::undo::run(&context()?, undo),
        Some(Command::Quarantine(command)) => commands::quarantine::run(&context()?, command),
        Some(Command::History(history)) => commands::history::run(&context()?, history),
        Some(Command::Logs(logs)) => commands::logs::run(&context()?, logs),
        Some(Command::Similar(similar)) => commands::similar::run(&context()?, similar),
        Some(Command::Config(command)) => commands::config::run(command, args, environment),
        Some(Command::Cache(command)) => commands::cache::run(&context()?, command),
        #[cfg(feature = "kernel")]
        Some(Command::Kernel(command)) => commands::kernel::run(&context()?, command),
        Some(Command::Doctor { format }) => commands::doctor::run(&context()?, *format),
        Some(Command::Completions { shell }) => completions(*shell),
        Some(Command::Man) => manual(),
    }
}

fn help() -> Result<Outcome, Failure> {
    cli::render::print(&ProgramArgs::command().render_help().to_string())?;
    Ok(Outcome::Done)
}

fn completions(shell: clap_complete::Shell) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    let name = env!("CARGO_PKG_NAME");
    if let Some(shell) = Shells::builtins().completer(&shell.to_string()) {
        shell
            .write_registration(COMPLETING, name, name, name, &mut script)
            .map_err(|error| Failure::from_output(&error))?;
    }
    cli::render::print_bytes(&script)?;
    Ok(Outcome::Done)
}

fn manual() -> Result<Outcome, Failure> {
    let mut page = Vec::new();
    write_manual(&mut page).map_err(|error| Failure::from_output(&error))?;
    cli::render::print_bytes(&page)?;
    Ok(Outcome::Done)
}

/// The overview, then each subcommand with its options, on one page.
fn write_manual(page: &mut Vec<u8>) -> io::Result<()> {
    let mut command = ProgramArgs::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(page)?;
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_bin_name().unwrap_or(subcommand.get_name()).to_uppercase();
        writeln!(page, ".SH \"{name}\"")?;
        let manual = clap_mangen::Man::new(subcommand.clone());
        manual.render_description_section(page)?;
        manual.render_synopsis_section(page)?;
        if subcommand.has_subcommands() {
            manual.render_subcommands_section(page)?;
        }
        manual.render_options_section(page)?;
    }
    Ok(())
}
