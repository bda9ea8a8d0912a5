//! `units`: what the pictures of whole folders are to one another.

use std::io::{Read, Write};
use std::path::PathBuf;

use super::KernelError;
use super::ipc::{Input, Output};
use super::paths::Paths;
use super::table::{Cell, EDITED, FORMAT, ID, ROLE, STATE, wrong};
use crate::dedupe::Units;
use crate::model::extensions::is_film;
use crate::model::media::Format;
use crate::units::UnitRole;

/// The roles, in the order of their numbers.
const ROLES: [UnitRole; 4] =
    [UnitRole::Single, UnitRole::Raw, UnitRole::Developed, UnitRole::LivePhoto];

/// The role of that number.
pub(super) fn role_of(number: i64) -> Option<UnitRole> {
    usize::try_from(number).ok().and_then(|number| ROLES.get(number)).copied()
}

/// Tells roles and edits by the names in whole folders of one volume.
///
/// # Errors
/// [`KernelError`]
pub fn units(input: &mut dyn Read, output: &mut dyn Write) -> Result<(), KernelError> {
    let mut input = Input::open(input, None)?;
    let mut output = Output::open(output, vec![ID, ROLE, EDITED], None)?;
    let mut pictures: Vec<(i64, PathBuf, Format)> = Vec::new();
    let mut films: Vec<PathBuf> = Vec::new();
    while let Some(batch) = input.next()? {
        let (ids, paths) = (batch.column(&ID)?, Paths::of(&batch)?);
        let (states, formats) = (batch.column(&STATE)?, batch.column(&FORMAT)?);
        for row in 0..batch.rows() {
            match states.text(row) {
                Some("picture") => {
                    let format = formats.text(row).and_then(Format::from_name);
                    let format = format.ok_or_else(|| wrong(&FORMAT))?;
                    let id = ids.number(row).ok_or_else(|| wrong(&ID))?;
                    pictures.push((id, paths.path(row)?, format));
                }
                Some("film") => films.push(paths.path(row)?),
                _ => {}
            }
        }
    }
    // As a scan has them: by path.
    pictures.sort_by(|a, b| a.1.cmp(&b.1));
    films.retain(|film| is_film(film));
    let units =
        Units::of(pictures.iter().map(|(_, path, format)| (path.as_path(), *format)), &films);
    for (((id, ..), role), edited) in pictures.iter().zip(units.roles).zip(units.edited) {
        let role = ROLES.iter().position(|other| *other == role).unwrap_or(0);
        let role = Cell::Signed(role as i64);
        output.push(vec![Cell::Signed(*id), role, Cell::Signed(edited.into())])?;
    }
    output.finish()
}
