//! What lies in quarantine, according to the journals of the runs that moved it there; and the plan
//! that removes it for good.
//!
//! A file that no journal knows, because somebody put it there by hand or the journal is lost, is
//! never acted on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::act::journal::{Intent, RunLog, Verdict};
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{
    Action, ActionKind, ExactPath, Expected, MatchRule, Member, Origin, Plan, Proof,
};
use crate::files::content::content_hash;
use crate::files::fsops::{FileKind, FileSystem, real_place};
use crate::model::findings::Relation;
use crate::model::path_text::for_people;
use crate::model::record::ContentHash;

/// A run with the plan that it carried out.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Its journal.
    pub log: RunLog,
    /// Its plan.
    pub plan: Plan,
}

/// A file in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Its path in quarantine.
    pub now: PathBuf,
    /// Its path before.
    pub was: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes, by the journal.
    pub content: Option<ContentHash>,
    /// The file that it was moved aside for, and why; a sidecar has none of its own.
    pub keeper: Option<(Expected, Proof)>,
}

/// The files of one act: they go and come back together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldUnit {
    /// The picture first.
    pub files: Vec<HeldFile>,
}

impl HeldFile {
    /// Whether the file that stayed has the same bytes.
    pub fn is_identical(&self) -> bool {
        let same = |keeper: &(Expected, Proof)| keeper.0.content == self.content;
        self.content.is_some() && self.keeper.as_ref().is_some_and(same)
    }
}

/// The units of a run that still lie where it put them.
pub fn held(run: &PastRun, files: &dyn FileSystem) -> Vec<HeldUnit> {
    let PastRun { log, plan } = run;
    let mut units = Vec::new();
    for (index, intent) in &log.intents {
        let agreed = Intent::from_plan(plan, *index, &intent.time).as_ref() == Some(intent);
        let done = log.endings.get(index).is_some_and(|ending| ending.verdict == Verdict::Done);
        if intent.kind != ActionKind::Quarantine || !agreed || !done {
            continue;
        }
        let planned = plan.actions.get(*index).map(|action| &action.files[..]).unwrap_or_default();
        let members = intent.files.iter().zip(planned).filter_map(|(file, member)| {
            let now = file.destination.as_ref()?.0.clone();
            let look = files.look(&now).ok().flatten()?;
            let there = look.kind == FileKind::File && look.stamp.size == file.source.stamp.size;
            there.then(|| HeldFile {
                now,
                was: file.source.path.clone(),
                bytes: file.source.stamp.size.0,
                content: file.source.content,
                keeper: file.keeper.clone().zip(member.proof),
            })
        });
        let unit = HeldUnit { files: members.collect() };
        if !unit.files.is_empty() {
            units.push(unit);
        }
    }
    units
}

/// Where files are that runs have moved since, by where they were; `runs` from the oldest on.
pub fn moves(runs: &[PastRun]) -> HashMap<PathBuf, PathBuf> {
    let mut moves = HashMap::new();
    for PastRun { log, .. } in runs {
        for (index, intent) in &log.intents {
            let done = log.endings.get(index).is_some_and(|end| end.verdict == Verdict::Done);
            if !done || !matches!(intent.kind, ActionKind::Quarantine | ActionKind::Move) {
                continue;
            }
            for file in &intent.files {
                if let Some(to) = &file.destination {
                    moves.insert(file.source.path.clone(), to.0.clone());
                }
            }
        }
    }
    moves
}

/// What emptying does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emptying {
    /// The plan that deletes.
    pub plan: Plan,
    /// What is not deleted.
    pub left: Vec<LeftAlone>,
}

/// The plan that deletes units for good. Each relies on the file that it was moved aside for, which
/// must still be there, perhaps where a later run has `moved` it; its bytes are compared when the
/// plan is carried out.
pub fn empty(
    runs: &[(&PastRun, Vec<HeldUnit>)],
    moved: &HashMap<PathBuf, PathBuf>,
    files: &dyn FileSystem,
    base: &Path,
) -> Emptying {
    let mut maker = Maker {
        files,
        moved,
        aside: runs.iter().flat_map(|(_, units)| units).flat_map(paths).collect(),
        groups: HashMap::new(),
        plan: bounded(runs, files, base),
        left: Vec::new(),
    };
    for unit in runs.iter().flat_map(|(_, units)| units) {
        match maker.action(unit) {
            Ok(action) => maker.plan.actions.push(action),
            Err(why) => {
                let path = unit.files.first().map(|file| file.now.clone()).unwrap_or_default();
                maker.left.push(LeftAlone { path, why: why.to_string() });
            }
        }
    }
    maker.name_keepers();
    Emptying { plan: maker.plan, left: maker.left }
}

