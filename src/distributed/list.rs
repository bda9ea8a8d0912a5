//! `list`: what a scan would read below a folder, nothing opened.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::KernelError;
use super::ipc::Output;
use super::table::{Cell, LISTED, number_of, path_cells};
use crate::files::walk::{WalkOptions, walk};
use crate::model::media::MediaFile;
use crate::model::record::Skip;

/// Lists the files below `root`, in the order of their paths.
///
/// # Errors
/// [`KernelError`]; a folder that cannot be read is a row.
pub fn list(
    volume_name: &str,
    root: &Path,
    options: &WalkOptions,
    cancel: &AtomicBool,
    output: &mut dyn Write,
) -> Result<(), KernelError> {
    let walked = walk(&[root.to_owned()], options, &|_| (), cancel);
    let mut output = Output::open(output, LISTED.to_vec(), None)?;
    let pictures = walked.files.into_iter().map(|file| (file, "listed"));
    // A film may be the moving half of a picture; where all files are read it is among them.
    let films = walked.videos.into_iter().map(|file| (file, "film"));
    let mut rows: Vec<(PathBuf, Vec<Cell>)> = pictures
        .chain(films)
        .map(|(file, state)| (file.path.clone(), listed(volume_name, &file, state)))
        .chain(walked.skipped.into_iter().map(|skip| {
            let row = skipped(volume_name, &skip);
            (skip.path, row)
        }))
        .collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows.dedup_by(|(a, _), (b, _)| a == b);
    for (_, row) in rows {
        output.push(row)?;
    }
    output.finish()
}

fn place(volume_name: &str, path: &Path) -> Vec<Cell> {
    let folder = path.parent().unwrap_or(path);
    let [text, exact] = path_cells(path);
    vec![
        Cell::Signed(number_of(volume_name, path)),
        Cell::Signed(number_of(volume_name, folder)),
        Cell::Text(volume_name.to_owned()),
        text,
        exact,
    ]
}

fn listed(volume_name: &str, file: &MediaFile, state: &str) -> Vec<Cell> {
    let mut row = place(volume_name, &file.path);
    row.push(Cell::Text(state.to_owned()));
    row.extend(stamp_cells(file));
    row.extend([Cell::Missing, Cell::Missing]);
    row
}

/// Size, time, identity, and what else tells the file from another one.
fn stamp_cells(file: &MediaFile) -> [Cell; 6] {
    let signed = |number: Option<i64>| number.map_or(Cell::Missing, Cell::Signed);
    [
        Cell::Unsigned(file.stamp.size.0),
        Cell::Signed(file.stamp.modified.0),
        Cell::Unsigned(file.stamp.key.device),
        Cell::Unsigned(file.stamp.key.inode),
        signed(file.evidence.changed.map(|changed| changed.0)),
        signed(file.evidence.volume.map(|volume| volume.0 as i64)),
    ]
}

fn skipped(volume_name: &str, skip: &Skip) -> Vec<Cell> {
    let mut row = place(volume_name, &skip.path);
    row.push(Cell::Text("skipped".to_owned()));
    row.extend([const { Cell::Signed(0) }; 4]);
    row.extend([Cell::Missing, Cell::Missing]);
    row.extend([Cell::Text(skip.stage.name().to_owned()), Cell::Text(skip.reason.clone())]);
    row
}
