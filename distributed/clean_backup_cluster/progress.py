"""Tells on standard error how far a run is, and adds up what its stages cost."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

_SUMMED = (
    "tasks",
    "processes",
    "kernel_cpu_seconds",
    "task_cpu_seconds",
    "rows_in",
    "rows_out",
    "bytes_in",
    "bytes_out",
)
COUNTED = (
    "kernel_cpu_seconds: user and system time of the kernels' processes, each by itself. task_cpu_seconds: "
    "time of the Python threads that feed them. Both without tasks that an engine had to repeat. "
    "local_cpu_seconds: user and system time of this process and of its ended children, which is everything "
    "(kernels and engine) with the built-in Sail, and only the driver's part elsewhere. bytes_in, bytes_out: "
    "Arrow bytes that went into kernels and came out, not what the engine sent between machines. peak_kernel_kib: "
    "the largest kernel, or if that is more what this process had when it started one."
)


@dataclass
class Stage:
    """A stage that is running."""

    name: str
    count: int | None = None
    unit: str = "rows"


class Progress:
    """The stages of one run: told to the user, and kept as figures."""

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        """Tells nothing if `quiet`; writes to standard error unless told otherwise."""
        self.quiet = quiet
        self.stream = sys.stderr if stream is None else stream
        self.stages: dict[str, dict[str, Any]] = {}
        self.begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.begun

    def say(self, text: str) -> None:
        """A line for the user."""
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    @contextlib.contextmanager
    def stage(self, name: str, unit: str = "rows") -> Iterator[Stage]:
        """Times a stage, and tells its count and rate at the end."""
        stage = Stage(name, unit=unit)
        begun, cpu = time.monotonic(), _local_cpu()
        with self._ticking(name, begun):
            yield stage
        seconds = time.monotonic() - begun
        kept = self.stages.setdefault(name, {"seconds": 0.0, "local_cpu_seconds": 0.0})
        kept["seconds"] = round(kept["seconds"] + seconds, 3)
        kept["local_cpu_seconds"] = round(kept["local_cpu_seconds"] + _local_cpu() - cpu, 3)
        if stage.count is None:
            return
        kept["count"] = kept.get("count", 0) + stage.count
        rate = f", {stage.count / seconds:,.0f}/s" if stage.count and seconds > 0 else ""
        self.say(f"{name}: {stage.count:,} {stage.unit}, {seconds:.1f} s{rate}")

    def add(self, name: str, figures: dict[str, Any]) -> None:
        """Adds the figures of tasks to those of a stage."""
        kept = self.stages.setdefault(name, {"seconds": 0.0, "local_cpu_seconds": 0.0})
        for key in _SUMMED:
            kept[key] = round(kept.get(key, 0) + figures.get(key, 0), 6)
        kept["peak_kernel_kib"] = max(kept.get("peak_kernel_kib", 0), figures.get("peak_kernel_kib", 0))

    def write(self, file: Path, engine: str) -> None:
        """Writes the figures as JSON."""
        total = {"seconds": round(self.seconds, 3), "local_cpu_seconds": round(_local_cpu(), 3)}
        figures = {"engine": engine, "counted": COUNTED, "stages": self.stages, "total": total}
        file.write_text(json.dumps(figures, indent=1) + "\n")

    @contextlib.contextmanager
    def _ticking(self, name: str, begun: float) -> Iterator[None]:
        """On a terminal, shows that a long stage is alive."""
        if self.quiet or not self.stream.isatty():
            yield
            return
        done = threading.Event()

        def tick() -> None:
            while not done.wait(1.0):
                print(f"\r{name} … {time.monotonic() - begun:.0f} s", end="", file=self.stream, flush=True)

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            print("\r\x1b[K", end="", file=self.stream, flush=True)


def _local_cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