fn paths(unit: &HeldUnit) -> impl Iterator<Item = PathBuf> + '_ {
    unit.files.iter().map(|file| file.now.clone())
}

/// A plan without acts that may act where the runs could, by the widest of their policies.
fn bounded(runs: &[(&PastRun, Vec<HeldUnit>)], files: &dyn FileSystem, base: &Path) -> Plan {
    let real = files.real_path(base).unwrap_or_else(|_| base.to_owned());
    let mut plan = Plan::new(Origin::Dedupe, &real);
    let (mut roots, mut references) = (BTreeSet::new(), BTreeSet::new());
    for (run, units) in runs.iter().filter(|(_, units)| !units.is_empty()) {
        let resolve = |path: &ExactPath| ExactPath(run.plan.resolve(&path.0));
        roots.extend(run.plan.roots.iter().chain(&run.plan.destinations).map(resolve));
        references.extend(run.plan.references.iter().map(resolve));
        plan.policy = match (plan.policy, run.plan.policy) {
            (Some(a), Some(b)) => Some(widest(a, b)),
            (a, b) => a.or(b),
        };
        let folders = run.log.folders.iter().rev().cloned().map(ExactPath);
        let gone = folders
            .filter(|folder| units.iter().flat_map(paths).any(|path| path.starts_with(&folder.0)));
        plan.prune.extend(gone);
    }
    plan.roots = roots.into_iter().collect();
    plan.references = references.into_iter().collect();
    if let Ok(reach) = plan.reach() {
        plan.prune.retain(|folder| reach.prunes(&folder.0));
    }
    plan
}

fn widest(a: MatchRule, b: MatchRule) -> MatchRule {
    MatchRule {
        threshold: a.threshold.max(b.threshold),
        fine_threshold: a.fine_threshold.max(b.fine_threshold),
        fine_only: a.fine_only || b.fine_only,
        any_orientation: a.any_orientation || b.any_orientation,
        include_bursts: a.include_bursts || b.include_bursts,
        include_alike: a.include_alike || b.include_alike,
        include_unsure: a.include_unsure || b.include_unsure,
        include_films: a.include_films || b.include_films,
        deep: a.deep || b.deep,
    }
}

/// What is needed to make the acts one after the other.
struct Maker<'a> {
    files: &'a dyn FileSystem,
    moved: &'a HashMap<PathBuf, PathBuf>,
    /// Every file that lies in quarantine.
    aside: HashSet<PathBuf>,
    /// A number for each keeper.
    groups: HashMap<PathBuf, u64>,
    plan: Plan,
    left: Vec<LeftAlone>,
}

