//! `components`: from edges to connected components.

use std::collections::HashMap;
use std::io::{Read, Write};

use super::KernelError;
use super::ipc::{Input, Output};
use super::table::{A, B, COMPONENT, Cell, ID, wrong};
use crate::dedupe::components::Components;

/// Which component each id of the edges is in, named by the smallest id in it; by component and id.
/// Takes some 40 bytes an id.
///
/// # Errors
/// [`KernelError`]
pub fn components(input: &mut dyn Read, output: &mut dyn Write) -> Result<(), KernelError> {
    let mut input = Input::open(input, None)?;
    let mut output = Output::open(output, vec![ID, COMPONENT], None)?;
    let mut joined = Joined::default();
    while let Some(batch) = input.next()? {
        let (a, b) = (batch.column(&A)?, batch.column(&B)?);
        for row in 0..batch.rows() {
            let edge = a.number(row).zip(b.number(row));
            let (a, b) = edge.ok_or_else(|| wrong(&A))?;
            joined.connect(a, b);
        }
    }
    for (id, component) in joined.into_components() {
        output.push(vec![Cell::Signed(id), Cell::Signed(component)])?;
    }
    output.finish()
}

/// Ids as they come, numbered.
#[derive(Default)]
struct Joined {
    numbers: HashMap<i64, u32>,
    ids: Vec<i64>,
    components: Components,
}

impl Joined {
    fn number(&mut self, id: i64) -> u32 {
        let next = self.ids.len() as u32;
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.ids.push(id);
            self.components.push();
        }
        number
    }

    fn connect(&mut self, a: i64, b: i64) {
        let (a, b) = (self.number(a), self.number(b));
        self.components.connect(a, b);
    }

    fn into_components(mut self) -> Vec<(i64, i64)> {
        let mut named = self.ids.clone();
        let roots: Vec<u32> =
            (0..self.ids.len() as u32).map(|number| self.components.smallest(number)).collect();
        for (&root, &id) in roots.iter().zip(&self.ids) {
            let name = &mut named[root as usize];
            *name = id.min(*name);
        }
        let mut members: Vec<(i64, i64)> =
            self.ids.iter().zip(roots).map(|(&id, root)| (id, named[root as usize])).collect();
        members.sort_unstable_by_key(|&(id, component)| (component, id));
        members
    }
}
