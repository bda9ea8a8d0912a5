//! Decisions about many groups at once, and undoing the last decision.

use std::collections::BTreeSet;

use super::change_error::ChangeError;
use super::decided::{Decided, Step};
use super::session::Session;
use crate::model::readable::count;

/// Most decisions that can be undone.
const MOST: usize = 200;

impl Session {
    /// Keeps a step, so that it can be undone.
    pub(super) fn remember(&mut self, step: Step) {
        if self.steps.len() == MOST {
            self.steps.remove(0);
        }
        self.steps.push(step);
    }

    /// Decides about many groups in one step.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing is decided.
    pub(super) fn decide_all(
        &mut self,
        words: String,
        decided: Vec<(usize, Decided)>,
    ) -> Result<(), ChangeError> {
        if decided.is_empty() {
            return Ok(());
        }
        self.keep(&decided)?;
        let mut before = Vec::new();
        for (number, decided) in decided {
            before.extend(self.decided.get(number).map(|old| (number, old.clone())));
            self.decide(number, decided);
        }
        self.remember(Step { words, before });
        Ok(())
    }

    /// Accepts many groups at once; gives how many were open.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub(super) fn accept(&mut self, numbers: &[usize]) -> Result<usize, ChangeError> {
        let accepted: Vec<(usize, Decided)> = numbers
            .iter()
            .filter_map(|&number| Some((number, self.decided.get(number)?)))
            .filter(|(_, decided)| decided.is_open())
            .map(|(number, decided)| (number, Decided { accepted: true, ..decided.clone() }))
            .collect();
        let groups = accepted.len();
        self.decide_all(format!("{} accepted", count(groups as u64, "group")), accepted)?;
        Ok(groups)
    }

    /// Undoes the last decision. Groups that were acted on since stay as they are. Gives the first
    /// of the groups, and what was undone; `None` where nothing is left to undo.
    ///
    /// # Errors
    /// [`ChangeError`]; then the step can be undone later.
    pub(super) fn undo_step(&mut self) -> Result<Option<(usize, String)>, ChangeError> {
        let Some(step) = self.steps.last().cloned() else { return Ok(None) };
        let mut before = Vec::new();
        for (number, old) in step.before {
            match self.decided.get(number).cloned() {
                Some(now) if now.run.is_none() => {
                    self.remark(number, &now, &old)?;
                    before.push((number, Decided { run: None, ..old }));
                }
                _ => {}
            }
        }
        self.keep(&before)?;
        self.steps.pop();
        let first = before.first().map(|(number, _)| *number);
        for (number, old) in before {
            self.decide(number, old);
        }
        Ok(Some((first.unwrap_or(0), step.words)))
    }

    /// Changes the marks of a group from those of one decision to those of another one.
    pub(super) fn remark(
        &mut self,
        number: usize,
        from: &Decided,
        to: &Decided,
    ) -> Result<(), ChangeError> {
        let difference = |a: &BTreeSet<usize>, b| a.difference(b).copied().collect::<Vec<_>>();
        for (members, apart) in [
            (difference(&from.apart, &to.apart), false),
            (difference(&to.apart, &from.apart), true),
        ] {
            if !members.is_empty() {
                self.mark(number, to, &members, apart)?;
            }
        }
        Ok(())
    }
}
