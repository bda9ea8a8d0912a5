//! Ctrl-C, termination, and a terminal that is closed.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
static ASKING: AtomicBool = AtomicBool::new(false);
/// The signal that came first; that of Ctrl-C until then.
static SIGNAL: AtomicU8 = AtomicU8::new(SIGINT);
const SIGINT: u8 = 2;

/// Signals cannot be caught.
#[derive(Debug)]
pub struct SignalError(String);

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signals cannot be caught: {}", self.0)
    }
}

impl std::error::Error for SignalError {}

/// The exit code of what was interrupted, as shells have it: 128 and the number of the signal. 130
/// for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
pub fn exit_code() -> u8 {
    128_u8.saturating_add(SIGNAL.load(Ordering::Relaxed))
}

/// Nothing is under way while somebody is asked: then a signal ends the process at once.
pub fn while_asking<T>(question: impl FnOnce() -> T) -> T {
    ASKING.store(true, Ordering::Relaxed);
    let answer = question();
    ASKING.store(false, Ordering::Relaxed);
    answer
}

/// From now on the first signal sets the flag, so that the run can stop where it loses nothing,
/// and the second ends the process at once. A later run gets the same flag, not set.
///
/// # Errors
/// When the system refuses.
pub fn watch() -> Result<Arc<AtomicBool>, SignalError> {
    if let Some(flag) = FLAG.get() {
        flag.store(false, Ordering::Relaxed);
        return Ok(Arc::clone(flag));
    }
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    catch(move |signal| {
        let second = seen.swap(true, Ordering::Relaxed);
        if !second {
            SIGNAL.store(signal, Ordering::Relaxed);
        }
        if second || ASKING.load(Ordering::Relaxed) {
            std::process::exit(exit_code().into());
        }
    })
    .map_err(|error| SignalError(error.to_string()))?;
    Ok(Arc::clone(FLAG.get_or_init(|| flag)))
}

/// Calls `on` with the number of each signal that asks the process to end.
#[cfg(unix)]
fn catch(on: impl Fn(u8) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let wait = move || {
        for signal in signals.forever() {
            on(u8::try_from(signal).unwrap_or(self::SIGINT));
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

/// Calls `on` with the number of each signal that asks the process to end.
#[cfg(not(unix))]
fn catch(on: impl Fn(u8) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || on(SIGINT)).map_err(io::Error::other)
}
