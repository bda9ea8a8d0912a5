"""The real program: what many tasks find is what it finds by itself."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clean_backup_cluster.engines import Engine
from clean_backup_cluster.plan import plan

from .conftest import cluster, report, single
from .world import World

LIBRARY = Path(__file__).resolve().parents[2] / "fixtures" / "library"
VOLUMES = {"albums": ("2023", "2024"), "exports": ("export",), "phone": ("phone",)}


@pytest.fixture
def world(engine: Engine, program: str, tmp_path: Path) -> World:
    """The library that comes with the program, its folders on three volumes."""
    for volume, folders in VOLUMES.items():
        for folder in folders:
            shutil.copytree(LIBRARY / folder, tmp_path / volume / folder)
    return World(engine, tmp_path, Path(program), names=tuple(VOLUMES))


def plain(groups: list[Any], carry: bool = False) -> list[Any]:
    """Groups without what only one of the two ways says, by keeper.

    What only a duplicate knows (`carry`) is read from the files themselves, which kernels do not do unless told.
    """
    left_out = {"volume"} if carry else {"volume", "carry"}

    def without(picture: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in picture.items() if name not in left_out}

    pruned = [
        {name: value for name, value in group.items() if name != "id"}
        | {"keeper": without(group["keeper"])}
        | {list_: [without(picture) for picture in group[list_]] for list_ in ("duplicates", "linked")}
        for group in groups
    ]
    return sorted(pruned, key=lambda group: str(group["keeper"]["path"]))


def alone(
    world: World, tmp_path: Path, *options: str, references: tuple[str, ...] = (), carry: bool = False
) -> list[Any]:
    roots = [world.root / name for name in world.names if name not in references]
    of_references = [part for name in references for part in ("--reference", world.root / name)]
    return plain(single(str(world.program), tmp_path / "home", *roots, *of_references, *options)["groups"], carry)


@pytest.mark.parametrize(
    ("policy", "groups_expected"),
    [
        ((), 4),
        (("--sensitivity", "exact"), None),
        (("--sensitivity", "aggressive"), None),
        (("--any-orientation",), 5),
        (("--hash", "fine"), None),
    ],
    ids=["standard", "exact", "aggressive", "any orientation", "fine hash"],
)
def test_groups_are_those_of_one_machine(
    world: World, tmp_path: Path, policy: tuple[str, ...], groups_expected: int | None
) -> None:
    world.scan()
    groups, told = world.dedupe(policy=policy)
    expected = alone(world, tmp_path, *policy)
    assert plain(groups) == expected
    assert groups_expected in (None, len(groups))
    assert [Path(one["path"]).name for one in told["skipped"]] == ["broken.jpg"]


def test_a_volume_may_be_a_reference(world: World, tmp_path: Path) -> None:
    world.scan()
    groups, _ = world.dedupe(references=("phone",))
    assert plain(groups) == alone(world, tmp_path, references=("phone",))
    assert any(group["keeper"]["reference"] for group in groups)


def test_rules_and_inclusions_reach_the_kernel(world: World, tmp_path: Path) -> None:
    world.scan()
    options = ("--keep", "largest", "--include-bursts")
    assert plain(world.dedupe(grouping=options)[0]) == alone(world, tmp_path, *options)


def test_files_may_be_read_instead(world: World, tmp_path: Path) -> None:
    world.scan()
    groups, told = world.dedupe(read_files=True, references=("phone",))
    assert plain(groups, carry=True) == alone(world, tmp_path, references=("phone",), carry=True)
    assert any("carry" in duplicate for group in groups for duplicate in group["duplicates"])
    assert told["rounds"] == 1
    assert "details" not in told["stages"]


def test_many_blocks_change_nothing(world: World, tmp_path: Path) -> None:
    world.scan()
    groups, told = world.dedupe(blocks=4, wave_bytes=50_000)
    assert plain(groups) == alone(world, tmp_path)
    assert told["block_pairs_joined"] == 10


def test_one_new_file_joins_only_new_pairs(world: World, tmp_path: Path) -> None:
    world.scan()
    world.dedupe(blocks=3)
    shutil.copy(world.root / "albums/2024/garden.jpg", world.root / "phone/phone/from a friend.jpg")
    scanned = world.scan()
    assert (scanned.hashed, scanned.files) == (1, 17)
    groups, told = world.dedupe()
    assert plain(groups) == alone(world, tmp_path)
    assert groups == world.from_scratch()
    # With each of the three old blocks and with itself.
    assert told["block_pairs_joined"] == 4


def test_a_file_that_is_gone_is_in_no_group(world: World, tmp_path: Path) -> None:
    world.scan()
    world.dedupe()
    (world.root / "albums/2023/IMG_0412.jpg").unlink()
    assert world.scan().gone == 1
    assert plain(world.dedupe()[0]) == alone(world, tmp_path)


def test_paths_that_are_not_utf8_come_through(world: World, tmp_path: Path) -> None:
    folder = world.root / "phone" / "phone"
    name = str(folder).encode() + b"/caf\xe9.jpg"
    shutil.copy(bytes(world.root / "albums/2024/garden.jpg"), name)
    world.scan()
    assert world.scan().hashed == 0
    groups, _ = world.dedupe()
    assert plain(groups) == alone(world, tmp_path)
    assert any("path_bytes" in picture for group in groups for picture in group["duplicates"])


def test_the_command_line_does_the_same(world: World, tmp_path: Path) -> None:
    table = tmp_path / "by-command"
    volumes = [part for name in world.names for part in ("--volume", f"{name}={world.root / name}")]
    scanned = cluster("scan", "--table", table, "--program", world.program, *volumes).ok()
    assert "16 read now" in scanned.err
    figures = tmp_path / "figures.json"
    ran = cluster("dedupe", "--table", table, "--program", world.program, "-o", "-", "--figures", figures)
    assert ran.code == 1, "one file is broken"
    assert plain(report(ran)["groups"]) == alone(world, tmp_path)
    assert '"kernel_cpu_seconds"' in figures.read_text()


def test_plans_are_carried_out_where_the_files_are(world: World, tmp_path: Path) -> None:
    world.scan()
    world.dedupe()
    orders = plan(world.stages(), world.opened(), tmp_path / "plans")
    acted_on = [
        world.root / "exports/export/lake copy.jpg",
        world.root / "exports/export/lake.png",
        world.root / "phone/phone/lake-small.jpg",
    ]
    assert all(file.exists() for file in acted_on)
    commands = [shlex.split(line) for line in orders if not line.startswith("#")]
    assert [command[1:3] for command in commands[:2]] == [["kernel", "attest"], ["kernel", "plan"]]
    environment = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    for command in commands:
        more = ["--yes"] if command[1] == "apply" else []
        subprocess.run([str(world.program), *command[1:], *more], env=environment, check=True, capture_output=True)
    assert not any(file.exists() for file in acted_on)
    assert (world.root / "albums/2023/IMG_0412.jpg").exists()
