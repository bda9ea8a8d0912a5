//! What a file has besides its bytes.

#[cfg_attr(unix, path = "attributes/unix.rs")]
#[cfg_attr(windows, path = "attributes/windows.rs")]
mod system;

pub(super) use system::copy;
