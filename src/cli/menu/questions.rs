//! The questions: those with choices through `inquire`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clean_backup::model::path_text::{for_people, one_line};
use inquire::ui::RenderConfig;
use inquire::{InquireError, Select};

use super::super::ask::forget_typed_ahead;
use super::super::failure::{Failure, FailureKind};
use super::super::line::{self, LineContent};
use super::paths::{folders_from, typed_path};

/// What is shown, and what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct MenuChoice<'a, T>(pub &'a str, pub T);

impl<T> fmt::Display for MenuChoice<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `None` where somebody went back with Esc.
type Prompted<T> = Result<Option<T>, Failure>;

/// With colours or without, for all questions with choices.
pub(super) fn prepare(colour: bool) {
    let look = if colour { RenderConfig::default_colored() } else { RenderConfig::empty() };
    inquire::set_global_render_config(look);
}

fn answer<T>(answer: Result<Option<T>, InquireError>) -> Prompted<T> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(InquireError::OperationInterrupted) => {
            Err(Failure::new(FailureKind::Interrupted, "interrupted; nothing was done"))
        }
        Err(error) => Err(Failure::new(FailureKind::Failed, format!("no answer: {error}"))),
    }
}

/// One out of several.
pub(super) fn choose<T: Copy>(question: &str, choices: &[MenuChoice<'_, T>]) -> Prompted<T> {
    forget_typed_ahead();
    let select = Select::new(question, choices.to_vec()).with_page_size(12);
    Ok(answer(select.prompt_skippable())?.map(|choice| choice.1))
}

/// Questions that remember what was answered last.
#[derive(Debug)]
pub(super) struct Questions {
    home: Option<PathBuf>,
    last: String,
    colour: bool,
    /// Folders that were dropped onto the program: the answer to which ones are meant.
    dropped: Vec<OsString>,
}

impl Questions {
    pub fn new(home: Option<PathBuf>, colour: bool, dropped: Vec<OsString>) -> Self {
        let last = dropped.first().and_then(|folder| folder.to_str()).unwrap_or(".").to_owned();
        Self { home, last, colour, dropped }
    }

    /// Any text.
    pub fn text(&self, question: &str, usual: &str) -> Prompted<String> {
        let question = worded(question, Some(usual));
        let line = line::ask(&question, "", LineContent::Text, self.colour)?;
        Ok(line.map(|line| if line.is_empty() { usual.to_owned() } else { line }))
    }

    /// A folder that is there.
    pub fn folder(&mut self, question: &str) -> Prompted<OsString> {
        let last = self.last.clone();
        let folder = self.path(question, Some(&last), true)?;
        if let Some(folder) = &folder {
            self.last = folder.to_string_lossy().into_owned();
        }
        Ok(folder)
    }

    /// One folder or several.
    pub fn folders(&mut self, question: &str) -> Prompted<Vec<OsString>> {
        if !self.dropped.is_empty() {
            return Ok(Some(self.dropped.clone()));
        }
        let Some(first) = self.folder(question)? else { return Ok(None) };
        let mut folders = vec![first];
        loop {
            match self.optional_folder("Another folder (Enter for no more):")? {
                None => return Ok(None),
                Some(folder) if folder.is_empty() => return Ok(Some(folders)),
                Some(folder) => folders.push(folder),
            }
        }
    }

    /// A folder that is there; empty for none.
    pub fn optional_folder(&self, question: &str) -> Prompted<OsString> {
        self.path(question, None, true)
    }

    /// A folder that need not be there yet.
    pub fn new_folder(&self, question: &str) -> Prompted<OsString> {
        self.path(question, None, false)
    }

    fn path(&self, question: &str, usual: Option<&str>, there: bool) -> Prompted<OsString> {
        let home = self.home.as_deref();
        let question = worded(question, usual);
        let offered = |typed: &str| folders_from(typed, home);
        let mut typed = String::new();
        loop {
            let content = LineContent::Path(&offered);
            let Some(line) = line::ask(&question, &typed, content, self.colour)? else {
                return Ok(None);
            };
            let text = match usual {
                Some(usual) if line.is_empty() => usual,
                _ => line.as_str(),
            };
            if text.is_empty() && there {
                return Ok(Some(OsString::new()));
            }
            let path = typed_path(text, home);
            match refusal(text, &path, there) {
                Some(why) => eprintln!("{why}"),
                // Else it would be taken for a flag.
                None if text.starts_with('-') => return Ok(Some(format!("./{text}").into())),
                None => return Ok(Some(path.into_os_string())),
            }
            typed = line;
        }
    }
}

/// A question as those with choices look.
fn worded(question: &str, usual: Option<&str>) -> String {
    let usual = usual.map(|usual| format!("({}) ", one_line(usual)));
    format!("? {question} {}", usual.unwrap_or_default())
}

/// Why a path is no answer.
fn refusal(typed: &str, path: &Path, there: bool) -> Option<String> {
    match () {
        () if typed.is_empty() => Some("A folder is needed.".to_owned()),
        () if there && !path.is_dir() => {
            Some(format!("{} is not a folder.", for_people(Path::new(typed))))
        }
        () if path.exists() && !path.is_dir() => Some("That is a file, not a folder.".to_owned()),
        () => None,
    }
}
