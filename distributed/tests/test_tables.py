"""What counts in a table, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clean_backup_cluster.errors import RefusedError
from clean_backup_cluster.tables import Scan, Table, Volume


def filled(root: Path) -> Table:
    table = Table(str(root))
    table.state.hash_version = "9"
    table.state.scans = [
        Scan(1, "pictures/x", "listings/x", 3, ["a", "b"]),
        Scan(2, "pictures/y", "listings/y", 1, ["b"]),
    ]
    table.state.volumes = {"a": Volume("/a", 1), "b": Volume("/b", 2)}
    table.save()
    return table


def changed(root: Path, **fields: Any) -> None:
    file = root / "table.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def test_a_table_reads_back(tmp_path: Path) -> None:
    state = filled(tmp_path).state
    assert Table(str(tmp_path)).state == state
    assert [file.name for file in tmp_path.iterdir()] == ["table.json"]


def test_of_each_volume_the_newest_listing_counts(tmp_path: Path) -> None:
    assert filled(tmp_path).listings() == {"listings/x": ["a"], "listings/y": ["b"]}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": 2}, "format 2"),
        ({"kernel": "7"}, "version 7"),
        ({"scans": [{}]}, "damaged"),
        ({"volumes": 3}, "damaged"),
    ],
)
def test_another_version_is_refused(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    filled(tmp_path)
    changed(tmp_path, **fields)
    with pytest.raises(RefusedError, match=told):
        Table(str(tmp_path))


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.json").write_text('{"format": 1, ')
    with pytest.raises(RefusedError, match="damaged"):
        Table(str(tmp_path))


def test_other_hashes_are_refused(tmp_path: Path) -> None:
    table = filled(tmp_path)
    table.admit("9")
    with pytest.raises(RefusedError, match="version 9, those of the program of version 10"):
        table.admit("10")


def test_two_runs_do_not_meet(tmp_path: Path) -> None:
    with Table(str(tmp_path)).locked():
        other = Table(str(tmp_path))
        with pytest.raises(RefusedError, match="another run"), other.locked():
            pass
    with other.locked():
        pass


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    table = filled(tmp_path)
    before = (tmp_path / "table.json").read_bytes()
    with pytest.raises(TypeError):
        table.storage.write_json("table.json", {"not for JSON": object()})
    assert (tmp_path / "table.json").read_bytes() == before


def test_what_a_run_needed_for_itself_goes(tmp_path: Path) -> None:
    table = Table(str(tmp_path))
    with pytest.raises(ZeroDivisionError), table.locked():
        Path(table.work_path("listed")).mkdir(parents=True)
        raise ZeroDivisionError
    assert not Path(table.work_path("listed")).exists()
