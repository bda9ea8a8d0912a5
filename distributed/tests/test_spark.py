"""The same on Spark, two workers of one core: only with CLEAN_BACKUP_SPARK=1, as each run takes a minute or two."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import cluster, report, single
from .test_library import LIBRARY, VOLUMES, plain

pytestmark = pytest.mark.skipif(
    not os.environ.get("CLEAN_BACKUP_SPARK"), reason="CLEAN_BACKUP_SPARK=1 runs the tests on Spark (Java 17)"
)
ENGINE = ("--engine", "local-cluster[2,1,2048]")


@pytest.fixture
def volumes(tmp_path: Path) -> list[str]:
    for volume, folders in VOLUMES.items():
        for folder in folders:
            shutil.copytree(LIBRARY / folder, tmp_path / volume / folder)
    return [part for name in VOLUMES for part in ("--volume", f"{name}={tmp_path / name}")]


def test_groups_are_those_of_one_machine(program: str, tmp_path: Path, volumes: list[str]) -> None:
    table = tmp_path / "table"
    assert "16 read now" in cluster("scan", "--table", table, "--program", program, *volumes, *ENGINE).ok().err
    ran = cluster("dedupe", "--table", table, "--program", program, "--blocks", "3", "-o", "-", *ENGINE)
    expected = single(program, tmp_path / "home", *(tmp_path / name for name in VOLUMES))
    assert plain(report(ran)["groups"]) == plain(expected["groups"])
    again = cluster("dedupe", "--table", table, "--program", program, "-o", "-", *ENGINE)
    assert report(again)["groups"] == report(ran)["groups"]
    assert report(again)["summary"]["block_pairs_joined"] == 0


def test_a_task_that_dies_once_is_repeated(program: str, tmp_path: Path, volumes: list[str]) -> None:
    once = tmp_path / "killed-once"
    dying = tmp_path / "dying"
    # `mkdir` succeeds once: that attempt of a task is the one that dies.
    dying.write_text(
        f'#!/bin/sh\ncase "$2" in hash) if mkdir {once} 2>/dev/null; then kill -9 $$; fi;; esac\nexec {program} "$@"\n'
    )
    dying.chmod(0o755)
    # The first `hash` is the question for the version; it is repeated as well.
    ran = cluster("scan", "--table", tmp_path / "table", "--program", dying, *volumes, *ENGINE)
    assert once.exists()
    assert "16 read now" in ran.ok().err


@pytest.mark.parametrize("step", ["hash", "join"])
def test_an_executor_that_dies_is_replaced(program: str, tmp_path: Path, volumes: list[str], step: str) -> None:
    asked, once = tmp_path / "asked", tmp_path / "killed-once"
    dying = tmp_path / "dying"
    # The first call is the question for the version. At the second one the executor is killed, the process above the
    # task's Python, with all that it holds.
    dying.write_text(
        f"""#!/bin/sh
if [ "$2" = {step} ] && ! mkdir {asked} 2>/dev/null; then
    above=$PPID
    while [ "$above" -gt 1 ]; do
        if tr '\\0' ' ' < /proc/$above/cmdline | grep -q CoarseGrainedExecutorBackend; then
            mkdir {once} 2>/dev/null && kill -9 "$above"
            break
        fi
        above=$(awk '/^PPid/ {{ print $2 }}' /proc/$above/status)
    done
fi
exec {program} "$@"
"""
    )
    dying.chmod(0o755)
    table = tmp_path / "table"
    cluster("scan", "--table", table, "--program", dying, *volumes, *ENGINE).ok()
    ran = cluster("dedupe", "--table", table, "--program", dying, "--blocks", "3", "-o", "-", *ENGINE)
    assert once.exists()
    expected = single(program, tmp_path / "home", *(tmp_path / name for name in VOLUMES))
    assert plain(report(ran)["groups"]) == plain(expected["groups"])


def test_a_task_that_always_dies_ends_the_run(tmp_path: Path, volumes: list[str], fake: Callable[..., Path]) -> None:
    killed = fake(FAULT="killed", FAULT_KERNEL="hash")
    ran = cluster("scan", "--table", tmp_path / "table", "--program", killed, *volumes, *ENGINE)
    assert ran.code == 4
    assert "killed by SIGKILL" in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "table" / "table.json").exists()


def test_a_missing_program_is_told(tmp_path: Path, volumes: list[str]) -> None:
    ran = cluster("scan", "--table", tmp_path / "table", "--program", "/nowhere/clean-backup", *volumes, *ENGINE)
    assert ran.code == 4
    assert "cannot start '/nowhere/clean-backup'" in ran.err
