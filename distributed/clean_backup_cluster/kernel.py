"""Runs `clean-backup kernel …` inside a task: Arrow in, Arrow out, bounded memory, clear errors."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow as pa

from clean_backup_cluster.columns import Columns, arrow_schema, fitted
from clean_backup_cluster.errors import KernelError

KERNEL_VERSION = "1"
VERSION_KEY = "clean_backup.kernel"
HASHES_KEY = "clean_backup.hash_version"
POLICY_KEY = "clean_backup.policy"
MARKS_KEY = "clean_backup.marks"
# The last bytes of a whole Arrow stream.
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_LINES_KEPT = 5
_LINE_BYTES = 2000
_SECONDS_TO_CLOSE = 10

# One for each number of slots, made when first needed: tasks of an engine that runs them all at once, in
# threads of one process, take turns here. A lock in a global would keep functions from being sent elsewhere.
_slots: dict[int, threading.BoundedSemaphore] = {}
# With such an engine, what goes on in this process: kernels, and tasks by number. See `stop_all`.
_kernels: dict[int, _Process] = {}
_tasks: dict[int, None] = {}
_ended: list[bool] = []


@dataclass(frozen=True)
class Kernel:
    """A kernel as a task runs it. Plain values only: it travels to the workers."""

    program: str
    arguments: tuple[str, ...]
    takes: Columns | None
    gives: Columns
    hash_version: str | None = None
    policy: str | None = None
    # How many may run at once in this process; None where the engine sees to that.
    slots: int | None = None
    # Marks of the user, for `group`: JSON, as `kernel marks` prints it.
    marks: str | None = None
    one_row_each: bool = False

    def with_arguments(self, *more: str) -> Kernel:
        """The same kernel with more arguments."""
        return Kernel(**{**self.__dict__, "arguments": (*self.arguments, *more)})


@dataclass
class Meter:
    """What a task's kernels have taken."""

    processes: int = 0
    kernel_seconds: float = 0.0
    peak_kib: int = 0
    feeding_seconds: float = 0.0
    rows_in: int = 0
    rows_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    metadata: dict[str, str] = field(default_factory=dict)

    def figures(self, task_seconds: float) -> str:
        """The figures as the side row of a task has them."""
        return json.dumps(
            {
                "tasks": 1,
                "processes": self.processes,
                "kernel_cpu_seconds": round(self.kernel_seconds, 6),
                "task_cpu_seconds": round(task_seconds + self.feeding_seconds, 6),
                "peak_kernel_kib": self.peak_kib,
                "rows_in": self.rows_in,
                "rows_out": self.rows_out,
                "bytes_in": self.bytes_in,
                "bytes_out": self.bytes_out,
                "metadata": self.metadata,
            }
        )


def run(kernel: Kernel, batches: Iterable[pa.RecordBatch] | None, meter: Meter) -> Iterator[pa.RecordBatch]:
    """Feeds `batches` to one process of the kernel, and yields what it answers.

    Raises `KernelError` with the machine, the exit code and the last lines of the program's messages.
    """
    with _turn(kernel.slots):
        if _ended:
            raise KernelError("the run has ended")
        process = _Process(kernel, meter)
        _kernels[id(process)] = process
        try:
            process.feed(batches)
            yield from process.answers()
        finally:
            process.close()
            del _kernels[id(process)]


@contextlib.contextmanager
def task_of_this_process() -> Iterator[None]:
    """While a task runs: a process that ended meanwhile would take the interpreter away from under it."""
    key = threading.get_ident()
    _tasks[key] = None
    try:
        yield
    finally:
        _tasks.pop(key, None)


def start_all() -> None:
    """Kernels may run in this process (again)."""
    _ended.clear()


def stop_all() -> bool:
    """Ends the kernels of this process, and waits for its tasks. Whether they have all ended."""
    _ended.append(True)
    deadline = time.monotonic() + _SECONDS_TO_CLOSE
    while _tasks and time.monotonic() < deadline:
        for process in list(_kernels.values()):
            process.kill()
        time.sleep(0.02)
    return not _tasks


@contextlib.contextmanager
def _turn(slots: int | None) -> Iterator[None]:
    if slots is None:
        yield
        return
    with _slots.setdefault(slots, threading.BoundedSemaphore(slots)):
        yield


