//! From findings to a plan: which files go where, with all that belongs to them.

mod bind;
mod units;

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::act::layout::{TakenNames, common_folder, fitting};
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{
    Action, ActionKind, ExactPath, Expected, MatchRule, Member, Origin, Plan, Proof,
};
use crate::files::content::content_hash;
use crate::files::real_paths::RealPaths;
use crate::files::stamp::stamp;
use crate::model::event::{Event, Phase, Progress};
use crate::model::findings::{Duplicate, Findings, Group, Relation};
use crate::model::record::ContentHash;
use bind::Binding;
use units::Folders;

/// What is to be done with duplicates.
#[derive(Clone, Debug)]
pub struct ProposalOptions {
    /// What to do with each duplicate.
    pub action: ActionKind,
    /// The folder that they go to; without one a folder of the library's own, for a quarantine.
    pub destination: Option<PathBuf>,
    /// The folder that relative paths start at.
    pub base: PathBuf,
    /// Names the folder of a quarantine without a destination.
    pub label: String,
    /// Delete pictures that only look like what is kept, though they were never in quarantine.
    pub delete_unquarantined: bool,
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is to be done.
    pub plan: Plan,
    /// What is not, though it is a duplicate.
    pub left: Vec<LeftAlone>,
}

/// Where the library keeps what it sets aside; walks pass it over.
const OWN_FOLDER: &str = ".clean-backup";

/// A duplicate that may be acted on, with its group.
#[derive(Clone, Copy)]
struct Proposed<'a> {
    number: u64,
    group: &'a Group,
    duplicate: &'a Duplicate,
}

impl Proposed<'_> {
    fn path(&self) -> &Path {
        &self.duplicate.picture.path
    }

    fn member(&self) -> Member {
        Member::alone((&self.duplicate.picture).into()).relying_on(
            (&self.group.keeper).into(),
            Proof::from_duplicate(self.number, self.duplicate),
        )
    }

    fn why(&self) -> String {
        match self.duplicate.relation {
            Relation::Identical => "identical to the keeper".to_owned(),
            relation => format!(
                "{} of the keeper ({} of 64 bits differ, {} of 256); kept for: {}",
                relation.name(),
                self.duplicate.distance,
                self.duplicate.fine_distance,
                self.group.reason
            ),
        }
    }
}

impl Findings {
    /// Plans what to do with the duplicates. Reads folders, and the bytes of what is to be acted on
    /// and of what that relies on, as far as their hashes are not known.
    pub fn plan(&self, wanted: &ProposalOptions, progress: &dyn Progress) -> Proposal {
        propose(self, wanted, progress)
    }
}

fn propose(findings: &Findings, wanted: &ProposalOptions, progress: &dyn Progress) -> Proposal {
    let real = RealPaths::new(&wanted.base);
    let mut proposal = Proposal { plan: bounded(findings, wanted, &real), left: Vec::new() };
    let candidates = candidates(findings, wanted, &mut proposal.left);
    let mut binding = Binding::new(&proposal.plan, &candidates, real);
    if wanted.action == ActionKind::Report {
        let actions = candidates.iter().map(reported).collect();
        proposal.plan.actions = binding.bind(actions, &mut proposal.left);
        proposal.plan.elsewhere = binding.elsewhere();
        return proposal;
    }
    let mut folders = Folders::default();
    let actions = units::gather(&candidates, wanted.action, &mut folders, &mut proposal.left);
    let actions = with_contents(actions, &mut proposal.left, progress);
    let actions = actions
        .into_iter()
        .filter_map(|action| match wanted.action {
            ActionKind::Delete => units::with_twins(action, &mut folders, &mut proposal.left),
            _ => Some(action),
        })
        .collect();
    let mut actions = binding.bind(actions, &mut proposal.left);
    proposal.plan.elsewhere = binding.elsewhere();
    if wanted.action.has_destination() {
        let mut places = SourcePlaces::new(&proposal.plan, wanted);
        for action in &mut actions {
            places.give(action);
        }
    }
    proposal.plan.actions = actions;
    proposal.left.sort_by(|a, b| a.path.cmp(&b.path));
    proposal
}

/// A plan without acts that says where it may act.
fn bounded(findings: &Findings, wanted: &ProposalOptions, real: &RealPaths) -> Plan {
    let mut plan = Plan::new(Origin::Dedupe, real.base());
    for root in findings.roots.iter().filter_map(|root| real.folder(root)).map(ExactPath) {
        if !plan.roots.contains(&root) {
            plan.roots.push(root);
        }
    }
    if wanted.action.has_destination() {
        let to = wanted.destination.iter();
        plan.destinations = to.map(|to| ExactPath(real.place(to))).collect();
    }
    let references = findings.references.iter();
    plan.references = references.map(|folder| ExactPath(real.place(folder))).collect();
    plan.policy = Some(MatchRule::from(&findings.matching));
    plan
}

