#!/usr/bin/env python3
"""What `dedupe` costs, stage by stage, on a table of made-up pictures.

made_up.py table DIR --rows N --program P    makes a table: a tenth of its rows are near-duplicates of others
made_up.py run DIR --program P [--engine E]… [-- …]  runs dedupe from scratch, and prints CPU-seconds by stage;
                                             what stands after -- are options of dedupe

Beside the engines that `--engine` of the program takes there is `alone`: one process searches the whole table at
once, as `clean-backup dedupe` does on one machine. What classic Spark has written for its shuffles comes from its
event log; Sail keeps none.

Pictures are hashes only: without tiles, kernels take hashes at their word, so that the proof costs nothing here.
Linux only, as all processes that engines leave behind are waited for. `--figures` of the program explains what is
counted; `all` is every process of the run, so that `all` less kernels and feeding is the engine's own share.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clean_backup_cluster.columns import (
    COMPONENTS,
    EDGES,
    FIGURES,
    GROUP_IN,
    GROUP_OUT,
    HASHED,
    LISTING,
    PICTURES,
    arrow_schema,
    names,
)
from clean_backup_cluster.kernel import HASHES_KEY, Kernel, Meter, run
from clean_backup_cluster.tables import Scan, Table, Volume, new_id

_CHUNK = 100_000
_PER_FOLDER = 1000
_VOLUME = "made-up"
_VIEW = 40
_SUBREAPER = 36
_ALONE = "alone"
_BATCH_ROWS = 10_000


def main() -> int:
    """Makes a table, or measures runs on one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("table")
    make.add_argument("table", type=Path)
    make.add_argument("--rows", type=int, required=True)
    make.add_argument("--seed", type=int, default=1)
    make.add_argument("--program", default="clean-backup")
    measure = commands.add_parser("run")
    measure.add_argument("table", type=Path)
    measure.add_argument("--engine", action="append", default=[])
    measure.add_argument("--program", default="clean-backup")
    # What stands after `--` is for dedupe.
    given = sys.argv[1:]
    cut = given.index("--") if "--" in given else len(given)
    args = parser.parse_args(given[:cut])
    if args.command == "table":
        make_table(args.table, args.rows, args.seed, args.program)
    else:
        for engine in args.engine or [_ALONE, "sail"]:
            if engine == _ALONE:
                alone(args.table, args.program)
            else:
                measured(args.table, engine, args.program, given[cut + 1 :])
    return 0


def make_table(folder: Path, rows: int, seed: int, program: str) -> None:
    """Writes a table as one scan would have left it."""
    version = hash_version(program)
    table = Table(str(folder))
    if table.exists:
        sys.exit(f"{folder} has a table already")
    pictures, listing = f"pictures/{new_id()}", f"listings/{new_id()}"
    for part in (pictures, listing):
        (folder / part).mkdir(parents=True)
    for number, chunk in enumerate(chunks(rows, seed, int(version))):
        for part, columns in ((pictures, (*PICTURES, FIGURES)), (listing, (*LISTING, FIGURES))):
            schema = arrow_schema(columns)
            arrays = [chunk.get(field.name, pa.nulls(len(chunk["id"]), field.type)) for field in schema]
            fitted = [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)]
            pq.write_table(pa.Table.from_arrays(fitted, schema=schema), folder / part / f"{number}.parquet")
    table.state.hash_version = version
    table.state.scans = [Scan(1, pictures, listing, rows, [_VOLUME])]
    table.state.volumes = {_VOLUME: Volume("/made/up", 1)}
    table.save()
    print(f"{rows:,} made-up pictures in {folder}, {size_of(folder) / rows:.0f} bytes each")


def hash_version(program: str) -> str:
    """The version of the program's hashes."""
    meter = Meter()
    for _ in run(Kernel(program, ("components",), EDGES, COMPONENTS), iter(()), meter):
        pass
    return meter.metadata[HASHES_KEY]


