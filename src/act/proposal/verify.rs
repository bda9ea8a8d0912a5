//! What a plan says of bytes: hashes of all files that it touches or relies on.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;

use rayon::prelude::*;

use super::first_path;
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{Action, Expected};
use crate::files::content::content_hash;
use crate::files::stamp::stamp;
use crate::model::event::{Event, Phase, Progress};
use crate::model::path_text::for_people;
use crate::model::record::ContentHash;

/// A file whose bytes are not known.
#[derive(Clone)]
struct Unverified {
    path: PathBuf,
    why: Why,
}

#[derive(Clone)]
enum Why {
    Changed,
    NotRead,
    Unreadable(String),
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", for_people(&self.path))?;
        match &self.why {
            Why::Changed => f.write_str("was changed since it was looked at"),
            Why::NotRead => f.write_str("was not read"),
            Why::Unreadable(error) => f.write_str(error),
        }
    }
}

/// Hashes whatever is not hashed yet. An action is left out when one of its files, or one that it
/// relies on, cannot be read or is not what it was any more.
pub(super) fn verify(
    actions: Vec<Action>,
    left: &mut Vec<LeftAlone>,
    progress: &dyn Progress,
) -> Vec<Action> {
    let expectations = |action: &Action| -> Vec<Expected> {
        let members = action.files.iter();
        members.flat_map(|m| std::iter::once(&m.source).chain(&m.keeper)).cloned().collect()
    };
    let mut missing: Vec<Expected> = Vec::new();
    let mut seen = HashSet::new();
    for expected in actions.iter().flat_map(expectations) {
        if expected.content.is_none() && seen.insert(expected.path.clone()) {
            missing.push(expected);
        }
    }
    progress.on(Event::StageStarted { stage: Phase::Verify, total: Some(missing.len() as u64) });
    let hashed: HashMap<PathBuf, Result<ContentHash, Unverified>> = missing
        .into_par_iter()
        .map(|expected| {
            let content = content_hash(&expected.path).map_err(|e| Why::Unreadable(e.to_string()));
            let content = match stamp(&expected.path) {
                Some(now) if now == expected.stamp => content,
                _ => content.and(Err(Why::Changed)),
            };
            let content = content.map_err(|why| Unverified { path: expected.path.clone(), why });
            let bytes = expected.stamp.size.0;
            progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
            (expected.path, content)
        })
        .collect();
    progress.on(Event::StageFinished { stage: Phase::Verify });
    let fill = |expected: &mut Expected| -> Result<(), Unverified> {
        if expected.content.is_none() {
            let missing = || Unverified { path: expected.path.clone(), why: Why::NotRead };
            expected.content = Some(hashed.get(&expected.path).cloned().ok_or_else(missing)??);
        }
        Ok(())
    };
    let mut kept = Vec::with_capacity(actions.len());
    for mut action in actions {
        let filled = action.files.iter_mut().try_for_each(|member| {
            fill(&mut member.source)?;
            member.keeper.as_mut().map_or(Ok(()), &fill)
        });
        match filled {
            Ok(()) => kept.push(action),
            Err(why) => left.push(LeftAlone { path: first_path(&action), why: why.to_string() }),
        }
    }
    kept
}
