"""Starts an engine, or connects to one: the built-in Sail, Spark on this machine, or a cluster."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark import cloudpickle
from pyspark.sql import SparkSession

import clean_backup_cluster
from clean_backup_cluster.errors import ClusterError, UsageError
from clean_backup_cluster.kernel import start_all, stop_all

# Rows of half a kilobyte to 70 kB go through tasks: with the engines' thousands in a batch, details alone
# would take half a gigabyte.
_BATCH_ROWS = 1000
_GIB = 1 << 30
_LEAST_PARTITIONS = 4
# In the built-in Sail all tasks of a stage are under way at once, each in a thread.
_SAIL_TASKS = 64


@dataclass(frozen=True)
class Engine:
    """A session, and what has to be known of the engine behind it."""

    name: str
    session: SparkSession
    # How many tasks run at a time.
    parallel: int
    # How many kernels may run at once in this process; None where the engine limits tasks by itself.
    slots: int | None
    # How many tasks a stage may have; None for any number.
    most_tasks: int | None
    # What may be on its way between tasks at a time, and lies on the workers' disks meanwhile. It is as much as
    # the table at least.
    bytes_under_way: int

    def tasks(self, wanted: int) -> int:
        """A number of tasks that this engine takes."""
        wanted = max(wanted, 1)
        return wanted if self.most_tasks is None else min(wanted, self.most_tasks)


@contextlib.contextmanager
def opened(spec: str, parallel: int | None) -> Iterator[Engine]:
    """The engine that `--engine` names, for as long as the context lasts."""
    # Spark's workers start the interpreter that this variable names; `python3` of the path is another one.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    if parallel is not None and parallel < 1:
        raise UsageError("--parallel takes a number from 1 on")
    if spec == "sail":
        yield from _sail(parallel or os.cpu_count() or 1)
    elif spec.startswith("sc://"):
        yield from _connect(spec, parallel or 64)
    elif spec == "local" or spec.startswith(("local[", "local-cluster[", "spark://", "yarn", "k8s://")):
        yield from _spark(spec, parallel)
    else:
        raise UsageError(
            f"--engine {spec}: known are sail, local, local[N], local-cluster[N,CORES,MB], "
            "spark://HOST:PORT, yarn, k8s://… and sc://HOST:PORT"
        )


def _sail(parallel: int) -> Iterator[Engine]:
    try:
        # Before the import: the engine reads them once.
        os.environ.setdefault("RUST_LOG", "error")
        os.environ.setdefault("SAIL_EXECUTION__BATCH_SIZE", str(_BATCH_ROWS))
        from pysail.spark import SparkConnectServer  # noqa: PLC0415 (an extra that may be missing)
    except ImportError as error:
        raise ClusterError(
            "the engine Sail is not installed: pip install 'clean-backup-cluster[sail]', or choose another "
            "one with --engine"
        ) from error
    start_all()
    server = SparkConnectServer()
    server.start(background=True)
    host, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://{host}:{port}").getOrCreate()
    try:
        yield Engine("sail", session, parallel, parallel, _SAIL_TASKS, 8 * _GIB)
        # Not after an interrupt: that has ended the server, and the client would try for minutes to reach it.
        session.stop()
    finally:
        # When a task fails, others of the stage still run, in threads of this process.
        stop_all()
        with contextlib.suppress(Exception):
            server.stop()


def _connect(spec: str, parallel: int) -> Iterator[Engine]:
    _send_package()
    session = SparkSession.builder.remote(spec).getOrCreate()
    _configure(session)
    try:
        yield Engine(spec, session, parallel, None, None, 64 * _GIB)
    finally:
        with contextlib.suppress(Exception):
            session.stop()


def _spark(spec: str, parallel: int | None) -> Iterator[Engine]:
    _send_package()
    builder = (
        SparkSession.builder.master("local[*]" if spec == "local" else spec)
        .appName("clean-backup-cluster")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
    )
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    _configure(session)
    cores = session.sparkContext.defaultParallelism
    if spec.startswith("local"):
        # The default of 200 is meant for clusters; here it costs more than most stages.
        session.conf.set("spark.sql.shuffle.partitions", str(max(_LEAST_PARTITIONS, 2 * cores)))
    try:
        yield Engine(spec, session, parallel or cores, None, None, 64 * _GIB)
    finally:
        with contextlib.suppress(Exception):
            session.stop()


def _configure(session: SparkSession) -> None:
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(_BATCH_ROWS))
    session.conf.set("spark.sql.session.timeZone", "UTC")


def _send_package() -> None:
    """Sends this package with the tasks, so that workers need only PySpark and PyArrow.

    Not with the built-in Sail: there tasks share this process, and take turns by a variable of the package.
    """
    cloudpickle.register_pickle_by_value(clean_backup_cluster)  # type: ignore[no-untyped-call]
