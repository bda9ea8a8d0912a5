//! Renaming that never replaces: never by looking first, since somebody may come in between.

use std::io::{self, ErrorKind};

use super::{FileKind, Place, at};

/// What is tried before a name is claimed.
#[derive(Clone, Copy)]
pub(super) struct Ways {
    /// The system's own rename without replacing.
    pub flagged: bool,
    /// A second name.
    pub links: bool,
}

/// By the system's own rename without replacing; where it has none, by a second name and removing
/// the first; where there are no second names, by claiming the name with an empty file.
pub(super) fn rename_new(ways: Ways, from: &Place, to: &Place) -> io::Result<()> {
    if ways.flagged {
        match at::rename_flagged(from, to) {
            Err(error) if cannot(&error) => {}
            other => return other,
        }
    }
    if ways.links {
        match at::link(from, to) {
            Ok(()) => {
                let removed = at::remove_file(from);
                if removed.is_err() {
                    // The first error is the one to report.
                    let _ = at::remove_file(to);
                }
                return removed;
            }
            // exFAT says `PermissionDenied`, as other file systems do for other reasons.
            Err(error) if cannot(&error) || error.kind() == ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    claimed(from, to)
}

/// Whether the system says that it, or the file system, has no such thing.
fn cannot(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput)
}

/// Takes the name by an empty file that must not be there yet, and renames over that. Should the
/// process end in between, the empty file is left, and the other is still where it was.
fn claimed(from: &Place, to: &Place) -> io::Result<()> {
    // Before a name is claimed in vain.
    if at::look(from)?.is_none() {
        return Err(ErrorKind::NotFound.into());
    }
    drop(at::create_file(to)?);
    let renamed = match at::look(to) {
        Ok(Some(look)) if look.kind == FileKind::File && look.stamp.size.0 == 0 => {
            at::rename(from, to)
        }
        _ => return Err(ErrorKind::AlreadyExists.into()),
    };
    if renamed.is_err() {
        // The first error is the one to report.
        let _ = at::remove_file(to);
    }
    renamed
}
