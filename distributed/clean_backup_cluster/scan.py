"""`scan`: lists volumes, hashes what is new or has changed, and keeps the rest as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 (its customary name)

from clean_backup_cluster.columns import HASHED, LISTED, LISTING, PICTURES, SCAN, Column, names
from clean_backup_cluster.errors import RefusedError, UsageError
from clean_backup_cluster.kernel import Kernel, Meter, run
from clean_backup_cluster.stages import Batches, Stages, Task, as_it_is, guarded, same_file, through
from clean_backup_cluster.tables import Scan, Table, Volume, new_id

# Files that one task hashes: some minutes of work, so that a task that is lost costs no more.
_FILES_A_TASK = 2000
# Stamps by which a file is known to be the one that was hashed.
_STAMPS = ("size", "modified_ns", "changed_ns", "inode")
_COMPARED = (*LISTING, Column("fresh", "bool"))


@dataclass(frozen=True)
class ScanOptions:
    """What `scan` was asked for."""

    volumes: dict[str, str]
    # Passed on to `kernel list`.
    choice: tuple[str, ...] = ()
    allow_empty: bool = False


@dataclass
class Scanned:
    """What a scan has found, for the user."""

    number: int
    files: int = 0
    hashed: int = 0
    kept: int = 0
    gone: int = 0
    failed: int = 0


def parsed_volumes(texts: list[str]) -> dict[str, str]:
    """`NAME=PATH` texts as a mapping."""
    volumes: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path) or "/" in name:
            raise UsageError(f"--volume {text}: NAME=PATH is wanted, and a NAME without /")
        if name in volumes:
            raise UsageError(f"--volume {name} is given twice")
        if not PurePosixPath(path).is_absolute():
            raise UsageError(f"--volume {text}: an absolute path is wanted, as workers have other folders")
        volumes[name] = path
    return volumes


def scan(stages: Stages, table: Table, options: ScanOptions) -> Scanned:
    """Scans the volumes into the table."""
    for name, path in options.volumes.items():
        known = table.state.volumes.get(name)
        if known is not None and known.path != path:
            raise RefusedError(f"volume {name} is {known.path} in this table, not {path}")
    versions = stages.versions(stages.kernel("hash", HASHED[: len(LISTED)], HASHED))
    table.admit(versions.hash_version)
    number = max((scan.number for scan in table.state.scans), default=0) + 1
    result = Scanned(number)
    progress = stages.progress

    with progress.stage("list", "files") as stage:
        listed = _listed(stages, table, options, versions.hash_version)
        counts = _by_volume(listed)
        result.files = stage.count = sum(counts.values())
    before = _before(stages, table, options)
    _refuse_empty(table, options, counts, before)

    with progress.stage("compare", "files to hash") as stage:
        compared = stages.run("compare", _compared(listed, before), as_it_is, _COMPARED, table.work_path("compared"))
        fresh = compared.where("fresh").select(*names(LISTED))
        todo = stage.count = guarded(fresh.count)
        result.gone = guarded(lambda: _missing(before, listed).count())

    pictures = f"pictures/{new_id()}"
    hashed = stages.nothing(PICTURES)
    if todo:
        with progress.stage("hash", "files") as stage:
            kernel = stages.kernel("hash", LISTED, HASHED, hash_version=versions.hash_version, one_row_each=True)
            spread = _spread(stages, fresh, todo)
            hashed = stages.run("hash", spread, _hashing(kernel, number), PICTURES, table.path(pictures))
            result.hashed = stage.count = guarded(hashed.count)
            if result.hashed != todo:
                raise RefusedError(f"{todo} files were to be hashed, and {result.hashed} rows came back")
    result.kept = guarded(lambda: compared.where("NOT fresh AND scan IS NOT NULL").count())

    listing = f"listings/{new_id()}"
    with progress.stage("keep the listing", "files") as stage:
        kept = compared.where("NOT fresh").select(*names(LISTING))
        whole = kept.unionByName(hashed.select(*names(LISTING)))
        stages.run("keep the listing", whole, as_it_is, LISTING, table.path(listing))
        now = stages.read(LISTING, table.path(listing))
        stage.count = guarded(now.count)
        result.failed = guarded(lambda: now.where("state IN ('skipped', 'unreadable')").count())
        if stage.count != result.files:
            raise RefusedError(f"{result.files} files were listed, and {stage.count} are in the listing")

    old = set(table.listings())
    table.state.hash_version = versions.hash_version
    table.state.scans.append(Scan(number, pictures if todo else "", listing, todo, sorted(options.volumes)))
    for name, path in options.volumes.items():
        table.state.volumes[name] = Volume(path, number)
    table.save()
    for folder in old - set(table.listings()):
        table.storage.remove_folder(folder)
    return result


def listing(stages: Stages, table: Table) -> DataFrame:
    """All files that count now: of each volume those of its newest listing."""
    whole: DataFrame | None = None
    for folder, volumes in table.listings().items():
        part = stages.read(LISTING, table.path(folder)).where(F.col("volume_name").isin(volumes))
        whole = part if whole is None else whole.unionByName(part)
    return stages.nothing(LISTING) if whole is None else whole


def _listed(stages: Stages, table: Table, options: ScanOptions, hash_version: str) -> DataFrame:
    """The files of all volumes, one task a volume. Written, as two walks of a tree may differ."""
    kernel = stages.kernel("list", None, LISTED, *options.choice, hash_version=hash_version)
    volumes = stages.engine.session.createDataFrame(sorted(options.volumes.items()), "volume_name string, path string")
    spread = volumes.repartition(stages.engine.tasks(len(options.volumes)), "volume_name")
    return stages.run("list", spread, _walking(kernel), LISTED, table.work_path("listed"))


def _walking(kernel: Kernel) -> Task:
    def walk(batches: Batches, meter: Meter) -> Batches:
        for batch in batches:
            for row in batch.to_pylist():
                yield from run(kernel.with_arguments("--volume", row["volume_name"], "--", row["path"]), None, meter)

    return walk


def _before(stages: Stages, table: Table, options: ScanOptions) -> DataFrame:
    return listing(stages, table).where(F.col("volume_name").isin(sorted(options.volumes)))


def _by_volume(rows: DataFrame) -> dict[str, int]:
    counted = guarded(lambda: rows.groupBy("volume_name").count().collect())
    return {row["volume_name"]: row["count"] for row in counted}


def _refuse_empty(table: Table, options: ScanOptions, counts: dict[str, int], before: DataFrame) -> None:
    """A drive that is not mounted shows as an empty folder; its pictures are not gone."""
    if options.allow_empty or not table.state.scans:
        return
    for name, had in _by_volume(before).items():
        if had and not counts.get(name):
            raise RefusedError(
                f"volume {name} ({options.volumes[name]}) had {had} files and is empty now: is it mounted? "
                "If it is to be empty, add --allow-empty"
            )


def _compared(listed: DataFrame, before: DataFrame) -> DataFrame:
    """The listing with what is known of each file: its earlier row, or that it has to be hashed."""
    new, old = listed.alias("new"), before.alias("old")
    joined = new.join(old, same_file("new", "old"), "left")
    unchanged = F.col("old.scan").isNotNull()
    for name in _STAMPS:
        unchanged = unchanged & F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}"))
    # A file that could not be read may have been locked or offline. One that is damaged stays so.
    again = (F.col("old.state") == "unreadable") & (F.coalesce(F.col("old.stage"), F.lit("")) == "read")
    fresh = (F.col("new.state") == "listed") & ~(F.coalesce(unchanged & ~again, F.lit(False)))
    known = (F.col("new.state") == "listed") & ~fresh
    from_old = ("state", "stage", "reason")
    columns = [
        F.when(known, F.col(f"old.{name}")).otherwise(F.col(f"new.{name}")).alias(name)
        if name in from_old
        else F.col(f"new.{name}").alias(name)
        for name in names(LISTED)
    ]
    nothing = F.lit(None)
    return joined.select(
        *columns,
        F.when(known, F.col("old.format")).otherwise(nothing).alias("format"),
        F.when(known, F.col("old.scan")).otherwise(nothing).alias("scan"),
        fresh.alias("fresh"),
    )


def _missing(before: DataFrame, listed: DataFrame) -> DataFrame:
    return before.alias("old").join(listed.alias("new"), same_file("old", "new"), "left_anti")


def _spread(stages: Stages, fresh: DataFrame, todo: int) -> DataFrame:
    """Files in tasks of bounded size, those of a folder in one task unless it is a giant."""
    sizes = fresh.groupBy("folder").count().select("folder", F.col("count").alias("size_of_folder"))
    placed = (
        fresh.join(sizes, "folder")
        .withColumn("part", F.col("id") % F.ceil(F.col("size_of_folder") / F.lit(_FILES_A_TASK)))
        .select(*names(LISTED), "part")
    )
    wanted = max(math.ceil(todo / _FILES_A_TASK), min(stages.engine.parallel, todo))
    return placed.repartition(stages.engine.tasks(wanted), "folder", "part")


def _hashing(kernel: Kernel, number: int) -> Task:
    hash_all = through(kernel)

    def task(batches: Batches, meter: Meter) -> Batches:
        for batch in hash_all(batches, meter):
            yield batch.append_column(SCAN.name, pa.array([number] * batch.num_rows, pa.int64()))

    return task
