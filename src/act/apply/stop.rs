//! Why an action stops.

use std::fmt;
use std::io;
use std::path::Path;

use super::{Stop, about};
use crate::model::path_text::for_people;

/// Stops since a file is not what the plan expects.
pub(super) fn refused(path: &Path, why: &(impl fmt::Display + ?Sized)) -> Stop {
    Stop::refused(format!("{} {why}", for_people(path)))
}

/// Makes an error of a step a failure that tells the step and the path.
pub(super) fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Stop {
    let path = path.to_owned();
    move |error| Stop::failed(about(step, &path, &error))
}
