//! The questions, through `inquire`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clean_backup::model::path_text::for_people;
use inquire::ui::RenderConfig;
use inquire::validator::Validation;
use inquire::{InquireError, Select, Text};

use super::super::ask::forget_typed_ahead;
use super::super::failure::{Failure, FailureKind};
use super::paths::{Folders, typed_path};

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

/// With colours or without, for all questions.
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
}

impl Questions {
    pub fn new(home: Option<PathBuf>) -> Self {
        Self { home, last: ".".to_owned() }
    }

    /// Any text.
    pub fn text(&self, question: &str, usual: &str) -> Prompted<String> {
        forget_typed_ahead();
        answer(Text::new(question).with_default(usual).prompt_skippable())
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
        let home = self.home.clone();
        let (optional, home_of) = (usual.is_none() && there, home.clone());
        let validator = move |text: &str| {
            let path = typed_path(text, home_of.as_deref());
            Ok(match () {
                () if text.is_empty() && optional => Validation::Valid,
                () if text.is_empty() => Validation::Invalid("a folder is needed".into()),
                () if there && !path.is_dir() => {
                    let name = for_people(Path::new(text));
                    Validation::Invalid(format!("{name} is not a folder").into())
                }
                () if path.exists() && !path.is_dir() => {
                    Validation::Invalid("that is a file, not a folder".into())
                }
                () => Validation::Valid,
            })
        };
        let mut prompt = Text::new(question)
            .with_validator(validator)
            .with_autocomplete(Folders { home: home.clone() })
            .with_page_size(6);
        if let Some(usual) = usual {
            prompt = prompt.with_default(usual);
        }
        forget_typed_ahead();
        let text = answer(prompt.prompt_skippable())?;
        Ok(text.map(|text| match text.is_empty() {
            true => OsString::new(),
            // Else it would be taken for a flag.
            false if text.starts_with('-') => format!("./{text}").into(),
            false => typed_path(&text, home.as_deref()).into_os_string(),
        }))
    }
}
