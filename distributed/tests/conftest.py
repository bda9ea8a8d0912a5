"""What tests share: the fake program, folders of pictures, and runs of the command line."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clean_backup_cluster.engines import Engine, opened

HERE = Path(__file__).resolve().parent


@dataclass
class Ran:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str

    def ok(self) -> Ran:
        assert self.code in (0, 1), self.err
        return self


def cluster(*arguments: str | Path) -> Ran:
    """Runs the command line in a process of its own: an engine lives once a process."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "clean_backup_cluster", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=1800,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    pytest.importorskip("pysail")
    with opened("sail", 2) as engine:
        yield engine


@pytest.fixture
def fake(tmp_path: Path) -> Callable[..., Path]:
    """Makes a program that behaves, or misbehaves as its settings say."""

    def make(**settings: str) -> Path:
        program = tmp_path / ("fake-" + "-".join(settings.values()).replace(" ", "-").replace("/", "-"))
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
        command = shlex.join([sys.executable, str(HERE / "fake_program.py")])
        program.write_text(f'#!/bin/sh\n{exports}exec {command} "$@"\n')
        program.chmod(0o755)
        return program

    return make


@pytest.fixture(scope="session")
def program() -> str:
    """The real program, where the tests are told of it."""
    path = os.environ.get("CLEAN_BACKUP")
    if path:
        return str(Path(path).absolute())
    told = "CLEAN_BACKUP does not name the program (a build with the feature `kernel`)"
    if os.environ.get("CLEAN_BACKUP_REQUIRE_CLUSTER"):
        pytest.fail(told)
    warnings.warn(f"NOT TESTED against the real program: {told}", stacklevel=1)
    pytest.skip(told)


def single(program: str, home: Path, *arguments: str | Path) -> dict[str, Any]:
    """What the program finds by itself, on one machine."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    command = [program, "dedupe", "--format", "json", "--no-progress", "--cpu", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode in (0, 1), done.stderr
    contents: dict[str, Any] = json.loads(done.stdout)
    return contents


def report(ran: Ran) -> dict[str, Any]:
    """The JSON on standard output."""
    contents: dict[str, Any] = json.loads(ran.ok().out)
    return contents
