//! The configuration file: which keys there are, what each may hold, reading and changing the
//! file. Where it lies is the binary's to say.

mod file;
mod key;
mod value;

pub use file::{ConfigError, Layer, read, set, unset};
pub use key::{Key, Shape, UnknownKey};
pub use value::{Value, expand_home};

#[cfg(test)]
mod tests;
