//! Panics of foreign code, as values.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code that may panic on hostile data; its message, if it did. What the code was
/// working on must not be used afterwards, unless a half-done change does no harm.
///
/// # Errors
/// The message of the panic.
pub fn catch<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "no message".to_owned())
    })
}
