"""Whole runs on the built-in engine, with the fake program: what is hashed, joined, kept and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clean_backup_cluster.engines import Engine
from clean_backup_cluster.errors import ClusterError, RefusedError, UsageError
from clean_backup_cluster.plan import plan
from clean_backup_cluster.scan import ScanOptions, scan

from .conftest import cluster
from .world import World

Fake = Callable[..., Path]


@pytest.fixture
def world(engine: Engine, tmp_path: Path, fake: Fake) -> World:
    world = World(engine, tmp_path, fake())
    world.write("a/1.jpg", "lake\n1")
    world.write("a/x/3.jpg", "town\n")
    world.write("a/doubt.jpg", "doubt\n1")
    world.write("a/alone.jpg", "alone\n")
    world.write("b/x/2.jpg", "lake\n2")
    world.write("b/44.jpg", "town\nsmaller")
    world.write("b/doubtful.jpg", "doubt\n2")
    world.write("b/broken.jpg", "BAD")
    world.write("b/film.mov", "a film")
    return world


def paths(groups: list[Any]) -> list[list[str]]:
    """The pictures of groups, the keeper first, each as volume and name."""
    return [
        [f"{p['volume']}/{Path(p['path']).name}" for p in (group["keeper"], *group["duplicates"])] for group in groups
    ]


ALL = [["a/1.jpg", "b/2.jpg"], ["a/doubt.jpg", "b/doubtful.jpg"], ["b/44.jpg", "a/3.jpg"]]


def test_pictures_meet_across_volumes(world: World) -> None:
    scanned = world.scan()
    assert (scanned.number, scanned.files, scanned.hashed, scanned.failed) == (1, 9, 8, 1)
    groups, told = world.dedupe()
    assert sorted(paths(groups)) == sorted(ALL)
    assert [keeper["keeper"]["path"] for keeper in groups] == sorted(group["keeper"]["path"] for group in groups)
    assert [(one["volume"], one["stage"], one["reason"]) for one in told["skipped"]] == [("b", "decode", "truncated")]
    assert (told["images"], told["duplicates"], told["rounds"]) == (7, 3, 2)


def test_a_second_run_joins_nothing_and_reads_no_detail_again(world: World) -> None:
    world.scan()
    first, _ = world.dedupe()
    second, told = world.dedupe()
    assert second == first
    assert told["block_pairs_joined"] == 0
    assert told["rounds"] == 1
    assert "details" not in told["stages"]
    assert "join" not in told["stages"]


def test_a_second_scan_hashes_only_what_is_new_or_changed(world: World) -> None:
    world.scan()
    world.dedupe()
    assert world.scan().hashed == 0, "nothing has changed"
    world.write("b/y/new.jpg", "alone\nagain")
    world.write("a/x/3.jpg", "another town\n")
    (world.root / "b/x/2.jpg").unlink()
    scanned = world.scan()
    assert (scanned.hashed, scanned.kept, scanned.gone) == (2, 6, 1)
    groups, told = world.dedupe()
    assert sorted(paths(groups)) == [["a/alone.jpg", "b/new.jpg"], ["a/doubt.jpg", "b/doubtful.jpg"]]
    assert groups == world.from_scratch()
    # One block of each scan that has hashed something: the new one with itself and with the old one.
    assert told["block_pairs_joined"] == 2


def test_a_picture_that_linked_others_may_go(world: World) -> None:
    world.write("b/third.jpg", "lake\n3")
    world.scan()
    world.dedupe()
    # Joins give a forest: of three that are the same only two edges are kept, and one may hang on this file.
    for gone in ("a/1.jpg", "b/x/2.jpg"):
        kept = (world.root / gone).read_text()
        (world.root / gone).unlink()
        world.scan()
        assert len(world.dedupe()[0]) == 3
        world.write(gone, kept)


def test_one_volume_can_be_scanned_alone(world: World) -> None:
    world.scan("a")
    assert world.dedupe()[0] == []
    world.scan("b")
    groups, _ = world.dedupe()
    assert groups == world.from_scratch()
    assert len(groups) == 3


def test_blocks_and_waves_change_nothing(world: World) -> None:
    for number in range(20):
        world.write(f"a/many/{number}.jpg", f"many{number % 5}\n{number}")
    world.scan()
    whole, _ = world.dedupe()
    cut = replace(world, table="cut")
    cut.scan()
    groups, told = cut.dedupe(blocks=4, wave_bytes=1)
    assert groups == whole
    assert (told["blocks"], told["block_pairs_joined"]) == (4, 10)
    assert told["stages"]["join"]["processes"] <= 10


def test_references_are_not_joined_with_one_another(world: World) -> None:
    world.write("b/town-too.jpg", "town\n2")
    world.scan()
    groups, _ = world.dedupe(references=("b",))
    assert ["b/44.jpg", "b/town-too.jpg", "a/3.jpg"] in paths(groups), "both are near the one that is none"
    with pytest.raises(UsageError, match="--reference c"):
        world.dedupe(references=("c",))


def test_each_policy_has_its_own_edges(world: World) -> None:
    world.scan()
    world.dedupe()
    assert world.dedupe(policy=("--threshold", "10"))[1]["block_pairs_joined"] == 1
    assert world.dedupe(policy=("--threshold", "6"))[1]["block_pairs_joined"] == 0, "6 is the default"


def test_a_file_that_could_not_be_read_is_tried_again(world: World, fake: Fake) -> None:
    locked = replace(world, program=fake(UNREADABLE=str(world.root / "a/1.jpg")))
    assert locked.scan().failed == 2
    scanned = world.scan()
    assert (scanned.hashed, scanned.failed) == (1, 1), "the broken one stays broken"
    assert world.dedupe()[0] == world.from_scratch()


def test_a_detail_that_cannot_be_had_leaves_its_picture_out(world: World) -> None:
    world.scan()
    world.write("b/doubtful.jpg", "doubt\nchanged since")
    groups, told = world.dedupe()
    assert sorted(paths(groups)) == [ALL[0], ALL[2]]
    assert told["skipped"][-1]["stage"] == "detail"
    assert "changed since it was scanned" in told["skipped"][-1]["reason"]


def test_an_empty_volume_is_not_believed(world: World) -> None:
    world.scan()
    for file in (world.root / "b").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(RefusedError, match="is it mounted"):
        world.scan()
    assert world.scan(allow_empty=True).gone == 5
    assert world.dedupe()[0] == []


def test_a_volume_does_not_move(world: World) -> None:
    world.scan()
    table = world.opened()
    with pytest.raises(RefusedError, match="volume a is"):
        scan(world.stages(), table, ScanOptions({"a": "/elsewhere"}))


@pytest.mark.parametrize("kernel", ["list", "hash"])
def test_a_scan_that_dies_leaves_nothing_to_believe(world: World, fake: Fake, kernel: str) -> None:
    dying = replace(world, program=fake(FAULT="killed", FAULT_KERNEL=kernel))
    with pytest.raises(ClusterError, match="SIGKILL"):
        dying.scan()
    assert not world.opened().exists
    with pytest.raises(RefusedError, match="no table yet"):
        world.dedupe()
    world.scan()
    assert len(world.dedupe()[0]) == 3


@pytest.mark.parametrize(
    ("kernel", "fault"),
    [("join", "killed"), ("components", "killed"), ("units", "killed"), ("group", "killed"), ("group", "hangs up")],
)
def test_a_dedupe_that_dies_leaves_nothing_to_believe(world: World, fake: Fake, kernel: str, fault: str) -> None:
    world.scan()
    dying = replace(world, program=fake(FAULT=fault, FAULT_KERNEL=kernel))
    with pytest.raises(ClusterError, match="SIGKILL" if fault == "killed" else "middle of its output"):
        dying.dedupe()
    assert world.opened().storage.read_json("groups/latest.json") is None
    groups, _ = world.dedupe()
    assert sorted(paths(groups)) == sorted(ALL)


def test_a_missing_program_is_told_before_anything_starts(world: World) -> None:
    missing = replace(world, program=Path("/nowhere/clean-backup"))
    with pytest.raises(ClusterError, match=r"cannot start '/nowhere/clean-backup'.*--features kernel"):
        missing.scan()
    assert [path.name for path in (world.root / "table").iterdir()] == ["lock"]


def test_another_version_of_hashes_is_refused(world: World, fake: Fake) -> None:
    world.scan()
    newer = replace(world, program=fake(FAKE_HASH_VERSION="10"))
    for action in (newer.scan, newer.dedupe):
        with pytest.raises(RefusedError, match="of version 9"):
            action()


def test_plans_lie_by_volume(world: World, tmp_path: Path) -> None:
    world.scan()
    with pytest.raises(RefusedError, match="no groups yet"):
        plan(world.stages(), world.opened(), tmp_path / "plans")
    world.dedupe()
    orders = plan(world.stages(), world.opened(), tmp_path / "plans")
    written = {file.name: json.loads(file.read_text()) for file in (tmp_path / "plans").iterdir()}
    assert sorted(written) == ["a.findings.json", "a.keepers.json", "b.findings.json", "b.keepers.json"]
    assert len({one["run"] for one in written.values()}) == 1
    assert paths(written["b.findings.json"]["groups"]) == ALL[:2]
    assert paths(written["a.findings.json"]["groups"]) == ALL[2:]
    assert [Path(one["path"]).name for one in written["a.keepers.json"]["keepers"]] == ["1.jpg", "doubt.jpg"]
    (keeper,) = written["b.keepers.json"]["keepers"]
    assert sorted(keeper) == ["blake3", "bytes", "path"]
    assert any(line.startswith("clean-backup kernel attest ") and "b.keepers.json" in line for line in orders)
    assert any("a.receipt.json" in line and "b.findings.json" in line for line in orders)


def test_figures_count_each_process(world: World) -> None:
    stages, table = world.stages(), world.opened()
    with table.locked():
        scan(stages, table, ScanOptions({"a": str(world.root / "a"), "b": str(world.root / "b")}))
    figures = stages.progress.stages
    assert figures["list"]["processes"] == 2
    assert figures["hash"]["rows_out"] == 8
    assert figures["hash"]["kernel_cpu_seconds"] > 0
    assert figures["hash"]["bytes_out"] > 7 * 4096


def test_a_run_that_fails_ends_cleanly(world: World, fake: Fake, tmp_path: Path) -> None:
    # Other tasks are in the middle of their kernels when one dies.
    dying = tmp_path / "one-dies"
    dying.write_text(
        f'#!/bin/sh\nif [ "$2" = list ] && [ "$6" = a ]; then kill -9 $$; fi\nsleep 2\nexec {fake()} "$@"\n'
    )
    dying.chmod(0o755)
    volumes = [part for name in "abcdef" for part in ("--volume", f"{name}={world.root / 'a'}")]
    ran = cluster("scan", "--table", tmp_path / "failed", "--program", dying, *volumes, "--parallel", "6")
    assert ran.code == 4
    assert ran.err.count("\n") == 1, "one line"
    assert "SIGKILL" in ran.err
