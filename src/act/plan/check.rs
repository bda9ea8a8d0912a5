//! What no plan may ask for.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::bounds::Bounds;
use super::error::PlanError;
use super::sidecar::is_beside;
use super::{Action, ActionKind, Member, Origin, Plan, Proof, UNBOUND_VERSION};
use crate::model::findings::Relation;
use crate::model::photo_library::photo_library_of;

impl Plan {
    /// Checks that no file is both relied on as a keeper and taken away, none is acted on twice, no
    /// two go to one place, each act has what it needs, every path lies in the folders that the
    /// plan names, and every keeper is proven to be one.
    ///
    /// # Errors
    /// The first rule that is broken: [`PlanError::Folder`], [`PlanError::Outside`],
    /// [`PlanError::Contradiction`].
    pub fn check(&self) -> Result<(), PlanError> {
        let bounds =
            (self.version != UNBOUND_VERSION).then(|| Bounds::from_plan(self)).transpose()?;
        let mut rules = Rules { bounds: bounds.as_ref(), ..Rules::new(self) };
        for (action, number) in self.actions.iter().zip(1..) {
            rules.check_action(action, number)?;
        }
        let stray = |bounds: &Bounds| {
            let folders = self.prune.iter().map(|folder| self.resolve(&folder.0));
            folders.into_iter().find(|folder| !bounds.holds_empty(folder))
        };
        match bounds.as_ref().and_then(stray) {
            Some(path) => {
                let (role, reason) = ("a folder to be removed", "lies outside the plan's folders");
                Err(PlanError::Folder { role, path, reason })
            }
            None => Ok(()),
        }?;
        let in_package = |folder: &PathBuf| photo_library_of(folder).is_some();
        match self.prune.iter().map(|folder| self.resolve(&folder.0)).find(in_package) {
            Some(path) => {
                let (role, reason) = ("a folder to be removed", "lies in a photo library");
                Err(PlanError::Folder { role, path, reason })
            }
            None => Ok(()),
        }
    }
}

/// What the actions that were looked at so far leave for the next.
struct Rules<'a> {
    plan: &'a Plan,
    /// `None` for a plan that has none.
    bounds: Option<&'a Bounds>,
    /// Every file that is relied on.
    keepers: HashSet<PathBuf>,
    /// Files that are taken away or changed, each by one act.
    acted_on: HashSet<PathBuf>,
    /// Files that are copied, perhaps to several places, and then no more than that.
    copied: HashSet<PathBuf>,
    destinations: HashSet<PathBuf>,
    keeper_of_group: HashMap<u64, PathBuf>,
    group_of_keeper: HashMap<PathBuf, u64>,
}

impl<'a> Rules<'a> {
    fn new(plan: &'a Plan) -> Self {
        let members = plan.actions.iter().flat_map(|action| &action.files);
        let keepers = members.filter_map(|member| member.keeper.as_ref());
        Self {
            plan,
            bounds: None,
            keepers: keepers.map(|keeper| plan.resolve(&keeper.path)).collect(),
            acted_on: HashSet::new(),
            copied: HashSet::new(),
            destinations: HashSet::new(),
            keeper_of_group: HashMap::new(),
            group_of_keeper: HashMap::new(),
        }
    }