def chunks(rows: int, seed: int, version: int) -> Iterator[dict[str, Any]]:
    """Made-up rows: of ten, nine are random and one is near a random one of the same chunk."""
    random = np.random.default_rng(seed)
    for begin in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - begin)
        views = random.integers(0, 256, (count, 4, _VIEW), dtype=np.uint8)
        near = np.arange(count) % 10 == 9
        originals = random.integers(0, count // 10 or 1, near.sum()) * 10
        views[near] = views[originals] ^ flips(random, int(near.sum()))
        upright = views[:, 0, :].copy().view(">i8").astype(np.int64)
        numbers = np.arange(begin, begin + count)
        paths = [f"/made/up/{number // _PER_FOLDER:06}/{number:012}.jpg" for number in numbers]
        constant = {
            "volume_name": _VOLUME,
            "state": "picture",
            "modified_ns": 1_500_000_000 * 10**9,
            "device": 1,
            "hash_version": version,
            "format": "jpeg",
            "width": 4000,
            "height": 3000,
            "quality": 90,
            "orientation": 1,
            "has_position": 0,
            "marks": 0,
            "machine": "none",
            "scan": 1,
        }
        yield {
            **{name: pa.array([value] * count) for name, value in constant.items()},
            # An id is a hash of the path: any number that spreads will do.
            "id": pa.array(scattered(numbers)),
            "folder": pa.array(scattered(numbers // _PER_FOLDER + (1 << 40))),
            "path": pa.array(paths),
            "size": pa.array(1_000_000 + numbers),
            "inode": pa.array(numbers + 1),
            "phash": pa.array(upright[:, 0]),
            **{f"fine_{word}": pa.array(upright[:, word + 1]) for word in range(4)},
            "views": pa.array([row.tobytes() for row in views.reshape(count, -1)], pa.binary()),
            "content": pa.array([f"{number:064x}" for number in numbers]),
        }


def flips(random: np.random.Generator, count: int) -> Any:
    """Bits to flip in each view: up to 4 of the 64, and of the 256 about 20."""
    places = random.integers(0, 64, (count, 4, 4))
    short = np.zeros((count, 4, 64), np.uint8)
    np.put_along_axis(short, places, 1, axis=2)
    long = (random.random((count, 4, 256)) < 0.08).astype(np.uint8)
    return np.packbits(np.concatenate([short, long], axis=2), axis=2)


def scattered(numbers: Any) -> Any:
    """Numbers as hashes of 63 bits: no two become the same."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    # The highest bit is lost here; that two numbers meet by that is as likely as with a real hash.
    return (mixed * np.uint64(0xD6E8FEB86659FD93) >> np.uint64(1)).astype(np.int64)


def alone(folder: Path, program: str) -> None:
    """Searches the whole table in one process, and prints what it has cost."""
    schema = arrow_schema(GROUP_IN)
    table = Table(str(folder))

    def rows() -> Iterator[pa.RecordBatch]:
        for scan in table.state.scans:
            for file in sorted((folder / str(scan.pictures)).glob("*.parquet")):
                for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=names(HASHED)):
                    count = batch.num_rows
                    more = {
                        "component": pa.array([0] * count, pa.int64()),
                        "reference": pa.array([False] * count),
                        "role": pa.array([0] * count, pa.int32()),
                        "edited": pa.array([False] * count),
                        "detail": pa.nulls(count, pa.binary()),
                    }
                    columns = [more[name] if name in more else batch.column(name) for name in schema.names]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)

    meter, begun, before = Meter(), time.monotonic(), time.process_time()
    kernel = Kernel(program, ("group",), GROUP_IN, GROUP_OUT)
    summary = {"images": sum(scan.hashed for scan in table.state.scans), "components": 1, "groups": 0, "duplicates": 0}
    for answers in run(kernel, rows(), meter):
        for group in answers.select(["kind", "duplicates"]).to_pylist():
            summary["groups"] += group["kind"] == "group"
            summary["duplicates"] += group["duplicates"] or 0
    stage = {
        "kernel_cpu_seconds": meter.kernel_seconds,
        "task_cpu_seconds": time.process_time() - before,
        "bytes_in": meter.bytes_in,
        "peak_kernel_kib": meter.peak_kib,
        "seconds": time.monotonic() - begun,
    }
    everything = stage["kernel_cpu_seconds"] + stage["task_cpu_seconds"]
    print_table(_ALONE, {"group": stage}, everything, stage["seconds"], summary)


def measured(table: Path, engine: str, program: str, more: list[str]) -> None:
    """Runs dedupe from scratch, and prints what it has cost."""
    # Processes whose parents end without waiting for them become ours, and their time with them.
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="made-up-", dir=table.parent) as scratch:
        copy = Path(scratch) / "table"
        copy.mkdir()
        shutil.copy(table / "table.json", copy)
        for part in ("pictures", "listings"):
            (copy / part).symlink_to((table / part).absolute())
        figures = Path(scratch) / "figures.json"
        command = [sys.executable, "-m", "clean_backup_cluster", "dedupe", "--table", str(copy), "--engine", engine]
        command += ["--program", program, "--figures", str(figures), *more]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        events = Path(scratch) / "events"
        events.mkdir()
        settings = {"enabled": "true", "compress": "false", "dir": events.absolute().as_uri()}
        lines = [f"spark.eventLog.{name} {value}\n" for name, value in settings.items()]
        (Path(scratch) / "spark-defaults.conf").write_text("".join(lines))
        environment["SPARK_CONF_DIR"] = scratch
        before, begun = cpu_of_children(), time.monotonic()
        code = subprocess.run(command, env=environment, check=False).returncode
        seconds = time.monotonic() - begun
        wait_for_the_rest()
        everything = cpu_of_children() - before
        if code not in (0, 1):
            sys.exit(f"{engine}: dedupe ended with {code}")
        told = json.loads(figures.read_text())
        latest = json.loads((copy / "groups/latest.json").read_text())["summary"]
        shuffled = shuffle_bytes(events)
    print_table(engine, told["stages"], everything, seconds, latest)
    if shuffled is not None:
        print(f"\nwritten for shuffles (compressed): {shuffled / 1e6:,.0f} MB")


def shuffle_bytes(events: Path) -> int | None:
    """What a classic Spark has written for its shuffles, by its event log; None where there is none."""
    logs = [file for file in events.rglob("*") if file.is_file() and not file.name.startswith("appstatus")]
    if not logs:
        return None
    total = 0
    for log in logs:
        for line in log.read_text().splitlines():
            metrics = json.loads(line).get("Task Metrics") if "SparkListenerTaskEnd" in line else None
            total += (metrics or {}).get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
    return total


def print_table(
    engine: str, stages: dict[str, dict[str, Any]], everything: float, seconds: float, summary: dict[str, Any]
) -> None:
    """The figures as a table in Markdown."""
    print(f"\n{engine}: {summary['images']:,} pictures, {summary['components']:,} components, ", end="")
    print(f"{summary['groups']:,} groups, {summary['duplicates']:,} duplicates; all {everything:.1f} CPU-s, ", end="")
    print(f"{seconds:.1f} s\n\n| stage | kernels CPU-s | feeding CPU-s | into kernels, MB | kernels' peak, MB | s |")
    print("|---|---|---|---|---|---|")
    kernels = feeding = 0.0
    for name, stage in stages.items():
        own, fed = stage.get("kernel_cpu_seconds", 0.0), stage.get("task_cpu_seconds", 0.0)
        kernels, feeding = kernels + own, feeding + fed
        sent, peak = stage.get("bytes_in", 0) / 1e6, stage.get("peak_kernel_kib", 0) / 1024
        print(f"| {name} | {own:.1f} | {fed:.1f} | {sent:,.0f} | {peak:,.0f} | {stage['seconds']:.1f} |")
    print(f"| engine and start | {everything - kernels - feeding:.1f} | | | | |")


def cpu_of_children() -> float:
    """CPU seconds of all processes that have been waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_for_the_rest() -> None:
    """Waits for what the engine has left behind."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    sys.exit(main())