class _Process:
    """One process of the program, its feeding thread, and the thread that reads its messages."""

    def __init__(self, kernel: Kernel, meter: Meter) -> None:
        self.kernel = kernel
        self.meter = meter
        self.failure: BaseException | None = None
        self.hung_up = False
        self.messages: deque[str] = deque(maxlen=_LINES_KEPT)
        self.feeder: threading.Thread | None = None
        try:
            self.process = subprocess.Popen(
                [kernel.program, "kernel", *kernel.arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise KernelError(
                f"{socket.gethostname()} cannot start {kernel.program!r} ({error.strerror}): install "
                "clean-backup there, built with the feature `kernel` (cargo install --path . --features "
                "kernel), or name the program with --program"
            ) from error
        meter.processes += 1
        self.reader = threading.Thread(target=self._read_messages, daemon=True)
        self.reader.start()

    def feed(self, batches: Iterable[pa.RecordBatch] | None) -> None:
        """Writes the batches to standard input, in a thread of its own."""
        if batches is None or self.kernel.takes is None:
            _pipe(self.process.stdin).close()
            return
        self.feeder = threading.Thread(target=self._feed, args=(batches,), daemon=True)
        self.feeder.start()

    def answers(self) -> Iterator[pa.RecordBatch]:
        """What the program writes, until it ends well."""
        schema = arrow_schema(self.kernel.gives)
        output = _Watched(_pipe(self.process.stdout))
        rows = 0
        try:
            with pa.ipc.open_stream(pa.PythonFile(output, mode="r")) as stream:
                self._check(stream.schema)
                for batch in stream:
                    answer = fitted(batch, schema)
                    rows += answer.num_rows
                    self.meter.bytes_out += answer.nbytes
                    yield answer
        except (OSError, ValueError, pa.ArrowException) as error:
            self._end()
            raise self._error(f"wrote what is no Arrow stream of this kernel: {_line(error)}") from error
        self._end()
        if not output.whole():
            raise self._error("stopped in the middle of its output")
        if self.hung_up:
            raise self._error("ended before it had read its input")
        if self.kernel.one_row_each and rows != self.meter.rows_in:
            raise self._error(f"answered with {rows} rows to {self.meter.rows_in}")
        self.meter.rows_out += rows

    def kill(self) -> None:
        """Ends the process; who waits for its answers is told so."""
        if self.process.returncode is None:
            with contextlib.suppress(OSError):
                self.process.kill()

    def close(self) -> None:
        """Ends the process, if it has not ended, and its threads."""
        if self.process.returncode is None:
            self.process.kill()
            self._reap()
        for pipe in (self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()

    def _feed(self, batches: Iterable[pa.RecordBatch]) -> None:
        begun = time.thread_time()
        kernel, meter = self.kernel, self.meter
        metadata = {VERSION_KEY: KERNEL_VERSION}
        if kernel.hash_version is not None:
            metadata[HASHES_KEY] = kernel.hash_version
        if kernel.policy is not None:
            metadata[POLICY_KEY] = kernel.policy
        if kernel.marks is not None:
            metadata[MARKS_KEY] = kernel.marks
        schema = arrow_schema(kernel.takes or (), metadata)
        stdin = _pipe(self.process.stdin)
        try:
            writer = pa.ipc.new_stream(stdin, schema)
            for batch in self._given(batches):
                plain = fitted(batch, schema)
                meter.rows_in += plain.num_rows
                meter.bytes_in += plain.nbytes
                writer.write_batch(plain)
            if self.failure is None:
                writer.close()
        except OSError:
            # Its exit code and its messages say why it does not read any more.
            self.hung_up = True
        except BaseException as error:
            self._give_up(error)
        finally:
            try:
                stdin.close()
            except OSError:
                self.hung_up = True
            meter.feeding_seconds += time.thread_time() - begun

    def _given(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches, with an error of the engine kept apart from one of the pipe."""
        try:
            yield from batches
        except GeneratorExit:
            raise
        except BaseException as error:
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        # Killed first: a program that only sees its input end would take half of it for the whole.
        self.failure = error
        self.process.kill()

    def _check(self, schema: pa.Schema) -> None:
        """Refuses a program of another version than the table's."""
        told = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        self.meter.metadata = {key: value for key, value in told.items() if key.startswith("clean_backup.")}
        expected = {
            VERSION_KEY: KERNEL_VERSION,
            HASHES_KEY: self.kernel.hash_version,
            POLICY_KEY: self.kernel.policy,
        }
        for key, value in expected.items():
            if value is not None and told.get(key) != value:
                raise KernelError(
                    f"{self._name()} is of another version: its {key} is {told.get(key)}, not {value}; "
                    "the same version has to be installed on every machine"
                )
        missing = [column.name for column in self.kernel.gives if column.name not in schema.names]
        if missing:
            raise KernelError(f"{self._name()} is of another version: it gives no {', '.join(missing)}")

    def _end(self) -> None:
        """Waits for the end, and raises what went wrong."""
        # A program that is not done writing is told so, instead of being waited for.
        _pipe(self.process.stdout).close()
        self._reap()
        if self.feeder is not None:
            self.feeder.join(_SECONDS_TO_CLOSE)
        self.reader.join(_SECONDS_TO_CLOSE)
        if self.failure is not None:
            raise self.failure
        code = self.process.returncode
        if code < 0:
            hint = "; was the machine out of memory?" if -code == signal.SIGKILL else ""
            raise self._error(f"was killed by {_signal(-code)}{hint}")
        if code > 0:
            raise self._error(f"ended with exit code {code}")

    def _reap(self) -> None:
        """Waits for the process and takes its CPU time: that of this child alone, whatever else runs here."""
        try:
            _, status, usage = os.wait4(self.process.pid, 0)
        except ChildProcessError:
            self.process.wait()
            return
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.meter.kernel_seconds += usage.ru_utime + usage.ru_stime
        self.meter.peak_kib = max(self.meter.peak_kib, usage.ru_maxrss)

    def _read_messages(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := _pipe(self.process.stderr).readline(_LINE_BYTES):
                text = line.decode(errors="replace").strip()
                if text:
                    self.messages.append(text)

    def _name(self) -> str:
        return f"{self.kernel.program} on {socket.gethostname()}"

    def _error(self, what: str) -> KernelError:
        said = " | ".join(self.messages)
        name = f"kernel {self.kernel.arguments[0]} ({self._name()})"
        return KernelError(f"{name} {what}{': ' + said if said else ''}")


class _Watched:
    """A pipe that remembers the last bytes read: Arrow's reader takes a cut stream for a whole one."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe = pipe
        self.last = b""
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Reads, and keeps the end of it."""
        got = self.pipe.read(size)
        self.last = (self.last + got[-len(_END_OF_STREAM) :])[-len(_END_OF_STREAM) :]
        return got

    def whole(self) -> bool:
        """Whether the stream was ended by its writer."""
        return self.last == _END_OF_STREAM

    def close(self) -> None:
        """The pipe is closed by who opened it."""
        self.closed = True


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("all three pipes are asked for")
    return pipe


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _line(error: BaseException) -> str:
    text: Any = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
