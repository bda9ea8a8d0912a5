//! The menu: asks what is to be done, and does it by the same command that could have been typed,
//! which it shows at the end.
//!
//! It makes a line of words and gives that to the parser of the command line: so it can do nothing
//! that cannot be typed, and nothing without the same questions and checks.

mod paths;
mod questions;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser as _;
use clean_backup::act::journal;
use clean_backup::act::layout::DEFAULT_TEMPLATE;
use clean_backup::model::path_text::for_people;

use super::args::ProgramArgs;
use super::environment::ProcessEnvironment;
use super::failure::{Failure, FailureKind, Outcome};
use super::settings::Settings;
use super::shell_words::quoted;
use questions::{MenuChoice, Questions, choose};

/// Runs a command.
pub type Dispatch<'a> = dyn Fn(&ProgramArgs) -> Result<Outcome, Failure> + 'a;

/// What the first question offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Dedupe,
    Review,
    Organize,
    Settings,
    History,
    App,
    Quit,
}

struct Menu<'a> {
    /// Flags that the menu was started with.
    words: &'a [OsString],
    environment: &'a ProcessEnvironment,
    /// The sensitivity that is configured.
    sensitivity: String,
    dispatch: &'a Dispatch<'a>,
    questions: Questions,
}

/// Asks and does until somebody has enough. `words`: the flags that were typed; `dropped`: folders
/// that the program was given instead of a command.
///
/// # Errors
/// [`FailureKind::Interrupted`] on Ctrl-C. Failures of a command are printed, and the menu comes back.
pub fn run(
    words: &[OsString],
    dropped: &[OsString],
    settings: &Settings,
    environment: &ProcessEnvironment,
    colour: bool,
    dispatch: &Dispatch<'_>,
) -> Result<Outcome, Failure> {
    questions::prepare(colour);
    let sensitivity = settings.sensitivity.map_or_else(
        || format!("threshold {}", settings.policy.radius),
        |sensitivity| sensitivity.name().to_owned(),
    );
    let questions = Questions::new(environment.home(), colour, dropped.to_vec());
    let mut menu = Menu { words, environment, sensitivity, dispatch, questions };
    eprintln!("Clean-Backup. Esc goes back, Ctrl-C ends; no file is changed before you say so.\n");
    for folder in dropped {
        eprintln!("Folder: {}", for_people(Path::new(folder)));
    }
    loop {
        let modes = [
            MenuChoice("Find duplicates, and move them aside or remove them", Mode::Dedupe),
            MenuChoice("Review duplicates side by side in the browser", Mode::Review),
            MenuChoice("Organise by date", Mode::Organize),
            MenuChoice("Sensitivity and settings", Mode::Settings),
            MenuChoice("History and undo", Mode::History),
            MenuChoice("Do all of this in the browser", Mode::App),
            MenuChoice("Quit", Mode::Quit),
        ];
        let _went_back: Option<()> = match choose("What would you like to do?", &modes)? {
            Some(Mode::Dedupe) => menu.dedupe()?,
            Some(Mode::Review) => menu.review()?,
            Some(Mode::Organize) => menu.organize()?,
            Some(Mode::Settings) => menu.settings()?,
            Some(Mode::History) => menu.history()?,
            Some(Mode::App) => menu.run(&["app"].map(OsString::from))?,
            Some(Mode::Quit) | None => return Ok(Outcome::Done),
        };
        eprintln!();
    }
}

/// What can be done with duplicates.
const ACTIONS: [MenuChoice<'static, &str>; 5] = [
    MenuChoice("Move duplicates aside (quarantine): can be undone", "quarantine"),
    MenuChoice("Into the trash", "trash"),
    MenuChoice("Move duplicates into a folder: can be undone", "move"),
    MenuChoice("Replace identical ones by hard links: can be undone", "hardlink"),
    MenuChoice("Delete duplicates for good", "delete"),
];

