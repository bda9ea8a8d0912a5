//! `hash`: reads the files of a list, and says of each what a scan would keep of it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::KernelError;
use super::ipc::{Batch, Input, Output};
use super::paths::Paths;
use super::table::{
    CONTENT, Cell, DETAIL, ID, INTACT, LISTED, Layout, MACHINE, REASON, Row, STAGE, STATE, TILE,
    hashed, of_pictures,
};
use crate::catalogue::exchange::cells_of;
use crate::decode::DecodeOptions;
use crate::files::stamp::{Volumes, stamp_and_evidence};
use crate::model::panics;
use crate::model::record::{ContentHash, KnownPicture, Stage, Unreadable};
use crate::picture::dct::hash_tile;
use crate::scan::{ReadPicture, is_no_concern, read_detail, read_picture};

/// Rows whose files are read before any of them is written.
const AT_ONCE: usize = 64;

/// How files are read.
#[derive(Clone, Debug)]
pub struct HashOptions {
    /// Memory and pixel bounds.
    pub decode: DecodeOptions,
    /// Names this machine: device and inode numbers mean something only here.
    pub machine: String,
}

/// Reads the files of a list. What cannot be read is a row with a reason.
///
/// # Errors
/// [`KernelError`]
pub fn hash(
    input: &mut dyn Read,
    output: &mut dyn Write,
    options: &HashOptions,
) -> Result<(), KernelError> {
    let mut input = Input::open(input, None)?;
    let layout = Layout::new(hashed());
    let mut output = Output::open(output, layout.columns().to_vec(), None)?;
    let volumes = Volumes::default();
    while let Some(batch) = input.next()? {
        let rows = listed_rows(&batch, &layout)?;
        for rows in rows.chunks(AT_ONCE) {
            let read: Vec<Vec<Cell>> = rows
                .par_iter()
                .with_max_len(1)
                .map(|(row, path)| match path {
                    Some(path) => {
                        let mut row = Row { layout: &layout, cells: row.clone() };
                        read_row(&mut row, path, options, &volumes);
                        row.cells
                    }
                    None => row.clone(),
                })
                .collect();
            for row in read {
                output.push(row)?;
            }
        }
    }
    output.finish()
}

/// The cells of a row, and the file that is to be read, if one is.
type ListedRow = (Vec<Cell>, Option<PathBuf>);

/// The rows of a list, and the files that are to be read.
fn listed_rows(batch: &Batch, layout: &Layout) -> Result<Vec<ListedRow>, KernelError> {
    let columns = LISTED.map(|column| batch.column(&column));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (paths, states) = (Paths::of(batch)?, batch.column(&STATE)?);
    (0..batch.rows())
        .map(|row| {
            // The columns of a list come first.
            let mut cells: Vec<Cell> = columns.iter().map(|values| values.cell(row)).collect();
            cells.resize(layout.columns().len(), Cell::Missing);
            let path = match states.text(row) {
                Some("listed") => Some(paths.path(row)?),
                _ => None,
            };
            Ok((cells, path))
        })
        .collect()
}

fn read_row(row: &mut Row<'_>, path: &Path, options: &HashOptions, volumes: &Volumes) {
    // Taken first: what changes while it is read does not hold afterwards.
    let known = stamp_and_evidence(path, volumes).ok_or_else(|| Unreadable {
        stage: Stage::Read,
        reason: "it is not there any more, or no regular file".to_owned(),
    });
    let read = known.and_then(|known| {
        let read = panics::catch(|| read_picture(path, &options.decode)).unwrap_or_else(|panic| {
            let reason = format!("its decoder failed: {panic}");
            Err(Unreadable { stage: Stage::Decode, reason })
        });
        Ok((known, read?))
    });
    let ((stamp, evidence), ReadPicture { tiles, mut record, content }) = match read {
        Ok(read) => read,
        Err(why) if is_no_concern(path, &why) => {
            row.set(&STATE, Cell::Text("other".to_owned()));
            return;
        }
        Err(Unreadable { stage, reason }) => {
            row.set(&STATE, Cell::Text("unreadable".to_owned()));
            row.set(&STAGE, Cell::Text(stage.name().to_owned()));
            row.set(&REASON, Cell::Text(reason));
            return;
        }
    };
    record.hash = hash_tile(&tiles.coarse);
    let picture =
        KnownPicture { path: path.to_owned(), stamp, evidence, record, content: Some(content) };
    for (column, cell) in of_pictures().zip(cells_of(&picture)) {
        row.set(&column, cell);
    }
    row.set(&STATE, Cell::Text("picture".to_owned()));
    row.set(&MACHINE, Cell::Text(options.machine.clone()));
    row.set(&TILE, Cell::Binary(tiles.fine.0.to_vec()));
    row.set(&INTACT, Cell::Binary(tiles.intact.to_bytes().to_vec()));
}

/// Decodes the detail of pictures: of each the id and 256×256 cells, or none where the file cannot
/// be read or has other bytes than it had.
///
/// # Errors
/// [`KernelError`]
pub fn detail(
    input: &mut dyn Read,
    output: &mut dyn Write,
    options: &DecodeOptions,
) -> Result<(), KernelError> {
    let mut input = Input::open(input, None)?;
    let mut output = Output::open(output, vec![ID, DETAIL], None)?;
    while let Some(batch) = input.next()? {
        let (ids, paths) = (batch.column(&ID)?, Paths::of(&batch)?);
        let contents = batch.column(&CONTENT)?;
        let rows = (0..batch.rows())
            .map(|row| {
                let content = contents.text(row).and_then(ContentHash::from_hex);
                Ok((ids.cell(row), paths.path(row)?, content))
            })
            .collect::<Result<Vec<_>, KernelError>>()?;
        for rows in rows.chunks(AT_ONCE) {
            let made: Vec<Cell> = rows
                .par_iter()
                .with_max_len(1)
                .map(|(_, path, content)| {
                    let made = panics::catch(|| read_detail(path, *content, options));
                    let cells = made.ok().flatten().map(|detail| detail.cells().to_vec());
                    cells.map_or(Cell::Missing, Cell::Binary)
                })
                .collect();
            for ((id, ..), detail) in rows.iter().zip(made) {
                output.push(vec![id.clone(), detail])?;
            }
        }
    }
    output.finish()
}