impl Maker<'_> {
    fn action(&mut self, unit: &HeldUnit) -> Result<Action, Undeletable> {
        let mut members = Vec::new();
        let mut home = None;
        for file in &unit.files {
            let source = self.expected(&file.now, file.content).ok_or(Undeletable::Gone)?;
            let (keeper, proof) = match &file.keeper {
                Some((keeper, proof)) => {
                    let keeper = self.keeper(keeper)?;
                    home.get_or_insert_with(|| keeper.path.clone());
                    let next = self.groups.len() as u64 + 1;
                    let group = *self.groups.entry(keeper.path.clone()).or_insert(next);
                    let identical = keeper.content == source.content;
                    let relation = if identical { Relation::Identical } else { proof.relation };
                    (keeper, Proof { group, relation, ..*proof })
                }
                None => {
                    let home = home.as_deref().and_then(Path::parent);
                    let twin = home.and_then(|home| self.twin(home, &source));
                    (
                        twin.ok_or_else(|| Undeletable::WithoutTwin(file.now.clone()))?,
                        Proof::SAME_BYTES,
                    )
                }
            };
            members.push(Member::alone(source).relying_on(keeper, proof));
        }
        let first = members.first().and_then(|member| member.proof);
        let group = first.map(|proof| proof.group).ok_or(Undeletable::WithoutKeeper)?;
        let why = "was in quarantine".to_owned();
        Ok(Action { group, action: ActionKind::Delete, files: members, why })
    }

    fn expected(&self, path: &Path, content: Option<ContentHash>) -> Option<Expected> {
        let path = real_place(self.files, path);
        let look = self.files.look(&path).ok().flatten()?;
        (look.kind == FileKind::File).then_some(Expected { path, stamp: look.stamp, content })
    }

    /// The file that stays, where it is now.
    fn keeper(&self, keeper: &Expected) -> Result<Expected, Undeletable> {
        let mut path = keeper.path.clone();
        // No chain is longer than there are moves.
        for _ in 0..=self.moved.len() {
            if self.aside.contains(&path) {
                return Err(Undeletable::KeeperInQuarantine);
            }
            match self.expected(&path, keeper.content) {
                Some(found) if found.stamp.size == keeper.stamp.size => return Ok(found),
                _ => {}
            }
            match self.moved.get(&path) {
                Some(next) => path = next.clone(),
                None => break,
            }
        }
        Err(Undeletable::KeeperGone(keeper.path.clone()))
    }

    /// A file beside the keeper with the same bytes as a sidecar.
    fn twin(&self, folder: &Path, sidecar: &Expected) -> Option<Expected> {
        let entries = folder.read_dir().ok()?.filter_map(Result::ok).map(|entry| entry.path());
        let mut found: Vec<PathBuf> = entries.filter(|path| !self.aside.contains(path)).collect();
        found.sort();
        found.into_iter().find_map(|path| {
            let twin = self.expected(&path, sidecar.content)?;
            let same = twin.stamp.size == sidecar.stamp.size
                && content_hash(&twin.path).ok() == sidecar.content;
            same.then_some(twin)
        })
    }

    /// Files that stay outside of all folders of the runs are named one by one.
    fn name_keepers(&mut self) {
        let Ok(reach) = self.plan.reach() else { return };
        let members = self.plan.actions.iter().flat_map(|action| &action.files);
        let keepers = members.filter_map(|member| member.keeper.as_ref());
        let elsewhere: BTreeSet<ExactPath> = keepers
            .map(|keeper| self.plan.resolve(&keeper.path))
            .filter(|path| !reach.relies_on(path))
            .map(ExactPath)
            .collect();
        self.plan.elsewhere = elsewhere.into_iter().collect();
    }
}

/// Why files stay in quarantine.
enum Undeletable {
    Gone,
    WithoutKeeper,
    KeeperInQuarantine,
    KeeperGone(PathBuf),
    WithoutTwin(PathBuf),
}

impl fmt::Display for Undeletable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("it no longer exists"),
            Self::WithoutKeeper => f.write_str("it has no file that stays"),
            Self::KeeperInQuarantine => {
                f.write_str("what was kept in its place lies in quarantine too")
            }
            Self::KeeperGone(keeper) => write!(
                f,
                "what was kept in its place, {}, is gone or was changed; restore it instead",
                for_people(keeper)
            ),
            Self::WithoutTwin(file) => write!(
                f,
                "{}, which belongs to it, is nowhere beside what was kept; deleting would lose it",
                for_people(Path::new(file.file_name().unwrap_or_default()))
            ),
        }
    }
}

/// Files in the quarantine folders of libraries that no journal knows.
pub fn unknown(runs: &[PastRun], known: &HashSet<PathBuf>) -> Vec<PathBuf> {
    let roots = runs.iter().flat_map(|run| run.plan.roots.iter().map(|r| run.plan.resolve(&r.0)));
    let folders: BTreeSet<PathBuf> =
        roots.map(|root| root.join(".clean-backup").join("quarantine")).collect();
    let mut found = BTreeSet::new();
    let mut waiting: Vec<PathBuf> = folders.into_iter().collect();
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries.filter_map(Result::ok) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(_) if !known.contains(&entry.path()) => {
                    found.insert(entry.path());
                }
                _ => {}
            }
        }
    }
    found.into_iter().collect()
}
