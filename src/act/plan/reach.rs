//! Where a plan may act.

use std::path::Path;

use super::bounds::Bounds;
use crate::model::photo_library::photo_library_of;

/// The folders that a plan may act in, to be asked about single paths. They are absolute.
pub struct Reach(pub(super) Bounds);

impl Reach {
    /// Whether the plan may act on a file at this path.
    pub fn acts_on(&self, path: &Path) -> bool {
        self.0.holds_source(path)
    }

    /// Whether the plan may put a file there.
    pub fn puts_into(&self, path: &Path) -> bool {
        self.0.holds_destination(path)
    }

    /// Whether the plan may write a sidecar beside a picture at this path.
    pub fn describes(&self, path: &Path) -> bool {
        let stands_apart = self.0.is_reference(path) || photo_library_of(path).is_some();
        self.0.holds_source(path) && !stands_apart
    }

    /// Whether the plan may read a file at this path, and rely on it.
    pub fn relies_on(&self, path: &Path) -> bool {
        self.0.holds_keeper(path)
    }

    /// Whether the plan may remove this folder when it is empty.
    pub fn prunes(&self, path: &Path) -> bool {
        self.0.holds_empty(path) && photo_library_of(path).is_none()
    }
}
