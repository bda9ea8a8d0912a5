//! Why a decision cannot be made.

use std::fmt;

use crate::catalogue::decisions::DecisionsError;

/// Why a change is refused.
#[derive(Debug)]
pub(super) enum ChangeError {
    /// No such group, or no such candidate in it.
    NoPicture,
    /// The group was acted on.
    Applied,
    /// Somebody said that it is another picture: it cannot be the keeper.
    CalledAnother,
    /// Nothing is left that could be called another picture.
    OnlyIdentical,
    /// The keeper cannot be called another picture than itself.
    IsKeeper,
    /// The bytes, which a mark is about, cannot be read.
    Unreadable,
    /// The bytes are the keeper's.
    SameBytes,
    /// No such folder.
    NoFolder,
    /// A mark is about two pictures, and cannot be carried to other groups.
    OnlyHere,
    /// There is nowhere to keep a mark.
    NoHome,
    /// The change cannot be kept.
    NotKept(DecisionsError),
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPicture => "there is no such picture",
            Self::Applied => "it is applied; undo that first",
            Self::CalledAnother => "it was marked as a different picture",
            Self::OnlyIdentical => "all the others are identical to the keeper",
            Self::IsKeeper => "the keeper itself cannot be marked",
            Self::Unreadable => "its bytes cannot be read",
            Self::SameBytes => "it is identical to the keeper",
            Self::NoFolder => "there is no such folder",
            Self::OnlyHere => {
                "\"not a duplicate\" is about these pictures only; accept this group by itself"
            }
            Self::NoHome => "there is no home folder to store it in",
            Self::NotKept(error) => return error.fmt(f),
        })
    }
}

impl From<DecisionsError> for ChangeError {
    fn from(error: DecisionsError) -> Self {
        Self::NotKept(error)
    }
}
