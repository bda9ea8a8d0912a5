//! `prove`: how pairs of pictures stand to each other, for callers with candidates of their own.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::ipc::{Batch, Input, Output};
use super::pictures::nameless;
use super::table::{A, B, Cell, Column, Kind, wrong};
use super::tiles::{CarriedTiles, TileColumns};
use super::{KernelError, MatchingRule};
use crate::dedupe::prover::{Candidate, Prover as _, Standing};
use crate::dedupe::tile_prover::TileProver;
use crate::model::media::{Dimensions, Orientation};
use crate::model::record::Picture;
use crate::picture::proof::Whose;
use crate::picture::tile::DetailTile;

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const ORIENTATION: Column = column("orientation", Kind::Int32);
const STANDING: Column = column("standing", Kind::Text);
const PER_CENT: Column = column("per_cent", Kind::Int32);
const WHOSE: Column = column("whose", Kind::Int32);
const PART: Column = column("part", Kind::Binary);

/// Width, height, tile, intact part and detail of either picture.
const SIDES: [[Column; 5]; 2] = [
    [
        column("a_width", Kind::Int32),
        column("a_height", Kind::Int32),
        column("a_tile", Kind::Binary),
        column("a_intact", Kind::Binary),
        column("a_detail", Kind::Binary),
    ],
    [
        column("b_width", Kind::Int32),
        column("b_height", Kind::Int32),
        column("b_tile", Kind::Binary),
        column("b_intact", Kind::Binary),
        column("b_detail", Kind::Binary),
    ],
];

/// Proves the pairs of a stream, batch by batch.
///
/// # Errors
/// [`KernelError`]
pub fn prove(
    input: &mut dyn Read,
    output: &mut dyn Write,
    rule: MatchingRule,
) -> Result<(), KernelError> {
    let mut input = Input::open(input, Some(rule))?;
    let columns = vec![A, B, STANDING, PER_CENT, WHOSE, PART];
    let mut output = Output::open(output, columns, Some(rule))?;
    while let Some(batch) = input.next()? {
        let (ids, proven) = prove_batch(&batch)?;
        for ([a, b], row) in ids.into_iter().zip(proven) {
            let mut cells = vec![a, b];
            cells.extend(row);
            output.push(cells)?;
        }
    }
    output.finish()
}

type Proofs = (Vec<[Cell; 2]>, Vec<[Cell; 4]>);

fn prove_batch(batch: &Batch) -> Result<Proofs, KernelError> {
    let (mut pictures, mut tiles) = (Vec::new(), Vec::new());
    let mut details: HashMap<u64, DetailTile> = HashMap::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    let orientations = batch.column(&ORIENTATION)?;
    let (a, b) = (batch.column(&A)?, batch.column(&B)?);
    let mut ids = Vec::with_capacity(batch.rows());
    for row in 0..batch.rows() {
        for [width, height, cells, intact, detail] in &SIDES {
            let number = |column: &Column| {
                let number = batch.column(column)?.number(row);
                number.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| wrong(column))
            };
            let dimensions = Dimensions { width: number(width)?, height: number(height)? };
            let columns =
                TileColumns { cells: batch.column(cells)?, intact: batch.column(intact)? };
            tiles.push(columns.tile(row)?);
            let place = pictures.len() as u64;
            if let Some(bytes) = batch.column_if_any(detail)?.bytes(row) {
                let made = DetailTile::from_bytes(bytes.to_vec()).ok_or_else(|| wrong(detail))?;
                details.insert(place, made);
            }
            pictures.push(nameless(place, dimensions));
        }
        let orientation = orientations.number(row).unwrap_or(1);
        let first = 2 * row as u32;
        candidates.push(Candidate {
            first,
            second: first + 1,
            orientation: Orientation::ALL
                .into_iter()
                .find(|o| i64::from(o.exif_value()) == orientation)
                .ok_or_else(|| wrong(&ORIENTATION))?,
            starts: Vec::new(),
        });
        ids.push([a.cell(row), b.cell(row)]);
    }
    let mut tiles = CarriedTiles(tiles);
    // One pair at a time is asked for detail that is not there.
    let lacking: Vec<AtomicBool> = candidates.iter().map(|_| AtomicBool::new(false)).collect();
    let detail = |picture: &Picture| {
        let place = picture.file.stamp.key.inode;
        let found = details.get(&place).cloned();
        if found.is_none()
            && let Some(flag) = lacking.get(place as usize / 2)
        {
            flag.store(true, Ordering::Relaxed);
        }
        found
    };
    let cancel = AtomicBool::new(false);
    let proven = TileProver::new(&pictures, &mut tiles, &detail, &cancel).prove(&candidates);
    let rows = proven.into_iter().zip(&lacking).map(|(proven, lacking)| {
        let standing = match proven.standing {
            _ if lacking.load(Ordering::Relaxed) => "detail",
            Standing::Same => "same",
            Standing::Shots => "shots",
            Standing::Alike => "alike",
            Standing::Different => "different",
        };
        let whose = i64::from(proven.whose == Whose::Second);
        [
            Cell::Text(standing.to_owned()),
            proven.per_cent.map_or(Cell::Missing, |per_cent| Cell::Signed(per_cent.into())),
            Cell::Signed(whose),
            Cell::Binary(proven.part.to_bytes().to_vec()),
        ]
    });
    Ok((ids, rows.collect()))
}
