//! Ctrl-C and termination.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::failure::{Failure, FailureKind};

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
static ASKING: AtomicBool = AtomicBool::new(false);

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
/// [`FailureKind::Failed`] when the system refuses.
pub fn watch() -> Result<Arc<AtomicBool>, Failure> {
    if let Some(flag) = FLAG.get() {
        flag.store(false, Ordering::Relaxed);
        return Ok(Arc::clone(flag));
    }
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) || ASKING.load(Ordering::Relaxed) {
            std::process::exit(FailureKind::Interrupted.code().into());
        }
    })
    .map_err(|error| {
        Failure::new(FailureKind::Failed, format!("signals cannot be caught: {error}"))
    })?;
    Ok(Arc::clone(FLAG.get_or_init(|| flag)))
}
