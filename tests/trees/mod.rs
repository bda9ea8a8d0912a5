//! A small library with duplicates, plans for it, and what it holds.

#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clean_backup::act::apply::Applied;
use clean_backup::act::plan::{
    Action, ActionKind, ExactPath, Expected, MatchRule, Member, Origin, Plan, Proof, SidecarBefore,
    SidecarChange, content_of,
};
use clean_backup::files::content::content_hash;
use clean_backup::files::real_paths::real_path;
use clean_backup::files::stamp::stamp;
use clean_backup::model::findings::{Matching, Relation};
use clean_backup::model::record::ContentHash;
use tempfile::TempDir;

/// Contents by names below the root.
pub type Tree = BTreeMap<PathBuf, ContentHash>;

/// `library/` with keepers in `best/` and duplicates in `copies/`, among them one with a sidecar;
/// `trash/` and `runs/` beside it.
pub struct Scene {
    folder: TempDir,
    pub before: Tree,
}

/// Files that are not the library's.
const OWN: [&str; 2] = ["runs", "plan.json"];

/// A sidecar that says nothing yet, and one that says something.
const EMPTY: &str = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>";
const FULL: &str = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
                    <rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' \
                    xmp:Rating='5'/></rdf:RDF>";

/// Duplicates with the keepers that they have; the first has the keeper's very bytes.
pub const PAIRS: [(&str, &str); 3] = [
    ("copies/a.jpg", "best/a.jpg"),
    ("copies/b.jpg", "best/b.jpg"),
    ("copies/c.jpg", "best/c.jpg"),
];

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = real_path(folder.path()).unwrap();
        let write = |name: &str, text: &str, second: u64| {
            let path = root.join("library").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::new(1_600_000_000 + second, 5000);
            let file = File::options().write(true).open(&path).unwrap();
            file.set_times(FileTimes::new().set_modified(time)).unwrap();
        };
        write("best/a.jpg", "the same picture", 1);
        write("copies/a.jpg", "the same picture", 2);
        write("best/b.jpg", "a large picture", 3);
        write("copies/b.jpg", "a small one", 4);
        write("best/c.jpg", "another large picture", 5);
        write("copies/c.jpg", "another small one", 6);
        write("copies/c.xmp", "what was made of it", 7);
        write("best/c.xmp", "what was made of it", 8);
        write("copies/d.jpg", "not concerned", 9);
        write("best/b.xmp", EMPTY, 10);
        fs::create_dir(root.join("trash")).unwrap();
        let before = tree(&root);
        Self { folder, before }
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Whether a deletion removes the content of this file for good.
    pub fn deletable(&self, name: &Path) -> bool {
        ["library/copies/b.jpg", "library/copies/c.jpg"]
            .iter()
            .any(|other| name == Path::new(other))
    }

    pub fn expected(&self, name: &str) -> Expected {
        let path = Path::new("library").join(name);
        let real = self.root().join(&path);
        Expected { stamp: stamp(&real).unwrap(), content: content_hash(&real).ok(), path }
    }

    /// Whether a plan that writes sidecars replaces this content, or writes it. What it replaces
    /// it keeps.
    pub fn in_sidecars(&self, kind: ActionKind, content: ContentHash) -> bool {
        kind == ActionKind::WriteSidecar && [EMPTY, FULL].iter().any(|t| content_of(t) == content)
    }

    /// A sidecar that is new, and one that is replaced.
    fn sidecars(&self) -> Vec<Action> {
        let library = real_path(self.root()).unwrap().join("library");
        let action = |group, picture: &str, name: &str, before: Option<&str>| {
            let path = library.join(name);
            let before = before.map(|text| SidecarBefore {
                file: Expected { path: path.clone(), ..self.expected(name) },
                text: text.to_owned(),
            });
            let change = SidecarChange { before, after: Some(FULL.to_owned()) };
            let member = Member {
                sidecar: Some(Box::new(change)),
                ..Member::alone(self.expected(picture)).going_to(path)
            };
            let (action, files) = (ActionKind::WriteSidecar, vec![member]);
            Action { group, action, files, why: String::new() }
        };
        vec![
            action(1, "best/a.jpg", "best/a.jpg.xmp", None),
            action(2, "best/b.jpg", "best/b.xmp", Some(EMPTY)),
        ]
    }

    /// A plan that does this to the duplicates; links only to the identical one. Sidecars are
    /// written for pictures whose duplicates go into quarantine.
    pub fn plan(&self, kind: ActionKind) -> Plan {
        let root = real_path(self.root()).unwrap();
        if kind == ActionKind::WriteSidecar {
            let mut plan = self.plan(ActionKind::Quarantine);
            plan.actions.splice(0..0, self.sidecars());
            return plan;
        }
        if kind == ActionKind::Detach {
            // What is to be taken apart is a link first.
            let copy = root.join("library/copies/a.jpg");
            fs::remove_file(&copy).unwrap();
            fs::hard_link(root.join("library/best/a.jpg"), &copy).unwrap();
        }
        let mut plan = Plan::new(Origin::Dedupe, &root);
        plan.roots = vec![ExactPath(root.clone())];
        plan.policy = Some(MatchRule::from(&Matching::default()));
        let place = |name: &str| {
            let to = root.join("aside/deep").join(name);
            kind.has_destination().then_some(ExactPath(to))
        };
        let member = |name: &str, keeper: Option<(&str, Proof)>| Member {
            source: self.expected(name),
            destination: place(name),
            keeper: keeper.map(|(keeper, _)| self.expected(keeper)),
            proof: keeper.map(|(_, proof)| proof),
            modified_ns: None,
            sidecar: None,
            attested: None,
        };
        for ((name, keeper), group) in PAIRS.into_iter().zip(1..) {
            let links =
                matches!(kind, ActionKind::Hardlink | ActionKind::Reflink | ActionKind::Detach);
            if links && name != "copies/a.jpg" {
                continue;
            }
            let same = name == "copies/a.jpg";
            let relation = if same { Relation::Identical } else { Relation::Copy };
            let proof = Proof { group, relation, ..Proof::SAME_BYTES };
            let keeper = (kind != ActionKind::Detach).then_some((keeper, proof));
            let mut files = vec![member(name, keeper)];
            if name == "copies/c.jpg" {
                let twin = (kind == ActionKind::Delete).then_some("best/c.xmp");
                let twin = twin.map(|twin| (twin, Proof::SAME_BYTES));
                files.push(member("copies/c.xmp", twin));
            }
            plan.actions.push(Action { group, action: kind, files, why: String::new() });
        }
        plan
    }

    /// What is there when all of a plan was done.
    pub fn tree_after(&self, plan: &Plan) -> Tree {
        self.tree_after_some(plan, &|_| true)
    }

    fn tree_after_some(&self, plan: &Plan, done: &dyn Fn(&Action) -> bool) -> Tree {
        let mut tree = self.before.clone();
        for action in plan.actions.iter().filter(|action| done(action)) {
            for member in &action.files {
                if let (Some(change), Some(ExactPath(to))) = (&member.sidecar, &member.destination)
                {
                    let name = to.strip_prefix(&plan.base.0).unwrap().to_owned();
                    tree.insert(name, content_of(change.after.as_ref().unwrap()));
                    continue;
                }
                let content = tree[&member.source.path];
                if action.action.removes_source() {
                    tree.remove(&member.source.path);
                }
                if let Some(ExactPath(to)) = &member.destination {
                    let root = &plan.base.0;
                    tree.insert(to.strip_prefix(root).unwrap().to_owned(), content);
                }
            }
        }
        tree
    }

    /// What is there when just those acts were done that the outcome does not tell otherwise of.
    /// Acts that were never begun, since the journal failed, are not done either.
    pub fn trees_without_acts(&self, plan: &Plan, applied: &Applied) -> Tree {
        let begun = plan.actions.len() - usize::try_from(applied.left).unwrap();
        let undone: BTreeSet<_> = applied.not_done.iter().map(|n| n.path.clone()).collect();
        self.tree_after_some(plan, &|action| {
            let place = plan.actions.iter().position(|other| other == action).unwrap();
            place < begun && !undone.contains(&action.files[0].source.path)
        })
    }

    /// Modification times by name.
    pub fn stamps(&self) -> BTreeMap<PathBuf, SystemTime> {
        let names = tree(self.root()).into_keys();
        names
            .map(|name| {
                let time = fs::metadata(self.root().join(&name)).unwrap().modified().unwrap();
                (name, time)
            })
            .collect()
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn files(root: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    walk(root, &mut found);
    let below = |path: PathBuf| (path.strip_prefix(root).unwrap().to_owned(), path);
    let own = |name: &Path| OWN.iter().any(|own| name.starts_with(own));
    found.into_iter().map(below).filter(|(name, _)| !own(name)).collect()
}

fn is_hidden(name: &Path) -> bool {
    name.file_name().unwrap().to_string_lossy().starts_with(".clean-backup-")
}

/// Files under final names, but not those in the trash.
pub fn tree(root: &Path) -> Tree {
    files(root)
        .into_iter()
        .filter(|(name, _)| !is_hidden(name) && !name.starts_with("trash"))
        .map(|(name, path)| (name, content_hash(&path).unwrap()))
        .collect()
}

/// Files of runs that are not whole, or not to be seen.
pub fn hidden(root: &Path) -> Vec<PathBuf> {
    files(root).into_iter().map(|(name, _)| name).filter(|name| is_hidden(name)).collect()
}

/// All contents, wherever they are.
pub fn contents(root: &Path) -> BTreeSet<ContentHash> {
    files(root).into_iter().map(|(_, path)| content_hash(&path).unwrap()).collect()
}
