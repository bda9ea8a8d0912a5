//! From findings to a plan: which files go where, with all that belongs to them.

mod bind;
mod carry;
mod destinations;
mod known;
mod units;
mod verify;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::act::left_alone::LeftAlone;
use crate::act::plan::{
    Action, ActionKind, Attested, ExactPath, Expected, MatchRule, Member, Origin, Plan, Proof,
};
use crate::files::real_paths::RealPaths;
use crate::files::stamp::stamp;
use crate::model::event::Progress;
use crate::model::findings::{Duplicate, Findings, Group, Likeness, Relation};
use bind::Binding;
use destinations::Destinations;
pub use known::known_of;
use units::Folders;
use verify::verify;

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
    /// Write what only a duplicate knows into a sidecar beside its keeper.
    pub carry: bool,
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is to be done.
    pub plan: Plan,
    /// What is not, though it is a duplicate.
    pub left: Vec<LeftAlone>,
    /// Duplicates that go though they know what their keepers do not, and what that is: it may not
    /// be written beside a keeper that is only read.
    pub not_carried: Vec<LeftAlone>,
}

/// Where the library keeps what it sets aside; walks pass it over.
const OWN_FOLDER: &str = ".clean-backup";

/// A duplicate that may be acted on, with its group.
#[derive(Clone, Copy)]
struct Proposed<'a> {
    number: u64,
    group: &'a Group,
    duplicate: &'a Duplicate,
    /// The receipt for a keeper on another machine.
    attested: Option<&'a Attested>,
}

impl Proposed<'_> {
    fn path(&self) -> &Path {
        &self.duplicate.picture.path
    }

    fn member(&self) -> Member {
        let alone = Member::alone((&self.duplicate.picture).into());
        let proof = Proof::from_duplicate(self.number, self.duplicate);
        match self.attested {
            Some(attested) => alone.relying_elsewhere(attested.clone(), proof),
            None => alone.relying_on((&self.group.keeper).into(), proof),
        }
    }

    fn why(&self) -> String {
        match self.duplicate.relation {
            Relation::Identical => "identical to the keeper".to_owned(),
            relation => {
                let likeness = match self.duplicate.likeness {
                    Some(Likeness { per_cent, .. }) => format!("{per_cent} % alike, "),
                    None => String::new(),
                };
                format!(
                    "{} of the keeper ({likeness}{} of 64 bits differ, {} of 256); kept for: {}",
                    relation.name(),
                    self.duplicate.distance,
                    self.duplicate.fine_distance,
                    self.group.reason
                )
            }
        }
    }
}

impl Findings {
    /// Plans what to do with the duplicates. Reads folders, and the bytes of what is to be acted on
    /// and of what that relies on, as far as their hashes are not known.
    pub fn plan(&self, wanted: &ProposalOptions, progress: &dyn Progress) -> Proposal {
        self.plan_with(wanted, &Elsewhere::default(), progress)
    }

    /// The same where some keepers are on other machines.
    pub fn plan_with(
        &self,
        wanted: &ProposalOptions,
        elsewhere: &Elsewhere,
        progress: &dyn Progress,
    ) -> Proposal {
        propose(self, wanted, elsewhere, progress)
    }
}

/// Keepers on other machines, by their paths as the findings have them, each with the receipt that
/// it was read there, if there is one.
pub type Elsewhere = HashMap<PathBuf, Option<Attested>>;

fn propose(
    findings: &Findings,
    wanted: &ProposalOptions,
    elsewhere: &Elsewhere,
    progress: &dyn Progress,
) -> Proposal {
    let real = RealPaths::new(&wanted.base);
    let mut proposal = Proposal {
        plan: bounded(findings, wanted, &real),
        left: Vec::new(),
        not_carried: Vec::new(),
    };
    let candidates = candidates(findings, wanted, elsewhere, &mut proposal.left);
    let mut binding = Binding::new(&proposal.plan, &candidates, real);
    if wanted.action == ActionKind::Report {
        let actions = candidates.iter().map(reported).collect();
        proposal.plan.actions = binding.bind(actions, &mut proposal.left);
        proposal.plan.elsewhere = binding.elsewhere();
        return proposal;
    }
    let mut folders = Folders::default();
    let actions = units::gather(&candidates, wanted.action, &mut folders, &mut proposal.left);
    let actions = verify(actions, &mut proposal.left, progress);
    let actions = actions
        .into_iter()
        .filter_map(|action| match wanted.action {
            ActionKind::Delete => units::with_twins(action, &mut folders, &mut proposal.left),
            _ => Some(action),
        })
        .collect();
    let mut actions = binding.bind(actions, &mut proposal.left);
    proposal.plan.elsewhere = binding.elsewhere();
    if wanted.carry && wanted.action.removes_source() {
        actions = carry::with_sidecars(actions, &candidates, &mut proposal);
    }
    if wanted.action.has_destination() {
        let mut places = Destinations::new(&proposal.plan, wanted);
        for action in actions.iter_mut().filter(|action| action.action == wanted.action) {
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
    elsewhere: &'a Elsewhere,
    left: &mut Vec<LeftAlone>,
) -> Vec<Proposed<'a>> {
    let action = wanted.action;
    let mut candidates = Vec::new();
    for (group, number) in findings.groups.iter().zip(1..) {
        let receipt = elsewhere.get(&group.keeper.path);
        let attested = receipt.and_then(Option::as_ref);
        for duplicate in group.duplicates.iter().filter(|d| findings.matching.acts_on(d)) {
            let candidate = Proposed { number, group, duplicate, attested };
            let unbound = duplicate.picture.content.is_none() || group.keeper.content.is_none();
            let why = if receipt.is_some() && attested.is_none() {
                "its keeper is on another machine, and no receipt says that it was read there"
            } else if receipt.is_some() && !action.keeps_the_file() {
                "its keeper is on another machine: only --action quarantine or move can be undone \
                 whatever becomes of it"
            } else if unbound && action != ActionKind::Report {
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

fn first_path(action: &Action) -> PathBuf {
    action.files.first().map(|member| member.source.path.clone()).unwrap_or_default()
}