    fn check_action(&mut self, action: &Action, number: u64) -> Result<(), PlanError> {
        let kind = action.action;
        let Some(first) = action.files.first() else {
            let (path, reason) = (PathBuf::new(), "has no file");
            return Err(PlanError::Contradiction { number, path, reason });
        };
        if kind == ActionKind::Report {
            return Ok(());
        }
        let broken = |member: &Member, reason: &'static str| PlanError::Contradiction {
            number,
            path: member.source.path.clone(),
            reason,
        };
        if kind == ActionKind::WriteSidecar {
            self.check_sidecar(action, first).map_err(|reason| broken(first, reason))?;
        }
        if self.bounds.is_some() {
            self.check_first(action, first).map_err(|reason| broken(first, reason))?;
        }
        for member in &action.files {
            check_member(kind, member).map_err(|reason| broken(member, reason))?;
            self.check_packages(kind, member).map_err(|reason| broken(member, reason))?;
            if let Some(bounds) = self.bounds {
                check_places(self.plan, bounds, kind, member, number)?;
                self.check_proof(member).map_err(|reason| broken(member, reason))?;
            }
            self.check_once(kind, member).map_err(|reason| broken(member, reason))?;
        }
        Ok(())
    }

    /// Of a duplicate that goes, another picture must stay.
    fn check_first(&self, action: &Action, first: &Member) -> Result<(), &'static str> {
        let goes = action.action.removes_source();
        let relies = first.keeper.is_some() || first.attested.is_some();
        if self.plan.origin == Origin::Dedupe && goes && !relies {
            return Err("names no file that stays");
        }
        match first.proof {
            Some(proof) if proof.group != action.group => {
                Err("has a proof for another group than its own")
            }
            _ => Ok(()),
        }
    }

    /// What is in a photo library of Apple's programs is only read.
    fn check_packages(&self, kind: ActionKind, member: &Member) -> Result<(), &'static str> {
        let is_inside = |path| photo_library_of(&self.plan.resolve(path)).is_some();
        let stays = matches!(kind, ActionKind::Copy | ActionKind::WriteSidecar);
        if !stays && is_inside(&member.source.path) {
            return Err(
                "takes away or changes a file in a photo library, where nothing is touched",
            );
        }
        if member.destination.as_ref().is_some_and(|to| is_inside(&to.0)) {
            return Err("puts a file into a photo library, where nothing is touched");
        }
        // The link would be one more name of the library's own file.
        let keeper = member.keeper.as_ref().filter(|_| kind == ActionKind::Hardlink);
        if keeper.is_some_and(|keeper| is_inside(&keeper.path)) {
            return Err("links to a file in a photo library, where nothing is touched");
        }
        Ok(())
    }

    /// A sidecar is written beside a picture that stays, and nowhere else.
    fn check_sidecar(&mut self, action: &Action, member: &Member) -> Result<(), &'static str> {
        let picture = self.plan.resolve(&member.source.path);
        let (Some(change), Some(to)) = (&member.sidecar, &member.destination) else {
            return Err("does not say what to write");
        };
        let to = self.plan.resolve(&to.0);
        let replaced = change.before.as_ref().map(|before| self.plan.resolve(&before.file.path));
        if action.files.len() > 1 || member.keeper.is_some() || self.bounds.is_none() {
            return Err("does more than write a sidecar");
        }
        if !is_beside(&picture, &to) || replaced.is_some_and(|replaced| replaced != to) {
            return Err("writes something else than the sidecar of its picture");
        }
        if self.bounds.is_some_and(|bounds| bounds.is_reference(&to)) {
            return Err("writes into a reference folder");
        }
        if let Some(flaw) = change.flaw() {
            return Err(flaw);
        }
        if self.keepers.contains(&to) || !self.acted_on.insert(to) {
            return Err("changes a sidecar that another act needs or changes");
        }
        match self.plan.origin {
            Origin::Undo => Ok(()),
            Origin::Dedupe if change.after.is_none() => Err("removes a sidecar"),
            Origin::Dedupe if !self.keepers.contains(&picture) => {
                Err("describes a picture that no other file goes in favour of")
            }
            Origin::Dedupe => self.check_keeper(action.group, picture),
            Origin::Organize | Origin::Leftovers | Origin::Covered => {
                Err("does what such a plan has no use for")
            }
        }
    }

    /// Checks that a keeper is one, by the proof in the plan.
    fn check_proof(&mut self, member: &Member) -> Result<(), &'static str> {
        let elsewhere = member.attested.as_deref();
        let keeper = match (&member.keeper, elsewhere) {
            (Some(keeper), None) => Some((self.plan.resolve(&keeper.path), keeper.content)),
            (None, Some(attested)) => Some((attested.named(), Some(attested.content))),
            (None, None) => None,
            (Some(_), Some(_)) => return Err("relies on two keepers"),
        };
        let ((keeper, content), proof) = match (keeper, &member.proof) {
            (None, None) => return Ok(()),
            (None, Some(_)) => return Err("has a proof, but names no keeper"),
            (Some(_), None) => return Err("relies on a keeper without a proof"),
            (Some(keeper), Some(proof)) => (keeper, proof),
        };
        if proof.relation == Relation::Identical {
            if content != member.source.content {
                return Err("is called identical to its keeper, but has other bytes");
            }
        } else {
            self.check_rule(proof)?;
        }
        if proof.group == 0 {
            return Ok(());
        }
        self.check_keeper(proof.group, keeper)
    }

    /// A group has one keeper, and a keeper one group.
    fn check_keeper(&mut self, group: u64, keeper: PathBuf) -> Result<(), &'static str> {
        let of_group = self.keeper_of_group.entry(group).or_insert_with(|| keeper.clone());
        if *of_group != keeper {
            return Err("relies on another keeper than the rest of its group");
        }
        if *self.group_of_keeper.entry(keeper).or_insert(group) != group {
            return Err("relies on the keeper of another group");
        }
        Ok(())
    }

    fn check_rule(&self, proof: &Proof) -> Result<(), &'static str> {
        if proof.group == 0 {
            return Err("only looks like its keeper, but is in no group with it");
        }
        let rule = self.plan.policy.as_ref().ok_or("only looks like its keeper, by no policy")?;
        if !rule.is_possible() {
            return Err("was matched by a policy that this program does not have");
        }
        rule.broken_by(proof).map_or(Ok(()), Err)
    }

    fn check_once(&mut self, kind: ActionKind, member: &Member) -> Result<(), &'static str> {
        let source = self.plan.resolve(&member.source.path);
        let stays = matches!(kind, ActionKind::Copy | ActionKind::WriteSidecar);
        if !stays && self.keepers.contains(&source) {
            return Err("takes away a file that is relied on as a keeper");
        }
        let (own, other) = match stays {
            true => (&mut self.copied, &self.acted_on),
            false => (&mut self.acted_on, &self.copied),
        };
        let again = other.contains(&source) || !own.insert(source) && !stays;
        if again {
            return Err("acts on a file that an earlier one acts on");
        }
        match &member.destination {
            Some(to) if !self.destinations.insert(self.plan.resolve(&to.0)) => {
                Err("goes where an earlier file goes")
            }
            _ => Ok(()),
        }
    }
}