fn candidates<'a>(
    findings: &'a Findings,
    wanted: &ProposalOptions,
    left: &mut Vec<LeftAlone>,
) -> Vec<Proposed<'a>> {
    let action = wanted.action;
    let mut candidates = Vec::new();
    for (group, number) in findings.groups.iter().zip(1..) {
        for duplicate in group.duplicates.iter().filter(|d| findings.matching.acts_on(d)) {
            let candidate = Proposed { number, group, duplicate };
            let unbound = duplicate.picture.content.is_none() || group.keeper.content.is_none();
            let why = if unbound && action != ActionKind::Report {
                "is known from the cache alone, and was not read again"
            } else if !duplicate.picture.other_names.is_empty() && action != ActionKind::Copy {
                "has other names (hard links): it frees nothing"
            } else if action.needs_identical() && duplicate.relation != Relation::Identical {
                "only looks the same: a link may only take the place of an identical file"
            } else if action == ActionKind::Delete
                && duplicate.relation != Relation::Identical
                && !wanted.delete_unquarantined
            {
                "only looks the same: move it aside with --action quarantine, and delete it later \
                 with `clean-backup quarantine empty` (--delete-unquarantined deletes it at once)"
            } else {
                candidates.push(candidate);
                continue;
            };
            if action != ActionKind::Report {
                left.push(LeftAlone { path: candidate.path().to_owned(), why: why.to_owned() });
            } else {
                candidates.push(candidate);
            }
        }
    }
    candidates
}

fn reported(candidate: &Proposed<'_>) -> Action {
    Action {
        group: candidate.number,
        action: ActionKind::Report,
        files: vec![candidate.member()],
        why: candidate.why(),
    }
}

/// A file as it is now, without its bytes.
fn expected_now(path: &Path) -> Option<Expected> {
    let stamp = stamp(path)?;
    Some(Expected { path: path.to_owned(), stamp, content: None })
}

/// Hashes whatever is not hashed yet. An action is left out when one of its files, or one that it
/// relies on, cannot be read or is not what it was any more.
fn with_contents(
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
    let hashed: HashMap<PathBuf, Result<ContentHash, String>> = missing
        .into_par_iter()
        .map(|expected| {
            let content = content_hash(&expected.path).map_err(|error| error.to_string());
            let content = match stamp(&expected.path) {
                Some(now) if now == expected.stamp => content,
                _ => content.and(Err("was changed since it was looked at".to_owned())),
            };
            let bytes = expected.stamp.size.0;
            progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
            (expected.path, content)
        })
        .collect();
    progress.on(Event::StageFinished { stage: Phase::Verify });
    let fill = |expected: &mut Expected| -> Result<(), String> {
        if expected.content.is_none() {
            match hashed.get(&expected.path) {
                Some(Ok(content)) => expected.content = Some(*content),
                Some(Err(why)) => {
                    return Err(format!(
                        "{}: {why}",
                        crate::model::path_text::for_people(&expected.path)
                    ));
                }
                None => return Err("was not read".to_owned()),
            }
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
            Err(why) => left.push(LeftAlone { path: first_path(&action), why }),
        }
    }
    kept
}

fn first_path(action: &Action) -> PathBuf {
    action.files.first().map(|member| member.source.path.clone()).unwrap_or_default()
}

/// Gives destinations away.
struct SourcePlaces {
    /// Where relative paths start.
    base: PathBuf,
    /// Real paths of the roots, each with where its tree goes.
    trees: Vec<(PathBuf, PathBuf)>,
    /// The one folder that all go to.
    flat: Option<PathBuf>,
    taken: TakenNames,
}

impl SourcePlaces {
    fn new(plan: &Plan, wanted: &ProposalOptions) -> Self {
        let roots: Vec<PathBuf> = plan.roots.iter().map(|root| root.0.clone()).collect();
        let destination = plan.destinations.first().map(|to| to.0.as_path());
        let mut trees: Vec<(PathBuf, PathBuf)> = match destination {
            Some(to) => {
                let common = common_folder(&roots);
                let below = |root: &PathBuf| to.join(root.strip_prefix(&common).unwrap_or(root));
                roots.iter().map(|root| (root.clone(), below(root))).collect()
            }
            None => {
                let aside = Path::new(OWN_FOLDER).join("quarantine").join(&wanted.label);
                roots.iter().map(|root| (root.clone(), root.join(&aside))).collect()
            }
        };
        // The innermost root first.
        trees.sort_by_key(|(root, _)| std::cmp::Reverse(root.components().count()));
        let flat = destination.filter(|_| wanted.action != ActionKind::Quarantine);
        let base = plan.base.0.clone();
        Self { base, trees, flat: flat.map(Path::to_owned), taken: TakenNames::default() }
    }

    /// Gives every file of an action a free place; all of them with the same addition to their
    /// names where one is not free.
    fn give(&mut self, action: &mut Action) {
        let plain: Vec<PathBuf> =
            action.files.iter().map(|member| self.plain(&member.source.path)).collect();
        let content = action.files.first().and_then(|member| member.source.content);
        let places = fitting(&plain, content, &mut |places| {
            let free =
                |place: &PathBuf| !self.taken.contains(place) && place.symlink_metadata().is_err();
            places.iter().all(free)
        });
        for (member, place) in action.files.iter_mut().zip(places) {
            self.taken.insert(&place);
            member.destination = Some(ExactPath(place));
        }
    }

    fn plain(&self, source: &Path) -> PathBuf {
        let name: OsString = source.file_name().unwrap_or_default().to_owned();
        if let Some(flat) = &self.flat {
            return flat.join(name);
        }
        let folder = self.base.join(source.parent().unwrap_or(Path::new("")));
        let tree = self
            .trees
            .iter()
            .find_map(|(root, tree)| Some((folder.strip_prefix(root).ok()?, tree)));
        // A source lies in a root: others were left out.
        tree.map(|(below, tree)| tree.join(below).join(&name)).unwrap_or_default()
    }
}

/// Reads the names in a folder.
fn names_in(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}