/// What a dialogue comes to; `None` where somebody went back.
type MenuStep = Result<Option<()>, Failure>;

/// The value of an answer, or back to the first question.
macro_rules! answered {
    ($answer:expr) => {
        match $answer? {
            Some(value) => value,
            None => return Ok(None),
        }
    };
}

impl Menu<'_> {
    fn dedupe(&mut self) -> MenuStep {
        let mut words = vec![OsString::from("dedupe")];
        words.extend(answered!(self.questions.folders("Folder with pictures:")));
        answered!(self.reference(&mut words));
        answered!(self.sensitivity(&mut words));
        let mut actions = vec![
            MenuChoice("Show them, change nothing", "report"),
            MenuChoice("A page with pictures, change nothing", "html"),
        ];
        actions.extend(ACTIONS);
        let action = answered!(choose("What should be done with them?", &actions));
        let mut full = words.clone();
        answered!(self.action(&mut full, action));
        self.run(&full)?;
        if action != "report" {
            return Ok(Some(()));
        }
        // Nothing has to be found again for what was just shown.
        let mut actions = vec![MenuChoice("Nothing", "report")];
        actions.extend(ACTIONS);
        match answered!(choose("And now?", &actions)) {
            "report" => Ok(Some(())),
            action => {
                answered!(self.action(&mut words, action));
                self.run(&words)
            }
        }
    }

    /// A folder whose files always stay.
    fn reference(&self, words: &mut Vec<OsString>) -> MenuStep {
        let question = "Reference folder, whose files always stay (Enter for none):";
        let folder = answered!(self.questions.optional_folder(question));
        if !folder.is_empty() {
            words.extend(["--reference".into(), folder]);
        }
        Ok(Some(()))
    }

    fn action(&self, words: &mut Vec<OsString>, action: &str) -> MenuStep {
        match action {
            "report" => {}
            "html" => {
                let file = answered!(self.questions.text("Write the page to:", "report.html"));
                words.extend(["--format", "html", "-o"].map(OsString::from));
                words.push(file.into());
            }
            action => {
                words.extend(["--action", action].map(OsString::from));
                if action == "move" {
                    words.push("--to".into());
                    words.push(answered!(self.questions.new_folder("Folder to move them to:")));
                }
            }
        }
        Ok(Some(()))
    }

    fn review(&mut self) -> MenuStep {
        let mut words = vec![OsString::from("review")];
        words.extend(answered!(self.questions.folders("Folder with pictures:")));
        answered!(self.sensitivity(&mut words));
        self.run(&words)
    }

    fn sensitivity(&self, words: &mut Vec<OsString>) -> MenuStep {
        let configured = format!("As configured ({})", self.sensitivity);
        let choices = [
            MenuChoice(configured.as_str(), ""),
            MenuChoice("exact: the same picture, re-encoded or resized", "exact"),
            MenuChoice("standard: light edits too", "standard"),
            MenuChoice("aggressive: crops, borders, watermarks too", "aggressive"),
        ];
        match answered!(choose("How different may copies be?", &choices)) {
            "" => {}
            name => words.extend(["--sensitivity", name].map(OsString::from)),
        }
        Ok(Some(()))
    }

    fn organize(&mut self) -> MenuStep {
        let source = answered!(self.questions.folder("Folder with the files to organize:"));
        let library = answered!(self.questions.new_folder("Library to file them into:"));
        let ways = [
            MenuChoice("Copy: the source stays as it is", "--copy"),
            MenuChoice("Move: can be undone", "--move"),
        ];
        let way = answered!(choose("Copy or move?", &ways));
        let templates = [
            MenuChoice("2024/07", DEFAULT_TEMPLATE),
            MenuChoice("2024/07-July", "{year}/{month}-{month_name}"),
            MenuChoice("2024/07/31", "{year}/{month}/{day}"),
            MenuChoice("2024/07/Canon EOS R5", "{year}/{month}/{camera}"),
            MenuChoice("another template", ""),
        ];
        let mut template = answered!(choose("Into which folders?", &templates)).to_owned();
        if template.is_empty() {
            template = answered!(self.questions.text("Template:", DEFAULT_TEMPLATE));
        }
        let mut words = vec![OsString::from("organize"), source, library, way.into()];
        if template != DEFAULT_TEMPLATE {
            words.extend(["--template".to_owned(), template].map(OsString::from));
        }
        self.run(&words)
    }

    fn settings(&mut self) -> MenuStep {
        self.run_quietly(&["config", "show"].map(OsString::from))?;
        let keys = [
            MenuChoice("Sensitivity", "sensitivity"),
            MenuChoice("Turned and mirrored copies", "any_orientation"),
            MenuChoice("Treat burst shots as copies", "include_bursts"),
            MenuChoice("Treat pictures that are only alike as copies", "include_alike"),
            MenuChoice("Act where it is not sure which is the original", "include_unsure"),
            MenuChoice("Act on films that show the same", "include_films"),
            MenuChoice("Films that were cut, turned or cropped", "deep"),
            MenuChoice("Which picture is kept first", "keep"),
            MenuChoice("The GPU", "gpu"),
        ];
        let key = answered!(choose("Which setting?", &keys));
        let values: &[&str] = match key {
            "sensitivity" => &["exact", "standard", "aggressive"],
            "any_orientation" | "include_bursts" | "include_alike" | "include_unsure"
            | "include_films" | "deep" => &["false", "true"],
            "keep" => &["largest", "oldest", "newest", "shortest-path"],
            _ => &["auto", "on", "off"],
        };
        let values: Vec<MenuChoice<'_, &str>> = values.iter().map(|v| MenuChoice(v, *v)).collect();
        let value = answered!(choose("New value?", &values));
        self.run(&["config", "set", key, value].map(OsString::from))?;
        if key == "sensitivity" {
            value.clone_into(&mut self.sensitivity);
        }
        Ok(Some(()))
    }

    fn history(&mut self) -> MenuStep {
        let runs = self.environment.state_folder().map(|state| state.join("runs"));
        let mut names = runs.and_then(|runs| journal::runs(&runs).ok()).unwrap_or_default();
        names.reverse();
        self.run_quietly(&["history"].map(OsString::from))?;
        if names.is_empty() {
            return Ok(Some(()));
        }
        let choices: Vec<MenuChoice<'_, &str>> =
            names.iter().map(|name| MenuChoice(name, name.as_str())).collect();
        let run = answered!(choose("Which run?", &choices));
        let acts = [
            MenuChoice("Show its files", "history"),
            MenuChoice("Undo it", "undo"),
            MenuChoice("Finish it, if it was interrupted", "resume"),
        ];
        let act = answered!(choose("What should be done with it?", &acts));
        self.run(&[act, run].map(OsString::from))
    }

    /// Runs a command and shows it.
    fn run(&self, words: &[OsString]) -> MenuStep {
        self.run_quietly(words)?;
        let line: Vec<String> = self.line(words).iter().map(|word| quoted(word)).collect();
        eprintln!("\nThe same without the menu: {}", line.join(" "));
        Ok(Some(()))
    }

    fn line(&self, words: &[OsString]) -> Vec<OsString> {
        let own = OsString::from("clean-backup");
        std::iter::once(&own).chain(self.words).chain(words).cloned().collect()
    }

    fn run_quietly(&self, words: &[OsString]) -> MenuStep {
        let args = ProgramArgs::try_parse_from(self.line(words))
            .map_err(|error| Failure::new(FailureKind::Usage, error.to_string()))?;
        match (self.dispatch)(&args) {
            Ok(_) => Ok(Some(())),
            Err(failure) if failure.kind == FailureKind::Interrupted => Err(failure),
            Err(failure) => {
                failure.report();
                Ok(Some(()))
            }
        }
    }
}
