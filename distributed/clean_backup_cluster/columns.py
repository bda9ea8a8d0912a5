"""The columns of kernels' streams and of the tables that keep them (`docs/kernels.md`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

_SQL = {"int64": "bigint", "int32": "int", "bool": "boolean", "utf8": "string", "binary": "binary"}
_ARROW = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "bool": pa.bool_(),
    "utf8": pa.string(),
    "binary": pa.binary(),
}


@dataclass(frozen=True)
class Column:
    """A column by name; its type is one of the five that kernels know."""

    name: str
    type: str


Columns = tuple[Column, ...]


def _columns(text: str) -> Columns:
    """Columns from `name type` pairs, separated by commas."""
    return tuple(Column(*pair.split()) for pair in text.split(","))


LISTED = _columns(
    "id int64, folder int64, volume_name utf8, path utf8, path_bytes utf8, state utf8, size int64,"
    "modified_ns int64, device int64, inode int64, changed_ns int64, volume int64, stage utf8, reason utf8"
)
HASHED = LISTED + _columns(
    "hash_version int32, format utf8, width int32, height int32, quality int32, phash int64, fine_0 int64,"
    "fine_1 int64, fine_2 int64, fine_3 int64, views binary, orientation int32, captured int64,"
    "subsecond_ns int32, offset_minutes int32, has_position int32, camera utf8, marks int32, content utf8,"
    "seal utf8, camera_bytes utf8, provenance utf8, machine utf8, tile binary, intact binary"
)
SCAN = Column("scan", "int64")
# A listing says of each file of a volume in which scan it was hashed, and what became of it.
LISTING = (*LISTED, Column("format", "utf8"), SCAN)
PICTURES = (*HASHED, SCAN)

UNITS_IN = _columns("id int64, path utf8, path_bytes utf8, state utf8, format utf8")
UNITS_OUT = _columns("id int64, role int32, edited bool")
JOIN_IN = _columns(
    "id int64, side int32, reference bool, size int64, content utf8, width int32, height int32,"
    "quality int32, views binary, tile binary, intact binary"
)
EDGES = _columns("a int64, b int64")
COMPONENTS = _columns("id int64, component int64")
DETAIL_IN = _columns("id int64, path utf8, path_bytes utf8, content utf8")
DETAIL_OUT = _columns("id int64, detail binary")
DETAILS = _columns("content utf8, detail binary, volume_name utf8, path utf8, path_bytes utf8")
GROUP_IN = HASHED + _columns("component int64, reference bool, role int32, edited bool, detail binary")
GROUP_OUT = _columns(
    "kind utf8, component int64, id int64, volume_name utf8, path utf8, path_bytes utf8, group utf8,"
    "duplicates int32, acted_on int32, reclaimable_bytes int64, plan utf8"
)

FIGURES = Column("figures", "utf8")


def names(columns: Iterable[Column]) -> list[str]:
    """The names of columns, in order."""
    return [column.name for column in columns]


def ddl(columns: Sequence[Column]) -> str:
    """Columns as Spark's schema text. All may be null: the row of a task's figures has nothing else."""
    return ", ".join(f"`{column.name}` {_SQL[column.type]}" for column in columns)


def arrow_schema(columns: Sequence[Column], metadata: dict[str, str] | None = None) -> pa.Schema:
    """Columns as an Arrow schema of exactly the types that kernels read."""
    fields = [pa.field(column.name, _ARROW[column.type]) for column in columns]
    return pa.schema(fields, metadata=metadata or None)


def fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of `schema` out of a batch, cast to its types.

    Engines hand over views, large strings or dictionaries where kernels take plain arrays.
    """
    arrays = []
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            raise ValueError(f"the stream has no column {field.name}")
        array = batch.column(index)
        arrays.append(array if array.type == field.type else array.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
