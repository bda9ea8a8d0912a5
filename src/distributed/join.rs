//! `join`: which pictures of one or two blocks may stand in one group.

use std::io::{Read, Write};
use std::sync::atomic::AtomicBool;

use super::ipc::{Batch, Input, Output};
use super::pictures::nameless;
use super::table::{
    A, B, CONTENT, Cell, HEIGHT, ID, QUALITY, REFERENCE, SIDE, SIZE, VIEWS, WIDTH, wrong,
};
use super::tiles::{CarriedTile, CarriedTiles, TileColumns};
use super::{KernelError, MatchingRule};
use crate::dedupe::forest::forest;
use crate::dedupe::prover::HashesAlone;
use crate::dedupe::tile_prover::TileProver;
use crate::index::CpuJoiner;
use crate::model::media::{Bytes, Dimensions};
use crate::model::phash::{PictureHash, Quality, View};
use crate::model::record::{ContentHash, Picture};

/// Bytes of a view: the 64-bit hash, then the 256-bit one.
const VIEW_BYTES: usize = 8 + 32;

/// The edges of a forest: among the rows of side 0, or where there are rows of side 1, across.
///
/// # Errors
/// [`KernelError`]
pub fn join(
    input: &mut dyn Read,
    output: &mut dyn Write,
    rule: MatchingRule,
) -> Result<(), KernelError> {
    let mut input = Input::open(input, Some(rule))?;
    let mut output = Output::open(output, vec![A, B], Some(rule))?;
    let mut rows = Rows::default();
    while let Some(batch) = input.next()? {
        rows.take(&batch)?;
    }
    let Rows { ids, pictures, is_second, tiles } = rows;
    let mut tiles = CarriedTiles(tiles);
    let options = rule.options();
    let edges = if tiles.are_none() {
        forest(&pictures, &is_second, &options, &CpuJoiner, &HashesAlone)
    } else {
        let no_detail = |_: &Picture| None;
        let cancel = AtomicBool::new(false);
        let prover = TileProver::new(&pictures, &mut tiles, &no_detail, &cancel);
        forest(&pictures, &is_second, &options, &CpuJoiner, &prover)
    };
    let mut edges: Vec<(i64, i64)> = edges
        .into_iter()
        .map(|(a, b)| (ids[a as usize], ids[b as usize]))
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect();
    edges.sort_unstable();
    for (a, b) in edges {
        output.push(vec![Cell::Signed(a), Cell::Signed(b)])?;
    }
    output.finish()
}

/// The rows as they come.
#[derive(Default)]
struct Rows {
    ids: Vec<i64>,
    pictures: Vec<Picture>,
    is_second: Vec<bool>,
    tiles: Vec<CarriedTile>,
}

impl Rows {
    fn take(&mut self, batch: &Batch) -> Result<(), KernelError> {
        let (ids, sides) = (batch.column(&ID)?, batch.column(&SIDE)?);
        let (references, sizes) = (batch.column(&REFERENCE)?, batch.column(&SIZE)?);
        let (widths, heights) = (batch.column(&WIDTH)?, batch.column(&HEIGHT)?);
        let (qualities, views) = (batch.column(&QUALITY)?, batch.column(&VIEWS)?);
        let (contents, tiles) = (batch.column(&CONTENT)?, TileColumns::of(batch)?);
        for row in 0..batch.rows() {
            let number = |value: Option<i64>, column| {
                value.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| wrong(column))
            };
            let dimensions = Dimensions {
                width: number(widths.number(row), &WIDTH)?,
                height: number(heights.number(row), &HEIGHT)?,
            };
            let quality = number(qualities.number(row), &QUALITY)?.min(100) as u8;
            let views = views.bytes(row).and_then(views_of).ok_or_else(|| wrong(&VIEWS))?;
            let content = match contents.text(row) {
                Some(text) => Some(ContentHash::from_hex(text).ok_or_else(|| wrong(&CONTENT))?),
                None => None,
            };
            self.ids.push(ids.number(row).ok_or_else(|| wrong(&ID))?);
            self.is_second.push(match sides.number(row) {
                Some(0) => false,
                Some(1) => true,
                _ => return Err(wrong(&SIDE)),
            });
            let mut picture = nameless(self.pictures.len() as u64, dimensions);
            let size = sizes.number(row).ok_or_else(|| wrong(&SIZE))?;
            picture.file.stamp.size = Bytes(size as u64);
            picture.file.root = u32::from(references.flag(row));
            picture.record.hash = PictureHash { views, quality: Quality(quality) };
            picture.content = content;
            self.pictures.push(picture);
            self.tiles.push(tiles.tile(row)?);
        }
        Ok(())
    }
}

fn views_of(bytes: &[u8]) -> Option<[View; 4]> {
    let views: Option<Vec<View>> = bytes.chunks(VIEW_BYTES).map(View::from_bytes).collect();
    views?.try_into().ok()
}
