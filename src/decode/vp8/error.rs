//! Errors.

use std::fmt;

/// Why a frame was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Vp8Error {
    /// It ends too early.
    Truncated,
    /// It contradicts the format.
    Damaged(&'static str),
    /// It is predicted from frames that were not decoded.
    NeedsKeyframe,
}

impl fmt::Display for Vp8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "VP8: the frame ends too early",
            Self::Damaged(what) => return write!(f, "VP8: {what}"),
            Self::NeedsKeyframe => "VP8: a frame that is predicted from others",
        })
    }
}
