//! Which pictures were made from others that are there. That takes pairs; what comes of it is a
//! fact of each picture by itself, so that the order of keepers stays total.

use std::collections::{HashMap, HashSet};

use super::Question;
use super::classes::Classes;
use super::evidence::{CopyName, Evidence, copy_name, made_from};
use super::partition::Edge;
use super::prover::Standing;

/// Most different files of a class that are compared with those of another one, or with each other.
const MOST_KINDS: usize = 32;
/// Most files of a class whose names are compared with those of another class.
const MOST_NAMES: usize = 256;

/// Pictures that are made from others, by index.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// Their pixels are.
    pub made: HashSet<u32>,
    /// Their names are.
    pub named: HashSet<u32>,
}

impl Origins {
    /// Compares the members of each class with each other and with those of its neighbours.
    pub fn new(question: &Question<'_>, classes: &Classes, edges: &[Edge]) -> Self {
        let mut origins = Self::default();
        for class in (0..classes.len()).filter(|&class| classes.members(class).len() > 1) {
            let (kinds, names) = (kinds(question, classes, class), names(question, classes, class));
            origins.note_made(&kinds, &kinds);
            origins.note_named(question, classes.members(class), &names);
        }
        for &Edge { a, b } in edges {
            let proven = question.proofs.get(classes.first(a), classes.first(b));
            let same = |proven: super::prover::Proven| proven.standing == Standing::Same;
            if !proven.is_some_and(same) {
                continue;
            }
            if !proven.is_some_and(|proven| proven.is_part()) {
                let (first, second) = (kinds(question, classes, a), kinds(question, classes, b));
                origins.note_made(&first, &second);
                origins.note_made(&second, &first);
            }
            for (one, other) in [(a, b), (b, a)] {
                let members = classes.members(one);
                let few = &members[..members.len().min(MOST_NAMES)];
                origins.note_named(question, few, &names(question, classes, other));
            }
        }
        origins
    }

    fn note_made(&mut self, copies: &[Kind], originals: &[Kind]) {
        for copy in copies {
            let has_source = originals
                .iter()
                .any(|original| made_from(&copy.evidence, &original.evidence).is_some());
            if has_source {
                self.made.extend(&copy.members);
            }
        }
    }

    fn note_named(&mut self, question: &Question<'_>, members: &[u32], names: &HashSet<String>) {
        for &index in members {
            match copy_name(&question.pictures[index as usize].file.path) {
                Some(CopyName::Beside(base)) if names.contains(&base) => {
                    self.named.insert(index);
                }
                _ => {}
            }
        }
    }
}

/// Pictures of one class that nothing tells apart.
struct Kind {
    evidence: Evidence,
    members: Vec<u32>,
}

fn kinds(question: &Question<'_>, classes: &Classes, class: u32) -> Vec<Kind> {
    let mut places: HashMap<Evidence, usize> = HashMap::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for &index in classes.members(class) {
        let evidence = Evidence::from(&question.pictures[index as usize].record);
        match places.get(&evidence) {
            Some(&place) => kinds[place].members.push(index),
            None if kinds.len() < MOST_KINDS => {
                places.insert(evidence, kinds.len());
                kinds.push(Kind { evidence, members: vec![index] });
            }
            None => {}
        }
    }
    kinds
}

/// The names without their extensions, in lower case.
fn names(question: &Question<'_>, classes: &Classes, class: u32) -> HashSet<String> {
    let members = classes.members(class).iter();
    let stems = members.filter_map(|&index| {
        let stem = question.pictures[index as usize].file.path.file_stem()?;
        Some(stem.to_str()?.to_lowercase())
    });
    stems.collect()
}
