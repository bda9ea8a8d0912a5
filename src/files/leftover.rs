//! The names that files have while an act is working on them, and that an interrupted run leaves
//! behind:
//! `.clean-backup-RUN-INDEX-PLACE.part` for one that is not whole yet, and
//! `.clean-backup-RUN-INDEX-PLACE.NAME.aside` for one that was renamed aside. RUN is the name of
//! the run, INDEX the place of the action in its plan, PLACE that of the file in its action, NAME
//! the name that the file had; it is left out, with its dot, where the whole would be too long.

use std::ffi::{OsStr, OsString};

use crate::model::path_text::path_of_key;

/// What such a name tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The name of the run.
    pub run: String,
    /// The place of the action in the plan.
    pub action: usize,
    /// The place of the file in the action.
    pub place: usize,
    /// Part of a copy, or a file renamed aside.
    pub kind: LeftoverKind,
}

/// What a leftover is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftoverKind {
    /// A copy that may not be whole; its source was still there when it was made.
    Part,
    /// A file that was renamed, whole, perhaps the only copy.
    Aside {
        /// The name that it had, where there was room for it.
        name: Option<OsString>,
    },
}

impl Leftover {
    /// What a file of this name is, if it is one of this program's.
    pub fn from_name(name: &OsStr) -> Option<Self> {
        let rest = name.as_encoded_bytes().strip_prefix(b".clean-backup-")?;
        let dot = rest.iter().position(|&byte| byte == b'.')?;
        let (numbers, rest) = (std::str::from_utf8(&rest[..dot]).ok()?, &rest[dot + 1..]);
        let kind = match rest {
            b"part" => LeftoverKind::Part,
            b"aside" => LeftoverKind::Aside { name: None },
            _ => LeftoverKind::Aside { name: Some(own_name(rest.strip_suffix(b".aside")?)?) },
        };
        let mut parts = numbers.rsplitn(3, '-');
        let (place, action, run) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |text: &str| is_number(text).then(|| text.parse().ok()).flatten();
        let (action, place) = (number(action)?, number(place)?);
        is_run(run).then(|| Self { run: run.to_owned(), action, place, kind })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `20261126-093745`, or with a number after it.
fn is_run(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let sized = match parts.as_slice() {
        [day, clock] | [day, clock, _] => day.len() == 8 && clock.len() == 6,
        _ => false,
    };
    sized && parts.iter().all(|part| is_number(part))
}

fn own_name(bytes: &[u8]) -> Option<OsString> {
    let is_name = !matches!(bytes, b"" | b"." | b"..") && !bytes.contains(&b'/');
    is_name.then(|| path_of_key(bytes).into_os_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let of = |name: &str| Leftover::from_name(OsStr::new(name));
        let leftover = |run: &str, action, place, kind| {
            Some(Leftover { run: run.to_owned(), action, place, kind })
        };
        let aside = |name: &str| LeftoverKind::Aside { name: Some(name.into()) };
        assert_eq!(
            of(".clean-backup-20261126-093745-12-0.part"),
            leftover("20261126-093745", 12, 0, LeftoverKind::Part)
        );
        assert_eq!(
            of(".clean-backup-20261126-093745-2-7-1.a.b-1.JPG.aside"),
            leftover("20261126-093745-2", 7, 1, aside("a.b-1.JPG"))
        );
        assert_eq!(
            of(".clean-backup-20261126-093745-0-0.aside"),
            leftover("20261126-093745", 0, 0, LeftoverKind::Aside { name: None })
        );
        // A picture may be called so.
        assert_eq!(
            of(".clean-backup-20261126-093745-0-0.x.part.aside"),
            leftover("20261126-093745", 0, 0, aside("x.part"))
        );
        for other in [
            "clean-backup-20261126-093745-0-0.part",
            ".clean-backup-20261126-093745-0.part",
            ".clean-backup-20261126-093745-0-.part",
            ".clean-backup-2026-09-0-0.part",
            ".clean-backup-20261126-093745-0-0.x.part",
            ".clean-backup-20261126-093745-0-0.jpg",
            ".clean-backup-20261126-093745-0-0..aside",
            ".clean-backup-20261126-093745-0-0....aside",
            ".clean-backup-20261126-093745-0-+1.part",
            ".clean-backup-20261126-093745-0-99999999999999999999999.part",
            ".clean-backup",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
