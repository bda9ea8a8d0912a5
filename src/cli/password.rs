//! Asking for a new password.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use super::failure::{Failure, FailureKind};
use super::line::{self, LineContent};

/// Most bytes that are read of a line.
const LONGEST: u64 = 4 << 10;

/// A password: on a terminal typed twice and shown as stars, else the first line of standard input.
///
/// # Errors
/// [`FailureKind::Interrupted`] on Ctrl-C; when nothing can be read.
pub fn ask() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().take(LONGEST).read_line(&mut line).map_err(|error| {
            Failure::new(FailureKind::Failed, format!("no password can be read: {error}"))
        })?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let typed = |question: &str| {
        let secret = line::ask(question, "", LineContent::Secret, false)?;
        secret.ok_or_else(|| Failure::new(FailureKind::Interrupted, "nothing was changed"))
    };
    loop {
        let password = typed("Password: ")?;
        if typed("Once more: ")? == password {
            return Ok(password);
        }
        eprintln!("Those two differ.");
    }
}
