//! Ctrl-C and termination.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::{Failure, Kind};

/// From now on the first signal sets the flag, so that the run can stop where it loses nothing,
/// and the second ends the process at once. To be called once.
///
/// # Errors
/// [`Kind::Failed`] when the system refuses.
pub fn watch() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(Kind::Interrupted.code().into());
        }
    })
    .map_err(|error| Failure::new(Kind::Failed, format!("signals cannot be caught: {error}")))?;
    Ok(flag)
}
