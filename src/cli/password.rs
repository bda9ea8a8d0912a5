//! Asking for a new password.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use inquire::{InquireError, Password, PasswordDisplayMode};

use super::failure::{Failure, FailureKind};

/// Most bytes that are read of a line.
const LONGEST: u64 = 4 << 10;

/// A password: on a terminal typed twice and not shown, else the first line of standard input.
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
    let question = Password::new("Password:")
        .with_custom_confirmation_message("Once more:")
        .with_custom_confirmation_error_message("Those two differ.")
        .with_display_mode(PasswordDisplayMode::Hidden);
    question.prompt().map_err(|error| match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Failure::new(FailureKind::Interrupted, "nothing was changed")
        }
        error => Failure::new(FailureKind::Failed, format!("no password can be read: {error}")),
    })
}
