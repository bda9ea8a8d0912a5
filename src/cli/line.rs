//! Lines that are typed on a terminal, with the keys that shells have: Ctrl-U, Ctrl-W, Ctrl-K,
//! Ctrl-A, Ctrl-E, Home, End. Through `rustyline`.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::completion::{Completer, Pair};
use rustyline::config::BellStyle;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{
    Behavior, Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Editor, Event,
    EventContext, EventHandler, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::ask::forget_typed_ahead;
use super::failure::{Failure, FailureKind};

/// After an escape byte, the rest of a key's sequence comes within this many milliseconds.
const KEY_SEQUENCE: u16 = 50;

/// What is typed.
#[derive(Clone, Copy)]
pub enum LineContent<'a> {
    /// Any text.
    Text,
    /// A path. Gives the paths that begin as what was typed, each as it would be typed.
    Path(&'a dyn Fn(&str) -> Vec<String>),
    /// What nobody may read.
    #[cfg_attr(not(feature = "review"), expect(dead_code, reason = "the password is the page's"))]
    Secret,
}

/// Asks for a line; `typed` is in it already. `None` where somebody went back with Esc or Ctrl-D.
///
/// # Errors
/// [`FailureKind::Interrupted`] on Ctrl-C; when the terminal cannot be read, or cannot hide a secret.
pub fn ask(
    question: &str,
    typed: &str,
    content: LineContent<'_>,
    colour: bool,
) -> Result<Option<String>, Failure> {
    let secret = matches!(content, LineContent::Secret);
    if secret && draws_no_lines() {
        let why = "this terminal cannot hide a password; pass it through standard input";
        return Err(Failure::new(FailureKind::Failed, why));
    }
    let went_back = Arc::new(AtomicBool::new(false));
    forget_typed_ahead();
    let line = editor(content, colour, &went_back)
        .and_then(|mut editor| editor.readline_with_initial(question, (typed, "")));
    match line {
        Ok(line) => Ok(Some(line)),
        Err(ReadlineError::Eof) => Ok(None),
        Err(ReadlineError::Interrupted) if went_back.load(Ordering::Relaxed) => Ok(None),
        Err(ReadlineError::Interrupted) => {
            Err(Failure::new(FailureKind::Interrupted, "interrupted; nothing was done"))
        }
        Err(error) => Err(Failure::new(FailureKind::Failed, format!("no answer: {error}"))),
    }
}

/// Terminals on which `rustyline` reads a line as it comes, and shows it.
fn draws_no_lines() -> bool {
    let name = std::env::var("TERM").unwrap_or_default().to_ascii_lowercase();
    ["dumb", "cons25", "emacs"].contains(&name.as_str())
}

type LineEditor<'a> = Editor<LineLook<'a>, DefaultHistory>;

fn editor<'a>(
    content: LineContent<'a>,
    colour: bool,
    went_back: &Arc<AtomicBool>,
) -> rustyline::Result<LineEditor<'a>> {
    let secret = matches!(content, LineContent::Secret);
    let config = Config::builder()
        .behavior(Behavior::PreferTerm)
        .bell_style(BellStyle::None)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .keyseq_timeout(Some(KEY_SEQUENCE))
        // A secret is hidden by what draws colours.
        .color_mode(if colour || secret { ColorMode::Forced } else { ColorMode::Disabled })
        .build();
    let mut editor = Editor::with_history(config, DefaultHistory::new())?;
    let shorten = Arc::new(AtomicBool::new(false));
    editor.set_helper(Some(LineLook { content, colour, shorten: Arc::clone(&shorten) }));
    let back = GoBack(Arc::clone(went_back));
    let escape = KeyEvent(KeyCode::Esc, Modifiers::NONE);
    editor.bind_sequence(escape, EventHandler::Conditional(Box::new(back)));
    if matches!(content, LineContent::Path(_)) {
        let rubout = EventHandler::Conditional(Box::new(RemoveName(shorten)));
        editor.bind_sequence(KeyEvent::ctrl('W'), rubout);
    }
    Ok(editor)
}

/// Esc.
struct GoBack(Arc<AtomicBool>);

impl ConditionalEventHandler for GoBack {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.store(true, Ordering::Relaxed);
        Some(Cmd::Interrupt)
    }
}

/// Ctrl-W in a path: removes its last name, spaces included (readline's `unix-filename-rubout`). No
/// movement of `rustyline` goes so far, but what completes a line can also shorten it.
struct RemoveName(Arc<AtomicBool>);

impl ConditionalEventHandler for RemoveName {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.store(true, Ordering::Relaxed);
        Some(Cmd::Complete)
    }
}

fn without_name(path: &str) -> &str {
    let named = path.trim_end_matches(std::path::is_separator);
    named.rfind(std::path::is_separator).map_or("", |at| path.get(..=at).unwrap_or_default())
}

/// How a line is drawn, and what it may go on with.
struct LineLook<'a> {
    content: LineContent<'a>,
    colour: bool,
    /// The last name is to go, not to be completed.
    shorten: Arc<AtomicBool>,
}

impl LineLook<'_> {
    fn offered(&self, typed: &str) -> Vec<String> {
        match self.content {
            // Without a word of what is wanted the list would only be in the way.
            LineContent::Path(offered) if !typed.is_empty() => offered(typed),
            _ => Vec::new(),
        }
    }
}

impl Helper for LineLook<'_> {}
impl Validator for LineLook<'_> {}

impl Completer for LineLook<'_> {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..at).unwrap_or(line);
        if self.shorten.swap(false, Ordering::Relaxed) {
            let nothing = Pair { display: String::new(), replacement: String::new() };
            return Ok((without_name(before).len(), vec![nothing]));
        }
        let offered = self.offered(before);
        let pair = |path: String| {
            let parent = without_name(&path).len();
            Pair { display: path.get(parent..).unwrap_or(&path).to_owned(), replacement: path }
        };
        Ok((0, offered.into_iter().map(pair).collect()))
    }
}

impl Hinter for LineLook<'_> {
    type Hint = String;

    /// The rest of the first folder that begins so; the right arrow takes it.
    fn hint(&self, line: &str, at: usize, _: &rustyline::Context<'_>) -> Option<String> {
        // It is told from what was typed by its colour alone.
        if !self.colour || at < line.len() || line.ends_with(std::path::is_separator) {
            return None;
        }
        self.offered(line).first()?.strip_prefix(line).map(str::to_owned)
    }
}

impl Highlighter for LineLook<'_> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match self.content {
            LineContent::Secret => "*".repeat(line.chars().count()).into(),
            _ => line.into(),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        matches!(self.content, LineContent::Secret)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match prompt.strip_prefix('?') {
            // As the questions with choices have it.
            Some(rest) if self.colour => format!("\x1b[92m?\x1b[0m{rest}").into(),
            _ => prompt.into(),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        format!("\x1b[90m{hint}\x1b[0m").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_name_of_a_path_is_removed() {
        for (path, left) in [
            ("", ""),
            ("pictures", ""),
            ("pictures/", ""),
            ("my pictures/of 2024", "my pictures/"),
            ("my pictures/of 2024/", "my pictures/"),
            ("/mnt", "/"),
            ("/", ""),
            ("~/été/é", "~/été/"),
        ] {
            assert_eq!(without_name(path), left, "{path}");
        }
    }
}
