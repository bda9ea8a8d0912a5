//! Rows of whole components as pictures.

use std::collections::HashMap;
use std::path::PathBuf;

use super::KernelError;
use super::ipc::{Batch, Values};
use super::paths::Paths;
use super::table::{
    COMPONENT, Cell, Column, DETAIL, EDITED, ID, MACHINE, REFERENCE, ROLE, VOLUME_NAME,
    of_pictures, wrong,
};
use super::tiles::{CarriedTile, TileColumns};
use super::units::role_of;
use crate::act::plan::named_path;
use crate::catalogue::exchange::{ColumnKind, PICTURE_COLUMNS, PictureRow, picture_of};
use crate::dedupe::Units;
use crate::model::media::{
    Bytes, DecodeFlags, Dimensions, Evidence, FileKey, FileStamp, Format, MediaFile, Metadata,
    ModifiedNs,
};
use crate::model::path_text::for_people;
use crate::model::phash::PictureHash;
use crate::model::record::{KnownPicture, Picture, PictureRecord};
use crate::picture::tile::DetailTile;

/// Where a picture of many machines is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whereabouts {
    pub id: i64,
    pub component: i64,
    pub volume_name: String,
    /// On the machine that holds the volume.
    pub path: PathBuf,
}

/// One row.
pub(super) struct PictureOfMany {
    pub whereabouts: Whereabouts,
    pub picture: Picture,
    role: crate::units::UnitRole,
    edited: bool,
    pub tile: CarriedTile,
    pub detail: Option<DetailTile>,
}

/// The pictures of a stream, in the order of their paths.
#[derive(Default)]
pub(super) struct Pictures {
    pub whereabouts: Vec<Whereabouts>,
    pub pictures: Vec<Picture>,
    pub units: Units,
    pub tiles: Vec<CarriedTile>,
    pub details: HashMap<PathBuf, DetailTile>,
}

/// Reads rows; device numbers of different machines become different ones.
pub(super) struct Rows {
    /// Whether paths are written with the names of their volumes.
    name_volumes: bool,
    devices: HashMap<(String, u64), u64>,
    rows: Vec<PictureOfMany>,
}

impl Rows {
    pub fn new(name_volumes: bool) -> Self {
        Self { name_volumes, devices: HashMap::new(), rows: Vec::new() }
    }

    pub fn take(&mut self, batch: &Batch) -> Result<(), KernelError> {
        let columns: Vec<(Column, ColumnKind, Values<'_>)> = of_pictures()
            .zip(&PICTURE_COLUMNS)
            .map(|(column, kind)| Ok((column, kind.kind, batch.column_if_any(&column)?)))
            .collect::<Result<_, KernelError>>()?;
        let (ids, components) = (batch.column(&ID)?, batch.column(&COMPONENT)?);
        let (volumes, paths) = (batch.column(&VOLUME_NAME)?, Paths::of(batch)?);
        let (machines, references) = (batch.column(&MACHINE)?, batch.column(&REFERENCE)?);
        let (roles, edited) = (batch.column(&ROLE)?, batch.column(&EDITED)?);
        let (tiles, details) = (TileColumns::of(batch)?, batch.column_if_any(&DETAIL)?);
        for row in 0..batch.rows() {
            let mut cells: PictureRow = [const { Cell::Missing }; PICTURE_COLUMNS.len()];
            for (cell, (_, kind, values)) in cells.iter_mut().zip(&columns) {
                *cell = match (values.cell(row), kind) {
                    (Cell::Signed(number), ColumnKind::Unsigned | ColumnKind::Hash) => {
                        Cell::Unsigned(number as u64)
                    }
                    (cell, _) => cell,
                };
            }
            let known = picture_of(&cells).map_err(|why| {
                let path =
                    paths.path(row).map_or_else(|_| "a row".into(), |path| for_people(&path));
                KernelError::Refused(format!("{path}: {why}"))
            })?;
            let volume_name = volumes.text(row).ok_or_else(|| wrong(&VOLUME_NAME))?;
            let machine = machines.text(row).unwrap_or_default();
            let detail = match details.bytes(row) {
                Some(bytes) => {
                    let detail = DetailTile::from_bytes(bytes.to_vec());
                    Some(detail.ok_or_else(|| wrong(&DETAIL))?)
                }
                None => None,
            };
            let whereabouts = Whereabouts {
                id: ids.number(row).ok_or_else(|| wrong(&ID))?,
                component: components.number(row).ok_or_else(|| wrong(&COMPONENT))?,
                volume_name: volume_name.to_owned(),
                path: known.path.clone(),
            };
            let picture = self.picture(known, &whereabouts, machine, references.flag(row));
            self.rows.push(PictureOfMany {
                whereabouts,
                picture,
                role: roles.number(row).and_then(role_of).ok_or_else(|| wrong(&ROLE))?,
                edited: edited.flag(row),
                tile: tiles.tile(row)?,
                detail,
            });
        }
        Ok(())
    }

    fn picture(
        &mut self,
        known: KnownPicture,
        whereabouts: &Whereabouts,
        machine: &str,
        reference: bool,
    ) -> Picture {
        let KnownPicture { path, mut stamp, evidence, record, content } = known;
        let next = self.devices.len() as u64;
        let device = (machine.to_owned(), stamp.key.device);
        stamp.key.device = *self.devices.entry(device).or_insert(next);
        let path = match self.name_volumes {
            true => named_path(&whereabouts.volume_name, &path),
            false => path,
        };
        let file = MediaFile { path, stamp, evidence, root: u32::from(reference) };
        Picture { file, record, content }
    }

    /// All rows, each once.
    ///
    /// # Errors
    /// [`KernelError::Refused`] where two volumes have a file of one path, and paths are not told
    /// apart.
    pub fn finish(mut self) -> Result<Pictures, KernelError> {
        self.rows.sort_by(|a, b| {
            let by_path = a.picture.file.path.cmp(&b.picture.file.path);
            by_path.then(a.whereabouts.id.cmp(&b.whereabouts.id))
        });
        self.rows.dedup_by(|a, b| a.whereabouts == b.whereabouts);
        let same_path =
            |pair: &&[PictureOfMany]| pair[0].picture.file.path == pair[1].picture.file.path;
        if let Some([first, second]) = self.rows.windows(2).find(same_path) {
            return Err(KernelError::Refused(format!(
                "{} is on the volumes {} and {}: paths have to be told apart with --name-volumes",
                for_people(&first.whereabouts.path),
                first.whereabouts.volume_name,
                second.whereabouts.volume_name,
            )));
        }
        let mut all = Pictures::default();
        for row in self.rows {
            if let Some(detail) = row.detail {
                all.details.insert(row.picture.file.path.clone(), detail);
            }
            all.whereabouts.push(row.whereabouts);
            all.pictures.push(row.picture);
            all.units.roles.push(row.role);
            all.units.edited.push(row.edited);
            all.tiles.push(row.tile);
        }
        Ok(all)
    }
}

/// A picture of which nothing but its dimensions is known yet; its number is its inode.
pub(super) fn nameless(number: u64, dimensions: Dimensions) -> Picture {
    let key = FileKey { device: 0, inode: number };
    let stamp = FileStamp { key, size: Bytes(0), modified: ModifiedNs(0) };
    Picture {
        file: MediaFile { path: PathBuf::new(), stamp, evidence: Evidence::default(), root: 0 },
        record: PictureRecord {
            format: Format::Jpeg,
            dimensions,
            hash: PictureHash::default(),
            metadata: Metadata::default(),
            flags: DecodeFlags::default(),
            provenance: None,
        },
        content: None,
    }
}