fn check_member(kind: ActionKind, member: &Member) -> Result<(), &'static str> {
    let keeper = member.keeper.as_ref();
    if member.source.content.is_none() {
        Err("does not say which bytes its file has")
    } else if keeper.is_some_and(|keeper| keeper.content.is_none()) {
        Err("does not say which bytes its keeper has")
    } else if (kind == ActionKind::WriteSidecar) != member.sidecar.is_some() {
        Err("writes a sidecar and needs none, or the other way round")
    } else if kind.has_destination() != member.destination.is_some() {
        Err("has a destination and needs none, or the other way round")
    } else if kind.relies_on_keeper() && keeper.is_none() {
        Err("names no file that stays")
    } else if member.attested.is_some() && !kind.keeps_the_file() {
        Err("relies on a file of another machine, and could not be undone")
    } else if kind.needs_identical() && keeper.is_some_and(|k| k.content != member.source.content) {
        Err("puts a link in the place of a file that is not identical")
    } else {
        Ok(())
    }
}

fn check_places(
    plan: &Plan,
    bounds: &Bounds,
    kind: ActionKind,
    member: &Member,
    number: u64,
) -> Result<(), PlanError> {
    let outside = |role, path| Err(PlanError::Outside { number, role, path });
    let source = plan.resolve(&member.source.path);
    // What is copied is read, and stays as it is.
    let readable = kind == ActionKind::Copy && bounds.holds_keeper(&source);
    if !readable && !bounds.holds_source(&source) {
        return outside("source", source);
    }
    if let Some(keeper) = &member.keeper {
        let keeper = plan.resolve(&keeper.path);
        if !bounds.holds_keeper(&keeper) {
            return outside("keeper", keeper);
        }
    }
    if let Some(to) = &member.destination {
        let to = plan.resolve(&to.0);
        if !bounds.holds_destination(&to) {
            return outside("destination", to);
        }
    }
    Ok(())
}
