"""A stage: tasks over a table whose rows are written to a folder, with what they have cost."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column as SqlColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 (its customary name)

from clean_backup_cluster.columns import FIGURES, Column, Columns, arrow_schema, ddl, fitted, names
from clean_backup_cluster.engines import Engine
from clean_backup_cluster.errors import ClusterError, told_by
from clean_backup_cluster.kernel import HASHES_KEY, POLICY_KEY, Kernel, Meter, run, task_of_this_process
from clean_backup_cluster.progress import Progress

Batches = Iterable[pa.RecordBatch]
Task = Callable[[Batches, Meter], Batches]


@dataclass(frozen=True)
class Versions:
    """What a kernel's stream says of the program and the policy."""

    hash_version: str
    policy: str | None


class Stages:
    """Runs stages on an engine."""

    def __init__(self, engine: Engine, progress: Progress, program: str) -> None:
        """`program` is clean-backup's name or path on the workers."""
        self.engine = engine
        self.progress = progress
        self.program = program

    def kernel(self, name: str, takes: Columns | None, gives: Columns, *arguments: str, **more: Any) -> Kernel:
        """A kernel of one thread: a task is one core."""
        return Kernel(
            program=self.program,
            arguments=(name, *arguments, "--threads", "1"),
            takes=takes,
            gives=gives,
            slots=self.engine.slots,
            **more,
        )

    def versions(self, kernel: Kernel) -> Versions:
        """Asks the program, in a task, for its versions, by a stream without rows.

        It comes first in every run, so that a missing or another program is told before any work is done.
        """

        def ask(batches: Batches) -> Batches:
            for _ in batches:
                pass
            meter = Meter()
            for _ in run(kernel, iter(()), meter):
                pass
            yield pa.RecordBatch.from_pydict({"told": pa.array([json.dumps(meter.metadata)], pa.string())})

        frame = self.engine.session.createDataFrame([(0,)], "nothing int").coalesce(1)
        rows = guarded(lambda: frame.mapInArrow(ask, "told string").collect())
        told = json.loads(rows[0].told)
        return Versions(str(told.get(HASHES_KEY)), told.get(POLICY_KEY))

    def run(self, name: str, frame: DataFrame, task: Task, gives: Sequence[Column], path: str) -> DataFrame:
        """Runs `task` over the partitions of `frame`, writes its rows to the folder `path`, reads them back.

        A folder counts only when the table names it, which is after this has returned: what a killed run
        leaves behind is never read.
        """
        guarded(
            lambda: (
                frame.mapInArrow(_with_figures(task, tuple(gives)), ddl((*gives, FIGURES)))
                .write.mode("overwrite")
                .parquet(path)
            )
        )
        rows = guarded(
            lambda: self.engine.session.read.parquet(path).where("figures IS NOT NULL").select("figures").collect()
        )
        for row in rows:
            self.progress.add(name, json.loads(row.figures))
        return self.read(gives, path)

    def rows_out(self, name: str) -> int:
        """How many rows the kernels of a stage have given so far."""
        return int(self.progress.stages.get(name, {}).get("rows_out", 0))

    def read(self, columns: Sequence[Column], *paths: str) -> DataFrame:
        """The rows of folders that `run` wrote."""
        frame = self.engine.session.read.parquet(*paths)
        return frame.where("figures IS NULL").select(*names(columns))

    def nothing(self, columns: Sequence[Column]) -> DataFrame:
        """A table without rows."""
        return self.engine.session.createDataFrame([], ddl(columns))


def guarded(action: Callable[[], Any]) -> Any:
    """Lets an engine do something; its error becomes ours, in one line."""
    try:
        return action()
    except ClusterError:
        raise
    except Exception as error:
        told = told_by(error)
        if told is not None:
            raise ClusterError(told) from error
        raise ClusterError(f"the engine failed: {_last_line(str(error))}") from error


def through(kernel: Kernel) -> Task:
    """A task that is one kernel over all rows of a partition; none where there are no rows."""

    def task(batches: Batches, meter: Meter) -> Batches:
        full = (batch for batch in batches if batch.num_rows)
        if kernel.slots is not None:
            # Tasks that wait for their turn would pile up their rows in memory.
            yield from on_disk(full, lambda rows: run(kernel, rows, meter))
            return
        first = next(full, None)
        if first is not None:
            yield from run(kernel, itertools.chain([first], full), meter)

    return task


