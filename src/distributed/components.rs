//! `components`: from edges to connected components.

use std::collections::HashMap;
use std::io::{Read, Write};

use super::KernelError;
use super::ipc::{Input, Output};
use super::table::{A, B, COMPONENT, Cell, ID, wrong};

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

/// Union–find over ids as they come.
#[derive(Default)]
struct Joined {
    places: HashMap<i64, u32>,
    ids: Vec<i64>,
    parents: Vec<u32>,
}

impl Joined {
    fn place(&mut self, id: i64) -> u32 {
        let next = self.ids.len() as u32;
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.ids.push(id);
            self.parents.push(next);
        }
        place
    }

    fn root(&mut self, mut place: u32) -> u32 {
        loop {
            let parent = self.parents[place as usize];
            if parent == place {
                return place;
            }
            let above = self.parents[parent as usize];
            self.parents[place as usize] = above;
            place = above;
        }
    }

    fn connect(&mut self, a: i64, b: i64) {
        let (a, b) = (self.place(a), self.place(b));
        let (a, b) = (self.root(a), self.root(b));
        // The smallest id is the root.
        let (lower, higher) = match self.ids[a as usize] <= self.ids[b as usize] {
            true => (a, b),
            false => (b, a),
        };
        self.parents[higher as usize] = lower;
    }

    fn into_components(mut self) -> Vec<(i64, i64)> {
        let mut named: Vec<(i64, i64)> = (0..self.ids.len() as u32)
            .map(|place| {
                let root = self.root(place);
                (self.ids[place as usize], self.ids[root as usize])
            })
            .collect();
        named.sort_unstable_by_key(|&(id, component)| (component, id));
        named
    }
}
