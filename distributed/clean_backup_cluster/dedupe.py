"""`dedupe`: joins what has not been joined yet, makes components of the pairs, and groups of those."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TextIO

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 (its customary name)

from clean_backup_cluster.columns import (
    COMPONENTS,
    DETAIL_IN,
    DETAIL_OUT,
    DETAILS,
    EDGES,
    GROUP_IN,
    GROUP_OUT,
    JOIN_IN,
    PICTURES,
    UNITS_IN,
    UNITS_OUT,
    Column,
    arrow_schema,
    names,
)
from clean_backup_cluster.errors import ClusterError, RefusedError, UsageError
from clean_backup_cluster.kernel import Kernel, Meter, run
from clean_backup_cluster.scan import listing
from clean_backup_cluster.stages import (
    Batches,
    Stages,
    as_it_is,
    each,
    guarded,
    same_file,
    through,
    with_constant,
)
from clean_backup_cluster.tables import Table, new_id

_BLOCK_ROWS = 50_000
# What one row takes on its way to a join: the tile, the views, the rest.
_TILE_BYTES, _ROW_BYTES = 4096, 400
_GROUP_ROWS = 20_000
_UNIT_ROWS = 50_000
_DETAIL_ROWS = 500
_MOST_ROUNDS = 8

_FILE = (Column("volume_name", "utf8"), Column("path", "utf8"), Column("path_bytes", "utf8"))
_MEMBERS = (
    Column("id", "int64"),
    Column("component", "int64"),
    *_FILE,
    Column("folder", "int64"),
    Column("scan", "int64"),
)
_UNITS = (Column("volume_name", "utf8"), *UNITS_OUT)
_CONTENTS = (Column("content", "utf8"),)

Block = tuple[int, int]
Pair = tuple[Block, Block]


@dataclass(frozen=True)
class DedupeOptions:
    """What `dedupe` was asked for."""

    # Passed on to `kernel join` and `kernel group`.
    policy: tuple[str, ...] = ()
    # Passed on to `kernel group` alone.
    grouping: tuple[str, ...] = ()
    # JSON, as `clean-backup kernel marks` prints it.
    marks: str | None = None
    references: tuple[str, ...] = ()
    blocks: int | None = None
    # What one wave of joins may send to its tasks.
    wave_bytes: int | None = None
    read_files: bool = False
    fine_only: bool = False


@dataclass
class Joined:
    """The contents of `joined.json`: which blocks have been joined with one another under a policy."""

    policy: str
    references: list[str]
    hash_version: str
    # Into how many blocks each scan is cut.
    blocks: dict[int, int] = field(default_factory=dict)
    # Scans whose blocks have all been joined with one another, and further pairs of blocks.
    complete: list[int] = field(default_factory=list)
    pairs: set[Pair] = field(default_factory=set)
    # Folders of edges that count.
    edges: list[str] = field(default_factory=list)

    def done(self, pair: Pair) -> bool:
        """Whether two blocks have been joined."""
        complete = set(self.complete)
        return pair in self.pairs or (pair[0][0] in complete and pair[1][0] in complete)

    def as_json(self) -> dict[str, Any]:
        """As it is written."""
        return {
            "policy": self.policy,
            "references": self.references,
            "hash_version": self.hash_version,
            "blocks": {str(scan): count for scan, count in sorted(self.blocks.items())},
            "complete": sorted(self.complete),
            "pairs": sorted([list(one), list(other)] for one, other in self.pairs),
            "edges": self.edges,
        }

    @staticmethod
    def from_json(kept: Any) -> Joined:
        """As it was written."""
        return Joined(
            policy=kept["policy"],
            references=list(kept["references"]),
            hash_version=kept["hash_version"],
            blocks={int(scan): count for scan, count in kept["blocks"].items()},
            complete=list(kept["complete"]),
            pairs={((a[0], a[1]), (b[0], b[1])) for a, b in kept["pairs"]},
            edges=list(kept["edges"]),
        )


def open_pairs(joined: Joined, sizes: dict[Block, int]) -> list[Pair]:
    """Pairs of blocks that are still to be joined, each once, a block with itself among them."""
    blocks = sorted(sizes)
    pairs = itertools.combinations_with_replacement(blocks, 2)
    return [pair for pair in pairs if not joined.done(pair)]


def waves(pairs: Iterable[Pair], sizes: dict[Block, int], row_bytes: int, most: int) -> Iterator[list[Pair]]:
    """Cuts pairs into waves: what one wave sends to its tasks stays below `most` bytes, one pair excepted."""
    wave: list[Pair] = []
    sent = 0
    for pair in pairs:
        rows = sizes[pair[0]] + (sizes[pair[1]] if pair[1] != pair[0] else 0)
        if wave and sent + rows * row_bytes > most:
            yield wave
            wave, sent = [], 0
        wave.append(pair)
        sent += rows * row_bytes
    if wave:
        yield wave


@dataclass
class Found:
    """Where the groups of a run lie, and what else there is to say of it."""

    folders: list[str]
    policy: Any
    summary: dict[str, Any]
    # Pictures of which no detail could be had: they stand in no group.
    undecided: list[dict[str, Any]]


class Dedupe:
    """One run of `dedupe`."""

    def __init__(self, stages: Stages, table: Table, options: DedupeOptions) -> None:
        """Nothing starts yet."""
        self.stages = stages
        self.table = table
        self.options = options
        self.session = stages.engine.session
        self.rounds = 0

    def run(self) -> Found:
        """From the table to groups."""
        table, options = self.table, self.options
        table.need()
        unknown = sorted(set(options.references) - set(table.state.volumes))
        if unknown:
            raise UsageError(f"--reference {unknown[0]}: the table has {', '.join(sorted(table.state.volumes))}")
        paths = [volume.path for volume in table.state.volumes.values()]
        if options.read_files and overlapping(paths):
            raise RefusedError("--read-files: volumes of the table lie in one another, so that a path tells no file")
        versions = self.stages.versions(self._kernel("join", JOIN_IN, EDGES, *options.policy))
        table.admit(versions.hash_version)
        self.hash_version, self.policy = versions.hash_version, versions.policy
        self.files = listing(self.stages, table)
        self.key = self._key()
        joined = self._join()
        members, component_count = self._members(joined)
        found = self._groups(members) if members is not None else Found([], None, {}, [])
        found.policy = read_policy(self.policy)
        found.summary = self._summary(found, joined, component_count)
        self._publish(found)
        return found

    # Pairs

    def _join(self) -> Joined:
        name = f"edges/{self.key}/joined.json"
        joined = self._joined(self.table.storage.read_json(name))
        sizes = self._block_sizes(joined)
        open_ = open_pairs(joined, sizes)
        row_bytes = _ROW_BYTES + (0 if self.options.fine_only else _TILE_BYTES)
        self.pairs_joined = len(open_)
        if open_:
            # A wave reads all pictures once, and should send no less than that.
            usual = max(self.stages.engine.bytes_under_way, sum(sizes.values()) * row_bytes)
            cut = list(waves(open_, sizes, row_bytes, self.options.wave_bytes or usual))
            with self.stages.progress.stage("join", "pairs of blocks") as stage:
                for number, wave in enumerate(cut, 1):
                    if len(cut) > 1:
                        self.stages.progress.say(f"join: wave {number} of {len(cut)}")
                    folder = f"edges/{self.key}/{new_id()}"
                    self._join_wave(wave, joined, folder)
                    joined.pairs |= set(wave)
                    joined.edges.append(folder)
                    self.table.storage.write_json(name, joined.as_json())
                stage.count = len(open_)
        joined.complete = sorted({scan for scan, _ in sizes} | set(joined.complete))
        joined.pairs = set()
        self.table.storage.write_json(name, joined.as_json())
        return joined

    def _joined(self, kept: Any) -> Joined:
        if kept is None:
            return Joined(str(self.policy), sorted(self.options.references), self.hash_version)
        try:
            return Joined.from_json(kept)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise RefusedError(f"edges/{self.key}/joined.json of the table is damaged: {error}") from error

    def _block_sizes(self, joined: Joined) -> dict[Block, int]:
        """The blocks that have pictures which count, with their numbers of rows."""
        with self.stages.progress.stage("count", "pictures") as stage:
            pictures = self.files.where("state = 'picture'")
            rows = guarded(lambda: pictures.groupBy("scan").count().collect())
            by_scan = {row["scan"]: row["count"] for row in rows}
            stage.count = sum(by_scan.values())
        self.picture_count = stage.count
        fresh = {scan: rows for scan, rows in by_scan.items() if scan not in joined.blocks}
        total = sum(fresh.values())
        for scan, rows in fresh.items():
            if self.options.blocks is None:
                joined.blocks[scan] = max(1, math.ceil(rows / _BLOCK_ROWS))
            else:
                joined.blocks[scan] = max(1, round(self.options.blocks * rows / total))
        sizes: dict[Block, int] = {}
        for scan, rows in by_scan.items():
            count = joined.blocks[scan]
            # Ids are hashes: blocks of a scan are of one size, near enough for what this is used for.
            sizes.update({(scan, number): math.ceil(rows / count) for number in range(count)})
        return sizes

    def _join_wave(self, wave: list[Pair], joined: Joined, folder: str) -> None:
        """Sends the rows of both blocks of each pair to one task, and joins them there.

        Rows of files that have gone since are joined too: that costs less than to look for them, and what
        they connect is looked at again when groups are made.
        """
        sides = [
            (scan, block, side, number)
            for number, pair in enumerate(wave)
            for side, (scan, block) in enumerate(pair if pair[0] != pair[1] else pair[:1])
        ]
        wanted = self.session.createDataFrame(sides, "s bigint, block bigint, side int, pair int")
        cuts = sorted({(scan, joined.blocks[scan]) for scan, _, _, _ in sides})
        counts = self.session.createDataFrame(cuts, "cut_scan bigint, cut bigint")
        pictures = self._pictures([scan for scan, _ in cuts])
        tile = F.lit(None).cast("binary") if self.options.fine_only else F.col("tile")
        light = [column.name for column in JOIN_IN if column.name not in ("side", "reference", "tile")]
        # Both small tables go to where the pictures are: shuffled for this, all of them could meet in one task.
        rows = (
            F.broadcast(counts)
            .join(pictures, F.col("cut_scan") == F.col("scan"))
            .withColumn("number", F.col("id") % F.col("cut"))
            .select(
                *light,
                tile.alias("tile"),
                "scan",
                "number",
                self._is_reference().alias("reference"),
            )
        )
        sent = (
            F.broadcast(wanted)
            .join(rows, (F.col("s") == F.col("scan")) & (F.col("block") == F.col("number")))
            .select(*names(JOIN_IN), "pair")
        )
        spread = sent.repartition(self.stages.engine.tasks(len(wave)), "pair")
        kernel = self._kernel("join", JOIN_IN, EDGES, *self.options.policy, versioned=True)
        self.stages.run("join", spread, each(kernel, "pair"), EDGES, self.table.path(folder))

    def _pictures(self, scans: Iterable[int] | None = None) -> DataFrame:
        """All rows of pictures that scans have left, those of replaced files among them."""
        chosen = None if scans is None else set(scans)
        folders = [
            scan.pictures
            for scan in self.table.state.scans
            if scan.pictures and (chosen is None or scan.number in chosen)
        ]
        rows = self.stages.read(PICTURES, *(self.table.path(folder) for folder in folders))
        return rows.where("state = 'picture'")

    def _is_reference(self) -> Any:
        return F.col("volume_name").isin(sorted(self.options.references))

    # Components

    def _members(self, joined: Joined) -> tuple[DataFrame | None, int]:
        """The files of all components, with the component's number."""
        progress = self.stages.progress
        if not joined.edges:
            return None, 0
        with progress.stage("components", "files") as stage:
            edges = self.stages.read(EDGES, *(self.table.path(folder) for folder in joined.edges))
            kernel = self._kernel("components", EDGES, COMPONENTS)
            # One task: that two pictures are connected may need any of the edges.
            components = self.stages.run(
                "components",
                edges.coalesce(1),
                through(kernel),
                COMPONENTS,
                self.table.work_path("components"),
            )
            pictures = self.files.where("state = 'picture'").withColumnRenamed("id", "file_id")
            members = components.join(pictures, F.col("id") == F.col("file_id")).select(*names(_MEMBERS))
            # Of a component whose other files are gone one member is left, which needs no look.
            sizes = members.groupBy("component").count().where("count > 1").select("component")
            kept = members.join(sizes.withColumnRenamed("component", "c"), F.col("component") == F.col("c"))
            members = self.stages.run(
                "components",
                kept.select(*names(_MEMBERS)),
                as_it_is,
                _MEMBERS,
                self.table.work_path("members"),
            )
            stage.count = self.member_count = guarded(members.count)
            count = guarded(lambda: members.select("component").distinct().count())
        return (members if stage.count else None), count

    def _units(self, members: DataFrame) -> DataFrame:
        """The role that each file has in its unit, from all files of the folders that members lie in."""
        with self.stages.progress.stage("units", "files") as stage:
            folders = members.select("folder", F.col("volume_name").alias("v")).distinct()
            files = self.files.withColumnRenamed("folder", "f")
            beside = folders.join(files, (F.col("f") == F.col("folder")) & (F.col("v") == F.col("volume_name"))).select(
                *names(UNITS_IN), "volume_name", "folder"
            )
            tasks = self.stages.engine.tasks(max(self.stages.engine.parallel, self.member_count // _UNIT_ROWS))
            spread = beside.repartition(tasks, "folder")
            kernel = self._kernel("units", UNITS_IN, UNITS_OUT)
            units = self.stages.run(
                "units", spread, each(kernel, "volume_name", keep=True), _UNITS, self.table.work_path("units")
            )
            stage.count = self.stages.rows_out("units")
        # Two files of a volume with one id share the stricter role; a row must not come twice.
        return units.groupBy("volume_name", "id").agg(
            F.max("role").alias("role"), (F.max(F.col("edited").cast("int")) == 1).alias("edited")
        )

    # Groups

    def _groups(self, members: DataFrame) -> Found:
        units = self._units(members)
        run_folder = f"groups/{self.key}/{new_id()}"
        folders: list[str] = []
        undecided: list[dict[str, Any]] = []
        whole = self._rows_of(members, units)
        failed: DataFrame | None = None
        asked: DataFrame | None = None
        for round_ in range(_MOST_ROUNDS):
            folder = f"{run_folder}/round-{round_}"
            rows = whole
            if asked is not None:
                again = asked.select(F.col("component").alias("c")).distinct()
                rows = again.join(rows, F.col("c") == F.col("component")).select(*rows.columns)
            if failed is not None:
                # Nothing is decided of a picture that cannot be read any more, or is another one now.
                rows = rows.join(
                    failed.select(F.col("content").alias("x")), F.col("x") == F.col("content"), "left_anti"
                )
            answers = self._group(self._with_details(rows), folder)
            folders.append(folder)
            self.rounds = round_ + 1
            asked = answers.where("kind = 'detail'").select("component", "id", *names(_FILE)).distinct()
            if not guarded(lambda asked=asked: asked.count()):  # type: ignore[misc]
                return Found(folders, None, {}, undecided)
            if self.options.read_files:
                raise ClusterError("kernel group asks for details although it may read files")
            failed, more = self._fetch_details(asked, whole, failed)
            undecided += more
        raise ClusterError(f"kernel group still asks for details after {_MOST_ROUNDS} rounds")

    def _rows_of(self, members: DataFrame, units: DataFrame) -> DataFrame:
        """All columns of the members' rows."""
        light = members.alias("member")
        heavy = self._pictures().alias("picture")
        rows = light.join(
            heavy, same_file("member", "picture") & (F.col("member.scan") == F.col("picture.scan"))
        ).select("picture.*", F.col("member.component").alias("component"))
        roles = units.select(F.col("volume_name").alias("unit_volume"), F.col("id").alias("unit_id"), "role", "edited")
        return rows.join(
            roles, (F.col("unit_volume") == F.col("volume_name")) & (F.col("unit_id") == F.col("id")), "left"
        ).select(
            *[name for name in names(PICTURES) if name != "scan"],
            "component",
            self._is_reference().alias("reference"),
            F.coalesce("role", F.lit(0)).alias("role"),
            F.coalesce("edited", F.lit(False)).alias("edited"),
        )

    def _with_details(self, rows: DataFrame) -> DataFrame:
        known = self._details()
        if known is None:
            return rows.withColumn("detail", F.lit(None).cast("binary"))
        known = known.select(F.col("content").alias("known_content"), "detail")
        return rows.join(known, F.col("known_content") == F.col("content"), "left").drop("known_content")

    def _group(self, rows: DataFrame, folder: str) -> DataFrame:
        with self.stages.progress.stage("group", "groups and questions") as stage:
            before = self.stages.rows_out("group")
            arguments = [*self.options.policy, *self.options.grouping]
            if self.options.read_files:
                arguments.append("--read-files")
            elif overlapping([volume.path for volume in self.table.state.volumes.values()]):
                # Volumes of two machines may lie at the same place.
                arguments.append("--name-volumes")
            kernel = self._kernel(
                "group",
                GROUP_IN,
                GROUP_OUT,
                *arguments,
                versioned=True,
                marks=self.options.marks,
            )
            wanted = max(self.stages.engine.parallel, math.ceil(self.member_count / _GROUP_ROWS))
            # By the hash of the component: a task has whole components, and thousands of them.
            spread = rows.select(*names(GROUP_IN)).repartition(self.stages.engine.tasks(wanted), "component")
            answers = self.stages.run("group", spread, through(kernel), GROUP_OUT, self.table.path(folder))
            stage.count = self.stages.rows_out("group") - before
        return answers

    # Details

    def _details(self) -> DataFrame | None:
        """What is known of pictures at 256x256, by content."""
        kept = self.table.storage.read_json("details.json")
        folders = kept["folders"] if kept is not None and kept["hash_version"] == self.hash_version else []
        if not folders:
            return None
        paths = (self.table.path(folder) for folder in folders)
        return self.stages.read(DETAILS, *paths).where("detail IS NOT NULL")

    def _fetch_details(
        self, asked: DataFrame, rows: DataFrame, failed: DataFrame | None
    ) -> tuple[DataFrame | None, list[dict[str, Any]]]:
        """Reads the pictures that were asked for, each content once, and keeps what comes of it.

        Returns the contents of which no detail can be had, and the pictures that were to be read for them.
        """
        with self.stages.progress.stage("details", "pictures") as stage:
            contents = rows.select("id", *names(_FILE), "content").alias("row")
            wanted = (
                contents.join(asked.alias("asked"), same_file("row", "asked"), "left_semi")
                .where("content IS NOT NULL")
                .dropDuplicates(["content"])
            )
            count = guarded(wanted.count)
            tasks = max(self.stages.engine.parallel, math.ceil(count / _DETAIL_ROWS))
            spread = wanted.repartition(self.stages.engine.tasks(tasks), "id")
            kernel = self._kernel("hash", DETAIL_IN, DETAIL_OUT, "--detail")
            folder = f"details/{new_id()}"
            fresh = self.stages.run("details", spread, _detailing(kernel), DETAILS, self.table.path(folder))
            stage.count = count
        kept = self.table.storage.read_json("details.json")
        if kept is None or kept["hash_version"] != self.hash_version:
            kept = {"hash_version": self.hash_version, "folders": []}
        kept["folders"].append(folder)
        self.table.storage.write_json("details.json", kept)
        without = fresh.where("detail IS NULL")
        lost = [
            {
                **_named(row["volume_name"], row["path"], row["path_bytes"]),
                "stage": "detail",
                "reason": "cannot be read, or has changed since it was scanned",
            }
            for row in guarded(lambda: without.select(*names(_FILE)).collect())
        ]
        if not count or (not lost and failed is None):
            return failed, lost
        contents_lost = without.select("content")
        return (contents_lost if failed is None else failed.unionByName(contents_lost)), lost

    # What comes of it

    def _kernel(self, name: str, takes: Any, gives: Any, *arguments: str, **more: Any) -> Kernel:
        if more.pop("versioned", False):
            more |= {"hash_version": self.hash_version, "policy": self.policy}
        return self.stages.kernel(name, takes, gives, *arguments, **more)

    def _key(self) -> str:
        """The name of everything that was joined under this policy, these references and these hashes."""
        told = json.dumps([self.policy, sorted(self.options.references), self.hash_version])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def _summary(self, found: Found, joined: Joined, component_count: int) -> dict[str, Any]:
        states = {row["state"]: row["count"] for row in guarded(lambda: self.files.groupBy("state").count().collect())}
        totals = {"groups": 0, "duplicates": 0, "acted_on": 0, "reclaimable_bytes": 0}
        if found.folders:
            groups = self.group_rows(found)
            row = guarded(
                lambda: groups.agg(
                    F.count("*").alias("groups"),
                    *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in list(totals)[1:]),
                ).collect()
            )[0]
            totals = {name: int(row[name]) for name in totals}
        return {
            "files": sum(states.values()),
            "images": states.get("picture", 0),
            "skipped": states.get("skipped", 0) + states.get("unreadable", 0) + len(found.undecided),
            **totals,
            "components": component_count,
            "blocks": sum(joined.blocks.values()),
            "block_pairs_joined": self.pairs_joined,
            "rounds": self.rounds,
            "seconds": round(self.stages.progress.seconds, 3),
            "engine": self.stages.engine.name,
        }

    def group_rows(self, found: Found) -> DataFrame:
        """The groups of all rounds."""
        paths = (self.table.path(folder) for folder in found.folders)
        return self.stages.read(GROUP_OUT, *paths).where("kind = 'group'")

    def _publish(self, found: Found) -> None:
        self.table.storage.write_json(
            "groups/latest.json",
            {
                "folders": found.folders,
                "policy": found.policy,
                "references": sorted(self.options.references),
                "hash_version": self.hash_version,
                "volumes": {name: volume.path for name, volume in sorted(self.table.state.volumes.items())},
                "undecided": found.undecided,
                "summary": found.summary,
            },
        )

    def write_report(self, found: Found, out: TextIO) -> None:
        """The groups as JSON, a group at a time: there may be more of them than memory holds."""
        head = {
            "version": 1,
            "command": "dedupe",
            "volumes": {name: volume.path for name, volume in sorted(self.table.state.volumes.items())},
            "references": sorted(self.options.references),
            "policy": found.policy,
        }
        out.write(json.dumps(head, ensure_ascii=False)[:-1])
        out.write(', "groups": [')
        groups: Iterator[str] = iter(())
        if found.folders:
            ordered = self.group_rows(found).orderBy("path", "path_bytes", "volume_name", "id").select("group")
            groups = (row["group"] for row in ordered.toLocalIterator())
        _write_items(out, groups)
        out.write('],\n"skipped": [')
        skipped = (
            self.files.where("state IN ('skipped', 'unreadable')")
            .orderBy("path", "path_bytes", "volume_name")
            .select(*names(_FILE), "stage", "reason")
        )
        of_listing = (
            {
                **_named(row["volume_name"], row["path"], row["path_bytes"]),
                "stage": row["stage"],
                "reason": row["reason"],
            }
            for row in skipped.toLocalIterator()
        )
        _write_items(
            out, (json.dumps(item, ensure_ascii=False) for item in itertools.chain(of_listing, found.undecided))
        )
        out.write(f'],\n"summary": {json.dumps(found.summary)}}}\n')


def _write_items(out: TextIO, items: Iterator[str]) -> None:
    for number, item in enumerate(items):
        out.write(",\n" if number else "\n")
        out.write(item)


def _named(volume: str, path: str, path_bytes: str | None) -> dict[str, Any]:
    named = {"volume": volume, "path": path}
    return named if path_bytes is None else {**named, "path_bytes": path_bytes}


def overlapping(paths: list[str]) -> bool:
    """Whether one of the folders is, or lies in, another one: then paths alone do not tell files apart."""
    ordered = sorted(PurePosixPath(path).parts for path in paths)
    return any(after[: len(before)] == before for before, after in itertools.pairwise(ordered))


def read_policy(policy: str | None) -> dict[str, Any]:
    """The policy of a stream, `name=value` words, for a report."""
    words = (word.partition("=") for word in (policy or "").split())
    return {name: int(value) if value.isdecimal() else value for name, _, value in words}


def _detailing(kernel: Kernel) -> Callable[[Batches, Meter], Batches]:
    """A task that hashes details, and puts beside them what they are of."""

    def task(batches: Batches, meter: Meter) -> Batches:
        schema = arrow_schema(DETAILS)
        asked: dict[int, list[dict[str, Any]]] = {}

        def noted() -> Batches:
            for batch in batches:
                for row in batch.to_pylist():
                    asked.setdefault(row["id"], []).append(row)
                yield batch

        for answer in run(kernel, noted(), meter):
            for place, id_ in enumerate(answer.column(0).to_pylist()):
                # Rows come out in the order they went in, also those of equal ids.
                row = asked[id_].pop(0)
                one = answer.slice(place, 1).select(["detail"])
                yield with_constant(one, {name: row[name] for name in schema.names if name != "detail"}, schema)

    return task