def on_disk(batches: Batches, then: Callable[[Batches], Batches]) -> Batches:
    """What `then` makes of rows that have all been put into a file first; nothing, if there are none."""
    with tempfile.TemporaryDirectory(prefix="clean-backup-") as scratch:
        for _, rows in spooled(((None, batch) for batch in batches), Path(scratch)):
            yield from then(rows)


def each(kernel: Kernel, key: str, keep: bool = False) -> Task:
    """A task that runs the kernel once for each value of `key`. With `keep` the answers have the value too."""

    def task(batches: Batches, meter: Meter) -> Batches:
        with tempfile.TemporaryDirectory(prefix="clean-backup-") as scratch:
            pieces = (piece for batch in batches for piece in parts(batch, key))
            for value, rows in spooled(pieces, Path(scratch)):
                for answer in run(kernel, rows, meter):
                    yield answer.append_column(key, pa.array([value] * answer.num_rows)) if keep else answer

    return task


def spooled(pieces: Iterable[tuple[Any, pa.RecordBatch]], scratch: Path) -> Iterator[tuple[Any, Batches]]:
    """The rows of each key, by way of a file a key, so that none are held in memory.

    Sorting within partitions would do without files, but Sail leaves the sort out when a task follows.
    """
    writers: dict[Any, Any] = {}
    try:
        for key, rows in pieces:
            if key not in writers:
                writers[key] = pa.ipc.new_stream(str(scratch / str(len(writers))), rows.schema)
            writers[key].write_batch(rows)
    finally:
        for writer in writers.values():
            writer.close()
    for number, key in enumerate(writers):
        file = scratch / str(number)
        with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as stream:
            yield key, stream
        file.unlink()


def parts(batch: pa.RecordBatch, key: str) -> Iterator[tuple[Any, pa.RecordBatch]]:
    """A batch cut by the values of a column, of which there are few."""
    column = batch.column(batch.schema.get_field_index(key))
    values = pc.unique(column).to_pylist()
    for value in values:
        yield value, batch if len(values) == 1 else batch.filter(pc.equal(column, pa.scalar(value, column.type)))


def with_constant(batch: pa.RecordBatch, columns: dict[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """A batch with columns that have one value in all rows."""
    arrays = []
    for field in schema:
        if field.name in columns:
            arrays.append(pa.array([columns[field.name]] * batch.num_rows, field.type))
        else:
            arrays.append(batch.column(batch.schema.get_field_index(field.name)).cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _with_figures(task: Task, gives: Columns) -> Callable[[Batches], Batches]:
    """The task with a last row that holds only its figures.

    Accumulators are not to be had through Spark Connect; a row is, and one of a failed attempt vanishes
    with the attempt.
    """

    def work(batches: Batches) -> Batches:
        with task_of_this_process():
            yield from figured(batches)

    def figured(batches: Batches) -> Batches:
        plain = arrow_schema(gives)
        schema = arrow_schema((*gives, FIGURES))
        meter = Meter()
        begun = time.thread_time()
        for batch in task(batches, meter):
            own = fitted(batch, plain)
            yield pa.RecordBatch.from_arrays([*own.columns, pa.nulls(own.num_rows, pa.string())], schema=schema)
        figures = meter.figures(max(time.thread_time() - begun, 0.0))
        nulls = [pa.nulls(1, field.type) for field in plain]
        yield pa.RecordBatch.from_arrays([*nulls, pa.array([figures], pa.string())], schema=schema)

    return work


def same_file(left: str, right: str) -> SqlColumn:
    """The condition that rows of two aliased tables are of one file.

    An id alone is a hash of 63 bits, and a path that is not UTF-8 is one only with its bytes.
    """
    condition = F.col(f"{left}.id") == F.col(f"{right}.id")
    for name in ("volume_name", "path"):
        condition = condition & (F.col(f"{left}.{name}") == F.col(f"{right}.{name}"))
    exact = (F.coalesce(F.col(f"{side}.path_bytes"), F.lit("")) for side in (left, right))
    return condition & (next(exact) == next(exact))


def as_it_is(batches: Batches, _meter: Meter) -> Batches:
    """A task that only writes what it is given."""
    yield from batches


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
