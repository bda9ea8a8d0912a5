//! Standard error: its width, and its silence while other people's code runs.

/// Columns where nothing tells how many there are.
const USUAL_WIDTH: usize = 80;

/// How many columns the terminal has.
#[cfg(unix)]
pub fn screen_width() -> usize {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stderr());
    size.ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|&columns| columns > 0)
        .unwrap_or(USUAL_WIDTH)
}

/// How many columns the terminal has.
#[cfg(windows)]
pub fn screen_width() -> usize {
    let columns = crossterm::terminal::size().map(|(columns, _)| usize::from(columns));
    columns.ok().filter(|&columns| columns > 0).unwrap_or(USUAL_WIDTH)
}

/// Keeps what drivers write to standard error from the terminal while `work` goes on.
#[cfg(unix)]
pub fn without_stderr<T>(work: impl FnOnce() -> T) -> T {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::stdio::{dup2_stderr, stderr};
    let kept = rustix::io::dup(stderr());
    let nowhere = open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
    // Where it cannot be closed to them, their lines are seen: no reason to do without the work.
    let silent = kept.is_ok() && nowhere.is_ok_and(|nowhere| dup2_stderr(nowhere).is_ok());
    let result = work();
    if let (Ok(kept), true) = (kept, silent) {
        let _ = dup2_stderr(kept);
    }
    result
}

/// Keeps what drivers write to standard error from the terminal while `work` goes on.
#[cfg(not(unix))]
pub fn without_stderr<T>(work: impl FnOnce() -> T) -> T {
    work()
}
