//! The columns of the kernels' streams.

pub(super) use crate::catalogue::exchange::Cell;
use crate::catalogue::exchange::{ColumnKind, PICTURE_COLUMNS};
use crate::model::path_text::{base64_unless_utf8, key_of_path};

use std::collections::HashMap;
use std::path::Path;

use super::KernelError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int64,
    Int32,
    Bool,
    Text,
    Binary,
}

/// A column by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

macro_rules! columns {
    ($($constant:ident $name:literal $kind:ident),* $(,)?) => {
        $(pub(super) const $constant: Column = Column { name: $name, kind: Kind::$kind };)*
    };
}

columns! {
    ID "id" Int64,
    FOLDER "folder" Int64,
    VOLUME_NAME "volume_name" Text,
    PATH "path" Text,
    PATH_BYTES "path_bytes" Text,
    STATE "state" Text,
    SIZE "size" Int64,
    MODIFIED_NS "modified_ns" Int64,
    DEVICE "device" Int64,
    INODE "inode" Int64,
    CHANGED_NS "changed_ns" Int64,
    VOLUME "volume" Int64,
    STAGE "stage" Text,
    REASON "reason" Text,
    MACHINE "machine" Text,
    TILE "tile" Binary,
    INTACT "intact" Binary,
    DETAIL "detail" Binary,
    FORMAT "format" Text,
    ROLE "role" Int32,
    EDITED "edited" Bool,
    SIDE "side" Int32,
    REFERENCE "reference" Bool,
    CONTENT "content" Text,
    WIDTH "width" Int32,
    HEIGHT "height" Int32,
    QUALITY "quality" Int32,
    VIEWS "views" Binary,
    A "a" Int64,
    B "b" Int64,
    COMPONENT "component" Int64,
}

/// The columns of `list`.
pub(super) const LISTED: [Column; 14] = [
    ID,
    FOLDER,
    VOLUME_NAME,
    PATH,
    PATH_BYTES,
    STATE,
    SIZE,
    MODIFIED_NS,
    DEVICE,
    INODE,
    CHANGED_NS,
    VOLUME,
    STAGE,
    REASON,
];

/// The columns of a table of pictures, as streams have them, and their places there.
pub(super) fn of_pictures() -> impl Iterator<Item = Column> {
    PICTURE_COLUMNS.iter().map(|column| {
        let kind = match column.kind {
            ColumnKind::Text => Kind::Text,
            ColumnKind::Unsigned | ColumnKind::Hash | ColumnKind::Signed => Kind::Int64,
            ColumnKind::Small => Kind::Int32,
            ColumnKind::Binary => Kind::Binary,
        };
        Column { name: column.name, kind }
    })
}

/// The columns of `hash`: those of `list`, those of a table of pictures that are not among them, and
/// what only tables of many machines have.
pub(super) fn hashed() -> Vec<Column> {
    let is_listed = |column: &Column| LISTED.iter().any(|listed| listed.name == column.name);
    let mut columns = LISTED.to_vec();
    columns.extend(of_pictures().filter(|column| !is_listed(column)));
    columns.extend([MACHINE, TILE, INTACT]);
    columns
}

/// A number for a path on a volume: 63 bits of BLAKE3.
pub(super) fn number_of(volume_name: &str, path: &Path) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(volume_name.len() as u64).to_le_bytes());
    hasher.update(volume_name.as_bytes()).update(&key_of_path(path));
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    (u64::from_le_bytes(first) >> 1) as i64
}

/// The cells of a path.
pub(super) fn path_cells(path: &Path) -> [Cell; 2] {
    let exact = base64_unless_utf8(path).map_or(Cell::Missing, Cell::Text);
    [Cell::Text(path.to_string_lossy().into_owned()), exact]
}

/// A value that makes no sense.
pub(super) fn wrong(column: &Column) -> KernelError {
    KernelError::Refused(format!("a value of column {} makes no sense", column.name))
}

/// Columns, and the place of each.
pub(super) struct Layout {
    columns: Vec<Column>,
    places: HashMap<&'static str, usize>,
}

impl Layout {
    pub fn new(columns: Vec<Column>) -> Self {
        let places = columns.iter().zip(0..).map(|(column, place)| (column.name, place)).collect();
        Self { columns, places }
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}

/// A row whose cells are set by column.
pub(super) struct Row<'a> {
    pub layout: &'a Layout,
    pub cells: Vec<Cell>,
}

impl Row<'_> {
    /// Sets a cell; a column that the layout lacks is passed over.
    pub fn set(&mut self, column: &Column, cell: Cell) {
        if let Some(&place) = self.layout.places.get(column.name) {
            self.cells[place] = cell;
        }
    }
}
