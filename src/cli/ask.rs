//! Questions on a terminal.

use std::io::{self, BufRead as _, Write as _};

use super::failure::{Failure, FailureKind};
use super::interrupt;

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `y` or `yes`.
    Yes,
    /// Anything else.
    No,
}

/// Asks on standard error, and reads a line from standard input.
fn line(question: &str) -> Result<String, Failure> {
    let failed =
        |error: io::Error| Failure::new(FailureKind::Failed, format!("no answer: {error}"));
    forget_typed_ahead();
    let mut stderr = io::stderr().lock();
    stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()).map_err(failed)?;
    let mut line = String::new();
    interrupt::while_asking(|| io::stdin().lock().read_line(&mut line)).map_err(failed)?;
    Ok(line)
}

/// Throws away what was typed before a question was asked: it cannot be the answer.
#[cfg(unix)]
pub fn forget_typed_ahead() {
    use rustix::termios::{QueueSelector, isatty, tcflush};
    let stdin = io::stdin();
    if isatty(&stdin) {
        // A terminal that cannot do this is asked all the same.
        let _ = tcflush(&stdin, QueueSelector::IFlush);
    }
}

/// Throws away what was typed before a question was asked: it cannot be the answer.
#[cfg(not(unix))]
pub fn forget_typed_ahead() {}

/// Asks for yes or no.
///
/// # Errors
/// [`FailureKind::Failed`] when the terminal is gone.
pub fn ask(question: &str) -> Result<Answer, Failure> {
    line(question).map(|line| parse(&line))
}

/// Asks for a word that nobody types by mistake.
///
/// # Errors
/// [`FailureKind::Failed`] when the terminal is gone.
pub fn ask_for(word: &str, question: &str) -> Result<Answer, Failure> {
    let typed = line(question)?;
    Ok(if typed.trim() == word { Answer::Yes } else { Answer::No })
}

fn parse(line: &str) -> Answer {
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (line, answer) in [
            ("y\n", Answer::Yes),
            ("YES\r\n", Answer::Yes),
            ("", Answer::No),
            ("\n", Answer::No),
            ("yellow\n", Answer::No),
            ("n\n", Answer::No),
        ] {
            assert_eq!(parse(line), answer, "{line:?}");
        }
    }
}
